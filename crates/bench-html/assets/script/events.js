// Events: what one commit, or one change of a machine, did to all the figures that it moved.

/** Changes so many runs apart may be one: where the noise is large, a step is placed a little off. */
const NEAR_RUNS = 2;

/** Whether a figure says what the time of the case says already. */
function follows(line) {
  return line.metric !== "time" && line.unit !== "bytes";
}

/** All events of a history, newest first. */
function eventsOf(history) {
  const place = placesOfRuns(history);
  const hits = history.lines.flatMap((line) => line.changes.map((change) => hitOf(line, change, place)));
  const machines = machineEvents(history, place);
  const own = hits.filter((hit) => !machines.some((event) => isPart(event, hit) && event.hits.push(hit)));
  const events = [...machines, ...acrossMachines(groups(own))];
  for (const event of events) settle(event, history);
  // The machine first: it explains what else happened that night.
  return events.sort((a, b) => b.at - a.at || b.ofMachine - a.ofMachine || b.size - a.size);
}

/** For each machine, the place of a run among its runs. */
function placesOfRuns(history) {
  const runs = history.machines.map(() => new Set());
  const seen = new Set();
  for (const line of history.lines) {
    const key = `${line.machine} ${line.packedCourse}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const run of line.course) runs[line.machine].add(run);
  }
  const places = runs.map((set) => new Map([...set].sort((a, b) => a - b).map((run, number) => [run, number])));
  return (machine, run) => places[machine].get(run);
}

/** A change of a line, its places as numbers of runs of the whole history. */
function hitOf(line, change, place) {
  const at = line.course[change.since];
  const [good, bad] = [line.course[change.last_good], line.course[change.first_bad]];
  return { line, change, at, good, bad, place: place(line.machine, at) };
}

/** Shifts of one machine at one time, of all its metrics. */
function machineEvents(history, place) {
  const events = [];
  for (const shift of history.shifts) {
    const here = place(shift.machine, shift.since);
    let event = events.find((one) => one.machines[0] === shift.machine && Math.abs(one.place - here) <= NEAR_RUNS);
    if (!event) {
      event = {
        ofMachine: true,
        machines: [shift.machine],
        place: here,
        shifts: [],
        hits: [],
        also: shift.also,
        kind: "step",
      };
      events.push(event);
    }
    event.shifts.push(shift);
    event.hits.push(...shift.hit.map(({ line, change }) => hitOf(line, change, place)));
  }
  return events;
}

/** Whether a change only says once more what its machine did: of a case that the machine moved, and not of its own. */
function isPart(event, hit) {
  return (
    event.machines[0] === hit.line.machine &&
    Math.abs(event.place - hit.place) <= NEAR_RUNS &&
    follows(hit.line) &&
    event.hits.some(({ line }) => line.case === hit.line.case && line.metric === "time")
  );
}

/** Changes of one machine that may be of one commit: the surest first, each to the group that lies nearest. */
function groups(hits) {
  const groups = [];
  const width = ({ good, bad }) => bad - good;
  for (const hit of [...hits].sort((a, b) => width(a) - width(b) || a.at - b.at)) {
    const isNear = (group) => Math.abs(group.place - hit.place) <= NEAR_RUNS;
    // Where it came is known with 95 % confidence: what a case has in several figures is one change, for all that.
    const fits = (group) =>
      group.machines[0] === hit.line.machine &&
      group.kind === hit.change.kind &&
      (Math.max(hit.good, group.good) < Math.min(hit.bad, group.bad) ||
        (isNear(group) && group.hits.some(({ line }) => line.case === hit.line.case)));
    const distance = (group) => Math.abs(group.place - hit.place);
    const [nearest] = groups.filter(fits).sort((a, b) => distance(a) - distance(b));
    if (nearest) {
      nearest.hits.push(hit);
    } else {
      const { line, change, place, good, bad } = hit;
      groups.push({
        ofMachine: false,
        machines: [line.machine],
        kind: change.kind,
        place,
        good,
        bad,
        also: change.also,
        hits: [hit],
      });
    }
  }
  return groups;
}

/** One commit moves the same figures the same way on all machines. */
function acrossMachines(groups) {
  const events = [];
  const key = ({ line, change }) => `${line.case}\n${line.metric}\n${change.worse}`;
  for (const group of groups) {
    const keys = new Set(group.hits.map(key));
    const twin = events.find(
      (one) =>
        !one.machines.includes(group.machines[0]) &&
        one.kind === group.kind &&
        Math.max(one.good, group.good) < Math.min(one.bad, group.bad) &&
        one.hits.some((hit) => keys.has(key(hit))),
    );
    if (!twin) {
      events.push(group);
      continue;
    }
    twin.machines.push(...group.machines);
    twin.hits.push(...group.hits);
    twin.also = [...new Set([...twin.also, ...group.also])];
    [twin.good, twin.bad] = [Math.max(twin.good, group.good), Math.min(twin.bad, group.bad)];
  }
  return events;
}

/** What is to be said of an event: its metrics, what follows from others set apart, and where it began. */
function settle(event, history) {
  const timed = new Set(event.hits.filter(({ line }) => line.metric === "time").map(({ line }) => line.case));
  const byMetric = new Map();
  for (const hit of event.hits) {
    if (!byMetric.has(hit.line.metric)) byMetric.set(hit.line.metric, []);
    byMetric.get(hit.line.metric).push(hit);
  }
  event.metrics = [...byMetric].map(([metric, hits]) => {
    const shifts = hits.map(({ change }) => change.shift).filter((shift) => shift !== null);
    const cases = [...new Set(hits.map(({ line }) => line.case))];
    return {
      metric,
      hits,
      cases,
      low: shifts.length ? Math.min(...shifts) : null,
      high: shifts.length ? Math.max(...shifts) : null,
      worse: hits.some(({ change }) => change.worse),
      follows: follows(hits[0].line) && cases.every((id) => timed.has(id)),
    };
  });
  const rank = ({ metric, follows, cases }) => [follows ? 1 : 0, metric === "time" ? 0 : 1, -cases.length];
  event.metrics.sort((a, b) => {
    const [one, other] = [rank(a), rank(b)];
    return one[0] - other[0] || one[1] - other[1] || one[2] - other[2] || inOrder(a.metric, b.metric);
  });
  const [main] = event.metrics;
  const size = ({ change }) => Math.abs(change.shift ?? Infinity);
  event.lead = main.hits.reduce((most, hit) => (size(hit) > size(most) ? hit : most));
  event.size = size(event.lead);
  event.worse = event.metrics.filter((one) => !one.follows).some((one) => one.worse);
  event.cases = [...new Set(event.hits.map(({ line }) => line.case))];
  const [shift] = event.shifts ?? [];
  event.at = shift ? shift.since : event.lead.at;
  event.before = shift ? shift.last_before : event.lead.line.course[event.lead.change.last_before];
  if (shift) [event.good, event.bad] = [event.before, event.at];
  event.acceptedCases = new Set(event.hits.filter(({ change }) => change.accepted).map(({ line }) => line.case));
  event.accepted = !event.ofMachine && event.acceptedCases.size === event.cases.length;
  event.key = `${history.runs[event.at].run} ${event.lead.line.case} ${event.lead.line.metric}`;
}
