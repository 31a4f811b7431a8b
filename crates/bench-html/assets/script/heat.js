// All cases and all runs at one glance: a row for each case, a column for each run, coloured by how far a figure lies from
// the level that was accepted last.

const heatView = {
  name: "overview",
  title: "Overview",
  is: (page) => page.history !== null && !tooShort(page.history),

  build(root, page) {
    const { history } = page;
    const lines = history.lines;
    /** Of the machine with the most figures, and of the time, unless others are asked for. */
    const usual = (pick) => mostOf(lines, pick);
    this.usual = {
      metric: lines.some(({ metric }) => metric === "time") ? "time" : usual((line) => line.metric),
      machine: usual((line) => line.machineName),
    };
    const first = (options, value, say) =>
      options.length ? [["", say(value)], ...options.slice(1).filter(([known]) => known !== value)] : [];
    this.filter = filterControls(
      [
        [
          "metric",
          "metric",
          first(
            optionsOf(lines, (line) => line.metric, metricName),
            this.usual.metric,
            metricName,
          ),
        ],
        [
          "machine",
          "machine",
          first(
            optionsOf(lines, (line) => line.machineName, shortMachine),
            this.usual.machine,
            shortMachine,
          ),
        ],
        ["model", "model", optionsOf(lines, (line) => line.model)],
      ],
      "Search cases",
    );
    this.changed = toggle("changed", "Only cases that have changed", false, () =>
      adjust({ changed: state.changed ? "" : "1" }),
    );
    this.count = element("span", { class: "count", role: "status" });
    this.readout = element("p", { class: "readout", role: "status" });
    this.map?.end();
    this.map = new HeatMap(
      (cell) => this.read(cell),
      (cell) => this.open(cell),
    );
    this.none = element("div");
    root.append(
      headline(history, history.events),
      element(
        "div",
        { class: "controls", role: "search" },
        ...this.filter.parts,
        this.changed,
        exportButtons(
          "overview",
          () => heatTable(this.map),
          () => this.map.canvas,
        ),
        this.count,
      ),
      element("div", { class: "heat-head" }, heatLegend(), history.naming.said() || ""),
      this.map.holder,
      this.none,
      this.readout,
    );
  },

  update(page) {
    const { history } = page;
    this.history = history;
    this.filter.update();
    this.changed.setAttribute("aria-pressed", String(!!state.changed));
    const metric = state.metric || this.usual.metric;
    const machine = state.machine || this.usual.machine;
    const sought = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const lines = history.lines.filter((line) => line.metric === metric && line.machineName === machine);
    const chosen = lines.filter(
      (line) =>
        (!state.model || line.model === state.model) &&
        (!state.changed || line.changes.length > 0) &&
        sought.every((word) => line.text.includes(word)),
    );
    this.count.textContent =
      chosen.length === lines.length
        ? plural(lines.length, "case")
        : `${chosen.length} of ${plural(lines.length, "case")}`;
    this.none.replaceChildren(...(chosen.length ? [] : [nothing("No case matches.")]));
    const runs = [...new Set(lines.flatMap((line) => line.course))].sort((a, b) => a - b);
    const number = history.machines.indexOf(machine);
    const events = history.events
      .filter((event) => event.machines.includes(number))
      .map((event) => ({
        event,
        run: event.ofMachine ? event.at : event.hits.find(({ line }) => line.machine === number).at,
      }));
    this.map.show(history, heatRows(history, chosen, runs), runs, events);
    this.read(null);
  },

  /** Says what is known of a cell, or of an event above the cells. */
  read(cell) {
    if (!cell) {
      this.readout.replaceChildren(
        "point at a cell, or choose one with the arrow keys: Enter opens its history, [ and ] go from event to event",
      );
      return;
    }
    const run = this.history.runs[cell.run];
    const parts = [element("strong", {}, when(run.timestamp)), run.commit && [" ", commitLink(run.commit)], " "];
    for (const event of cell.events) {
      parts.push(
        badge(event.lead.change.shift, event.worse, event.accepted),
        " ",
        event.ofMachine ? theMachine(largest(event.shifts)) : together(event.cases, this.history.naming),
        " ",
      );
    }
    if (cell.row) {
      const { line, base, shares, values } = cell.row;
      parts.push(this.history.naming.full(line.case), " ");
      parts.push(
        Number.isNaN(values[cell.column])
          ? "not measured in this run"
          : [
              element("strong", {}, figure(values[cell.column], line.unit)),
              ` ${change(shares[cell.column])} against ${figure(base.median, line.unit)}, ${base.why}`,
            ],
      );
    }
    this.readout.replaceChildren();
    fill(this.readout, {}, parts);
  },

  open(cell) {
    if (cell.row) location.hash = lineAddress(cell.row.line);
    else if (cell.events.length) location.hash = address({ view: "changes", event: cell.events[0].key }, {});
  },
};
