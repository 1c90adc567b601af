"""What makes the chapter networks fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
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
        "CheckFailed: each eth0 has its other end at the bridge",
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
}
