// The chart of a series: runs, segments with their intervals, changes, what was accepted.

/** A range that also shows most intervals of a line, unless that would squeeze its figures. */
function withIntervals(line, least, most) {
  const pairs = line.values.length <= MOST_MEASURED ? Array.from(line.values, (_, number) => line.intervalOf(number)) : [];
  const ends = (pick) => pairs.filter(Boolean).map(pick).sort((a, b) => a - b);
  const [lows, highs] = [ends(({ low }) => low), ends(({ high }) => high)];
  if (!lows.length) return [least, most];
  const room = (most - least) / 2;
  return [
    Math.max(least - room, Math.min(least, lows[Math.floor(0.05 * lows.length)])),
    Math.min(most + room, Math.max(most, highs[Math.floor(0.95 * (highs.length - 1))])),
  ];
}

/** Of more runs than these no interval is drawn unless a reader zooms in. */
const MOST_MEASURED = 200;

/** Pixels that a run takes at least for its interval to be drawn. */
const WHISKER_ROOM = 7;

/** With so many rounds or fewer, little is known of a figure. */
const FEW_ROUNDS = 2;

Object.assign(lineView, {
  draw(width, log, kept) {
    const { line } = this;
    const drawn = this.inPercent() ? [line, ...this.over].map(inPercent) : [line, ...this.over];
    const byDate = state.dates === "1";
    // The runs of all that is drawn, in order of time, and where each line has one.
    const runs = [...new Set(drawn.flatMap((one) => one.course))].sort((a, b) => a - b);
    const places = new Map(runs.map((run, place) => [run, place]));
    this.runs = runs;
    this.placeOf = (one, number) => places.get(one.course[number]);
    const at = (place) => (byDate ? Date.parse(line.history.runs[runs[place]].timestamp) / 1000 : place);
    this.at = at;
    const x = runs.map((_, place) => at(place));
    const y = drawn.map((one) => {
      const values = new Array(runs.length).fill(null);
      one.values.forEach((value, number) => (values[this.placeOf(one, number)] = value));
      return values;
    });
    const hidden = { show: false };
    const room = (x[x.length - 1] - x[0]) * 0.02 || 1;
    const options = {
      width,
      height: Math.round(Math.min(460, Math.max(300, innerHeight * 0.5))),
      legend: hidden,
      scales: {
        x: { time: byDate, min: kept?.min ?? x[0] - room, max: kept?.max ?? x[x.length - 1] + room, auto: false },
        y: log ? figureScale(true) : { range: () => this.window(drawn) },
      },
      axes: [
        axis(byDate ? { size: 44 } : { size: 30, values: (_, ticks) => this.dates(ticks), space: 90 }),
        this.inPercent()
          ? figureAxis("%", "first level = 100 %")
          : figureAxis(line.unit, metricName(line.metric)),
        ...(baseOf(line).median > 0 && !log && !this.inPercent() ? [this.shareAxis(baseOf(line))] : []),
      ],
      series: [
        {},
        ...drawn.map((_, number) => ({
          stroke: faded(lineColour(number), 0.35),
          width: 1,
          spanGaps: true,
          points: { show: true, size: 5, width: 0, fill: lineColour(number), stroke: lineColour(number) },
        })),
      ],
      cursor: { drag: { x: true, y: false }, points: { size: 9 }, focus: { prox: 30 } },
      hooks: {
        drawClear: [(chart) => this.drawIntervals(chart, drawn)],
        draw: [(chart) => (this.drawKnown(chart, drawn), this.drawLevels(chart, drawn))],
        setCursor: [(chart) => this.read(chart.cursor.idx)],
      },
    };
    const chart = new uPlot(options, [x, ...y], this.holder);
    chart.over.addEventListener("dblclick", () => zoomOut(chart));
    return chart;
  },

  /** How far figures lie from the level that was accepted last, or the first, on the right: round shares. */
  shareAxis({ median, why }) {
    const splits = (_, __, min, max) => {
      const step = roundStep((max - min) / Math.abs(median), 6);
      const first = Math.ceil((min / median - 1) / step);
      const count = Math.floor((max / median - 1) / step) - first + 1;
      return Array.from({ length: Math.max(0, count) }, (_, number) => median * (1 + (first + number) * step));
    };
    const said = (tick) => {
      const percent = Number((100 * (tick / median - 1)).toFixed(2));
      return `${percent > 0 ? "+" : percent < 0 ? "−" : ""}${Math.abs(percent)} %`;
    };
    return axis({
      side: 1,
      scale: "y",
      size: 70,
      grid: { show: false },
      label: `against ${why}`,
      labelSize: 20,
      splits,
      filter: (_, ticks) => ticks,
      values: (_, ticks) => ticks.map(said),
    });
  },

  /** Where nearly all figures lie, and all levels and the newest runs: one bad night must not squeeze all others. */
  window(drawn) {
    const [ends, low, high] = [[], [], []];
    for (const one of drawn) {
      const sorted = Float32Array.from(one.values).sort();
      const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
      const room = 0.75 * Math.max(at(0.95) - at(0.05), 0.02 * Math.abs(at(0.5)));
      low.push(Math.max(at(0), at(0.05) - room));
      high.push(Math.min(at(1), at(0.95) + room));
      ends.push(
        ...one.segments.map(({ median }) => median).filter((median) => median !== null),
        ...one.values.slice(-5),
      );
    }
    const [least, most] = withIntervals(drawn[0], Math.min(...low, ...ends), Math.max(...high, ...ends));
    const room = (most - least) * 0.08 || Math.abs(most) * 0.05 || 1;
    return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
  },

  /** An arrow at the edge for each figure that lies beyond it. */
  drawBeyond(chart, drawn) {
    const pen = chart.ctx;
    const { top, height } = chart.bbox;
    const { min, max } = chart.scales.y;
    const size = 5 * (devicePixelRatio || 1);
    drawn.forEach((one, number) => {
      pen.fillStyle = lineColour(number);
      one.values.forEach((value, place) => {
        const way = value > max ? -1 : value < min ? 1 : 0;
        const x = chart.valToPos(this.at(this.placeOf(one, place)), "x", true);
        if (!way || x < chart.bbox.left || x > chart.bbox.left + chart.bbox.width) return;
        const tip = way < 0 ? top + 1 : top + height - 1;
        pen.beginPath();
        pen.moveTo(x, tip);
        pen.lineTo(x - size * 0.8, tip - way * size * 1.4);
        pen.lineTo(x + size * 0.8, tip - way * size * 1.4);
        pen.fill();
      });
    });
  },

  /** The day of each tick; ticks stand at whole places, where runs are. */
  dates(ticks) {
    return ticks.map((tick) => {
      const run = Number.isInteger(tick) && this.line.history.runs[this.runs[tick]];
      return run ? day(run.timestamp) : "";
    });
  },

  /** Calls `draw` with each segment of each line and its ends on the canvas. */
  eachSegment(chart, drawn, draw) {
    const pen = chart.ctx;
    const { left, top, width, height } = chart.bbox;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    const edge = state.dates === "1" ? 0 : 0.5;
    drawn.forEach((one, number) => {
      for (const segment of one.segments.filter(({ median }) => median !== null)) {
        const from = chart.valToPos(this.at(this.placeOf(one, segment.from)) - edge, "x", true);
        const to = chart.valToPos(this.at(this.placeOf(one, segment.to - 1)) + edge, "x", true);
        draw(pen, number, segment, from, to);
      }
    });
    pen.restore();
  },

  drawIntervals(chart, drawn) {
    this.eachSegment(chart, drawn, (pen, number, { interval: pair }, from, to) => {
      if (!pair) return;
      const [high, low] = [pair.high, pair.low].map((value) => chart.valToPos(value, "y", true));
      pen.fillStyle = faded(lineColour(number), 0.18);
      pen.fillRect(from, high, to - from, Math.max(2, low - high));
    });
  },

  /** Intervals of single runs where there is room for them, and hollow points for runs of which little is known. */
  drawKnown(chart, drawn) {
    this.hollow = this.whiskers = 0;
    const pen = chart.ctx;
    const ratio = devicePixelRatio || 1;
    const { left, top, width, height } = chart.bbox;
    const { min, max } = chart.scales.x;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    drawn.forEach((one, line) => {
      const places = one.course.map((_, number) => this.at(this.placeOf(one, number)));
      const inView = places.filter((place) => place >= min && place <= max).length;
      const hasRoom = inView * WHISKER_ROOM * ratio <= width;
      pen.strokeStyle = faded(lineColour(line), 0.7);
      pen.lineWidth = ratio;
      one.values.forEach((value, number) => {
        if (places[number] < min || places[number] > max) return;
        const x = Math.round(chart.valToPos(places[number], "x", true));
        // Those of several lines would cover each other.
        const pair = hasRoom && line === 0 && one.intervalOf(number);
        if (pair) this.drawWhisker(chart, x, pair, ratio);
        if (one.roundsOf(number) !== null && one.roundsOf(number) <= FEW_ROUNDS)
          this.drawHollow(chart, x, value, lineColour(line), ratio);
      });
    });
    pen.restore();
  },

  drawWhisker(chart, x, { low, high }, ratio) {
    const pen = chart.ctx;
    const [from, to] = [high, low].map((value) => chart.valToPos(value, "y", true));
    if (!Number.isFinite(from) || !Number.isFinite(to)) return;
    pen.beginPath();
    pen.moveTo(x, from);
    pen.lineTo(x, to);
    const { top, height } = chart.bbox;
    for (const [end, edge, inward] of [
      [from, top, 1],
      [to, top + height, -1],
    ]) {
      // An arrow at the frame where an interval goes on beyond it.
      const isBeyond = inward * (end - edge) < 0;
      const at = isBeyond ? edge + inward * ratio : end;
      const bend = isBeyond ? at + inward * 4 * ratio : at;
      pen.moveTo(x - 2.5 * ratio, bend);
      pen.lineTo(x, at);
      pen.lineTo(x + 2.5 * ratio, bend);
    }
    pen.stroke();
    this.whiskers += 1;
  },

  drawHollow(chart, x, value, ink, ratio) {
    const pen = chart.ctx;
    pen.beginPath();
    pen.arc(x, chart.valToPos(value, "y", true), 3.5 * ratio, 0, 2 * Math.PI);
    pen.fillStyle = colour("surface");
    pen.fill();
    pen.save();
    pen.strokeStyle = ink;
    pen.lineWidth = 1.5 * ratio;
    pen.stroke();
    pen.restore();
    this.hollow += 1;
  },

  drawLevels(chart, drawn) {
    const ratio = devicePixelRatio || 1;
    this.eachSegment(chart, drawn, (pen, number, { median }, from, to) => {
      const y = chart.valToPos(median, "y", true);
      pen.strokeStyle = number ? lineColour(number) : colour("text");
      pen.lineWidth = 2 * ratio;
      pen.beginPath();
      pen.moveTo(from, y);
      pen.lineTo(to, y);
      pen.stroke();
    });
    this.drawBeyond(chart, drawn);
    const pen = chart.ctx;
    const { left, top, width, height } = chart.bbox;
    const upright = (one, number, ink, dash) => {
      const x = Math.round(chart.valToPos(this.at(this.placeOf(one, number)), "x", true));
      if (x < left || x > left + width) return null;
      pen.strokeStyle = ink;
      pen.lineWidth = 1.25 * ratio;
      pen.setLineDash(dash.map((length) => length * ratio));
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
      pen.stroke();
      pen.setLineDash([]);
      return x;
    };
    pen.save();
    for (const one of drawn) {
      for (const event of one.events) {
        const dash = event.machine_shift === undefined ? [5, 4] : [2, 3];
        const x = upright(one, event.since, markColour(event), dash);
        if (x !== null) drawMark(pen, x, top + 9 * ratio, event, 6 * ratio);
      }
      for (const { run } of one.acceptances) {
        const number = one.course.findIndex((place) => one.history.runs[place].run === run);
        if (number < 0) continue;
        const x = upright(one, number, colour("muted"), [1, 2]);
        if (x === null) continue;
        pen.fillStyle = colour("muted");
        pen.font = `${13 * ratio}px system-ui, sans-serif`;
        pen.textAlign = "center";
        pen.fillText("✓", x, top + height - 6 * ratio);
      }
    }
    pen.restore();
  },
});
