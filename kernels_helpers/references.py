"""References to secrets: a chapter names a secret, and only its steps get the value.

``env:NAME`` is a variable of the environment, ``file:/absolute/path`` what a file
holds but for one line feed at its end, ``prompt`` what somebody types. No message
shows what was given instead of a reference, or what a reference stands for.
"""

import getpass
import hashlib
import os
import re
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernels_helpers.errors import ParameterError
from kernels_helpers.kinds import ENTRY, MisfitError, Text, pattern, require_variable

__all__ = ["PROMPT", "TYPED", "Reference", "ask", "digest", "in_shell", "resolve"]

FORM = r"env:[a-zA-Z_][a-zA-Z0-9_]*|file:/[^\0\n]+|prompt"
PROMPT = "prompt"
TYPED = "DOCKBOOK_SECRET_"  # with the parameter's name: what was typed before the run
SHORTEST = 4  # characters: what is shorter would be masked all over the place
COST = {"n": 2**13, "r": 8, "p": 1}  # of scrypt: some 8 MB and 20 ms


@dataclass(frozen=True)
class Reference:
    """Accept references to a secret, and repeat nothing that is refused."""

    @property
    def wanted(self) -> str:
        """List the kinds of references."""
        return "a reference to a secret: env:NAME, file:/absolute/path or prompt"

    def check(self, value: object) -> object:
        """Return the reference."""
        if type(value) is not str or not re.fullmatch(FORM, value):
            raise MisfitError(f"this (not shown) is not {self.wanted}")
        return value

    def read(self, text: Text) -> object:
        """Return the text if it is a reference."""
        return self.check(text)

    def schema(self) -> dict[str, Any]:
        """Say the form; what it stands for is never shown."""
        return {"type": "string", **pattern(FORM), "writeOnly": True}


def resolve(references: Mapping[str, str]) -> dict[str, str]:
    """Fetch the secrets of some parameters; ParameterError when one is not to be had.

    What was typed for the run is taken out of the environment of this process.
    """
    typed = {name: os.environ.pop(TYPED + name, None) for name in references}
    return {
        name: _fetched(name, reference, typed[name])
        for name, reference in references.items()
    }


def ask(name: str) -> str:
    """Let somebody type a secret, hidden; ParameterError where nobody can."""
    return _fetched(name, PROMPT)


def digest(secret: str) -> str:
    """Hash a secret with a salt, so that a journal can tell which one was used."""
    salt = secrets.token_bytes(16)
    made = hashlib.scrypt(secret.encode(), salt=salt, **COST)
    return f"scrypt:{salt.hex()}:{made.hex()}"


def in_shell(name: str, reference: str) -> str:
    """Write the lines of bash that fetch a secret, or end a script without one."""
    scheme, _, where = reference.partition(":")
    if scheme == "env":
        return f'export {name}="${{{where}:?set {where}}}"'
    if scheme == "file":
        fetch = f"{name}=$(<{shlex.quote(where)})"
    else:
        fetch = f"IFS= read -rsp '{name} (hidden): ' {name} && echo >&2"
    return f'{fetch}\nexport {name}="${{{name}:?is empty}}"'


def _fetched(name: str, reference: str, typed: str | None = None) -> str:
    """Fetch one secret; an error names where it comes from."""
    scheme, _, where = reference.partition(":")
    try:
        if scheme == "env":
            secret = _variable(where)
        elif scheme == "file":
            secret = _content(Path(where))
        else:
            secret = _type(name) if typed is None else typed
        require_variable(name, secret)
        _require_length(secret)
    except MisfitError as misfit:
        raise ParameterError(
            f"parameter {name} (Secret, {reference}): {misfit}"
        ) from None
    return secret


def _require_length(secret: str) -> None:
    if not secret:
        raise MisfitError("the secret is empty: give one")
    if len(secret) < SHORTEST:
        raise MisfitError(
            f"the secret has fewer than {SHORTEST} characters, too few to mask "
            "them: give a longer one"
        )


def _variable(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise MisfitError(
            f"the environment variable {name} is not set: export it"
        ) from None


def _content(path: Path) -> str:
    try:
        if not path.is_file():
            raise MisfitError("there is no such file: write the secret into it")
        with path.open("rb") as file:
            content = file.read(ENTRY)
    except OSError as error:
        raise MisfitError(f"the file cannot be read ({error.strerror})") from None
    if len(content) == ENTRY:
        raise MisfitError(f"the file has {ENTRY} bytes or more: a variable has fewer")
    try:
        return content.decode().removesuffix("\n")
    except UnicodeDecodeError as error:
        raise MisfitError(
            f"the file is not UTF-8 at byte {error.start}: save it as UTF-8"
        ) from None


def _type(name: str) -> str:
    try:
        return getpass.getpass(f"{name} (hidden): ")  # ipykernel's own, in a cell
    except (NotImplementedError, EOFError):
        raise MisfitError(
            "nobody can be asked here: give env:NAME or file:/absolute/path"
        ) from None
