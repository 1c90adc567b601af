/* Another language, the same place and query. */
for (const link of document.querySelectorAll("a.language"))
  for (const moment of ["pointerenter", "focus", "click"])
    link.addEventListener(moment, () => {
      link.search = location.search;
      link.hash = location.hash;
    });
