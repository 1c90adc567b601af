#!/usr/bin/env bash
# List what is of no use any more: idle_objects.sh LABEL HOURS
#
# One line each: kind, id, time, name. Only what carries the label (NAME or NAME=VALUE) and
# has ended, or was made, at least that many hours ago: containers that have ended, and,
# where no other container names them, images and volumes without a name, and networks.
set -euo pipefail
by=label=${1:?} before=$(($(date +%s) - ${2:?} * 3600))
each() { # KIND FORMAT: of the ids that are read, those that are old enough
  while read -r id; do
    read -r at name < <(docker "$1" inspect --format "$2" "$id") || continue
    [ "$(date -d "$at" +%s)" -gt "$before" ] || echo "$1 $id $at $name"
  done
}
ended=$(docker ps -aq --no-trunc --filter "$by" --filter status=exited |
  each container '{{.State.FinishedAt}} {{.Name}}')
# What all others name, running or not: without it they could not start.
names='{{.Image}}{{range .Mounts}} {{.Name}}{{end}} {{.HostConfig.NetworkMode}}'
# shellcheck disable=SC2016  # the $ is Docker's
names+='{{range $name, $net := .NetworkSettings.Networks}} {{$name}} {{$net.NetworkID}}{{end}}'
used=$(docker ps -aq --no-trunc | { grep -vxF "$(cut -d ' ' -f 2 <<<"$ended")" || :; } |
  xargs -r docker inspect --format "$names" | tr ' ' '\n')
free() { grep -vxF "$used" || [ $? = 1 ]; }

[ -z "$ended" ] || echo "$ended"
docker image ls -q --no-trunc --filter dangling=true --filter "$by" | sort -u | free |
  each image '{{.Created}} {{.RepoTags}}'
docker network ls --no-trunc --filter "$by" --format '{{.ID}} {{.Name}}' |
  while read -r id name; do grep -qxF -e "$id" -e "$name" <<<"$used" || echo "$id"; done |
  each network '{{.Created.Format "2006-01-02T15:04:05Z07:00"}} {{.Name}}'
docker volume ls -q --filter "$by" | { grep -xE '[0-9a-f]{64}' || [ $? = 1 ]; } | free |
  each volume '{{.CreatedAt}} {{.Name}}'
