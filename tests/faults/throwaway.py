"""A normal user of the machine, made for tests as root.

A user cannot read root's Python, so the package is copied beside a virtual environment
of the system's Python.
"""

import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

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


def init(user: User, name: str) -> int:
    state = LabState.load(user.home / name)
    assert state is not None
    assert state.alive
    assert state.user_namespace
    return state.init
