// The history as the other scripts read it: values are unpacked when a line is looked at, not before.

/** Little-endian floats in base64, as every processor that a browser runs on has them. */
function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** How far an end of an interval lies from its figure, as a share of it; null where that is not known. */
function distance(byte) {
  return byte ? 1e-4 * Math.pow(3e4, (byte - 1) / 254) : null;
}

class Line {
  constructor(raw, history) {
    const { values, known, rounds, course, changes, ...rest } = raw;
    Object.assign(this, rest);
    /** Every change, its machine's too, oldest first. */
    this.events = changes;
    /** Those that are its own. */
    this.changes = changes.filter((change) => change.machine_shift === undefined);
    this.packed = values;
    this.packedKnown = known;
    this.packedRounds = rounds ?? [];
    this.packedCourse = course;
    this.history = history;
    this.text =
      `${raw.case} ${raw.metric} ${metricName(raw.metric)} ${this.machineName} ${this.buildName}`.toLowerCase();
    this.acceptances = [];
  }

  get machineName() {
    return this.history.machines[this.machine];
  }

  get buildName() {
    return this.history.builds[this.build];
  }

  /** Its figures, one a run. */
  get values() {
    this.unpacked ??= unpack(this.packed);
    return this.unpacked;
  }

  /** The 95 % interval of a run's figure, where it is known. */
  intervalOf(number) {
    if (!this.packedKnown) return null;
    this.distances ??= Uint8Array.from(atob(this.packedKnown), (letter) => letter.charCodeAt(0));
    const [low, high] = [distance(this.distances[2 * number]), distance(this.distances[2 * number + 1])];
    const value = this.values[number];
    return low === null ? null : { low: value - low * Math.abs(value), high: value + high * Math.abs(value) };
  }

  /** How many rounds a run's figure is made of; null where that is not known. */
  roundsOf(number) {
    let end = 0;
    for (let at = 0; at < this.packedRounds.length; at += 2) {
      end += this.packedRounds[at + 1];
      if (number < end) return this.packedRounds[at] || null;
    }
    return null;
  }

  /** Numbers of its runs in the whole history. */
  get course() {
    return this.history.course(this.packedCourse);
  }

  /** The run with this number in the line. */
  run(number) {
    return this.history.runs[this.course[number]];
  }

  get level() {
    return this.segments.length ? this.segments[this.segments.length - 1].median : null;
  }
}

class History {
  constructor(raw) {
    this.runs = raw.runs;
    this.machines = raw.machines;
    this.builds = raw.builds;
    this.packedCourses = raw.courses;
    this.courses = [];
    this.lines = raw.lines.map((line) => new Line(line, this));
    this.shifts = raw.machine_shifts;
    const cases = new Map();
    for (const line of this.lines) {
      if (!cases.has(line.case)) cases.set(line.case, []);
      cases.get(line.case).push(line);
    }
    for (const acceptance of raw.acceptances) {
      for (const line of cases.get(acceptance.case) ?? []) line.acceptances.push(acceptance);
    }
    for (const shift of this.shifts) shift.hit = [];
    for (const line of this.lines) {
      for (const change of line.events) this.shiftOf(change)?.hit.push({ line, change });
    }
    this.cases = cases;
  }

  /** The names of its cases. */
  get naming() {
    this.named ??= new Naming(this.cases.keys());
    return this.named;
  }

  /** What commits and machines did, newest first. */
  get events() {
    this.told ??= eventsOf(this);
    return this.told;
  }

  /** The shift of a machine that a change is part of, if it is. */
  shiftOf(change) {
    return this.shifts[change.machine_shift];
  }

  course(number) {
    if (!this.courses[number]) {
      const packed = this.packedCourses[number];
      const runs = [];
      for (let i = 0; i < packed.length; i += 2) {
        for (let k = 0; k < packed[i + 1]; k++) runs.push(packed[i] + k);
      }
      this.courses[number] = runs;
    }
    return this.courses[number];
  }

  /** The line that an address names; another machine's where that one is gone. */
  find({ case: name, metric, machine, build }) {
    const alike = (this.cases.get(name) ?? []).filter((line) => line.metric === metric);
    const onMachine = alike.filter((line) => line.machineName === machine);
    return onMachine.find((line) => line.buildName === build) ?? onMachine[0] ?? alike[0];
  }

  /** Lines of the same figure: other machines, toolchains, builds. */
  siblings(line) {
    return this.cases.get(line.case).filter((other) => other.metric === line.metric);
  }
}
