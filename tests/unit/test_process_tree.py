from types import SimpleNamespace

from kernels_helpers import process_tree
from kernels_helpers.process import Result
from tests.unit.fakes import FakeHost

ROWS = """\
      1       0 systemd
     20       1 containerd
     30       1 dockerd
     40       1 containerd-shim
     41      40 sleep
{first}       1 containerd-shim
     51      {first} sleep
     60       1 cron
"""


class Listing(FakeHost):
    """Answer with a list of processes, and two containers."""

    def __init__(self, first: str) -> None:
        super().__init__()
        self.first = first
        containers = [
            SimpleNamespace(name=name, attrs={"State": {"Pid": pid}})
            for name, pid in (("web", 41), ("db", 51))
        ]
        listed = SimpleNamespace(list=lambda **_: containers)
        self.__dict__["_client"] = SimpleNamespace(containers=listed)

    def run(self, script: str, **_: object) -> Result:
        assert script == process_tree.LIST
        return Result(0, ROWS.format(first=self.first), 0.0)


def test_the_parts_of_the_engine_and_the_containers_are_there() -> None:
    found = process_tree.draw(Listing("50"), "dockbook.run=x")
    assert found.alt == (
        "parent > child: systemd > containerd; "
        "systemd > containerd-shim > sleep in db; "
        "systemd > containerd-shim > sleep in web; systemd > dockerd"
    )
    assert found.dot.count("->") == 6
    assert found.dot.count("containerd-shim") == 2  # one for each container
    assert "cron" not in found.dot


def test_other_numbers_give_the_same_picture() -> None:
    one, other = (process_tree.draw(Listing(first), "x") for first in ("50", "77"))
    assert one == other
