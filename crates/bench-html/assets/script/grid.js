// All series as small pictures, filtered.

/** Cards are made in portions, as one scrolls. */
const PORTION = 120;

const gridView = {
  name: "series",
  title: "Series",
  is: (page) => page.history !== null,

  build(root, page) {
    const { history } = page;
    const options = (pick, say = (value) => value) => {
      const known = [...new Set(history.lines.map(pick))].filter(Boolean).sort();
      return [["", "all"], ...known.map((value) => [value, say(value)])];
    };
    const lists = [
      ["category", "category", options((line) => line.category)],
      ["model", "model", options((line) => line.model)],
      ["machine", "machine", options((line) => line.machineName, shortMachine)],
      ["metric", "metric", options((line) => line.metric, words)],
    ].filter(([, , known]) => known.length > 2);
    this.search = element("input", {
      type: "search",
      name: "q",
      placeholder: "search  /",
      "aria-label": "Search by case, metric, machine",
      oninput: (event) => adjust({ q: event.target.value }),
    });
    this.selects = lists.map(([label, name, known]) =>
      choice(label, name, known, state[name], (value) => adjust({ [name]: value })),
    );
    const sorts = [
      ["", "by name"],
      ["change", "largest change"],
      ["newest", "newest change"],
    ];
    this.selects.push(choice("order", "sort", sorts, state.sort, (value) => adjust({ sort: value })));
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
      element("div", { class: "controls", role: "search" }, this.search, this.selects, this.changed, this.count),
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
    if (document.activeElement !== this.search) this.search.value = state.q;
    for (const label of this.selects) {
      const select = label.querySelector("select");
      select.value = state[select.name];
    }
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
    if (state.sort === "change") this.chosen.sort((a, b) => size(b) - size(a));
    if (state.sort === "newest") this.chosen.sort((a, b) => newest(b) - newest(a));
    this.count.textContent =
      this.chosen.length === lines.length
        ? plural(lines.length, "series", "series")
        : `${this.chosen.length.toLocaleString("en")} of ${plural(lines.length, "series", "series")}`;
    this.cards.replaceChildren();
    this.many = page.history.machines.length > 1;
    this.more();
    if (!this.chosen.length) this.cards.append(element("p", { class: "nothing" }, "No series matches."));
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
    element("span", { class: "card-name", title: line.case }, line.case),
    sparkline(line),
    element(
      "span",
      { class: "card-foot" },
      element("span", {}, words(line.metric)),
      element("strong", {}, figure(line.level, line.unit)),
      last
        ? badge(last.shift, last.worse, last.accepted)
        : line.too_little_history && element("span", { class: "quiet" }, plural(line.values.length, "run")),
    ),
    manyMachines && element("span", { class: "card-machine", title: line.machineName }, shortMachine(line.machineName)),
  );
}
