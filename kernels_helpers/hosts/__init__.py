"""Where Docker runs: one small object for every kind of host.

``base`` is the contract; ``local``, ``lab`` and ``ssh`` are the kinds there are.
"""

from kernels_helpers.hosts.base import PODMAN, Host
from kernels_helpers.hosts.lab import LabHost
from kernels_helpers.hosts.local import LocalHost
from kernels_helpers.hosts.ssh import SshHost

__all__ = ["PODMAN", "Host", "LabHost", "LocalHost", "SshHost"]
