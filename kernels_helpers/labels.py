"""The label that marks every Docker object a run has made.

Only labelled objects are ever removed: a name alone is never enough.
"""

import secrets
import time

LABEL = "dockbook.run"


def new_run_id(chapter: str) -> str:
    """Make the id of a run: ``<UTC time>-<chapter>-<six hex digits>``."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return f"{stamp}-{chapter}-{secrets.token_hex(3)}"


def label_of(run: str) -> str:
    """Spell the label of a run as ``docker run --label`` takes it."""
    return f"{LABEL}={run}"
