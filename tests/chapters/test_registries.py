"""The chapter registries: it puts the host back and notices a docker that lies."""

import base64
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

FILES = """
cat /etc/hosts /etc/docker/daemon.json 2>&1
find /etc/docker /srv /root -printf '%p %M %u\\n' | sort
"""
# What each fake does wrong, and what the chapter must say to it.
FAKES = {
    "succeeds always and says nothing": (
        SILENT,
        "StepFailed",
    ),
    "forgets no password": (
        f'[ "$1" = logout ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the password is gone from the file",
    ),
    "collects no garbage": (
        f"""
case $* in
*garbage-collect*) echo 3 blobs marked, 3 blobs; exit 0 ;;
esac
exec {DOCKER} "$@"
""",
        "CheckFailed: at least the 1 MB has been freed",
    ),
    "starts a registry that asks for no password": (
        f"""
for word; do
  shift
  case $word in REGISTRY_AUTH_*) word=UNUSED=1 ;; esac
  set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
        "StepFailed",
    ),
    "keeps images that are to be removed": (
        f'[ "$1$2" = imagerm ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: the images were forgotten",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    before = lab.run(FILES).output, lab.docker.info()["RegistryConfig"]
    pass_twice("registries", lab, tmp_path)
    assert (lab.run(FILES).output, lab.docker.info()["RegistryConfig"]) == before


def test_other_settings_of_the_engine_survive(lab: LabHost, tmp_path: Path) -> None:
    settings = '{"labels": [ "a=b" ]}'
    write = 'printf %s "$text" >/etc/docker/daemon.json && systemctl reload docker'
    assert lab.run(write, env={"text": settings}).rc == 0
    made = attempt("registries", lab, tmp_path)
    kept = lab.run("cat /etc/docker/daemon.json").output
    assert lab.run(write, env={"text": '{"labels": []}'}).rc == 0
    assert lab.run("rm /etc/docker/daemon.json").rc == 0
    assert (made.reason, kept) == (None, settings)


def test_the_password_is_in_no_evidence(dockbook_home: Path, tmp_path: Path) -> None:
    """Want neither the password nor its base64 in the files of a run."""
    del dockbook_home
    word = "0123456789abcdef" * 2
    fake = f'[ "$1" = rand ] && echo {word} && exit\nexec /usr/bin/openssl "$@"'
    with lying(fake, "openssl") as host:
        made = attempt("registries", host, tmp_path)
    texts = [path.read_text() for path in (tmp_path / made.run).iterdir()]
    assert made.reason is None
    assert len(texts) >= 3
    coded = base64.b64encode(f"alice:{word}".encode()).decode()
    assert not any(word in text or coded in text for text in texts)


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt("registries", liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
