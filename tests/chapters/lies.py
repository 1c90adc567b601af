"""Docker commands that lie: by chapter, what each does wrong and what notices it."""

DOCKER = "/usr/bin/docker"
SILENT = "exit 0"  # a docker that always succeeds and says nothing
RUN = 'if [ "$1" = run ]; then shift; set -- run {options} "$@"; fi\nexec {docker} "$@"'

LIES: dict[str, dict[str, tuple[str, str]]] = {
    "concepts": {
        "succeeds always and says nothing": (
            SILENT,
            "NotFound: 404 Client Error",
        ),
        "shares the host's names and processes": (
            RUN.format(options="--uts host --pid host", docker=DOCKER),
            "CheckFailed: each has five views of its own",
        ),
        "forgets the limits": (
            f"""
if [ "$7 $8" = "--memory 32m" ]; then
  shift 12
  set -- run -d --name dockbook-con-small --label "$label" "$@"
fi
exec {DOCKER} "$@"
""",
            "CheckFailed: the kernel has the limits",
        ),
        "limits the one that is to be free": (
            RUN.format(options="--memory 64m", docker=DOCKER),
            "CheckFailed: no option, no limit",
        ),
        "starts a container that has a kernel": (
            RUN.format(options="-v /etc:/lib/modules:ro", docker=DOCKER),
            "CheckFailed: there is no kernel in it",
        ),
        "gives each container a copy of the program": (
            f"""
if [ "$1" = run ] && [ "$2" = -d ]; then
  {DOCKER} "$@"
  exec {DOCKER} exec "$4" sh -c 'cp /bin/busybox /bin/x; mv /bin/x /bin/busybox'
fi
exec {DOCKER} "$@"
""",
            "CheckFailed: a layer is empty until written to",
        ),
    },
    "commands": {
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
    },
    "volumes": {
        "succeeds always and says nothing": (
            SILENT,
            "NotFound: 404 Client Error",
        ),
        "mounts for writing what is to be read only": (
            f"""
for word; do shift; set -- "$@" "${{word%:ro}}"; done
exec {DOCKER} "$@"
""",
            "StepFailed: the command ended with 0, expected 1",
        ),
        "keeps anonymous volumes when told to remove them": (
            f"""
if [ "$1 $2" = "rm -v" ]; then shift 2; set -- rm "$@"; fi
exec {DOCKER} "$@"
""",
            "CheckFailed: rm -v spares names",
        ),
    },
    "images": {
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
        "pulls a tag where a digest is asked for": (
            f"""
case $*: in
"pull -q "*@*) set -- pull -q "${{3%@*}}:1" ;;
esac
exec {DOCKER} "$@"
""",
            "ImageNotFound",
        ),
    },
    "registries": {
        "succeeds always and says nothing": (
            SILENT,
            "StepFailed: the command ended with 1, expected 0",
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
    },
    "aliyun": {
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
    },
    "migration": {
        "succeeds always and says nothing": (
            SILENT,
            "StepFailed: the command ended with 1, expected 0",
        ),
        "leaves a container out of its list": (
            f"""
[ "$1 $2" != "container ls" ] || {{ {DOCKER} "$@" | sed 1d; exit; }}
exec {DOCKER} "$@"
""",
            "CheckFailed: the inventory is whole",
        ),
        "keeps a container that is to be removed": (
            f'[ "$1 $2" = "rm dockbook-mig-late" ] && exit 0\nexec {DOCKER} "$@"',
            "CheckFailed: what was removed stays removed",
        ),
        "kills instead of stopping": (
            f'[ "$1" = stop ] && exec {DOCKER} kill "$2"\nexec {DOCKER} "$@"',
            "CheckFailed: it was asked to stop, not killed",
        ),
        "writes nowhere": (
            f"""
case $* in *echo\\ after*) exit 0 ;; esac
exec {DOCKER} "$@"
""",
            "CheckFailed: the write is on the disk",
        ),
    },
}
