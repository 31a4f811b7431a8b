// The levels of a load benchmark in a table.

const THIN = "Too few requests for any of the percentiles";

/** Whether a level has served too few requests for any percentile of it. */
function isThin(level) {
  const marked = level.metrics.filter((metric) => typeof metric.supported === "boolean");
  return marked.length > 0 && marked.every((metric) => !metric.supported);
}

function levelsOf(load) {
  const names = [...new Set(load.levels.flatMap((level) => level.metrics.map((metric) => metric.name)))];
  const shown = [...new Set([load.primary, "RPS", "goodput", ...LATENCIES, ...load.plots])].filter((name) =>
    names.includes(name),
  );
  const columns = [
    { name: "level", class: "name", cell: (level) => level.label, value: (level) => level.at ?? level.label },
    {
      name: "",
      cell: (level) => {
        if (level.valid && isThin(level)) {
          return element("span", { class: "verdict is-unknown", title: THIN }, "valid, few requests");
        }
        const what = level.valid ? "✓ valid" : level.harness_bound ? "✗ harness-bound" : "✗ not valid";
        return element("span", { class: `verdict ${level.valid ? "is-met" : "is-missed"}` }, what);
      },
    },
    {
      name: "requests",
      class: "number",
      cell: (level) => level.requests.toLocaleString("en"),
      value: (level) => level.requests,
    },
    {
      name: "failed",
      class: "number",
      cell: (level) => level.failed.toLocaleString("en"),
      value: (level) => level.failed,
    },
    ...shown.map((name) => ({
      name,
      class: "number",
      cell: (level) => {
        const one = metricOf(level, name);
        return one ? `${one.supported === false ? "~" : ""}${figure(one.value, one.unit)}` : "–";
      },
      value: (level) => metricOf(level, name)?.value,
    })),
  ];
  const made = element(
    "div",
    {},
    table(columns, load.levels, { caption: load.setting }),
    exportButtons(load.id, () => levelRows(load)),
  );
  if (load.levels.length <= SHOWN_LEVELS) return made;
  // A search tries many rates.
  return element("details", {}, element("summary", {}, `All ${plural(load.levels.length, "level")}`), made);
}

/** Every metric of every level, in the units of the record. */
function levelRows(load) {
  const metrics = [
    ...new Map(load.levels.flatMap((level) => level.metrics.map(({ name, unit }) => [name, `${name} (${unit})`]))),
  ];
  const head = ["level", "valid", "requests", "failed", ...metrics.map(([, title]) => title)];
  return [
    head,
    ...load.levels.map((level) => [
      level.label,
      level.valid,
      level.requests,
      level.failed,
      ...metrics.map(([name]) => metricOf(level, name)?.value),
    ]),
  ];
}
