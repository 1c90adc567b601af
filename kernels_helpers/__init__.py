"""Helpers for the kernel that runs a chapter of dockbook.

The public names are those below and the command ``dockbook``; anything else may
change. They are loaded on first use, so that the command line stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernels_helpers import command_map, diagrams, process_tree
    from kernels_helpers.kernel import check, open_chapter, show

__all__ = ["check", "command_map", "diagrams", "open_chapter", "process_tree", "show"]


def __getattr__(name: str) -> object:
    if name in ("command_map", "diagrams", "process_tree"):
        return import_module(f"kernels_helpers.{name}")
    if name in __all__:
        return getattr(import_module("kernels_helpers.kernel"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
