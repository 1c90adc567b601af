"""A switch that labs are joined by: a bridge in a network namespace of its own.

No other machine is needed: who is to be in a lab enters its network namespace.
"""

import contextlib
import subprocess
from collections.abc import Iterator, Sequence

from kernels_helpers.hosts import LabHost
from tests.waiting import until

BRIDGE = "ip link add switch type bridge && ip link set switch up"
JOIN = """
ip link add port{n} type veth peer name lan0 netns {lab}
ip link set port{n} master switch up
nsenter --net=/proc/{lab}/ns/net sh -c \
  'ip address add 10.77.0.{n}/24 dev lan0 && ip link set lan0 up'
"""


@contextlib.contextmanager
def joined(labs: Sequence[LabHost]) -> Iterator[list[str]]:
    """Join labs by a switch; give the words that enter its network.

    The n-th lab, from 1, is 10.77.0.n. The switch ends with the context.
    """
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as holder:
        try:
            inside = network(holder.pid)
            mine = "readlink /proc/self/ns/net"
            until(
                lambda: _told(["sh", "-c", mine]) != _told([*inside, "sh", "-c", mine])
            )
            subprocess.run([*inside, "sh", "-ec", BRIDGE], check=True)
            for n, lab in enumerate(labs, 1):
                script = JOIN.format(n=n, lab=lab.state.init)
                subprocess.run([*inside, "sh", "-ec", script], check=True)
            yield inside
        finally:
            holder.kill()


def network(pid: int) -> list[str]:
    """Return the words that run a command in the network of a process."""
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--"]


def _told(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
