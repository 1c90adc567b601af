"""What makes the chapter aliyun fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed: the command ended with 1, expected 0",
    ),
    "tags another image": (
        f'[ "$1" = tag ] && set -- tag hello-world "$3"\nexec {DOCKER} "$@"',
        "CheckFailed: tag refuses the space and takes an ID",
    ),
    "uses one login for every name": (
        f"""
case $1$DOCKER_CONFIG in
pull*/client) {DOCKER} login -u someone@example.com --password-stdin \\
  registry-vpc.cn-hangzhou.aliyuncs.com </srv/dockbook-aliyun/password >/dev/null ;;
esac
exec {DOCKER} "$@"
""",
        "CheckFailed: a login holds for one name only",
    ),
    "keeps the login": (
        f'[ "$1" = logout ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: no login is left",
    ),
}
