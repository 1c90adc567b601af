#!/bin/bash
# Compose the private root of a lab and hand over to its init.
# Runs as pid 1 of new mount, network, pid, uts and ipc namespaces; $1 is the
# folder of the lab, $2 its name, $3 its init (systemd | mini).
set -eu
lab=$1 name=$2 init=$3 userns=${LAB_USERNS:-}
here=$lab/rootfs root=$lab/root
umask 022

if [ -z "${LAB_CGROUP_NAMESPACE:-}" ]; then
  # Enter the lab's cgroups first: the namespace made next is rooted there.
  # The supervisor stays outside, so on v2 the lab's root may hand out controllers.
  while read -r group; do echo 0 >"$group/cgroup.procs"; done <"$lab/cgroups"
  read -r pid _ </proc/self/stat # the pid that the outside sees: /proc is still the old one
  echo "$pid" >"$lab/init"
  LAB_CGROUP_NAMESPACE=1 exec unshare --cgroup bash "$0" "$@"
fi

if [ -e "$lab/debian" ]; then
  # shellcheck source-path=SCRIPTDIR source=root-debian.sh
  . "$here/root-debian.sh"
else
  # shellcheck source-path=SCRIPTDIR source=root-composed.sh
  . "$here/root-composed.sh"
fi
: >etc/resolv.conf # look-ups are refused at once instead of hanging
echo "$name" >etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >etc/hosts
[ -e lab/booted ] || printf '# <device> <dir> <type> <options> <dump> <pass>\n' >etc/fstab

mkdir -p "$var"/{log,tmp,cache,spool,lib/misc} "$lab/run/lock"
chmod 1777 "$var/tmp"
ln -sfn /run "$var/run"
ln -sfn /run/lock "$var/lock"
mount --rbind "$var" var
mount --bind "$lab/run" run
mkdir -p lab/bin
cp "$here"/*.sh lab/
cp -r "$here/units" lab/
if [ "$init" = mini ]; then
  cp "$here/systemctl.sh" lab/bin/systemctl
  chmod 755 lab/bin/systemctl
fi

mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys # the sysctls of the machine
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net # those of the lab's own network
mkdir -p lab/.proc
mount -t proc proc lab/.proc # an uncovered one: else no user namespace in here may mount proc
mount -t sysfs sysfs sys
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
  while IFS=: read -r id controllers _; do
    case $id:$controllers in
    0:*) dir=unified type=cgroup2 options= ;;
    *:name=*) dir=${controllers#name=} type=cgroup options="none,$controllers" ;;
    *) dir=$controllers type=cgroup options=$controllers ;;
    esac
    mkdir "sys/fs/cgroup/$dir"
    mount -t "$type" ${options:+-o "$options"} "$type" "sys/fs/cgroup/$dir" 2>/dev/null ||
      rmdir "sys/fs/cgroup/$dir"
  done </proc/self/cgroup
fi
mount -o remount,bind,ro sys

mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm dev/mqueue dev/net
mount -t devpts -o "newinstance,ptmxmode=0666,mode=620$([ "$userns" ] || echo ,gid=5)" devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t mqueue mqueue dev/mqueue
for node in null zero full random urandom tty fuse net/tun; do
  [ -e "/dev/$node" ] || continue
  if [ "$userns" ]; then
    : >"dev/$node"
    mount --bind "/dev/$node" "dev/$node"
  else
    cp -a "/dev/$node" "dev/$node"
  fi
done
[ "$userns" ] || chmod -f 666 dev/fuse dev/net/tun || true
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
while read -r disk minor; do
  mknod "dev/$disk" b 7 "$minor"
  mknod "dev/loop$minor" b 7 "$minor" # blkid looks a device up by its kernel name
done <"$lab/disks"

hostname "$name"
ip link set lo up
pivot_root . .old
cd /
umount -l /.old
rmdir /.old
mount --make-rshared / # as under systemd; else dockerd bind-mounts its data root on itself
exec bash "/lab/init-$init.sh"
