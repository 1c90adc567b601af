#!/usr/bin/env bash
# Bring Docker's data back, with what has been written since. Call it as root.
#
# move_back.sh [--without-new]: it can be called at any moment, and again, as it looks
# where the configuration leads. If the new disk is broken, leave out what is on it.
# shellcheck disable=SC1090,SC1091,SC2034,SC2103,SC2154  # what it sources lies beside it, and sets the rest
set -e
cd "$(dirname "$0")"
. ./settings
. ./carry
. ./engine
. "./$method"
[ -e stopped ] || exit 0 # nothing was moved, or it is back
cat witness >>running
docker ps -q --no-trunc >>running || :
if moved; then
  halt
  leave
  if [ "${1-}" != --without-new ]; then
    home=$old
    [ ! -e "$aside" ] || home=$aside
    cd lists-back
    # What has a ctime after the switch differs from this list, and is sent; nothing else is.
    walk "$new" "$(stat -c %.9Z ../switched)" >carried
    mark=$(mark)
    pass "$new" "$home" 0
    cd ..
  fi
  if [ -e "$aside" ]; then
    [ ! -e "$old" ] || rmdir "$old"
    mv -T "$aside" "$old"
  fi
  sync -f "$old"
  restore
elif ! systemctl is-active -q docker; then
  halt
fi
unguard
revive
rm -f stopped lists/stray
