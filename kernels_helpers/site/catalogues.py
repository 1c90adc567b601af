"""The catalogues of the Chinese pages: brought up to date, and judged.

There is one gettext file for each page, and ``sphinx.po`` for the interface. They
hold neither dates nor places, so that they change only when a text does.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from babel.messages import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po
from markdown_it import MarkdownIt

from kernels_helpers.errors import DockbookError

LANGUAGE = "zh_CN"
HEADER = f"""\
msgid ""
msgstr ""
"Language: {LANGUAGE}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
CODE = re.compile(r"(`+).+?\1|\]\([^)]*\)|<https?:[^>]*>")
LETTERS = re.compile(r"[^\W\d_]{2}")
NAME = re.compile(r"\$\w+|\{\w*\}")  # a variable of the shell, a value to fill in
MARKDOWN = MarkdownIt()
PARAGRAPH = ["paragraph_open", "inline", "paragraph_close"]
SHOWN = 60  # characters of a message

Templates: TypeAlias = Mapping[str, Catalog]


def template(texts: Iterable[tuple[str, str]]) -> Catalog:
    """Collect the messages of a page: kind and English text of each.

    What has no letters but in code is left out: it is the same in every language,
    unless it is a sign of the interface.
    """
    made = Catalog()
    for kind, text in texts:
        if kind == "interface" or LETTERS.search(CODE.sub("", text)):
            made.add(text, auto_comments=[kind] if kind else [])
    return made


def update(folder: Path, templates: Templates) -> list[Path]:
    """Bring the catalogues up to date with the English texts; return the changed.

    A text that is much like an earlier one gets its translation, marked as fuzzy.
    Translations of what is gone go too.
    """
    wanted = {_path(folder, name): made for name, made in templates.items()}
    changed = [path for path in _present(folder) if path not in wanted]
    for path in changed:
        path.unlink()
    for path, made in wanted.items():
        catalog = _read(path) if path.exists() else Catalog()
        catalog.update(made)
        if (text := _text(catalog)) != (path.read_text() if path.exists() else ""):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def problems(folder: Path, templates: Templates) -> Iterator[str]:
    """Say of each message that is not translated, or wrongly, where it is."""
    wanted = {_path(folder, name): made for name, made in templates.items()}
    for path in sorted({*wanted, *_present(folder)}):
        if path not in wanted:
            yield f"{path}: there is no such page"
        elif not path.exists():
            yield f"{path}: the catalogue is missing"
        else:
            for line, problem, text in _problems(_read(path), wanted[path]):
                yield f"{path}:{line}: {problem}: {_short(text)}"


def _problems(catalog: Catalog, made: Catalog) -> Iterator[tuple[int, str, str]]:
    for text in _ids(made):
        found = catalog.get(text)
        if found is None:
            yield 0, "not in the catalogue", text
        elif problem := _problem(found, is_prose=not made[text].auto_comments):
            yield found.lineno or 0, problem, text
    for message in [*catalog, *catalog.obsolete.values()]:
        text = str(message.id)
        if text and text not in made:
            yield message.lineno or 0, "obsolete", text


def _ids(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id]


def _problem(message: Message, *, is_prose: bool) -> str | None:
    """Name what is wrong with a translation."""
    if message.fuzzy:
        return "fuzzy"
    if not message.string:
        return "untranslated"
    text = str(message.string)
    if is_prose and [t.type for t in MARKDOWN.parse(text)] != PARAGRAPH:
        return r"is not one paragraph (write 1\. for 1.)"
    old, new = marks(str(message.id)), marks(text)
    lost, added = ", ".join(sorted(old - new)), ", ".join(sorted(new - old))
    said = [f"lacks {lost}" if lost else "", f"has {added} more" if added else ""]
    return " and ".join(filter(None, said)) or None


def marks(text: str) -> set[str]:
    """Take from a text what a translation must have too: code, links, names, bold."""
    found = set(NAME.findall(text))
    for token in MARKDOWN.parseInline(text)[0].children or ():
        if token.type == "code_inline":
            found.add(f"`{token.content}`")
        elif token.type == "link_open":
            found.add(f"({token.attrs['href']})")
        elif token.type in ("strong_open", "em_open"):
            found.add(token.markup)
    return found


def _present(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.po"))


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.po"


def _read(path: Path) -> Catalog:
    try:
        with path.open(encoding="utf-8") as file:
            return read_po(file, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise DockbookError(f"{path} is no gettext catalogue: {error}") from error


def _text(catalog: Catalog) -> str:
    """Write a catalogue without what changes from day to day."""
    for message in catalog:
        message.flags &= {"fuzzy"}
    written = io.BytesIO()
    write_po(written, catalog, width=0, omit_header=True, ignore_obsolete=True)
    return HEADER + written.getvalue().decode()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
