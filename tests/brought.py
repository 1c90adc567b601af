"""The program inside of a lab, which has nothing of this machine but ``/usr``."""

import subprocess
import sys
from pathlib import Path

from kernels_helpers import book
from kernels_helpers.hosts import LabHost

DOCKBOOK = str(Path(sys.executable).with_name("dockbook"))
# The two calls that carry a mount from one namespace into another. A link leads to it
# from the folder's own path, so that an inventory does not walk through it.
CARRY = """
import ctypes, os, subprocess, sys
libc, pid, folders = ctypes.CDLL(None, use_errno=True), sys.argv[1], sys.argv[2:]
def call(number, *words):
    if (result := libc.syscall(number, *words)) < 0:
        raise OSError(ctypes.get_errno(), f"system call {number} failed")
    return result
trees = [call(428, -100, folder.encode(), 1) for folder in folders]
call(308, os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), 0)
for n, (folder, tree) in enumerate(zip(folders, trees)):
    os.makedirs(place := f"/mnt/brought-{n}")
    call(429, tree, b"", -100, place.encode(), 4)
    subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    os.symlink(place, folder)
"""


def bring(lab: LabHost) -> None:
    """Let a lab have the program and its Python, at their own paths, for reading."""
    folders = {str(book.PACKAGE.parent), sys.prefix, sys.base_prefix}
    apart = [f for f in folders if not any(f.startswith(f"{g}/") for g in folders)]
    words = [sys.executable, "-c", CARRY, str(lab.state.init), *apart]
    subprocess.run(words, check=True)
