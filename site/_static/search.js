/* Search with the index that Pagefind made; what is typed goes to no server. */
{
  const field = document.querySelector("form.search input");
  addEventListener("keydown", event => {
    const { key, ctrlKey, metaKey, target } = event, held = ctrlKey || metaKey;
    const typed = held || target.closest("input, textarea, select");
    if (key === "k" ? !held : key !== "/" || typed) return;
    event.preventDefault();
    if (field.offsetParent) field.select();
    else location = field.form.action;
  });

  const asked = new URLSearchParams(location.search).get("q");
  const claim = `#claim-${asked}`.replaceAll(".", "-");
  const score = place => place.url.endsWith(claim) ? Infinity : place.locations.length;
  const make = (name, ...children) => {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  };
  const marked = excerpt => make("p", ...[...new DOMParser()
    .parseFromString(excerpt, "text/html").body.childNodes].map(part =>
      part.nodeName === "MARK" ? make("mark", part.textContent) : part.textContent));
  const entry = (level, title, { url, excerpt }, ...places) => make("li",
    make(level, Object.assign(make("a", title), { href: url })),
    places.length ? make("ul", ...places) : marked(excerpt));
  const page = result => entry("h2", result.meta.title, result, ...result.sub_results
    .filter(({ title }) => title !== result.meta.title)
    .sort((a, b) => score(b) - score(a)).slice(0, 3)
    .map(place => entry("h3", place.title, place)));

  /* Pages with all the words come first, then those with some of them. */
  const search = async ({ index, none, some }) => {
    const pagefind = await import(new URL(index, location)), best = {};
    const words = [...new Intl.Segmenter(document.documentElement.lang,
      { granularity: "word" }).segment(asked)].filter(word => word.isWordLike);
    for (const query of [asked, ...words.map(word => word.segment)])
      for (const result of (await pagefind.search(query)).results) {
        best[result.id] ??= { result, score: query === asked ? 1e6 : 0 };
        best[result.id].score += result.score;
      }
    const first = Object.values(best).sort((a, b) => b.score - a.score).slice(0, 10);
    const pages = await Promise.all(first.map(({ result }) => result.data()));
    found.replaceChildren(...pages.map(page));
    found.previousElementSibling.textContent = pages.length ? some : none;
  };
  const found = document.querySelector("#found");
  if (found && (field.value = asked))
    search(found.dataset).catch(() => document.querySelector("#unread").hidden = false);
}
