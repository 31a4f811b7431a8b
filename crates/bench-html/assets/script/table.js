// Tables that can be sorted by a click or a key on a column's name.

/**
 * `columns`: `{ name, cell(row), value?(row), class?, title? }`; what has a `value` can be sorted by it. Without a value,
 * rows go last.
 */
function table(columns, rows, options = {}) {
  const body = element("tbody");
  let [by, down] = [null, false];
  const fillBody = () => {
    const sorted = [...rows];
    if (by) {
      const key = (row) => by.value(row) ?? null;
      sorted.sort((a, b) => {
        const [one, other] = [key(a), key(b)];
        if (one === null || other === null) return (one === null) - (other === null);
        const order = typeof one === "string" ? one.localeCompare(other, undefined, { numeric: true }) : one - other;
        return down ? -order : order;
      });
    }
    body.replaceChildren(
      ...sorted.map((row) =>
        element(
          "tr",
          { class: options.rowClass?.(row) },
          columns.map((column, place) =>
            element(place ? "td" : "th", { class: column.class, scope: place ? null : "row" }, column.cell(row)),
          ),
        ),
      ),
    );
  };
  const sortBy = (column) => {
    [by, down] = [column, by === column ? !down : column.class === "number"];
    for (const head of heads) {
      const sorted = head.column === by ? (down ? "descending" : "ascending") : "none";
      if (head.column.value) head.setAttribute("aria-sort", sorted);
    }
    fillBody();
  };
  const heads = columns.map((column) => {
    const name = column.value
      ? element("button", { type: "button", class: "sort", onclick: () => sortBy(column) }, column.name)
      : column.name;
    const head = element("th", { scope: "col", class: column.class, title: column.title }, name);
    head.column = column;
    return head;
  });
  fillBody();
  const caption = options.caption && element("caption", {}, options.caption);
  const made = element("table", {}, caption, element("thead", {}, element("tr", {}, heads)), body);
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": options.caption }, made);
}
