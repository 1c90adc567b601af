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

mount -t tmpfs -o mode=755,size=512m "lab-$name" "$root"
cd "$root"
mkdir -p usr etc var run tmp root dev proc sys data mnt opt home srv lab .old
for d in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$d" ]; then
    cp -a "/$d" "$d"
  elif [ -d "/$d" ]; then
    mkdir "$d"
    mount --bind "/$d" "$d"
    mount -o remount,bind,ro "$d"
  fi
done
mount --rbind /usr usr
mount -o remount,bind,ro usr || [ "$userns" ]

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
mkdir -p etc/docker/certs.d etc/systemd/system
: >etc/resolv.conf # look-ups are refused at once instead of hanging
echo "$name" >etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >etc/hosts
printf '# <device> <dir> <type> <options> <dump> <pass>\n' >etc/fstab
chmod 1777 tmp
chmod 700 root

var=$lab/var
mkdir -p "$var"/{lib/docker,log,tmp,cache,spool,lib/misc} "$lab/run/lock"
chmod 1777 "$var/tmp"
ln -sfn /run "$var/run"
ln -sfn /run/lock "$var/lock"
mount --bind "$var" var
mount --bind "$lab/run" run
if [ "$(stat -f -c %T "$var")" = overlayfs ]; then
  mount -t tmpfs -o mode=710 docker var/lib/docker # overlay2 cannot lie on overlayfs
fi
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
mkdir lab/.proc
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
