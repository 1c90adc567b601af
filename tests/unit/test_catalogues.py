"""The catalogues of the Chinese pages, and the gate before them."""

import json
from pathlib import Path

import pytest

from kernels_helpers.errors import DockbookError
from kernels_helpers.site import catalogues

GOOD = {
    "Keep data": "保存数据",
    "**Expected:** `docker ps` lists $name, see [here](https://x.test).": (
        "**预期**：`docker ps` 列出 $name，见[这里](https://x.test)。"
    ),
    "1. Make a volume": r"1\. 创建卷",
    "{held} of {total}": "{total} 项中 {held} 项",
}
RICH = "**Expected:** `docker ps` lists $name, see [here](https://x.test)."


def write(folder: Path, said: dict[str, str], name: str = "page") -> Path:
    path = folder / f"{name}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    quoted = [[json.dumps(t, ensure_ascii=False) for t in p] for p in said.items()]
    entries = (f"msgid {text}\nmsgstr {meant}\n" for text, meant in quoted)
    path.write_text("\n".join([catalogues.HEADER.strip() + "\n", *entries]))
    return path


def wanted(*texts: str) -> catalogues.Templates:
    return {"page": catalogues.template(("", text) for text in texts)}


def problems(folder: Path, said: dict[str, str]) -> list[str]:
    write(folder, said)
    return list(catalogues.problems(folder, wanted(*GOOD)))


class TestGate:
    def test_a_whole_translation_passes(self, tmp_path: Path) -> None:
        assert problems(tmp_path, GOOD) == []

    def test_untranslated(self, tmp_path: Path) -> None:
        said = problems(tmp_path, {**GOOD, "Keep data": ""})
        assert said == [f"{tmp_path}/page.po:8: untranslated: Keep data"]

    def test_fuzzy(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD)
        text = path.read_text().replace('msgid "Keep', '#, fuzzy\nmsgid "Keep')
        path.write_text(text)
        (said,) = catalogues.problems(tmp_path, wanted(*GOOD))
        assert said == f"{path}:9: fuzzy: Keep data"

    def test_a_text_that_is_not_in_the_catalogue(self, tmp_path: Path) -> None:
        said = {text: meant for text, meant in GOOD.items() if text != "Keep data"}
        assert problems(tmp_path, said) == [
            f"{tmp_path}/page.po:0: not in the catalogue: Keep data"
        ]

    def test_obsolete(self, tmp_path: Path) -> None:
        (said,) = problems(tmp_path, {**GOOD, "It is gone": "没有了"})
        assert said == f"{tmp_path}/page.po:20: obsolete: It is gone"

    def test_obsolete_and_set_aside(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD)
        path.write_text(path.read_text() + '\n#~ msgid "Old"\n#~ msgstr "旧"\n')
        (said,) = catalogues.problems(tmp_path, wanted(*GOOD))
        assert "obsolete: Old" in said

    @pytest.mark.parametrize(
        ("meant", "said"),
        [
            (
                "**预期**：`docker` 列出 $name，见[这里](https://x.test)。",
                "lacks `docker ps` and has `docker` more",
            ),
            (
                "**预期**：`docker ps` 列出名称，见[这里](https://x.test)。",
                "lacks $name",
            ),
            (
                "**预期**：`docker ps` 列出 $name，见[这里](https://y.test)。",
                "lacks (https://x.test) and has (https://y.test) more",
            ),
            (  # no closing ** for Markdown: a sign before it, a letter behind
                "**预期：**`docker ps` 列出 $name，**见：**[这里](https://x.test)。",
                None,
            ),
            (
                "**预期：**列出 `docker ps` 的 $name，见[这里](https://x.test)。",
                "lacks **",
            ),
            ("- `docker ps`", r"is not one paragraph (write 1\. for 1.)"),
        ],
    )
    def test_what_markdown_makes_of_a_translation(
        self, tmp_path: Path, meant: str, said: str | None
    ) -> None:
        found = problems(tmp_path, {**GOOD, RICH: meant})
        start = f"{tmp_path}/page.po:11: "
        wrong = [] if said is None else [f"{start}{said}: {RICH[:60]}…"]
        assert found == wrong

    def test_a_numbered_heading_must_not_become_a_list(self, tmp_path: Path) -> None:
        (said,) = problems(tmp_path, {**GOOD, "1. Make a volume": "1. 创建卷"})
        assert r"(write 1\. for 1.): 1. Make a volume" in said

    def test_a_check_is_no_prose(self, tmp_path: Path) -> None:
        write(tmp_path, {"- is a dash": "- 是横线"})
        template = catalogues.template([("check", "- is a dash")])
        assert list(catalogues.problems(tmp_path, {"page": template})) == []

    def test_a_value_that_is_filled_in(self, tmp_path: Path) -> None:
        (said,) = problems(tmp_path, {**GOOD, "{held} of {total}": "{held} 项"})
        assert said.endswith("lacks {total}: {held} of {total}")

    def test_a_missing_catalogue(self, tmp_path: Path) -> None:
        (said,) = catalogues.problems(tmp_path, wanted("Keep data"))
        assert said == f"{tmp_path}/page.po: the catalogue is missing"

    def test_a_catalogue_without_a_page(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD, "runbooks/99-gone")
        (said,) = catalogues.problems(tmp_path, {})
        assert said == f"{path}: there is no such page"

    def test_a_conflict_of_a_merge(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD)
        path.write_text(path.read_text() + "<<<<<<< HEAD\n")
        with pytest.raises(DockbookError, match=r"page\.po is no gettext catalogue"):
            list(catalogues.problems(tmp_path, wanted(*GOOD)))


class TestTemplate:
    @pytest.mark.parametrize(
        "text", ["`docker ps`", "1", "—", "`a`, `b`", "[`x`](https://x.test/words)", ""]
    )
    def test_what_is_the_same_in_every_language_is_left_out(self, text: str) -> None:
        assert list(wanted(text)["page"])[1:] == []

    def test_a_single_word_is_a_message(self) -> None:
        assert "Next" in wanted("Next")["page"]


class TestUpdate:
    def test_a_new_catalogue_has_the_order_of_the_page(self, tmp_path: Path) -> None:
        texts = [("", "See b"), ("check", "see a"), ("", "See b")]
        made = catalogues.update(tmp_path, {"page": catalogues.template(texts)})
        assert made == [tmp_path / "page.po"]
        assert made[0].read_text() == catalogues.HEADER + (
            'msgid "See b"\nmsgstr ""\n\n#. check\nmsgid "see a"\nmsgstr ""\n\n'
        )

    def test_an_update_without_a_change_writes_nothing(self, tmp_path: Path) -> None:
        catalogues.update(tmp_path, wanted(*GOOD, "it is 80 % full"))
        assert catalogues.update(tmp_path, wanted(*GOOD, "it is 80 % full")) == []

    def test_a_per_cent_sign_is_no_place_of_a_value(self, tmp_path: Path) -> None:
        (path,) = catalogues.update(tmp_path, wanted("it is 80 % full"))
        assert "python-format" not in path.read_text()

    def test_translations_stay(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD)
        catalogues.update(tmp_path, wanted("A new one", *GOOD))
        found = list(catalogues.problems(tmp_path, wanted("A new one", *GOOD)))
        assert found == [f"{path}:8: untranslated: A new one"]

    def test_a_changed_text_is_fuzzy(self, tmp_path: Path) -> None:
        path = write(tmp_path, {"Keep your data": "保存数据"})
        catalogues.update(tmp_path, wanted("Keep all your data"))
        assert path.read_text().endswith(
            '#, fuzzy\nmsgid "Keep all your data"\nmsgstr "保存数据"\n\n'
        )

    def test_what_is_gone_goes(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD)
        gone = write(tmp_path, GOOD, "runbooks/99-gone")
        changed = catalogues.update(tmp_path, wanted("Keep data"))
        assert changed == [gone, path]
        assert not gone.exists()
        assert list(catalogues.problems(tmp_path, wanted("Keep data"))) == []
