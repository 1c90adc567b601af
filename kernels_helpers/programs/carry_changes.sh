# shellcheck shell=bash
# Bring a copy of Docker's data up to date, by the names of what has changed. To be sourced.
#
# A list has an entry `PATH//KIND INODE CTIME` for each file, ends each with a zero byte,
# and is sorted. Lists are files of the current folder: `now` of what is to be copied,
# `carried` of what the copy has, `skip` and `used` name directories.
set -euo pipefail
export LC_ALL=C
xfs=(--filter='-x system.*' --filter='-x trusted.SGI_*')

names() { sed -z 's|//\(.\).*|//\1|'; } # of entries: path and kind
paths() { sed -z 's|//.*||'; }          # of entries: path
count() { tr -cd '\0' <"$1" | wc -c; }  # entries of a list
mark() { echo "$(($(date +%s) - 2)).$(date +%N)"; } # the time two seconds ago

layers() { # ROOT: name the layers of images, which never change
  find "$1/image/overlay2/layerdb/sha256" -name cache-id \
    -exec awk '{print "./overlay2/" $1 "/diff"}' {} +
}

walk() ( # ROOT MARK [outside|idle|used]: list all, or a part, but for the layers of images
  # What has changed since the mark, or is younger, gets the mark for its ctime.
  entry=(\( -newerct "@$2" -printf "%p//%y %i $2\0" -o -printf '%p//%y %i %C@\0' \))
  part=${3:-all} skip=$PWD/skip used=$PWD/used
  case $part in
    used) own() { grep -xFf "$used"; } ;;
    idle) own() { grep -vxFf "$used"; } ;;
    *) own() { cat; } ;;
  esac
  cd "$1"
  here=$(stat -c %d .)
  # Contents of volumes and of containers' layers, where they are no other file system.
  mapfile -t contents < <(
    stat -c '%d %n' ./overlay2/*/diff ./volumes/*/_data 2>/dev/null |
      sed -n "s/^$here //p" | grep -vxFf "$skip" | own
  )
  {
    if [ "$part" = all ] || [ "$part" = outside ]; then
      find . -ignore_readdir_race -xdev \( -type d \
        -regex '\./overlay2/[^/]*/diff\|\./volumes/[^/]*/_data' -prune -o -true \) "${entry[@]}"
    fi
    if [ "$part" != outside ] && [ ${#contents[@]} != 0 ]; then
      find "${contents[@]}" -ignore_readdir_race -xdev -mindepth 1 "${entry[@]}"
    fi
  } | sort -z
)

pass() { # FROM TO RC [LIST…]: send what has changed; rsync may end with RC
  # $mark was taken before. LISTs are of the contents: only the rest is listed then.
  ls -d "$1/image" "$2/image" >/dev/null # both are there
  began=$(date +%s%3N)
  # shellcheck disable=SC2154
  walk "$1" "$mark" ${4:+outside} | sort -zm - "${@:4}" >now
  # What the copy has by mistake, where a look at it has not told already.
  [ -e stray ] || walk "$2" 0 | names | comm -z -13 <(names <carried) - >stray
  comm -z -3 now carried >differ
  sed -zn '/^\./p' differ | names >changed
  sed -zn 's|^\t||p' differ | names | sort -zu - stray | comm -z -23 - changed | paths >gone
  rm stray
  (cd "$2" && xargs -0r rm -rf --) <gone
  # A directory goes with what has changed in it, as that moves its times on.
  paths <changed | cat - gone | sed -z 'p; s|/[^/]*$||' |
    rsync -aHAXSI --numeric-ids "${xfs[@]}" --ignore-missing-args -0 --files-from=- \
      "$1/" "$2/" || [ $? = "$3" ]
  # While Docker is stopped nothing can vanish: what was to be sent must be there.
  [ "$3" != 0 ] || paths <changed | (cd "$2" && xargs -0r stat -c '' --) >/dev/null
  sync -f "$2"
  took=$(($(date +%s%3N) - began))
  echo "$(count changed) changed, $(count gone) gone: $took ms"
}

settle() { # FROM TO: look at the copy: `stray` is there by mistake, `carried` is in order
  sync -f "$2"
  walk "$2" "$(mark)" >copied
  names <now >named
  names <copied | comm -z -13 named - >extra
  # What is lacking is not carried, nor are the other names of the same file.
  names <copied | comm -z -23 named - | tr '\0' '\n' >lacking
  { grep -zFf lacking now || :; } | sed -z 's|.*//. \([0-9]*\) .*| \1 |' | tr '\0' '\n' >inodes
  mv extra stray
  cat lacking inodes | grep -zvFf - now >carried || [ $? = 1 ]
}

all() { find . -ignore_readdir_race -xdev "$@" -printf '%p//%y\0'; } # path and kind, of layers too

mounted() { # ROOT: what is mounted below it, as paths and kinds
  findmnt -rno TARGET | sed -n "s|^$1/\(.*\)|./\1//d|p" | tr '\n' '\0'
}
