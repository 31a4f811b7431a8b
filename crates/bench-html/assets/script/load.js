// Throughput and latency against concurrency or rate.

/** More levels than so many are shown on request. */
const SHOWN_LEVELS = 24;

const LATENCIES = ["latency p50", "latency p95", "latency p99"];

const loadView = {
  name: "load",
  title: "Load",
  is: (page) => page.runs.some((run) => run.loads.length),
  key: () => [state.run, state.log].join("\n"),

  build(root, page) {
    for (const fitted of this.fitted ?? []) fitted.end();
    this.fitted = [];
    // A run without load cases has nothing here: the first that has some is meant.
    const chosen = chosenRun(page);
    const run = chosen.loads.length ? chosen : page.runs.find((one) => one.loads.length);
    const log = state.log === "1";
    root.append(
      element(
        "div",
        { class: "controls" },
        runChoice(page) ?? "",
        toggle("log", "Logarithmic latency (l)", log, () => adjust({ log: log ? "" : "1" })),
      ),
      element(
        "p",
        { class: "quiet" },
        "hollow, ~: too few requests for this percentile · crossed: the level is not valid · bars: 95 % intervals, with an arrow if they go on beyond the frame",
      ),
    );
    for (const load of run.loads) {
      const section = element("section", { class: "load" }, element("h2", {}, load.id));
      root.append(section);
      for (const found of load.found) {
        const range = found.interval ? ` (${interval(found.interval, found.unit)})` : "";
        section.append(element("p", {}, `${metricName(found.name)}: `, element("strong", {}, figure(found.value, found.unit)), range));
      }
      const charts = element("div", { class: "charts" });
      section.append(charts);
      const placed = load.levels.filter((level) => level.at !== null);
      if (placed.length > 1) {
        const names = [...new Set([load.primary, ...load.plots])].filter((name) => !LATENCIES.includes(name));
        this.chart(charts, load, placed, [names[0]], false);
        this.chart(charts, load, placed, LATENCIES, log, load.latency);
        for (const name of names.slice(1)) this.chart(charts, load, placed, [name], false);
      }
      section.append(levelsOf(load));
      const bad = load.levels
        .filter((level) => !level.valid)
        .map((level) => `${level.label}: ${level.reasons.join("; ") || "not valid"}`);
      const errors = load.levels.flatMap((level) =>
        level.errors.map((told) => `${level.label}: ${told.count} × ${told.message}`),
      );
      const warnings = load.levels.flatMap((level) => level.warnings.map((text) => `${level.label}: ${text}`));
      fill(section, {}, [warningsOf([...bad, ...errors, ...warnings])]);
    }
  },

  update() {},

  chart(charts, load, levels, names, log, title) {
    const metrics = names.map((name) => levels.map((level) => level.metrics.find((metric) => metric.name === name)));
    const drawn = metrics.filter((line) => line.some(Boolean));
    if (!drawn.length) return;
    const holder = element("div", { class: "chart" });
    const labels = drawn.map((line) => line.find(Boolean).name.replace(title ? /^latency / : "", ""));
    const legend =
      drawn.length > 1 &&
      element(
        "span",
        { class: "legend" },
        labels.map((label, n) => element("span", { class: `line-${n}` }, label)),
      );
    charts.append(element("figure", {}, element("figcaption", {}, title ?? labels[0], legend || ""), holder));
    this.fitted.push(fit(holder, (width) => drawLoad(holder, width, load, levels, drawn, log)));
  },
};

function drawLoad(holder, width, load, levels, lines, log) {
  const x = levels.map((level) => level.at);
  // What grows by factors is read by factors.
  const factors = x[x.length - 1] / x[0] >= 8;
  const { unit } = lines.flat().find(Boolean);
  const values = lines.map((line) => line.map((metric) => metric?.value ?? null));
  const positive = values.flat().every((value) => value === null || value > 0);
  const [first, last] = [x[0], x[x.length - 1]];
  const edges = factors ? [first / 1.25, last * 1.25] : [first - (last - first) * 0.06, last + (last - first) * 0.06];
  const ends = lines
    .flat()
    .filter((metric) => metric?.interval && metric.supported !== false)
    .flatMap(({ interval: pair }) => [pair.low, pair.high]);
  // One interval that nobody knows the end of must not flatten all figures.
  const largest = Math.max(...values.flat().filter((value) => value !== null));
  const tallest = Math.max(largest, ...ends.filter((end) => Number.isFinite(end) && end <= 2 * largest));
  const way = (chart, at) => {
    const [low, high, here] = [...edges, at].map((place) => (factors ? Math.log(place) : place));
    return ((here - low) / (high - low)) * (chart.width - 84);
  };
  const dense = levels.length > SHOWN_LEVELS;
  return new uPlot(
    {
      width,
      height: 260,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, distr: factors ? LOG : 1, log: 2, range: () => edges },
        y: log && positive ? figureScale(true) : { range: (_, low) => [Math.min(0, low ?? 0), tallest * 1.12] },
      },
      axes: [
        axis({
          label: load.setting,
          labelSize: 18,
          size: 34,
          splits: (chart) => apart(x, (at) => way(chart, at), 52),
          filter: (chart, ticks) => ticks,
          values: (chart, ticks) => ticks.map((tick) => significant(tick, 3).replace(/\.0+$/, "")),
        }),
        figureAxis(unit, ""),
      ],
      series: [
        {},
        ...lines.map((_, number) => ({
          stroke: lineColour(number),
          // Through many levels that were tried in no order, a line shows nothing.
          width: dense ? 0 : 2,
          points: { show: false },
          spanGaps: true,
        })),
      ],
      hooks: { draw: [(chart) => drawMarks(chart, levels, lines, dense ? 0.6 : 1)] },
    },
    [x, ...values],
    holder,
  );
}

/** Those of some places in ascending order that lie so far apart on the way along an axis. */
function apart(places, way, least) {
  const kept = [];
  for (const place of places) {
    if (!kept.length || way(place) - way(kept[kept.length - 1]) >= least) kept.push(place);
  }
  return kept;
}

/** A point for each level, its interval, and what is to be doubted of it. */
function drawMarks(chart, levels, lines, size) {
  const pen = chart.ctx;
  const ratio = (devicePixelRatio || 1) * size;
  pen.save();
  lines.forEach((line, number) => {
    line.forEach((metric, place) => {
      if (!metric || metric.value === null) return;
      const at = (value) => chart.valToPos(value, "y", true);
      const { top, height } = chart.bbox;
      const within = (value) => Math.max(top, Math.min(top + height, at(value)));
      const [x, y] = [chart.valToPos(levels[place].at, "x", true), at(metric.value)];
      pen.strokeStyle = pen.fillStyle = lineColour(number);
      pen.lineWidth = 1.5 * ratio;
      if (
        metric.interval &&
        metric.supported !== false &&
        metric.interval.low !== null &&
        metric.interval.high !== null
      ) {
        pen.beginPath();
        pen.moveTo(x, within(metric.interval.low));
        pen.lineTo(x, within(metric.interval.high));
        for (const [end, way] of [
          [metric.interval.low, -1],
          [metric.interval.high, 1],
        ]) {
          // A cap ends the interval, an arrow says that it goes on beyond the frame.
          const place = within(end);
          const back = place === at(end) ? place : place + way * 5 * ratio;
          pen.moveTo(x - 3 * ratio, back);
          pen.lineTo(x, place);
          pen.lineTo(x + 3 * ratio, back);
        }
        pen.stroke();
      }
      pen.beginPath();
      pen.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
      if (metric.supported === false) {
        pen.fillStyle = colour("surface");
        pen.fill();
        pen.stroke();
      } else {
        pen.fill();
      }
      if (!levels[place].valid) {
        const arm = 6 * ratio;
        pen.strokeStyle = colour("text");
        pen.beginPath();
        pen.moveTo(x - arm, y - arm);
        pen.lineTo(x + arm, y + arm);
        pen.moveTo(x + arm, y - arm);
        pen.lineTo(x - arm, y + arm);
        pen.stroke();
      }
    });
  });
  pen.restore();
}

const THIN = "Too few requests for any of the percentiles";

/** Whether a level has served too few requests for any percentile of it. */
function isThin(level) {
  const marked = level.metrics.filter((metric) => typeof metric.supported === "boolean");
  return marked.length > 0 && marked.every((metric) => !metric.supported);
}

function levelsOf(load) {
  const names = [...new Set(load.levels.flatMap((level) => level.metrics.map((metric) => metric.name)))];
  const shown = [...new Set([load.primary, "RPS", "goodput", ...LATENCIES, ...load.plots])].filter((name) =>
    names.includes(name),
  );
  const metric = (level, name) => level.metrics.find((one) => one.name === name);
  const columns = [
    { name: "level", class: "name", cell: (level) => level.label, value: (level) => level.at ?? level.label },
    {
      name: "",
      cell: (level) => {
        if (level.valid && isThin(level)) {
          return element("span", { class: "verdict is-unknown", title: THIN }, "valid, few requests");
        }
        const what = level.valid ? "✓ valid" : level.harness_bound ? "✗ harness-bound" : "✗ not valid";
        return element("span", { class: `verdict ${level.valid ? "is-met" : "is-missed"}` }, what);
      },
    },
    {
      name: "requests",
      class: "number",
      cell: (level) => level.requests.toLocaleString("en"),
      value: (level) => level.requests,
    },
    {
      name: "failed",
      class: "number",
      cell: (level) => level.failed.toLocaleString("en"),
      value: (level) => level.failed,
    },
    ...shown.map((name) => ({
      name,
      class: "number",
      cell: (level) => {
        const one = metric(level, name);
        return one ? `${one.supported === false ? "~" : ""}${figure(one.value, one.unit)}` : "–";
      },
      value: (level) => metric(level, name)?.value,
    })),
  ];
  const made = table(columns, load.levels, { caption: load.setting });
  if (load.levels.length <= SHOWN_LEVELS) return made;
  // A search tries many rates.
  return element("details", {}, element("summary", {}, `All ${plural(load.levels.length, "level")}`), made);
}
