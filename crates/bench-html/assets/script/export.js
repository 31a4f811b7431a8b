// What is shown, to take along: figures as CSV, pictures as SVG or PNG, the address of the view.

/** A name for a file, from a title. */
function fileName(title, ending) {
  return `${
    title
      .replace(/[^\p{L}\p{N}.=+-]+/gu, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 120) || "bench"
  }.${ending}`;
}

function save(name, type, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Rows of cells as CSV (RFC 4180). What a spreadsheet would take for a formula is text. */
function csv(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Buttons that hand out what a view shows; `rows()` are its figures, the first row their names. */
function exportButtons(title, rows, picture) {
  const button = (label, what, act) =>
    element("button", { type: "button", class: "copy", title: what, onclick: act }, label);
  return element(
    "span",
    { class: "buttons exports" },
    button("CSV", "Save the figures as CSV", () => save(fileName(title, "csv"), "text/csv", [csv(rows())])),
    picture &&
      button("PNG", "Save the picture", () =>
        picture().toBlob((blob) => save(fileName(title, "png"), "image/png", [blob])),
      ),
    button("copy link", "Copy the address of this view", (event) => copy(location.href, event.currentTarget)),
  );
}

/** A drawing as a file of its own, with the colours that it has on the page. */
function standalone(drawing) {
  const copied = drawing.cloneNode(true);
  const [from, to] = [
    [drawing, ...drawing.querySelectorAll("*")],
    [copied, ...copied.querySelectorAll("*")],
  ];
  from.forEach((part, place) => {
    const seen = getComputedStyle(part);
    for (const name of ["fill", "stroke", "stroke-width", "opacity", "font-family", "font-size", "text-anchor"])
      to[place].setAttribute(name, seen.getPropertyValue(name));
    to[place].removeAttribute("class");
  });
  copied.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const box = drawing.viewBox.baseVal;
  copied.setAttribute("width", box.width);
  copied.setAttribute("height", box.height);
  copied.prepend(svg("rect", { width: box.width, height: box.height, fill: colour("surface") }));
  return new XMLSerializer().serializeToString(copied);
}

/** A drawing with its caption, and a button that saves it under `name`. */
function drawn({ name, caption, label, size: { width, height } }, parts) {
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, parts);
  const act = () => save(fileName(name, "svg"), "image/svg+xml", [standalone(drawing)]);
  const button = element(
    "button",
    { type: "button", class: "save", title: "Save as SVG", "aria-label": `Save ${name} as SVG`, onclick: act },
    "SVG",
  );
  return element("figure", { class: "picture" }, element("figcaption", {}, caption, button), drawing);
}
