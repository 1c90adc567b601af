"""What makes the chapter concepts fail."""

from tests.chapters.fakes import DOCKER, RUN, SILENT

LIES = {
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
}
