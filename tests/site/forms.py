"""What the tests of the form look for on the page of a chapter."""

from playwright.sync_api import Page

VOLUMES = "runbooks/05-volumes.html"
INSTALL = "runbooks/01-install.html"
NASTY = 'my repo/it\'s:1 "$HOME" `id` $(id) \\ a!b'


def field(name: str) -> str:
    return f'form.parameters [data-name="{name}"]'


def commands(page: Page) -> list[str]:
    return page.locator(".step .cell_input pre").all_text_contents()


def lines(page: Page) -> list[str]:
    return page.locator(".parameters pre").all_text_contents()


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))
