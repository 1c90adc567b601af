"""What a reader has typed: it is kept by the browser, and a link on request."""

import shlex

import pytest
from playwright.sync_api import Page, expect

from tests.site.forms import INSTALL, VOLUMES, commands, copied, field, lines

HOSTILE = '<img src=x onerror="document.title=1">$(id)'


class TestKept:
    def test_both_languages_share_it_by_chapter(
        self, volumes: Page, address: str
    ) -> None:
        volumes.fill(field("volume"), "other")
        volumes.goto(f"{address}zh/{VOLUMES}")
        assert volumes.input_value(field("volume")) == "other"
        assert "other" in commands(volumes)[0]
        assert volumes.locator(".notice").is_hidden()
        volumes.goto(f"{address}runbooks/04-copy.html")
        assert volumes.input_value(field("volume")) == "dockbook-copy"

    def test_reset_forgets_it(self, volumes: Page) -> None:
        before = commands(volumes)
        volumes.fill(field("volume"), "other")
        volumes.fill(field("prefix"), "not valid")
        volumes.check(field("apply"))
        volumes.click("button[type=reset]")
        expect(volumes.locator("tr.changed, [aria-invalid=true]")).to_have_count(0)
        assert commands(volumes) == before
        volumes.reload()
        assert volumes.input_value(field("volume")) == "dockbook-data"

    def test_what_is_not_kept_by_us_is_passed_over(self, volumes: Page) -> None:
        key = "localStorage['dockbook:volumes']"
        for value in ("{", "null", "[1]", '{"volume": {"a": 1}, "other": "x"}'):
            volumes.evaluate(f"value => {key} = value", value)
            volumes.reload()
            assert "dockbook-data" in commands(volumes)[0]

    def test_a_browser_that_keeps_nothing_more_fills_in_still(
        self, volumes: Page
    ) -> None:
        volumes.evaluate("""() => {
            for (let size = 2 ** 22; size >= 1; size /= 2)
                try { localStorage[`full${size}`] = "x".repeat(size); } catch {}
        }""")
        volumes.fill(field("volume"), "other")
        assert volumes.evaluate("localStorage['dockbook:volumes']") is None
        assert "other" in commands(volumes)[0]


@pytest.mark.usefixtures("clipboard")
class TestLink:
    def test_it_is_made_on_request_only(self, volumes: Page, address: str) -> None:
        volumes.goto(f"{address}{VOLUMES}?from=here&p.prefix=old#rollback")
        volumes.fill(field("prefix"), "dockbook-vol")
        volumes.fill(field("volume"), "other")
        assert volumes.url.endswith("?from=here&p.prefix=old#rollback")
        volumes.get_by_role("button", name="Copy a link").click()
        expect(volumes.locator(".said")).to_have_text("Copied.")
        link = copied(volumes)
        assert link == f"{address}{VOLUMES}?from=here&p.volume=other#rollback"

    def test_its_values_are_told_and_not_kept(
        self, volumes: Page, address: str
    ) -> None:
        volumes.fill(field("volume"), "mine")
        volumes.goto(f"{address}{VOLUMES}?p.volume=theirs&p.apply=true")
        assert volumes.locator(".notice").text_content() == (
            "These values came with the link."
        )
        assert volumes.locator(".notice").is_visible()
        assert "theirs" in commands(volumes)[0]
        assert volumes.is_checked(field("apply"))
        volumes.goto(f"{address}{VOLUMES}?from=here")
        assert volumes.input_value(field("volume")) == "mine"
        assert volumes.locator(".notice").is_hidden()

    def test_a_hostile_one_is_inert(self, page: Page, address: str) -> None:
        from urllib.parse import quote

        hostile = quote(HOSTILE)
        page.goto(f"{address}{INSTALL}")
        before = commands(page)
        given = ("user", "image", "apply", "host", "__proto__", "x")
        query = "&".join(f"p.{name}={hostile}" for name in given)
        page.goto(f"{address}{INSTALL}?{query}")
        quoted = shlex.quote(HOSTILE)
        assert commands(page) == [
            text.replace("dockbook-user", quoted) for text in before
        ]
        assert page.locator("img[src=x]").count() == 0
        assert page.title() != "1"
        assert not page.is_checked(field("apply"))
        assert page.locator('[aria-invalid="true"]').count() == 2  # image and host
        assert lines(page)[0] == f"dockbook run install -p user={quoted}"
        page.goto(f"{address}runbooks/11-migration.html?p.rehearse=no&p.method=none")
        assert page.is_checked(field("rehearse"))
        assert lines(page)[0] == "dockbook run migration"
