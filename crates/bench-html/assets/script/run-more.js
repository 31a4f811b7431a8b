// Everything that is known of one case of a run, below its row.

/** The name of a case as a button that opens what is below it. */
function unfoldButton(one, label, make) {
  let below = null;
  const act = () => {
    const row = button.closest("tr");
    if (below?.isConnected) below.remove();
    else {
      below = element("tr", { class: "below" }, element("td", { colspan: row.cells.length }, make()));
      row.after(below);
    }
    button.setAttribute("aria-expanded", String(below.isConnected));
  };
  const button = element(
    "button",
    { type: "button", class: "unfold", "aria-expanded": "false", "data-case": one.id, onclick: act },
    label,
  );
  return button;
}

function moreOf(one, run, page, past) {
  const { time } = one;
  const range = time && (time.moderated_s ?? time.interval_s);
  const seconds = (name, value) => value !== null && value !== undefined && fact(name, figure(value, "s"));
  const own = time && [
    fact("median", figure(time.median_s, "s")),
    range && fact("95 % interval", interval(range, "s")),
    seconds("mean", time.mean_s),
    fact("fastest to slowest", `${figure(time.min_s, "s")} to ${figure(time.max_s, "s")}`),
    fact("p95, p99", `${percentile(time.p95)}, ${percentile(time.p99)}`),
    fact(
      "samples",
      `${time.samples.toLocaleString("en")} of ${plural(time.iterations, "iteration")} in ${plural(time.rounds, "round")}`,
    ),
  ];
  const memory = one.peak_memory_bytes !== null && fact("peak memory", figure(one.peak_memory_bytes, "bytes"));
  return element(
    "div",
    { class: "more-of" },
    element("p", { class: "quiet" }, breakable(one.id), one.source && ` · ${one.source}`),
    one.warnings.length > 0 && warningsOf(one.warnings.map(({ text }) => text)),
    one.rounds && time && element("div", { class: "pictures" }, distribution(one), overTime(one)),
    element(
      "dl",
      { class: "facts" },
      own,
      memory,
      seconds("first call", one.first_call_s),
      seconds("load", one.load_s),
      seconds("CPU time", one.cpu_time_s),
    ),
    furtherFigures(one),
    one.rounds && roundsTable(one.rounds),
    historyLinks(one, run, page, past),
  );
}

/** The metrics of its field, and what was observed while it ran. */
function furtherFigures(one) {
  const kinds = [
    ["metrics", one.metrics],
    ["observed", one.observed],
  ];
  return kinds
    .filter(([, metrics]) => metrics.length)
    .map(([kind, metrics]) => [
      element("h4", {}, kind),
      element(
        "dl",
        { class: "facts" },
        metrics.map((metric) =>
          fact(metricName(metric.name), `${metric.supported === false ? "~" : ""}${figure(metric.value, metric.unit)}`),
        ),
      ),
    ]);
}

function roundsTable(rounds) {
  const [started, medians] = [unpack(rounds.started_s), unpack(rounds.median_s)];
  const why = new Map(rounds.disturbed);
  const rows = rounds.counts.map((count, number) => ({ number, count }));
  const columns = [
    { name: "round", class: "name", cell: ({ number }) => number + 1 },
    { name: "began after", class: "number", cell: ({ number }) => figure(started[number], "s", 3) },
    {
      name: "samples",
      class: "number",
      cell: ({ count }) => `${rounds.every > 1 ? "about " : ""}${(count * rounds.every).toLocaleString("en")}`,
    },
    { name: "median", class: "number", cell: ({ number }) => figure(medians[number], "s") },
    why.size > 0 && { name: "", class: "text", cell: ({ number }) => why.get(number) ?? "" },
  ].filter(Boolean);
  return element(
    "details",
    {},
    element("summary", {}, plural(rows.length, "round")),
    table(columns, rows, { caption: "Rounds" }),
  );
}

/** To the history of each figure of the case. */
function historyLinks(one, run, page, past) {
  if (!past) return null;
  const lines = (page.history.cases.get(one.id) ?? []).filter(
    (line) => line.machine === past.line.machine && line.build === past.line.build,
  );
  const link = (line) => element("a", { href: lineAddress(line) }, metricName(line.metric));
  lines.sort((a, b) => (b.metric === "time") - (a.metric === "time") || inOrder(a.metric, b.metric));
  return element(
    "p",
    {},
    "history: ",
    lines.map((line, place) => [place > 0 && ", ", link(line)]),
  );
}
