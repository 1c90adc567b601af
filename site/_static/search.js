/* Search, with the index that Pagefind made; what is typed stays in the browser. */
{
  const field = document.querySelector("form.search input");
  const found = document.querySelector("#found");

  addEventListener("keydown", (event) => {
    const typed = event.target.closest("input, textarea, select");
    const slash = event.key === "/" && !typed && !event.ctrlKey && !event.altKey;
    if (!slash && !(event.key === "k" && (event.ctrlKey || event.metaKey))) return;
    event.preventDefault();
    if (field.offsetParent) field.select();
    else location = field.form.action;
  });

  const make = (name, ...children) => {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  };
  const place = (name, { url, title, excerpt }) => {
    const link = make("a", title);
    link.href = url;
    const { body } = new DOMParser().parseFromString(excerpt, "text/html");
    const text = [...body.childNodes].map(({ nodeName, textContent }) =>
      nodeName === "MARK" ? make("mark", textContent) : textContent);
    return [make(name, link), make("p", ...text)];
  };
  const page = ({ url, meta, excerpt, sub_results: all }) => {
    const parts = all.filter((part) => part.url !== url)
      .sort((a, b) => b.locations.length - a.locations.length).slice(0, 3);
    const list = make("ul", ...parts.map((part) => make("li", ...place("h3", part))));
    return make("li", ...place("h2", { url, excerpt, ...meta }), list);
  };
  const search = async (pagefind) => {
    const text = field.value.trim();
    history.replaceState(null, "", text ? `?q=${encodeURIComponent(text)}` : "?");
    const answer = await pagefind.debouncedSearch(text, {}, 150);
    if (!answer) return; // typed on meanwhile
    const best = answer.results.slice(0, 10).map((result) => result.data());
    const pages = (await Promise.all(best)).map(page);
    if (field.value.trim() !== text) return;
    found.replaceChildren(...pages);
    const { none, some } = found.dataset;
    found.previousElementSibling.textContent =
      !text ? "" : pages.length ? some.replace("{n}", answer.results.length) : none;
  };
  if (found) {
    field.value = new URLSearchParams(location.search).get("q") || "";
    const index = new URL(found.dataset.index, location);
    (index.protocol === "file:" ? Promise.reject() : import(index)).then((pagefind) => {
      field.addEventListener("input", () => search(pagefind));
      return field.value ? search(pagefind) : pagefind.init();
    }).catch(() => document.querySelector("#unread").hidden = false);
    field.focus();
  }
}
