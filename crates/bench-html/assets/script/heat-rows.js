// The rows of the heat map: cases in blocks, with their figures by column, and what these are compared with.

/** The value that most things have. */
function mostOf(things, pick) {
  const counts = new Map();
  for (const thing of things) counts.set(pick(thing), (counts.get(pick(thing)) ?? 0) + thing.course.length);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** What the figures of a line are compared with: its level since what was accepted last, else its first. */
function baseOf(line) {
  const accepted = line.events.findLast((change) => change.accepted);
  const since = accepted && line.segments.find(({ from, median }) => from === accepted.since && median !== null);
  if (since) return { median: since.median, why: `the level accepted on ${day(accepted.accepted.at)}` };
  const first = line.segments.find(({ median }) => median !== null);
  return { median: first?.median ?? line.values[0], why: "the first level" };
}

/** So many standard deviations of its noise a figure of a line may lie off before it is drawn as another. */
const NOISE_HIDDEN = 3;

/** The noise of a line around its levels as a share: the median of the deviations, as a standard deviation of normal noise. */
function noiseOf(line) {
  const off = Float32Array.from(line.values);
  for (const { from, to, median } of line.segments) {
    for (let run = from; run < to; run++) off[run] = median ? Math.abs(off[run] / median - 1) : 0;
  }
  off.sort();
  return off.length ? 1.4826 * off[Math.floor(off.length / 2)] : 0;
}

/** The rows of the map: headings, and cases with their figures by column. */
function heatRows(history, lines, runs) {
  const columns = new Map(runs.map((run, column) => [run, column]));
  const { naming } = history;
  const sorted = [...lines].sort(
    (a, b) => naming.place(a.case) - naming.place(b.case) || inOrder(a.buildName, b.buildName),
  );
  const rows = [];
  let owner = null;
  let above = null;
  for (const line of sorted) {
    const block = ownerOf(partsOf(line.case));
    if (block !== owner) rows.push({ heading: block });
    const base = baseOf(line);
    const [values, shares] = [new Float32Array(runs.length).fill(NaN), new Float32Array(runs.length).fill(NaN)];
    line.course.forEach((run, number) => {
      values[columns.get(run)] = line.values[number];
      shares[columns.get(run)] = base.median ? line.values[number] / base.median - 1 : 0;
    });
    const { name } = partsOf(line.case);
    const again = block === owner && above !== null && partsOf(above).name === name;
    const text = naming.text(line.case);
    rows.push({
      line,
      base,
      least: Math.max(LEAST_SEEN, NOISE_HIDDEN * noiseOf(line)),
      values,
      shares,
      name,
      label: text.slice(name.length).trim(),
      again,
      steps: line.changes.map(({ since }) => columns.get(line.course[since])),
    });
    [owner, above] = [block, line.case];
  }
  return rows;
}

/** The figures of the map, in the unit of the store: a row a case, a column a run. */
function heatTable({ history, rows, runs }) {
  const cases = rows.filter(({ line }) => line);
  const head = ["case", "metric", "unit", ...runs.map((run) => history.runs[run].timestamp)];
  const figures = (values) =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : Number(value.toPrecision(7))));
  return [head, ...cases.map(({ line, values }) => [line.case, line.metric, line.unit, ...figures(values)])];
}
