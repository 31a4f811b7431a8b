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

/** A metric's name as conditions write it. */
function conditionName(name) {
  return name.toLowerCase().replace(/[ /-]/g, "_");
}

/**
 * The conditions of the objective that can be drawn: those of the latency, of a percentile or of each request, and those of
 * the throughput of a level.
 */
function limitsOf(load, latency) {
  const figures = [conditionName(latency), conditionName(latency.replace(/ p[\d.]+$/, ""))];
  return {
    latency: load.slo.find(({ figure: limited, at_most: atMost }) => atMost && figures.includes(limited)),
    throughput: load.slo.find(
      ({ figure: limited, at_most: atMost, of_requests: ofRequests }) =>
        !atMost && !ofRequests && limited === conditionName(load.primary),
    ),
  };
}

/** A limit far beyond all figures would squeeze them. */
const FURTHEST_LIMIT = 2;

function trade(load, levels, latency) {
  const points = levels
    .map((level) => ({ level, x: metricOf(level, load.primary), y: metricOf(level, latency) }))
    .filter(({ x, y }) => x && y && x.value !== null && y.value !== null);
  if (points.length < 2) return null;
  const { width, height, left, right, top, bottom } = TRADE;
  const limits = limitsOf(load, latency);
  const most = (pick, limit) => {
    const figures = Math.max(...points.map((point) => pick(point).value));
    const limited = limit && limit.limit <= FURTHEST_LIMIT * figures ? limit.limit : 0;
    return Math.max(figures, limited) * 1.1;
  };
  const [mostX, mostY] = [most(({ x }) => x, limits.throughput), most(({ y }) => y, limits.latency)];
  const x = (value) => left + (Math.min(value, mostX) / mostX) * (width - left - right);
  const y = (value) => height - bottom - (Math.min(value, mostY) / mostY) * (height - top - bottom);
  const parts = [...tradeAxes(points[0], mostX, mostY, x, y)];
  const good = points.filter(({ level }) => inTime(level) !== null && inTime(level) >= IN_TIME);
  const judged = points.some(({ level }) => inTime(level) !== null);
  const limited = limits.latency || limits.throughput;
  if (limited) parts.push(...objective(limits, x, y, mostX, mostY));
  else if (good.length) parts.push(within(good, x, y));
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
  const said = [
    limited && `shaded: ${[limits.latency, limits.throughput].flatMap((one) => (one ? [one.text] : [])).join(", ")}`,
    judged &&
      (good.length
        ? `${limited ? "ringed" : "green"}: at least ${100 * IN_TIME} % of requests within the objective`
        : `no level serves ${100 * IN_TIME} % of its requests within the objective`),
  ].filter(Boolean);
  const caption = [
    `${latency} against ${load.primary}`,
    said.length > 0 && element("span", { class: "quiet" }, said.join(" · ")),
  ];
  const label = `${latency} against ${load.primary}, by ${load.setting}`;
  return drawn({ name: `${load.id} ${latency}`, caption, label, size: TRADE }, parts);
}

/** The line of each limit, and the region that is within all of them. */
function objective(limits, x, y, mostX, mostY) {
  const { width, height, left, right, top, bottom } = TRADE;
  const edgeX = limits.throughput ? x(limits.throughput.limit) : left;
  const edgeY = limits.latency ? y(limits.latency.limit) : top;
  const parts = [
    svg("rect", {
      class: "feasible",
      x: edgeX,
      y: edgeY,
      width: Math.max(0, width - right - edgeX),
      height: height - bottom - edgeY,
    }),
  ];
  if (limits.latency) {
    const beyond = limits.latency.limit > mostY;
    if (!beyond) parts.push(svg("line", { class: "slo", x1: left, x2: width - right, y1: edgeY, y2: edgeY }));
    const text = beyond ? `${limits.latency.text} (above)` : limits.latency.text;
    parts.push(
      svg("text", { class: "slo-name", x: width - right - 4, y: edgeY + (beyond ? 14 : -5), "text-anchor": "end" }, text),
    );
  }
  if (limits.throughput && limits.throughput.limit <= mostX) {
    parts.push(svg("line", { class: "slo", x1: edgeX, x2: edgeX, y1: top, y2: height - bottom }));
    parts.push(svg("text", { class: "slo-name", x: edgeX + 5, y: top + 12 }, limits.throughput.text));
  }
  return parts;
}

/** Where levels lie that serve nearly all requests in time, if what in time means is not known. */
function within(good, x, y) {
  const { height, left, bottom } = TRADE;
  const edge = {
    x: Math.max(...good.map((point) => point.x.value)),
    y: Math.max(...good.map((point) => point.y.value)),
  };
  return svg("rect", {
    class: "in-time",
    x: left,
    y: y(edge.y) - 8,
    width: x(edge.x) + 8 - left,
    height: height - bottom - y(edge.y) + 8,
  });
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
  if (share !== null && share >= IN_TIME) parts.push(svg("circle", { class: "ring", cx, cy, r: 8 }));
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
