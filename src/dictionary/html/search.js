// Search and filters of the list. The state stands in the URL's hash, so that a search can be linked.
"use strict";
(() => {
  const form = document.getElementById("search");
  const query = document.getElementById("q");
  const selects = [...form.querySelectorAll("select")];
  const rows = [...document.getElementById("metrics").children];
  const fields = rows.map((row) => row.dataset.f.split("\t"));
  const texts = window.searchText || [];
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  let shown = rows;

  const words = () => query.value.toLowerCase().replaceAll('"', "").split(/\s+/).filter(Boolean);

  function filter() {
    const wanted = words();
    const chosen = selects.map((select) => select.value);
    shown = [];
    rows.forEach((row, index) => {
      const matches =
        chosen.every((value, place) => value === "" || fields[index][place] === value) &&
        wanted.every((word) => texts[index].includes(word));
      // Only what changes is touched: the rest need not be laid out again.
      if (row.hidden === matches) row.hidden = !matches;
      if (matches) shown.push(row);
    });
    const all = rows.length;
    count.textContent = shown.length === all ? `${all} metrics` : `${shown.length} of ${all} metrics`;
    none.hidden = shown.length > 0;
  }

  function remember() {
    const state = new URLSearchParams();
    if (query.value) state.set("q", query.value);
    for (const select of selects) if (select.value) state.set(select.name, select.value);
    const hash = state.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    query.value = state.get("q") || "";
    for (const select of selects) {
      select.value = state.get(select.name) || "";
      // A value that there is none of would leave the box blank.
      if (select.selectedIndex < 0) select.value = "";
    }
    filter();
  }

  function changed() {
    filter();
    remember();
  }

  function clear() {
    form.reset();
    changed();
    query.focus();
  }

  // The rows are one stop of the arrows each; Enter follows the link that has the focus, as everywhere.
  function move(step) {
    if (shown.length === 0) return;
    const here = shown.indexOf(document.activeElement.closest("li"));
    if (here === 0 && step < 0) return query.focus();
    const next = here < 0 ? 0 : Math.min(here + step, shown.length - 1);
    const link = shown[next].querySelector("a");
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target === query;
    const choosing = event.target.tagName === "SELECT";
    if (event.key === "/" && !typing && !choosing) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "ArrowDown" && !choosing) {
      event.preventDefault();
      move(1);
    } else if (event.key === "ArrowUp" && !choosing && !typing) {
      event.preventDefault();
      move(-1);
    } else if (event.key === "Enter" && typing) {
      event.preventDefault();
      if (shown.length > 0) shown[0].querySelector("a").click();
    } else if (event.key === "Escape" && typing) {
      clear();
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", changed);
  document.getElementById("clear").addEventListener("click", clear);
  window.addEventListener("hashchange", recall);
  form.hidden = false;
  recall();
})();
