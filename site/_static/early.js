/* Before the first paint: a dark page must not flash white. */
{
  const { dataset } = document.documentElement;
  dataset.mode = localStorage.getItem("mode") || "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dataset.mode !== "auto" ? dataset.mode : dark ? "dark" : "light";
}
