"""What makes the chapter pitfalls fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 1, expected 0",
    ),
    "gives a container all the time it needs": (
        f"""
for word; do
  shift
  [ "$last $word" != "--stop-timeout 1" ] || word=20
  set -- "$@" "$word"
  last=$word
done
exec {DOCKER} "$@"
""",
        "CheckFailed: it was killed",
    ),
    "keeps a container that is to be removed": (
        f'[ "$1 $2" = "rm dockbook-pit-late" ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the removed container is in the copy only",
    ),
    "does not call the engine": (
        f'[ "$*" = "ps -q" ] && exit 0\nexec {DOCKER} "$@"',
        "StepFailed: the command ended with 3, expected 0",
    ),
}
