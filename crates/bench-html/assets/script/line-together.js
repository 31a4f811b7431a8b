// Other cases and metrics in the chart of a series, on a common axis: the first level of each is 100 %.

/** More lines than these cannot be told apart by their colours. */
const MOST_TOGETHER = 5;

/** The level at which a series began. */
function firstLevel(line) {
  return line.segments.find(({ median }) => median)?.median ?? line.values.find((value) => value) ?? 1;
}

/** A series with each of its figures as a share of its first level, in percent. */
function inPercent(line) {
  const base = firstLevel(line);
  const share = (value) => (value === null ? null : (100 * value) / base);
  const both = (pair) => pair && { low: share(pair.low), high: share(pair.high) };
  return Object.create(line, {
    values: { value: Float32Array.from(line.values, share) },
    segments: {
      value: line.segments.map((segment) => ({
        ...segment,
        median: share(segment.median),
        interval: both(segment.interval),
      })),
    },
    intervalOf: { value: (number) => both(line.intervalOf(number)) },
    unit: { value: "%" },
  });
}

Object.assign(lineView, {
  /** Figures of different units, or of cases of different lengths, have nothing in common but their shares. */
  inPercent() {
    return state.percent === "1" || this.added().length > 0;
  },

  /** What stands in the address of the series that are added: metric and case, a line each. */
  keys() {
    return (state.with ?? "").split("\n").filter(Boolean);
  },

  /** The series that are added, of the same machine and build where there are such. */
  added() {
    const { line } = this;
    const found = this.keys().map((key) => {
      const space = key.indexOf(" ");
      const [metric, name] = [key.slice(0, space), key.slice(space + 1)];
      return line.history.find({ case: name, metric, machine: line.machineName, build: line.buildName });
    });
    return found.filter((other) => other && other !== line);
  },

  /** The series that are added, each with a button that takes it away, and a field that adds one. */
  offerTogether() {
    const { line } = this;
    const { naming } = line.history;
    const added = this.added();
    const first = 1 + this.over.length - added.length;
    const named = (other) =>
      `${element("span", {}, naming.full(other.case)).textContent} · ${metricName(other.metric)}`;
    const shown = added.map((other, place) => {
      const left = this.keys().filter((key) => key !== `${other.metric} ${other.case}`);
      return element(
        "span",
        { class: `overlay line-${(first + place) % 6}` },
        named(other),
        element(
          "button",
          {
            type: "button",
            class: "copy",
            title: `Remove ${named(other)}`,
            onclick: () => adjust({ with: left.join("\n") }),
          },
          "×",
        ),
      );
    });
    const alike = line.history.lines.filter(
      (other) =>
        other.machine === line.machine && other.build === line.build && other !== line && !added.includes(other),
    );
    if (!alike.length) return;
    const byName = new Map(alike.map((other) => [named(other), other]));
    const add = ({ target }) => {
      const other = byName.get(target.value);
      if (other) adjust({ with: [...this.keys(), `${other.metric} ${other.case}`].join("\n") });
    };
    const field =
      added.length < MOST_TOGETHER &&
      element("input", {
        type: "text",
        list: "together",
        name: "together",
        placeholder: "compare with another case or metric",
        "aria-label": "Compare with another case or metric",
        onchange: add,
      });
    const options = [...byName.keys()].map((name) => element("option", { value: name }));
    this.together.replaceChildren(
      ...shown,
      ...(field ? [field, element("datalist", { id: "together" }, options)] : []),
    );
  },
});
