"""The lab of a normal user: no root, no sudo, the same promises but for disks.

As root, with a user made for it: a user cannot read root's Python, so the package
is copied beside a virtual environment of the system's Python.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from kernels_helpers.hosts.lab import LabState

Remains = Callable[[Path], list[str]]

PYTHON = "/usr/bin/python3"
NEEDS_3_11 = "import sys; sys.exit(sys.version_info < (3, 11))"
# What the lab imports, and no more.
PACKAGES = (
    *("kernels_helpers", "docker", "requests", "urllib3", "certifi", "idna"),
    "charset_normalizer",
)
UP = "import sys; from kernels_helpers.lab import life; life.up(*sys.argv[1:])"
DOWN = "import sys; from kernels_helpers.lab import life; life.down(sys.argv[1])"
GC = "from kernels_helpers.lab import life; print(*life.gc())"
RUN = """
import sys
from kernels_helpers.hosts import LabHost
result = LabHost(sys.argv[1]).run(sys.argv[2], timeout=60)
print(result.output, end="")
sys.exit(result.rc)
"""
ATTACH = """
import sys
from kernels_helpers.lab import life
with life.attached(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.read()
"""


class User(NamedTuple):
    """Be a throw-away user of the machine."""

    name: str
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "h"

    def argv(self, script: str, *words: str) -> list[str]:
        become = ["setpriv", f"--reuid={self.name}", f"--regid={self.name}"]
        python = f"{self.folder}/venv/bin/python"
        return [*become, "--init-groups", python, "-u", "-c", script, *words]

    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "DOCKBOOK_HOME": str(self.home),
        }

    def python(self, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(script, *words),
            env=self.environment(),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def run(self, name: str, body: str) -> str:
        told = self.python(RUN, name, body)
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    def start(self, script: str, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.argv(script, *words),
            env=self.environment(),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def user(dockbook_home: Path) -> Iterator[User]:
    del dockbook_home
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a user and become it")
    if subprocess.run([PYTHON, "-c", NEEDS_3_11], check=False).returncode:
        pytest.skip(f"{PYTHON} is not Python 3.11 or newer")
    name = f"dockbook-{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="db-", dir="/tmp"))
    subprocess.run(["useradd", "--home-dir", folder, "-M", name], check=True)
    try:
        give_subordinate_ids(name)
        install(folder)
        shutil.chown(folder, name, name)
        yield User(name, folder)
    finally:
        subprocess.run(["userdel", name], check=True, capture_output=True)
        shutil.rmtree(folder)


def give_subordinate_ids(name: str) -> None:
    """Give those that useradd gives by itself on most machines."""
    for table, option in (("subuid", "--add-subuids"), ("subgid", "--add-subgids")):
        if f"{name}:" not in Path(f"/etc/{table}").read_text():
            ids = "2000000000-2000065535"
            subprocess.run(["usermod", option, ids, name], check=True)


def install(folder: Path) -> None:
    """Install the package of this checkout, readable for everybody."""
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (site,) = (folder / "venv/lib").glob("python3.*/site-packages")
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, site / package)
    folder.chmod(0o755)


@pytest.fixture
def lab_user(user: User, remains: Remains) -> Iterator[User]:
    """Be the user; nothing of its labs may be left after a test."""
    yield user
    for folder in user.home.glob("[a-z]*/"):
        user.python(DOWN, folder.name)  # of a test that failed
    assert remains(user.home) == []


def init(user: User, name: str) -> int:
    state = LabState.load(user.home / name)
    assert state is not None
    assert state.alive
    assert state.user_namespace
    return state.init


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_docker_works(lab_user: User, remains: Remains) -> None:
    up = lab_user.python(UP, "mine")
    assert up.returncode == 0, up.stderr
    assert Path(f"/proc/{init(lab_user, 'mine')}").stat().st_uid != 0
    assert lab_user.run("mine", "docker run --rm busybox echo works") == "works\n"
    published = """
    docker run -d --name web -p 80:80 -v named:/data busybox \
      sh -c 'echo served >index.html; exec httpd -f -p 80' >/dev/null
    until curl -fs 127.0.0.1:80; do sleep 0.05; done
    docker exec web sh -c 'echo kept >/data/file; chown 33 /data/file'
    docker rm -f web >/dev/null
    docker run --rm -v named:/data busybox sh -c 'cat /data/file; stat -c %u /data/file'
    """
    assert lab_user.run("mine", published) == "served\nkept\n33\n"
    network = """
    docker network create lan >/dev/null
    docker run -d --network lan --name far busybox \
      sh -c 'echo far >index.html; exec httpd -f -p 80' >/dev/null
    docker run --rm --network lan busybox \
      sh -c 'until wget -qO- http://far; do sleep 0.1; done' 2>/dev/null
    """
    assert lab_user.run("mine", network) == "far\n"
    assert "no files of root" in lab_user.run(
        "mine", "cat /etc/shadow- || echo no files of root; touch /root/ok /etc/ok"
    )
    down = lab_user.python(DOWN, "mine")
    assert down.returncode == 0, down.stderr
    assert remains(lab_user.home) == []


def test_systemctl_stands_in(lab_user: User) -> None:
    assert lab_user.python(UP, "service").returncode == 0
    first = lab_user.run("service", "cat /run/docker.pid")
    changed = """
    systemctl is-active docker
    echo '{"debug": true}' >/etc/docker/daemon.json
    systemctl restart docker
    docker info -f '{{.Debug}}'
    systemctl stop docker
    systemctl is-active docker || true
    systemctl start docker
    """
    assert lab_user.run("service", changed) == "active\ntrue\ninactive\n"
    assert lab_user.run("service", "cat /run/docker.pid") != first
    bad = lab_user.python(
        RUN, "service", "echo '{' >/etc/docker/daemon.json; systemctl restart docker"
    )
    assert bad.returncode == 1
    assert "Job for docker.service failed" in bad.stdout
    assert "unexpected EOF" in bad.stdout
    assert lab_user.python(DOWN, "service").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_starter(
    number: signal.Signals, lab_user: User, remains: Remains
) -> None:
    process = lab_user.start(ATTACH, "starter")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    lab_user.run("starter", "docker run -d --restart=always -p 80:80 -v named:/v nginx")
    process.send_signal(number)
    process.communicate()
    assert remains(lab_user.home) == []


@pytest.mark.parametrize("victim", ["supervisor", "init"])
def test_killed_heart(victim: str, lab_user: User, remains: Remains) -> None:
    assert lab_user.python(UP, "heart").returncode == 0
    lab_user.run("heart", "docker run -d --restart=always -p 80:80 -v named:/v nginx")
    pid = init(lab_user, "heart")
    os.kill(pid if victim == "init" else parent(pid), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert lab_user.python(GC).stdout == "heart\n"
    assert remains(lab_user.home) == []


@pytest.mark.parametrize("delay", [0.2, 0.5, 0.9, 1.3])
def test_killed_in_the_middle_of_up(
    delay: float, lab_user: User, remains: Remains
) -> None:
    process = lab_user.start(f"print(flush=True); {UP}", "half")
    assert process.stdout is not None
    assert process.stdout.readline() == "\n"
    time.sleep(delay)
    process.kill()
    process.communicate()
    state = LabState.load(lab_user.home / "half")
    if state is not None and state.persistent:  # it was up already: it may stay
        assert lab_user.python(DOWN, "half").returncode == 0
    assert lab_user.python(GC).returncode == 0
    assert remains(lab_user.home) == []


def test_a_disk_is_refused_in_words(lab_user: User) -> None:
    up = "from kernels_helpers.lab import life; life.up('disk', ['vdb=64M'])"
    told = lab_user.python(up)
    assert told.returncode == 1
    assert "LabError: --disk needs root" in told.stderr


def test_podman_is_refused_in_words(lab_user: User) -> None:
    up = "from kernels_helpers.lab import life; life.up('pod', engine='podman')"
    told = lab_user.python(up)
    assert told.returncode == 1
    assert "LabError: no lab with Podman can be started here: it needs root" in (
        told.stderr
    )
    assert "a lab of a normal user has no systemd" in told.stderr
    assert told.stderr.endswith("run it as root\n")
