// The samples of a case as pictures: a small one for a row, and large ones below it.

/** With fewer samples, bars would show a shape that nothing is known of. */
const FEWEST_FOR_BARS = 20;

/** The range of nearly all samples, as on the console: a single wild one must not squash the others. */
function sampleWindow(samples) {
  const ascending = Float32Array.from(samples).sort();
  const at = (share) => ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(share * ascending.length) - 1))];
  const reach = 0.5 * (at(0.95) - at(0.05));
  const [low, high] =
    reach > 0 ? [Math.max(at(0.005), at(0.05) - reach), Math.min(at(0.995), at(0.95) + reach)] : [at(0), at(1)];
  return { low, high, ascending };
}

function binsOf(samples, { low, high }, count) {
  const bins = new Array(count).fill(0);
  for (const sample of samples) {
    if (sample < low || sample > high) continue;
    const share = high > low ? (sample - low) / (high - low) : 0.5;
    bins[Math.min(count - 1, Math.floor(share * count))]++;
  }
  return bins;
}

/** A histogram in a row: fast on the left, slow on the right; dots where there are few samples. */
function smallHistogram(rounds) {
  if (!rounds) return "";
  const samples = unpack(rounds.samples);
  const [width, height, count] = [84, 20, 14];
  const window = sampleWindow(samples);
  const label = `${plural(samples.length, "sample")} from ${figure(window.ascending[0], "s")} to ${figure(window.ascending[samples.length - 1], "s")}`;
  const frame = (parts) =>
    svg(
      "svg",
      { class: "histogram", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
      svg("title", {}, label),
      parts,
    );
  if (samples.length < FEWEST_FOR_BARS) {
    const x = (value) =>
      window.high > window.low ? 3 + ((value - window.low) / (window.high - window.low)) * (width - 6) : width / 2;
    return frame(
      [...samples]
        .filter((value) => value >= window.low && value <= window.high)
        .map((value) => svg("circle", { cx: x(value).toFixed(1), cy: height / 2, r: 2 })),
    );
  }
  const bins = binsOf(samples, window, count);
  const most = Math.max(...bins, 1);
  const step = width / count;
  return frame(
    bins.map((bin, place) => {
      const tall = bin ? Math.max(1, (bin / most) * (height - 1)) : 0;
      return svg("rect", {
        x: (place * step).toFixed(1),
        y: (height - tall).toFixed(1),
        width: (step - 1).toFixed(1),
        height: tall.toFixed(1),
      });
    }),
  );
}

const LARGE = { width: 460, height: 150, left: 8, right: 8, bottom: 22 };

/** The distribution with its samples below, the median and its interval: a raincloud. */
function distribution(one) {
  const samples = unpack(one.rounds.samples);
  const { width, height, left, right, bottom } = LARGE;
  const { low, high } = sampleWindow(samples);
  const room = (high - low) * 0.04 || Math.abs(high) * 0.01 || 1e-9;
  const [from, to] = [low - room, high + room];
  const x = (value) => left + ((value - from) / (to - from)) * (width - left - right);
  const within = (value) => Math.max(left, Math.min(width - right, x(value)));
  const [ground, floor] = [height - bottom - 44, height - bottom];
  const parts = [];
  if (samples.length >= FEWEST_FOR_BARS) {
    const count = Math.min(40, Math.max(10, Math.round(2 * Math.cbrt(samples.length) * 1.5)));
    const bins = binsOf(samples, { low: from, high: to }, count);
    const most = Math.max(...bins, 1);
    const step = (width - left - right) / count;
    parts.push(
      bins.map((bin, place) =>
        svg("rect", {
          class: "bar-fill",
          x: left + place * step,
          y: ground - (bin / most) * (ground - 4),
          width: step - 1,
          height: (bin / most) * (ground - 4),
        }),
      ),
    );
  }
  // Samples spread out as rain does, the same way each time.
  samples.forEach((value, place) => {
    if (value < from || value > to) return;
    parts.push(
      svg("circle", {
        class: "drop",
        cx: x(value).toFixed(1),
        cy: (ground + 10 + ((place * 61) % 26)).toFixed(1),
        r: 1.6,
      }),
    );
  });
  const { median_s: median, interval_s: own, moderated_s: moderated } = one.time;
  const pair = moderated ?? own;
  if (pair && pair.low !== null && pair.high !== null) {
    parts.push(
      svg("rect", {
        class: "band",
        x: within(pair.low),
        y: 2,
        width: Math.max(1, within(pair.high) - within(pair.low)),
        height: floor - 2,
      }),
    );
  }
  parts.push(svg("line", { class: "median", x1: within(median), x2: within(median), y1: 2, y2: floor }));
  parts.push(
    edgeLabels(figure(from + room, "s"), figure(to - room, "s"), `median ${figure(median, "s")}`, within(median)),
  );
  const beyond = samples.filter((value) => value < from || value > to).length;
  const said = [
    `${plural(samples.length, "sample")}${one.rounds.every > 1 ? `, every ${one.rounds.every}th` : ""}`,
    beyond && `${beyond} beyond the frame`,
    one.rounds.disturbed.length && "disturbed ones as well",
  ];
  return ofSamples("Distribution", said.filter(Boolean).join(", "), parts);
}

/** Every sample in order of time, round by round, with the median of each round. */
function overTime(one) {
  const { rounds } = one;
  const samples = unpack(rounds.samples);
  const { width, height, left, right, bottom } = LARGE;
  const { low, high } = sampleWindow(samples);
  const room = (high - low) * 0.08 || Math.abs(high) * 0.01 || 1e-9;
  const y = (value) => {
    const share = (Math.max(low - room, Math.min(high + room, value)) - low + room) / (high - low + 2 * room);
    return height - bottom - share * (height - bottom - 4);
  };
  const gap = 6;
  const step = (width - left - right - gap * (rounds.counts.length - 1)) / samples.length;
  const parts = [];
  const medians = unpack(rounds.median_s);
  let place = 0;
  let at = left;
  rounds.counts.forEach((count, round) => {
    const why = rounds.disturbed.find(([number]) => number === round)?.[1];
    const from = at;
    for (let k = 0; k < count; k++, place++, at += step) {
      parts.push(
        svg("circle", {
          class: `drop ${why ? "is-hollow" : ""}`,
          cx: (at + step / 2).toFixed(1),
          cy: y(samples[place]).toFixed(1),
          r: 1.8,
        }),
      );
    }
    parts.push(
      svg(
        "line",
        { class: "median", x1: from, x2: at, y1: y(medians[round]), y2: y(medians[round]) },
        svg("title", {}, `round ${round + 1}: ${figure(medians[round], "s")}${why ? `; ${why}` : ""}`),
      ),
    );
    at += gap;
  });
  parts.push(svg("text", { x: left, y: height - 6 }, `${figure(low, "s")} to ${figure(high, "s")}`));
  const hollow = rounds.disturbed.length ? "; hollow: in a bad minute of the machine" : "";
  return ofSamples("Samples over time", `${plural(rounds.counts.length, "round")}${hollow}`, parts);
}

function edgeLabels(low, high, middle, at) {
  const { width, left, right, height } = LARGE;
  const anchor = at < 150 ? "start" : at > width - 150 ? "end" : "middle";
  // The ends are said where the median leaves room for them.
  return [
    anchor !== "start" && svg("text", { x: left, y: height - 6 }, low),
    anchor !== "end" && svg("text", { x: width - right, y: height - 6, "text-anchor": "end" }, high),
    svg("text", { class: "strong", x: at, y: height - 6, "text-anchor": anchor }, middle),
  ];
}

function ofSamples(title, said, parts) {
  const caption = [title, element("span", { class: "quiet" }, said)];
  return drawn({ name: title, caption, label: `${title}: ${said}`, size: LARGE }, parts);
}
