"""What makes the chapter registries fail."""

from tests.chapters.fakes import DOCKER, RUN, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 1, expected 0",
    ),
    "starts a registry that deletes for everybody": (
        RUN.format(options="-e REGISTRY_STORAGE_DELETE_ENABLED=true", docker=DOCKER),
        "CheckFailed: deleting is off by default",
    ),
    "forgets no password": (
        f'[ "$1" = logout ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the password is gone from the file",
    ),
    "collects no garbage": (
        f"""
case $* in
*garbage-collect*) echo 3 blobs marked, 3 blobs; exit 0 ;;
esac
exec {DOCKER} "$@"
""",
        "CheckFailed: at least the 1 MB has been freed",
    ),
    "starts a registry that asks for no password": (
        f"""
for word; do
  shift
  case $word in REGISTRY_AUTH_*) word=UNUSED=1 ;; esac
  set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 1, expected 0",
    ),
    "keeps images that are to be removed": (
        f'[ "$1$2" = imagerm ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the images were forgotten",
    ),
}
