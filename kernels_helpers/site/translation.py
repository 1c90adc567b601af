"""The translation of the site: what there is to say, and what of it is not said yet.

It is found in the chapters as they are recorded.
"""

import hashlib
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po

import kernels_helpers
from kernels_helpers import book
from kernels_helpers.site import catalogues, messages, source, sphinx
from kernels_helpers.site.source import LOCALE, SITE

CATALOGUES = LOCALE / catalogues.LANGUAGE / "LC_MESSAGES"


def untranslated(out: Path) -> list[str]:
    """Say of each message that is not translated, or wrongly, where it is.

    What was found right is not judged again before something that it rests on changes.
    """
    right, now = out / "messages" / "right", _digest()
    if right.exists() and right.read_text() == now:
        return []
    problems = list(catalogues.problems(CATALOGUES, templates(out)))
    if not problems:
        right.write_text(now)
    return problems


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
    if book.ROOT == book.INSTALLED:
        texts["sphinx"] = list(messages.of_interface(SITE))
    return {name: catalogues.template(found) for name, found in texts.items()}


def _prose(path: Path) -> list[messages.Message]:
    with path.open(encoding="utf-8") as file:
        return [("", str(message.id)) for message in read_po(file) if message.id]


def _digest() -> str:
    """Digest all that messages and their translations come from."""
    code = Path(kernels_helpers.__file__).parent
    digest = hashlib.sha256()
    for folder in (
        SITE,
        source.PROSE,
        source.LOCALE,
        book.RUNBOOKS,
        book.DIAGRAMS,
        code,
    ):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder).parts
            if path.is_file() and not {"_build", "__pycache__"} & {*inside}:
                digest.update(b"%a %b" % (inside, path.read_bytes()))
    return digest.hexdigest()
