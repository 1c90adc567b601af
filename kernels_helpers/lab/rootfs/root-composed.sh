#!/bin/bash
# The root of a lab with an engine: the machine's own programs, read-only, a tmpfs
# around them, and on disk only /var. Sourced by stage1.sh.
# shellcheck disable=SC2154 # here, lab, name, root and userns are those of stage1.sh
if [ -d "$lab/durable" ]; then
  mount --bind "$lab/durable" "$root" # outlives its pid 1
else
  mount -t tmpfs -o mode=755,size=512m "lab-$name" "$root"
fi
cd "$root" || exit
mkdir -p usr etc var run tmp root dev proc sys data mnt opt home srv lab .old
for d in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$d" ]; then
    cp -aT "/$d" "$d"
  elif [ -d "/$d" ]; then
    mkdir -p "$d"
    mount --bind "/$d" "$d"
    mount -o remount,bind,ro "$d"
  fi
done
mount --rbind /usr usr
mount -o remount,bind,ro usr || [ "$userns" ]

if [ ! -e lab/booted ]; then
  # An allow list: no secrets and no services of the machine, the same on every machine.
  for e in passwd group nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d alternatives \
    ssl/certs ssl/openssl.cnf ca-certificates ca-certificates.conf pki crypto-policies \
    protocols services rpc mke2fs.conf xattr.conf login.defs profile bash.bashrc \
    iproute2 localtime timezone os-release debian_version lsb-release redhat-release \
    security default/useradd subuid subgid terminfo skel pam.d; do
    [ -e "/etc/$e" ] || [ -L "/etc/$e" ] || continue
    mkdir -p "etc/$(dirname "$e")"
    cp -a "/etc/$e" "etc/$e" 2>/dev/null || true
  done
  awk -F: '{ print $1 ":*:19000:0:99999:7:::" }' /etc/passwd >etc/shadow
  chmod 640 etc/shadow
fi
mkdir -p etc/docker/certs.d etc/systemd/system
chmod 1777 tmp
chmod 700 root
var=$lab/var
if [ "$(<"$lab/engine")" = podman ]; then
  cp -r "$here/containers" etc/
  export LAB_PODMAN=1
  data=$var/lib/containers
else
  data=$var/lib/docker
fi
mkdir -p "$data"
if [ "$(stat -f -c %T "$var")" = overlayfs ]; then
  mount -t tmpfs -o mode=710 data "$data" # overlay2 cannot lie on overlayfs
fi
