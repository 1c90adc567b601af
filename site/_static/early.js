/* Before the first paint: a dark page must not flash white. */
{
  const { dataset } = document.documentElement;
  let mode = "auto";
  try { mode = localStorage.mode || mode; } catch { /* refused */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.mode = mode;
  dataset.theme = mode !== "auto" ? mode : dark ? "dark" : "light";
}
