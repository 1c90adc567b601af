#!/usr/bin/env bash
# List what the engine has: docker_inventory.sh PREFIX
#
# One line for each object, sorted; after `ended`, what the witness that has ended left.
# shellcheck disable=SC2016  # the $ is Docker's
set -u
each() { # KIND FORMAT [-a]: describe all objects of a kind
  docker "$1" ls -q ${3:+"$3"} | xargs -r docker "$1" inspect -f "$2"
}
container='container {{.Id}} {{.Name}} {{.State.Status}} {{.HostConfig.RestartPolicy}}'
container+='{{range .Mounts}}{{println}}'
container+='mount {{$.Name}} {{.Type}} {{.Name}} {{.Destination}} {{.Mode}}{{end}}'
# An engine makes its network `bridge` anew at each start.
network='network {{.Name}} {{if ne .Name "bridge"}}{{.Id}}{{end}} {{.Driver}} '
network+='{{range .IPAM.Config}}{{.Subnet}}{{end}}'
{
  docker info -f 'engine {{.ServerVersion}} {{.Driver}}'
  each image 'image {{.Id}} {{.RepoTags}} {{.RepoDigests}}' -a
  each container "$container" -a
  each volume 'volume {{.Name}} {{.Driver}} {{.Options}} {{.Labels}}'
  each network "$network"
  { docker diff "${1:?}-ended" && docker logs "$1-ended"; } | sed 's/^/ended /'
} | sort -u
