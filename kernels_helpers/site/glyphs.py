"""Let a PDF be searched for what was written.

One glyph may stand for two characters: in Noto Sans CJK that of 文 is also that of
the radical U+2F42. Chromium notes one of them, and often the wrong one.
"""

import re
import unicodedata
from pathlib import Path

import pikepdf

GLYPH = re.compile(rb"^(<[0-9A-F]+>) <(2[EF][0-9A-F]{2})>$", re.MULTILINE)
SIMPLIFIED = (
    str.maketrans(  # radicals for which Unicode names no character, or not ours
        "\u2ec1\u2ec4\u2ec5\u2ec6\u2ec9\u2ecb\u2ed3\u2ed4\u2ed8\u2ed9\u2eda\u2edb\u2edc"
        "\u2edd\u2ee2\u2ee3\u2ee4\u2ee5\u2ee6\u2ee8\u2ee9\u2eec\u2eee\u2ef0\u2f3e",
        "虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙户",
    )
)


def mend(pdf: Path) -> None:
    """Write a PDF anew, with a character for each glyph that means one."""
    with pikepdf.open(pdf, allow_overwriting_input=True) as opened:
        for found in opened.objects:
            if isinstance(found, pikepdf.Dictionary) and "/ToUnicode" in found:
                noted = found.ToUnicode.read_bytes()
                found.ToUnicode.write(GLYPH.sub(_meant, noted))
        opened.save(object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _meant(noted: re.Match[bytes]) -> bytes:
    character = chr(int(noted[2], 16)).translate(SIMPLIFIED)
    meant = unicodedata.normalize("NFKC", character).encode("utf-16-be")
    return noted[1] + b" <" + meant.hex().upper().encode() + b">"
