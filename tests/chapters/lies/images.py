"""What makes the chapter images fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "CheckFailed: both commands name the same",
    ),
    "tags another image": (
        f'[ "$1" = tag ] && set -- tag hello-world "$3"\nexec {DOCKER} "$@"',
        "CheckFailed: it is the same image",
    ),
    "pushes as another tag": (
        f"""
case $1$2 in
push*:1) {DOCKER} tag "$2" "$2"x && {DOCKER} push "$2"x && exec {DOCKER} rmi "$2"x ;;
esac
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 22, expected 0",
    ),
    "keeps names that are to be removed": (
        f'[ "$1$2" = imagerm ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: no tag means latest",
    ),
    "forgets the platform in a list": (
        f'[ "$1$2" = manifestannotate ] && exit 0\nexec {DOCKER} "$@"',
        "StepFailed: the command ended with 1, expected 0",
    ),
    "pulls a tag where a digest is asked for": (
        f"""
case $*: in
"pull -q "*@*) set -- pull -q "${{3%@*}}:1" ;;
esac
exec {DOCKER} "$@"
""",
        "ImageNotFound",
    ),
}
