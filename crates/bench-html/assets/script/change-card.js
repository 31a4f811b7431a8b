// The card of an event, and the parts of it that other views use as well.

function badge(shift, worse, accepted, text = change(shift)) {
  const up = shift === null || shift > 0;
  return element(
    "span",
    { class: `badge ${worse ? "is-worse" : "is-better"} ${accepted ? "is-accepted" : ""}` },
    `${up ? "▲" : "▼"} ${text}`,
  );
}

function fact(name, ...value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

/** What else changed then, such as the operating system. */
function togetherWith(also) {
  return also.length > 0 && fact("together with", also.join("; "));
}

function place(run) {
  return [element("span", { title: run.run }, when(run.timestamp)), run.commit && [" at ", commitLink(run.commit)]];
}

/** A shift of a machine in few words. */
function theMachine(shift) {
  return `the machine: ${shift.hit.length} of ${plural(shift.of, "case")}`;
}

/** The changes of a metric from the smallest to the largest: `+2.6 to +3.3 %`. */
function range({ low, high }) {
  const [one, other] = [change(low), change(high)];
  if (low === null || one === other) return other;
  return one.endsWith(" %") && other.endsWith(" %") ? `${one.slice(0, -2)} to ${other}` : `${one} to ${other}`;
}

function eventCard(history, event) {
  const [main] = event.metrics;
  const extremes = { low: main.low, high: main.high };
  const marked = event.key === state.event;
  return element(
    "article",
    {
      class: `change ${event.accepted ? "is-accepted" : ""} ${event.ofMachine ? "of-machine" : ""} ${marked ? "is-marked" : ""}`,
    },
    element(
      "div",
      { class: "change-text" },
      element(
        "h3",
        {},
        badge(event.lead.change.shift, main.worse, event.accepted, range(extremes)),
        event.ofMachine ? theMachine(largest(event.shifts)) : together(event.cases, history.naming),
        element("span", { class: "metric" }, metricName(main.metric)),
        event.cases.length > 1 &&
          !event.ofMachine &&
          element("span", { class: "quiet" }, plural(event.cases.length, "case")),
      ),
      element(
        "dl",
        { class: "facts" },
        event.kind === "drift"
          ? fact("gradually until", place(history.runs[event.at]))
          : fact("since", place(history.runs[event.at])),
        event.kind !== "drift" && fact("commits", commitRange(history.runs[event.good], history.runs[event.bad])),
        togetherWith(event.also),
        history.machines.length > 1 && fact("on", theMachines(history, event)),
        fact("found", element("span", { title: `z = ${event.lead.change.z.toFixed(1)}` }, place(foundBy(event)))),
      ),
      otherMetrics(event),
      acceptances(event),
      element(
        "div",
        { class: "acts" },
        eventFigures(history, event),
        element(
          "span",
          { class: "buttons" },
          copyButton("copy bench bisect", bisectCommand(event, history)),
          copyButton("copy bench accept", acceptCommands(event, history)),
        ),
      ),
    ),
    element(
      "a",
      {
        class: "change-picture",
        href: lineAddress(event.lead.line),
        "aria-label": `History of ${event.lead.line.case}`,
      },
      sparkline(event.lead.line),
    ),
  );
}

/** The run by which an event was found first. */
function foundBy(event) {
  const runs = event.hits.map(({ line, change }) => line.run(change.found));
  return runs.reduce((first, run) => (run.timestamp < first.timestamp ? run : first));
}

/** Where an event was seen. */
function theMachines(history, { machines, ofMachine }) {
  const names = machines.map((machine) => history.machines[machine]);
  const isAll = !ofMachine && machines.length > 1 && machines.length === history.machines.length;
  const text = isAll ? `all ${machines.length} machine classes` : names.map(shortMachine).join(" and ");
  return element("span", { title: names.join("\n") }, text);
}

function largest(shifts) {
  return shifts.reduce((most, shift) => (shift.hit.length > most.hit.length ? shift : most));
}

/** The other metrics that the event moved: of their own, and those that follow from the time. */
function otherMetrics(event) {
  const rest = event.metrics.slice(1);
  const said = (one) =>
    `${metricName(one.metric)} ${range(one)}${one.cases.length === event.cases.length ? "" : ` (${plural(one.cases.length, "case")})`}`;
  const [own, following] = [rest.filter((one) => !one.follows), rest.filter((one) => one.follows)];
  return [
    own.length > 0 && element("p", {}, "and ", own.map(said).join(", ")),
    following.length > 0 && element("p", { class: "quiet" }, "what follows from it: ", following.map(said).join(", ")),
  ];
}

function acceptances(event) {
  const told = new Map(
    event.hits
      .filter(({ change }) => change.accepted)
      .map(({ change: { accepted } }) => [`${accepted.author}\n${accepted.reason}`, accepted]),
  );
  const some =
    event.acceptedCases.size < event.cases.length
      ? `, for ${event.acceptedCases.size} of ${plural(event.cases.length, "case")}`
      : "";
  return [...told.values()].map(({ author, reason }) =>
    element("p", { class: "accepted" }, `accepted by ${author}${some}: ${reason}`),
  );
}
