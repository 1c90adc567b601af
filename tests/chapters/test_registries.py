"""The chapter registries: it puts the host back and notices a docker that lies."""

import base64
from pathlib import Path

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import attempt, lying


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
