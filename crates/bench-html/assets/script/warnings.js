// What is to be doubted: the same sentence once, with those that it is said of.

/** More warnings than so many are shown on request. */
const SHOWN_WARNINGS = 12;

function warningsOf(warnings) {
  if (!warnings.length) return null;
  const lines = (some) => some.map((text) => element("li", {}, prose(text)));
  const rest = warnings.slice(SHOWN_WARNINGS);
  return element(
    "div",
    { class: "warnings" },
    element("ul", { "aria-label": "Warnings" }, lines(warnings.slice(0, SHOWN_WARNINGS))),
    rest.length > 0 &&
      element("details", {}, element("summary", {}, `${rest.length} more`), element("ul", {}, lines(rest))),
  );
}

/** Notices of one kind, together: `[{ text, of }]`, those of most things first. A notice is `{ kind, text, id }`. */
function folded(notices) {
  const kinds = new Map();
  for (const { kind, text, id } of notices) {
    if (!kinds.has(kind)) kinds.set(kind, { kind, text, of: [], texts: new Set() });
    kinds.get(kind).of.push(id);
    kinds.get(kind).texts.add(text);
  }
  return [...kinds.values()].sort((a, b) => b.of.length - a.of.length);
}

/** A line for each kind of sentence; which cases, on request. */
function foldedList(title, notices, naming) {
  if (!notices.length) return null;
  const lines = folded(notices).map(({ kind, text, of, texts }) => {
    if (of.length === 1) return element("li", {}, together(of, naming), ": ", prose(text));
    const ids = [...new Set(of)];
    return element(
      "li",
      {},
      element(
        "details",
        {},
        element(
          "summary",
          {},
          element("strong", {}, plural(ids.length, "case")),
          texts.size > 1 ? ", such as: " : ": ",
          prose(text),
        ),
        element(
          "ul",
          {},
          notices
            .filter((notice) => notice.kind === kind)
            .map((notice) =>
              element("li", {}, naming.full(notice.id), texts.size > 1 && [": ", prose(notice.text)]),
            ),
        ),
      ),
    );
  });
  return element("section", {}, element("h3", {}, title), element("ul", { class: "folded" }, lines));
}
