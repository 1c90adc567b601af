"""What makes the chapter copy fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (SILENT, "ImageNotFound"),
    "copies nothing": (
        f'[ "$1" = cp ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: one already has a layer, with a file",
    ),
    "loses the owners": (
        f"""
if [ "$1 $2" = "cp -" ]; then cat >/dev/null; set -- cp /etc/hostname "$3seven"; fi
exec {DOCKER} "$@"
""",
        "CheckFailed: a stream keeps the owner",
    ),
    "lets a read-only container write": (
        f"""
for word; do shift; [ "$word" = --read-only ] || set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 9",
    ),
}
BEHIND = {
    "a file of the layer is deleted": (
        "docker exec dockbook-copy-two rm /mine",
        "CheckFailed: the file is still there",
    ),
    "a copy is changed on the host": (
        "test -e /srv/dockbook-copy/back && echo x >>/srv/dockbook-copy/back",
        "CheckFailed: in and out again is the same",
    ),
    "the volume loses its data": (
        "docker exec dockbook-copy-locked rm /data/kept",
        "CheckFailed: both places for data work",
    ),
}
