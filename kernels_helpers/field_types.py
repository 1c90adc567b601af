"""Docker's own types for the parameters of a chapter.

A chapter imports the named ones, so that its parameters cell runs as it stands::

    from typing import Literal

    from kernels_helpers.field_types import ImageReference, Port

    image: ImageReference = "alpine:3.20"  # image that the steps run
    port: Port = 8080  # port on the Docker host
    mode: Literal["ro", "rw"] = "ro"  # how the volume is mounted

To Python and mypy they are the plain ``str`` or ``int``. Their rules are those
of Docker, so that a value which passes here is not refused half-way.
"""

import ast
import re
from collections.abc import Callable
from typing import Annotated, get_args

from kernels_helpers.composites import ListOf, Maybe
from kernels_helpers.kinds import (
    BUILTINS,
    Choice,
    Kind,
    MisfitError,
    Scalar,
    is_int64,
    pattern,
)
from kernels_helpers.references import Reference

__all__ = [
    "FIELDS",
    "AbsolutePath",
    "ContainerName",
    "Duration",
    "HostName",
    "HostURL",
    "ImageReference",
    "NetworkName",
    "Port",
    "Secret",
    "Size",
    "VolumeName",
    "kind_of",
]

NAME_MAX = 255  # characters of the name of a volume or repository
IMAGE_MAX = 1024  # more characters than name, tag and digest can have
PATH_MAX = 4096  # bytes of a path and its NUL
HOST_MAX = 253  # characters of a host name
PORT_MAX = 65535


# Patterns are read by Python here and by others in the JSON Schema: they keep to
# what both know. What they cannot say is in the rules.
OBJECT = "[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}"
DURATION = "[1-9][0-9]{0,5}[smh]"
SIZE = "[1-9][0-9]{0,18}[bkmg]"
PATH = r"/[^\0\n]*"
HOST_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HOST_NAME = rf"{HOST_LABEL}(?:\.{HOST_LABEL})*"
HOST_URL = (
    r"local://|lab://(?:[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}|\+bare|\+disk|\+podman|\+second)?"
    r"|ssh://(?:[a-zA-Z0-9_][a-zA-Z0-9_.-]*@)?"
    rf"(\[[0-9a-fA-F:]+\]|{HOST_NAME})(?::([1-9][0-9]{{0,4}}))?"
)


def _image_pattern() -> str:
    """Put together the grammar of an image reference; its name is a group."""
    part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
    label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
    host = rf"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
    tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
    digest = "sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}"
    short = f"(?!.{{{IMAGE_MAX + 1}}})"  # first: what follows takes quadratic time
    not_this = r"(?![0-9a-f]{64}$)(?![a-zA-Z0-9-]*[A-Z][a-zA-Z0-9-]*/)"
    name = rf"((?:{host}/)?{part}(?:/{part})*)"
    return rf"{short}{not_this}{name}(?::{tag})?(?:@(?:{digest}))?"


IMAGE = _image_pattern()


def _is_port(value: int) -> bool:
    """Say whether a number is a TCP or UDP port."""
    return value in range(1, PORT_MAX + 1)


def _is_path(value: str) -> bool:
    """Say whether Linux can open a text as an absolute path."""
    size = len(value.encode(errors="replace"))
    return bool(re.fullmatch(PATH, value)) and size < PATH_MAX


def _is_size(value: str) -> bool:
    """Say whether a text is a number of bytes with a unit."""
    if not re.fullmatch(SIZE, value):
        return False
    return is_int64(int(value[:-1]) << 10 * "bkmg".index(value[-1]))


def _is_host_name(value: str) -> bool:
    """Say whether a text is a host name (RFC 1123) or an IPv4 address."""
    return len(value) <= HOST_MAX and bool(re.fullmatch(HOST_NAME, value))


def _is_host_url(value: str) -> bool:
    """Say whether a text names a host that Docker runs on."""
    found = re.fullmatch(HOST_URL, value)
    return (
        found is not None
        and len(found[1] or "") <= HOST_MAX
        and _is_port(int(found[2] or 22))
    )


def _is_image(value: str) -> bool:
    """Say whether a text is an image reference, by the grammar Docker has.

    Two things it lets pass are refused: an image ID, which is no name, and
    ``Upper/name``, for which Docker would look for a registry called Upper.
    """
    found = re.fullmatch(IMAGE, value)
    return found is not None and len(found[1]) <= NAME_MAX


def _text(wanted: str, form: str, rule: Callable[[str], bool], **more: int) -> Scalar:
    """Make the type of a text that has a form, and keeps to a rule besides."""
    return Scalar(str, wanted, rule, {**pattern(form), **more})


def _matches(form: str) -> Callable[[str], bool]:
    """Make a rule from a pattern."""
    return lambda value: re.fullmatch(form, value) is not None


def _object_name(thing: str, example: str) -> Scalar:
    """Make the type of the name of a Docker object."""
    wanted = (
        f"a {thing} name: 2 to 255 letters, digits, '_', '.' or '-', "
        f"the first a letter or digit, such as {example}"
    )
    return _text(wanted, OBJECT, _matches(OBJECT))


ContainerName = Annotated[str, _object_name("container", "web")]
VolumeName = Annotated[str, _object_name("volume", "site-data")]
NetworkName = Annotated[str, _object_name("network", "back-end")]
ImageReference = Annotated[
    str,
    _text(
        "an image reference: lower-case [HOST/]NAME[:TAG][@DIGEST]", IMAGE, _is_image
    ),
]
Port = Annotated[
    int,
    Scalar(
        int,
        "a port: a whole number from 1 to 65535",
        _is_port,
        {"minimum": 1, "maximum": PORT_MAX},
    ),
]
Size = Annotated[
    str,
    _text("a size: a whole number and b, k, m or g, such as 64m", SIZE, _is_size),
]
Duration = Annotated[
    str,
    _text(
        "a duration: a whole number and s, m or h, such as 30s",
        DURATION,
        _matches(DURATION),
    ),
]
AbsolutePath = Annotated[
    str,
    _text(
        "an absolute path on one line, such as /srv/data",
        PATH,
        _is_path,
        maxLength=PATH_MAX - 1,
    ),
]
HostName = Annotated[
    str,
    _text(
        "a host name, such as registry.example.com",
        HOST_NAME,
        _is_host_name,
        maxLength=HOST_MAX,
    ),
]
HostURL = Annotated[
    str,
    _text(
        "a host URL: lab://, lab://NAME, lab://+bare, lab://+disk, lab://+podman, "
        "lab://+second, local:// or ssh://[USER@]HOST[:PORT]",
        HOST_URL,
        _is_host_url,
    ),
]

Secret = Annotated[str, Reference()]

FIELDS: dict[str, Kind] = {
    "AbsolutePath": get_args(AbsolutePath)[1],
    "ContainerName": get_args(ContainerName)[1],
    "Duration": get_args(Duration)[1],
    "HostName": get_args(HostName)[1],
    "HostURL": get_args(HostURL)[1],
    "ImageReference": get_args(ImageReference)[1],
    "NetworkName": get_args(NetworkName)[1],
    "Port": get_args(Port)[1],
    "Secret": get_args(Secret)[1],
    "Size": get_args(Size)[1],
    "VolumeName": get_args(VolumeName)[1],
}

KINDS = BUILTINS | FIELDS
TYPES = ", ".join([*KINDS, 'Literal["a", "b"]', "X | None", "list[X]"])


def kind_of(annotation: ast.expr) -> Kind:
    """Return what an annotation accepts."""
    match annotation:
        case ast.Name(name) if name in KINDS:
            return KINDS[name]
        case ast.BinOp(left, ast.BitOr(), ast.Constant(None)):
            return Maybe(kind_of(left))
        case ast.Subscript(ast.Name("list"), item):
            kind = kind_of(item)
            if not isinstance(kind, ListOf | Maybe | Reference):
                return ListOf(kind)
        case ast.Subscript(ast.Name("Literal"), words):
            choices = words.elts if isinstance(words, ast.Tuple) else [words]
            found = [c.value for c in choices if isinstance(c, ast.Constant)]
            texts = tuple(word for word in found if isinstance(word, str))
            if len({*texts}) == len(choices):
                return Choice(texts)
    written = ast.unparse(annotation)
    raise MisfitError(f"`{written}` is not a type here: write one of {TYPES}")
