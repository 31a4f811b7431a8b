// What has changed, newest first, each with its evidence.

/** Days are shown until they hold so many changes; the rest on request. */
const SHOWN_CHANGES = 100;

const changesView = {
  name: "changes",
  title: "Changes",
  is: (page) => page.history !== null,

  build(root, page) {
    const { history } = page;
    this.list = element("div", { class: "changes" });
    this.filters = element("div", { class: "controls", role: "group", "aria-label": "Which changes" });
    this.events = changeEvents(history);
    root.append(headline(history, this.events), this.filters, this.list);
  },

  update(page) {
    const shows = [
      ["", "all"],
      ["worse", "worse"],
      ["better", "better"],
      ["open", "not accepted"],
    ];
    this.filters.replaceChildren(
      ...shows.map(([key, label]) => toggle(label, `Show ${label}`, state.show === key, () => adjust({ show: key }))),
    );
    const chosen = this.events.filter(({ change }) => {
      if (state.show === "worse") return change.worse;
      if (state.show === "better") return !change.worse;
      return state.show !== "open" || !change.accepted;
    });
    this.show(page.history, chosen, SHOWN_CHANGES);
  },

  show(history, chosen, count) {
    const parts = [];
    let last = null;
    for (const event of chosen.slice(0, count)) {
      const today = day(event.run.timestamp);
      if (today !== last) parts.push(element("h2", { class: "day" }, today));
      last = today;
      parts.push(event.line ? caseChange(history, event) : machineChange(history, event));
    }
    if (chosen.length > count) {
      const more = () => this.show(history, chosen, count + 10 * SHOWN_CHANGES);
      parts.push(
        element("button", { type: "button", class: "more", onclick: more }, `${chosen.length - count} older changes`),
      );
    }
    if (!chosen.length) parts.push(element("p", { class: "nothing" }, nothing(history, this.events)));
    this.list.replaceChildren(...parts);
  },
};

/** All changes of cases and machines, newest first. */
function changeEvents(history) {
  const own = history.lines.flatMap((line) =>
    line.changes.map((change) => ({ line, change, run: line.run(change.since), at: line.course[change.since] })),
  );
  const shifts = history.shifts.map((shift) => ({ change: shift, run: history.runs[shift.since], at: shift.since }));
  const size = ({ change }) => Math.abs(change.shift ?? Infinity);
  // The machine first: it explains what else happened that night.
  return [...shifts, ...own].sort((a, b) => b.at - a.at || !!a.line - !!b.line || size(b) - size(a));
}

function nothing(history, events) {
  if (events.length) return "No change of this kind.";
  const short = history.lines.filter((line) => line.too_little_history).length;
  if (!history.lines.length) return "The store holds no figures yet.";
  return tooShort(history)
    ? "Too little history: a change can be found from 15 runs on."
    : `Nothing has changed.${short ? ` ${plural(short, "series", "series")} have too little history, fewer than 15 runs.` : ""}`;
}

/** Whether no series has the runs that finding a change takes. */
function tooShort(history) {
  return history.lines.length > 0 && history.lines.every((line) => line.too_little_history);
}

/** The state of things in a few numbers. */
function headline(history, events) {
  const open = events.filter(({ change }) => !change.accepted);
  const worse = open.filter(({ change }) => change.worse).length;
  const [first, last] = [history.runs[0], history.runs[history.runs.length - 1]];
  return element(
    "section",
    { class: "tiles", "aria-label": "At a glance" },
    // That nothing was found says nothing where nothing could be found.
    ...(tooShort(history)
      ? [tile("?", "changes: they can be found from 15 runs on")]
      : [
          tile(worse, "worse, not accepted", worse ? "is-worse" : ""),
          tile(open.length - worse, "better"),
          tile(events.length - open.length, "accepted"),
        ]),
    tile(history.lines.length, `series of ${plural(history.cases.size, "case")}`),
    tile(history.runs.length, last ? `runs, ${day(first.timestamp)} to ${day(last.timestamp)}` : "runs"),
    tile(history.machines.length, history.machines.length === 1 ? "machine class" : "machine classes"),
  );
}

function badge(shift, worse, accepted) {
  const up = shift === null || shift > 0;
  return element(
    "span",
    { class: `badge ${worse ? "is-worse" : "is-better"} ${accepted ? "is-accepted" : ""}` },
    `${up ? "▲" : "▼"} ${change(shift)}`,
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
  const commit = run.commit ? [" at ", element("code", { title: run.commit }, shortCommit(run.commit))] : [];
  return [element("span", { title: run.run }, when(run.timestamp)), ...commit];
}

function caseChange(history, { line, change }) {
  const since = line.run(change.since);
  const medians = line.segments.find((segment) => segment.from === change.since);
  const before = line.segments.find((segment) => segment.to === change.since);
  const runs = (segment) => (segment ? `median of ${plural(segment.to - segment.from, "run")}` : "median");
  return element(
    "article",
    { class: `change ${change.accepted ? "is-accepted" : ""}` },
    element(
      "div",
      { class: "change-text" },
      element(
        "h3",
        {},
        badge(change.shift, change.worse, change.accepted),
        element("a", { href: lineAddress(line) }, line.case),
        element("span", { class: "metric" }, words(line.metric)),
      ),
      element(
        "dl",
        { class: "facts" },
        fact("before", element("span", { title: runs(before) }, figure(change.before, line.unit))),
        fact("after", element("span", { title: runs(medians) }, figure(change.after, line.unit))),
        change.kind === "drift" ? fact("little by little until", place(since)) : fact("since", place(since)),
        change.kind === "step" && fact("last before", place(line.run(change.last_before))),
        togetherWith(change.also),
        fact("found", place(line.run(change.found)), ` (z = ${change.z.toFixed(1)})`),
        history.machines.length > 1 && fact("on", line.machineName),
      ),
      change.accepted &&
        element("p", { class: "accepted" }, `accepted by ${change.accepted.author}: ${change.accepted.reason}`),
    ),
    sparkline(line),
  );
}

/** A shift of a machine in few words. */
function theMachine(shift) {
  return `the machine: ${shift.hit.length} of ${plural(shift.of, "case")}`;
}

function machineChange(history, { change, run }) {
  const shown = change.hit.map(({ line, change: own }) =>
    element(
      "li",
      {},
      badge(own.shift, own.worse, own.accepted),
      " ",
      element("a", { href: lineAddress(line) }, line.case),
      line.course[own.since] !== change.since && [" since ", place(line.run(own.since))],
    ),
  );
  return element(
    "article",
    { class: "change of-machine" },
    element(
      "div",
      { class: "change-text" },
      element(
        "h3",
        {},
        badge(change.shift, change.worse, false),
        theMachine(change),
        element("span", { class: "metric" }, words(change.metric)),
      ),
      element(
        "dl",
        { class: "facts" },
        fact("since", place(run)),
        fact("last before", place(history.runs[change.last_before])),
        togetherWith(change.also),
        fact("on", history.machines[change.machine]),
      ),
      element("details", {}, element("summary", {}, "cases"), element("ul", {}, shown)),
    ),
  );
}
