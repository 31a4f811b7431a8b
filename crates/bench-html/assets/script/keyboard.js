// Everything can be done with keys.

const KEYS = [
  ["1 to 9", "the tabs"],
  ["/", "search"],
  ["↑ ↓ ← →", "from series to series; on the overview, from cell to cell; on a chart, ← → from run to run"],
  ["[ ]", "on the overview and on a chart: from change to change"],
  ["+ − 0", "on a chart: zoom in, zoom out, show all"],
  ["l", "logarithmic scale"],
  ["d", "runs at their dates"],
  ["Esc", "back to all series"],
  ["t", "theme: as the system, light, dark"],
  ["?", "this list"],
];

function helpDialog() {
  const close = () => dialog.close();
  const dialog = element(
    "dialog",
    { class: "help", "aria-label": "Keys" },
    element("h2", {}, "Keys"),
    element(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, what]) => fact(element("kbd", {}, keys), what)),
    ),
    element("button", { type: "button", onclick: close }, "close"),
  );
  return dialog;
}

/** Moves from card to card as they lie on the screen. */
function moveCard(key) {
  const cards = [...document.querySelectorAll(".card")];
  if (!cards.length) return false;
  const here = cards.indexOf(document.activeElement);
  if (here < 0 && document.activeElement !== document.body) return false;
  const top = cards[0].offsetTop;
  const wide = cards.findIndex((card) => card.offsetTop !== top);
  const columns = wide < 0 ? cards.length : wide;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  const next = cards[here < 0 ? 0 : here + by];
  next?.focus();
  return next !== undefined;
}

function onKey(event, app) {
  // The list of keys is a dialog, which has its own.
  if (app.help.open) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key.startsWith("Arrow")) {
    if (moveCard(event.key)) event.preventDefault();
    return;
  }
  const charts = state.view === "line" || state.view === "load";
  const keys = {
    "/": () => app.search(),
    "?": () => app.help.showModal(),
    t: () => app.nextTheme(),
    l: charts && (() => adjust({ log: state.log === "1" ? "" : "1" })),
    d: state.view === "line" && (() => adjust({ dates: state.dates === "1" ? "" : "1" })),
    Escape: state.view === "line" && (() => (location.hash = gridView.address())),
  };
  const tab = /^[1-9]$/.test(event.key) && app.tabs()[Number(event.key) - 1];
  const act = tab ? () => tab.click() : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
