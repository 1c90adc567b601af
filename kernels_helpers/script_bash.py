"""The bash around the steps of a script: how they are run, undone and swept."""

HEAD = """\
#!/usr/bin/env bash
# {title}
#
# The commands of the chapter, for the Docker host that this is run on. The checks
# need Python and are comments here: make sure of those above the first step
# yourself, they keep the script from names that are somebody else's.

# Called by name: ShellCheck takes the functions for unreachable (SC2317) and misses
# that they read the variables given to `step` (SC2034).
# shellcheck disable=SC2317,SC2034
set -euo pipefail

# Parameters
{exports}

# How steps are run. Names begin with _ so that no parameter has them.
_child=   # the process group of the function that runs
_undos=() # number and user of each step to undo
"""

RUN = r"""
call() { # NAME: call a function in a shell of its own, as $_user, within $_timeout
  local _status=0 _command=(bash -euo pipefail -c "$1")
  if [[ $_user ]]; then
    _command=(bash -euo pipefail -c "$_as_user" "$_user" "${_command[@]}")
  fi
  (export -f "${1?}" && exec timeout -k 2 "$_timeout" "${_command[@]}") </dev/null &
  _child=$!
  wait "$_child" || _status=$?
  kill -KILL -- "-$_child" 2>/dev/null || : # what it left in the background
  _child=
  return "$_status"
}

has() { declare -F "$1" >/dev/null; }

holds() { has "unless_$1" && call "unless_$1" >/dev/null 2>&1; }

fail() {
  echo "✘ $*" >&2
  exit 1
}

await() { # NUMBER SINCE
  until call "until_$1" >/dev/null 2>&1; do
    if ((SECONDS - $2 >= _timeout)); then
      fail "step $1: what it waits for did not come true within $_timeout s"
    fi
    sleep 1
  done
}

step() { # NUMBER _timeout=SECONDS [_rc=CODE] [_retry=TIMES] [_user=NAME]
  local _status _tries=0 _timeout _rc=0 _retry=0 _user=
  local "${@:2}"
  if has "when_$1" && ! call "when_$1" >/dev/null 2>&1; then
    echo "left out: step $1"
    return
  fi
  if holds "$1"; then
    echo "already true: step $1"
    return
  fi
  if has "undo_$1"; then _undos+=("$1" "$_user"); fi
  while :; do
    _status=0
    call "step_$1" || _status=$?
    if ((_status == _rc)); then break; fi
    if ((_tries++ >= _retry)); then
      fail "step $1 ended with $_status, expected $_rc (124 is a time-out)"
    fi
    sleep 1
  done
  if has "until_$1"; then await "$1" "$SECONDS"; fi
  if has "unless_$1" && ! holds "$1"; then
    fail "step $1 ended well, but what it aims at is not true"
  fi
}

finish() { # keep what has been made
  _undos=()
  trap - EXIT
}

leave() { # end the step that runs, then unwind
  local _status=$?
  trap - EXIT
  trap : HUP INT TERM
  if [[ $_child ]]; then
    kill "$_child" 2>/dev/null || :
    wait "$_child" || :
  fi
  unwind || :
  exit "$_status"
}
"""

UNWIND = r"""
undo() { # NUMBER USER
  local _timeout=120 _user=$2 _came=1
  if has "unless_$1" && ! holds "$1"; then _came=; fi # or it came half-way
  if call "undo_$1" >/dev/null && ! holds "$1"; then
    echo "undone: step $1"
  elif [[ $_came ]]; then
    echo "✘ not undone: step $1" >&2
  fi
}

sweep() { # remove what carries the label of this run
  command -v docker >/dev/null || return 0 # an undo has taken it away
  local _filter=(--filter "label=$label")
  docker ps -aq "${_filter[@]}" | xargs -r docker rm -fv || :
  docker network ls -q "${_filter[@]}" | xargs -r docker network rm || :
  docker volume ls -q "${_filter[@]}" | xargs -r docker volume rm || :
  docker image ls -q "${_filter[@]}" | sort -u | xargs -r docker image rm -f || :
}

unwind() { # undo the steps, last in first out, then sweep
  local _last
  while ((${#_undos[@]})); do
    _last=("${_undos[@]: -2}")
    _undos=("${_undos[@]:0:${#_undos[@]}-2}")
    undo "${_last[@]}" || :
  done
  sweep >/dev/null
  trap - EXIT
}
"""

KEEP = r"""
unwind() { # this script keeps what it makes
  finish
  echo "kept: \`dockbook sweep $run\` removes it"
}
"""

TRAPS = """
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
"""
