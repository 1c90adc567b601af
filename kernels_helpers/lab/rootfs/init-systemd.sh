#!/bin/bash
# Give the lab its units, mask what a lab must not start, and become systemd.
if [ -e /lab/booted ]; then # again, after a power cut: what local-fs.target does
  mount -a || true
else
  units=/etc/systemd/system
  vendor=/lib/systemd/system
  [ -d $vendor ] || vendor=/usr/lib/systemd/system
  rm -rf $units
  mkdir -p $units /etc/systemd/journald.conf.d
  for unit in $(ls $vendor/{sysinit,sockets,local-fs}.target.wants 2>/dev/null) \
    systemd-logind.service getty.target systemd-udevd.service systemd-remount-fs.service \
    systemd-modules-load.service network-online.target dbus.service dbus.socket; do
    case $unit in
    *:) ;;
    systemd-journald.service | systemd-journald.socket | systemd-journald-dev-log.socket) ;;
    *) ln -sf /dev/null "$units/$unit" ;;
    esac
  done
  cp /lab/units/*.service /lab/units/*.target $units/
  if [ "${LAB_DEBIAN:-}" ]; then # the engine will come with units of its own
    for service in docker containerd; do
      mkdir -p "/run/systemd/system/$service.service.d"
      cp /lab/units/debian/limits.conf "/run/systemd/system/$service.service.d/lab.conf"
    done
  elif [ "${LAB_PODMAN:-}" ]; then
    cp /lab/units/podman/*.service $units/
    mkdir -p $units/lab.target.wants
    ln -s ../podman.service $units/lab.target.wants/podman.service
  else
    ln -sf /dev/null $units/docker.socket
    cp /lab/units/engine/*.service $units/
    mkdir -p $units/lab.target.wants
    ln -s ../docker.service $units/lab.target.wants/docker.service
  fi
  cp /lab/units/journald.conf /etc/systemd/journald.conf.d/lab.conf
  tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
  : >/lab/booted
fi
export container=lab
unset LISTEN_FDS NOTIFY_SOCKET LAB_DEBIAN LAB_PODMAN LAB_USERNS LAB_CGROUP_NAMESPACE
systemd=/lib/systemd/systemd
[ -x $systemd ] || systemd=/usr/lib/systemd/systemd
exec $systemd --system --unit=lab.target --log-target=journal --show-status=0
