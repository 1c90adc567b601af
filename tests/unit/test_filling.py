"""What is pasted does what the step does, without any variable of the chapter."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels_helpers.site.filling import Chapter, Piece, declared
from kernels_helpers.site.places import Value

NASTY = 'my repo/it\'s:1 "$HOME" `id` $(id) \\ a!b *'
VALUES: dict[str, Value] = {
    "name": NASTY,
    "image": "team/tool:1",
    "port": 18080,
    "glob": "a*",
}


def filled(body: str, values: dict[str, Value] = VALUES) -> str:
    return whole(Chapter(values), body)


def whole(chapter: Chapter, body: str) -> str:
    pieces, needed = chapter.fill(body)
    for name in reversed(needed):
        pieces = [*declared(name, chapter.values[name]), Piece("\n"), *pieces]
    return "".join(piece.text for piece in pieces)


def bash(body: str, **environment: str) -> str:
    done = subprocess.run(
        ["bash", "-c", body],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


BODIES = {
    "a word": "printf '<%s>' \"$name\"",
    "braces": 'printf \'<%s>\' "${name}" "${image}x"',
    "in a string": 'printf "<%s>" "a $name b" "$image $name $name"',
    "in a word": 'printf "<%s>" http://h:$port/"$name"/$image.$port.x',
    "in an assignment": 'at=$name.$port b=$name; printf "<%s>" "$at" "$b"',
    "in a command in a string": 'printf \'<%s>\' "$(printf %s "$name")"',
    "in arithmetic": 'printf "<%s>" $((port + 1)) "$(($port * 2)):$((port))"',
    "arithmetic that sets": 'echo $((port += 1)); ((port++)); echo "$port"',
    "a text in arithmetic": "echo $((name_ + 1)) $((${#name} + 1))",
    "a heredoc": 'cat <<END\n$name "$image" \\$name\n a $name.\nEND',
    "a heredoc with a command": 'cat <<END\n$(printf %s "$name") $image\nEND',
    "a heredoc with a redirection": 'cat <<END 2>&1 | sed "s|$image|x|"\n$image\nEND',
    "a quoted heredoc": "cat <<'END'\n$name \"$image\"\nEND",
    "a quoted heredoc for bash": "bash <<'END'\nprintf '<%s>' \"$name\"\nEND",
    "a here-string": 'cat <<<"$name" ; cat <<<"a $name"; cat <<<$image',
    "a here-string that is not parsed": 'tee /dev/null >/dev/stdout <<<"[\\"$name\\"]"',
    "single quotes": "bash -c 'printf \"<%s>\" \"$name\"'; echo '$image'",
    "an operator": 'printf "<%s>" "${image%:*}" "${name:-x}" "${#image}" "${!image@}"',
    "an expansion in an operator": 'at=team/x; echo "${at#"${image%/*}"}" "$image"',
    "backticks": 'echo `printf %s "$image"`; echo "$image"',
    "backticks and signs": "printf '<%s>' `printf %s \"$name\"`",
    "a pattern of its own": "[[ abc == $glob ]]; echo $?; [ abc = $glob ]; echo $?",
    "a pattern of a case": "case abc in $glob) echo 1 ;; esac",
    "a sum that sets": "echo $((port += 1))",
    "an escaped sign": 'echo "\\$image" \\$image "$image"',
    "a pattern": '[[ team/tool:1 == $image ]] && [[ "$name" == "$name" ]] && echo yes',
    "a regular expression": "[[ teamXtool:1 =~ \"${image}\" ]] || echo 'no'",
    "a case": 'case $image in "$image") echo 1 ;; esac; case x in $image) ;; esac',
    "a test": '[ "$image" = team/tool:1 ] && test -n "$name" && echo yes',
    "a command by its name": 'echo=printf; "$echo" "$image"',
    "a loop of its own": 'for port in 1 2; do echo "$port"; done; echo "$port"',
    "a variable of its own": 'echo "$image"; image=${image%:*}; echo "$image"',
    "a variable to read": "read image <<<o; IFS= read name <<<x; echo $image $name",
    "a variable in a function": "f() { local image=$1; echo $image; }; f x; f $image",
    "a variable that is exported": "export image; bash -c 'echo \"$image\"'",
    "variables that are told": 'declare -p image; echo "$image"',
    "a comment": 'echo "$image" # not $name',
    "letters of more bytes": 'echo "é→ $image" \'é\' "$name→$image" # é\necho $image',
    "redirections": 'f=$(mktemp); printf %s "$name" >"$f"; cat <"$f"; rm "$f"',
    "an array": 'a=("$name" $image); printf "<%s>" "${a[@]}"',
    "lines that go on": 'printf "<%s>" \\\n  "$name" \\\n  "$image"',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_filled_body_does_the_same_without_variables(body: str) -> None:
    wanted = bash(body, **{name: str(value) for name, value in VALUES.items()})
    assert bash(filled(body)) == wanted


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_any_text_is_taken_literally(text: str) -> None:
    body = 'printf "<%s>" "$name" "a $name" $name.\ncat <<END\n$name\nEND'
    body += '\nprintf "<%s>" "$(cat <<<"$name")"'
    wanted = bash(body.replace(" $name.", ' "$name".'), name=text)
    assert bash(filled(body, {"name": text})) == wanted


def test_the_history_of_an_interactive_shell_is_not_asked() -> None:
    typed = filled('printf "<%s>" "$name" "a $name"', {"name": "hi!echo x"})
    done = subprocess.run(
        ["bash"],
        input=f"set -o history -H\n{typed}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("<hi!echo x><a hi!echo x>", "")


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('docker rm "$name"', "docker rm site-data"),
        ('docker rm "$name-1"', 'docker rm "site-data-1"'),
        ("echo '$name' # $name", "export name=site-data\necho '$name' # $name"),
        ("echo # $name", "echo # $name"),
        ('echo "${name%-*}"', 'export name=site-data\necho "${name%-*}"'),
        ("cat >f <<'E'\n$name\nE", "cat >f <<'E'\n$name\nE"),
        ("curl :$((port + 1))", "curl :$((80 + 1))"),
        ('[ "$name" = x ]', '[ "site-data" = x ]'),
        ("cat \"$name\" <<'E' 2>&1 | wc\nE", "cat site-data <<'E' 2>&1 | wc\nE"),
        ("echo $(($port + 1))", "echo $((80 + 1))"),
        ("export name; x", "export name=site-data\nexport name; x"),
        (
            'declare -p name; x "$name"',
            "export name=site-data\ndeclare -p name; x site-data",
        ),
        ("name=x", "name=x"),
        ("local name", "local name"),
        (
            'tee >/dev/null <<<"[\\"$name\\"]"',
            'export name=site-data\ntee >/dev/null <<<"[\\"$name\\"]"',
        ),
    ],
)
def test_names_are_declared_only_where_bash_has_to_see_them(
    body: str, wanted: str
) -> None:
    assert filled(body, {"name": "site-data", "port": 80}) == wanted


def test_each_value_says_its_name_and_context() -> None:
    pieces, _ = Chapter({"name": "n", "port": 1}).fill('a "$name" "x$name" $((port))')
    told = [(p.text, p.name, p.context) for p in pieces if p.name]
    assert told == [
        ("n", "name", "word"),
        ("n", "name", "quoted"),
        ("1", "port", "number"),
    ]


def test_what_cannot_be_filled_in_stays() -> None:
    pieces, needed = Chapter({"password": None}).fill('login "$password"')
    assert "".join(piece.text for piece in pieces) == 'login "$password"'
    assert needed == ["password"]


def test_a_file_that_is_run_later_gets_what_it_names() -> None:
    chapter = Chapter({"folder": "/srv/x", "port": 80, "image": "web"})
    write = 'cat >"$folder/restore" <<\'E\'\n. "$folder/apply-it"\nE'
    assert whole(chapter, write).startswith('cat >"/srv/x/restore"')
    apply = "cat <<'E' >>apply-it\necho $port\nE\ncat >else <<'E'\n$image\nE"
    assert whole(chapter, apply) == apply
    run = 'bash "$folder/restore"'
    wanted = 'export folder=/srv/x\nexport port=80\nbash "/srv/x/restore"'
    assert whole(chapter, run) == wanted
    both = "bash else; bash restore"
    assert whole(chapter, both) == (
        f"export folder=/srv/x\nexport port=80\nexport image=web\n{both}"
    )
    assert whole(chapter, 'ls "$folder/restored"') == 'ls "/srv/x/restored"'


def test_a_file_that_is_run_at_once_gets_what_it_names() -> None:
    body = "cat >do-it <<'E'\necho $name\nE\nbash do-it"
    assert filled(body, {"name": "x"}) == f"export name=x\n{body}"


def test_a_text_that_cat_gives_to_a_shell_is_run() -> None:
    assert bash(filled("cat <<'E' | bash\necho \"$name\"\nE")) == f"{NASTY}\n"
