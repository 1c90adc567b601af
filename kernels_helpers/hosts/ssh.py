"""``ssh://[USER@]HOST[:PORT]``: a machine that the system's ``ssh`` can reach.

The user's configuration, keys, agent and known hosts are those of ``ssh``. One
connection, the master, carries every command and the engine's socket.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from shlex import quote

from docker import DockerClient

from kernels_helpers import process
from kernels_helpers.errors import HostError
from kernels_helpers.hosts.base import Host

ENGINE = "/var/run/docker.sock"
OPTIONS = (
    *("-o", "BatchMode=yes"),  # nobody is there to answer
    *("-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=5"),
    *("-o", "ServerAliveCountMax=3"),
)
ENDED = "dockbook: ended "
LINES = 3  # of what ssh says about a connection

# Here: the command waits for ssh, whose stdin is what it needs and then a lifeline:
# a sleep that ends with us. Signals reach the sleep, not ssh: it has to tell the end.
CARRY = """
exec 3< <(exec 2>/dev/null; cat "$0"; exec sleep infinity)
told=$1; shift
exec env --block-signal=INT --block-signal=TERM "$@" <&3 2>"$told"
"""

# There: read environment and command, run it as a group of its own, and end the
# group when it is done or the lifeline is cut. The exit code is told on stderr, as
# 255 from ssh can mean both.
SERVE = r"""
take() { taken=(); local n word; IFS= read -rd '' n || exit
  for ((; n > 0; n--)); do IFS= read -rd '' word || exit; taken+=("$word"); done; }
take; for entry in "${taken[@]}"; do export "$entry"; done
take; exec 5<&0; set -m
"${taken[@]}" 2>&1 </dev/null 5<&- & group=$!
{ cat <&5 >/dev/null
  for signal in INT TERM KILL; do
    kill -$signal -- -$group || break
    for ((i = 0; i < 15; i++)); do kill -0 -- -$group || break 2; sleep 0.1; done
  done; } >/dev/null 2>&1 & guard=$!
set +m; exec 5<&-
wait $group 2>/dev/null; rc=$?
{ kill -0 -- -$group && sleep 0.1; kill -KILL -- -$group; kill -KILL -- -$guard
  wait; } >/dev/null 2>&1
printf '\ndockbook: ended %d\n' "$rc" >&2
"""
SERVER = f"exec bash --norc -c {quote(SERVE)}"


class SshHost(Host):
    """Reach the engine and the shell of a machine over one connection of ssh."""

    is_lab = False

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder  # of the two sockets
        self.socket = f"unix://{folder}/docker.sock"
        self._master: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Connect, unless the connection stands. Raises HostError."""
        if self._master is not None and self._master.poll() is None:
            return
        self.close()
        told = self.folder / "master"
        forward = f"{self.folder}/docker.sock:{ENGINE}"
        only = ("-o", "StreamLocalBindUnlink=yes", "-MNTL", forward)
        with told.open("wb") as said:
            self._master = subprocess.Popen(
                # it ends with us, even by -9; Ctrl-C is none of its business
                ["setpriv", "--pdeathsig=TERM", *self._ssh(*only)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        while not (self.folder / "master.sock").exists():
            if self._master.poll() is not None:
                raise self._unreachable(told.read_text(errors="replace"))
            time.sleep(0.01)

    def close(self) -> None:
        """End the connection."""
        if self._master is not None:
            self._master.terminate()
            self._master.wait()
            self._master = None
        (self.folder / "master.sock").unlink(missing_ok=True)

    @property
    def docker(self) -> DockerClient:
        """Return a Docker SDK client of the host's engine. Raises HostError."""
        self.open()
        return super().docker

    def has_engine(self) -> bool:
        """Tell whether an engine answers on the host. Raises HostError."""
        self.open()
        return super().has_engine()

    def _run(
        self,
        words: list[str],
        env: dict[str, str],
        timeout: float | None,
        on_output: Callable[[str], object],
    ) -> process.Result:
        """Send the command and its environment by stdin: no process list shows them.

        Raises HostError when the connection is lost before the command has ended.
        """
        self.open()
        needed = _counted([f"{n}={v}" for n, v in env.items()]) + _counted(words)
        with _in_memory(needed) as stdin, _in_memory() as told:
            result = process.run(
                ["bash", "-c", CARRY, stdin, told, *self._ssh("-T"), SERVER],
                env=os.environ,
                timeout=timeout,
                on_output=on_output,
            )
            said = Path(told).read_text(errors="replace")
        before, ended, rc = said.rpartition(ENDED)
        if ended:
            return process.Result(
                int(rc), result.output, result.seconds, result.timed_out
            )
        if result.timed_out:
            return result
        raise self._unreachable(before or said)

    def _ssh(self, *options: str) -> list[str]:
        """Write the command that connects; the master is used where it stands."""
        control = ("-S", str(self.folder / "master.sock"))
        return ["ssh", *OPTIONS, *control, *options, "--", self.url]

    def _unreachable(self, said: str) -> HostError:
        """Make the error for a host that ssh cannot reach, or has lost."""
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        told = "; ".join(lines[-LINES:]) or "the connection was closed"
        return HostError(f"{self.url} is unreachable: {told}. {_advice(told)}")


def _advice(said: str) -> str:
    """Say what to do about what ssh has said."""
    if "Host key verification failed" in said:
        return "Connect once with ssh and compare the key, or add it to known_hosts"
    if "Permission denied" in said:
        return "Give ssh a key that the host accepts: see ssh-add and ~/.ssh/config"
    return "Try `ssh` with the same host"


def _counted(texts: Sequence[str]) -> bytes:
    """Write texts, none of which has a NUL, behind their number."""
    return b"".join(f"{text}\0".encode() for text in (len(texts), *texts))


@contextlib.contextmanager
def _in_memory(content: bytes = b"") -> Iterator[str]:
    """Give the path of a file that is on no disk: what a step needs can be secret."""
    descriptor = os.memfd_create("dockbook")
    try:
        os.write(descriptor, content)
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def connected(url: str) -> Iterator[SshHost]:
    """Join a host over ssh, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="dockbook-ssh-") as folder:
        host = SshHost(url, Path(folder))
        try:
            host.open()
            yield host
        finally:
            host.close()
