"""What the labs have that the tests run chapters on."""

import os

from kernels_helpers.connect import DISK

DISKS = [DISK] if os.geteuid() == 0 else []  # a normal user can have none
