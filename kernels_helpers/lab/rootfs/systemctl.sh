#!/bin/bash
# systemctl for the one service of a lab without systemd.
verb='' unit=''
for word in "$@"; do
  case $word in
  -*) ;;
  *) if [ "$verb" ]; then unit=${word%.service}; else verb=$word; fi ;;
  esac
done
log=/var/log/docker.log

main_pid() { pid=$(cat /run/docker.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null && echo "$pid"; }

start() {
  main_pid >/dev/null && return
  rm -f /run/docker.pid
  XDG_RUNTIME_DIR=/run setsid dockerd --rootless -H unix:///run/docker.sock </dev/null >>$log 2>&1 &
  local daemon=$!
  until curl -fs --unix-socket /run/docker.sock http://docker/_ping >/dev/null 2>&1; do
    if ! kill -0 $daemon 2>/dev/null; then
      echo 'Job for docker.service failed because the control process exited with error code.' >&2
      tail -n 1 $log >&2
      return 1
    fi
    sleep 0.05
  done
}

stop() {
  local pid
  pid=$(main_pid) || return 0
  kill -TERM "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

[ "$verb" = daemon-reload ] && exit 0
if [ "$unit" != docker ]; then
  echo "systemctl: this lab has no systemd, only docker.service: '$unit' is unknown" >&2
  exit 5
fi
case $verb in
start) start ;;
stop) stop ;;
restart) stop && start ;;
reload) kill -HUP "$(main_pid)" ;;
is-active) if main_pid >/dev/null; then echo active; else echo inactive && exit 3; fi ;;
*) echo "systemctl: this lab has no systemd: '$verb' is not supported" >&2 && exit 1 ;;
esac
