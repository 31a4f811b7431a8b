// All series as small pictures, filtered.

/** Cards are made in portions, as one scrolls. */
const PORTION = 120;

const SORTS = [
  ["", "by name"],
  ["change", "largest change"],
  ["newest", "newest change"],
];

const gridView = {
  name: "series",
  title: "Series",
  is: (page) => page.history !== null,

  build(root, page) {
    const { history } = page;
    this.filter = filterControls(
      [
        ["category", "category", optionsOf(history.lines, (line) => line.category)],
        ["model", "model", optionsOf(history.lines, (line) => line.model)],
        ["machine", "machine", optionsOf(history.lines, (line) => line.machineName, shortMachine)],
        ["metric", "metric", optionsOf(history.lines, (line) => line.metric, metricName)],
        ["order", "sort", SORTS],
      ],
      "Search by case, metric, machine",
    );
    this.changed = toggle("changed", "Only series that have changed", false, () =>
      adjust({ changed: state.changed ? "" : "1" }),
    );
    this.count = element("span", { class: "count", role: "status" });
    this.cards = element("div", { class: "cards" });
    this.end = element("div", { class: "end" });
    this.observer?.disconnect();
    this.observer = new IntersectionObserver((entries) => entries[0].isIntersecting && this.more(), {
      rootMargin: "600px",
    });
    this.observer.observe(this.end);
    root.append(
      element("div", { class: "controls", role: "search" }, this.filter.parts, this.changed, this.count),
      ...[history.naming.said()].filter(Boolean),
      this.cards,
      this.end,
    );
  },

  /** With the filters as they were last. */
  address() {
    return this.left ?? address({ view: "series" }, {});
  },

  update(page) {
    this.left = address({});
    this.filter.update();
    this.changed.setAttribute("aria-pressed", String(!!state.changed));
    const { lines } = page.history;
    const sought = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    this.chosen = lines.filter(
      (line) =>
        (!state.category || line.category === state.category) &&
        (!state.model || line.model === state.model) &&
        (!state.machine || line.machineName === state.machine) &&
        (!state.metric || line.metric === state.metric) &&
        (!state.changed || line.changes.length > 0) &&
        sought.every((word) => line.text.includes(word)),
    );
    const last = (line) => line.changes[line.changes.length - 1];
    const size = (line) => Math.max(-1, ...line.changes.map(({ shift }) => Math.abs(shift ?? Infinity)));
    const newest = (line) => (last(line) ? line.course[last(line).since] : -1);
    // The time of a case first: it is what most people come for.
    const { naming } = page.history;
    const rank = (line) => (line.metric === "time" ? 0 : 1);
    this.chosen.sort(
      (a, b) =>
        rank(a) - rank(b) ||
        inOrder(a.metric, b.metric) ||
        naming.place(a.case) - naming.place(b.case) ||
        a.machine - b.machine,
    );
    if (state.sort === "change") this.chosen.sort((a, b) => size(b) - size(a));
    if (state.sort === "newest") this.chosen.sort((a, b) => newest(b) - newest(a));
    this.count.textContent =
      this.chosen.length === lines.length
        ? plural(lines.length, "series", "series")
        : `${this.chosen.length.toLocaleString("en")} of ${plural(lines.length, "series", "series")}`;
    this.cards.replaceChildren();
    this.many = page.history.machines.length > 1;
    this.more();
    if (!lines.length) this.cards.append(nothing("The store holds no figures yet.", "bench store add"));
    else if (!this.chosen.length) this.cards.append(nothing("No series matches."));
  },

  /** The card of the series that one comes back from. */
  entry() {
    return [...this.cards.querySelectorAll(".card")].find((card) => card.getAttribute("href") === lastLine);
  },

  more() {
    const shown = this.cards.querySelectorAll(".card").length;
    const portion = (this.chosen ?? []).slice(shown, shown + PORTION);
    this.cards.append(...portion.map((line) => card(line, this.many)));
  },
};

function card(line, manyMachines) {
  const last = line.changes[line.changes.length - 1];
  return element(
    "a",
    { class: "card", href: lineAddress(line) },
    element("span", { class: "card-owner" }, ownerOf(partsOf(line.case))),
    element("span", { class: "card-name" }, line.history.naming.label(line.case)),
    sparkline(line),
    element(
      "span",
      { class: "card-foot" },
      element("span", {}, metricName(line.metric)),
      element("strong", {}, figure(line.level, line.unit)),
      last
        ? badge(last.shift, last.worse, last.accepted)
        : line.too_little_history && element("span", { class: "quiet" }, plural(line.values.length, "run")),
    ),
    manyMachines && element("span", { class: "card-machine", title: line.machineName }, shortMachine(line.machineName)),
  );
}
