"""What makes the chapter bind-and-tmpfs fail."""

from tests.chapters.fakes import DOCKER, SILENT

LIES = {
    "succeeds always and says nothing": (SILENT, "NotFound"),
    "mounts for writing what is to be read only": (
        f"""
for word; do shift; set -- "$@" "${{word%,readonly}}"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: readonly is not the default",
    ),
    "keeps mounts private": (
        f"""
for word; do shift; set -- "$@" "${{word%,bind-propagation=*}}"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: the default is private",
    ),
    "forgets which engine a context means": (
        f'[ "$1" != --context ] || shift 2\nexec {DOCKER} "$@"',
        "CheckFailed: another one leads elsewhere",
    ),
    "forgets the limit of memory": (
        f"""
for word; do shift; [ "$word" = 16m ] && word=160m; set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: the tmpfs counts as memory",
    ),
}
BEHIND = {
    "the mounted directory is replaced": (
        """
cd /srv/dockbook-bind && grep three target/app && mv target x && cp -r x target
""",
        "CheckFailed: both names lead to one inode",
    ),
    "a misspelt directory is removed": (
        "rmdir /srv/dockbook-bind/tagret",
        "CheckFailed: -v has made a directory of root",
    ),
    "the files of the host change": (
        """
cd /srv/dockbook-bind && grep verify target/app && echo x >target/app
""",
        "CheckFailed: the files are still on the host",
    ),
}
