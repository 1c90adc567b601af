"""The stand-in images: the same on every run, and whole whoever builds them."""

import hashlib
import importlib.util
import io
import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kernels_helpers import archive as format_
from kernels_helpers import images
from kernels_helpers.archive import HUB, Image, write_archive
from kernels_helpers.errors import LabError
from kernels_helpers.images import cached_archive, standard_images

TAGS = [
    "busybox:latest",
    "alpine:latest",
    "nginx:latest",
    "hello-world:latest",
    "registry:2",
]
BUILD = """\
import sys, time
from pathlib import Path
from kernels_helpers.images import cached_archive
Path(sys.argv[2]).touch()
while not Path(sys.argv[3]).exists():
    time.sleep(0.001)
print(cached_archive(Path(sys.argv[1])))
"""

pytestmark = pytest.mark.skipif(
    not (images.BUSYBOX.exists() and images.REGISTRY.exists()),
    reason="busybox-static or docker-registry is not installed",
)


@pytest.fixture(scope="module")
def standard() -> dict[str, Image]:
    return {image.tag: image for image in standard_images()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cached_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def busybox(tmp_path: Path) -> Path:
    return Path(shutil.copy(images.BUSYBOX, tmp_path / "busybox"))


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    # Any program will do, and this one is small and has libraries.
    return Path(shutil.copy("/usr/bin/env", tmp_path / "docker-registry"))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def members(tar: bytes) -> Iterator[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        yield from opened


def root_of(image: Image) -> dict[str, tarfile.TarInfo]:
    return {m.name: m for layer in image.layers for m in members(layer.tar)}


def content(image: Image, path: str) -> bytes:
    for layer in image.layers:
        with tarfile.open(fileobj=io.BytesIO(layer.tar)) as opened:
            if path in opened.getnames() and (file := opened.extractfile(path)):
                return file.read()
    raise AssertionError(path)


def config(image: Image) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(image.config)["config"]
    return settings


def build_anew(_folder: Path, **programs: Path) -> list[Image]:
    return standard_images(**programs)


def recipe(folder: Path, change: str) -> ModuleType:
    """Load a copy of the module, with its source changed."""
    file = folder / "images_copy.py"
    file.write_text(Path(images.__file__).read_text() + change)
    spec = importlib.util.spec_from_file_location("images_copy", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["images_copy"] = module  # dataclasses look it up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules["images_copy"]
    return module


def test_two_builds_are_equal(tmp_path: Path) -> None:
    for name in "ab":
        write_archive(tmp_path / name, standard_images())
        time.sleep(1.1 if name == "a" else 0)  # a tar counts in seconds
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_ids_do_not_depend_on_the_process(standard: dict[str, Image]) -> None:
    code = (
        "import os; os.umask(0o77); from kernels_helpers import images\n"
        "for image in images.standard_images(): print(image.id)"
    )
    for seed in "12":
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
        argv = [sys.executable, "-c", code]
        told = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
        assert told.stdout.split() == [image.id for image in standard.values()]


def test_nothing_of_this_machine_is_in_a_layer(standard: dict[str, Image]) -> None:
    for image in standard.values():
        for layer in image.layers:
            found = list(members(layer.tar))
            assert found
            assert {(m.uid, m.gid, m.uname, m.gname) for m in found} == {(0, 0, "", "")}
            assert {m.mtime for m in found} == {format_.MTIME}
            names = [m.name for m in found]
            assert names == sorted(names)
            assert {str(Path(n).parent) for n in names} <= {*names, "."}


def test_archive_is_what_docker_loads(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        files = {m.name: opened.extractfile(m).read() for m in opened}  # type: ignore[union-attr]
        assert len(opened.getnames()) == len(files)
    manifest = json.loads(files["manifest.json"])
    assert [image["RepoTags"] for image in manifest] == [
        [f"{HUB}{tag}"] for tag in TAGS
    ]
    used = {"manifest.json"}
    for image in manifest:
        document = json.loads(files[image["Config"]])
        assert image["Config"] == f"{sha256(files[image['Config']])}.json"
        digests = [f"sha256:{sha256(files[layer])}" for layer in image["Layers"]]
        assert document["rootfs"] == {"type": "layers", "diff_ids": digests}
        assert len(document["history"]) == len(digests)
        assert document["os"] == "linux"
        used |= {image["Config"], *image["Layers"]}
    assert used == set(files)


def test_ids_are_those_of_the_archive(
    archive: Path, standard: dict[str, Image]
) -> None:
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    for image in standard.values():
        assert f"{image.id.removeprefix('sha256:')}.json" in names


def test_architecture_is_spelled_as_docker_does(
    standard: dict[str, Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {
        "x86_64": "amd64",
        "aarch64": "arm64",
        "armv7l": "arm",
        "s390x": "s390x",
    }
    for machine, name in expected.items():
        monkeypatch.setattr(platform, "machine", lambda machine=machine: machine)
        for image in standard_images():
            assert json.loads(image.config)["architecture"] == name


@pytest.mark.parametrize("tag", TAGS)
def test_labels_say_that_it_is_a_stand_in(standard: dict[str, Image], tag: str) -> None:
    labels = config(standard[tag])["Labels"]
    assert labels == {
        "dockbook.stand-in": "true",
        "org.opencontainers.image.description": f"dockbook lab stand-in for {tag}",
    }


def test_base_has_all_applets_and_accounts(standard: dict[str, Image]) -> None:
    image = standard["busybox:latest"]
    root = root_of(image)
    for path in ("bin/sh", "usr/bin/env", "usr/bin/wget", "usr/sbin/httpd"):
        assert root[path].linkname == "/bin/busybox"
    assert content(image, "bin/busybox") == images.BUSYBOX.read_bytes()
    modes = {"bin/busybox": 0o755, "tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}
    assert {path: root[path].mode for path in modes} == modes
    assert all(root[path].isdir() for path in ("proc", "sys", "dev", "etc", "var"))
    assert b"\nwww-data:x:33:33:" in content(image, "etc/passwd")
    assert b"\nwww-data:x:33:\n" in content(image, "etc/group")
    assert config(image)["Cmd"] == ["sh"]


def test_alpine_admits_that_it_is_none(standard: dict[str, Image]) -> None:
    release = content(standard["alpine:latest"], "etc/os-release").decode()
    assert "dockbook lab stand-in" in release
    assert "ID=alpine\n" not in release


def test_nginx_has_two_pages_and_a_port(standard: dict[str, Image]) -> None:
    image = standard["nginx:latest"]
    pages = {
        name: content(image, f"usr/share/nginx/html/{name}.html").decode()
        for name in ("index", "50x")
    }
    assert "<h1>Welcome to nginx!</h1>\n" in pages["index"]
    assert "<h1>An error occurred.</h1>\n" in pages["50x"]
    assert config(image)["ExposedPorts"] == {"80/tcp": {}}
    assert root_of(image)["usr/sbin/nginx"].mode == 0o755


def test_nginx_handles_term(standard: dict[str, Image], tmp_path: Path) -> None:
    """As pid 1 it would be deaf to it: a plain death (143) is not enough."""
    script = tmp_path / "nginx"
    script.write_bytes(content(standard["nginx:latest"], "usr/sbin/nginx"))
    httpd = tmp_path / "httpd"
    httpd.write_text("#!/bin/sh\nexec sleep 10\n")
    httpd.chmod(0o755)
    stop = f'PATH={tmp_path}:$PATH sh {script} & sleep 0.3; kill -TERM "$!"; wait "$!"'
    started = time.monotonic()
    ended = subprocess.run(["sh", "-c", stop], check=False, timeout=20)
    assert ended.returncode == 0
    assert time.monotonic() - started < 5


def test_hello_world_says_hello(standard: dict[str, Image]) -> None:
    image = standard["hello-world:latest"]
    assert config(image)["Cmd"] == ["/hello"]
    assert root_of(image)["hello"].mode == 0o755
    said = subprocess.run(
        ["sh"], input=content(image, "hello"), capture_output=True, check=True
    )
    assert said.stdout.startswith(b"Hello from Docker!")


def test_registry_has_the_libraries_of_its_program(
    standard: dict[str, Image],
) -> None:
    image = standard["registry:2"]
    settings = config(image)
    assert settings["ExposedPorts"] == {"5000/tcp": {}}
    assert settings["Volumes"] == {"/var/lib/registry": {}}
    root = root_of(image)
    assert root["var/lib/registry"].isdir()
    assert settings["Cmd"][-1].lstrip("/") in root
    linked = subprocess.run(
        ["ldd", images.REGISTRY], capture_output=True, text=True, check=False
    )
    needed = {word for word in linked.stdout.split() if word.startswith("/")}
    assert {path.lstrip("/") for path in needed} <= set(root)


def test_cache_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    first = cached_archive(folder)
    inode = first.stat().st_ino
    assert cached_archive(folder) == first
    assert first.stat().st_ino == inode
    assert [path.name for path in folder.iterdir()] == [first.name]
    assert stat.S_IMODE(first.stat().st_mode) == 0o444


def test_cached_start_is_fast(archive: Path) -> None:
    seconds = []
    for _ in range(5):
        started = time.monotonic()
        assert cached_archive(archive.parent) == archive
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 0.1


@pytest.mark.parametrize("which", ["busybox", "registry"])
def test_changed_program_changes_the_name(
    tmp_path: Path, busybox: Path, registry: Path, which: str
) -> None:
    programs = {"busybox": busybox, "registry": registry}
    before = cached_archive(tmp_path / "a", busybox=busybox, registry=registry)
    state = programs[which].stat()
    time.sleep(0.02)  # the kernel's clock for files has a coarse tick
    # The hardest change to notice: same size, and the time put back.
    data = programs[which].read_bytes()
    programs[which].write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(programs[which], ns=(state.st_atime_ns, state.st_mtime_ns))
    after = cached_archive(tmp_path / "a", busybox=busybox, registry=registry)
    assert after != before
    assert before.exists()
    assert after.read_bytes() != before.read_bytes()


def test_changed_library_changes_the_name(
    tmp_path: Path, busybox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "libc.so.6"
    library.write_text("old")
    monkeypatch.setattr(images, "_shared_objects", lambda _program: [library])
    before = cached_archive(tmp_path, busybox=busybox, registry=busybox)
    library.write_text("newer")
    after = cached_archive(tmp_path, busybox=busybox, registry=busybox)
    assert after != before
    assert after.read_bytes() != before.read_bytes()


def test_changed_recipe_changes_the_name(archive: Path, tmp_path: Path) -> None:
    same = recipe(tmp_path, "").cached_archive(tmp_path / "same")
    changed = recipe(tmp_path, "# changed\n").cached_archive(tmp_path / "changed")
    assert same.name == archive.name
    assert changed.name != archive.name


def test_a_changed_format_changes_the_name(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "archive.py"
    copy.write_text(Path(format_.__file__).read_text() + "# changed\n")
    monkeypatch.setattr(format_, "__file__", str(copy))
    assert cached_archive(tmp_path / "changed").name != archive.name


@pytest.mark.parametrize("call", [build_anew, cached_archive])
@pytest.mark.parametrize(
    ("missing", "package"),
    [("busybox", "busybox-static"), ("docker-registry", "docker-registry")],
)
def test_missing_program_is_named_with_its_package(
    tmp_path: Path,
    busybox: Path,
    registry: Path,
    call: Callable[..., object],
    missing: str,
    package: str,
) -> None:
    (tmp_path / missing).unlink()
    with pytest.raises(LabError) as raised:
        call(tmp_path / "new", busybox=busybox, registry=registry)
    assert str(tmp_path / missing) in str(raised.value)
    assert f"`apt-get install {package}`" in str(raised.value)


@pytest.mark.parametrize("program", ["dynamic", "script"])
def test_busybox_that_is_not_static_is_refused(tmp_path: Path, program: str) -> None:
    busybox = tmp_path / "busybox"
    if program == "dynamic":
        shutil.copy("/usr/bin/env", busybox)
    else:
        busybox.write_text("#!/bin/sh\n")
        busybox.chmod(0o755)
    folder = tmp_path / "new"
    for _ in range(2):
        with pytest.raises(LabError, match=r"not a static .*busybox-static"):
            cached_archive(folder, busybox=busybox)
    assert list(folder.iterdir()) == []


def test_static_program_for_other_machines_is_understood() -> None:
    for wide, order in ((1, "big"), (2, "little"), (1, "little"), (2, "big")):
        for kind, static in ((1, True), (3, False)):
            elf = _elf(wide, "little" if order == "little" else "big", [1, kind])
            assert images._is_static(elf) is static


def _elf(wide: int, order: Any, kinds: list[int]) -> bytes:
    """Write the least of an ELF file: its header and its program headers."""
    start, size, at, counts = (64, 56, 32, 54) if wide == 2 else (52, 32, 28, 42)
    elf = bytearray(start + size * len(kinds))
    elf[:6] = b"\x7fELF" + bytes([wide, 1 if order == "little" else 2])
    elf[at : at + 4 * wide] = start.to_bytes(4 * wide, order)
    elf[counts : counts + 2] = size.to_bytes(2, order)
    elf[counts + 2 : counts + 4] = len(kinds).to_bytes(2, order)
    for number, kind in enumerate(kinds):
        here = start + size * number
        elf[here : here + 4] = kind.to_bytes(4, order)
    return bytes(elf)


def test_failed_write_leaves_what_was_there(
    tmp_path: Path, standard: dict[str, Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.tar"
    path.write_text("older")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_archive(path, standard.values())
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_two_processes_may_build_at_once(archive: Path, tmp_path: Path) -> None:
    folder, gate = tmp_path / "cache", tmp_path / "go"
    ready = [tmp_path / f"ready-{number}" for number in range(2)]
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", BUILD, folder, flag, gate],
            stdout=subprocess.PIPE,
            text=True,
        )
        for flag in ready
    ]
    while not all(flag.exists() for flag in ready):
        assert all(builder.poll() is None for builder in builders)
        time.sleep(0.001)
    gate.touch()
    expected = archive.stat().st_size
    sizes = set()
    while any(builder.poll() is None for builder in builders):
        sizes |= {found.stat().st_size for found in folder.glob("images-*.tar")}
    outputs = [builder.communicate()[0].strip() for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0]
    assert outputs == [str(folder / archive.name)] * 2
    assert sizes <= {expected}, "an unfinished archive was to be seen"
    assert [path.name for path in folder.iterdir()] == [archive.name]
    assert (folder / archive.name).read_bytes() == archive.read_bytes()
