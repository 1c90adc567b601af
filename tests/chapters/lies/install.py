"""What makes the chapter install fail."""

from tests.chapters.fakes import DOCKER, SILENT

# Docker is still to be installed: its lying command is not to be found either.
LATER = """
[ -e /usr/bin/docker ] || { echo "docker: command not found" >&2; exit 127; }
"""

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 0, expected 127",
    ),
    "is installed, and then says nothing": (
        LATER + SILENT,
        "StepFailed: the command ended with 1, expected 0",
    ),
    "makes containers whose logs grow": (
        LATER
        + f"""
if [ "$1" = create ]; then shift; set -- create --log-opt max-size=1g "$@"; fi
exec {DOCKER} "$@"
""",
        "CheckFailed: merging has kept what was there",
    ),
    "takes an image for Windows": (
        LATER
        + f"""
[ "$1" = import ] || exec {DOCKER} "$@"
{DOCKER} import - "$5" && echo operating system is not supported && exit 1
""",
        "CheckFailed: no image for Windows came in",
    ),
}
