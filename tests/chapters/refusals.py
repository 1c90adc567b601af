"""What speaks against a move of Docker's data: how it becomes true, what is said.

Only three answers are made up: this kernel has neither NFS nor FAT nor the old xfs
without ftype, so that a findmnt and an xfs_info of ours speak of them.
"""

from dataclasses import dataclass, field

DISKS = ["vdb=400M", "vdc=16M", "vdd=8M", "vde=320M"]
MOUNT = "mkfs.ext4 -qF /dev/vdb && mkdir -p /data && mount /dev/vdb /data"
ANSWER = "printf \"#!/bin/sh\\n%s\\n\" '{}' >/lab/bin/{} && chmod +x /lab/bin/{}"
RELOAD = "systemctl reload docker && sleep 0.3"
RESTART = "systemctl restart docker"
SET = "echo '{}' >/etc/docker/daemon.json && "
UNSET = "rm /etc/docker/daemon.json && "
ARGUMENT = """
mkdir -p /run/systemd/system/docker.service.d
printf '[Service]\\nExecStart=\\nExecStart=dockerd -H unix:///run/docker.sock {}\\n' \\
  >/run/systemd/system/docker.service.d/argument.conf
"""
NO_ARGUMENT = "rm -r /run/systemd/system/docker.service.d && "
USER = "docker run -d --init --name user {} busybox sleep 1d"
NO_USER = "docker rm -fv user"
INNER = "/var/lib/docker/volumes/{}/_data"
ON_DISK = "mount {} /data"
BY_HAND = """
systemctl stop docker
setsid dockerd -H unix:///run/docker.sock \\
  --containerd=/run/containerd/containerd.sock </dev/null >/dev/null 2>&1 &
until docker info >/dev/null 2>&1; do sleep 0.1; done
"""
BY_SYSTEMD = """
pkill -x dockerd; while pgrep -x dockerd >/dev/null; do sleep 0.1; done
systemctl start docker
"""
HELD = """
echo line >/var/lib/docker/containers/log
setsid sleep 1d </var/lib/docker/containers/log >/dev/null 2>&1 & echo $! >/run/holder
until readlink "/proc/$!/fd/0" | grep -q log; do sleep 0.01; done
"""
NOT_HELD = """
kill "$(cat /run/holder)" && rm /var/lib/docker/containers/log /run/holder
"""
OFF = "umount /data && mount /dev/vdb /data"


@dataclass(frozen=True)
class Case:
    """A reason: how it becomes true and false again, and what the chapter says."""

    act: str
    back: str
    said: str
    values: dict[str, str] = field(default_factory=dict)
    harmless_with: dict[str, str] = field(default_factory=dict)
    reasons: int = 1


def other(device: str, make: str, mount: str = "mount /dev/{} /data") -> str:
    """Mount another disk at /data."""
    return f"umount /data && {make} /dev/{device} && {mount.format(device)}"


def answer(command: str, text: str) -> tuple[str, str]:
    """Let a command answer what it is told, and no more."""
    return ANSWER.format(f"echo {text}", command, command), f"rm /lab/bin/{command}"


CASES = {
    "target inside the source": Case(
        ":",
        ":",
        "/var/lib/docker/y: choose a place outside of /var/lib/docker",
        {"new": "/var/lib/docker/y"},
        reasons=2,  # it is not below the disk, either
    ),
    "target beside the disk": Case(
        ":",
        ":",
        "/srv/docker: choose a directory below /data",
        {"new": "/srv/docker"},
    ),
    "not a mount point, and the disk has data": Case(
        "umount /data",
        "mount /dev/vdb /data",
        "/dev/vdb: not blank: mount it yourself",
    ),
    "overlayfs": Case(
        "mkdir /dev/shm/{l,u,w} && umount /data && cd /dev/shm && "
        "mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none /data",
        "umount /data && rm -r /dev/shm/{l,u,w} && mount /dev/vdb /data",
        "/data is overlay; overlay2 needs ext4, or xfs with ftype=1",
    ),
    "a file system in memory": Case(
        "umount /data && mount -t tmpfs none /data",
        OFF,
        "/data is tmpfs; overlay2 needs ext4, or xfs with ftype=1",
    ),
    "NFS": Case(
        *answer("findmnt", "nfs4 rw,vers=4.2"),
        "/data is nfs4; overlay2 needs ext4, or xfs with ftype=1",
    ),
    "FAT": Case(
        *answer("findmnt", "vfat rw"),
        "/data is vfat; overlay2 needs ext4, or xfs with ftype=1",
    ),
    "xfs without ftype": Case(
        f"{other('vde', 'mkfs.xfs -qf')} && {answer('xfs_info', 'ftype=0')[0]}",
        f"rm /lab/bin/xfs_info && {OFF}",
        "/data is xfs without ftype; make it anew: mkfs.xfs -n ftype=1",
    ),
    **{
        option: Case(
            f"mount -o remount,{option} /data",
            OFF,
            f"/data is mounted {option}; take that out of fstab and mount it anew",
        )
        for option in ("noexec", "nosuid", "nodev", "ro")
    },
    "not empty": Case(
        "mkdir /data/docker && touch /data/docker/file",
        "rm -r /data/docker",
        "/data/docker: move it away",
    ),
    "too little space on a mounted disk": Case(
        other("vdc", "mkfs.ext4 -qF"), OFF, "take a larger disk"
    ),
    "too little space on a blank disk": Case(
        "umount /data",
        "mount /dev/vdb /data",
        "take a larger disk",
        {"disk": "/dev/vdd"},
    ),
    "space allocated without a length": Case(
        "cd /var/lib/docker/volumes && touch allocated && fallocate -nl 500M allocated",
        "rm /var/lib/docker/volumes/allocated",
        "take a larger disk",
    ),
    "too few inodes": Case(
        "umount /data && mkfs.ext4 -qFN 64 /dev/vdb && mount /dev/vdb /data",
        f"umount /data && {MOUNT}",
        "take xfs, or ext4 made with -N",
    ),
    "live-restore with a running container": Case(
        USER.format("") + " && " + SET.format('{"live-restore": true}') + RELOAD,
        SET.format('{"live-restore": false}') + f"{RELOAD} && {UNSET} {NO_USER}",
        "with live-restore containers outlive the engine; set it to false and reload",
    ),
    "another driver": Case(
        SET.format('{"storage-driver": "vfs"}') + RESTART,
        UNSET + RESTART,
        "the driver is not overlay2; move each image: docker save, docker load",
    ),
    "an engine that was started by hand": Case(
        BY_HAND,
        BY_SYSTEMD,
        "systemd does not run the engine; start docker.service",
    ),
    "the source is a disk of its own": Case(
        "mount --bind --make-private /var/lib/docker /var/lib/docker",
        "umount /var/lib/docker",
        "/var/lib/docker: is a disk of its own: move it as a whole",
        reasons=2,  # nothing is beside it, either
    ),
    "old data waits already": Case(
        "mkdir /var/lib/docker.old",
        "rmdir /var/lib/docker.old",
        "/var/lib/docker.old: move it away",
    ),
    "a program has a file open": Case(HELD, NOT_HELD, ":sleep; end these programs"),
    "SELinux that has not been told": Case(
        *answer("getenforce", "Enforcing"),
        "SELinux does not know /data/docker; "
        "semanage fcontext -a -e /var/lib/docker /data/docker",
    ),
    "an argument of the unit": Case(
        ARGUMENT.format("--data-root /var/lib/docker") + "systemctl daemon-reload",
        NO_ARGUMENT + "systemctl daemon-reload",
        "an argument of the unit names the data root; delete it: systemctl edit docker",
    ),
    "swarm": Case(
        "docker swarm init --advertise-addr 127.0.0.1",
        "docker swarm leave --force",
        "the host is in a swarm; drain it, then docker swarm leave",
    ),
    "user namespaces": Case(
        "echo daemon:100000:65536 | tee -a /etc/subuid >>/etc/subgid && "
        + SET.format('{"userns-remap": "daemon"}')
        + RESTART,
        UNSET + RESTART,
        "user namespaces are remapped; take userns-remap out of daemon.json",
        {"old": "/var/lib/docker/100000.100000"},
    ),
    "a container binds the old path": Case(
        USER.format("-v /var/lib/docker/volumes:/seen"),
        NO_USER,
        "somebody uses the old path: /user /var/lib/docker/volumes; "
        "take method=bind, which keeps it",
        harmless_with={"method": "bind"},
    ),
    "a volume has a device in the old path": Case(
        "docker volume create -o type=none -o o=bind -o device=/var/lib/docker/tmp far",
        "docker volume rm far",
        "somebody uses the old path: far /var/lib/docker/tmp; "
        "take method=bind, which keeps it",
        harmless_with={"method": "bind"},
    ),
    "a disk mounted inside the source": Case(
        "docker volume create inner && mount -t tmpfs none " + INNER.format("inner"),
        "umount " + INNER.format("inner") + " && docker volume rm inner",
        f"mounted inside the source, so not copied: {INNER.format('inner')}; "
        "unmount it, and move it by itself",
    ),
}
KNOWS = answer("semanage", "/data/docker = /var/lib/docker")
HARMLESS = {
    "SELinux that has been told": tuple(
        map(" && ".join, zip(KNOWS, answer("getenforce", "Enforcing"), strict=True))
    ),
    "a hole": (
        "truncate -s 1T /var/lib/docker/volumes/hole",
        "rm /var/lib/docker/volumes/hole",
    ),
    "xfs": (other("vde", "mkfs.xfs -qf"), OFF),
    "a container that runs, with a volume of its own file system": (
        "docker volume create -o type=tmpfs -o device=tmpfs own && "
        + USER.format("-v own:/own -v /etc:/seen:ro --tmpfs /run"),
        f"{NO_USER} && docker volume rm own",
    ),
    "a blank disk": ("umount /data && wipefs -qa /dev/vdb", f"true && {MOUNT}"),
}
