"""Docker commands that lie, and acts behind a chapter's back, by what they do."""

DOCKER = "/usr/bin/docker"
SILENT = "exit 0"  # a docker that always succeeds and says nothing
RUN = 'if [ "$1" = run ]; then shift; set -- run {options} "$@"; fi\nexec {docker} "$@"'

# Where Docker is still to be installed, its lying command is not to be found either.
LATER = """
[ -e /usr/bin/docker ] || { echo "docker: command not found" >&2; exit 127; }
"""

LIES: dict[str, dict[str, tuple[str, str]]] = {
    "install": {
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
    },
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
    "copy": {
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
        "hands on the volumes of a container, but not its bind mounts": (
            f"""
for word; do
  shift
  case "$word $1" in
  "--volumes-from dockbook-vol-hidden:ro") word=-v ;;
  dockbook-vol-hidden:ro*) word=dockbook-data:/data:ro ;;
  esac
  set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
            "CheckFailed: both are lent it",
        ),
        "honours a subpath that its engine ignores": (
            f"""
case $* in *volume-subpath=part*) echo inner; exit 0 ;; esac
exec {DOCKER} "$@"
""",
            "CheckFailed: a subpath counts from API 1.45 on",
        ),
    },
    "bind-and-tmpfs": {
        "succeeds always and says nothing": (SILENT, "NotFound"),
        "mounts for writing what is to be read only": (
            f"""
for word; do shift; set -- "$@" "${{word%,readonly}}"; done
exec {DOCKER} "$@"
""",
            "CheckFailed: readonly is not the default",
        ),
        "keeps mounts private": (
            f"""
for word; do shift; set -- "$@" "${{word%,bind-propagation=*}}"; done
exec {DOCKER} "$@"
""",
            "CheckFailed: the default is private",
        ),
        "forgets which engine a context means": (
            f'[ "$1" != --context ] || shift 2\nexec {DOCKER} "$@"',
            "CheckFailed: another one leads elsewhere",
        ),
        "forgets the limit of memory": (
            f"""
for word; do shift; [ "$word" = 16m ] && word=160m; set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
            "CheckFailed: the tmpfs counts as memory",
        ),
    },
    "networks": {
        "succeeds always and says nothing": (
            SILENT,
            "CheckFailed: the command lists what the engine has",
        ),
        "pulls the cables from docker0": (
            f"""
if [ "$1" = create ]; then
  for port in /sys/class/net/docker0/lower_*; do
    ip link set "${{port##*/lower_}}" nomaster
  done
fi
exec {DOCKER} "$@"
""",
            "CheckFailed: each eth0 has its other end at docker0",
        ),
        "loses the rule that masquerades": (
            f'iptables -t nat -F POSTROUTING; exec {DOCKER} "$@"',
            "StepFailed: the command did not end within 5 s",
        ),
        "lets everything through the firewall": (
            f"""
iptables -C DOCKER-USER -j ACCEPT 2>/dev/null || iptables -I DOCKER-USER -j ACCEPT
exec {DOCKER} "$@"
""",
            "StepFailed: the command ended with 0, expected 1",
        ),
        "takes an internal network for an open one": (
            f"""
for word; do shift; [ "$word" = --internal ] || set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
            "StepFailed: the command ended with 0, expected 1",
        ),
        "leaves a container in its network when told to take it out": (
            f"""
case "$1$2$3" in networkdisconnectnone) ;; networkdisconnect*) exit 0 ;; esac
exec {DOCKER} "$@"
""",
            "CheckFailed: the web server stands in one network again",
        ),
        "does not part neighbours": (
            f"""
for word; do shift; set -- "$@" "${{word%=false}}"; done
exec {DOCKER} "$@"
""",
            "StepFailed: the command ended with 1, expected 0",
        ),
        "forgets the address that was chosen": (
            f"""
for word; do shift; [ "$word" = --ip6 ] && word=--hostname; set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
            "CheckFailed: the addresses are those asked for",
        ),
        "puts a stranger into the network": (
            f"""
if [ "$1 $2" = "network disconnect" ] && [ "$3" = none ]; then
  {DOCKER} network connect dockbook-front dockbook-net-db
fi
exec {DOCKER} "$@"
""",
            "CheckFailed: the database is not among its neighbours",
        ),
    },
    "ports": {
        "succeeds always and says nothing": (SILENT, "StepFailed"),
        "publishes to everybody what is for this host": (
            f"""
for word; do shift; set -- "$@" "${{word#127.0.0.1:}}"; done
exec {DOCKER} "$@"
""",
            "CheckFailed: two ports are published",
        ),
        "lets everything through the firewall": (
            f"""
iptables -C DOCKER-USER -j ACCEPT 2>/dev/null || iptables -I DOCKER-USER -j ACCEPT
exec {DOCKER} "$@"
""",
            "CheckFailed: a port that is not published is closed",
        ),
        "loses the rules of published ports": (
            f"""
[ "$1" = exec ] && iptables -t nat -F DOCKER
exec {DOCKER} "$@"
""",
            "CheckFailed: the server sees who called",
        ),
        "takes host mode for the default": (
            f"""
for word; do
  shift; [ "$word" = host ] && word=bridge; set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
            "StepFailed",
        ),
        "removes a container whose name is taken by a clash": (
            f"""
{DOCKER} "$@" && exit 0
rc=$?
[ "$1" = run ] && {DOCKER} rm -f dockbook-port-clash >/dev/null 2>&1
exit "$rc"
""",
            "StepFailed",
        ),
        "restarts the second container with the first": (
            f"""
if [ "$1 $2" = "restart dockbook-port-open" ]; then
  {DOCKER} "$@" && exec {DOCKER} restart -t 0 dockbook-port-side
fi
exec {DOCKER} "$@"
""",
            "CheckFailed: the second sits in a dead network",
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
    },
    "registries": {
        "succeeds always and says nothing": (
            SILENT,
            "StepFailed: the command ended with 1, expected 0",
        ),
        "starts a registry that deletes for everybody": (
            RUN.format(
                options="-e REGISTRY_STORAGE_DELETE_ENABLED=true", docker=DOCKER
            ),
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
    },
    "mirrors": {
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

# What is done on the host after every cell, and what the chapter says to it.
BEHIND: dict[str, dict[str, tuple[str, str]]] = {
    "copy": {
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
    },
    "bind-and-tmpfs": {
        "the mounted directory is replaced": (
            """
cd /srv/dockbook-bind && grep three target/app && mv target x && cp -r x target
""",
            "CheckFailed: both names lead to one inode",
        ),
        "a misspelt directory is removed": (
            "rmdir /srv/dockbook-bind/tagret",
            "CheckFailed: -v has made a directory of root",
        ),
        "the files of the host change": (
            """
cd /srv/dockbook-bind && grep verify target/app && echo x >target/app
""",
            "CheckFailed: the files are still on the host",
        ),
    },
}
