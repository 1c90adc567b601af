"""By chapter, what makes it fail: a docker that lies, an act behind its back.

Each chapter has a module of its name. ``LIES`` are shell scripts in the place of
docker, ``BEHIND`` what is done on the host after every cell; with each stands what
the chapter says to it.
"""

import importlib
import pkgutil

Acts = dict[str, tuple[str, str]]

_MODULES = {
    found.name.replace("_", "-"): importlib.import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
}
LIES: dict[str, Acts] = {name: module.LIES for name, module in _MODULES.items()}
BEHIND: dict[str, Acts] = {
    name: module.BEHIND
    for name, module in _MODULES.items()
    if hasattr(module, "BEHIND")
}
