"""JSON that people write by hand: what is wrong is named, with file, line and cure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import strict_json
from strict_json import Stopped, merge, read

BAD = {
    "BOM": (b'\xef\xbb\xbf{"debug": true}', ":1: a byte order mark: save"),
    "CRLF": (b'{\n"debug": true\r\n}', r":2: the line ends in CR LF: take .* sed -i"),
    "comment": (b'{\n// mine\n"debug": true}', ":2: a comment, .*: take it out"),
    "comment behind": (b'{"debug": true # mine\n}', ":1: a comment, .*: take it out"),
    "trailing comma": (
        b'{"a": 1,\n"b": [],\n}',
        ":[23]: a comma .* take it out",
    ),
    "in a list": (b'{"a": [1,\n]}', ":[12]: a comma before the bracket .* take it out"),
    "twice": (b'{"a": 1,\n"b": 2,\n"a": 1}', ":1, 3: the key 'a' is there twice"),
    "twice inside": (
        b'{"a": {"b": 1,\n"b": 2}}',
        ":1, 2: the key 'b' .*: leave one",
    ),
    "a list": (b"[]", ":1: this is no object: put"),
    "a text": (b'"debug"', ":1: this is no object: put"),
    "empty": (b"", ":1: Expecting value, column 1: mend"),
    "cut off": (b'{"a":\n', ":2: Expecting value, column 1: mend"),
    "two of them": (b"{}\n{}", ":2: Extra data, column 1: mend"),
    "NaN": (b'{"a": NaN}', ": NaN is no number of JSON: write one"),
    "no UTF-8": (b'{"a":\n"\xff"}', ":2: this is no UTF-8: save it as UTF-8"),
    "deep": (b'{"a":' + b"[" * 99_999, ": it is nested too deeply: make"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "daemon.json"
    path.write_text('{"debug": true}')
    return path


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named_with_file_line_and_cure(
    file: Path, content: bytes, said: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(Stopped, match=f"^{file}{said}"):
        read(file)


def test_what_others_could_change_is_refused(file: Path) -> None:
    assert read(file) == {"debug": True}
    link = file.with_name("link")
    link.symlink_to(file)
    with pytest.raises(Stopped, match=f"^{link}: this is a link to {file}: put"):
        read(link)
    with pytest.raises(Stopped, match=f"^{file.parent}: this is no file: name"):
        read(file.parent)
    file.chmod(0o664)
    with pytest.raises(Stopped, match="with mode 664 others may write it: chmod go-w"):
        read(file)
    file.chmod(0o600)
    assert read(file) == {"debug": True}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 65534, -1)
    with pytest.raises(Stopped, match="it belongs to user 65534: chown root"):
        read(file)


def test_it_is_a_program_too(file: Path) -> None:
    """Want one line for a person, whatever is wrong, and no traceback."""

    def judged(path: Path) -> tuple[int, str]:
        words = [sys.executable, "-I", strict_json.__file__, str(path)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    assert judged(file) == (0, "")
    gone = file.with_name("gone")
    assert judged(gone) == (1, f"{gone}: No such file or directory\n")
    file.write_text("[]")
    assert judged(file)[0] == 1
    assert judged(file)[1].count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "both"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "x"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
)
def test_merging_is_that_of_rfc_7396(old: object, new: object, both: object) -> None:
    assert merge(old, new) == both
