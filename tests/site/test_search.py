"""The search as a reader uses it: words typed, pages found, places within them."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from kernels_helpers.site import search

FIRST = 3  # as far down as a reader is sure to look
ENGLISH = {
    "no space left on device": "11-migration",
    "move docker to another disk": "11-migration",
    "change data-root": "11-migration",
    "where does docker store volumes": "05-volumes",
    "backup a volume": "05-volumes",
    "permission denied docker.sock": "01-install",
    "add user to docker group": "01-install",
    "exit code 137": "03-commands",
    "restart policy unless-stopped": "03-commands",
    "limit log size": "03-commands",
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
    "数据目录迁移": "11-migration",
    "docker 数据卷": "05-volumes",
    "匿名卷 删除": "05-volumes",
    "镜像加速": "09-mirrors",
    "docker pull 很慢": "09-mirrors",
    "阿里云镜像仓库登录": "10-aliyun",
    "端口 publish": "07-ports",
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
    "daemon.json 写错 启动不了": "01-install",
}


def found(page: Page, address: str, words: str) -> list[str]:
    """Search, and name the pages that are found, best first."""
    page.goto(f"{address}search.html?q={quote(words)}")
    expect(page.get_by_role("status")).not_to_be_empty()
    links = page.locator("#found > li > h2 > a")
    return [str(link.get_attribute("href")) for link in links.all()]


@pytest.mark.parametrize(
    ("folder", "questions"), [("", ENGLISH), ("zh/", CHINESE)], ids=["en", "zh"]
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
