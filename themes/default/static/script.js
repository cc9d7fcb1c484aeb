// Adds to pages that are complete without it: sorting and filtering of tables, a choice of colours, open details in print.
(function () {
  "use strict";
  const KEY = "runreport-theme";
  const root = document.documentElement;

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch (error) {
      return null;
    }
  }

  function choose(theme) {
    root.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch (error) {
      // Without storage the choice holds for this page.
    }
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function addSchemeButton() {
    const list = document.querySelector(".masthead ul");
    if (!list) return;
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "scheme";
    const label = function () {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    };
    button.addEventListener("click", function () {
      choose(isDark() ? "light" : "dark");
      label();
    });
    label();
    item.append(button);
    list.append(item);
  }

  function sortValue(cell) {
    if (!cell) return null;
    return cell.dataset.sort === undefined ? cell.textContent.trim() : Number(cell.dataset.sort);
  }

  // Numbers first, then texts, in either direction; what is missing stays last.
  function compare(a, b, sign) {
    const aNumber = typeof a === "number";
    const bNumber = typeof b === "number";
    if (aNumber !== bNumber) return aNumber ? -1 : 1;
    return sign * (aNumber ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  }

  function sortBy(table, position) {
    const head = table.tHead.rows[0].cells[position];
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const rows = Array.from(table.tBodies[0].rows, function (row) {
      return [sortValue(row.cells[position]), row];
    });
    rows.sort(function (a, b) {
      return compare(a[0], b[0], ascending ? 1 : -1);
    });
    table.tBodies[0].append(...rows.map(function (pair) { return pair[1]; }));
  }

  // Not a <button>: Chromium prints those blank where a table head is repeated on a later page.
  function sortControl(sort) {
    const control = document.createElement("span");
    control.setAttribute("role", "button");
    control.tabIndex = 0;
    control.addEventListener("click", sort);
    control.addEventListener("keydown", function (event) {
      if (event.target !== control || !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      sort();
    });
    return control;
  }

  function makeSortable(table) {
    if (table.tBodies[0].rows.length < 3) return;
    Array.from(table.tHead.rows[0].cells, function (head, position) {
      const control = sortControl(function () { sortBy(table, position); });
      control.append(...head.childNodes);
      head.append(control);
    });
  }

  function makeFilterable(section) {
    const table = section.querySelector("table");
    if (!table || table.tBodies[0].rows.length < 9) return;
    const label = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    const rows = Array.from(table.tBodies[0].rows);
    const texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    label.className = "filter";
    input.type = "search";
    count.setAttribute("role", "status");
    label.append("Show rows with", input, count);
    input.addEventListener("input", function () {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach(function (row, position) {
        row.hidden = !wanted.every(function (word) { return texts[position].includes(word); });
        if (!row.hidden) shown += 1;
      });
      count.textContent = wanted.length ? shown + " of " + rows.length : "";
    });
    table.closest(".table").before(label);
  }

  const theme = stored();
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  addSchemeButton();
  document.querySelectorAll("table").forEach(makeSortable);
  document.querySelectorAll(".filterable").forEach(makeFilterable);
})();
