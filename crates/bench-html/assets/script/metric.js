// Names of metrics as their field writes them.

const METRIC_NAMES = { cpu_time: "CPU time", first_call: "first call", peak_memory: "peak memory" };

/** Abbreviations that are written in capitals. */
const CAPITALS = /^(ttft|ttfi|ttfa|ttfb|tpot|itl|rtf|rps|ips|asps|e2e|cpu|gpu|ram|io|slo)$/;

/** Names by their key, as runs write them: `ttfi_p95` is `TTFI p95` there. */
const namesByKey = new Map(Object.entries(METRIC_NAMES));

/** The key of a name, as in a history: `output tokens/s` becomes `output_tokens_s`. */
function metricKey(name) {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join("_");
}

/** Learns the names that the runs of a page use. */
function learnMetrics(runs) {
  for (const run of runs) {
    const metrics = [
      ...run.cases.flatMap((one) => [...one.metrics, ...one.observed]),
      ...run.loads.flatMap((load) => load.levels.flatMap((level) => level.metrics)),
    ];
    for (const { name } of metrics) if (!METRIC_NAMES[metricKey(name)]) namesByKey.set(metricKey(name), name);
  }
}

/** A metric as it is read: as a run writes it, else by what its key says. */
function metricName(metric) {
  const known = namesByKey.get(metric);
  if (known) return known.includes("_") ? known.replaceAll("_", " ") : known;
  return metric
    .replace(/(tokens|steps|images|requests|frames|bytes|items)_s$/, "$1/s")
    .split("_")
    .map((word) => (CAPITALS.test(word) ? word.toUpperCase() : word))
    .join(" ");
}
