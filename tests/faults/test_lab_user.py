"""The lab of a normal user: no root, no sudo, the same promises but for disks."""

from pathlib import Path

from tests.faults.throwaway import DOWN, RUN, UP, Remains, User, init


def test_docker_works(lab_user: User, remains: Remains) -> None:
    up = lab_user.python(UP, "mine")
    assert up.returncode == 0, up.stderr
    assert Path(f"/proc/{init(lab_user, 'mine')}").stat().st_uid != 0
    assert lab_user.run("mine", "docker run --rm busybox echo works") == "works\n"
    published = """
    docker run -d --name web -p 80:80 -v named:/data busybox \
      sh -c 'echo served >index.html; exec httpd -f -p 80' >/dev/null
    until curl -fs 127.0.0.1:80; do sleep 0.05; done
    docker exec web sh -c 'echo kept >/data/file; chown 33 /data/file'
    docker rm -f web >/dev/null
    docker run --rm -v named:/data busybox sh -c 'cat /data/file; stat -c %u /data/file'
    """
    assert lab_user.run("mine", published) == "served\nkept\n33\n"
    network = """
    docker network create lan >/dev/null
    docker run -d --network lan --name far busybox \
      sh -c 'echo far >index.html; exec httpd -f -p 80' >/dev/null
    docker run --rm --network lan busybox \
      sh -c 'until wget -qO- http://far; do sleep 0.1; done' 2>/dev/null
    """
    assert lab_user.run("mine", network) == "far\n"
    assert "no files of root" in lab_user.run(
        "mine", "cat /etc/shadow- || echo no files of root; touch /root/ok /etc/ok"
    )
    down = lab_user.python(DOWN, "mine")
    assert down.returncode == 0, down.stderr
    assert remains(lab_user.home) == []


def test_systemctl_stands_in(lab_user: User) -> None:
    assert lab_user.python(UP, "service").returncode == 0
    first = lab_user.run("service", "cat /run/docker.pid")
    changed = """
    systemctl is-active docker
    echo '{"debug": true}' >/etc/docker/daemon.json
    systemctl restart docker
    docker info -f '{{.Debug}}'
    systemctl stop docker
    systemctl is-active docker || true
    systemctl start docker
    """
    assert lab_user.run("service", changed) == "active\ntrue\ninactive\n"
    assert lab_user.run("service", "cat /run/docker.pid") != first
    bad = lab_user.python(
        RUN, "service", "echo '{' >/etc/docker/daemon.json; systemctl restart docker"
    )
    assert bad.returncode == 1
    assert "Job for docker.service failed" in bad.stdout
    assert "unexpected EOF" in bad.stdout
    assert lab_user.python(DOWN, "service").returncode == 0


def test_a_disk_is_refused_in_words(lab_user: User) -> None:
    up = "from kernels_helpers.lab import life; life.up('disk', ['vdb=64M'])"
    told = lab_user.python(up)
    assert told.returncode == 1
    assert "LabError: --disk needs root" in told.stderr


def test_podman_is_refused_in_words(lab_user: User) -> None:
    up = "from kernels_helpers.lab import life; life.up('pod', engine='podman')"
    told = lab_user.python(up)
    assert told.returncode == 1
    assert "LabError: no lab with Podman can be started here: it needs root" in (
        told.stderr
    )
    assert "a lab of a normal user has no systemd" in told.stderr
    assert told.stderr.endswith("run it as root\n")
