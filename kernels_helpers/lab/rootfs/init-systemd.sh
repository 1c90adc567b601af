#!/bin/bash
# Give the lab its units, mask what a lab must not start, and become systemd.
units=/etc/systemd/system
vendor=/lib/systemd/system
[ -d $vendor ] || vendor=/usr/lib/systemd/system
rm -rf $units
mkdir -p $units /etc/systemd/journald.conf.d
for unit in $(ls $vendor/{sysinit,sockets,local-fs}.target.wants 2>/dev/null) \
  systemd-logind.service getty.target systemd-udevd.service systemd-remount-fs.service \
  systemd-modules-load.service network-online.target dbus.service dbus.socket docker.socket; do
  case $unit in
  *:) ;;
  systemd-journald.service | systemd-journald.socket | systemd-journald-dev-log.socket) ;;
  *) ln -sf /dev/null "$units/$unit" ;;
  esac
done
cp /lab/units/*.service /lab/units/*.target $units/
cp /lab/units/journald.conf /etc/systemd/journald.conf.d/lab.conf
mkdir -p $units/lab.target.wants
ln -s ../docker.service $units/lab.target.wants/docker.service
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
export container=lab
unset LISTEN_FDS NOTIFY_SOCKET LAB_USERNS LAB_CGROUP_NAMESPACE
systemd=/lib/systemd/systemd
[ -x $systemd ] || systemd=/usr/lib/systemd/systemd
exec $systemd --system --unit=lab.target --log-target=journal --show-status=0
