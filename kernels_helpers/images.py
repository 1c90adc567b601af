"""Stand-in images for a lab, made of this machine's own binaries.

Neither a registry nor an engine is needed to make them.
"""

import hashlib
import json
import platform
import re
import struct
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from kernels_helpers import archive
from kernels_helpers.archive import FOLDER, Entry, Image, Layer, layer, write_archive
from kernels_helpers.errors import LabError

BUSYBOX = Path("/usr/bin/busybox")
REGISTRY = Path("/usr/bin/docker-registry")
PACKAGES = {BUSYBOX.name: "busybox-static", REGISTRY.name: "docker-registry"}

CREATED = "2024-01-01T00:00:00Z"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STAND_IN = "dockbook lab stand-in"
# Docker's names for what the kernel calls a machine, where they differ.
DOCKER_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
PT_INTERP = 3  # elf.h

ACCOUNTS = b"""\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
"""
GROUPS = b"root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n"
OS_RELEASE = b"""\
NAME="Alpine stand-in"
ID=dockbook-alpine
PRETTY_NAME="dockbook lab stand-in for Alpine Linux (busybox, no apk)"
"""
# Pid 1 is deaf to TERM unless it asks for it, which httpd does not.
NGINX = b"""\
#!/bin/sh
trap 'exit 0' TERM QUIT INT
httpd -f -v -p 80 -h /usr/share/nginx/html 2>&1 &
wait $!
"""
PAGE = b"<!DOCTYPE html>\n<title>%b</title>\n<h1>%b</h1>\n<p>A lab stand-in.</p>\n"
HELLO = b"#!/bin/sh\necho 'Hello from Docker! (dockbook lab stand-in)'\n"
REGISTRY_CONFIG = b"""\
version: 0.1
log: {fields: {service: registry}}
storage: {filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff]}}
"""


def standard_images(
    *, busybox: Path = BUSYBOX, registry: Path = REGISTRY
) -> list[Image]:
    """Make the images that every lab starts with."""
    _require(busybox, registry)
    base = layer(_base(busybox))
    release = layer({"etc/os-release": Entry(OS_RELEASE)})
    hello = layer({"hello": Entry(HELLO, 0o755)})
    web = {"usr/sbin/nginx": Entry(NGINX, 0o755)}
    for name, title in ("index", b"Welcome to nginx!"), ("50x", b"An error occurred."):
        web[f"usr/share/nginx/html/{name}.html"] = Entry(PAGE % (title, title))
    serve = {
        "Entrypoint": ["registry"],
        "Cmd": ["serve", "/etc/docker/registry/config.yml"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }
    listen = {"Cmd": ["nginx"], "ExposedPorts": {"80/tcp": {}}}
    return [
        _image("busybox:latest", [base], {"Cmd": ["sh"]}),
        _image("alpine:latest", [base, release], {"Cmd": ["/bin/sh"]}),
        _image("nginx:latest", [base, layer(web)], listen),
        _image("hello-world:latest", [base, hello], {"Cmd": ["/hello"]}),
        _image("registry:2", [base, layer(_registry(registry))], serve),
    ]


def cached_archive(
    folder: Path, *, busybox: Path = BUSYBOX, registry: Path = REGISTRY
) -> Path:
    """Return the archive of the standard images, made on first use.

    Its name changes with everything the images are made of: it is never stale.
    """
    path = folder / f"images-{_key(busybox, registry)}.tar"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_archive(path, standard_images(busybox=busybox, registry=registry))
    return path


def _key(busybox: Path, registry: Path) -> str:
    # Every start of a lab pays for this, so it hashes the state of the binaries, not
    # their 20 MB. New content always moves ctime; a rebuild for nothing is cheap.
    _require(busybox, registry)
    inputs: list[object] = [platform.machine()]
    for path in (busybox, registry, *_shared_objects(registry)):
        state = path.stat()
        inputs.append((str(path), state.st_size, state.st_mtime_ns, state.st_ctime_ns))
    recipe = Path(__file__).read_bytes() + Path(archive.__file__).read_bytes()
    return hashlib.sha256(recipe + repr(inputs).encode()).hexdigest()[:16]


def _require(*programs: Path) -> None:
    for path in programs:
        if not path.is_file():
            raise LabError(
                f"{path} is missing, the images of a lab are made from it: "
                f"`apt-get install {PACKAGES.get(path.name, path.name)}`"
            )


def _image(tag: str, layers: Sequence[Layer], settings: Mapping[str, object]) -> Image:
    labels = {
        "dockbook.stand-in": "true",
        "org.opencontainers.image.description": f"{STAND_IN} for {tag}",
    }
    common = {"Env": [f"PATH={SEARCH_PATH}"], "Labels": labels}
    machine = platform.machine()
    document = {
        "architecture": DOCKER_NAMES.get(machine, machine),
        "os": "linux",
        "created": CREATED,
        "config": {**common, **settings},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
        "history": [{"created": CREATED, "created_by": STAND_IN}] * len(layers),
    }
    return Image(tag, layers, json.dumps(document, sort_keys=True).encode())


def _base(busybox: Path) -> dict[str, Entry]:
    program = busybox.read_bytes()
    if not _is_static(program):
        raise LabError(
            f"{busybox} is not a static binary, it cannot run in an image without "
            "libraries: `apt-get install busybox-static`"
        )
    listed = subprocess.run([busybox, "--list-full"], capture_output=True, check=True)
    # All but linuxrc, which is for initial RAM disks.
    applets = [path for path in listed.stdout.decode().split() if "/" in path]
    folders = (
        "dev",
        "home",
        "lib",
        "mnt",
        "opt",
        "proc",
        "run",
        "srv",
        "sys",
        "var/www",
    )
    return {
        **dict.fromkeys(folders, FOLDER),
        **dict.fromkeys(("tmp", "var/tmp"), FOLDER._replace(mode=0o1777)),
        "root": FOLDER._replace(mode=0o700),
        **dict.fromkeys(applets, Entry(b"/bin/busybox", 0o777, tarfile.SYMTYPE)),
        "bin/busybox": Entry(program, 0o755),
        "etc/passwd": Entry(ACCOUNTS),
        "etc/group": Entry(GROUPS),
    }


def _registry(program: Path) -> dict[str, Entry]:
    files = {str(path)[1:]: path for path in _shared_objects(program)}
    files["bin/registry"] = program
    return {
        **{name: Entry(path.read_bytes(), 0o755) for name, path in files.items()},
        "etc/docker/registry/config.yml": Entry(REGISTRY_CONFIG),
        "var/lib/registry": FOLDER,
    }


def _shared_objects(program: Path) -> list[Path]:
    # No error when it fails: a static binary has none.
    listed = subprocess.run(["ldd", program], capture_output=True, check=False)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", listed.stdout.decode())]


def _is_static(program: bytes) -> bool:
    """Tell whether an ELF file runs without a loader, which PT_INTERP would name."""
    if not program.startswith(b"\x7fELF"):
        return False
    order, wide = "<" if program[5] == 1 else ">", program[4] - 1
    (start,) = struct.unpack_from(order + "IQ"[wide], program, (28, 32)[wide])
    size, count = struct.unpack_from(f"{order}HH", program, (42, 54)[wide])
    loader = struct.pack(f"{order}I", PT_INTERP)
    return not any(program.startswith(loader, start + n * size) for n in range(count))
