// The cases of a run in a table, a block for each model and category.

function percentile(of) {
  return `${of.supported ? "" : "~"}${figure(of.value_s, "s", 3)}`;
}

/** The columns for these cases; what no case has, and percentiles that hardly any case has samples for, are left out. */
function caseColumns(cases, naming, past, unfold) {
  const figures = (name, unit, pick, room) => ({
    name,
    class: `number ${room}`,
    cell: (one) => (pick(one) === null || pick(one) === undefined ? "" : figure(pick(one), unit, 3)),
    value: pick,
  });
  const has = (pick) => cases.some((one) => pick(one) !== null && pick(one) !== undefined);
  const first = (one) => one.metrics[0];
  const timed = cases.filter(({ time }) => time);
  const isUseful = (name) =>
    timed.length > 0 && 3 * timed.filter(({ time }) => time[name].supported).length >= timed.length;
  const share = (base) => (one) => (past(one)?.[base] ? one.time.median_s / past(one)[base] - 1 : null);
  const anyPast = timed.some((one) => past(one)?.level);
  return [
    {
      name: "case",
      cell: (one, above) => [
        // Sorted, rows have no heading that says whose they are.
        unfold(one, above === undefined ? naming.full(one.id) : naming.label(one.id, above?.id ?? null)),
        one.harness_bound &&
          element("div", { class: "verdict long is-missed", title: one.harness_bound }, `✗ ${cut(one.harness_bound)}`),
      ],
      value: (one) => naming.place(one.id),
    },
    timed.length > 0 && {
      name: "time",
      class: "number",
      title: "Median of the rounds' medians. ~: an estimate",
      cell: (one) => (one.time ? knownTime(one.time) : ""),
      value: (one) => one.time?.median_s,
    },
    timed.length > 0 && {
      name: "±",
      class: "number",
      title: "Half the width of the 95 % interval; of few rounds, how many there are and how far they lie apart",
      cell: (one) => element("span", { class: `known ${isKnown(one.time) ? "" : "verdict is-unsure"}` }, knownTo(one)),
      value: (one) => halfWidth(one.time),
    },
    timed.some(({ rounds }) => rounds) && {
      name: "fast → slow",
      class: "histogram-cell",
      cell: (one) => smallHistogram(one.rounds),
    },
    anyPast && {
      name: "last run",
      class: "number",
      title: "Against the run before",
      cell: (one) => one.time && against(past(one), one.time.median_s, past(one)?.last ?? null, "the run before"),
      value: share("last"),
    },
    anyPast && {
      name: "level",
      class: "number",
      title: "Against the level of its history",
      cell: (one) =>
        one.time && against(past(one), one.time.median_s, past(one)?.level ?? null, "its level until then"),
      value: share("level"),
    },
    has((one) => one.instructions) && figures("instructions", "", (one) => one.instructions, ""),
    isUseful("p95") && {
      name: "p95",
      class: "number mid",
      cell: (one) => (one.time ? percentile(one.time.p95) : ""),
      value: (one) => one.time?.p95.value_s,
    },
    isUseful("p99") && {
      name: "p99",
      class: "number mid",
      cell: (one) => (one.time ? percentile(one.time.p99) : ""),
      value: (one) => one.time?.p99.value_s,
    },
    has(first) && {
      name: "throughput",
      class: "number",
      title: "The first metric of its field",
      cell: (one) => (first(one) ? figure(first(one).value, first(one).unit, 3) : ""),
      value: (one) => first(one)?.value,
    },
    has((one) => one.peak_memory_bytes) && figures("peak memory", "bytes", (one) => one.peak_memory_bytes, "mid"),
    has((one) => one.first_call_s) && figures("first call", "s", (one) => one.first_call_s, "much"),
    has((one) => one.load_s) && figures("load", "s", (one) => one.load_s, "much"),
    has((one) => one.cpu_time_s) && figures("CPU time", "s", (one) => one.cpu_time_s, "much"),
  ].filter(Boolean);
}

/** The table with what narrows it. */
function measured(cases, run, page, naming) {
  if (!cases.length) return null;
  const pasts = new Map();
  const past = (one) => {
    if (!pasts.has(one.id)) pasts.set(one.id, pastOf(page.history, run, one.id));
    return pasts.get(one.id);
  };
  const unfold = (one, label) => unfoldButton(one, label, () => moreOf(one, run, page, past(one)));
  const columns = caseColumns(cases, naming, past, unfold);
  const filter = filterControls([["model", "model", optionsOf(cases, ({ id }) => partsOf(id).model)]], "Search cases");
  const count = element("span", { class: "count", role: "status" });
  const holder = element("div", {});
  const update = () => {
    filter.update();
    const sought = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = cases.filter(
      ({ id }) =>
        (!state.model || partsOf(id).model === state.model) && sought.every((word) => id.toLowerCase().includes(word)),
    );
    const known = new Map(chosen.map((one) => [one.id, one]));
    const blocks = naming.blocks
      .map((block) => ({
        heading: naming.heading(block),
        rows: block.cases.map(({ id }) => known.get(id)).filter(Boolean),
      }))
      .filter(({ rows }) => rows.length);
    count.textContent =
      chosen.length === cases.length
        ? plural(cases.length, "case")
        : `${chosen.length} of ${plural(cases.length, "case")}`;
    holder.replaceChildren(
      chosen.length
        ? table(columns, chosen, { caption: "Cases", blocks, sticky: true, class: "cases" })
        : nothing("No case matches."),
    );
  };
  const estimates = cases.some(({ time }) => time && !isKnown(time));
  const made = element(
    "section",
    {},
    element("h3", {}, "Cases"),
    element(
      "div",
      { class: "controls", role: "search" },
      cases.length > 8 && filter.parts,
      exportButtons(run.run, () => caseRows(cases)),
      count,
    ),
    naming.said(),
    holder,
    estimates && element("p", { class: "quiet" }, "~ an estimate: too few rounds, or samples, to know better"),
  );
  /** Opens a case that a link leads to. */
  const open = (id) => {
    const button = [...holder.querySelectorAll(".unfold")].find((one) => one.dataset.case === id);
    if (button?.getAttribute("aria-expanded") === "false") button.click();
    button?.focus();
    button?.scrollIntoView({ block: "center" });
  };
  return { made, update, open };
}

/** The figures of the cases, in the units of the record. */
function caseRows(cases) {
  const head = [
    "case",
    "median (s)",
    "low (s)",
    "high (s)",
    "rounds",
    "samples",
    "peak memory (bytes)",
    "first call (s)",
    "load (s)",
    "CPU time (s)",
  ];
  return [
    head,
    ...cases.map(({ id, time, peak_memory_bytes: memory, first_call_s: first, load_s: load, cpu_time_s: cpu }) => {
      const range = time && (time.moderated_s ?? time.interval_s);
      return [id, time?.median_s, range?.low, range?.high, time?.rounds, time?.samples, memory, first, load, cpu];
    }),
  ];
}

/** The first parts of a list in words. */
function cut(list) {
  const parts = list.split(", ");
  return parts.length < 5 ? list : `${parts.slice(0, 3).join(", ")}, and ${parts.length - 3} more`;
}
