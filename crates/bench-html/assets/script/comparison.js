// What has changed between two runs or builds: a row a case, its interval drawn on one axis for all.

const VERDICTS = ["slower", "faster", "failed", "unsure", "same", "added", "removed", "skipped"];
const MARKS = { slower: "▲", faster: "▼", same: "=", unsure: "?", failed: "✗", added: "+", removed: "−", skipped: "–" };

const comparisonView = {
  name: "comparison",
  title: "Comparison",
  is: (page) => page.comparison !== null,

  build(root, page) {
    const { comparison } = page;
    this.filters = element("div", { class: "controls", role: "group", "aria-label": "Which verdicts" });
    this.rows = element("div");
    fill(root, {}, [
      element("h2", {}, comparison.base, " → ", comparison.candidate),
      element(
        "p",
        { class: "quiet" },
        `${comparison.way}; changes within ${extent(comparison.threshold)} do not matter`,
      ),
      warningsOf([comparison.different, ...comparison.notes].filter(Boolean)),
      environmentDifferences(page),
      this.filters,
      this.rows,
    ]);
  },

  update({ comparison }) {
    const count = (verdict) => comparison.cases.filter((one) => one.verdict === verdict).length;
    const known = VERDICTS.filter((verdict) => count(verdict) > 0);
    this.filters.replaceChildren(
      toggle(`all ${comparison.cases.length}`, "Show all", state.show === "", () => adjust({ show: "" })),
      ...known.map((verdict) =>
        toggle(
          `${MARKS[verdict]} ${count(verdict)} ${verdict}`,
          `Show what is ${verdict}`,
          state.show === verdict,
          () => adjust({ show: verdict }),
        ),
      ),
    );
    const chosen = comparison.cases
      .filter((one) => !state.show || one.verdict === state.show)
      .sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || size(b) - size(a));
    const reach = reachOf(comparison.cases);
    const naming = new Naming(comparison.cases.map(({ id }) => id));
    const columns = [
      { name: "case", cell: (one) => naming.full(one.id), value: (one) => naming.place(one.id) },
      {
        name: "verdict",
        cell: (one) => element("span", { class: `verdict is-${one.verdict}` }, `${MARKS[one.verdict]} ${one.verdict}`),
        value: (one) => VERDICTS.indexOf(one.verdict),
      },
      {
        name: "change",
        class: "number",
        cell: (one) => (one.change === null ? "" : change(one.change)),
        value: (one) => one.change,
      },
      {
        name: `interval (axis: ±${extent(reach)})`,
        class: "interval",
        cell: (one) => (one.change === null ? "" : intervalBar(one, reach, comparison.threshold)),
        value: (one) => one.interval && (one.interval.high ?? Infinity) - (one.interval.low ?? -Infinity),
      },
      ...(comparison.cases.some((one) => one.instructions) ? [COUNTED] : []),
      {
        name: "before",
        class: "number",
        cell: (one) => (one.old === null ? "" : figure(one.old, one.unit)),
        value: (one) => one.old,
      },
      {
        name: "after",
        class: "number",
        cell: (one) => (one.new === null ? "" : figure(one.new, one.unit)),
        value: (one) => one.new,
      },
      {
        name: "smallest visible change",
        class: "number",
        title: "The smallest slowdown that would nearly always have been reported",
        cell: (one) => (one.smallest_effect === null ? "" : `±${extent(one.smallest_effect)}`),
        value: (one) => one.smallest_effect,
      },
      { name: "why, and what would settle it", class: "text", cell: whyOf },
    ];
    const shown = table(columns, chosen, { caption: "Cases", rowClass: (one) => `is-${one.verdict}` });
    const said = naming.said();
    this.rows.replaceChildren(
      ...(said ? [said] : []),
      shown,
      ...(chosen.some(differs) ? [element("p", { class: "quiet" }, comparison.meaning)] : []),
    );
  },
};

/** What was counted beside the time. */
const COUNTED = {
  name: "instructions",
  class: "number",
  title: "Per iteration, counted under valgrind; they do not change a verdict. ~: about",
  cell: (one) => one.instructions?.text ?? "–",
  value: (one) => one.instructions?.change ?? null,
};

/** Why a verdict is what it is, and how long it would take to settle one that is unsure. */
function whyOf(one) {
  const longer =
    one.settle_s === null
      ? null
      : `${one.smallest_effect === null ? "at least " : "about "}${figure(one.settle_s, "s", 2)} more would settle it`;
  return [one.reason && prose(one.reason), one.reason && longer && "; ", longer];
}

/** In what the machines and builds of two runs differ; nothing where only one, or none, is on the page. */
function environmentDifferences({ comparison, runs }) {
  const find = (name) => runs.find(({ run }) => run === name);
  const [base, candidate] = [find(comparison.base), find(comparison.candidate)];
  if (!base || !candidate || base === candidate) return null;
  const [old, now] = [new Map(base.environment), new Map(candidate.environment)];
  // Readings of the moment differ each time.
  const moving = new Set(["load average", "stolen time", "reference kernels"]);
  const names = [...new Set([...old.keys(), ...now.keys()])].filter(
    (name) => !moving.has(name) && old.get(name) !== now.get(name),
  );
  const commits = commitRange({ commit: old.get("commit") }, { commit: now.get("commit") });
  const rest = names.filter((name) => name !== "commit");
  return element(
    "dl",
    { class: "facts environment-changes" },
    names.includes("commit") && fact("commits", commits),
    rest.map((name) => fact(name, old.get(name) ?? "not known", " → ", now.get(name) ?? "not known")),
    !names.length && fact("machine and build", "no difference"),
  );
}

/** A difference that a reader sees. */
const SEEN = 0.005;

/** Whether a reader who divides one figure by the other finds another change than the one that is shown. */
function differs({ old, new: candidate, change }) {
  return old !== null && candidate !== null && change !== null && Math.abs(candidate / old - 1 - change) > SEEN;
}

function size(one) {
  return Math.abs(one.change ?? 0);
}

/** How far the axis reaches: all changes, and most of their intervals. */
function reachOf(cases) {
  const changes = cases.map(size);
  const ends = cases
    .filter((one) => one.interval)
    .flatMap((one) => [one.interval.low, one.interval.high])
    .map((end) => (end === null ? 0 : Math.abs(end)))
    .sort((a, b) => a - b);
  return Math.min(2, Math.max(0.02, ...changes, ends[Math.floor(ends.length * 0.9)] ?? 0) * 1.1);
}

/** The interval as a bar around its change; an end beyond the axis, or at infinity, is an arrow. */
function intervalBar(one, reach, threshold) {
  const [width, height] = [220, 22];
  const x = (share) => width / 2 + (Math.max(-reach, Math.min(reach, share)) / reach) * (width / 2 - 6);
  const said = one.interval
    ? `${one.interval.low === null ? "−∞" : change(one.interval.low)} to ${one.interval.high === null ? "+∞" : change(one.interval.high)}`
    : "no interval";
  const parts = [
    svg("title", {}, said),
    svg("rect", {
      class: "floor",
      x: x(-threshold),
      y: 1,
      width: Math.max(1, x(threshold) - x(-threshold)),
      height: height - 2,
    }),
    svg("line", { class: "zero", x1: width / 2, x2: width / 2, y1: 0, y2: height }),
  ];
  if (one.interval) {
    const [low, high] = [one.interval.low ?? -Infinity, one.interval.high ?? Infinity];
    parts.push(svg("line", { class: "whisker", x1: x(low), x2: x(high), y1: height / 2, y2: height / 2 }));
    for (const end of [low, high]) {
      const [at, middle] = [x(end), height / 2];
      const beyond = Math.abs(end) > reach;
      const back = at - Math.sign(end) * 5;
      parts.push(
        beyond
          ? svg("path", { class: "arrow", d: `M${back} ${middle - 4}L${at} ${middle}L${back} ${middle + 4}` })
          : svg("line", { class: "whisker", x1: at, x2: at, y1: middle - 4, y2: middle + 4 }),
      );
    }
  }
  if (one.change !== null) parts.push(svg("circle", { class: "dot", cx: x(one.change), cy: height / 2, r: 4 }));
  return svg(
    "svg",
    {
      class: `bar is-${one.verdict}`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": said,
    },
    parts,
  );
}
