"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const cell = (row, at) => row.cells[at].textContent;
  heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = Array.from(body.rows);
    const numbers = rows.every((row) => /^-?[0-9]*$/.test(cell(row, at)));
    const order = (a, b) => numbers ? Number(cell(a, at)) - Number(cell(b, at)) : cell(a, at).localeCompare(cell(b, at), "en");
    rows.sort((a, b) => up ? order(a, b) : order(b, a));
    body.append(...rows);
  }));
}
