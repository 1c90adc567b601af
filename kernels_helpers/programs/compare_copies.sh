#!/usr/bin/env bash
# Compare the old data with the new, but for what has changed since the switch.
#
# compare_copies.sh [-n]: print two counts, and each difference between them. With -n
# nothing is copied; without it, which needs Docker to be stopped, what differs is.
# shellcheck disable=SC1091,SC2154  # what it sources lies beside it, and sets the rest
set -e
cd "$(dirname "$0")"
. ./settings
. ./carry
cd lists
switched=$PWD/../switched
(cd "$aside" && all) | sort -z >was
(cd "$new" && all -newercm "$switched" && mounted "$new") | sort -zu >since
(cd "$new" && all) | sort -z | comm -z -23 - since >still
sort -z still since | comm -z -23 was - >lost
comm -z -12 was still | paths >both
{
  # Lost is what is not there, while its directory has not changed since.
  sed -z 's|/[^/]*//.*|//d|' lost | sort -zu | comm -z -23 - <(sort -z since lost)
  comm -z -13 was still # and too much, what was not there and has not changed since
} | paths | tr '\0' '\n' >differ
rsync "$@" -aHAXSci --numeric-ids "${xfs[@]}" --no-implied-dirs -0 --files-from=both \
  "$aside/" "$new/" >>differ
count both
cat differ
count since
[ ! -s differ ]
