// One series, large: runs, segments with their intervals, changes, what was accepted, other machines over it.

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
    document.title = `${line.case} · ${metricName(line.metric)}`;
    this.others = page.history.siblings(line).filter((other) => other !== line);
    this.controls = element("div", { class: "controls", role: "group", "aria-label": "How it is shown" });
    this.overlays = element("div", { class: "overlays" });
    this.holder = element("div", {
      class: "chart",
      tabindex: "0",
      role: "application",
      "aria-label": "Chart of all runs. Left and right: run by run. Plus, minus, 0: zoom. Brackets: change by change.",
      onkeydown: (event) => this.press(event),
    });
    // What of the runs is in view, for whoever drives the page.
    this.holder.shownRuns = () => [this.chart().scales.x.min, this.chart().scales.x.max];
    this.readout = element("p", { class: "readout", role: "status" });
    root.append(
      element(
        "header",
        { class: "line-head" },
        element("p", { class: "ways" }, element("a", { class: "back", href: gridView.address() }, "← all series"), runLinks(page, line)),
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
      this.holder,
      this.readout,
      segmentsOf(line),
      runsOf(line),
    );
  },

  update() {
    if (!this.line) return;
    const { line } = this;
    this.over = this.others.filter((other) => this.shown().includes(overlayKey(other)));
    const log = state.log === "1" && this.positive();
    const buttons = [
      toggle("log", "Logarithmic scale (l)", log, () => adjust({ log: log ? "" : "1" })),
      toggle("by date", "Runs at their dates instead of one beside the other (d)", state.dates === "1", () =>
        adjust({ dates: state.dates === "1" ? "" : "1" }),
      ),
      element("button", { type: "button", title: "Zoom in (+)", onclick: () => zoom(this.chart(), 0.5) }, "+"),
      element("button", { type: "button", title: "Zoom out (-)", onclick: () => zoom(this.chart(), 2) }, "−"),
      element("button", { type: "button", title: "Show all (0)", onclick: () => zoomOut(this.chart()) }, "all"),
      element("span", { class: "quiet hint" }, "drag to zoom, double-click to show all"),
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

  draw(width, log, kept) {
    const { line } = this;
    const drawn = [line, ...this.over];
    const byDate = state.dates === "1";
    // The runs of all that is drawn, in order of time, and where each line has one.
    const runs = [...new Set(drawn.flatMap((one) => one.course))].sort((a, b) => a - b);
    const places = new Map(runs.map((run, place) => [run, place]));
    this.runs = runs;
    this.placeOf = (one, number) => places.get(one.course[number]);
    const at = (place) => (byDate ? Date.parse(line.history.runs[runs[place]].timestamp) / 1000 : place);
    this.at = at;
    const x = runs.map((_, place) => at(place));
    const y = drawn.map((one) => {
      const values = new Array(runs.length).fill(null);
      one.values.forEach((value, number) => (values[this.placeOf(one, number)] = value));
      return values;
    });
    const hidden = { show: false };
    const room = (x[x.length - 1] - x[0]) * 0.02 || 1;
    const options = {
      width,
      height: Math.round(Math.min(460, Math.max(300, innerHeight * 0.5))),
      legend: hidden,
      scales: {
        x: { time: byDate, min: kept?.min ?? x[0] - room, max: kept?.max ?? x[x.length - 1] + room, auto: false },
        y: figureScale(log),
      },
      axes: [
        axis(byDate ? { size: 44 } : { size: 30, values: (_, ticks) => this.dates(ticks), space: 90 }),
        figureAxis(line.unit, metricName(line.metric)),
      ],
      series: [
        {},
        ...drawn.map((_, number) => ({
          stroke: faded(lineColour(number), 0.35),
          width: 1,
          spanGaps: true,
          points: { show: true, size: 5, width: 0, fill: lineColour(number), stroke: lineColour(number) },
        })),
      ],
      cursor: { drag: { x: true, y: false }, points: { size: 9 }, focus: { prox: 30 } },
      hooks: {
        drawClear: [(chart) => this.drawIntervals(chart, drawn)],
        draw: [(chart) => this.drawLevels(chart, drawn)],
        setCursor: [(chart) => this.read(chart.cursor.idx)],
      },
    };
    const chart = new uPlot(options, [x, ...y], this.holder);
    chart.over.addEventListener("dblclick", () => zoomOut(chart));
    return chart;
  },

  /** The day of each tick; ticks stand at whole places, where runs are. */
  dates(ticks) {
    return ticks.map((tick) => {
      const run = Number.isInteger(tick) && this.line.history.runs[this.runs[tick]];
      return run ? day(run.timestamp) : "";
    });
  },

  /** Calls `draw` with each segment of each line and its ends on the canvas. */
  eachSegment(chart, drawn, draw) {
    const pen = chart.ctx;
    const { left, top, width, height } = chart.bbox;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    const edge = state.dates === "1" ? 0 : 0.5;
    drawn.forEach((one, number) => {
      for (const segment of one.segments.filter(({ median }) => median !== null)) {
        const from = chart.valToPos(this.at(this.placeOf(one, segment.from)) - edge, "x", true);
        const to = chart.valToPos(this.at(this.placeOf(one, segment.to - 1)) + edge, "x", true);
        draw(pen, number, segment, from, to);
      }
    });
    pen.restore();
  },

  drawIntervals(chart, drawn) {
    this.eachSegment(chart, drawn, (pen, number, { interval: pair }, from, to) => {
      if (!pair) return;
      const [high, low] = [pair.high, pair.low].map((value) => chart.valToPos(value, "y", true));
      pen.fillStyle = faded(lineColour(number), 0.18);
      pen.fillRect(from, high, to - from, Math.max(2, low - high));
    });
  },

  drawLevels(chart, drawn) {
    const ratio = devicePixelRatio || 1;
    this.eachSegment(chart, drawn, (pen, number, { median }, from, to) => {
      const y = chart.valToPos(median, "y", true);
      pen.strokeStyle = number ? lineColour(number) : colour("text");
      pen.lineWidth = 2 * ratio;
      pen.beginPath();
      pen.moveTo(from, y);
      pen.lineTo(to, y);
      pen.stroke();
    });
    const pen = chart.ctx;
    const { left, top, width, height } = chart.bbox;
    const upright = (one, number, ink, dash) => {
      const x = Math.round(chart.valToPos(this.at(this.placeOf(one, number)), "x", true));
      if (x < left || x > left + width) return null;
      pen.strokeStyle = ink;
      pen.lineWidth = 1.25 * ratio;
      pen.setLineDash(dash.map((length) => length * ratio));
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
      pen.stroke();
      pen.setLineDash([]);
      return x;
    };
    pen.save();
    for (const one of drawn) {
      for (const event of one.events) {
        const dash = event.machine_shift === undefined ? [5, 4] : [2, 3];
        const x = upright(one, event.since, markColour(event), dash);
        if (x !== null) drawMark(pen, x, top + 9 * ratio, event, 6 * ratio);
      }
      for (const { run } of one.acceptances) {
        const number = one.course.findIndex((place) => one.history.runs[place].run === run);
        if (number < 0) continue;
        const x = upright(one, number, colour("muted"), [1, 2]);
        if (x === null) continue;
        pen.fillStyle = colour("muted");
        pen.font = `${13 * ratio}px system-ui, sans-serif`;
        pen.textAlign = "center";
        pen.fillText("✓", x, top + height - 6 * ratio);
      }
    }
    pen.restore();
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
      parts.push(element("span", { class: `value line-${shown % 6}` }, figure(one.values[number], one.unit)), " ");
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

function segmentsOf(line) {
  const rows = line.segments
    .map((segment) => ({ ...segment, event: line.events.find(({ since }) => since === segment.from) }))
    .reverse();
  const from = (row) => line.run(row.from);
  const columns = [
    { name: "since", class: "place", cell: (row) => place(from(row)) },
    { name: "until", class: "place", cell: (row) => (row.to > 0 ? place(line.run(row.to - 1)) : "–") },
    { name: "runs", class: "number", cell: (row) => (row.to - row.from).toLocaleString("en") },
    { name: "median", class: "number", cell: (row) => figure(row.median, line.unit) },
    { name: "95 % interval", class: "number", cell: (row) => interval(row.interval, line.unit) },
    {
      name: "change",
      cell: ({ event }) => (event ? badge(event.shift, event.worse, event.accepted) : "–"),
    },
    {
      name: "evidence",
      class: "text",
      cell: ({ event }) => {
        if (!event) return "";
        const shift = line.history.shiftOf(event);
        const whose = shift ? `${theMachine(shift)}; ` : "";
        const also = event.also.length > 0 ? `, together with ${event.also.join("; ")}` : "";
        const how = event.kind === "drift" ? "little by little, " : "";
        return [whose, how, `z = ${event.z.toFixed(1)}, found `, place(line.run(event.found)), also];
      },
    },
    rows.some(({ event }) => event?.accepted) && {
      name: "accepted",
      class: "text",
      cell: ({ event }) =>
        event?.accepted ? `${event.accepted.author}, ${day(event.accepted.at)}: ${event.accepted.reason}` : "",
    },
  ].filter(Boolean);
  return element(
    "section",
    {},
    element("h3", {}, "Segments"),
    table(columns, rows, { caption: "Segments, newest first" }),
  );
}

/** Every run in a table, made when it is opened. */
function runsOf(line) {
  const details = element(
    "details",
    { class: "all-runs" },
    element("summary", {}, `All ${plural(line.values.length, "run")}`),
  );
  details.addEventListener("toggle", () => {
    if (details.querySelector("table")) return;
    const rows = Array.from(line.values, (value, number) => ({ value, number, run: line.run(number) })).reverse();
    const columns = [
      { name: "began", cell: (row) => when(row.run.timestamp), value: (row) => row.number },
      { name: "run", cell: (row) => row.run.run },
      { name: "commit", cell: (row) => element("code", {}, shortCommit(row.run.commit)) },
      {
        name: metricName(line.metric),
        class: "number",
        cell: (row) => figure(row.value, line.unit),
        value: (row) => row.value,
      },
    ];
    details.append(table(columns, rows, { caption: "All runs, newest first" }));
  });
  return details;
}

/** To the case in the runs that are on the page. */
function runLinks(page, line) {
  const known = page.runs.filter((run) => run.cases.some(({ id }) => id === line.case));
  return known.map((run) => [" · ", element("a", { href: address({ view: "run", run: run.run, open: line.case }, {}) }, `in the run of ${when(run.timestamp)}`)]);
}
