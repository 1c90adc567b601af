# shellcheck shell=bash disable=SC2154  # old and aside are parameters
# Switch to the copy by a bind mount, and back. To be sourced in the folder of the records.
moved() { grep -qxFf line /etc/fstab; }

switch() {
  bash fstab-line add line
  mv -T "$old" "$aside"
  mkdir -m 710 "$old"
  mount "$old"
}

leave() {
  if mountpoint -q "$old"; then umount "$old"; fi
}

restore() { bash fstab-line remove line; }
