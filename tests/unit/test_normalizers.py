"""What may differ between two runs, and what may not."""

import pytest

from kernels_helpers import book
from kernels_helpers.normalizers import normalize, sanitize_file

ID, HASH = "0123456789ab", "0123456789abcdef" * 4


def test_the_file_for_nbval_is_up_to_date() -> None:
    path = book.PACKAGE.parent / "tests/chapters/sanitize.cfg"
    assert path.read_text(encoding="utf-8") == sanitize_file()


@pytest.mark.parametrize(
    ("said", "normal"),
    [
        (f"sha256:{HASH} {HASH} {ID}", "DIGEST ID ID"),
        (f"{ID}: Pulling fs layer\n{ID}: Pull complete\nDone", "PROGRESS\nDone"),
        (f"{ID}: Layer already exists", "PROGRESS\n"),
        ("Up 3 seconds", "Up AGE"),
        ("Up About a minute (healthy)", "Up AGE (healthy)"),
        ("Exited (137) Less than a second ago", "Exited (137) AGE ago"),
        ("1.24GB 5.5kB 0B", "SIZE SIZE SIZE"),
        (
            "0.0.0.0:32768->80/tcp, [::]:32768->80/tcp",
            "0.0.0.0:PORT->80/tcp, [::]:PORT->80/tcp",
        ),
        ("2026-01-02T03:04:05.678Z 20260102T030405Z-volumes-0a1b2c", "TIME RUN"),
        ("NAME      IMAGE", "NAME\tIMAGE"),
        ("NAME            IMAGE", "NAME\tIMAGE"),
    ],
)
def test_what_any_run_says_otherwise_is_one_word(said: str, normal: str) -> None:
    assert normalize(said) == normal


@pytest.mark.parametrize(
    "said",
    [
        "0.0.0.0:8080->80/tcp",  # a port that somebody has chosen
        "Exited (137)",
        "wait 5 seconds",
        "10.0.0.2 has 64 bytes",
        "two  spaces",
        f"{ID}: not found",
        "version 20.10.24",
    ],
)
def test_what_is_a_statement_stays(said: str) -> None:
    assert normalize(said).replace("ID", ID) == said
