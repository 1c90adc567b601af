#!/usr/bin/env bash
# Put the line in a file beside this one into fstab, or take it out: add|remove FILE
#
# fstab is replaced as a whole, and no other byte of it changes: FILE.out keeps the table
# without the line, and FILE.put the one with it.
set -euo pipefail
cd "$(dirname "$0")"
act=${1:?} line=${2:?}
cp -a /etc/fstab "$line.now"
if [ "$act" = add ]; then
  ! grep -qxFf "$line" "$line.now" || exit 0
  cp "$line.now" "$line.out"
  {
    cat "$line.out"
    [ -z "$(tail -c 1 "$line.out")" ] || echo # a last line that has no end gets one
    cat "$line"
  } >"$line.put"
  table=$line.put
else
  # Somebody else has changed the table since: of it, take out the line alone.
  cmp -s "$line.put" "$line.now" || grep -vxFf "$line" "$line.now" >"$line.out" || [ $? = 1 ]
  table=$line.out
fi
cp -a "$line.now" /etc/fstab.new # its owner and mode
cat "$table" >/etc/fstab.new
sync /etc/fstab.new
mv /etc/fstab.new /etc/fstab
