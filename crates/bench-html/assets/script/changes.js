// What has changed, newest first: a card for each event, with all the figures that it moved.

/** Cards are shown until there are so many; the rest on request. */
const SHOWN_CHANGES = 60;

const SHOWS = [
  ["", "all", () => true],
  ["worse", "worse", (event) => event.worse],
  ["better", "better", (event) => !event.worse],
  ["open", "open", (event) => !event.ofMachine && !event.accepted],
  ["accepted", "accepted", (event) => event.accepted],
];

const changesView = {
  name: "changes",
  title: "Changes",
  is: (page) => page.history !== null,

  build(root, page) {
    const { history } = page;
    this.marked = "";
    this.list = element("div", { class: "changes" });
    this.toggles = element("div", { class: "toggles", role: "group", "aria-label": "Which changes" });
    const events = history.events;
    const hits = events.flatMap((event) => event.hits);
    this.filter = filterControls(
      [
        ["metric", "metric", optionsOf(hits, ({ line }) => line.metric, metricName)],
        ["model", "model", optionsOf(hits, ({ line }) => line.model)],
        ["machine", "machine", optionsOf(hits, ({ line }) => line.machineName, shortMachine)],
      ],
      "Search changes by case, metric, commit",
    );
    this.count = element("span", { class: "count", role: "status" });
    root.append(
      headline(history, events),
      ...(events.length
        ? [
            element(
              "div",
              { class: "controls", role: "search" },
              this.toggles,
              ...this.filter.parts,
              exportButtons("changes", () => changeRows(history, this.chosen)),
              this.count,
            ),
          ]
        : []),
      this.list,
    );
  },

  update(page) {
    const { history } = page;
    const { events } = history;
    this.filter.update();
    const narrowed = events.filter((event) => this.fits(history, event));
    this.toggles.replaceChildren(
      ...SHOWS.map(([key, label, shows]) =>
        toggle(`${label} ${narrowed.filter(shows).length}`, `Show ${label}`, state.show === key, () =>
          adjust({ show: key }),
        ),
      ),
    );
    const [, , shows] = SHOWS.find(([key]) => key === state.show) ?? SHOWS[0];
    const chosen = (this.chosen = narrowed.filter(shows));
    const figures = chosen.reduce((sum, event) => sum + event.hits.length, 0);
    this.count.textContent = `${plural(chosen.length, "event")} that moved ${plural(figures, "figure")}`;
    const marked = chosen.findIndex((event) => event.key === state.event);
    this.show(history, chosen, Math.max(SHOWN_CHANGES, marked + 1));
    // Once: filters must not scroll.
    if (marked >= 0 && this.marked !== state.event)
      this.list.querySelector(".is-marked").scrollIntoView({ block: "center" });
    this.marked = state.event;
  },

  /** Whether an event moved a figure that is looked for. */
  fits(history, event) {
    const sought = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const commits = [event.before, event.at].map((run) => history.runs[run].commit ?? "").join(" ");
    return event.hits.some(
      ({ line }) =>
        (!state.metric || line.metric === state.metric) &&
        (!state.model || line.model === state.model) &&
        (!state.machine || line.machineName === state.machine) &&
        sought.every((word) => line.text.includes(word) || commits.includes(word)),
    );
  },

  show(history, chosen, count) {
    const parts = [];
    let last = null;
    for (const event of chosen.slice(0, count)) {
      const today = day(history.runs[event.at].timestamp);
      if (today !== last) parts.push(element("h2", { class: "day" }, today));
      last = today;
      parts.push(eventCard(history, event));
    }
    if (chosen.length > count) {
      const more = () => this.show(history, chosen, count + 10 * SHOWN_CHANGES);
      parts.push(
        element("button", { type: "button", class: "more", onclick: more }, `${chosen.length - count} older changes`),
      );
    }
    if (!chosen.length) parts.push(nothingChanged(history, history.events));
    this.list.replaceChildren(...parts);
  },
};

function nothingChanged(history, events) {
  if (events.length) return nothing("No change of this kind.");
  if (!history.lines.length) return nothing("The store holds no figures yet.", "bench store add");
  if (tooShort(history)) {
    const most = Math.max(...history.lines.map(({ values }) => values.length));
    return nothing(
      `Too little history: a change can be found from 15 runs of a case on, and ${most === 1 ? "there is one" : `there are ${most}`}. After each run:`,
      "bench store add",
    );
  }
  const short = history.lines.filter((line) => line.too_little_history).length;
  return nothing(
    `Nothing has changed.${short ? ` ${plural(short, "series", "series")} have fewer than 15 runs, too few to tell.` : ""}`,
  );
}

/** Whether no series has the runs that finding a change takes. */
function tooShort(history) {
  return history.lines.every((line) => line.too_little_history);
}

/** The state of things in a few numbers. */
function headline(history, events) {
  const own = events.filter((event) => !event.ofMachine);
  const open = own.filter((event) => !event.accepted);
  const worse = open.filter((event) => event.worse).length;
  const machines = events.length - own.length;
  const [first, last] = [history.runs[0], history.runs[history.runs.length - 1]];
  return element(
    "section",
    { class: "tiles", "aria-label": "At a glance" },
    // That nothing was found says nothing where nothing could be found.
    ...(tooShort(history)
      ? [tile("?", "changes: they can be found from 15 runs on")]
      : [
          tile(worse, "worse, open", worse ? "is-worse" : ""),
          tile(open.length - worse, "better, open"),
          tile(own.length - open.length, "accepted"),
          machines > 0 && tile(machines, machines === 1 ? "change of a machine" : "changes of machines"),
        ]),
    tile(history.lines.length, `series of ${plural(history.cases.size, "case")}`),
    // A day does not break at its hyphens.
    tile(
      history.runs.length,
      last ? `runs, ${day(first.timestamp)} to ${day(last.timestamp)}`.replaceAll("-", "\u2011") : "runs",
    ),
    tile(history.machines.length, history.machines.length === 1 ? "machine class" : "machine classes"),
  );
}
