"""An operation of ten changes: something of everything that a kill could leave.

Each change can be held at one point, its ``HOLD``: before, in the middle of or
behind what it does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kernels_helpers.hosts import LabHost
from tests.unit import notebooks
from tests.unit.notebooks import BINDING

CHANGES = [
    r"""
#| unless: docker network inspect operation
#| undo: docker network rm operation
docker network create --label "$label" operation
HOLD
""",
    r"""
#| unless: docker volume inspect "$volume"
#| undo: docker volume rm "$volume"
HOLD
docker volume create --label "$label" "$volume"
""",
    r"""
#| undo: rm -rf /srv/operation
mkdir /srv/operation
HOLD
echo greeting >/srv/operation/greeting
""",
    r"""
#| unless: mountpoint -q /srv/disk
#| undo: ! mountpoint -q /srv/disk || umount /srv/disk; rmdir /srv/disk
mkdir /srv/disk
HOLD
mount -t tmpfs operation /srv/disk
""",
    r"""
HOLD
echo page >/srv/disk/page
""",
    r"""
#| unless: systemctl is-active operation
#| undo: systemctl stop operation
systemd-run --unit operation sleep 1d
HOLD
""",
    r"""
#| unless: kill -0 "$(cat /srv/operation/pid)"
#| undo: p=$(cat /srv/operation/pid); kill "$p"; while kill -0 "$p"; do sleep 0.1; done
setsid sleep 2d >/dev/null 2>&1 &
until test "$(ps -o sid= $!)" -eq $!; do sleep 0.1; done
echo $! >/srv/operation/pid
HOLD
""",
    r"""
#| unless: docker image inspect operation:1
#| undo: docker image rm operation:1
docker tag busybox operation:1
HOLD
""",
    r"""
#| undo: docker rm -fv operation
docker create --init --name operation --label "$label" --network operation \
  -v "$volume:/data" -v /srv/disk:/disk -v /more operation:1 sleep 3d
HOLD
docker start operation
""",
    r"""
#| unless: grep -w operation /etc/hosts
#| undo: sed -i /operation/d /etc/hosts
HOLD
echo 127.0.0.1 operation >>/etc/hosts
""",
]
FINISH = """\
told = chapter.host.run("docker exec operation cat /disk/page").output
check("the container reads what the host has mounted", told == "page\\n")
chapter.finish()"""


def write(path: Path) -> Path:
    """Write the chapter."""
    cells = [
        "%%change\n" + change.strip().replace("HOLD", _hold(number))
        for number, change in enumerate(CHANGES, 1)
    ]
    return notebooks.write(path, BINDING, *cells, FINISH)


@contextmanager
def held(lab: LabHost, number: int) -> Iterator[Callable[[], bool]]:
    """Hold a change; the function that is given tells whether it is at work."""
    assert lab.run(f"touch {_file(number)}").rc == 0
    try:
        yield Path(f"/proc/{lab.state.init}/root{_file(number)}-at-work").exists
    finally:
        lab.run(f"rm {_file(number)}*")


def _hold(number: int) -> str:
    file = _file(number)
    return f"test ! -e {file} || {{ touch {file}-at-work; sleep 1021; }}"


def _file(number: int) -> str:
    return f"/run/hold-{number}"
