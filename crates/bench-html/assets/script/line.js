// One series, large: runs, segments with their intervals, changes, what was accepted, other machines over it.

/** The address of the series that was looked at last. */
let lastLine = null;

const lineView = {
  name: "line",
  title: null,
  is: (page) => page.history !== null,

  /** Another line is another view. */
  key: () => [state.case, state.metric, state.machine, state.build].join("\n"),

  build(root, page) {
    this.fitted?.end();
    this.fitted = null;
    this.line = page.history.find(state);
    if (!this.line) {
      root.append(nothing(`There is no series ${state.metric} of ${state.case}.`));
      return;
    }
    const { line } = this;
    lastLine = lineAddress(line);
    document.title = `${line.case} · ${metricName(line.metric)}`;
    this.others = page.history.siblings(line).filter((other) => other !== line);
    this.controls = element("div", { class: "controls", role: "group", "aria-label": "How it is shown" });
    this.overlays = element("div", { class: "overlays" });
    this.together = element("div", { class: "controls together" });
    this.holder = element("div", {
      class: "chart",
      tabindex: "0",
      role: "application",
      "aria-label": "Chart of all runs. Left and right: run by run. Plus, minus, 0: zoom. Brackets: change by change.",
      onkeydown: (event) => this.press(event),
    });
    // What is in view, for whoever drives the page.
    this.holder.shownRuns = () => [this.chart().scales.x.min, this.chart().scales.x.max];
    this.holder.shownFigures = () => this.chart().scales.y;
    this.holder.shownKnown = () => ({ whiskers: this.whiskers, hollow: this.hollow });
    this.holder.shownShares = () => this.chart().axes[2]._values;
    this.readout = element("p", { class: "readout", role: "status" });
    this.hint = element(
      "p",
      { class: "quiet hint" },
      `bars: 95 % intervals of the first series, drawn if there is room (zoom in) · hollow: ${FEW_ROUNDS} rounds or fewer`,
    );
    root.append(
      element(
        "header",
        { class: "line-head" },
        element(
          "p",
          { class: "ways" },
          element("a", { class: "back", href: gridView.address() }, "← all series"),
          runLinks(page, line),
        ),
        element("h2", {}, line.history.naming.full(line.case)),
        element("p", { class: "quiet" }, breakable(line.case)),
        element(
          "p",
          {},
          element("strong", {}, metricName(line.metric)),
          ` (${line.better === "lower" ? "less is better" : "more is better"}): `,
          element("strong", {}, figure(line.level, line.unit)),
          ` on ${line.machineName}`,
        ),
        element("p", { class: "quiet" }, line.buildName),
      ),
      this.controls,
      this.overlays,
      this.together,
      this.holder,
      this.hint,
      this.readout,
      segmentsOf(line),
      runsOf(line),
    );
  },

  update() {
    if (!this.line) return;
    const { line } = this;
    const others = this.others.filter((other) => this.shown().includes(overlayKey(other)));
    this.over = [...others, ...this.added()];
    this.offerTogether();
    const log = state.log === "1" && this.positive();
    const buttons = [
      toggle("log", "Logarithmic scale (l)", log, () => adjust({ log: log ? "" : "1" })),
      toggle("percent", "Share of the first level (%)", this.inPercent(), () =>
        adjust({ percent: state.percent === "1" ? "" : "1" }),
      ),
      toggle("by date", "Place runs at their dates (d)", state.dates === "1", () =>
        adjust({ dates: state.dates === "1" ? "" : "1" }),
      ),
      element("button", { type: "button", title: "Zoom in (+)", onclick: () => zoom(this.chart(), 0.5) }, "+"),
      element("button", { type: "button", title: "Zoom out (-)", onclick: () => zoom(this.chart(), 2) }, "−"),
      element("button", { type: "button", title: "Show all (0)", onclick: () => zoomOut(this.chart()) }, "all"),
      element("span", { class: "quiet hint" }, "drag to zoom, double-click to show all"),
      exportButtons(
        `${line.case} ${line.metric}`,
        () => runRows(line),
        () => this.chart().ctx.canvas,
      ),
    ];
    this.controls.replaceChildren(...buttons);
    this.overlays.replaceChildren(
      ...this.others.map((other) => {
        const on = this.over.includes(other);
        const number = on ? 1 + this.over.indexOf(other) : null;
        const act = () => {
          const keys = this.shown().filter((key) => key !== overlayKey(other));
          adjust({ over: (on ? keys : [...keys, overlayKey(other)]).join(",") });
        };
        return element(
          "label",
          { class: `overlay ${on ? `line-${number % 6}` : ""}`, title: `${other.machineName}; ${other.buildName}` },
          element("input", { type: "checkbox", checked: on, onchange: act }),
          difference(line, other),
        );
      }),
    );
    if (this.others.length) {
      this.overlays.prepend(element("span", { class: "overlay line-0" }, shortMachine(line.machineName)));
    }
    this.fitted?.end();
    this.holder.replaceChildren();
    this.fitted = fit(this.holder, (width, kept) => this.draw(width, log, kept));
    // Where the cursor was means another run among other lines.
    this.place = null;
    this.read(null);
  },

  /** Where whoever came by keys goes on. */
  entry() {
    return this.line && this.holder;
  },

  chart() {
    return this.fitted.chart();
  },

  shown() {
    return (state.over ?? "").split(",").filter(Boolean);
  },

  /** Only what is above zero has a logarithm. */
  positive() {
    return [this.line, ...this.over].every((line) => line.values.every((value) => value > 0));
  },

  /** Says what is known of the run under the cursor. */
  read(place) {
    const { line } = this;
    if (place === null || place === undefined || this.runs[place] === undefined) {
      const last = line.course.length - 1;
      this.readout.replaceChildren(...(last < 0 ? [] : ["newest: ", ...this.told(line.course[last])]));
      return;
    }
    this.place = place;
    this.readout.replaceChildren(...this.told(this.runs[place]));
  },

  told(run) {
    const { line } = this;
    const known = line.history.runs[run];
    const parts = [element("strong", {}, when(known.timestamp)), ` ${known.run} `];
    if (known.commit) parts.push(element("code", { title: known.commit }, shortCommit(known.commit)), " ");
    [line, ...this.over].forEach((one, shown) => {
      const number = one.course.indexOf(run);
      if (number < 0) return;
      const share = this.inPercent() ? ` (${significant((100 * one.values[number]) / firstLevel(one), 4)} %)` : "";
      const pair = one.intervalOf(number);
      const rounds = one.roundsOf(number);
      const about = [
        pair && `95 % interval ${interval(pair, one.unit)}`,
        rounds !== null && rounds <= FEW_ROUNDS && plural(rounds, "round"),
      ].filter(Boolean);
      parts.push(
        element("span", { class: `value line-${shown % 6}` }, figure(one.values[number], one.unit), share),
        about.length ? element("span", { class: "quiet" }, ` (${about.join(", ")}) `) : " ",
      );
      const event = one.events.find(({ since }) => since === number);
      if (event) {
        const shift = one.history.shiftOf(event);
        parts.push(badge(event.shift, event.worse, event.accepted), shift ? ` ${theMachine(shift)} ` : " ");
      }
      for (const { author, reason } of one.acceptances.filter((acceptance) => acceptance.run === known.run)) {
        parts.push(element("span", { class: "accepted" }, `accepted by ${author}: ${reason}`), " ");
      }
    });
    return parts;
  },

  press(event) {
    const chart = this.chart();
    const moveTo = (place) => {
      const bounded = Math.max(0, Math.min(this.runs.length - 1, place));
      const x = this.at(bounded);
      const { min, max } = chart.scales.x;
      if (x < min || x > max) chart.setScale("x", { min: x - (max - min) / 2, max: x + (max - min) / 2 });
      const value = chart.data[1][bounded];
      chart.setCursor({ left: chart.valToPos(x, "x"), top: value === null ? 10 : chart.valToPos(value, "y") });
      this.read(bounded);
    };
    const here = this.place ?? this.runs.length - 1;
    const turns = this.line.events.map(({ since }) => this.placeOf(this.line, since));
    const keys = {
      ArrowLeft: () => moveTo(here - 1),
      ArrowRight: () => moveTo(here + 1),
      Home: () => moveTo(0),
      End: () => moveTo(this.runs.length - 1),
      "[": () => moveTo(turns.findLast((turn) => turn < here) ?? here),
      "]": () => moveTo(turns.find((turn) => turn > here) ?? here),
      "+": () => zoom(chart, 0.5),
      "=": () => zoom(chart, 0.5),
      "-": () => zoom(chart, 2),
      0: () => zoomOut(chart),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  },
};

/** What tells an overlay from the others in the address. */
function overlayKey(line) {
  return `${line.machine}.${line.build}`;
}

/** In what another line differs: its machine, or else its build. */
function difference(line, other) {
  if (other.machine !== line.machine) {
    const alike = shortMachine(other.machineName) === shortMachine(line.machineName);
    return alike ? other.machineName : shortMachine(other.machineName);
  }
  return other.buildName;
}
