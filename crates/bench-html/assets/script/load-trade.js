// Latency against throughput: what each client more buys, and what it costs.

const TRADE = { width: 640, height: 330, left: 76, right: 22, top: 14, bottom: 44 };

/** At least this share of requests must be served in time for a level to lie in the region of its objective. */
const IN_TIME = 0.99;

/** Ticks from 0 on, about so many. */
function ticksTo(most, about) {
  const step = roundStep(most, about);
  const ticks = [];
  for (let tick = 0; tick <= most * 1.0001; tick += step) ticks.push(tick);
  return ticks;
}

/** A share of the requests of a level that were served within the objective; null where none was set. */
function inTime(level) {
  const [good, all] = [metricOf(level, "goodput"), metricOf(level, "RPS")];
  return good && all?.value > 0 ? good.value / all.value : null;
}

function trade(load, levels, latency) {
  const points = levels
    .map((level) => ({ level, x: metricOf(level, load.primary), y: metricOf(level, latency) }))
    .filter(({ x, y }) => x && y && x.value !== null && y.value !== null);
  if (points.length < 2) return null;
  const { width, height, left, right, top, bottom } = TRADE;
  const most = (pick) => Math.max(...points.map((point) => pick(point).value)) * 1.1;
  const [mostX, mostY] = [most(({ x }) => x), most(({ y }) => y)];
  const x = (value) => left + (Math.min(value, mostX) / mostX) * (width - left - right);
  const y = (value) => height - bottom - (Math.min(value, mostY) / mostY) * (height - top - bottom);
  const parts = [...tradeAxes(points[0], mostX, mostY, x, y)];
  const good = points.filter(({ level }) => inTime(level) !== null && inTime(level) >= IN_TIME);
  const judged = points.some(({ level }) => inTime(level) !== null);
  if (good.length) {
    const edge = {
      x: Math.max(...good.map((point) => point.x.value)),
      y: Math.max(...good.map((point) => point.y.value)),
    };
    parts.push(
      svg("rect", {
        class: "in-time",
        x: left,
        y: y(edge.y) - 8,
        width: x(edge.x) + 8 - left,
        height: height - bottom - y(edge.y) + 8,
      }),
    );
  }
  const dense = points.length > SHOWN_LEVELS;
  if (!dense)
    parts.push(
      svg("polyline", {
        class: "way",
        points: points.map((point) => `${x(point.x.value)},${y(point.y.value)}`).join(" "),
      }),
    );
  const taken = [];
  for (const point of points) parts.push(tradePoint(point, x, y, mostY), !dense && tradeLabel(point, x, y, taken));
  const caption = [
    `${latency} against ${load.primary}`,
    judged &&
      element(
        "span",
        { class: "quiet" },
        good.length
          ? `green: at least ${100 * IN_TIME} % of requests within the objective`
          : "no level serves 99 % of its requests within the objective",
      ),
  ];
  const label = `${latency} against ${load.primary}, by ${load.setting}`;
  return drawn({ name: `${load.id} ${latency}`, caption, label, size: TRADE }, parts);
}

function tradeAxes({ x: firstX, y: firstY }, mostX, mostY, x, y) {
  const { width, height, left, right, top, bottom } = TRADE;
  // One unit an axis: that of its largest figure.
  const said = (tick, most, unit) => {
    const [step, name] = scale(most, unit);
    return tick === 0 ? "0" : `${Number((tick / step).toPrecision(6))} ${name}`;
  };
  const [stepX, unitX] = scale(mostX, firstX.unit);
  return [
    ...ticksTo(mostY, 5).map((tick) => [
      svg("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, said(tick, mostY, firstY.unit)),
    ]),
    ...ticksTo(mostX, 6).map((tick) => [
      svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: height - bottom }),
      svg(
        "text",
        { x: x(tick), y: height - bottom + 17, "text-anchor": "middle" },
        String(Number((tick / stepX).toPrecision(6))),
      ),
    ]),
    svg(
      "text",
      { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" },
      `${firstX.name}${unitX ? ` (${unitX})` : ""}`,
    ),
  ];
}

/** A level: hollow where its latency is not supported, crossed where it is not valid, with the interval of its latency. */
function tradePoint({ level, x: across, y: up }, x, y, most) {
  const [cx, cy] = [x(across.value), y(up.value)];
  const share = inTime(level);
  const said = `${level.label}: ${figure(across.value, across.unit)}, ${up.supported === false ? "~" : ""}${figure(up.value, up.unit)}${share === null ? "" : `, ${(100 * share).toFixed(1)} % within the objective`}${level.valid ? "" : ", not valid"}`;
  const parts = [svg("title", {}, said)];
  const pair = up.supported === false ? null : up.interval;
  if (pair && pair.low !== null && pair.high !== null) {
    parts.push(svg("line", { class: "whisker", x1: cx, x2: cx, y1: y(pair.low), y2: y(pair.high) }));
    parts.push(svg("path", { class: "whisker", d: `M${cx - 3} ${y(pair.low)}h6` }));
    parts.push(
      svg("path", {
        class: "whisker",
        d: pair.high > most ? `M${cx - 3} ${y(most) + 5}l3 -5l3 5` : `M${cx - 3} ${y(pair.high)}h6`,
      }),
    );
  }
  parts.push(svg("circle", { class: up.supported === false ? "point is-hollow" : "point", cx, cy, r: 4.5 }));
  if (!level.valid)
    parts.push(svg("path", { class: "cross", d: `M${cx - 6} ${cy - 6}l12 12M${cx + 6} ${cy - 6}l-12 12` }));
  return svg("g", {}, parts);
}

/** The setting of a level beside its point, where no other label stands. */
function tradeLabel({ level, x: across, y: up }, x, y, taken) {
  const text = level.at === null ? level.label : significant(level.at, 3).replace(/\.0+$/, "");
  const [at, above] = [x(across.value) + 9, y(up.value) + 15];
  if (taken.some(([left, top]) => Math.abs(left - at) < 8 * text.length + 4 && Math.abs(top - above) < 13)) return null;
  taken.push([at, above]);
  return svg("text", { class: "strong", x: at, y: above }, text);
}
