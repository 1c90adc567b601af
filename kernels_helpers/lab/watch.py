"""The watcher of a lab: a process that outlives whoever started it.

It runs under ``flock``, which waits until nobody uses the lab.
"""

import sys

from kernels_helpers.lab.life import end_when_unused

if __name__ == "__main__":
    end_when_unused(sys.argv[1])
