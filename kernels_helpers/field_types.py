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

from kernels_helpers.kinds import (
    BUILTINS,
    Choice,
    Kind,
    ListOf,
    Maybe,
    MisfitError,
    Scalar,
    is_int64,
)

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
    "Size",
    "VolumeName",
    "kind_of",
]

NAME_MAX = 255  # characters of the name of a volume or repository
IMAGE_MAX = 1024  # more characters than name, tag and digest can have
PATH_MAX = 4096  # bytes of a path and its NUL


def _is_port(value: int) -> bool:
    """Say whether a number is a TCP or UDP port."""
    return value in range(1, 65536)


def _is_path(value: str) -> bool:
    """Say whether Linux can open a text as an absolute path."""
    size = len(value.encode(errors="replace"))
    return bool(re.fullmatch(r"/[^\0\n]*", value)) and size < PATH_MAX


def _is_size(value: str) -> bool:
    """Say whether a text is a number of bytes with a unit."""
    if not re.fullmatch(r"[1-9][0-9]{0,18}[bkmg]", value):
        return False
    return is_int64(int(value[:-1]) << 10 * "bkmg".index(value[-1]))


def _is_host_name(value: str) -> bool:
    """Say whether a text is a host name (RFC 1123) or an IPv4 address."""
    label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    return bool(re.fullmatch(rf"(?=.{{1,253}}\Z){label}(?:\.{label})*", value))


def _is_host_url(value: str) -> bool:
    """Say whether a text names a host that Docker runs on."""
    if re.fullmatch(r"local://|lab://(?:[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62})?", value):
        return True
    user, host = r"(?:[a-zA-Z0-9_][a-zA-Z0-9_.-]*@)?", r"(\[[0-9a-fA-F:]+\]|[^\[\]:]+)"
    found = re.fullmatch(rf"ssh://{user}{host}(?::([1-9][0-9]{{0,4}}))?", value)
    return (
        found is not None
        and (found[1][0] == "[" or _is_host_name(found[1]))
        and _is_port(int(found[2] or 22))
    )


def _is_image(value: str) -> bool:
    """Say whether a text is an image reference, by the grammar Docker has.

    Two things it lets pass are refused: an image ID, which is no name, and
    ``Upper/name``, for which Docker would look for a registry called Upper.
    """
    if len(value) > IMAGE_MAX:  # what follows takes quadratic time
        return False
    part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
    label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
    host = rf"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
    tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
    digest = "sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}"
    not_this = r"(?![0-9a-f]{64}\Z)(?![a-zA-Z0-9-]*[A-Z][a-zA-Z0-9-]*/)"
    found = re.fullmatch(
        rf"{not_this}((?:{host}/)?{part}(?:/{part})*)(?::{tag})?(?:@(?:{digest}))?",
        value,
    )
    return found is not None and len(found[1]) <= NAME_MAX


def _matches(pattern: str) -> Callable[[str], bool]:
    """Make a rule from a pattern."""
    return lambda value: re.fullmatch(pattern, value) is not None


def _object_name(thing: str, example: str) -> Scalar:
    """Make the type of the name of a Docker object."""
    wanted = (
        f"a {thing} name: 2 to 255 letters, digits, '_', '.' or '-', "
        f"the first a letter or digit, such as {example}"
    )
    return Scalar(str, wanted, _matches(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}"))


ContainerName = Annotated[str, _object_name("container", "web")]
VolumeName = Annotated[str, _object_name("volume", "site-data")]
NetworkName = Annotated[str, _object_name("network", "back-end")]
ImageReference = Annotated[
    str,
    Scalar(str, "an image reference: lower-case [HOST/]NAME[:TAG][@DIGEST]", _is_image),
]
Port = Annotated[int, Scalar(int, "a port: a whole number from 1 to 65535", _is_port)]
Size = Annotated[
    str, Scalar(str, "a size: a whole number and b, k, m or g, such as 64m", _is_size)
]
Duration = Annotated[
    str,
    Scalar(
        str,
        "a duration: a whole number and s, m or h, such as 30s",
        _matches(r"[1-9][0-9]{0,5}[smh]"),
    ),
]
AbsolutePath = Annotated[
    str, Scalar(str, "an absolute path on one line, such as /srv/data", _is_path)
]
HostName = Annotated[
    str, Scalar(str, "a host name, such as registry.example.com", _is_host_name)
]
HostURL = Annotated[
    str,
    Scalar(
        str,
        "a host URL: lab://, lab://NAME, local:// or ssh://[USER@]HOST[:PORT]",
        _is_host_url,
    ),
]

FIELDS: dict[str, Kind] = {
    "AbsolutePath": get_args(AbsolutePath)[1],
    "ContainerName": get_args(ContainerName)[1],
    "Duration": get_args(Duration)[1],
    "HostName": get_args(HostName)[1],
    "HostURL": get_args(HostURL)[1],
    "ImageReference": get_args(ImageReference)[1],
    "NetworkName": get_args(NetworkName)[1],
    "Port": get_args(Port)[1],
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
            if not isinstance(kind, ListOf | Maybe):
                return ListOf(kind)
        case ast.Subscript(ast.Name("Literal"), words):
            choices = words.elts if isinstance(words, ast.Tuple) else [words]
            found = [c.value for c in choices if isinstance(c, ast.Constant)]
            texts = tuple(word for word in found if isinstance(word, str))
            if len({*texts}) == len(choices):
                return Choice(texts)
    written = ast.unparse(annotation)
    raise MisfitError(f"`{written}` is not a type here: write one of {TYPES}")
