/* Typed values go into commands, lines and files; invalid ones nowhere. */
for (const form of document.querySelectorAll("form.parameters")) {
  const find = name => form.querySelector(name);
  const all = name => [...form.querySelectorAll(name)];
  const word = text => /^[\w@%+=:,./-]+$/.test(text) ? text
    : `'${text.replaceAll("'", `'"'"'`)}'`;
  const write = {
    word,
    quoted: text => text.replace(/[\\"$`]/g, "\\$&").replaceAll("!", `"'!'"`),
    heredoc: text => text.replace(/[\\$`]/g, "\\$&"),
  };

  const fields = all("template").map(template => {
    const input = template.content.firstChild, row = template.closest("tr");
    const { name, type, pattern, min, max } = input.dataset, flag = type === "boolean";
    const get = () => flag ? `${input.checked}` : input.value;
    const fits = text => RegExp(pattern, "u").test(text) && !(+text < +min || +text > +max);
    template.replaceWith(input);
    return {
      name, type, usual: get(), row,
      set: text => {
        if (!flag) input.value = text;
        else if (fits(text)) input.checked = text === "true";
      },
      read: usual => {
        const ok = fits(get());
        input.setAttribute("aria-invalid", !ok);
        return ok ? get() : usual;
      },
    };
  });

  const places = document.querySelectorAll("var[data-name]");
  let changed;
  const show = () => {
    const lines = { dockbook: "", papermill: "" };
    changed = {};
    for (const { name, type, usual, row, read } of fields) {
      const value = read(usual);
      row.yaml = `${name}: ${type === "string" ? JSON.stringify(value) : value}\n`;
      if (!row.classList.toggle("changed", value !== usual)) continue;
      changed[name] = value;
      lines.dockbook += ` -p ${name}=${word(value)}`;
      lines.papermill += type === "string" ? ` -r ${name} ${word(value)}`
        : ` -p ${name} ${value.replace(/^[tf]/, first => first.toUpperCase())}`;
    }
    for (const place of places) {
      const { name, as } = place.dataset, value = changed[name];
      const on = name in changed && (as !== "output" || find(".outputs").checked);
      place.usual ??= place.textContent;
      place.textContent = on ? write[as]?.(value) ?? value : place.usual;
      place.classList.toggle("changed", on);
    }
    for (const line of all("[data-line]")) line.textContent = lines[line.dataset.line];
  };
  const key = `dockbook:${form.dataset.chapter}`;
  const keep = () => {
    show();
    try { localStorage[key] = JSON.stringify(changed); } catch { /* full */ }
  };

  let kept;
  try { kept = JSON.parse(localStorage[key]); } catch { /* none */ }
  const linked = new URLSearchParams(location.search);
  for (const { name, usual, set } of fields) {
    const given = linked.get(`p.${name}`);
    set(given ?? kept?.[name] ?? usual);
    find(".notice").hidden &&= given === null;
  }
  form.oninput = keep;
  form.onreset = () => setTimeout(keep);
  form.onsubmit = () => false;
  find(".link").onclick = async () => {
    const link = new URL(location), said = find(".said"), query = link.searchParams;
    for (const { name } of fields) query.delete(`p.${name}`);
    for (const name in changed) query.set(`p.${name}`, changed[name]);
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = form.dataset.copied;
    } catch { said.textContent = link; }
  };

  const [yaml, script] = all("a[download]");
  const save = (event, ...text) => {
    const link = document.createElement("a");
    event.preventDefault();
    link.href = URL.createObjectURL(new Blob(text));
    link.download = event.target.download;
    link.click();
  };
  yaml.onclick = event =>
    save(event, ...all("tbody tr").map(row => row.yaml ?? row.dataset.yaml));
  script.onclick = async event => {
    if (location.protocol === "file:") return; // it has the defaults
    event.preventDefault();
    let text = await (await fetch(script.href)).text();
    for (const name in changed)
      text = text.replace(RegExp(`(?<=^export ${name}=).*`, "m"), () => word(changed[name]));
    save(event, text);
  };

  form.classList.add("live");
  show();
}
