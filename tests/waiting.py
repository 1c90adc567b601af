"""Wait for what happens soon, and fail when it does not."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
