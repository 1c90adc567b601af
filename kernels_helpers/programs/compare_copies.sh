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

list() { # what is there, and what of it has changed since: nothing can slip between
  (cd "$new" && all) | sort -z >there
  (cd "$new" && all -newercm "$switched" && mounted "$new") | sort -zu >since
  comm -z -23 there since >still
}

(cd "$aside" && all) | sort -z >was
list
comm -z -12 was still | paths >both
rsync "$@" -aHAXSc --out-format='%i %n' --numeric-ids "${xfs[@]}" --no-implied-dirs \
  -0 --files-from=both "$aside/" "$new/" >unequal
list # what has changed while it was read is no difference
sort -zu there since | comm -z -23 was - >lost
{
  # Lost is what is not there, while its directory has not changed since.
  sed -z 's|/[^/]*//.*|//d|' lost | sort -zu | comm -z -23 - <(sort -z since lost)
  comm -z -13 was still # and too much, what was not there and has not changed since
} | paths | tr '\0' '\n' >differ
{
  echo # so that the first file is not empty
  paths <since | tr '\0' '\n'
} | awk '
  NR == FNR { since[$0]; next }
  { name = $0; sub(/^[^ ]+ /, "./", name); sub(/\/$/, "", name) }
  !(name in since)' - unequal >>differ
count both
cat differ
count since
[ ! -s differ ]
