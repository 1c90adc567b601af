"""The form as it is written at build time, and what is marked besides commands."""

import importlib
import re
import sys
from typing import Any

import pytest
from bs4 import BeautifulSoup

from kernels_helpers.field_types import FIELDS, KINDS
from kernels_helpers.kinds import Choice, Kind, Scalar
from kernels_helpers.parameters import Contract
from kernels_helpers.site.source import SITE

sys.path.append(str(SITE / "_ext"))
forms: Any = importlib.import_module("dockbook_site.forms")
references: Any = importlib.import_module("dockbook_site.references")

CONTRACT = Contract.parse("""\
from typing import Literal
from kernels_helpers.field_types import AbsolutePath, Port, Secret

name: str = 'a "b" <c>'  # a <b>text</b>
mount: AbsolutePath = "/data"  # a path
port: Port = 80  # a number
apply: bool = True  # a flag
mode: Literal["ro", "rw"] = "rw"  # a choice
password: Secret = "env:SECRET"  # by reference
hosts: list[str] = ["a b", "c"]  # a list
note: str | None = None  # may be left out
""")
KNOWN = references.References(CONTRACT, "volumes")


def said(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


@pytest.fixture(scope="module")
def form() -> BeautifulSoup:
    written = forms.form(CONTRACT, str.upper, "volumes", "05-volumes", "../runbooks")
    return said(written)


class TestForm:
    def test_each_type_has_its_field(self, form: BeautifulSoup) -> None:
        fields: list[Any] = [t.find(True) for t in form.find_all("template")]
        told = [(f["data-name"], f.name, f.get("type"), f.get("value")) for f in fields]
        assert told == [
            ("name", "input", None, 'a "b" <c>'),
            ("mount", "input", None, "/data"),
            ("port", "input", None, "80"),
            ("apply", "input", "checkbox", None),
            ("mode", "select", None, None),
        ]
        assert fields[3].has_attr("checked")
        assert [o.string for o in form.find_all("option", selected=True)] == ["rw"]

    def test_a_secret_a_list_and_what_is_optional_are_text(
        self, form: BeautifulSoup
    ) -> None:
        rows = form.select("tr[data-yaml]")
        assert [row["data-yaml"] for row in rows] == [
            'password: "env:SECRET"\n',
            'hosts: ["a b", "c"]\n',
            "note: null\n",
        ]
        assert not form.select("tr[data-yaml] :is(template, input)")
        assert "env:SECRET given by reference, never typed" in rows[0].get_text(" ")

    def test_a_help_is_said_and_no_html(self, form: BeautifulSoup) -> None:
        assert form.select_one("#volumes-name-help").get_text() == "A <B>TEXT</B>"  # type: ignore[union-attr]
        assert not form.select("b, c")


SCALARS = {name: kind for name, kind in KINDS.items() if isinstance(kind, Scalar)}


@pytest.mark.parametrize("kind", SCALARS.values(), ids=SCALARS)
def test_a_rule_refuses_what_the_type_refuses(kind: Kind) -> None:
    rule = forms.rule(kind)
    pattern = rule["pattern"].replace("[^]", r"[\0-\U0010ffff]")  # of JavaScript
    for text in ("a\x1b", "a\nb", "a\0", "\x7f"):
        assert not re.search(pattern, text)
    for text in (
        "web",
        "/a b",
        "80",
        "-1",
        "1.5",
        "true",
        "lab://",
        "5m",
        "64k",
        "",
        "x/y",
    ):
        try:
            kind.read(text)
        except ValueError:
            continue
        assert re.search(pattern, text), text
        assert not float(text) < float(rule["min"]) if "min" in rule else True


def test_a_length_is_a_rule() -> None:
    pattern = forms.rule(FIELDS["AbsolutePath"])["pattern"].replace("[^]", ".")
    assert re.search(pattern, "/" + "x" * 4094)
    assert not re.search(pattern, "/" + "x" * 4095)


def test_a_choice_is_said_in_words() -> None:
    parameter = next(p for p in CONTRACT if isinstance(p.kind, Choice))
    assert forms.wanted(parameter) == "one of ro, rw"


class TestCommand:
    @pytest.mark.parametrize(
        ("body", "wanted"),
        [
            ('ls "$mount"', "ls /data"),
            (
                'login "$password"',
                'export password="${SECRET:?set SECRET}"\nlogin "$password"',
            ),
            ("ping $hosts", "export hosts='a b\nc'\nping $hosts"),
            ('echo "$note"', "export note=''\necho \"$note\""),
            ('rm "$run"', "rm volumes-by-hand"),
            ("echo '<b>' \"$name\"", "echo '<b>' 'a \"b\" <c>'"),
        ],
    )
    def test_it_runs_as_it_is_shown(self, body: str, wanted: str) -> None:
        shown = said(KNOWN.command(body).astext())
        assert shown.get_text() == wanted
        assert shown.select_one("div.highlight-bash > div.highlight > pre")
        assert not shown.select("b, c")

    def test_values_are_marked_and_the_rest_has_its_colours(self) -> None:
        shown = said(KNOWN.command('if ls "$mount"; then :; fi # $mount').astext())
        (place,) = shown.select("var")
        assert place.attrs == {
            "data-name": "mount",
            "data-as": "word",
            "title": "$mount",
        }
        assert [k.get_text() for k in shown.select("span.k")] == ["if", "then", "fi"]


def test_an_option_is_one_line_that_runs() -> None:
    known = references.References(CONTRACT, "volumes")
    known.command("cat >undo-it <<'E'\nrm \"$mount\"\nE")
    wanted = 'export mount=/data; export password="${SECRET:?set SECRET}"; '
    option = 'bash undo-it "$password" "$port"'
    assert said(known.option(option)).get_text() == (
        f'{wanted}bash undo-it "$password" 80'
    )


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("$mount", "/data"),
        ("${mount}", "/data"),
        ("$name", 'a "b" <c>'),
        ('ls "$name"', "ls 'a \"b\" <c>'"),
        ("$run", None),
        ("$password", None),
        ("$HOME", None),
        ("mount", None),
        ("echo '$mount'", None),
        ("it's $mount", None),
    ],
)
def test_a_span_of_code_in_prose(code: str, wanted: str | None) -> None:
    shown = KNOWN.code(code)
    assert (shown and said(shown).get_text()) == wanted
