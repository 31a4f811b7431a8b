// What served work came to: the trade of latency against throughput, what to do, and every metric by level.

/** More levels than so many are shown on request. */
const SHOWN_LEVELS = 24;

const LATENCIES = ["latency p50", "latency p95", "latency p99"];

const loadView = {
  name: "load",
  title: "Load",
  is: (page) => page.runs.some((run) => run.loads.length),
  key: () => [state.run, state.log, state.y].join("\n"),

  build(root, page) {
    for (const fitted of this.fitted ?? []) fitted.end();
    this.fitted = [];
    // A run without load cases has nothing here: the first that has some is meant.
    const chosen = chosenRun(page);
    const run = chosen.loads.length ? chosen : page.runs.find((one) => one.loads.length);
    const log = state.log === "1";
    const naming = new Naming(run.loads.map(({ id }) => id));
    const latencies = [...new Set(run.loads.flatMap(latenciesOf))];
    root.append(
      element(
        "div",
        { class: "controls" },
        runChoice(page) ?? "",
        latencies.length > 1
          ? choice(
              "against throughput",
              "y",
              latencies.map((name) => [name, name]),
              chosenLatency(latencies),
              (y) => adjust({ y }),
            )
          : "",
        toggle("log", "Logarithmic latency (l)", log, () => adjust({ log: log ? "" : "1" })),
      ),
      element(
        "p",
        { class: "quiet" },
        "hollow, ~: too few requests for this percentile · crossed out: the level is not valid · bars: 95 % intervals, with an arrow if they extend beyond the frame",
      ),
    );
    for (const load of run.loads) root.append(this.section(load, naming, chosenLatency(latencies), log));
  },

  update() {},

  section(load, naming, latency, log) {
    const section = element("section", { class: "load" }, element("h2", {}, naming.full(load.id)));
    for (const found of load.found) {
      const range = found.interval ? ` (${interval(found.interval, found.unit)})` : "";
      section.append(
        element("p", {}, `${metricName(found.name)}: `, element("strong", {}, figure(found.value, found.unit)), range),
      );
    }
    const placed = load.levels.filter((level) => level.at !== null);
    fill(section, {}, [
      element("div", { class: "trade" }, placed.length > 1 && trade(load, placed, latency), advice(load)),
    ]);
    const charts = element("div", { class: "charts" });
    section.append(charts);
    if (placed.length > 1) {
      const names = [...new Set([load.primary, ...load.plots])].filter((name) => !LATENCIES.includes(name));
      // What of it was served in time, beside all that was served.
      const served = load.levels.some((level) => metricOf(level, "goodput")) ? ["RPS", "goodput"] : [];
      this.chart(charts, load, placed, [names[0]], false);
      this.chart(charts, load, placed, LATENCIES, log, load.latency);
      if (served.length) this.chart(charts, load, placed, served, false, "requests/s, and goodput of them");
      for (const name of names.slice(1)) this.chart(charts, load, placed, [name], false);
    }
    const bad = load.levels
      .filter((level) => !level.valid)
      .map((level) => `${level.label}: ${level.reasons.join("; ") || "not valid"}`);
    const errors = load.levels.flatMap((level) =>
      level.errors.map((told) => `${level.label}: ${told.count} × ${told.message}`),
    );
    const warnings = load.levels.flatMap((level) => level.warnings.map((text) => `${level.label}: ${text}`));
    return fill(section, {}, [levelsOf(load), warningsOf([...bad, ...errors, ...warnings])]);
  },

  chart(charts, load, levels, names, log, title) {
    const metrics = names.map((name) => levels.map((level) => metricOf(level, name)));
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

function metricOf(level, name) {
  return level.metrics.find((one) => one.name === name);
}

/** The times of a benchmark that can be weighed against its throughput. */
function latenciesOf(load) {
  return load.levels.flatMap((level) =>
    level.metrics.filter(({ name, unit }) => unit === "s" && / p\d/.test(name)).map(({ name }) => name),
  );
}

/** The time that is weighed: the one that was chosen, else the 95th percentile of the latency. */
function chosenLatency(latencies) {
  if (latencies.includes(state.y)) return state.y;
  return latencies.includes("latency p95") ? "latency p95" : latencies[0];
}

/** What to do next, most pressing first. */
function advice(load) {
  if (!load.advice.length) return null;
  return element(
    "div",
    { class: "advice" },
    element("h3", {}, "Recommendations"),
    element(
      "ul",
      {},
      load.advice.map(({ level, text }) =>
        element("li", {}, level && !text.includes(level) && `${level}: `, prose(text)),
      ),
    ),
  );
}
