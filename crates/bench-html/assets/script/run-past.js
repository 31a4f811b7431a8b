// A case of a run beside its history: the run before, the level, and what the line does by itself.

/** What the history knows of a figure of a case up to this run; null where it knows nothing. */
function pastOf(history, run, id, metric = "time") {
  const lines = (history?.cases.get(id) ?? []).filter((line) => line.metric === metric);
  for (const line of lines) {
    const number = line.course.findIndex((place) => history.runs[place].run === run.run);
    if (number >= 0) return { line, number, value: line.values[number], ...levelBefore(line, number) };
  }
  // A run that is not in the store yet, or still goes on.
  const [line] = lines.length === 1 ? lines : [];
  return line ? { line, number: null, value: null, ...levelBefore(line, line.values.length) } : null;
}

/** The level on which a run of a line came, and the noise around it as a share. */
function levelBefore(line, number) {
  const segment = line.segments.findLast(({ from, median }) => from < number && median !== null);
  const last = number > 0 ? line.values[number - 1] : null;
  if (!segment) return { last, level: null, noise: null };
  const off = [...line.values.slice(segment.from, Math.min(segment.to, number))]
    .map((value) => Math.abs(value / segment.median - 1))
    .sort((a, b) => a - b);
  // Median of the deviations, as a standard deviation of normal noise.
  const noise = off.length >= 5 ? 1.4826 * off[Math.floor(off.length / 2)] : null;
  return { last, level: segment.median, noise };
}

/** How far a figure lies from an earlier one; plain within the noise of its line, and marked beyond three times of it. */
function against(past, value, base, what) {
  if (!past || base === null || base === 0 || value === null || value === undefined) return "";
  const share = value / base - 1;
  const said = `${figure(base, past.line.unit)}, ${what}`;
  if (past.noise === null || Math.abs(share) <= Math.max(3 * past.noise, 0.005))
    return element("span", { class: "quiet", title: said }, change(share));
  const worse = (past.line.better === "lower") === share > 0;
  return element(
    "span",
    { class: `verdict is-${worse ? "slower" : "faster"}`, title: `${said}; its noise is ±${extent(past.noise)}` },
    `${share > 0 ? "▲" : "▼"} ${change(share)}`,
  );
}
