"""The languages of the site: what a page says in each, and the way from one to another.

English is at the root of the site, Chinese in ``zh``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from gettext import translation
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import _


@dataclass(frozen=True)
class Language:
    """Name a language, the folder of its pages, and its tag in HTML."""

    name: str
    folder: str
    tag: str


OF_THE_THEME = (_("Color mode"), _("System Settings"))  # it has no Chinese for them
LANGUAGES = {
    "en": Language("English", "", "en"),
    "zh_CN": Language("中文", "zh/", "zh-CN"),
}


def speaker(env: BuildEnvironment, page: str) -> Callable[[str], str]:
    """Return what says a text of a page in the language that is being built."""
    folder = Path(env.srcdir, env.config.locale_dirs[0])
    found = translation(page, folder, [env.config.language], fallback=True)
    return lambda text: text and found.gettext(text)


def up(env: BuildEnvironment, page: str) -> str:
    """Return the way from a page to the root of the site, where English is."""
    folder = LANGUAGES[env.config.language].folder
    return "../" * f"{folder}{page}".count("/")


def link(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Give a page its language and the links to the same page in the others.

    Those for search engines are absolute where the site has an address.
    """
    context["home"] = root = up(app.env, page)
    own = LANGUAGES[app.config.language].folder
    base = app.config.html_baseurl.removesuffix(own) or root
    spoken = [LANGUAGES[name] for name in app.config.book_languages]
    context["languages"] = [(s, f"{root}{s.folder}{page}.html") for s in spoken]
    context["counterparts"] = [(s, f"{base}{s.folder}{page}.html") for s in spoken]
