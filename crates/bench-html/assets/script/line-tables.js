// A series in tables: its segments, all of its runs, and the runs of the page that it is part of.

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
        const how = event.kind === "drift" ? "gradually, " : "";
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

/** Every run of a series, its figure in the unit of the store. */
function runRows(line) {
  const head = ["timestamp", "run", "commit", `${line.metric} (${line.unit})`];
  return [
    head,
    ...Array.from(line.values, (value, number) => [
      line.run(number).timestamp,
      line.run(number).run,
      line.run(number).commit,
      Number(value.toPrecision(7)),
    ]),
  ];
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
  return known.map((run) => [
    " · ",
    element(
      "a",
      { href: address({ view: "run", run: run.run, open: line.case }, {}) },
      `in the run of ${when(run.timestamp)}`,
    ),
  ]);
}
