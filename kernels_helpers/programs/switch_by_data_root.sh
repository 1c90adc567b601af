# shellcheck shell=bash disable=SC2154  # old, new and aside are parameters
# Switch to the copy by the key data-root, and back. To be sourced in the folder of the records.
json=/etc/docker/daemon.json

moved() { [ "$(jq -r '."data-root"' $json 2>/dev/null)" = "$new" ]; }

switch() {
  repath "$old" "$new"
  put with
  mv -T "$old" "$aside"
}

leave() {
  if [ -e "$new/containers" ]; then repath "$new" "$old"; fi
}

restore() { # take out the key alone, where somebody has changed another one since
  cmp -s with $json || jq --slurpfile was without \
    '."data-root" = $was[0]."data-root" | if ."data-root" then . else del(."data-root") end' \
    $json >now
  if [ -s now ]; then put now; else put without; fi
}

repath() { # FROM TO: replace the path of volumes in the files of containers, in the copy
  find "$new/containers" -name config.v2.json \
    -exec sed -i "s|\"Source\":\"$1/|\"Source\":\"$2/|g" {} +
}

put() { # FILE: make it daemon.json in one move; an empty one means that there is none
  if [ ! -s "$1" ]; then
    rm -f $json
    return
  fi
  [ ! -e $json ] || cp -a $json $json.new # its owner and mode
  cat "$1" >$json.new
  sync $json.new
  mv $json.new $json
}
