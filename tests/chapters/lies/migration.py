"""What makes the chapter migration fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 1, expected 0",
    ),
    "leaves a container out of its list": (
        f"""
[ "$1 $2" != "container ls" ] || {{ {DOCKER} "$@" | sed 1d; exit; }}
exec {DOCKER} "$@"
""",
        "CheckFailed: the inventory is whole",
    ),
    "keeps a container that is to be removed": (
        f'[ "$1 $2" = "rm dockbook-mig-late" ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: what was removed stays removed",
    ),
    "kills instead of stopping": (
        f'[ "$1" = stop ] && exec {DOCKER} kill "$2"\nexec {DOCKER} "$@"',
        "CheckFailed: it was asked to stop, not killed",
    ),
    "writes nowhere": (
        f"""
case $* in *echo\\ after*) exit 0 ;; esac
exec {DOCKER} "$@"
""",
        "CheckFailed: the write is on the disk",
    ),
}
