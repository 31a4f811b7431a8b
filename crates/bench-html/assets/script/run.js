// One run: what each case came to.

const STATES = { interrupted: "interrupted", recovered: "in progress, or killed: shown from its journal" };

/** The run that is looked at: the one chosen, or the first. */
function chosenRun(page) {
  return page.runs.find((run) => run.run === state.run) ?? page.runs[0];
}

/** Commit and machine of a run, where they are known. */
function knownOf(run) {
  const { commit, processor, cores } = Object.fromEntries(run.environment);
  return [
    commit && [" · ", commitLink(commit)],
    processor && ` · ${shortMachine(`${processor}, ${cores ? `${cores} cores` : ""}`)}`,
  ];
}

/** A choice between runs, where there are several. */
function runChoice(page) {
  if (page.runs.length < 2) return null;
  const known = page.runs.map((run) => [run.run, `${run.run} (${when(run.timestamp)})`]);
  return choice("run", "run", known, chosenRun(page).run, (run) => adjust({ run }));
}

const runView = {
  name: "run",
  title: "Run",
  is: (page) => page.runs.length > 0,
  key: () => state.run,

  build(root, page) {
    const run = chosenRun(page);
    const { summary } = run;
    this.opened = "";
    const naming = new Naming(run.cases.map(({ id }) => id));
    this.table = measured(
      run.cases.filter((one) => one.status === "ok"),
      run,
      page,
      naming,
    );
    const idle = run.cases.filter((one) => one.status === "skipped" || one.status === "not_run");
    fill(root, {}, [
      runChoice(page),
      element("h2", {}, run.run),
      element(
        "p",
        { class: "quiet" },
        `${when(run.timestamp)} UTC`,
        knownOf(run),
        run.progress ? " · in progress" : STATES[run.state] ? ` · ${STATES[run.state]}` : "",
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
      this.table?.made,
      foldedList(
        "Not measured",
        idle.map((one) => {
          const text = one.skip_reason ?? "not run: interrupted, or its turn has not come yet";
          return { kind: text, text, id: one.id };
        }),
        naming,
      ),
      targetsOf(run.cases, naming),
      foldedList(
        "Warnings",
        run.cases.flatMap((one) => one.warnings.map((warning) => ({ ...warning, id: one.id }))),
        naming,
      ),
    ]);
  },

  update() {
    this.table?.update();
    // Once: whoever narrows the cases afterwards must not lose the field that they type in.
    if (state.open && this.opened !== state.open) this.table?.open(state.open);
    this.opened = state.open;
  },
};

function failures(cases) {
  if (!cases.length) return null;
  return element(
    "section",
    {},
    element("h3", {}, "Failed"),
    cases.map(({ id, failure }) => {
      const said = [
        element("strong", {}, breakable(id)),
        ` ${failure.cause.replaceAll("_", " ")}: ${failure.message.split("\n")[0]}`,
      ];
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

function targetsOf(cases, naming) {
  const rows = cases.flatMap((one) => one.targets.map((target) => ({ id: one.id, ...target })));
  if (!rows.length) return null;
  const marks = { met: "✓ met", missed: "✗ missed", unsure: "? unsure" };
  const columns = [
    { name: "case", cell: (row) => naming.full(row.id), value: (row) => row.id },
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
