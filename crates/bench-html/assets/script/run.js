// One run: what each case came to.

const STATES = { interrupted: "interrupted", recovered: "still going on, or killed: what its journal holds" };

/** The run that is looked at: the one chosen, or the first. */
function chosenRun(page) {
  return page.runs.find((run) => run.run === state.run) ?? page.runs[0];
}

/** A choice between runs, where there are several. */
function runChoice(page) {
  if (page.runs.length < 2) return null;
  const known = page.runs.map((run) => [run.run, `${run.run} (${when(run.timestamp)})`]);
  return choice("run", "run", known, chosenRun(page).run, (run) => adjust({ run }));
}

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

const runView = {
  name: "run",
  title: "Run",
  is: (page) => page.runs.length > 0,
  key: () => state.run,

  build(root, page) {
    const run = chosenRun(page);
    const { summary } = run;
    fill(root, {}, [
      runChoice(page),
      element("h2", {}, run.run),
      element(
        "p",
        { class: "quiet" },
        `${when(run.timestamp)} UTC`,
        STATES[run.state] ? ` · ${STATES[run.state]}` : "",
      ),
      element(
        "section",
        { class: "tiles", "aria-label": "Summary" },
        tile(
          summary.successful_runs,
          // Cases take turns: one that has figures may be far from its end.
          `of ${plural(summary.total_benchmarks, "case")} ${run.state === "recovered" ? "begun" : "measured"}`,
        ),
        summary.failed_runs > 0 && tile(summary.failed_runs, "failed", "is-worse"),
        summary.skipped_runs > 0 && tile(summary.skipped_runs, "skipped"),
        run.targets &&
          tile(run.targets.met, `of ${plural(run.targets.total, "target")} met`, run.targets.missed ? "is-worse" : ""),
      ),
      warningsOf(run.warnings),
      failures(run.cases.filter((one) => one.failure)),
      measured(run.cases.filter((one) => one.status === "ok")),
      idle(run.cases.filter((one) => one.status === "skipped" || one.status === "not_run")),
      targetsOf(run.cases),
      doubts(run.cases.filter((one) => one.warnings.length)),
    ]);
  },

  update() {},
};

function precision(time) {
  if (!time?.interval_s || time.interval_s.low === null || time.interval_s.high === null) return "";
  return `±${extent((time.interval_s.high - time.interval_s.low) / 2 / time.median_s)}`.replace(" ", "\u00a0");
}

function percentile(of) {
  return of ? `${of.supported ? "" : "~"}${figure(of.value_s, "s")}` : "–";
}

function measured(cases) {
  if (!cases.length) return null;
  const figures = (name, unit, pick) => ({
    name,
    class: "number",
    cell: (one) => figure(pick(one), unit),
    value: pick,
  });
  const has = (pick) => cases.some((one) => pick(one) !== null && pick(one) !== undefined);
  const first = (one) => one.metrics[0];
  const columns = [
    {
      name: "case",
      cell: (one) => [
        one.id,
        one.harness_bound &&
          element("div", { class: "verdict long is-missed", title: one.harness_bound }, `✗ ${cut(one.harness_bound)}`),
      ],
      value: (one) => one.id,
    },
    has((one) => one.time) && figures("median", "s", (one) => one.time?.median_s),
    has((one) => one.time) && { name: "95 %", class: "number", cell: (one) => precision(one.time) },
    has((one) => one.instructions) && figures("instructions", "", (one) => one.instructions),
    has((one) => one.time) && {
      name: "p95",
      class: "number",
      cell: (one) => percentile(one.time?.p95),
      value: (one) => one.time?.p95.value_s,
    },
    has((one) => one.time) && {
      name: "p99",
      class: "number",
      cell: (one) => percentile(one.time?.p99),
      value: (one) => one.time?.p99.value_s,
    },
    has(first) && {
      name: "throughput",
      class: "number",
      title: "The first metric of its field",
      cell: (one) => (first(one) ? figure(first(one).value, first(one).unit) : "–"),
      value: (one) => first(one)?.value,
    },
    has((one) => one.peak_memory_bytes) && figures("peak memory", "bytes", (one) => one.peak_memory_bytes),
    has((one) => one.first_call_s) && figures("first call", "s", (one) => one.first_call_s),
    has((one) => one.load_s) && figures("load", "s", (one) => one.load_s),
    has((one) => one.cpu_time_s) && figures("processor", "s", (one) => one.cpu_time_s),
    { name: "", cell: moreOf },
  ].filter(Boolean);
  const unsupported = cases.some((one) => one.time && !(one.time.p95.supported && one.time.p99.supported));
  return element(
    "section",
    {},
    element("h3", {}, "Cases"),
    table(columns, cases, { caption: "Cases" }),
    unsupported && element("p", { class: "quiet" }, "~ too few samples for this percentile at 99 % confidence"),
  );
}

/** The first parts of a list in words. */
function cut(list) {
  const parts = list.split(", ");
  return parts.length < 5 ? list : `${parts.slice(0, 3).join(", ")}, and ${parts.length - 3} more`;
}

/** Every further figure of a case, in a row of their own below it: the first metric has a column. */
function moreOf(one) {
  const kinds = [
    ["metrics", one.metrics.slice(1)],
    ["what probes read", one.observed],
  ].filter(([, metrics]) => metrics.length);
  if (!kinds.length) return "";
  const count = kinds.reduce((sum, [, metrics]) => sum + metrics.length, 0);
  const facts = ([kind, metrics]) => [
    element("h4", {}, kind),
    element(
      "dl",
      { class: "facts" },
      metrics.map((metric) =>
        fact(metricName(metric.name), `${metric.supported === false ? "~" : ""}${figure(metric.value, metric.unit)}`),
      ),
    ),
  ];
  let below = null;
  const act = () => {
    const row = button.closest("tr");
    if (below?.isConnected) below.remove();
    else {
      below = element("tr", { class: "below" }, element("td", { colspan: row.cells.length }, kinds.map(facts)));
      row.after(below);
    }
    button.setAttribute("aria-expanded", String(below.isConnected));
  };
  const button = element(
    "button",
    { type: "button", class: "unfold", "aria-expanded": "false", onclick: act },
    `${count} more`,
  );
  return button;
}

function failures(cases) {
  if (!cases.length) return null;
  return element(
    "section",
    {},
    element("h3", {}, "Failed"),
    cases.map(({ id, failure }) => {
      const said = [element("strong", {}, id), ` ${failure.cause.replaceAll("_", " ")}: ${failure.message.split("\n")[0]}`];
      // Without output there is nothing to open.
      if (!failure.output_tail) return element("p", { class: "failure" }, said);
      return element(
        "details",
        { class: "failure", open: cases.length < 4 },
        element("summary", {}, said),
        element("pre", { tabindex: "0" }, failure.output_tail),
      );
    }),
  );
}

function idle(cases) {
  if (!cases.length) return null;
  const columns = [
    { name: "case", cell: (one) => one.id },
    {
      name: "why",
      class: "text",
      cell: (one) => one.skip_reason ?? "not run: interrupted, or its turn has not come yet",
    },
  ];
  return element(
    "section",
    {},
    element("h3", {}, "Not measured"),
    table(columns, cases, { caption: "Cases that were not measured" }),
  );
}

function targetsOf(cases) {
  const rows = cases.flatMap((one) => one.targets.map((target) => ({ id: one.id, ...target })));
  if (!rows.length) return null;
  const marks = { met: "✓ met", missed: "✗ missed", unsure: "? unsure" };
  const columns = [
    { name: "case", cell: (row) => row.id, value: (row) => row.id },
    { name: "target", cell: (row) => row.text },
    {
      name: "",
      cell: (row) => element("span", { class: `verdict is-${row.outcome}` }, marks[row.outcome]),
      value: (row) => row.outcome,
    },
    { name: "figure", class: "number", cell: (row) => figure(row.value, row.unit ?? "") },
    { name: "95 % interval", class: "number", cell: (row) => interval(row.interval, row.unit ?? "") },
    { name: "why", class: "text", cell: (row) => prose(row.reason ?? "") },
  ];
  return element("section", {}, element("h3", {}, "Targets"), table(columns, rows, { caption: "Targets" }));
}

function doubts(cases) {
  if (!cases.length) return null;
  return element(
    "section",
    {},
    element("h3", {}, "To doubt"),
    element(
      "dl",
      { class: "facts doubts" },
      cases.map((one) =>
        fact(
          one.id,
          one.warnings.map((text) => element("p", {}, prose(text))),
        ),
      ),
    ),
  );
}
