"""A YAML file with the parameters of a run."""

from pathlib import Path
from typing import Any

from kernels_helpers.errors import ParameterError
from kernels_helpers.kinds import Text
from kernels_helpers.yaml_file import compose

__all__ = ["read_file"]

WANTED = "write `name: value` lines"


def read_file(path: Path) -> dict[str, Text]:
    """Read a YAML file of parameters as texts, for ``Contract.read``.

    Every scalar is its text, so that ``1.10``, ``007`` and ``on`` stay a str.
    """
    root = compose(path, "BaseLoader", ParameterError, WANTED)
    if getattr(root, "id", None) != "mapping":
        raise ParameterError(f"{path} is not a mapping: {WANTED}")
    texts: dict[str, Text] = {}
    for key, value in root.value:
        where = f"{path}, line {key.start_mark.line + 1}"
        name = str(_node_text(key, where))
        if name in texts:
            raise ParameterError(f"{where}: {name!r} is there twice: keep one")
        texts[name] = _node_text(value, where)
    return texts


def _node_text(node: Any, where: str) -> Text:
    """Return the text of a YAML scalar, or those of a flat list."""
    if node.id == "scalar":
        return str(node.value)
    if node.id == "sequence" and all(item.id == "scalar" for item in node.value):
        return [str(item.value) for item in node.value]
    raise ParameterError(f"{where}: a value is nested: write one value or a flat list")
