// Small pictures of lines, drawn when they come into sight.

const SPARKLINE = { width: 260, height: 52, margin: 5 };

/** A canvas with the line's runs, the medians of its segments, and where it changed. */
function sparkline(line) {
  const canvas = element("canvas", {
    class: "sparkline",
    role: "img",
    "aria-label": `${plural(line.values.length, "run")}, ${plural(line.events.length, "change")}`,
  });
  canvas.line = line;
  seen.observe(canvas);
  return canvas;
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      target.inSight = isIntersecting;
      if (isIntersecting) drawSparkline(target);
    }
  },
  { rootMargin: "200px" },
);

/** Noise must not be drawn as large as news: the least that a height stands for, as a share of the level. */
const LEAST_HEIGHT = 0.1;

/** With fewer runs a line would show ups and downs that are single points. */
const FEWEST_FOR_A_LINE = 20;

/** Where nearly all figures lie: one bad night must not flatten all others. */
function usualRange(values) {
  const sorted = Float32Array.from(values).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = sorted.length < 40 ? [at(0), at(1)] : [at(0.02), at(0.98)];
  const missing = Math.max(0, LEAST_HEIGHT * Math.abs(at(0.5)) - (high - low));
  const room = Math.max((high - low) * 0.15, missing / 2) || 1;
  return [low - room, high + room];
}

function drawSparkline(canvas) {
  const { width, height, margin } = SPARKLINE;
  const { line } = canvas;
  const ratio = Math.max(2, devicePixelRatio || 1);
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const { values } = line;
  const [low, high] = usualRange(values);
  const x = (run) => (values.length < 2 ? width / 2 : margin + (run / (values.length - 1)) * (width - 2 * margin));
  const y = (value) => {
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return height - margin - share * (height - 2 * margin);
  };
  const ink = colour("line-0");
  if (values.length < 200) {
    pen.fillStyle = faded(ink, 0.75);
    values.forEach((value, run) => pen.fillRect(x(run) - 1, y(value) - 1, 2, 2));
  }
  pen.strokeStyle = faded(ink, values.length < 200 ? 0.35 : 0.6);
  pen.lineWidth = values.length < 200 ? 1 : 0.75;
  if (values.length >= FEWEST_FOR_A_LINE) {
    pen.beginPath();
    values.forEach((value, run) => (run ? pen.lineTo(x(run), y(value)) : pen.moveTo(x(run), y(value))));
    pen.stroke();
  }
  pen.strokeStyle = colour("text");
  pen.lineWidth = 1.5;
  for (const { from, to, median } of line.segments) {
    if (median === null) continue;
    pen.beginPath();
    pen.moveTo(x(from), y(median));
    pen.lineTo(x(Math.max(from, to - 1)), y(median));
    pen.stroke();
  }
  for (const change of line.events) {
    drawMark(pen, x(change.since), change.shift === null || change.shift > 0 ? height - 4 : 4, change, 4);
  }
}

/** The colour of a change: grey where it is the machine's. */
function markColour(change) {
  return colour(change.machine_shift !== undefined ? "muted" : change.worse ? "worse" : "better");
}

/** A triangle that points where the figure went: filled where nobody has accepted it. */
function drawMark(pen, x, y, change, size) {
  const up = change.shift === null || change.shift > 0 ? -1 : 1;
  pen.beginPath();
  pen.moveTo(x, y + up * size);
  pen.lineTo(x - size, y - up * size * 0.7);
  pen.lineTo(x + size, y - up * size * 0.7);
  pen.closePath();
  pen.fillStyle = pen.strokeStyle = markColour(change);
  pen.lineWidth = 1.25;
  if (change.accepted) pen.stroke();
  else pen.fill();
}

redraws.add(() => {
  for (const canvas of document.querySelectorAll("canvas.sparkline")) {
    // Paper has no scrolling: what is on the page is in sight.
    if (canvas.inSight || printing) drawSparkline(canvas);
  }
});
