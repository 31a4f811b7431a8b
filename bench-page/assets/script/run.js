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

function warningsOf(warnings) {
  if (!warnings.length) return null;
  return element(
    "ul",
    { class: "warnings", "aria-label": "Warnings" },
    warnings.map((text) => element("li", {}, text)),
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
        tile(summary.successful_runs, `of ${plural(summary.total_benchmarks, "case")} measured`),
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
  return `±${change((time.interval_s.high - time.interval_s.low) / 2 / time.median_s).slice(1)}`;
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
    { name: "case", cell: (one) => one.id, value: (one) => one.id },
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

/** Every further figure of a case: the first metric has a column. */
function moreOf(one) {
  const all = [...one.metrics.slice(1), ...one.observed];
  if (!all.length) return "";
  return element(
    "details",
    {},
    element("summary", {}, `${all.length} more`),
    element(
      "dl",
      { class: "facts" },
      all.map((metric) =>
        fact(metric.name, `${metric.supported === false ? "~" : ""}${figure(metric.value, metric.unit)}`),
      ),
    ),
  );
}

function failures(cases) {
  if (!cases.length) return null;
  return element(
    "section",
    {},
    element("h3", {}, "Failed"),
    cases.map(({ id, failure }) =>
      element(
        "details",
        { class: "failure", open: cases.length < 4 },
        element(
          "summary",
          {},
          element("strong", {}, id),
          ` ${failure.cause.replaceAll("_", " ")}: ${failure.message.split("\n")[0]}`,
        ),
        failure.output_tail ? element("pre", { tabindex: "0" }, failure.output_tail) : "",
      ),
    ),
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
    { name: "why", class: "text", cell: (row) => row.reason ?? "" },
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
      { class: "facts" },
      cases.map((one) =>
        fact(
          one.id,
          one.warnings.map((text) => element("p", {}, text)),
        ),
      ),
    ),
  );
}
