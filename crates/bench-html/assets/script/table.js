// Tables that can be sorted by a click or a key on a column's name.

/**
 * `columns`: `{ name, cell(row, above), value?(row), class?, title? }`; what has a `value` can be sorted by it. Without a
 * value, rows go last. With `options.blocks`, `[{ heading, rows }]`, rows stand below headings until they are sorted; a cell
 * is then told of the row above it in its block, or of `null`.
 */
function table(columns, rows, options = {}) {
  let [by, down] = [null, false];
  const rowOf = (row, above) =>
    element(
      "tr",
      { class: options.rowClass?.(row) },
      columns.map((column, place) =>
        element(
          place ? "td" : "th",
          // On a phone a row is a card, and each of its figures says what it is.
          { class: column.class, scope: place ? null : "row", "data-name": column.name || null },
          column.cell(row, above),
        ),
      ),
    );
  const fillTable = () => {
    const bodies = by ? [{ rows: sorted(rows, by, down) }] : (options.blocks ?? [{ rows }]);
    made.replaceChildren(
      ...[caption, head].filter(Boolean),
      ...bodies.map(({ heading, rows: some }) =>
        element(
          "tbody",
          {},
          heading &&
            element("tr", { class: "block" }, element("th", { colspan: columns.length, scope: "rowgroup" }, heading)),
          some.map((row, place) => rowOf(row, heading ? (some[place - 1] ?? null) : undefined)),
        ),
      ),
    );
  };
  const sortBy = (column) => {
    // A third time: as it was.
    if (by === column && down !== (column.class === "number")) by = null;
    else [by, down] = [column, by === column ? !down : column.class === "number"];
    for (const name of names) {
      if (name.column.value)
        name.setAttribute("aria-sort", name.column === by ? (down ? "descending" : "ascending") : "none");
    }
    fillTable();
  };
  const names = columns.map((column) => {
    const text = column.value
      ? element("button", { type: "button", class: "sort", title: "Sort", onclick: () => sortBy(column) }, column.name)
      : column.name;
    const name = element("th", { scope: "col", class: column.class, title: column.title }, text);
    name.column = column;
    return name;
  });
  const caption = options.caption && element("caption", {}, options.caption);
  const head = element("thead", {}, element("tr", {}, names));
  const made = element("table", { class: options.class });
  fillTable();
  // What has a head that stays in view has no scroller of its own, which would keep it.
  if (options.sticky) return element("div", { class: "wide", role: "group", "aria-label": options.caption }, made);
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": options.caption }, made);
}

function sorted(rows, by, down) {
  const key = (row) => by.value(row) ?? null;
  return [...rows].sort((a, b) => {
    const [one, other] = [key(a), key(b)];
    if (one === null || other === null) return (one === null) - (other === null);
    const order = typeof one === "string" ? inOrder(one, other) : one - other;
    return down ? -order : order;
  });
}
