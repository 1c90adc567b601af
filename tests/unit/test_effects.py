"""What a body would do, read from its commands."""

import pytest

from kernels_helpers.effects import effects
from kernels_helpers.verbs import Effect

VALUES = {"volume": "data", "prefix": "demo", "folder": "/srv/a b", "label": "x=1"}


def would(body: str) -> list[str]:
    return [" ".join(effect) for effect in effects(body, VALUES)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('docker volume create --label "$label" "$volume"', ["create volume data"]),
        ("docker volume create -d local -o type=tmpfs vv", ["create volume vv"]),
        ("docker volume rm -f vv ww", ["remove volume vv", "remove volume ww"]),
        ("docker network create --internal -d bridge nn", ["create network nn"]),
        ("docker network connect --alias db nn cc", ["change network nn"]),
        ('docker run --name "$prefix-a" -p 80:80 img x', ["create container demo-a"]),
        ("docker create --name=aa img", ["create container aa"]),
        ("docker run --rm img true", ["create container (without a name)"]),
        ("docker container rm -f aa", ["remove container aa"]),
        ("docker stop -t 0 aa bb", ["change container aa", "change container bb"]),
        ("docker exec -e A=1 -i aa sh -c 'rm /x'", ["change container aa"]),
        ("docker commit -m said --change 'CMD x' aa im:1", ["create image im:1"]),
        ("docker tag im:1 im:2", ["create image im:2"]),
        ("docker build -q -t one -t two .", ["create image one", "create image two"]),
        ("docker push -q r/im:1", ["write image of a registry r/im:1"]),
        ("docker image rm im:1", ["remove image im:1"]),
        ("docker cp a cc:/x", ["write file in a container cc:/x"]),
        ('docker cp cc:/x "$folder/x"', ["write file /srv/a b/x"]),
        ("docker cp cc:/x -", []),
        ("docker save --output /t.tar im:1", ["write file /t.tar"]),
        ("docker login -u me --password-stdin r", ["create login r"]),
        ("docker ps -a; docker volume ls; docker image inspect x", []),
        ("docker swarm init", ["run command docker swarm init"]),
        ('mkdir -p "$folder"', ["create directory /srv/a b"]),
        (
            "mkdir -m 700 /a; mkdir -m711 /b",
            ["create directory /a", "create directory /b"],
        ),
        ("mkdir -p --mode 700 /a", ["create directory /a"]),
        ("touch -d '1 day ago' /a", ["write file /a"]),
        ("echo x | sudo tee -a /etc/fstab >/dev/null", ["write file /etc/fstab"]),
        ("echo x >>/etc/hosts 2>&1", ["write file /etc/hosts"]),
        ("grep x /etc/hosts 2>/dev/null", []),
        (
            "sed -i s/a/b/ /etc/x; sed s/a/b/ /etc/y",
            ["change file /etc/x"],
        ),
        ("find /x -delete", ["run command find /x -delete"]),
        ("find /x -exec rm {} +; find /x", ["run command find /x -exec rm {} +"]),
        ("sort -o /x /x; sort /x", ["run command sort -o /x /x"]),
        ("date -s 12:00; date +%s", ["run command date -s 12:00"]),
        ("hostname other", ["run command hostname other"]),
        ("systemctl restart docker", ["restart service docker"]),
        ("systemctl is-active docker", []),
        ("mount --bind /a /b; umount /b", ["create mount /b", "remove mount /b"]),
        ("rsync -a a/ b/", ["write file b/"]),
        ("curl -X DELETE http://x/", ["run command curl -X DELETE http://x/"]),
        ("docker ps -q | xargs docker rm", ["remove container …"]),
        ("id=$(docker create --name zz img)", ["create container zz"]),
        ('docker rm "$(docker ps -lq)"', ["remove container $(…)"]),
        ('docker rm "$unknown"', ["remove container ${unknown}"]),
        ("docker rm '$volume'", ["remove container ${volume}"]),
        ("at=$volume; docker rm $at", ["remove container data"]),
        (
            'for n in one two; do docker rm "$prefix-$n"; done',
            ["remove container demo-one", "remove container demo-two"],
        ),
        (
            'start() { docker rm "$prefix-$1"; }; start one -f; start two',
            ["remove container demo-one", "remove container demo-two"],
        ),
        (
            "again() { docker rm aa; again; }; again",
            ["remove container aa", "run command again"],
        ),
        (
            "docker run --name aa -v vv:/x -v /srv:/y -v /z --mount src=ww,dst=/w "
            "--mount type=bind,source=/srv,target=/t img",
            ["create container aa", "create volume vv", "create volume ww"],
        ),
        ("! docker rm aa || (docker rm aa)", ["remove container aa"]),
        ("docker build -t im - <<'E' 2>&1 | tail\nFROM x\nE", ["create image im"]),
        ("cat >/etc/x <<E\ndocker rm aa\nE", ["write file /etc/x"]),
        (
            "flock /l python3 daemon_json.py merge x; python3 daemon_json.py check x",
            ["change file /etc/docker/daemon.json", "reload service docker"],
        ),
        (
            'python3 "$folder/daemon_json.py" put x --restart; python3 y',
            [
                "change file /etc/docker/daemon.json",
                "restart service docker",
                "run command python3 y",
            ],
        ),
        ("timeout 5 docker rm aa", ["remove container aa"]),
        ("docker", []),
        ("", []),
    ],
)
def test_effects_are_read_from_the_commands(body: str, expected: list[str]) -> None:
    assert would(body) == expected


def test_what_is_no_bash_is_shown_as_it_is() -> None:
    assert effects("docker rm aa; done )", {})[-1] == Effect(
        "run", "command", "docker rm aa; done )"
    )


def test_a_long_command_is_shortened() -> None:
    (effect,) = effects("strange " + "word " * 50, {})
    assert len(effect.name) <= 60
    assert effect.name.endswith(" …")
