"""What makes the chapter mirrors fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 7, expected 0",
    ),
    "starts a registry that is no mirror": (
        f"""
for word; do
  shift
  case $word in REGISTRY_PROXY_*) word=UNUSED=1 ;; esac
  set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
        "CheckFailed: a mirror takes no uploads",
    ),
    "pulls past the mirror": (
        f"""
if [ "$*" = "pull busybox" ]; then
  {DOCKER} pull -q 127.0.0.1:5001/library/busybox >/dev/null
  {DOCKER} tag 127.0.0.1:5001/library/busybox busybox
  {DOCKER} image rm 127.0.0.1:5001/library/busybox >/dev/null
  exec echo docker.io/library/busybox:latest
fi
exec {DOCKER} "$@"
""",
        "StepFailed: this did not come true within 30 s",
    ),
    "keeps Docker Hub running": (
        f'[ "$1" = stop ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the mirror serves while the other is away",
    ),
    "pauses nothing": (
        f'[ "$1" = pause ] && exit 0\nexec {DOCKER} "$@"',
        "StepFailed: the command ended with 0, expected 124",
    ),
}
