"""The errors that dockbook raises on purpose.

::

    DockbookError             exit 1
    ├── UsageError            exit 2   the call cannot be understood
    │   ├── ParameterError             (also ValueError)
    │   ├── InventoryError             the hosts of a fleet cannot be told
    │   ├── ChapterError               a chapter that is missing or malformed
    │   └── MissingExtra               packages that dockbook installs on demand
    ├── HostError             exit 3   no host to work on
    │   └── LabError
    ├── StepFailed            exit 1   a command of a chapter failed
    └── CheckFailed           exit 1   a check of a chapter is false (AssertionError)

A message says what happened, where, and what to do. Anything else that escapes
is a bug and shows its traceback.
"""


class DockbookError(Exception):
    """Report a failure that the reader can act on."""

    exit_code = 1


class UsageError(DockbookError):
    """Report a call that cannot be understood."""

    exit_code = 2


class ParameterError(UsageError, ValueError):
    """Report a parameter that is unknown, of the wrong type or out of range."""


class InventoryError(UsageError):
    """Report an inventory that cannot be read, or says two things at once."""


class ChapterError(UsageError):
    """Report a chapter that is missing or malformed."""


class MissingExtra(UsageError):
    """Report what needs an extra that was not installed; dockbook is on no index."""

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(
            f"{need}: run `pip install '.[{extra}]'` in a clone of dockbook, or "
            f"`pip install 'WHEEL[{extra}]'` with the path of its wheel"
        )


class HostError(DockbookError):
    """Report that there is no Docker host to work on."""

    exit_code = 3


class LabError(HostError):
    """Report that a lab cannot be started, joined or found."""


class StepFailed(DockbookError):
    """Report a step whose command did not end as the chapter says."""


class CheckFailed(DockbookError, AssertionError):
    """Report a check that is false."""
