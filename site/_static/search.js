/* Search with the index that Pagefind made; what is typed goes to no server. */
{
  const field = document.querySelector("form.search input");
  addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, target } = event;
    const taken = ctrlKey || metaKey || target.closest("input, textarea, select");
    if (key === "k" ? !ctrlKey && !metaKey : key !== "/" || taken) return;
    event.preventDefault();
    if (field.offsetParent) field.select();
    else location = field.form.action;
  });

  const make = (name, ...children) => {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  };
  const link = (name, text, href) => make(name, Object.assign(make("a", text), { href }));
  const marked = (excerpt) => make("p", ...[...new DOMParser()
    .parseFromString(excerpt, "text/html").body.childNodes].map((part) =>
      part.nodeName === "MARK" ? make("mark", part.textContent) : part.textContent));
  const asked = new URLSearchParams(location.search).get("q");
  const claim = `#claim-${asked}`.replaceAll(".", "-");
  const score = ({ url, weighted_locations: all }) => url.endsWith(claim) ? Infinity
    : all.reduce((sum, { balanced_score }) => sum + balanced_score, 0);
  const entry = ({ url, meta, excerpt, sub_results }) => {
    const places = sub_results.filter(({ title }) => title !== meta.title)
      .sort((a, b) => score(b) - score(a)).slice(0, 3)
      .map((place) => make("li", link("h3", place.title, place.url), marked(place.excerpt)));
    return make("li", link("h2", meta.title, url),
      places.length ? make("ul", ...places) : marked(excerpt));
  };

  /* Pages with all the words come first, then those with some of them. */
  const search = async (text, { index, none, some }) => {
    const pagefind = await import(new URL(index, location));
    const words = [...new Intl.Segmenter(document.documentElement.lang, { granularity: "word" })
      .segment(text)].filter((word) => word.isWordLike).map((word) => word.segment);
    const best = new Map();
    for (const [at, query] of [text, ...words].entries())
      for (const result of (await pagefind.search(query)).results) {
        const known = best.get(result.id) || { result, score: at ? 0 : 1e6 };
        best.set(result.id, known);
        known.score += result.score;
      }
    const first = [...best.values()].sort((a, b) => b.score - a.score).slice(0, 10);
    const pages = await Promise.all(first.map(({ result }) => result.data()));
    found.replaceChildren(...pages.map(entry));
    found.previousElementSibling.textContent = pages.length ? some : none;
  };
  const found = document.querySelector("#found");
  if (found && (field.value = asked))
    search(asked, found.dataset).catch(() => document.querySelector("#unread").hidden = false);
}
