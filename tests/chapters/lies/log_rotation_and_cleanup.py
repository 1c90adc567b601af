"""What makes the chapter log-rotation-and-cleanup fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "CheckFailed: one image has lost its name",
    ),
    "gives the old container the new limits": (
        f"""
case "$*" in
*"-d --init --name dockbook-tidy-talks"*)
  shift; set -- run --log-opt max-size=64k "$@" ;;
esac
exec {DOCKER} "$@"
""",
        "CheckFailed: the log has grown",
    ),
    "prunes nothing": (
        f'[ "$1 $2" = "volume prune" ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: an old engine takes a volume that has a name",
    ),
    "removes nothing that is on the list": (
        f'[ "$1 $2" = "network rm" ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: nothing of the list is still of no use",
    ),
}
