"""What makes the chapter rootless fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 1, expected 0",
    ),
    "mounts another directory than the host's": (
        f"""
for word; do
  shift
  [ "$word" = /:/host:ro ] && word=/tmp:/host:ro
  set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
        "CheckFailed: root in the container may not read the passwords",
    ),
    "says nothing of a mode": (
        f"""
case "$*" in *"info --format {{{{.SecurityOptions"*) exit ;; esac
exec {DOCKER} "$@"
""",
        "CheckFailed: the engine says that it is rootless",
    ),
}
