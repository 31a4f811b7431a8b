// How far a run is that goes on: shown above every view of a served page.

/** A time in words of one unit: what is left is not known better. */
function inWords(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** The round that goes on: `round 3 of 7`, or of how many it will be about. */
function roundInWords({ round, of, is_estimate: isEstimate }) {
  return of === null ? `round ${round}` : `round ${round} of ${isEstimate ? "about " : ""}${of}`;
}

/** Nothing if no run goes on. */
function liveOf(page) {
  const run = page.runs.find((one) => one.progress);
  if (!run) return null;
  const { cases, ended, running, spent_s: spent, left_s: left } = run.progress;
  const most = Math.max(spent + left, 1e-9);
  return element(
    "section",
    { class: "live", "aria-label": "Run in progress" },
    element(
      "p",
      {},
      element("a", { href: address({ view: "run", run: run.run }, {}) }, element("strong", {}, "in progress")),
      ` · ${ended} of ${plural(cases, "case")} ended · ${inWords(spent)} measured, at most ${inWords(left)} to go`,
    ),
    element("progress", { max: most, value: spent, "aria-label": "Time measured, of all that may be" }),
    element(
      "p",
      { class: "running" },
      running && [element("strong", {}, breakable(running.case)), ` ${roundInWords(running)}`],
    ),
  );
}
