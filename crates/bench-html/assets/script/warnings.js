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

const UNITS = /^(ns|µs|ms|s|B|KiB|MiB|GiB|TiB|k|M|G|T)$/;

/** What a sentence says, whatever the figures in it. */
function kindOf(text) {
  return text
    .split(/[\s,:;()]+/)
    .filter((word) => word && !/[\d`"]/.test(word) && !UNITS.test(word))
    .join(" ");
}

/** Things that say the same, together: `[{ text, of }]`, those of most things first. */
function folded(pairs) {
  const kinds = new Map();
  for (const [text, thing] of pairs) {
    const kind = kindOf(text);
    if (!kinds.has(kind)) kinds.set(kind, { text, of: [], texts: new Set() });
    kinds.get(kind).of.push(thing);
    kinds.get(kind).texts.add(text);
  }
  return [...kinds.values()].sort((a, b) => b.of.length - a.of.length);
}

/** A line for each kind of sentence; which cases, on request. */
function foldedList(title, pairs, naming) {
  if (!pairs.length) return null;
  const lines = folded(pairs).map(({ text, of, texts }) => {
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
          pairs
            .filter(([other]) => texts.has(other))
            .map(([other, id]) => element("li", {}, naming.full(id), texts.size > 1 && [": ", prose(other)])),
        ),
      ),
    );
  });
  return element("section", {}, element("h3", {}, title), element("ul", { class: "folded" }, lines));
}
