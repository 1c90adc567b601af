"""Secrets by reference: what is a reference, what it stands for, and what is hidden."""

import getpass
import hashlib
import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels_helpers import references
from kernels_helpers.errors import ChapterError, ParameterError
from kernels_helpers.kinds import ENTRY
from kernels_helpers.parameters import Contract
from kernels_helpers.parameters_file import read_file
from kernels_helpers.references import digest, resolve

SECRET = "s3cret-Val"
CELL = """\
from kernels_helpers.field_types import Secret

password: Secret = "env:PASSWORD"  # of the registry
token: Secret | None = None  # of the user"""


@pytest.fixture
def contract() -> Contract:
    return Contract.parse(CELL)


def refused(call: Callable[[], object], said: str, *hidden: str) -> None:
    """Want an error that says what is wrong, and shows nothing of what was given."""
    with pytest.raises(ParameterError) as error:
        call()
    shown = "".join(traceback.format_exception(error.value))
    assert re.search(said, str(error.value))
    assert [word for word in hidden if word in shown] == []


def test_a_reference_is_the_value(contract: Contract) -> None:
    values = contract.bind({"token": "file:/run/token"})
    assert values == {"password": "env:PASSWORD", "token": "file:/run/token"}
    assert contract.secrets(values) == values
    assert contract.secrets(contract.read({"token": "none"})) == {
        "password": "env:PASSWORD"
    }
    assert "default 'env:PASSWORD'" in contract.parameters[0].describe()


@pytest.mark.parametrize(
    "given", [SECRET, f"env:{SECRET}", f"file:{SECRET}", f"prompt:{SECRET}", SECRET * 9]
)
@pytest.mark.parametrize("name", ["password", "token"])
def test_a_secret_given_for_a_reference_is_not_repeated(
    contract: Contract, name: str, given: str
) -> None:
    said = f"parameter {name} .*not a reference to a secret: env:NAME"
    refused(lambda: contract.read({name: given}), said, SECRET)
    refused(lambda: contract.bind({name: given}), said, SECRET)
    refused(lambda: contract.bind({name: [given]}), said, SECRET)


def test_a_secret_in_the_cell_is_not_repeated() -> None:
    with pytest.raises(ChapterError, match="not a reference") as error:
        Contract.parse(CELL.replace("env:PASSWORD", SECRET))
    assert SECRET not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("text", [f'password: "{SECRET}', f"password: [{SECRET}"])
def test_a_broken_file_is_not_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    refused(lambda: read_file(path), r"is not YAML \(.*line \d", SECRET)


def test_there_is_no_list_of_secrets() -> None:
    with pytest.raises(ChapterError, match="is not a type here"):
        Contract.parse(CELL.replace("Secret | None = None", "list[Secret] = []"))


# What they stand for


def test_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", f" {SECRET}\n")
    assert resolve({"x": "env:PASSWORD"}) == {"x": f" {SECRET}\n"}
    monkeypatch.delenv("PASSWORD")
    refused(
        lambda: resolve({"x": "env:PASSWORD"}),
        r"parameter x \(Secret, env:PASSWORD\): .* PASSWORD is not set: export it",
    )


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n"])
def test_a_file_loses_one_line_feed(tmp_path: Path, end: str) -> None:
    path = tmp_path / "a b"
    path.write_text(SECRET + end, newline="")
    assert resolve({"x": f"file:{path}"}) == {"x": SECRET + end.removesuffix("\n")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"abc", "fewer than 4 characters"),
        (SECRET.encode() + b"\0", "NUL"),
        (SECRET.encode() + b"\xff", "not UTF-8 at byte 10"),
        (SECRET.encode() * 20_000, f"{ENTRY} bytes or more"),
        (SECRET.encode() + b"x" * (ENTRY - 11), "Linux passes"),
    ],
)
def test_a_file_that_holds_no_secret(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    refused(lambda: resolve({"x": f"file:{path}"}), said, SECRET, "abc\n")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    refused(lambda: resolve({"x": f"file:{tmp_path}/no"}), "there is no such file")
    refused(lambda: resolve({"x": f"file:{tmp_path}"}), "there is no such file")
    (tmp_path / "loop").symlink_to("loop")
    refused(lambda: resolve({"x": "file:/proc/self/mem"}), r"cannot be read \(")
    refused(lambda: resolve({"x": f"file:{tmp_path}/{'a' * 300}"}), "cannot be read")


@pytest.mark.parametrize("value", ["", "abc", os.fsdecode(b"\xff" + SECRET.encode())])
def test_a_variable_that_holds_no_secret(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PASSWORD", value)
    said = "is empty" if not value else "fewer than 4" if value == "abc" else "Unicode"
    refused(lambda: resolve({"x": "env:PASSWORD"}), said, SECRET)


def test_a_prompt_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda question: f"{question}{SECRET}")
    assert resolve({"x": "prompt"}) == {"x": f"x (hidden): {SECRET}"}


@pytest.mark.parametrize("error", [EOFError, NotImplementedError])
def test_where_nobody_can_answer(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def nobody(_question: str) -> str:
        raise error

    monkeypatch.setattr(getpass, "getpass", nobody)
    refused(lambda: resolve({"x": "prompt"}), "nobody can be asked .* give env:NAME or")
    refused(lambda: references.ask("x"), "nobody can be asked")


def test_what_was_typed_before_the_run_is_taken_out_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("x", "y"):
        monkeypatch.setenv(f"DOCKBOOK_SECRET_{name}", SECRET)
    monkeypatch.setenv("OTHER", "other")
    assert resolve({"x": "prompt", "y": "env:OTHER"}) == {"x": SECRET, "y": "other"}
    assert SECRET not in os.environ.values()


def test_what_was_typed_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKBOOK_SECRET_x", "abc")
    refused(lambda: resolve({"x": "prompt"}), "fewer than 4")


def test_a_digest_is_salted_and_can_be_checked() -> None:
    first, second = digest(SECRET), digest(SECRET)
    assert first != second
    name, salt, made = first.split(":")
    assert name == "scrypt"
    again = hashlib.scrypt(SECRET.encode(), salt=bytes.fromhex(salt), **references.COST)
    assert again.hex() == made
