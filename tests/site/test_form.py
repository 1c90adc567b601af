"""The form of a chapter: what a reader types follows into all that is copied."""

import re
import shlex
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from kernels_helpers import book, notebook
from kernels_helpers.site.filling import written
from tests.site.forms import INSTALL, NASTY, VOLUMES, commands, field, lines


class TestTyping:
    def test_commands_options_and_lines_follow(self, volumes: Page) -> None:
        before = commands(volumes)
        assert "docker volume create --label dockbook.run=volumes-by-hand" in before[0]
        volumes.fill(field("volume"), "other.data")
        volumes.check(field("apply"))
        wanted = [text.replace("dockbook-data", "other.data") for text in before]
        assert commands(volumes) == wanted != before
        options = volumes.locator("dl.options code").all_text_contents()
        assert "docker volume rm other.data" in options
        assert not [option for option in options if "dockbook-data" in option]
        assert lines(volumes) == [
            "dockbook run volumes -p apply=true -p volume=other.data",
            "papermill runbooks/05-volumes.ipynb out.ipynb "
            "-p apply True -r volume other.data",
        ]
        assert volumes.locator("tr.changed").count() == 2
        assert volumes.locator("tr.changed code:visible").all_text_contents() == [
            "apply",
            "false",
            "volume",
            "dockbook-data",
        ]

    def test_a_value_is_quoted_for_its_place(self, page: Page, address: str) -> None:
        page.goto(address + INSTALL)
        page.fill(field("user"), NASTY)
        page.fill(field("mirror"), NASTY)
        quoted, texts = shlex.quote(NASTY), commands(page)
        assert f"useradd -m {quoted}" in [text.strip() for text in texts]
        assert any(text.startswith(f"export mirror={quoted}\n") for text in texts)
        assert any(f"--arg url {quoted} " in text for text in texts)
        given = f"user={quoted} -p mirror={quoted}"
        assert lines(page)[0] == f"dockbook run install -p {given}"

    def test_python_and_javascript_write_a_value_alike(
        self, page: Page, address: str
    ) -> None:
        places = ("word", "quoted", "heredoc", "text")
        more = "".join(f'<var data-name="user" data-as="{at}"></var>' for at in places)

        def answer(route: Route) -> None:
            route.fulfill(response=(got := route.fetch()), body=got.text() + more)

        page.route("**/*.html", answer)
        page.goto(address + INSTALL)
        for value in (NASTY, "plain-1.0:x/y@z%+=,_", "é→", "a", "", "~", "#", "a*?[b]"):
            page.fill(field("user"), value)
            shown = page.locator("var").all_text_contents()[-len(places) :]
            assert shown == [written(value, at) for at in places]

    def test_prose_and_sums_follow(self, page: Page, address: str) -> None:
        page.goto(address + "runbooks/11-migration.html")
        page.fill(field("mount"), "/big disk")
        page.fill(field("records"), "/big disk")
        prose = page.locator("p > code:has(var)").all_text_contents()
        back = 'bash "/big disk/back"'
        assert prose == ["/var/lib/docker.old", *["/big disk"] * 2, "30s", back]
        page.select_option(field("method"), "data-root")
        assert lines(page)[0].startswith("dockbook run migration -p method=data-root ")
        page.goto(address + "runbooks/07-ports.html")
        page.fill(field("port"), "80")
        assert [text for text in commands(page) if "$((80 + 1))" in text]
        assert not [text for text in commands(page) if "18080" in text]
        assert lines(page)[1].endswith(" -p port 80")

    def test_outputs_follow_only_on_request(self, volumes: Page) -> None:
        outputs = volumes.locator(".cell_output .stream pre")
        recorded = outputs.all_text_contents()
        assert [text for text in recorded if "dockbook-data" in text]
        volumes.fill(field("volume"), "other")
        assert outputs.all_text_contents() == recorded
        volumes.get_by_label("show my values in recorded outputs").check()
        wanted = [text.replace("dockbook-data", "other") for text in recorded]
        assert outputs.all_text_contents() == wanted
        marked = volumes.locator(".cell_output var.changed").first
        assert marked.get_attribute("title") == "recorded: dockbook-data"

    def test_without_a_default_in_an_output_there_is_nothing_to_show(
        self, page: Page, address: str
    ) -> None:
        page.goto(address + INSTALL)
        there = page.locator(".cell_output var").count()
        assert page.locator(".acts label").is_visible() == bool(there)


class TestInvalid:
    @pytest.mark.parametrize(
        ("chapter", "cases"),
        [
            (
                "07-ports",
                [
                    ("port", "65536", "a port: a whole number from 1 to 65535"),
                    ("port", "0x50", "a port: a whole number from 1 to 65535"),
                    ("network", "-x", "a network name: 2 to 255 letters"),
                ],
            ),
            (
                "01-install",
                [
                    ("archive", "srv", "an absolute path on one line"),
                    ("archive", "/" + 4095 * "x", "an absolute path on one line"),
                    ("image", "Upper/x", "an image reference: lower-case"),
                    ("mirror", "a\x1b[201~b", "text"),
                ],
            ),
        ],
    )
    def test_it_goes_nowhere_and_the_rule_is_said(
        self, page: Page, address: str, chapter: str, cases: list[tuple[str, str, str]]
    ) -> None:
        page.goto(f"{address}runbooks/{chapter}.html")
        before = commands(page), lines(page)
        for name, value, rule in cases:
            page.fill(field(name), value)
            wrong = page.locator(field(name))
            expect(wrong).to_have_attribute("aria-invalid", "true")
            expect(wrong).to_have_accessible_description(re.compile(re.escape(rule)))
            assert (commands(page), lines(page)) == before
        assert page.evaluate("Object.values(localStorage)").count("{}") == 1

    def test_it_is_said_in_chinese(self, page: Page, address: str) -> None:
        page.goto(f"{address}zh/runbooks/07-ports.html")
        page.fill(field("port"), "0")
        said = page.locator(".wrong:visible").all_text_contents()
        assert said == ["端口：1 到 65535 的整数"]

    def test_every_default_is_right(self, page: Page, address: str) -> None:
        for path in book.chapters().values():
            page.goto(f"{address}runbooks/{path.stem}.html")
            fields = page.locator("form.parameters [data-name]")
            assert fields.count() == len([*notebook.head(path).contract])
            assert page.locator('[aria-invalid="true"]').count() == 0
            assert page.locator("var.changed, tr.changed").count() == 0


class TestWithoutJavaScript:
    @pytest.fixture
    def plain(self, browser: Browser, address: str) -> Iterator[Page]:
        with browser.new_context(java_script_enabled=False) as context:
            page = context.new_page()
            page.goto(f"{address}zh/{VOLUMES}?p.volume=other")
            yield page

    def test_the_table_and_the_defaults_are_there(self, plain: Page) -> None:
        row = plain.locator(".parameters tbody tr").nth(2)
        assert row.inner_text().split() == [
            "volume",
            "VolumeName",
            "dockbook-data",
            "保存数据的卷",
        ]
        assert (
            plain.locator(".parameters :is(input, select, button):visible").count() == 0
        )
        assert "create --label dockbook.run=volumes-by-hand dockbook-data" in " ".join(
            commands(plain)
        )
        assert lines(plain)[0] == "dockbook run volumes"
