// A metric of all levels against concurrency or rate.

/** The conditions of the objective that limit one of these metrics, of a level or of each request. */
function limitsOn(load, lines) {
  const names = lines.flatMap((line) => {
    const { name } = line.find(Boolean);
    return [conditionName(name), conditionName(name.replace(/ p[\d.]+$/, ""))];
  });
  return load.slo.filter((condition) => names.includes(condition.figure));
}

function drawLoad(holder, width, load, levels, lines, log) {
  const x = levels.map((level) => level.at);
  // What grows by factors is read by factors.
  const factors = x[x.length - 1] / x[0] >= 8;
  const { unit } = lines.flat().find(Boolean);
  const values = lines.map((line) => line.map((metric) => metric?.value ?? null));
  const positive = values.flat().every((value) => value === null || value > 0);
  const [first, last] = [x[0], x[x.length - 1]];
  const edges = factors ? [first / 1.25, last * 1.25] : [first - (last - first) * 0.06, last + (last - first) * 0.06];
  const ends = lines
    .flat()
    .filter((metric) => metric?.interval && metric.supported !== false)
    .flatMap(({ interval: pair }) => [pair.low, pair.high]);
  // One interval that nobody knows the end of must not flatten all figures.
  const largest = Math.max(...values.flat().filter((value) => value !== null));
  const limits = limitsOn(load, lines).filter(({ limit }) => limit <= FURTHEST_LIMIT * largest && (limit > 0 || !log));
  // What is in view, for whoever drives the page.
  holder.shownLimits = () => limits.map(({ text }) => text);
  const tallest = Math.max(
    largest,
    ...ends.filter((end) => Number.isFinite(end) && end <= 2 * largest),
    ...limits.map(({ limit }) => limit),
  );
  const way = (chart, at) => {
    const [low, high, here] = [...edges, at].map((place) => (factors ? Math.log(place) : place));
    return ((here - low) / (high - low)) * (chart.width - 84);
  };
  const dense = levels.length > SHOWN_LEVELS;
  return new uPlot(
    {
      width,
      height: 260,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, distr: factors ? LOG : 1, log: 2, range: () => edges },
        y: log && positive ? figureScale(true) : { range: (_, low) => [Math.min(0, low ?? 0), tallest * 1.12] },
      },
      axes: [
        axis({
          label: load.setting,
          labelSize: 18,
          size: 34,
          splits: (chart) => apart(x, (at) => way(chart, at), 52),
          filter: (chart, ticks) => ticks,
          values: (chart, ticks) => ticks.map((tick) => significant(tick, 3).replace(/\.0+$/, "")),
        }),
        figureAxis(unit, ""),
      ],
      series: [
        {},
        ...lines.map((_, number) => ({
          stroke: lineColour(number),
          // Through many levels that were tried in no order, a line shows nothing.
          width: dense ? 0 : 2,
          points: { show: false },
          spanGaps: true,
        })),
      ],
      hooks: {
        drawClear: [(chart) => drawLimits(chart, limits)],
        draw: [(chart) => drawMarks(chart, levels, lines, dense ? 0.6 : 1)],
      },
    },
    [x, ...values],
    holder,
  );
}

/** Those of some places in ascending order that lie so far apart on the way along an axis. */
function apart(places, way, least) {
  const kept = [];
  for (const place of places) {
    if (!kept.length || way(place) - way(kept[kept.length - 1]) >= least) kept.push(place);
  }
  return kept;
}

/** A line for each limit that the figures should keep, with the condition above it. */
function drawLimits(chart, limits) {
  const pen = chart.ctx;
  const ratio = devicePixelRatio || 1;
  const { left, top, width, height } = chart.bbox;
  pen.save();
  pen.strokeStyle = colour("line-2");
  pen.fillStyle = colour("text");
  pen.lineWidth = 1.5 * ratio;
  pen.setLineDash([6 * ratio, 4 * ratio]);
  pen.font = `${11 * ratio}px system-ui, sans-serif`;
  pen.textAlign = "right";
  for (const { limit, text } of limits) {
    const y = chart.valToPos(limit, "y", true);
    if (!(y >= top && y <= top + height)) continue;
    pen.beginPath();
    pen.moveTo(left, y);
    pen.lineTo(left + width, y);
    pen.stroke();
    // Below the line if there is no room above it.
    pen.fillText(text, left + width - 4 * ratio, y - top < 16 * ratio ? y + 13 * ratio : y - 5 * ratio);
  }
  pen.restore();
}

/** A point for each level, its interval, and what is to be doubted of it. */
function drawMarks(chart, levels, lines, size) {
  const pen = chart.ctx;
  const ratio = (devicePixelRatio || 1) * size;
  pen.save();
  lines.forEach((line, number) => {
    line.forEach((metric, place) => {
      if (!metric || metric.value === null) return;
      const at = (value) => chart.valToPos(value, "y", true);
      const { top, height } = chart.bbox;
      const within = (value) => Math.max(top, Math.min(top + height, at(value)));
      const [x, y] = [chart.valToPos(levels[place].at, "x", true), at(metric.value)];
      pen.strokeStyle = pen.fillStyle = lineColour(number);
      pen.lineWidth = 1.5 * ratio;
      if (
        metric.interval &&
        metric.supported !== false &&
        metric.interval.low !== null &&
        metric.interval.high !== null
      ) {
        pen.beginPath();
        pen.moveTo(x, within(metric.interval.low));
        pen.lineTo(x, within(metric.interval.high));
        for (const [end, way] of [
          [metric.interval.low, -1],
          [metric.interval.high, 1],
        ]) {
          // A cap ends the interval, an arrow says that it goes on beyond the frame.
          const place = within(end);
          const back = place === at(end) ? place : place + way * 5 * ratio;
          pen.moveTo(x - 3 * ratio, back);
          pen.lineTo(x, place);
          pen.lineTo(x + 3 * ratio, back);
        }
        pen.stroke();
      }
      pen.beginPath();
      pen.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
      if (metric.supported === false) {
        pen.fillStyle = colour("surface");
        pen.fill();
        pen.stroke();
      } else {
        pen.fill();
      }
      if (!levels[place].valid) {
        const arm = 6 * ratio;
        pen.strokeStyle = colour("text");
        pen.beginPath();
        pen.moveTo(x - arm, y - arm);
        pen.lineTo(x + arm, y + arm);
        pen.moveTo(x + arm, y - arm);
        pen.lineTo(x - arm, y + arm);
        pen.stroke();
      }
    });
  });
  pen.restore();
}
