/* Commands for each system are tabs; the choice is kept. */
{
  const tabs = document.querySelectorAll("[name=system]");
  const box = document.createElement("div");
  box.className = "systems";
  tabs[0].before(box);
  box.append(...tabs);
  for (const tab of tabs) {
    const summary = tab.firstElementChild, { textContent } = summary;
    summary.onclick = event => {
      if (tab.open) event.preventDefault();
      try { localStorage.system = textContent; } catch { /* refused */ }
    };
    try { tab.open ||= localStorage.system === textContent; } catch { /* refused */ }
  }
}
