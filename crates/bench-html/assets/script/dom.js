// Elements are only ever made here, and their text is only ever text: nothing of the data is read as HTML.

/** An element with attributes (`on…`: a listener) and children, which are elements or text. */
function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/** Gives an element attributes and children; what is nothing is left out. */
function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Text in which what stands between backticks is code. */
function prose(text) {
  const parts = text.split("`");
  // A backtick without a partner is one.
  if (parts.length % 2 === 0) return text;
  return parts.map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

/** A number that is read from afar, and what it counts. */
function tile(count, text, kind) {
  const number = element("strong", {}, count.toLocaleString("en"));
  return element("div", { class: `tile ${kind ?? ""}` }, number, element("span", {}, text));
}

/** A button that says whether it is on. */
function toggle(label, title, on, act) {
  return element("button", { type: "button", class: "toggle", title, "aria-pressed": String(on), onclick: act }, label);
}

/** A labelled choice; the first option means all. */
function choice(label, name, options, value, act) {
  const select = element(
    "select",
    { name, onchange: (event) => act(event.target.value) },
    options.map(([option, text]) => element("option", { value: option, selected: option === value }, text)),
  );
  return element("label", { class: "choice" }, element("span", {}, label), select);
}
