// The figures that events moved: in a table of the card, and to take along.

/** Every figure of an event, made when it is opened. */
function eventFigures(history, event) {
  const details = element("details", { class: "figures" }, element("summary", {}, plural(event.hits.length, "figure")));
  details.addEventListener("toggle", () => {
    if (details.querySelector("table")) return;
    const rank = ({ line }) => event.metrics.findIndex(({ metric }) => metric === line.metric);
    const rows = [...event.hits].sort(
      (a, b) => rank(a) - rank(b) || history.naming.place(a.line.case) - history.naming.place(b.line.case),
    );
    const since = ({ line, change }) =>
      line.course[change.since] === event.at ? "" : ["since ", place(line.run(change.since))];
    const columns = [
      {
        name: "case",
        cell: ({ line }) => element("a", { href: lineAddress(line) }, history.naming.full(line.case)),
        value: ({ line }) => history.naming.place(line.case),
      },
      { name: "figure", cell: ({ line }) => metricName(line.metric), value: ({ line }) => line.metric },
      { name: "before", class: "number", cell: ({ line, change }) => figure(change.before, line.unit) },
      { name: "after", class: "number", cell: ({ line, change }) => figure(change.after, line.unit) },
      {
        name: "change",
        class: "number",
        cell: ({ change }) => badge(change.shift, change.worse, change.accepted),
        value: ({ change }) => change.shift,
      },
      event.hits.some(({ change }) => change.of_machine) && {
        name: "machine",
        class: "number",
        title: "What the whole machine had added on the same night, which is not part of the change",
        cell: ({ change: { of_machine } }) => (of_machine ? change(of_machine) : "–"),
      },
      event.machines.length > 1 && {
        name: "on",
        class: "place",
        cell: ({ line }) => shortMachine(line.machineName),
        value: ({ line }) => line.machineName,
      },
      { name: "", class: "text", cell: since },
    ].filter(Boolean);
    details.append(table(columns, rows, { caption: "Figures of the event" }));
  });
  return details;
}

/** Every figure that some events moved, in the unit of the store. */
function changeRows(history, events) {
  const head = [
    "event since",
    "commit",
    "case",
    "metric",
    "machine",
    "unit",
    "before",
    "after",
    "change",
    "worse",
    "accepted",
  ];
  const commit = (event) => history.runs[event.at].commit;
  return [
    head,
    ...events.flatMap((event) =>
      event.hits.map(({ line, change }) => [
        history.runs[event.at].timestamp,
        commit(event),
        line.case,
        line.metric,
        line.machineName,
        line.unit,
        change.before,
        change.after,
        change.shift,
        change.worse,
        change.accepted?.reason,
      ]),
    ),
  ];
}
