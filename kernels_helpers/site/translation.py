"""The translation of the site: what there is to say, and what of it is not said yet.

It is found in the chapters as they are recorded.
"""

from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po

from kernels_helpers.site import catalogues, messages, source, sphinx
from kernels_helpers.site.source import LOCALE, SITE

CATALOGUES = LOCALE / catalogues.LANGUAGE / "LC_MESSAGES"


def untranslated(out: Path) -> list[str]:
    """Say of each message that is not translated, or wrongly, where it is."""
    return list(catalogues.problems(CATALOGUES, templates(out)))


def templates(out: Path) -> dict[str, Catalog]:
    """Find what there is to translate, in the chapters as they are recorded."""
    out = out / "messages"
    recorded = source.recorded()
    pages = source.write(out / "source", recorded)
    found = sphinx.run(out, "gettext", "en")
    texts = {
        path.relative_to(found).with_suffix("").as_posix(): _prose(path)
        for path in sorted(found.rglob("*.pot"))
    }
    for page in pages:
        texts[page.doc] += messages.of_cells(recorded[page.name].notebook)
    for path in source.PROSE.glob("*.md"):
        texts[path.stem] += messages.of_prose(path.read_text(encoding="utf-8"))
    texts["sphinx"] = list(messages.of_interface(SITE))
    return {name: catalogues.template(found) for name, found in texts.items()}


def _prose(path: Path) -> list[messages.Message]:
    with path.open(encoding="utf-8") as file:
        return [("", str(message.id)) for message in read_po(file) if message.id]
