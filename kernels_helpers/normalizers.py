"""What may differ between two runs of a chapter, by name: IDs, ages, sizes and more.

It is the one source for ``dockbook bake`` and, as a file, for plain nbval. A check of
the chapter sees what was really said.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000 UTC)?"
SPAN = (
    r"(?:Less than a second|About an? (?:minute|hour)"
    r"|\d+ (?:seconds?|minutes|hours|days|weeks|months|years))"
)
LAYER = (
    "Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete"
    "|Extracting|Pull complete|Already exists|Preparing|Pushing|Pushed"
    "|Layer already exists|Mounted from"
)
EPHEMERAL = r"(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|60\d{3})"
HEAD = """\
# What may differ between two runs of a chapter, for nbval: made by `dockbook sanitize`
# from kernels_helpers/normalizers.py. See docs/decisions/0005-recorded-outputs.md.
"""


@dataclass(frozen=True)
class Normalizer:
    """Put one word in place of all that a kind of value may be."""

    name: str
    regex: str
    replace: str

    def __call__(self, text: str) -> str:
        """Return a text with the word."""
        return re.sub(self.regex, self.replace, text)


NORMALIZERS = (  # in this order: a line of progress begins with an ID
    Normalizer(
        "progress of a pull or a push",
        rf"(?m)(?:^[0-9a-f]{{12}}: (?:{LAYER})\b.*\n?)+",
        r"PROGRESS\n",
    ),
    Normalizer("digest", r"\bsha256:[0-9a-f]{64}\b", "DIGEST"),
    Normalizer(
        "identifier of a container, image or volume",
        r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b",
        "ID",
    ),
    Normalizer("identifier of a run", r"\d{8}T\d{6}Z-[a-z0-9-]+-[0-9a-f]{6}", "RUN"),
    Normalizer("time", TIME, "TIME"),
    Normalizer("age", rf"\b{SPAN}(?= ago\b)|(?<=\bUp ){SPAN}", "AGE"),
    Normalizer("size", r"(?<![\w.])\d+(?:\.\d+)?(?:B|kB|MB|GB|TB)\b", "SIZE"),
    Normalizer("port that the engine has chosen", rf"(?<=:){EPHEMERAL}(?=->)", "PORT"),
    Normalizer("width of a column", r"(?<=\S) {3,}(?=\S)", r"\t"),
)


def normalize(text: str, normalizers: Iterable[Normalizer] = NORMALIZERS) -> str:
    """Return a text as any run of the same chapter would say it."""
    for normalizer in normalizers:
        text = normalizer(text)
    return text


def sanitize_file() -> str:
    """Write the normalizers as ``--nbval-sanitize-with`` reads them."""
    parts = (f"[{n.name}]\nregex: {n.regex}\nreplace: {n.replace}" for n in NORMALIZERS)
    return HEAD + "\n\n".join(parts) + "\n"
