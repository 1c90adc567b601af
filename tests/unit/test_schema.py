"""The contract as JSON Schema, and the questions for what is not given."""

import json
from collections.abc import Callable
from typing import TypeAlias

import jsonschema  # type: ignore[import-untyped]
import pytest

from kernels_helpers import book, notebook
from kernels_helpers.ask import ask
from kernels_helpers.errors import ParameterError
from kernels_helpers.kinds import BUILTINS
from kernels_helpers.parameters import Contract
from kernels_helpers.schema import json_schema
from tests.unit.test_parameters import (
    ACCEPTED,
    BAD,
    CELL,
    DEFAULTS,
    GOOD,
    REFUSED,
    one,
    table,
)

LISTED = [t for t in GOOD if t != "Secret"]
VALUES = [
    *ACCEPTED,
    *REFUSED,
    *[(t, v) for t in GOOD for v in GOOD[t]],
    *[(t, v) for t in BAD for v in BAD[t]],
    *[(f"list[{t}]", [v, v]) for t in LISTED for v in (*GOOD[t], *BAD[t])],
    *[(f"{t} | None", v) for t in GOOD for v in (*GOOD[t], *BAD[t], None)],
    ("list[Literal['a', '']]", ["a"]),
    ("list[Literal['a', '']]", [""]),
    ("list[int] | None", ["1"]),
    ("float", 2),
    ("float", 1e308),
]
# What a schema cannot say, and why; a run refuses it all the same.
WIDER = {
    ("str", "\ud800"): "a lone surrogate is in no UTF-8 file",
    ("int", 1.0): "JSON has one number for 1 and 1.0",
    ("Port", 80.0): "JSON has one number for 80 and 80.0",
    ("Size", "9223372036854775808b"): "a pattern does not count",
    ("Size", "9999999999g"): "a pattern does not count",
    ("HostURL", "ssh://host:65536"): "a pattern does not count",
    ("ImageReference", "a/" * 128 + "a"): "the length of the name alone",
    ("ImageReference", "a" * 256): "the length of the name alone",
}


def valid(contract: Contract, values: dict[str, object]) -> bool:
    schema = json_schema(contract, "test")
    jsonschema.Draft202012Validator.check_schema(schema)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(values))


def accepts(contract: Contract, values: dict[str, object]) -> bool:
    try:
        contract.bind(values)
    except ParameterError:
        return False
    return True


def is_wider(type_: str, value: object) -> bool:
    if isinstance(value, list):
        return any(is_wider(type_[len("list[") : -1], item) for item in value)
    return (type_.removesuffix(" | None"), value) in WIDER and value is not True


def shareable(value: object) -> bool:
    """Say whether JSON has a word for a value."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


@table(("type_", "value"), [row for row in VALUES if shareable(row[1])])
def test_schema_and_contract_agree(type_: str, value: object) -> None:
    contract = one(type_)
    bound = accepts(contract, {"x": value})
    assert valid(contract, {"x": value}) == (bound or is_wider(type_, value))


def test_the_table_knows_every_type() -> None:
    known = {type_ for type_, _ in VALUES}
    assert known >= {*BUILTINS, *GOOD}
    assert {row for row in VALUES if not isinstance(row[1], list)} >= WIDER.keys()


def test_every_default_is_valid_and_said() -> None:
    volumes = [notebook.head(path).contract for path in book.chapters().values()]
    for contract in (Contract.parse(CELL), *volumes):
        schema = json_schema(contract, "test")
        defaults = {n: p["default"] for n, p in schema["properties"].items()}
        assert defaults == contract.bind({})
        assert valid(contract, defaults)
        assert valid(contract, {})
        assert not valid(contract, {"unknown": 1})
        assert json.loads(json.dumps(schema)) == schema


def test_the_schema_says_it_all() -> None:
    schema = json_schema(Contract.parse(CELL), "A chapter")
    properties = schema.pop("properties")
    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A chapter",
        "type": "object",
        "additionalProperties": False,
    }
    assert properties["mode"] == {
        "description": 'how it is mounted (one of "ro", "rw")',
        "default": "ro",
        "type": "string",
        "enum": ["ro", "rw"],
    }
    port = {"type": "integer", "minimum": 1, "maximum": 65535}
    assert properties["port"]["anyOf"] == [port, {"type": "null"}]
    assert properties["opens"]["items"] == port
    assert properties["volume"]["pattern"].startswith("^(?:[a-zA-Z0-9]")


# Questions


Prompt: TypeAlias = Callable[[str, str, bool], str]


def answering(**answers: list[str]) -> tuple[Prompt, list[str]]:
    """Make a prompt that answers from a table, by default with the default."""
    asked: list[str] = []

    def prompt(text: str, default: str, hidden: bool) -> str:
        asked.append(f"{text} [{default}]{' hidden' if hidden else ''}")
        name = text.splitlines()[-1].split()[0]
        return answers[name].pop(0) if answers.get(name) else default

    return prompt, asked


def test_every_parameter_that_is_not_given_is_asked_for() -> None:
    contract = Contract.parse(CELL)
    prompt, asked = answering(copies=["3"], opens=["1, 2"], tag=["1.10"], port=["80"])
    answers = ask(contract, {"mode": "rw"}, prompt)
    assert answers == {"copies": "3", "opens": "1, 2", "port": "80"}
    assert contract.read({"mode": "rw", **answers})["opens"] == [1, 2]
    assert len(asked) == len(DEFAULTS) - 1
    assert asked[0].startswith("volume to make\nvolume (a volume name: 2 to 255 ")
    assert asked[0].endswith(") [site-data]")
    shown = [line.rsplit(" [", 1)[1] for line in asked[1:]]
    assert shown == ["2]", "1.0]", "false]", "1.10]", "none]", "80, 443]"]


def test_a_wrong_answer_is_asked_again_under_its_error() -> None:
    prompt, asked = answering(x=["many", "", "7"])
    assert ask(one("int", 2), {}, prompt) == {"x": "7"}
    assert len(asked) == 3
    assert asked[1].startswith("parameter x (int): 'many' is not a whole number")
    assert asked[1].endswith("\nhelp\nx (a whole number of 64 bits) [2]")
    assert "many" not in asked[2]


def test_a_reference_to_a_secret_is_typed_hidden_and_a_secret_is_not_repeated() -> None:
    prompt, asked = answering(x=["hunter22", "prompt"])
    assert ask(one("Secret | None"), {}, prompt) == {"x": "prompt"}
    assert len(asked) == 2
    assert all(question.endswith(" [none] hidden") for question in asked)
    assert "is not a reference to a secret" in asked[1]
    assert "hunter22" not in asked[1]
    assert one("Secret").parameters[0].kind.schema()["writeOnly"] is True


@pytest.mark.parametrize("default", ["a,b", "", "none", "null"])
def test_the_default_stays_what_it_is(default: str) -> None:
    for type_, value in (("list[str]", [default or "x"]), ("str | None", default)):
        contract = one(type_, value)
        prompt, _ = answering()
        assert contract.read(ask(contract, {}, prompt)) == {"x": value}


@pytest.mark.parametrize("given", [{"y": "1"}, {"x": "one"}])
def test_what_is_given_is_checked_before_the_first_question(
    given: dict[str, str],
) -> None:
    prompt, asked = answering()
    with pytest.raises(ParameterError):
        ask(one("int", 1), given, prompt)
    assert asked == []
