// Figures as people read them: the same digits and units as on the console.

const TIMES = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
];
const SIZES = [
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
  [1, "B"],
];
const COUNTS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
];

/** The scale and unit in which a figure of this size is read. */
function scale(size, unit) {
  const [base, ...per] = unit.split("/");
  const rest = per.length ? "/" + per.join("/") : "";
  const pick = (steps, least) => steps.find(([step]) => Math.abs(size) >= step * least) ?? steps[steps.length - 1];
  const what = base === "ratio" || base === "1" ? rest : unit;
  if (!Number.isFinite(size) || size === 0) return [1, base === "bytes" ? "B" + rest : what];
  if (base === "s") {
    const [step, name] = pick(TIMES, 0.99995);
    return [step, name + rest];
  }
  if (base === "bytes") {
    const [step, name] = pick(SIZES, 0.9995);
    return [step, name + rest];
  }
  const [step, prefix] = Math.abs(size) < 9999.5 ? [1, ""] : pick(COUNTS, 0.99995);
  return [step, [prefix, what].filter(Boolean).join(" ")];
}

/** So many significant digits, without an exponent where it can be helped. */
function significant(value, digits = 4) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e9 || size < 1e-4) return value.toExponential(digits - 2);
  const whole = Math.max(1, Math.floor(Math.log10(size)) + 1);
  return value.toFixed(Math.max(0, Math.min(digits - whole, 6)));
}

/** A figure with its unit: `12.40 ms`, `1.5 GiB`, `3.512 images/s`; `–` is not a number. */
function figure(value, unit, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const [step, name] = scale(value, unit);
  const small = !name && Math.abs(value) >= 1e-4 && Math.abs(value) < 0.1;
  const number = small ? value.toFixed(5) : significant(value / step, digits);
  // A short unit stays with its number where there is little room.
  return `${number}${name.startsWith("/") ? "" : name.length > 3 ? " " : "\u00a0"}${name}`.trim();
}

/** Beyond this an extent says only that nothing is known. */
const MOST_PERCENT = 9999;

/** A relative change with its sign: `+3.0 %`, `×12`. */
function change(share) {
  if (share === null || share === undefined || !Number.isFinite(share)) return "from nothing";
  if (share >= 9.995) return `×${significant(share + 1, 3)}`;
  const percent = share * 100;
  if (Math.abs(percent) < 0.005) return "0 %";
  const digits = Math.abs(percent) >= 99.95 ? 0 : Math.abs(percent) < 0.095 ? 2 : 1;
  return `${percent >= 0 ? "+" : "−"}${Math.abs(percent).toFixed(digits)} %`;
}

/** A half-width, a threshold, the reach of an axis: how large a relative change is, without a sign: `8143 %`. */
function extent(share) {
  if (!Number.isFinite(share)) return "∞";
  const percent = Math.abs(share) * 100;
  if (percent > MOST_PERCENT) return `>${MOST_PERCENT} %`;
  return `${percent.toFixed(percent >= 99.95 ? 0 : percent < 0.095 ? 2 : 1)} %`;
}

function interval(pair, unit) {
  if (!pair) return "–";
  return `${figure(pair.low, unit)} to ${figure(pair.high, unit)}`;
}

/** `2026-01-21 01:00`, UTC as in the record. */
function when(timestamp) {
  return timestamp.replace("T", " ").replace(/(:\d\d)?(\.\d+)?Z$/, "");
}

function day(timestamp) {
  return timestamp.slice(0, 10);
}

function shortCommit(commit) {
  return commit ? commit.slice(0, 12) : "";
}

function plural(count, one, many = one + "s") {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** A machine class in few words: what stands before its cores, without what every processor says. */
function shortMachine(machine) {
  const [cpu, cores] = machine.split(", ");
  return [
    cpu
      .replace(/\((R|TM)\)|\bProcessor\b|\bCPU\b|@.*$|\d+-Core\b/g, "")
      .replace(/\s+/g, " ")
      .trim(),
    cores,
  ]
    .filter(Boolean)
    .join(", ");
}
