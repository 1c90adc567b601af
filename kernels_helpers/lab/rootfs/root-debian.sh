#!/bin/bash
# The root of a lab without Docker: a Debian of its own. What is written to it goes
# to the folder of the lab; the tree that all such labs share stays as it was made.
# Sourced by stage1.sh.
# shellcheck disable=SC2154 # lab, name and root are those of stage1.sh
disk=$lab/disk
mkdir "$disk"
if [ "$(stat -f -c %T "$disk")" = overlayfs ]; then
  mount -t tmpfs -o mode=755 disk "$disk" # an overlay cannot write to an overlay
fi
mkdir "$disk/upper" "$disk/work"
tree=$(<"$lab/debian")
mount -t overlay -o "lowerdir=$tree,upperdir=$disk/upper,workdir=$disk/work" "lab-$name" "$root"
cd "$root" || exit
mkdir -p data lab .old
var=$disk/var # no overlay: the engine will put one there itself
cp -a "$tree/var" "$var"
cp -a "$lab/var/." "$var"
export LAB_DEBIAN=1
