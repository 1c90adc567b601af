"""What one command would do: Docker's verbs, and the commonest of the host's."""

from collections.abc import Iterator
from textwrap import shorten
from typing import NamedTuple

WIDTH = 60  # characters of a command that is shown as it is
PREFIXES = {  # and how many words of their own they have
    **dict.fromkeys(("command", "exec", "sudo", "xargs"), 0),
    **dict.fromkeys(("flock", "timeout"), 1),
}
READERS = {
    *("[", ":", "awk", "basename", "cat", "cd", "cmp", "cut", "date", "df", "diff"),
    *("dirname", "du", "echo", "exit", "false", "find", "findmnt", "getent"),
    *("getfacl", "getfattr", "grep", "head", "id", "iptables-save", "jq"),
    *("ls", "lsblk", "paste", "printf", "pwd", "read", "readlink", "sed", "seq", "set"),
    *("sha256sum", "shift", "sleep", "sort", "ss", "stat", "tail", "test", "tr"),
    *("true", "type", "umask", "uname", "uniq", "wait", "wc"),
}
WRITING = {  # words with which a reader writes
    "date": ("-s", "--set"),
    "find": ("-delete", "-exec", "-execdir", "-fprint", "-ok"),
    "sed": ("-i", "--in-place"),
    "sort": ("-o", "--output"),
}
LOOKS = {
    *("diff", "events", "export", "history", "images", "info", "inspect", "logs"),
    *("ls", "port", "ps", "search", "stats", "top", "version", "wait"),
}
GROUPS = {"container", "image", "network", "volume"}
CHANGED = ("change", "container", slice(None))
# What happens, to which kind of object, and which words name it; none is an option.
VERBS = {
    **dict.fromkeys(("run", "create"), ("create", "container", slice(0))),
    "rename": ("change", "container", slice(1)),
    "exec": ("change", "container", slice(1)),
    **dict.fromkeys(("kill", "pause", "restart", "start"), CHANGED),
    **dict.fromkeys(("stop", "unpause", "update"), CHANGED),
    "rm": ("remove", "container", slice(None)),
    "build": ("create", "image", slice(0)),
    "pull": ("create", "image", slice(1)),
    "tag": ("create", "image", slice(1, 2)),
    "commit": ("create", "image", slice(1, 2)),
    "import": ("create", "image", slice(1, 2)),
    "push": ("write", "image of a registry", slice(1)),
    "rmi": ("remove", "image", slice(None)),
    "login": ("create", "login", slice(1)),
    "logout": ("remove", "login", slice(1)),
    "network create": ("create", "network", slice(1)),
    "network connect": ("change", "network", slice(1)),
    "network disconnect": ("change", "network", slice(1)),
    "network rm": ("remove", "network", slice(None)),
    "volume create": ("create", "volume", slice(1)),
    "volume rm": ("remove", "volume", slice(None)),
}
NAMES = {"run": "--name", "create": "--name", "build": "-t"}  # options that name it
FLAGS = {
    *("--all", "--archive", "--detach", "--follow-link", "--force", "--interactive"),
    *("--internal", "--ipv6", "--password-stdin", "--quiet", "--tty", "--volumes"),
}
SHORT = {  # by verb, the short options that take a word
    "commit": "acm",
    "exec": "euw",
    "import": "cm",
    "kill": "s",
    "login": "up",
    "network create": "do",
    "restart": "st",
    "stop": "st",
    "volume create": "do",
}
FILES = {
    "mkdir": ("create", "directory"),
    "rm": ("remove", "file"),
    "rmdir": ("remove", "directory"),
    "tee": ("write", "file"),
    "touch": ("write", "file"),
    "umount": ("remove", "mount"),
}
WORDS = {  # options that take one
    "mkdir": ("-m", "-pm", "--mode"),
    "touch": ("-d", "-r", "-t", "--date", "--reference"),
}
LAST = {  # commands that write what they name last
    **dict.fromkeys(("cp", "install", "ln", "mv", "rsync"), ("write", "file")),
    "mount": ("create", "mount"),
}
SETTINGS = "daemon_json.py"  # the program of kernels_helpers/programs


class Effect(NamedTuple):
    """Say what would happen to what: create, change, remove or write; or run."""

    action: str
    kind: str
    name: str


def effects_of(words: list[str]) -> Iterator[Effect]:
    """Say what a command would do; nothing for one that only reads."""
    name, *rest = words = _without_prefixes(words)
    if name == "docker":
        yield from _docker(words)
    elif name in FILES or name in LAST:
        yield from _files(name, rest)
    elif name == "python3" and rest and rest[0].endswith(SETTINGS):
        yield from _settings(rest)
    elif name == "sed" and _writes(name, rest):
        yield Effect("change", "file", rest[-1])
    elif name == "systemctl" and rest:
        if rest[0] not in {"cat", "is-active", "is-enabled", "show", "status"}:
            yield from (Effect(rest[0], "service", unit) for unit in rest[1:])
    elif name not in READERS or _writes(name, rest):
        yield unknown(words)


def unknown(words: list[str]) -> Effect:
    """Show a command as it is."""
    return Effect("run", "command", shorten(" ".join(words), WIDTH, placeholder=" …"))


def _without_prefixes(words: list[str]) -> list[str]:
    """Find the command behind sudo, timeout and the like; `xargs` adds more words."""
    while words and words[0] in PREFIXES:
        after = PREFIXES[words[0]] + 1
        more = ["…"] if words[0] == "xargs" else []
        while words[after:] and words[after].startswith("-"):
            after += 1
        words = [*words[after:], *more]
    return words or ["true"]


def _writes(name: str, rest: list[str]) -> bool:
    """Tell whether a reader has been told to write."""
    return any(word.startswith(WRITING.get(name, ())) for word in rest)


def _files(name: str, rest: list[str]) -> Iterator[Effect]:
    pairs = zip(["", *rest], rest, strict=False)
    words = [word for before, word in pairs if before not in WORDS.get(name, ())]
    named = [word for word in words if not word.startswith("-")]
    if name in LAST:
        action, kind = LAST[name]
        named = named[-1:]
    else:
        action, kind = FILES[name]
    yield from (Effect(action, kind, path) for path in named)


def _settings(words: list[str]) -> Iterator[Effect]:
    """Say what the program that changes daemon.json would do."""
    if words[1:] and words[1] in {"merge", "put"}:
        yield Effect("change", "file", "/etc/docker/daemon.json")
        action = "restart" if "--restart" in words else "reload"
        yield Effect(action, "service", "docker")


def _docker(words: list[str]) -> Iterator[Effect]:
    verb, rest = _verb(words[1:] or ["version"])
    if verb == "cp":
        yield from _copied(_arguments("cp", rest)[1:])
    elif verb == "save":
        yield from (Effect("write", "file", to) for to in _after("--output", rest))
    elif verb in NAMES:
        named = _after(NAMES[verb], rest) or ["(without a name)"]
        yield from (Effect(*VERBS[verb][:2], name) for name in named)
        yield from (Effect("create", "volume", name) for name in _volumes(rest))
    elif verb in VERBS:
        action, kind, which = VERBS[verb]
        yield from (Effect(action, kind, n) for n in _arguments(verb, rest)[which])
    elif verb not in LOOKS:
        yield unknown(words)


def _verb(words: list[str]) -> tuple[str, list[str]]:
    """Part the verb from the rest, with the short name where there are two."""
    verb, *rest = words
    if verb not in GROUPS or not rest:
        return verb, rest
    group, verb, *rest = words
    if group == "image" and verb == "rm":
        return "rmi", rest
    apart = group in ("network", "volume") and verb not in LOOKS
    return f"{group} {verb}" if apart or verb == "prune" else verb, rest


def _copied(targets: list[str]) -> Iterator[Effect]:
    for target in targets:
        container, colon, _ = target.partition(":")
        if colon and not container.startswith((".", "/")):
            yield Effect("write", "file in a container", target)
        elif target != "-":
            yield Effect("write", "file", target)


def _volumes(rest: list[str]) -> Iterator[str]:
    """Name the volumes that are mounted: Docker makes those that are missing."""
    for option in ("-v", "--volume"):
        for mount in _after(option, rest):
            name, colon, _ = mount.partition(":")
            if colon and not name.startswith(("/", ".", "~")):
                yield name
    for mount in _after("--mount", rest):
        keys = dict(key.partition("=")[::2] for key in mount.split(","))
        source = keys.get("source") or keys.get("src")
        if source and keys.get("type", "volume") == "volume":
            yield source


def _arguments(verb: str, rest: list[str]) -> list[str]:
    """Leave out the options of a verb and the words that they take."""
    found, coming = [], iter(rest)
    for word in coming:
        if word.startswith("--"):
            takes = "=" not in word and word not in FLAGS
        elif word.startswith("-") and word != "-":
            takes = word[1:] in [*SHORT.get(verb, "")]
        else:
            found.append(word)
            continue
        if takes:
            next(coming, None)
    return found


def _after(option: str, rest: list[str]) -> list[str]:
    """Find the values of an option, however it is written."""
    pairs = zip(rest, [*rest[1:], ""], strict=True)
    apart = [value for word, value in pairs if word == option]
    return apart or [w.partition("=")[2] for w in rest if w.startswith(f"{option}=")]
