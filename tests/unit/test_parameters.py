"""The parameter contract: what a cell may say, and what a value may be."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels_helpers.errors import ChapterError, ParameterError, UsageError
from kernels_helpers.field_types import FIELDS, HostURL, Port, VolumeName
from kernels_helpers.kinds import BUILTINS
from kernels_helpers.parameters import Contract, Parameter
from kernels_helpers.parameters_file import read_file

CELL = """\
# What the steps work on
from typing import Literal

from kernels_helpers.field_types import Port, VolumeName

volume: VolumeName = "site-data"  # volume to make
mode: Literal["ro", "rw"] = "ro"  # how it is mounted

copies: int = 2  # containers # that mount it
ratio: float = 1  # share of the disk
apply: bool = False  # change the host
tag: str = "1.10"  # version
port: Port | None = None  # port to publish
opens: list[Port] = [  # inside: not the help
    80,
    443,
]  # ports to open
"""
DEFAULTS = {
    "volume": "site-data",
    "mode": "ro",
    "copies": 2,
    "ratio": 1.0,
    "apply": False,
    "tag": "1.10",
    "port": None,
    "opens": [80, 443],
}
ENTRY = 131072
DIGEST = "sha256:" + "0123456789abcdef" * 4
HOSTILE = [
    "$(touch /tmp/x)",
    "`id`",
    "'; rm -rf / #",
    '"',
    "-rf",
    "--",
    "a\nb\n",
    "\\",
    "\x1b[31m",
    "\u202e鯨🐳",
    "",
    " ",
    "{{.ID}}",
    "!x",
]

#: every text that Linux can pass, as far as Unicode goes
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.fixture
def contract() -> Contract:
    return Contract.parse(CELL)


def table(
    names: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> pytest.MarkDecorator:
    """Run a test over rows, with short names that differ."""
    ids = [f"{number}-{ascii(row[0])[:30]}" for number, row in enumerate(rows)]
    return pytest.mark.parametrize(names, rows, ids=ids)


def one(type_: str, default: object = None) -> Contract:
    return Contract((Parameter("x", type_, default, "help"),))


def params(folder: Path, text: str | bytes) -> Path:
    path = folder / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# The cell


def test_parse_keeps_order_type_default_and_help(contract: Contract) -> None:
    assert [p.name for p in contract] == list(DEFAULTS)
    assert contract.parameters[0] == Parameter(
        "volume", "VolumeName", "site-data", "volume to make"
    )
    assert contract.parameters[1].type == 'Literal["ro", "rw"]'
    assert contract.parameters[2].help == "containers # that mount it"
    assert contract.parameters[-1].help == "ports to open"
    assert contract.bind({}) == DEFAULTS


def test_the_cell_runs_as_it_stands() -> None:
    space: dict[str, object] = {}
    exec(CELL, space)  # noqa: S102
    assert {name: space[name] for name in DEFAULTS} == DEFAULTS


def test_the_types_are_annotations_for_mypy() -> None:
    volume: VolumeName = "data"
    port: Port | None = 80
    mode: Literal["a", "b"] = "a"
    urls: list[HostURL] = ["lab://"]
    assert [volume, port, mode, urls]


@pytest.mark.parametrize(
    ("name", "url", "bare"),
    [
        ("host", "lab://+bare", True),
        ("host", "lab://", False),
        ("other", "lab://+bare", False),
    ],
)
def test_the_default_host_says_whether_a_chapter_begins_without_an_engine(
    name: str, url: str, bare: bool
) -> None:
    head = "from kernels_helpers.field_types import HostURL\n"
    contract = Contract.parse(f'{head}{name}: HostURL = "{url}"  # where')
    assert contract.bare is bare


@pytest.mark.parametrize("source", ["", "\n", "# nothing to set\n"])
def test_a_chapter_can_have_no_parameters(source: str) -> None:
    assert Contract.parse(source).parameters == ()
    with pytest.raises(ParameterError, match="the chapter has none"):
        Contract.parse(source).bind({"x": 1})


IMPORT = "from kernels_helpers.field_types import"
TYPING = "from typing import Literal"

MALFORMED = [
    # source, line, what the message says
    ("x: int = 1", 1, "x has no help"),
    ("x: int = 1  #  ", 1, "x has no help"),
    ("# above\nx: int = 1", 2, "x has no help"),
    ("x = 1  # h", 1, "x has no type: write `name: type = literal  # help`"),
    ("x: int  # h", 1, "x has no default"),
    ("x: int = 1  # h\nx: str = ''  # h", 2, "x is there twice: keep one"),
    ("x: int = 1; y: int = 2  # h", 1, "y has no help of its own"),
    ("x: int = f()  # h", 1, "the default of x is no literal"),
    ("x: int = 1 + 1  # h", 1, "the default of x is no literal"),
    ("x: str = f'{1}'  # h", 1, "the default of x is no literal"),
    ("x: str = {[]: 1}  # h", 1, "the default of x is no literal"),
    ("x: int = '1'  # h", 1, "'1' is not a whole number"),
    ("x: int = True  # h", 1, "True is not a whole number"),
    ("x: int = None  # h", 1, "None is not a whole number"),
    ("x: str = b'a'  # h", 1, "b'a' is not text"),
    ("x: str = '\\0'  # h", 1, "NUL character: remove it; change the default"),
    ("x: list[str] = 'a'  # h", 1, "'a' is not a list"),
    (f"{IMPORT} Port\nx: Port = 0  # h", 2, "0 is not a port"),
    (f"{TYPING}\nx: Literal['a'] = 'b'  # h", 2, "'b' is not one of \"a\""),
    ("x: strr = ''  # h", 1, "`strr` is not a type here: write one of str, int"),
    ("x: 'str' = ''  # h", 1, "is not a type here"),
    ("x: dict[str, str] = {}  # h", 1, "is not a type here"),
    ("x: None | str = ''  # h", 1, "is not a type here"),
    ("x: int | 3 = 3  # h", 1, "is not a type here"),
    ("x: int | str = ''  # h", 1, "is not a type here"),
    ("x: list[list[int]] = []  # h", 1, "is not a type here"),
    ("x: list[int | None] = []  # h", 1, "is not a type here"),
    ("x: list = []  # h", 1, "is not a type here"),
    (f"{TYPING}\nx: Literal[1] = 1  # h", 2, "is not a type here"),
    (f"{TYPING}\nx: Literal['a', b] = 'a'  # h", 2, "is not a type here"),
    (f"{TYPING}\nx: Literal['a', 'a'] = 'a'  # h", 2, "is not a type here"),
    ("x: Port = 1  # h", 1, f"start the cell with `{IMPORT} Port`"),
    ("x: list[Port] = [1]  # h", 1, f"start the cell with `{IMPORT} Port`"),
    ("x: Literal['a'] = 'a'  # h", 1, f"start the cell with `{TYPING}`"),
    ("import os", 1, "this is not a parameter"),
    ("print()", 1, "this is not a parameter"),
    ("a, b = 1, 2  # h", 1, "this is not a parameter"),
    ("a = b = 2  # h", 1, "this is not a parameter"),
    ("x.y: int = 1  # h", 1, "this is not a parameter"),
    (f"x: int = 1  # h\n{IMPORT} Port", 2, "this is not a parameter"),
    ("from typing import Any", 1, f"write `{IMPORT}"),
    (f"{TYPING}, Any", 1, f"or `{TYPING}`"),
    ("from os import system", 1, f"write `{IMPORT} "),
    (f"{IMPORT} *", 1, f"write `{IMPORT} "),
    (f"{IMPORT} FIELDS", 1, f"write `{IMPORT} "),
    (f"{IMPORT} Port as P", 1, f"write `{IMPORT} "),
    (f"{IMPORT} Port as Size", 1, f"write `{IMPORT} "),
    ("from .typing import Literal", 1, f"write `{IMPORT} "),
    ("from .field_types import Port", 1, f"write `{IMPORT} "),
    ("X: int = 1  # h", 1, "X cannot be a name"),
    ("_x: int = 1  # h", 1, "_x cannot be a name"),
    ("größe: int = 1  # h", 1, "größe cannot be a name"),
    ("list: int = 1  # h", 1, "list cannot be a name"),
    ("\nx: int =", 2, "not Python"),
    ("%%look", 1, "not Python"),
    ("x: str = '\ud800'  # h", 1, "not Python"),
    ("x: int = " + "-" * 20_000 + "1  # h", 1, "not Python"),
    ("x: str = '\0'  # h", 1, "not Python"),
    ("x: int = " + "(" * 300 + "1" + ")" * 300 + "  # h", 1, "not Python"),
]


@table(("source", "line", "message"), MALFORMED)
def test_a_malformed_cell_is_refused(source: str, line: int, message: str) -> None:
    with pytest.raises(ChapterError) as error:
        Contract.parse(source)
    assert str(error.value).startswith(f"parameters cell, line {line}: ")
    assert message in str(error.value)


def test_a_type_can_span_lines() -> None:
    source = f"{TYPING}\nx: Literal[\n  'a',  # one\n  'b',\n] = 'b'  # h"
    parsed = Contract.parse(source)
    assert parsed.bind({"x": "a"}) == {"x": "a"}
    assert parsed.parameters[0].help == "h"
    parsed = Contract.parse("x: (\n  int\n  | None\n) = 1  # h")
    assert parsed.bind({"x": None}) == {"x": None}


@given(texts)
def test_any_text_can_be_a_default(text: str) -> None:
    parsed = Contract.parse(f"x: str = {text!r}  # help")
    assert parsed.bind({}) == {"x": text}


def test_describe_says_what_for_what_and_the_default(contract: Contract) -> None:
    lines = {p.name: p.describe() for p in contract}
    assert lines["mode"] == 'how it is mounted (one of "ro", "rw"; default \'ro\')'
    assert "a list, each item a port: a whole number" in lines["opens"]
    assert "or none; default None" in lines["port"]


# Python values

ACCEPTED: list[tuple[str, object]] = [
    ("str", ""),
    ("int", -(2**63)),
    ("float", 1.5),
    ("bool", True),
    ("int | None", None),
    ("int | None", 3),
    ("list[str]", []),
    ("list[str]", ["a,b", " c"]),
    ("list[int] | None", [1]),
    ("list[int] | None", None),
    ("Literal['a', 'b']", "b"),
    *[("str", text) for text in HOSTILE],
]
REFUSED: list[tuple[str, object]] = [
    ("str", 1),
    ("str", None),
    ("str", Path("/")),
    ("str", "a\0b"),
    ("str", "\ud800"),
    ("int", True),
    ("int", 1.0),
    ("int", "1"),
    ("int", 2**63),
    ("int", 10**5000),
    ("float", True),
    ("float", "1"),
    ("float", float("nan")),
    ("float", float("inf")),
    ("float", 10**400),
    ("bool", 1),
    ("bool", "true"),
    ("int | None", ""),
    ("list[str]", ("a",)),
    ("list[str]", "a"),
    ("list[str]", [1]),
    ("list[str]", [""]),
    ("list[str]", ["a\nb"]),
    ("list[str]", ["a\0b"]),
    ("list[int]", [True]),
    ("Literal['a', 'b']", "c"),
    ("Literal['a', 'b']", "A"),
    ("Literal['a', 'b']", None),
]


@table(("type_", "value"), ACCEPTED)
def test_a_value_of_its_type_stays(type_: str, value: object) -> None:
    bound = one(type_).bind({"x": value})["x"]
    assert bound == value
    assert type(bound) is type(value)


@table(("type_", "value"), REFUSED)
def test_a_value_of_another_type_is_refused(type_: str, value: object) -> None:
    with pytest.raises(ParameterError) as error:
        one(type_).bind({"x": value})
    assert str(error.value).startswith(f"parameter x ({type_}): ")
    assert len(str(error.value)) < 300
    assert isinstance(error.value, UsageError)


def test_an_int_given_for_a_float_becomes_one() -> None:
    value = one("float").bind({"x": 2})["x"]
    assert (value, type(value)) == (2.0, float)


def test_the_item_of_a_list_is_named() -> None:
    with pytest.raises(ParameterError, match="item 2: 0 is not a port"):
        one("list[Port]").bind({"x": [80, 0]})


def test_a_default_list_is_not_shared(contract: Contract) -> None:
    opens = contract.bind({})["opens"]
    assert isinstance(opens, list)
    opens.append(1)
    assert contract.bind({}) == DEFAULTS


def test_an_unknown_name_gets_advice(contract: Contract) -> None:
    for read in (contract.bind, contract.read):
        with pytest.raises(ParameterError) as error:
            read({"volum": "a"})
        message = str(error.value)
        assert "'volum': did you mean volume? the parameters are volume, mo" in message
    with pytest.raises(ParameterError) as error:
        contract.bind({"qqq": 1})
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize("name", ["x", "long_name"])
def test_the_longest_value_is_what_linux_passes(name: str) -> None:
    parameter = Parameter(name, "str", "", "help")
    fits = "é" * ((ENTRY - len(name) - 2) // 2)
    environment = Contract((parameter,)).environment({name: fits})
    subprocess.run(["/bin/true"], env=environment, check=True)
    with pytest.raises(ParameterError, match=r"has \d+ bytes and Linux passes \d+: "):
        parameter.check(fits + "éé")
    with pytest.raises(OSError, match="too long"):
        subprocess.run(["/bin/true"], env={name: fits + "éé"}, check=False)


def test_the_limit_is_exact() -> None:
    parameter = Parameter("x", "str", "", "help")
    assert parameter.check("a" * (ENTRY - 3))
    with pytest.raises(ParameterError):
        parameter.check("a" * (ENTRY - 2))


# Docker's own types

OBJECTS = ["ContainerName", "VolumeName", "NetworkName"]
GOOD: dict[str, list[object]] = {
    **{name: ["ab", "a_b.c-d", "0a", "A1", "a" * 255] for name in OBJECTS},
    "ImageReference": [
        "alpine",
        "a",
        "alpine:3.20",
        "alpine:Latest_1",
        "library/alpine",
        "a__b/c-d/e--f.g_h",
        "localhost/app",
        "test:5000/repo:tag",
        "Reg.Example.com:5000/a/b",
        "[::1]:5000/repo",
        "192.168.1.1:5000/repo:5050",
        f"alpine@{DIGEST}",
        f"reg.io/a:1@{DIGEST}",
        "a@sha512:" + "f" * 128,
        "a" * 255 + ":" + "t" * 128,
    ],
    "Port": [1, 80, 65535],
    "Size": ["64m", "1b", "10k", "2g", "9223372036854775807b"],
    "Duration": ["30s", "5m", "1h", "999999h"],
    "AbsolutePath": ["/", "/srv/a b/é", "/-x", "/" + "a" * 4094],
    "HostName": ["a", "node-1", "registry.example.com", "10.0.0.1", "a" * 63],
    "Secret": ["env:NAME", "env:_a1", "file:/run/a b", "prompt"],
    "HostURL": [
        "lab://",
        "lab://+disk",
        "lab://one-1",
        "lab://+bare",
        "local://",
        "ssh://host",
        "ssh://root@host.example.com:22",
        "ssh://a@[::1]:65535",
    ],
}
BAD: dict[str, list[object]] = {
    **{
        name: ["", "a", "-ab", ".ab", "_ab", "a b", "a/b", "ab\n", "aé", "a" * 256, 1]
        for name in OBJECTS
    },
    "ImageReference": [
        "",
        "Alpine",
        "Uppercase/lower",
        "reg.io/Upper",
        "-alpine",
        "--privileged",
        "a b",
        " a",
        "a\n",
        "a:",
        ":tag",
        "a:-t",
        "a:é",
        "a//b",
        "/a",
        "a/",
        "a._b",
        "a___b",
        "a-",
        "reg.io:x/a",
        "[::1]",
        "[fe80::1%eth0]/a",
        "https://reg.io/a",
        "a@sha256:abc",
        f"a@{DIGEST.upper()}",
        "a@sha256:" + "F" * 64,
        f"@{DIGEST}",
        "a@md5:" + "f" * 32,
        "f" * 64,
        "a/" * 128 + "a",
        "a" * 256,
        "a:" + "t" * 129,
        "A" * 100_000,
    ],
    "Port": [0, -1, 65536, True, 80.0, "80"],
    "Size": [
        "",
        "64",
        "m",
        "0m",
        "01m",
        "64M",
        "64mb",
        "1.5g",
        "-1m",
        "64m\n",
        64,
        "9223372036854775808b",
        "9999999999g",
    ],
    "Duration": ["", "30", "s", "0s", "1.5h", "1h30m", "500ms", "-1s", "5m\n"],
    "AbsolutePath": ["", "a", "./a", "~/a", "/a\0", "/a\nb", "/\n", "/" + "a" * 4095],
    "HostName": [
        "",
        "-a",
        "a-",
        "a_b",
        "a..b",
        ".a",
        "a.",
        "é",
        "a" * 64,
        "a\n",
        "a." * 126 + "bc",
    ],
    "Secret": [
        "",
        "hunter22",
        "env:",
        "env:1",
        "env:A-B",
        "env:A\n",
        "file:a",
        "file:/",
        "file:/a\nb",
        "file:/a\0",
        "prompt:",
        "Prompt",
        1,
    ],
    "HostURL": [
        "",
        "lab",
        "lab:",
        "lab:///",
        "lab://+barename",
        "lab://a/b",
        "lab://-a",
        "lab://a b",
        "lab://a+disk",
        "lab://+disks",
        "local://+disk",
        "local://x",
        "ssh://",
        "ssh://-oProxyCommand=x",
        "ssh://-l@host",
        "ssh://@host",
        "ssh://a@b@c",
        "ssh://host:0",
        "ssh://host:65536",
        "ssh://host:022",
        "ssh://host/path",
        "ssh://a:pw@host",
        "ssh://[zz]",
        "ssh://host\n",
        "tcp://host:2375",
        "LAB://",
    ],
}


def test_every_type_has_good_and_bad_values() -> None:
    assert GOOD.keys() == BAD.keys() == FIELDS.keys()


@table(("type_", "value"), [(t, v) for t in GOOD for v in GOOD[t]])
def test_a_good_value_passes(type_: str, value: object) -> None:
    assert one(type_).bind({"x": value}) == {"x": value}
    assert one(type_).read({"x": str(value)}) == {"x": value}


@table(("type_", "value"), [(t, v) for t in BAD for v in BAD[t]])
def test_a_bad_value_is_refused_with_advice(type_: str, value: object) -> None:
    with pytest.raises(ParameterError) as error:
        one(type_).bind({"x": value})
    assert f"is not {FIELDS[type_].wanted}" in str(error.value)


@given(st.sampled_from([*FIELDS, *BUILTINS]), texts)
def test_a_text_is_read_or_refused(type_: str, text: str) -> None:
    contract = one(type_)
    try:
        value = contract.read({"x": text})["x"]
    except ParameterError:
        return
    assert contract.bind({"x": value}) == {"x": value}
    if type_ not in ("AbsolutePath", "Secret") and type_ in FIELDS:
        assert text.isascii()
        assert text.isprintable()


# Texts from a command line

READ: list[tuple[str, str | list[str], object]] = [
    *[
        ("str", t, t)
        for t in ["1.10", "007", "on", "1e3", "null", "none", "~", "", " "]
    ],
    *[("str", t, t) for t in HOSTILE],
    ("int", "0", 0),
    ("int", "-12", -12),
    ("float", "1", 1.0),
    ("float", "1e3", 1000.0),
    ("float", "-.5", -0.5),
    ("bool", "true", True),
    ("bool", "false", False),
    ("Port", "80", 80),
    ("Literal['on', 'off']", "on", "on"),
    *[("int | None", text, None) for text in ["", "none", "null", "~"]],
    ("int | None", "5", 5),
    ("str | None", "None", "None"),
    ("list[int]", "1,2, 3", [1, 2, 3]),
    ("list[int]", ["1", "2"], [1, 2]),
    ("list[int]", "", []),
    ("list[str]", "1.10,on", ["1.10", "on"]),
    ("list[str]", [" a,b "], [" a,b "]),
    ("list[str] | None", "", None),
    ("list[bool]", "true,false", [True, False]),
]
UNREADABLE: list[tuple[str, str | list[str]]] = [
    *[
        ("int", t)
        for t in ["", " 1", "1_000", "1.0", "007", "0x10", "٣", "1\n", "true"]
    ],
    ("int", "9" * 19),
    ("int", "9" * 9999),
    *[("float", text) for text in ["", "nan", "inf", "1e999", "1,5", "1_0", "e1"]],
    *[("bool", text) for text in ["", "True", "yes", "on", "1", "false "]],
    ("list[int]", "1,,2"),
    ("list[int]", "1,"),
    ("list[str]", "a,,b"),
    ("list[str]", ["a\nb"]),
    ("str", ["a"]),
    ("int", ["1"]),
    ("Literal['a']", ["a"]),
    ("int | None", ["none"]),
    ("str", "a\0b"),
]


@table(("type_", "text", "value"), READ)
def test_a_text_is_read_by_its_type(
    type_: str, text: str | list[str], value: object
) -> None:
    assert one(type_).read({"x": text}) == {"x": value}


@table(("type_", "text"), UNREADABLE)
def test_a_text_that_is_not_of_the_type_is_refused(
    type_: str, text: str | list[str]
) -> None:
    with pytest.raises(ParameterError, match=r"^parameter x "):
        one(type_).read({"x": text})


def test_read_keeps_the_defaults(contract: Contract) -> None:
    assert contract.read({"copies": "3"}) == DEFAULTS | {"copies": 3}


# The environment of a step


def test_values_become_environment_variables(contract: Contract) -> None:
    assert contract.environment({"apply": True, "ratio": 0.25}) == {
        "volume": "site-data",
        "mode": "ro",
        "copies": "2",
        "ratio": "0.25",
        "apply": "true",
        "tag": "1.10",
        "port": "",
        "opens": "80\n443",
    }
    with pytest.raises(ParameterError):
        contract.environment({"apply": "yes"})


@settings(max_examples=60, deadline=None)
@given(texts | st.sampled_from(HOSTILE))
def test_a_hostile_text_reaches_bash_as_it_is(text: str) -> None:
    environment = one("str").environment(one("str", "").read({"x": text}))
    shell = ["bash", "-c", 'printf %s "$x"']
    assert subprocess.check_output(shell, env=environment) == text.encode()


# A parameters file


def test_a_file_keeps_scalars_as_written(tmp_path: Path, contract: Contract) -> None:
    path = params(
        tmp_path,
        "tag: 007\ncopies: 3\napply: true\nport: ~\nopens: [1, 2]\nvolume: on\n",
    )
    assert contract.read(read_file(path)) == DEFAULTS | {
        "tag": "007",
        "copies": 3,
        "apply": True,
        "opens": [1, 2],
        "volume": "on",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", "1.10"),
        ("on", "on"),
        ("null", "null"),
        ("2024-01-01", "2024-01-01"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("'a''b'", "a'b"),
        ("", ""),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[a, 1.0, no]", ["a", "1.0", "no"]),
        ("!!python/object/apply:os.system [id]", ["id"]),
    ],
)
def test_a_file_is_read_as_text(
    tmp_path: Path, text: str, value: str | list[str]
) -> None:
    assert read_file(params(tmp_path, f"x: {text}\n")) == {"x": value}


@given(texts)
def test_any_text_survives_a_file(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    escaped = "".join(f"\\U{ord(character):08x}" for character in text)
    path = params(tmp_path_factory.mktemp("p"), f'x: "{escaped}"\n')
    assert one("str").read(read_file(path)) == {"x": text}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a mapping: write `name: value` lines"),
        ("- a\n", "is not a mapping"),
        ("a\n", "is not a mapping"),
        ("a: 1\nb: 2\na: 3\n", "line 3: 'a' is there twice: keep one"),
        ("a: {b: 1}\n", "line 1: a value is nested"),
        ("a: [[1]]\n", "line 1: a value is nested"),
        ("x: 1\na: &a [*a]\n", "line 2: a value is nested"),
        ("? {a: b}\n: 1\n", "line 1: a value is nested"),
        ("a: [\n", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "is not YAML"),
        ("a: \0\n", "is not YAML"),
        ("a: " + "[" * 5000, "is not YAML"),
        (b"a: \xff\n", "is not UTF-8 at byte 3: save it as UTF-8"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = params(tmp_path, text)
    with pytest.raises(ParameterError) as error:
        read_file(path)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_an_unreadable_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="cannot be read"):
        read_file(tmp_path / name)


def test_escapes_of_a_file_are_checked_too(tmp_path: Path) -> None:
    for escape in (r"\0", r"\ud800"):
        path = params(tmp_path, f'x: "a{escape}"\n')
        with pytest.raises(ParameterError, match="parameter x"):
            one("str").read(read_file(path))
