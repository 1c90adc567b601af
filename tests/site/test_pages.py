"""Every page of the site as a browser shows it."""

from playwright.sync_api import Page


def test_the_language_changes_and_the_place_stays(page: Page, address: str) -> None:
    page.goto(f"{address}runbooks/05-volumes.html?from=here#rollback")
    page.click("a.language")
    page.wait_for_load_state()
    assert page.url == f"{address}zh/runbooks/05-volumes.html?from=here#rollback"
    assert page.locator("html").get_attribute("lang") == "zh-CN"
