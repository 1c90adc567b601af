"""A YAML file with the parameters of a run."""

from pathlib import Path
from typing import Any

from kernels_helpers.errors import ParameterError
from kernels_helpers.kinds import Text

__all__ = ["read_file"]


def read_file(path: Path) -> dict[str, Text]:
    """Read a YAML file of parameters as texts, for ``Contract.read``.

    Every scalar is its text, so that ``1.10``, ``007`` and ``on`` stay a str.
    """
    import yaml  # slow to import

    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    except OSError as error:
        raise ParameterError(
            f"{path} cannot be read ({error.strerror}): name a YAML file"
        ) from None
    except UnicodeDecodeError as error:
        raise ParameterError(
            f"{path} is not UTF-8 at byte {error.start}: save it as UTF-8"
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        reason = _reason(error)
        raise ParameterError(
            f"{path} is not YAML ({reason}): write `name: value` lines"
        ) from None
    if not isinstance(root, yaml.MappingNode):
        raise ParameterError(f"{path} is not a mapping: write `name: value` lines")
    texts: dict[str, Text] = {}
    for key, value in root.value:
        where = f"{path}, line {key.start_mark.line + 1}"
        name = str(_node_text(key, where))
        if name in texts:
            raise ParameterError(f"{where}: {name!r} is there twice: keep one")
        texts[name] = _node_text(value, where)
    return texts


def _reason(error: Exception) -> str:
    """Say what is wrong and where, without the line: it may hold a secret."""
    problem = getattr(error, "problem", None) or type(error).__name__
    mark = getattr(error, "problem_mark", None)
    return f"{problem}, line {mark.line + 1}" if mark else problem


def _node_text(node: Any, where: str) -> Text:
    """Return the text of a YAML scalar, or those of a flat list."""
    if node.id == "scalar":
        return str(node.value)
    if node.id == "sequence" and all(item.id == "scalar" for item in node.value):
        return [str(item.value) for item in node.value]
    raise ParameterError(f"{where}: a value is nested: write one value or a flat list")
