"""What makes the chapter ports fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
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
}
