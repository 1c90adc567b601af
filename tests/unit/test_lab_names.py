"""What a lab may be called, and how its disks are written."""

import pytest

from kernels_helpers.errors import UsageError
from kernels_helpers.lab import disks, life


@pytest.mark.parametrize("name", ["a", "0", "default", "lab-2", "x" * 31, "a-"])
def test_good_name(name: str) -> None:
    assert life.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "-a", "A", "a_b", "a.b", "..", "a/b", "a b", "x" * 32, "é", "a\n", "$(id)"],
)
def test_bad_name(name: str) -> None:
    with pytest.raises(UsageError, match="use up to 31 lower-case letters"):
        life.check_name(name)


@pytest.mark.parametrize("enter", [life.attached, life.up, life.down])
def test_bad_name_is_refused_everywhere(enter: object) -> None:
    assert callable(enter)
    with pytest.raises(UsageError), enter("../x"):
        pass


@pytest.mark.parametrize(
    ("specification", "disk"),
    [
        ("vdb=1M", ("vdb", 1 << 20)),
        ("vdb=64M", ("vdb", 64 << 20)),
        ("vdz=2G", ("vdz", 2 << 30)),
        ("vdc=100G", ("vdc", 100 << 30)),
    ],
)
def test_good_disk(specification: str, disk: tuple[str, int]) -> None:
    assert disks.parse(specification) == disk


@pytest.mark.parametrize(
    "specification",
    [
        *("", "vdb", "vdb=", "=2G", "vda=2G", "sdb=2G", "vdbb=2G", "vdb=2", "vdb=2K"),
        *("vdb=0G", "vdb=02G", "vdb=-1G", "vdb=1.5G", "vdb=2g", "vdb=2G ", "vdb= 2G"),
        *("vdb=2G\n", "vdb=2GB", "/dev/vdb=2G", "vdb=2G,vdc=2G", "vdb=٢G"),
    ],
)
def test_bad_disk(specification: str) -> None:
    with pytest.raises(UsageError, match="write NAME=SIZE, for instance vdb=2G"):
        disks.parse(specification)
