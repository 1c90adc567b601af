# shellcheck shell=bash disable=SC2094,SC2154  # old and new are parameters
# Stop Docker so that nothing starts it again, and start what ran. To be sourced.
records=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
gate=/run/docker-moves # while it is there, the unit refuses to start
drop_in=/etc/systemd/system/docker.service.d/data-disk.conf

guard() { # PATH: let Docker start only where its data is mounted, and no gate is up
  printf '[Unit]\nRequiresMountsFor=%s\nAssertPathExists=%s\nAssertPathExists=!%s\n' \
    "$1" "$1/image" "$gate" >"$records/guard"
  mkdir -p "${drop_in%/*}"
  # An earlier move may have left one, which the way back needs again.
  [ ! -e $drop_in ] || cmp -s "$records/guard" $drop_in || cp $drop_in "$records/guard-before"
  cp "$records/guard" $drop_in
}

guarded() { cmp -s "$records/guard" $drop_in; }

unguard() { # take the guard away, or bring that of an earlier move back
  if [ -e "$records/guard-before" ]; then
    cp "$records/guard-before" $drop_in
  else
    rm -f $drop_in
    rmdir "${drop_in%/*}" 2>/dev/null || : # there may be drop-ins of others
  fi
  systemctl daemon-reload
}

note_what_runs() { # WITNESS: note what is to run again, and stop the witness
  since=$(date +%s.%N)
  docker ps -q --no-trunc --filter "name=^$1$" >"$records/witness"
  docker ps -q --no-trunc | tac | { grep -vxFf "$records/witness" || [ $? = 1 ]; } >"$records/running"
  date +%s%3N >"$records/stopped" # from here on there is something to bring back
  xargs -r docker stop <"$records/witness" >/dev/null
  places <"$records/running" >used
}

places() { # name the layers and volumes of the containers on standard input, below old
  local at='{{.GraphDriver.Data.UpperDir}}{{range .Mounts}}{{println}}{{.Source}}{{end}}'
  xargs -r docker inspect -f "$at" | sed -n "s|^$old/|./|p"
}

stop_containers() { # start the clock, and list meanwhile what none of them uses
  lap=$(date +%s%3N)
  echo "$lap" >"$records/stopped"
  walk "$old" "$(mark)" idle >idle &
  xargs -r docker stop <"$records/running" >/dev/null
  wait $!
  docker events --since "$since" --until "$(date +%s.%N)" \
    -f type=container -f event=start --format '{{.ID}}' >late
  [ -s late ] || return 0
  # One was started meanwhile: it is to stop, and everything is listed again.
  docker ps -q --no-trunc | tee -a "$records/running" | xargs -r docker stop >/dev/null
  : >used
  walk "$old" "$(mark)" idle >idle
}

lap() { # PART: tell how long a part of the time away took
  local now
  now=$(date +%s%3N)
  echo "$1: $((now - lap)) ms"
  lap=$now
}

busy() { # tell what is left of Docker: its processes and mounts
  pgrep -lxU 0 dockerd ||
    pgrep -f '^[^ ]*containerd-shim.* -namespace moby' ||
    findmnt -rno TARGET | grep -e "^$old/" -e "^$new/"
}

halt() { # stop the engine, also one that was started by hand, and wait until nothing is left
  touch "$gate"
  systemctl stop docker.socket docker.service
  pkill -xU 0 dockerd || :
  for _ in {1..1500}; do
    busy >/dev/null || return 0
    sleep 0.02
  done
  busy
  return 1
}

in_use() { # tell who started an engine by hand, or has a file of the old directory open
  busy || find /proc/[0-9]*/fd -lname "$old/*" 2>/dev/null | grep .
}

in_order() { # name the containers that ran, the newest first
  docker ps -aq --no-trunc | { grep -xFf - "$records/running" || [ $? = 1 ]; }
}

revive() { # start the engine and what ran; note the time; stop what was started besides
  rm -f "$gate"
  systemctl start docker.service
  xargs -rn 1 -P 8 docker start <"$records/running" >/dev/null 2>&1 ||
    in_order | xargs -r docker start >/dev/null # one that needs another one's network
  date +%s%3N >"$records/started"
  docker ps -q --no-trunc | { grep -vxFf "$records/running" || :; } | xargs -r docker stop >/dev/null
}
