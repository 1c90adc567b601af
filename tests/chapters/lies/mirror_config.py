"""What makes the chapter mirror-config fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "CheckFailed: putting it back would change nothing",
    ),
    "shows a log driver that the engine has not": (
        f"""
[ "$*" = "info --format {{{{json .}}}}" ] || exec {DOCKER} "$@"
{DOCKER} "$@" | sed 's/"LoggingDriver":"[a-z-]*"/"LoggingDriver":"syslog"/'
""",
        "StepFailed: the command ended with 4, expected 0",
    ),
    "starts nothing again": (
        f'[ "$1" = start ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the witness was stopped, and runs again",
    ),
}
