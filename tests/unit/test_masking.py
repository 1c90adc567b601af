import base64
import html
import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernels_helpers.masking import MASK, Mask, Stream, forms

SECRETS = [
    "hunter22",
    "abcd",
    "p@ss w\"or'd/é%\\<&>~?",
    "$(id)`x`;*",
    "😀😀😀",
    "aaaaaaaa",
    "-----BEGIN KEY-----\nMIIEabcdefgh\nxyz\n-----END KEY-----",
]
PREFIXES = ["", "u", "us", "use", "user:"]

secrets = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=4
)


def go_json(text: str) -> str:
    """Write JSON as Go does by default."""
    dumped = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if c in "<>&" else c for c in dumped)


def bash(script: str, text: str) -> str:
    return subprocess.run(
        ["bash", "-c", script],
        env={"s": text, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quote": quote,
    "quote all": lambda s: quote(s, safe=""),
    "quote plus": quote_plus,
    "lower-case hex": lambda s: re.sub("%..", lambda hit: hit[0].lower(), quote(s)),
    "json": json.dumps,
    "json with é": lambda s: json.dumps(s, ensure_ascii=False),
    "go": go_json,
    "repr": repr,
    "bytes": lambda s: repr(s.encode()),
    "html": html.escape,
    "shlex": shlex.quote,
    "set -x": lambda s: bash('exec 2>&1; set -x; : "$s"', s),
    "%q": lambda s: bash('printf %q "$s"', s),
    "declare": lambda s: bash("declare -p s", s),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("way", WRITTEN)
def test_a_secret_is_masked_however_it_is_written(secret: str, way: str) -> None:
    written = WRITTEN[way](secret)
    masked = Mask([secret])(f"before {written} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    kept = masked.replace(MASK, "")
    assert not any(form.core in kept for form in forms(secret))
    assert len(kept) < len("before  after") + 30


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("suffix", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_masked_behind_and_before_anything(
    secret: str, prefix: str, suffix: str, encode: Callable[[bytes], bytes]
) -> None:
    """Want nothing of it to stay: what is left decodes to what is around it."""
    before, after = prefix.encode(), suffix.encode()
    text = encode(before + secret.encode() + after).decode()
    masked = Mask([secret])(text)
    left, middle, right = masked.partition(MASK)
    assert middle
    assert len(left) == 8 * len(before) // 6
    assert len(right.rstrip("=")) <= -(-8 * len(after) // 6)


def test_long_lines_of_a_secret_are_masked_alone() -> None:
    mask = Mask([SECRETS[-1]])
    assert mask("MIIEabcdefgh") == MASK
    assert mask("xyz") == "xyz"
    assert mask(SECRETS[-1]) == MASK


def test_the_longest_is_masked_first() -> None:
    mask = Mask(["abcd", "abcdef"])
    assert mask("abcdef abcd") == f"{MASK} {MASK}"
    assert whole(mask, ["abcd", "e", "x"]) == f"{MASK}ex"


def test_texts_in_lists_and_mappings_are_masked() -> None:
    masked = Mask(["hunter22"]).deep({"hunter22": ["a hunter22", 1, None, {"b": True}]})
    assert masked == {MASK: [f"a {MASK}", 1, None, {"b": True}]}


def test_without_a_secret_nothing_is_touched() -> None:
    mask = Mask()
    assert not mask
    assert mask(text := "any text") is text
    assert whole(mask, ["any", " text"]) == "any text"


# In pieces


def whole(mask: Mask, pieces: Iterable[str]) -> str:
    """Write pieces to a stream and put together what comes out."""
    out: list[str] = []
    with Stream(mask, out.append) as write:
        for piece in pieces:
            write(piece)
    return "".join(out)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({*(p % (len(text) + 1) for p in places), len(text)})
    return [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@st.composite
def around(draw: st.DrawFn) -> tuple[list[str], str, list[int]]:
    """Draw secrets, a text with them and their beginnings in it, and where to cut."""
    known = draw(st.lists(st.sampled_from(SECRETS) | secrets, min_size=1, max_size=3))
    written = [
        form.left[:1] + form.core + form.right[:1] for s in known for form in forms(s)
    ]
    pieces = st.sampled_from(written).flatmap(
        lambda w: st.integers(0, len(w)).map(lambda n: w[:n])
    )
    parts = st.lists(st.sampled_from(written) | pieces | st.text("ab1=\n ", max_size=5))
    return known, "".join(draw(parts)), draw(st.lists(st.integers(0, 10**6)))


@given(around())
@example((["aaaa"], "a" * 7, [1, 2, 3, 4, 5, 6]))
@example((["abcd", "cdef"], "abcdef", [3, 5]))
def test_however_a_text_is_cut_it_is_masked_as_a_whole(
    drawn: tuple[list[str], str, list[int]],
) -> None:
    known, text, places = drawn
    mask = Mask(known)
    assert whole(mask, cut(text, places)) == mask(text)


def unfinished(mask: Mask, text: str) -> bool:
    """Say, the slow way, whether a text ends with the beginning of a form."""
    for form in mask.forms:
        written = [
            left + form.core + right
            for left in ["", *form.left]
            for right in ["", *form.right]
        ]
        for w in written:
            if any(text.endswith(w[:n]) for n in range(1, len(w))):
                return True
    return False


@given(around())
@example((["hunter22"], "a line\n", []))
def test_nothing_waits_without_a_reason(
    drawn: tuple[list[str], str, list[int]],
) -> None:
    known, text, _ = drawn
    mask = Mask(known)
    done, held = mask.split(text)
    if not unfinished(mask, text):
        assert held == ""
    assert len(held) < max(len(form) for form in mask.forms)
    assert done + mask(held) == mask(text)


def test_the_end_of_a_text_is_handed_on_at_once_and_a_beginning_later() -> None:
    out: list[str] = []
    stream = Stream(Mask(["hunter22"]), out.append)
    stream.write("a line\n")
    assert out == ["a line\n"]
    stream.write("hunt")
    assert out == ["a line\n"]
    stream.flush()
    assert out == ["a line\n", "hunt"]
