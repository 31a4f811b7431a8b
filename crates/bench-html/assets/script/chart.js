// What all large charts share: axes in units people read, colours of the theme, zoom.

const LOG = 3;

function axis(options) {
  return {
    stroke: colour("muted"),
    grid: { stroke: colour("grid"), width: 1 },
    ticks: { stroke: colour("grid"), width: 1 },
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    ...options,
  };
}

/** A vertical axis whose ticks all have the one unit that suits their largest. */
function figureAxis(unit, name) {
  return axis({
    size: 84,
    label: name,
    labelSize: 18,
    values: (chart, ticks) => {
      const known = ticks.filter((tick) => tick !== null);
      if (!known.length) return ticks.map(() => "");
      const [step, text] = scale(Math.max(...known.map(Math.abs)), unit);
      // As many digits as say each of them exactly.
      const exact = (tick, digits) => Math.abs(tick / step - (tick / step).toFixed(digits)) < 1e-6;
      const digits = [0, 1, 2, 3, 4, 5].find((digits) => known.every((tick) => exact(tick, digits))) ?? 6;
      return ticks.map((tick) =>
        tick === null ? "" : tick === 0 ? "0" : `${(tick / step).toFixed(digits)} ${text}`.trim(),
      );
    },
  });
}

/** The step between about so many ticks over a width: 1, 2 or 5 times a power of ten. */
function roundStep(width, about) {
  const power = 10 ** Math.floor(Math.log10(width / about));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= width / about) ?? 10 * power;
}

/** A scale that shows all of `[low, high]` and a little more; logarithmic if asked. */
function figureScale(log) {
  return {
    distr: log ? LOG : 1,
    range: (chart, low, high) => {
      if (low === null) return [null, null];
      if (log) {
        // Not to the next power of ten: a line would lie flat.
        const room = Math.max(Math.pow(high / low, 0.08), 1.005);
        return [low / room, high * room];
      }
      const room = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1;
      return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
    },
  };
}

/** Narrows or widens what a chart shows, around its middle. */
function zoom(chart, factor) {
  const { min, max } = chart.scales.x;
  const all = chart.data[0];
  const half = ((max - min) / 2) * factor;
  const middle = (min + max) / 2;
  const [first, last] = [all[0], all[all.length - 1]];
  if (2 * half >= last - first) return zoomOut(chart);
  const from = Math.min(Math.max(middle - half, first), last - 2 * half);
  chart.setScale("x", { min: from, max: from + 2 * half });
}

function zoomOut(chart) {
  const all = chart.data[0];
  const room = (all[all.length - 1] - all[0]) * 0.02 || 1;
  chart.setScale("x", { min: all[0] - room, max: all[all.length - 1] + room });
}

/** Keeps a chart as wide as what it stands in. */
function fit(holder, make) {
  let chart = null;
  // Paper is narrower than the window that is printed from.
  const printed = holder.closest(".charts") ? 340 : 660;
  const width = () => (printing ? printed : Math.max(280, Math.floor(holder.clientWidth)));
  const again = () => {
    const kept = chart && { min: chart.scales.x.min, max: chart.scales.x.max };
    chart?.destroy();
    chart = make(width(), kept);
  };
  const observer = new ResizeObserver(() => {
    if (!holder.isConnected) {
      observer.disconnect();
      redraws.delete(again);
    } else if (chart && chart.width !== width()) {
      chart.setSize({ width: width(), height: chart.height });
    }
  });
  observer.observe(holder);
  redraws.add(again);
  again();
  return { chart: () => chart, again, end: () => (observer.disconnect(), redraws.delete(again), chart?.destroy()) };
}
