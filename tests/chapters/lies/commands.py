"""What makes the chapter commands fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "CheckFailed: every command is a node",
    ),
    "lists a command that is none": (
        f"""
[ "$*" = --help ] || exec {DOCKER} "$@"
{DOCKER} --help | sed '/^Commands:/a\\  levitate    Float above the host'
""",
        "CheckFailed: each answers for itself",
    ),
    "starts the program anew after a pause": (
        f"""
[ "$*" != "unpause dockbook-cmd-life" ] ||
  {{ {DOCKER} unpause "$2"; set -- restart -t 0 "$2"; }}
exec {DOCKER} "$@"
""",
        "CheckFailed: it runs on, not anew",
    ),
    "commits with another program": (
        f"""
[ "$1" != commit ] || {{ shift; set -- commit --change 'CMD ["true"]' "$@"; }}
exec {DOCKER} "$@"
""",
        "CheckFailed: it has the settings of the container",
    ),
    "keeps an image that is to be removed": (
        f"""
[ "$1 $2" != "image rm" ] || set -- image inspect "$3"
exec {DOCKER} "$@"
""",
        "CheckFailed: the image was gone in between",
    ),
}
