// Colours of the heat map: blue is better, orange is worse, as everywhere on the page; what is near the level is nearly
// nothing. Blue and orange are told apart by all kinds of colour-blind people.

/** Differences within this are drawn as none, as are those within the noise of a line; from the other on no colour is stronger. */
const [LEAST_SEEN, MOST_SEEN] = [0.01, 0.25];

/** Colours on each side. */
const SHADES = 12;

function mixed(one, other, share) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [a, b] = [parts(one), parts(other)];
  return `rgb(${a.map((part, place) => Math.round(part + (b[place] - part) * share)).join(", ")})`;
}

/** Colours from much better to much worse, as the theme has them at the moment. */
function heatPalette() {
  const none = colour("heat-none");
  const side = (name) =>
    Array.from({ length: SHADES }, (_, shade) => mixed(none, colour(name), 0.18 + (0.82 * (shade + 1)) / SHADES));
  return [...side("heat-better").reverse(), mixed(none, none, 0), ...side("heat-worse")];
}

/** The place in the palette of a difference, of which more is worse or better; one within `least` is none. */
function heatShade(share, better, least = LEAST_SEEN) {
  const worse = better === "higher" ? 1 / (1 + share) - 1 : share;
  const size = Math.abs(worse);
  if (!(size > least)) return SHADES;
  // By factors: 2 % and 4 % differ as much as 10 % and 20 %.
  const strength = Math.min(1, Math.log(size / LEAST_SEEN) / Math.log(MOST_SEEN / LEAST_SEEN));
  const shade = Math.max(1, Math.ceil(strength * SHADES));
  return SHADES + (worse > 0 ? shade : -shade);
}

/** The scale, with what its ends mean. */
function heatLegend() {
  const canvas = element("canvas", {
    class: "heat-scale",
    width: 2 * SHADES + 1,
    height: 1,
    role: "img",
    "aria-label": "Colours from blue, much better, to orange, much worse",
  });
  const draw = () => {
    const pen = canvas.getContext("2d");
    heatPalette().forEach((ink, place) => {
      pen.fillStyle = ink;
      pen.fillRect(place, 0, 1, 1);
    });
  };
  const again = () => (canvas.isConnected ? draw() : redraws.delete(again));
  draw();
  redraws.add(again);
  return element(
    "p",
    { class: "heat-legend" },
    `${100 * MOST_SEEN} % better`,
    canvas,
    `${100 * MOST_SEEN} % worse`,
    element(
      "span",
      { class: "quiet" },
      "than the level accepted last, or the first; within its noise, no colour · ▲ ▼ events, grey: of the machine",
    ),
  );
}
