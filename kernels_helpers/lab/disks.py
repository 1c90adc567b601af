"""The data disks of a lab: sparse files behind loop devices that clear themselves."""

import fcntl
import os
import re
import struct
from pathlib import Path

from kernels_helpers.errors import LabError, UsageError

# linux/loop.h
LOOP_CTL_GET_FREE = 0x4C82
LOOP_CONFIGURE = 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
ATTEMPTS = 50

SPECIFICATION = re.compile(r"(vd[b-z])=([1-9][0-9]*)([MG])")
UNIT = {"M": 1 << 20, "G": 1 << 30}


def parse(specification: str) -> tuple[str, int]:
    """Read ``vdb=2G`` as a device name and a size in bytes."""
    found = SPECIFICATION.fullmatch(specification)
    if found is None:
        raise UsageError(
            f"--disk {specification!r}: write NAME=SIZE, for instance vdb=2G "
            "(vdb to vdz, a whole number of M or G)"
        )
    name, number, unit = found.groups()
    return name, int(number) * UNIT[unit]


def create(image: Path, size: int) -> None:
    """Make a new sparse file of ``size`` bytes."""
    with image.open("xb") as file:
        file.truncate(size)


def attach(image: Path) -> tuple[int, int]:
    """Back a loop device with a file.

    Returns a file descriptor and the device's minor number. The device is freed
    by the kernel when the last holder of the descriptor, or mount of it, ends.
    """
    try:
        control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise LabError(
            f"a disk needs loop devices, and {error.filename} cannot be opened "
            f"({error.strerror}): `modprobe loop`, or start the lab without --disk"
        ) from error
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        return _configure(control, backing, image.name)
    finally:
        os.close(control)
        os.close(backing)


def _configure(control: int, backing: int, name: str) -> tuple[int, int]:
    info = struct.pack(
        "5Q4I64s64s32s2Q",
        *(0, 0, 0, 0, 0),
        *(0, 0, 0, LO_FLAGS_AUTOCLEAR),
        *(name.encode(), b"", b""),
        *(0, 0),
    )
    request = struct.pack("II", backing, 0) + info + bytes(64)
    for _ in range(ATTEMPTS):
        minor = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
        device = os.open(f"/dev/loop{minor}", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(device, LOOP_CONFIGURE, request)
        except OSError:  # somebody else took it in between: ask for the next
            os.close(device)
        else:
            return device, minor
    raise LabError(f"no free loop device after {ATTEMPTS} tries: see `losetup --list`")
