from pathlib import Path

import pytest

from kernels_helpers import telling
from kernels_helpers.errors import DockbookError
from tests.unit import notebooks
from tests.unit.test_cli import call, refused

DEAD = "http://127.0.0.1:9/token-5521"


def test_a_webhook_is_a_secret_that_no_message_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    words = ("watch", small, "--host", "lab://none", "--out", tmp_path / "out")
    refused(call("watch", small), "--host or --inventory")
    done = call(*words, "--webhook", DEAD)
    refused(done, "--webhook: this (not shown) is not a reference")
    monkeypatch.setenv("HOOK", "token-5521")
    refused(call(*words, "--webhook", "env:HOOK"), "is no http(s) URL")
    monkeypatch.setenv("HOOK", DEAD)
    with pytest.raises(DockbookError, match="was not reached") as told:
        telling.post(telling.webhook_url("env:HOOK"), {})
    assert "token-5521" not in str(told.value)


def test_an_unreachable_host_is_found_and_told(tmp_path: Path) -> None:
    small = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    done = call("watch", small, "--host", "lab://none", "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert "unreachable  lab://none" in done.output
    assert "is not running" in done.output
