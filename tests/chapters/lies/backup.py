"""What makes the chapter backup fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with",
    ),
    "pauses nothing": (
        f'case $1 in pause | unpause) exit 0 ;; esac\nexec {DOCKER} "$@"',
        "CheckFailed: they were kept from writing",
    ),
    "leaves a container out of its list": (
        f"""
[ "$*" != "ps -aq --no-trunc" ] || {{ {DOCKER} "$@" | sed 1d; exit; }}
exec {DOCKER} "$@"
""",
        "CheckFailed: every container is listed",
    ),
}
