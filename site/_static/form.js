/* The form of a chapter: what is typed goes into its commands, the lines that run it and
   its files. An invalid value goes nowhere. Only text is ever put into the page. */
for (const form of document.querySelectorAll("form.parameters")) {
  const find = name => form.querySelector(name);
  const key = `dockbook:${form.dataset.chapter}`;
  const word = text => /^[\w@%+=:,./-]+$/.test(text) ? text
    : `'${text.replaceAll("'", `'"'"'`)}'`;
  const write = {
    word,
    quoted: text => text.replace(/[\\"$`]/g, "\\$&").replaceAll("!", `"'!'"`),
    heredoc: text => text.replace(/[\\$`]/g, "\\$&"),
  };
  const forms = {
    boolean: /^(true|false)$/,
    integer: /^-?(0|[1-9]\d{0,18})$/,
    number: /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  };
  const fits = (rule, text) => rule.enum ? rule.enum.includes(text)
    : rule.type in forms ? forms[rule.type].test(text)
      && !(+text < rule.minimum || +text > rule.maximum)
    : RegExp(rule.pattern, "u").test(text) && !/[\0-\x1f\x7f]/.test(text)
      && !([...text].length > rule.maxLength);

  const fields = [...form.querySelectorAll("tr[data-rule]")].map(row => {
    const { name, usual, wanted } = row.dataset;
    const rule = JSON.parse(row.dataset.rule), flag = rule.type === "boolean";
    const input = document.createElement(rule.enum ? "select" : "input");
    const wrong = document.createElement("small");
    const [, value, help] = row.cells;
    for (const choice of rule.enum ?? []) input.append(new Option(choice));
    if (flag) input.type = "checkbox";
    input.id = `p-${name}`;
    input.spellcheck = false;
    wrong.id = `wrong-${name}`;
    help.id = `help-${name}`;
    input.setAttribute("aria-label", name);
    input.setAttribute("aria-describedby", `${wrong.id} ${help.id}`);
    value.prepend(input);
    value.append(wrong);
    return {
      name, usual, rule, row,
      get: () => flag ? `${input.checked}` : input.value,
      set: text => {
        if (!flag) input.value = text;
        else if (fits(rule, text)) input.checked = text === "true";
      },
      judge: ok => {
        input.setAttribute("aria-invalid", !ok);
        wrong.textContent = ok ? "" : wanted;
      },
    };
  });
  const places = [...document.querySelectorAll("var[data-name]")];
  let values, changed;

  const show = () => {
    values = {}, changed = {};
    const lines = { dockbook: "", papermill: "" };
    for (const { name, usual, rule, row, get, judge } of fields) {
      const ok = fits(rule, get()), value = ok ? get() : usual;
      judge(ok);
      values[name] = value;
      row.classList.toggle("changed", value !== usual);
      if (value === usual) continue;
      changed[name] = value;
      lines.dockbook += ` -p ${name}=${word(value)}`;
      lines.papermill += rule.type === "string" ? ` -r ${name} ${word(value)}`
        : ` -p ${name} ${value.replace(/^[tf]/, first => first.toUpperCase())}`;
    }
    for (const place of places) {
      const { name, as } = place.dataset;
      const on = name in changed && (as !== "output" || find(".outputs").checked);
      place.classList.toggle("changed", on);
      place.usual ??= place.textContent;
      place.textContent = !on ? place.usual : write[as]?.(values[name]) ?? values[name];
    }
    for (const line of form.querySelectorAll("[data-line]"))
      line.textContent = lines[line.dataset.line];
  };
  const keep = () => {
    show();
    try { localStorage.setItem(key, JSON.stringify(changed)); } catch { /* forbidden */ }
  };

  let kept;
  try { kept = JSON.parse(localStorage.getItem(key)); } catch { /* forbidden */ }
  const linked = new URLSearchParams(location.search);
  for (const { name, usual, set } of fields) {
    const given = linked.get(`p.${name}`);
    set(usual);
    set(given ?? kept?.[name] ?? usual);
    if (given !== null) find(".notice").hidden = false;
  }
  form.addEventListener("input", keep);
  form.addEventListener("submit", event => event.preventDefault());
  find(".reset").addEventListener("click", () => {
    for (const { usual, set } of fields) set(usual);
    keep();
  });
  find(".link").addEventListener("click", async () => {
    const link = new URL(location.href), said = find(".said");
    for (const { name } of fields) link.searchParams.delete(`p.${name}`);
    for (const name in changed) link.searchParams.set(`p.${name}`, changed[name]);
    try {
      await navigator.clipboard.writeText(link.href);
      said.textContent = form.dataset.copied;
    } catch { said.textContent = link.href; }
  });

  const text = {
    yaml: () => [...form.querySelectorAll("tbody tr")].map(row => {
      const field = fields.find(one => one.row === row);
      if (!field) return row.dataset.yaml;
      const value = values[field.name];
      return `${field.name}: ${field.rule.type === "string" ? JSON.stringify(value) : value}`;
    }).join("\n") + "\n",
    sh: async link => fields.reduce(
      (script, { name }) => script.replace(RegExp(`^export ${name}=.*$`, "m"),
        () => `export ${name}=${word(values[name])}`),
      await (await fetch(link.href)).text()),
  };
  for (const link of form.querySelectorAll("a[download]"))
    link.addEventListener("click", async event => {
      event.preventDefault();
      const made = document.createElement("a");
      made.download = link.download;
      made.href = link.href;
      try {
        made.href = URL.createObjectURL(new Blob([await text[link.dataset.file](link)]));
      } catch { /* from a file: as it is, with the defaults */ }
      made.click();
    });

  find("th:nth-child(2)").textContent = form.dataset.value;
  find(".outputs").parentNode.hidden = !places.some(place => place.dataset.as === "output");
  find(".acts").hidden = false;
  form.classList.add("live");
  show();
}
