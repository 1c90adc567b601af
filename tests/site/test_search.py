"""The search as a reader uses it: words typed, pages found, places within them."""

from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from kernels_helpers.site import search

FIRST = 3  # as far down as a reader is sure to look
ENGLISH = {
    "no space left on device": "11-migration",
    "move docker to another disk": "11-migration",
    "back up the whole docker host": "12-backup",
    "docker starts without the disk": "11-pitfalls",
    "backup a volume": "05-volumes",
    "permission denied docker.sock": "01-install",
    "docker does not start after editing daemon.json": "13-mirror-config",
    "exit code 137": "03-commands",
    "restart policy unless-stopped": "03-commands",
    "container log fills disk": "14-log-rotation-and-cleanup",
    "container cannot resolve name of another container": "07-networks",
    "port is already allocated": "07-ports",
    "publish port only on localhost": "07-ports",
    "ufw iptables published port": "07-ports",
    "http: server gave HTTP response to HTTPS client": "08-registries",
    "self-signed certificate registry": "08-registries",
    "docker login unauthorized": "08-registries",
    "pull by digest sha256": "08-images",
    "registry mirror daemon.json": "09-mirrors",
    "copy file out of a stopped container": "04-copy",
}
CHINESE = {
    "磁盘满了怎么办": "11-migration",
    "手工迁移 docker 数据 出错": "11-pitfalls",
    "docker 数据卷": "05-volumes",
    "备份校验 恢复演练": "12-backup",
    "镜像加速": "09-mirrors",
    "docker pull 很慢": "09-mirrors",
    "阿里云镜像仓库登录": "10-aliyun",
    "容器日志占满磁盘": "14-log-rotation-and-cleanup",
    "端口被占用": "07-ports",
    "host 网络模式": "07-ports",
    "容器之间怎么互相访问": "07-networks",
    "私有仓库 https 证书": "08-registries",
    "docker cp 权限 属主": "04-copy",
    "容器和虚拟机的区别": "02-concepts",
    "挂载配置文件 不生效": "06-bind-and-tmpfs",
    "tmpfs 内存": "06-bind-and-tmpfs",
    "安装 docker debian": "01-install",
    "docker 组 root 权限": "01-install",
    "容器退出码": "03-commands",
    "daemon.json 合并 配置": "13-mirror-config",
}
ENGLISH_IN_CHINESE = {
    "exit code 137": "03-commands",
    "port is already allocated": "07-ports",
    "docker.sock permission denied": "01-install",
    "pull through cache mirror": "09-mirrors",
}


def found(page: Page, address: str, words: str) -> list[str]:
    """Search, and name the pages that are found, best first."""
    page.goto(f"{address}search.html?q={quote(words)}")
    expect(page.get_by_role("status")).not_to_be_empty(timeout=30_000)  # a busy machine
    links = page.locator("#found > li > h2 > a")
    return list(links.evaluate_all("all => all.map(one => one.href)"))


@pytest.mark.parametrize(
    ("folder", "questions"),
    [("", ENGLISH), ("zh/", CHINESE), ("zh/", ENGLISH_IN_CHINESE)],
    ids=["en", "zh", "en in zh"],
)
def test_what_readers_ask_is_among_the_first(
    page: Page, address: str, folder: str, questions: dict[str, str]
) -> None:
    missed = {}
    for words, name in questions.items():
        links = found(page, address + folder, words)
        first = [link.rpartition("/")[2].removesuffix(".html") for link in links]
        if name not in first[:FIRST]:
            missed[words] = (name, first[:6])
    assert missed == {}


def test_a_place_is_found_with_its_words_marked(page: Page, address: str) -> None:
    page.goto(f"{address}runbooks/05-volumes.html")
    page.keyboard.press("/")
    page.keyboard.type("permission denied docker.sock")
    page.keyboard.press("Enter")
    place = page.locator("#found li li").first
    expect(place.locator("h3")).to_have_text("7. Give a user access")
    assert place.locator("mark").first.inner_text().lower().startswith("permission")
    place.locator("a").click()
    assert page.url == f"{address}runbooks/01-install.html#give-a-user-access"


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_a_claim_is_found_by_its_number(page: Page, address: str, folder: str) -> None:
    found(page, address + folder, "4.2.1-03")
    place = page.locator("#found a", has_text="4.2.1-03")
    there = urljoin(page.url, place.first.get_attribute("href", timeout=2000))
    assert there == f"{address}{folder}ledger.html#claim-4-2-1-03"


def test_the_field_is_reached_by_keys_but_not_out_of_another(
    page: Page, address: str
) -> None:
    page.goto(address)
    page.keyboard.press("Control+k")
    field = page.locator("header form.search input")
    expect(field).to_be_focused()
    page.keyboard.type("a/b")
    expect(field).to_have_value("a/b")


def test_what_is_asked_is_text_and_stays_in_the_other_language(
    page: Page, address: str
) -> None:
    words = "<img src=x onerror=alert(1)>"
    page.goto(f"{address}search.html?q={quote(words)}")
    expect(page.get_by_role("status")).not_to_be_empty()
    assert page.locator("article img").count() == 0
    page.click("a.language")
    assert page.url.startswith(f"{address}zh/search.html?q=%3Cimg")
    expect(page.locator("article form input")).to_have_value(words)


def test_markup_in_an_excerpt_is_text(page: Page, address: str) -> None:
    answer = """
      export const search = async () => ({ results: [{ id: "a", score: 1, data: () => ({
        url: "a.html", meta: { title: "<b>A</b>" }, sub_results: [],
        excerpt: "<img src=x>x <mark>y<b>z</b></mark> &lt;i&gt;",
      }) }] });"""
    javascript = "text/javascript"
    page.route(
        "**/pagefind.js",
        lambda route: route.fulfill(body=answer, content_type=javascript),
    )
    page.goto(f"{address}search.html?q=x")
    expect(page.locator("#found h2")).to_have_text("<b>A</b>")
    expect(page.locator("#found p")).to_have_text("x yz <i>")
    assert page.locator("#found :is(img, b, i)").count() == 0


def test_nothing_found_is_said(page: Page, address: str) -> None:
    assert found(page, address, "ωωωω") == []
    assert "Nothing is found" in page.get_by_role("status").inner_text()


def test_a_page_opened_as_a_file_says_what_to_do(browser: Browser, html: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((html / "zh" / "ledger.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("卷")
    page.keyboard.press("Enter")
    expect(page.locator("#unread code", has_text="dockbook site serve")).to_be_visible()
    assert page.url.startswith((html / "zh" / "search.html").as_uri())
    context.close()


def test_only_what_pages_use_is_published(html: Path) -> None:
    scripts = sorted(path.name for path in (html / search.FOLDER).glob("*.js"))
    assert scripts == ["pagefind-worker.js", "pagefind.js"]
