"""What a user of Docker has, and what is seen of it: the same after a move, or not."""

import time

from kernels_helpers.hosts import LabHost
from tests.chapters import rare

SETTLE = 30.0  # seconds until containers run again

OF_THE_USER = """
docker network create own
docker volume create kept
docker run -d --init --name user --network own -v kept:/data --restart always \
  busybox sleep 1d
docker run --name ended busybox sh -c 'echo layer >/note; ln /note /twin; rm -r /tmp'
docker create --name unused -v other:/data alpine
docker tag alpine own:1
cd "$(docker volume inspect -f '{{.Mountpoint}}' kept)"
head -c 96M /dev/urandom >blob
for i in $(seq 1000); do echo "$i" >"file $i"; done
ln blob twin; mkfifo pipe; truncate -s 1G hole
chown 1000:1000 blob; chmod 640 blob
setfacl -m u:65534:r blob; setfattr -n user.origin -v here blob
"""
STATE = """
docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' | sort
docker volume ls --format '{{.Driver}} {{.Name}}' | sort
docker network ls --no-trunc --format '{{.ID}} {{.Name}}' | grep -w own
docker network ls --format '{{.Name}}' | sort
docker image ls -a --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | sort
docker save busybox own:1 | tar -xO --wildcards '*/layer.tar' | sha256sum
docker diff ended | sort
docker export ended | tar -xO note twin | sha256sum
docker inspect -f '{{range .Mounts}}{{.Name}} {{end}}' user unused
cd "$(docker volume inspect -f '{{.Mountpoint}}' kept)"
find . -printf '%P %y %m %U:%G %n %T@ %l\\n' | sort; stat -c '%n %s' blob hole
find . -type f ! -name hole -exec sha256sum {} + | sort
getfacl -cn blob; getfattr -n user.origin blob; du -k hole
"""
CONFIGURATION = """
cat /etc/fstab
ls /etc/docker /etc/systemd/system /root
findmnt -rno TARGET,SOURCE | grep -v docker | sort
"""


def write(host: LabHost) -> None:
    """Give a host data that is easily damaged."""
    says(host, OF_THE_USER + rare.MAKE)


def state(host: LabHost) -> list[str]:
    """Tell what the engine has, with the contents of volumes, layers and images."""
    done = host.run(rare.SHOW + STATE)
    return done.output.splitlines() if done.rc == 0 else ["no engine answers"]


def settled(host: LabHost, before: list[str], still: float = SETTLE) -> list[str]:
    """Name what is gone and what is new, when containers have had time to start.

    That is over when nothing has changed for the seconds of ``still``, too.
    """
    after, began = state(host), time.monotonic()
    last, changed = began, began
    while after != before and last - changed <= still and last - began < SETTLE:
        now, last = state(host), time.monotonic()
        if now != after:
            after, changed = now, last
    gone = [f"gone: {row}" for row in before if row not in after]
    return gone + [f"new: {row}" for row in after if row not in before]


def says(host: LabHost, script: str) -> None:
    """Run what has to succeed."""
    done = host.run(script)
    assert done.rc == 0, done.output
