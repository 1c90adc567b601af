/* Filter the ledger; the choice is in the address: #chapter=volumes */
const form = document.querySelector("form.filter");
if (form) {
  const rows = [...document.querySelectorAll(".ledger tr[id]")];
  const show = () => {
    const wanted = form.words.value.toLowerCase().split(" ");
    const found = rows.filter(row => {
      const { verdict, chapter } = row.dataset;
      const text = row.textContent.toLowerCase();
      return !(row.hidden = (form.verdict.value || verdict) !== verdict
        || (form.chapter.value || chapter) !== chapter
        || !wanted.every(word => text.includes(word)));
    });
    form.told.textContent = form.told.dataset.told.replace("{n}", found.length);
  };
  const read = () => {
    const chosen = new URLSearchParams(location.hash.slice(1));
    for (const field of form) field.value = chosen.get(field.name) ?? "";
    show();
    document.querySelector(":target")?.scrollIntoView();
  };
  form.oninput = () => {
    const chosen = [...new FormData(form)].filter(([, value]) => value);
    history.replaceState(null, "", "#" + new URLSearchParams(chosen));
    show();
  };
  form.onsubmit = () => false;
  addEventListener("hashchange", read);
  form.hidden = false;
  read();
}
