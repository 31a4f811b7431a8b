// How well a time is known: as on the console.

/** Above this half-width of its interval, as a share, a figure is an estimate. */
const ESTIMATE_FROM = 0.5;

/** Half the width of the interval of a time as a share; null where there is none. */
function halfWidth(time, pair = time?.moderated_s ?? time?.interval_s) {
  if (!pair || pair.low === null || pair.high === null || !time.median_s) return null;
  return (pair.high - pair.low) / 2 / time.median_s;
}

function isKnown(time) {
  const width = halfWidth(time);
  return width !== null && width <= ESTIMATE_FROM;
}

/** A time with as many digits as its interval supports; `~` marks an estimate. */
function knownTime(time) {
  const width = halfWidth(time);
  const digits = width === null || width > ESTIMATE_FROM ? 3 : width < 0.01 ? 4 : width < 0.1 ? 3 : 2;
  return `${isKnown(time) ? "" : "~"}${figure(time.median_s, "s", digits)}`;
}

/** Half the width of the interval; where that says nothing, how many rounds there are and how far they lie apart. */
function knownTo({ time, rounds }) {
  if (!time) return "";
  const said = (width) => (width <= 1 ? `±${extent(width)}` : ">±100 %").replace(" ", "\u00a0");
  if (time.moderated_s) return `~${said(halfWidth(time))}`;
  const own = halfWidth(time, time.interval_s);
  if (own !== null && own <= ESTIMATE_FROM) return said(own);
  if (time.rounds === 1) return "1 round";
  const medians = rounds ? [...unpack(rounds.median_s)].filter((median) => median > 0) : [];
  if (time.rounds === 2 && medians.length === 2)
    return `2 rounds ×${(Math.max(...medians) / Math.min(...medians)).toFixed(2)}`;
  return own === null ? plural(time.rounds, "round") : said(own);
}
