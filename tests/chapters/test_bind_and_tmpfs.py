"""The chapter bind-and-tmpfs, on what test_every does not ask."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import attempt, inventory


@pytest.mark.parametrize("sign", [":", ",", '"'])
def test_a_path_that_no_option_can_hold_is_refused_in_the_preflight(
    lab: LabHost, tmp_path: Path, sign: str
) -> None:
    before = inventory(lab)
    made = attempt("bind-and-tmpfs", lab, tmp_path, folder=f"/srv/a{sign}b")
    assert made.reason == "CheckFailed: no colon, comma or quote is in it"
    assert inventory(lab) == before
