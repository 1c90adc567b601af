"""Where Docker runs: one small object for every kind of host.

``base`` is the contract; ``local`` and ``lab`` are the kinds there are.
``ssh://`` has its place here and comes with its own module.
"""

from kernels_helpers.hosts.base import Host
from kernels_helpers.hosts.lab import LabHost
from kernels_helpers.hosts.local import LocalHost

__all__ = ["Host", "LabHost", "LocalHost"]
