"""What makes the chapter volumes fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "NotFound: 404 Client Error",
    ),
    "mounts for writing what is to be read only": (
        f"""
for word; do shift; set -- "$@" "${{word%:ro}}"; done
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 0, expected 1",
    ),
    "keeps anonymous volumes when told to remove them": (
        f"""
if [ "$1 $2" = "rm -v" ]; then shift 2; set -- rm "$@"; fi
exec {DOCKER} "$@"
""",
        "CheckFailed: rm -v spares names",
    ),
    "hands on the volumes of a container, but not its bind mounts": (
        f"""
for word; do
  shift
  case "$word $1" in
  "--volumes-from dockbook-vol-hidden:ro") word=-v ;;
  dockbook-vol-hidden:ro*) word=dockbook-data:/data:ro ;;
  esac
  set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
        "CheckFailed: both are lent it",
    ),
    "honours a subpath that its engine ignores": (
        f"""
case $* in *volume-subpath=part*) echo inner; exit 0 ;; esac
exec {DOCKER} "$@"
""",
        "CheckFailed: a subpath counts from API 1.45 on",
    ),
}
