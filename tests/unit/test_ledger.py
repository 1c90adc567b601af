import re

import pytest

from kernels_helpers import book, notebook

LEDGER = book.ledger()
PROVED = {c["id"] for c in LEDGER if c["verdict"] in ("confirmed", "corrected")}


def proved(chapter: str) -> set[str]:
    """Name the claims that a chapter has to prove."""
    return PROVED & {c["id"] for c in LEDGER if c["chapter"] == chapter}


def test_ids_are_unique_and_name_their_section() -> None:
    ids = [claim["id"] for claim in LEDGER]
    assert len(set(ids)) == len(ids)
    assert all(c["id"].startswith(f"{c['section']}-") for c in LEDGER)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_names_their_number(name: str) -> None:
    text = (book.PACKAGE.parent / name).read_text(encoding="utf-8")
    assert re.findall(r"\b(\d+) (?:claims|条说法)", text) == [str(len(LEDGER))]


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: str(claim["id"]))
def test_a_claim_is_complete_in_both_languages(claim: dict[str, object]) -> None:
    assert set(claim) == {"id", "section", "claim", "verdict", "why", "chapter"}
    assert claim["verdict"] in book.VERDICTS
    assert claim["chapter"] in book.chapters()
    for text in (claim["claim"], claim["why"]):
        assert isinstance(text, dict)
        assert set(text) == {"en", "zh"}
        assert text["en"].strip()
        assert re.search(r"[\u4e00-\u9fff]", text["zh"])


def test_proofs_and_claims_name_each_other() -> None:
    """Want a check for each proved claim, and none for what no engine was asked."""
    notes = set()
    for path in book.chapters().values():
        chapter, _ = notebook.load(path)
        for cell in chapter.cells:
            notes |= set(re.findall(r'note="([^"]+)"', cell.source))
    assert notes == PROVED
