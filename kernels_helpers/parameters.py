"""The parameter contract of a chapter.

The notebook cell tagged ``parameters`` is the schema; it is read, never run::

    from kernels_helpers.field_types import VolumeName

    volume: VolumeName = "site-data"  # volume to make
    copies: int = 2  # containers that mount it

A value that is unknown, of the wrong type or out of range is an error before
any kernel starts. Values reach a shell step as environment variables only, so
quotes, line breaks and ``$(...)`` in a text are harmless and stay.
"""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kernels_helpers.composites import Maybe
from kernels_helpers.errors import ChapterError, ParameterError
from kernels_helpers.field_types import FIELDS, kind_of
from kernels_helpers.kinds import Kind, MisfitError, Text, as_text, require_variable
from kernels_helpers.references import Reference

__all__ = ["Contract", "Parameter"]

SOURCES = {"kernels_helpers.field_types": {*FIELDS}, "typing": {"Literal"}}
BARE = "lab://+bare"  # the default host of a chapter that begins without an engine
FORM = "write `name: type = literal  # help`"


@dataclass(frozen=True)
class Parameter:
    """Hold one line of the contract; the type is kept as it is written."""

    name: str
    type: str
    default: object
    help: str

    @cached_property
    def kind(self) -> Kind:
        """Return what the type accepts."""
        return kind_of(ast.parse(f"({self.type})", mode="eval").body)

    def check(self, value: object) -> object:
        """Return the value if it is of the type and fits the environment."""
        return self._accept(self.kind.check, value)

    def read(self, text: Text) -> object:
        """Return the value that a text from a command line or file stands for."""
        return self._accept(self.kind.read, text)

    @property
    def is_secret(self) -> bool:
        """Tell whether its value names a secret instead of being one."""
        return self.kind in (Reference(), Maybe(Reference()))

    def describe(self) -> str:
        """Say in one line what the parameter is for and what it accepts."""
        return f"{self.help} ({self.kind.wanted}; default {self.default!r})"

    def _accept(self, accept: Callable[[Any], object], given: object) -> object:
        """Name the parameter in the error for a value that is refused."""
        try:
            value = accept(given)
            require_variable(self.name, as_text(value))
        except MisfitError as misfit:
            raise ParameterError(
                f"parameter {self.name} ({self.type}): {misfit}"
            ) from None
        return value


@dataclass(frozen=True)
class Contract:
    """Hold the parameters of a chapter, in the order of the cell."""

    parameters: tuple[Parameter, ...]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    @classmethod
    def parse(cls, source: str) -> "Contract":
        """Read the source of a parameters cell."""
        statements, comments = _take_apart(source)
        imported = _imported(statements)
        found: dict[str, Parameter] = {}
        for node in statements:
            parameter = _parameter(node, source, comments)
            _require_imported(node, imported)
            if parameter.name in found:
                raise _fault(node, f"{parameter.name} is there twice: keep one")
            found[parameter.name] = parameter
        return cls(tuple(found.values()))

    @property
    def bare(self) -> bool:
        """Tell whether the chapter begins on a host without a Docker Engine."""
        return any((p.name, p.default) == ("host", BARE) for p in self)

    @property
    def hosts(self) -> list[str]:
        """Name the parameters that are hosts: ``host``, and others that steps use."""
        return [p.name for p in self if p.type == "HostURL"]

    def bind(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return every parameter with the value given for it, or its default."""
        self._require_known(values)
        return {p.name: p.check(values.get(p.name, p.default)) for p in self}

    def read(self, texts: Mapping[str, Text]) -> dict[str, object]:
        """Bind the texts of a command line or a parameters file.

        A str stays its text. For ``X | None`` the texts ``none``, ``null``,
        ``~`` and the empty one mean None. A text for a list is split at commas.
        """
        self._require_known(texts)
        given = [p for p in self if p.name in texts]
        return self.bind({p.name: p.read(texts[p.name]) for p in given})

    def environment(self, values: Mapping[str, object]) -> dict[str, str]:
        """Bind the values and write them as environment variables."""
        return {name: as_text(value) for name, value in self.bind(values).items()}

    def secrets(self, values: Mapping[str, object]) -> dict[str, str]:
        """Return the references to secrets among the values, for ``resolve``."""
        named = {p.name for p in self if p.is_secret}
        return {n: str(v) for n, v in values.items() if n in named and v is not None}

    def _require_known(self, names: Iterable[str]) -> None:
        """Refuse the first name that no parameter has."""
        known = [p.name for p in self]
        for name in names:
            if name not in known:
                raise ParameterError(
                    f"no parameter is called {name!r}: {_advice(name, known)}"
                )


def _advice(name: str, known: list[str]) -> str:
    """Name the nearest parameter, and all of them."""
    from difflib import get_close_matches  # slow to import

    if not known:
        return "the chapter has none"
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}the parameters are {', '.join(known)}"


def _fault(node: ast.stmt | ast.expr, message: str) -> ChapterError:
    """Make the error for a place in the cell."""
    return ChapterError(f"parameters cell, line {node.lineno}: {message}")


def _take_apart(source: str) -> tuple[list[ast.stmt], dict[int, str]]:
    """Return the statements of a cell, and its comments by line."""
    try:
        statements = ast.parse(source).body
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = getattr(error, "msg", error)
        raise ChapterError(
            f"parameters cell, line {line}: not Python ({reason}): {FORM}"
        ) from None
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    return statements, {c.start[0]: c.string.strip("#: ") for c in comments}


def _imported(statements: list[ast.stmt]) -> set[str]:
    """Take the import lines off the statements and return their names."""
    found: set[str] = set()
    while statements and isinstance(node := statements[0], ast.ImportFrom):
        names = {alias.name for alias in node.names}
        renamed = node.level or any(alias.asname for alias in node.names)
        if renamed or not names <= SOURCES.get(node.module or "", set()):
            lines = [_import_line(module, known) for module, known in SOURCES.items()]
            raise _fault(node, f"import only types: write {' or '.join(lines)}")
        found |= names
        del statements[0]
    return found


def _import_line(module: str, names: set[str]) -> str:
    """Write the line that imports some names."""
    return f"`from {module} import {', '.join(sorted(names))}`"


def _parameter(node: ast.stmt, source: str, comments: dict[int, str]) -> Parameter:
    """Read one statement of the cell."""
    match node:
        case ast.AnnAssign(ast.Name(name), annotation, ast.expr() as value):
            pass
        case ast.AnnAssign(ast.Name(name)):
            raise _fault(node, f"{name} has no default: {FORM}")
        case ast.Assign([ast.Name(name)]):
            raise _fault(node, f"{name} has no type: {FORM}")
        case _:
            raise _fault(node, f"this is not a parameter: {FORM}, nothing else")
    _require_name(node, name)
    comment = comments.pop(node.end_lineno or 0, "")
    if not comment:
        raise _fault(node, f"{name} has no help of its own: {FORM}, one a line")
    written = ast.get_source_segment(source, annotation) or ""
    try:
        kind_of(annotation)
        default = ast.literal_eval(value)
        default = Parameter(name, written, None, comment).check(default)
    except MisfitError as misfit:
        raise _fault(node, str(misfit)) from None
    except ParameterError as error:
        raise _fault(node, f"{error}; change the default or the type") from None
    except (ValueError, TypeError, SyntaxError, RecursionError):
        raise _fault(node, f"the default of {name} is no literal: {FORM}") from None
    return Parameter(name, written, default, comment)


def _require_name(node: ast.stmt, name: str) -> None:
    """Refuse a name that shells and Python do not share, or that hides a builtin."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or hasattr(builtins, name):
        raise _fault(
            node,
            f"{name} cannot be a name: use lower-case letters, digits and _, "
            "and no name that Python has",
        )


def _require_imported(node: ast.stmt, imported: set[str]) -> None:
    """Refuse a type that the cell would not find when it runs."""
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    for module, names in SOURCES.items():
        missing = (used & names) - imported
        if missing:
            line = _import_line(module, missing)
            raise _fault(node, f"a type is not imported: start the cell with {line}")
