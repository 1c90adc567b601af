"""A fresh Debian without Docker: made once by mmdebstrap, shared by all bare labs.

A lab writes to an overlay of it, so the tree stays as it was made. What Docker
needs lies in it as packages, so that ``apt-get install`` works without a network.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kernels_helpers.errors import LabError
from kernels_helpers.hosts.lab import PATH

TOOLS = ("apt-get", "mmdebstrap", "dpkg-scanpackages")
SYSTEM = ("systemd-sysv", "netbase", "iproute2", "procps")  # and what is essential
ROOTLESS = ("rootlesskit", "slirp4netns", "uidmap")  # for an engine of a user
OFFERED = ("docker.io", "iptables", "jq", *ROOTLESS)  # with all that they need
RELEASE = Path("/etc/os-release")
MAIN = "main"  # the component with packages of the distribution itself
# Settings without which this machine's apt would not reach or accept its sources.
KEPT_SETTINGS = ("proxy", "check-valid-until")
TOLD = 800  # characters of what mmdebstrap says last

# $1 is the new root, the other words are the packages that it is to offer.
OFFER = """
set -eu
root=$1 debs=$1/usr/local/share/debs
shift
chroot "$root" apt-get clean
chroot "$root" apt-get install -qq -y --no-install-recommends --download-only "$@" \
  </dev/null >/dev/null
mkdir "$debs"
mv "$root"/var/cache/apt/archives/*.deb "$debs"
cd "$debs"
dpkg-scanpackages --multiversion . >Packages 2>/dev/null
"""
# What is left of the machine's own settings goes last, when nothing more is fetched.
FORGET = """
set -eu
rm -f "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap
echo 'deb [trusted=yes] file:/usr/local/share/debs ./' >"$1/etc/apt/sources.list"
"""


def missing() -> str | None:
    """Say what a lab without Docker would need besides a lab; None: nothing."""
    if os.geteuid() != 0:
        return (
            "a host to install Docker on needs root: its packages own files of many "
            "users; run it as root, or on a machine of its own"
        )
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return (
            f"{', '.join(absent)} not found, which make a fresh Debian; run "
            "`make setup` (on Debian or Ubuntu)"
        )
    return None


def cached_tree(home: Path) -> Path:
    """Return the tree of a fresh Debian, made on first use, which needs a network.

    Its name changes with the release, the packages and how it is made. LabError
    when it cannot be made; nothing is left of it then.
    """
    if reason := missing():
        raise LabError(f"no fresh Debian can be made here: {reason}")
    codename = release(RELEASE.read_text())
    folder = home / ".trees"
    folder.mkdir(parents=True, exist_ok=True)
    tree = folder / f"{codename}-{_key()}"
    if not tree.exists():
        with _locked(folder):
            if not tree.exists():
                _make(tree, codename)
    return tree


def release(text: str) -> str:
    """Find the code name of the release in the text of /etc/os-release."""
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME" and value.strip("\"'"):
            return value.strip("\"'")
    raise LabError(
        f"{RELEASE} names no release: a fresh Debian is made from the apt sources of "
        "this machine, which has to be Debian or Ubuntu"
    )


def sources(rows: str, codename: str) -> str:
    """Choose the lines of apt's sources that are those of a release itself.

    ``rows`` have an address, a release and a component each. LabError when none is
    of the release.
    """
    found = [
        f"deb {address} {suite} {component}"
        for address, suite, component in map(str.split, rows.splitlines())
        if suite.partition("-")[0] == codename and component == MAIN
    ]
    if not found:
        raise LabError(
            f"no apt source of this machine has the component {MAIN!r} of {codename}: "
            "a fresh Debian is made from them; see `apt-get indextargets`"
        )
    return "".join(f"{line}\n" for line in dict.fromkeys(found))


def settings(dump: str) -> list[str]:
    """Choose the settings by which apt reaches its sources from ``apt-config dump``."""
    return [
        line
        for line in dump.splitlines()
        if any(word in line.lower().partition(" ")[0] for word in KEPT_SETTINGS)
    ]


def _make(tree: Path, codename: str) -> None:
    """Make the tree beside its place, and move it there when it is whole."""
    new = tree.with_name(f"{tree.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    listed = "--format=$(REPO_URI) $(RELEASE) $(COMPONENT)"
    rows = _ask("apt-get", "indextargets", listed, "Created-By: Packages")
    known = _ask("apt-config", "dump", "--no-empty", "Acquire")
    words = [
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=apt"),
        *(f"--include={','.join(SYSTEM)}", *_each("--aptopt", settings(known))),
        *_each("--customize-hook", [_hook(OFFER, *OFFERED), _hook(FORGET)]),
        *("", str(new), "-"),
    ]
    try:
        made = subprocess.run(
            words,
            input=sources(rows, codename),
            env={**os.environ, "LC_ALL": "C.UTF-8", "PATH": PATH},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise LabError(
                f"no fresh Debian {codename} could be made in {tree.parent}: "
                f"mmdebstrap ended with {made.returncode}. It needs the apt sources "
                "of this machine, once; see that `apt-get update` works and try "
                f"again. It said:\n{made.stderr[-TOLD:].strip()}"
            )
        new.rename(tree)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _key() -> str:
    recipe = Path(__file__).read_bytes() + platform.machine().encode()
    return hashlib.sha256(recipe).hexdigest()[:12]


def _ask(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _each(option: str, values: list[str]) -> list[str]:
    return [f"{option}={value}" for value in values]


def _hook(script: str, *words: str) -> str:
    """Write a hook: mmdebstrap gives it the root as its first word."""
    return "\n".join(['set -- "$1" ' + " ".join(words), script])


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time make a tree; the kernel ends the lock with it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
