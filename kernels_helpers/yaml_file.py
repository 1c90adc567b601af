"""A file in YAML, as nodes: each knows the text that is written, and its line."""

from pathlib import Path
from typing import Any

from kernels_helpers.errors import UsageError


def compose(path: Path, loader: str, error: type[UsageError], wanted: str) -> Any:
    """Read the root node of a file by a ``loader`` of PyYAML; None: it is empty.

    Raises ``error``, which says what to do: name or write what is ``wanted``. It does
    not show the line, which may hold a secret.
    """
    import yaml  # slow to import

    try:
        return yaml.compose(path.read_text("utf-8"), Loader=getattr(yaml, loader))
    except OSError as failed:
        raise error(f"{path} cannot be read ({failed.strerror}): {wanted}") from None
    except UnicodeDecodeError as failed:
        at = failed.start
        raise error(f"{path} is not UTF-8 at byte {at}: save it as UTF-8") from None
    except (yaml.YAMLError, RecursionError) as failed:
        reason = _reason(failed)
        raise error(f"{path} is not YAML ({reason}): {wanted}") from None


def _reason(failed: Exception) -> str:
    problem = getattr(failed, "problem", None) or type(failed).__name__
    mark = getattr(failed, "problem_mark", None)
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)
