"""A chapter with a secret, and where it must not be found."""

import hashlib
import sys
from pathlib import Path

import nbformat

from kernels_helpers import leaks

BIN = Path(sys.executable).parent
SECRET = "p@ss w\"or'd/é%-2718281828"
HASH = hashlib.sha256(SECRET.encode()).hexdigest()
NAME = "DOCKBOOK_TEST_PASSWORD"
PARAMETERS = f"""\
from kernels_helpers.field_types import HostURL, Secret

host: HostURL = "lab://"  # Docker host
apply: bool = False  # change a host that is not a lab
password: Secret = "env:{NAME}"  # of the registry"""
SEEN = '%%look\nprintf %s "$password" | sha256sum'


def found(folder: Path) -> list[leaks.Leak]:
    return list(leaks.scan(folder, {NAME: SECRET}))


def texts(path: Path) -> str:
    """Put together all that a notebook shows."""
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(str(cell.get("outputs", "")) for cell in cells)


def run_in(out: Path) -> Path:
    (folder,) = out.iterdir()
    return folder
