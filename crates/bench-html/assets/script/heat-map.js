// The map itself, on a canvas as large as what is in view: a thousand cases of four hundred runs are drawn as one scrolls.

const HEAT = { row: 17, heading: 26, top: 40, right: 8, marks: 13 };

class HeatMap {
  constructor(read, open) {
    [this.read, this.open] = [read, open];
    this.canvas = element("canvas", {});
    this.spacer = element("div", {});
    this.holder = element(
      "div",
      {
        class: "heat",
        tabindex: "0",
        role: "application",
        "aria-label":
          "Cases by runs. Arrows: from cell to cell. Enter: the history of the case. Brackets: from event to event.",
        onscroll: () => this.draw(),
        onkeydown: (event) => this.press(event),
        onfocus: () => this.rows?.length && this.move(this.cursor ?? this.start()),
        onpointermove: (event) => this.point(event),
        onpointerleave: () => this.move(null),
        onclick: (event) => this.point(event) && this.cell() && this.open(this.cell()),
      },
      this.canvas,
      this.spacer,
    );
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.holder);
    this.again = () => this.measure();
    redraws.add(this.again);
    // What is under the cursor, for whoever drives the page.
    this.holder.map = this;
  }

  end() {
    this.observer.disconnect();
    redraws.delete(this.again);
  }

  show(history, rows, runs, events) {
    Object.assign(this, { history, rows, runs, cursor: null });
    let y = 0;
    this.tops = rows.map((row) => [y, (y += row.heading === undefined ? HEAT.row : HEAT.heading)][0]);
    this.tall = y;
    this.marks = events
      .map(({ event, run }) => ({ event, column: runs.indexOf(run) }))
      .filter(({ column }) => column >= 0);
    this.holder.hidden = rows.length === 0;
    this.measure();
  }

  /** Fits the canvas to the room that there is. */
  measure() {
    if (!this.rows || !this.holder.clientWidth) return;
    // On paper nothing scrolls, and a canvas has an end.
    const most = printing ? 12_000 : Math.max(260, Math.round(innerHeight * 0.66));
    this.width = printing ? 660 : this.holder.clientWidth;
    this.height = Math.min(this.tall + HEAT.top, most);
    this.holder.style.maxHeight = `${this.height}px`;
    this.spacer.style.height = `${this.tall + HEAT.top - this.height}px`;
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [this.width * ratio, this.height * ratio];
    [this.canvas.style.width, this.canvas.style.height] = [`${this.width}px`, `${this.height}px`];
    const pen = this.canvas.getContext("2d");
    pen.font = "12px system-ui, sans-serif";
    const widths = this.rows.map((row) =>
      row.heading === undefined ? 24 + pen.measureText(`${row.name} ${row.label}`).width : 0,
    );
    this.left = Math.ceil(Math.min(this.width * 0.42, Math.max(80, ...widths)));
    this.step = (this.width - this.left - HEAT.right) / Math.max(1, this.runs.length);
    this.draw();
  }

  x(column) {
    return this.left + column * this.step;
  }

  draw() {
    if (!this.rows || !this.step) return;
    const pen = this.canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    const [text, muted, palette] = [colour("text"), colour("muted"), heatPalette()];
    const from = this.holder.scrollTop;
    pen.textBaseline = "middle";
    this.rows.forEach((row, number) => {
      const y = this.tops[number] - from + HEAT.top;
      if (y < HEAT.top - HEAT.heading || y > this.height) return;
      if (row.heading !== undefined) {
        pen.font = "600 12px system-ui, sans-serif";
        pen.fillStyle = text;
        pen.fillText(row.heading, 0, y + HEAT.heading - 9);
        return;
      }
      this.drawLabel(pen, row, y, text, muted);
      this.drawCells(pen, row, y, palette, text);
    });
    if (this.cursor?.row >= 0) {
      const y = this.tops[this.cursor.row] - from + HEAT.top;
      pen.strokeStyle = text;
      pen.lineWidth = 2;
      pen.strokeRect(this.x(this.cursor.column) - 1, y - 0.5, Math.max(3, this.step) + 1, HEAT.row);
    }
    this.drawHead(pen, text, muted);
  }

  /** Name and arguments; a name that stands above is faint. */
  drawLabel(pen, row, y, text, muted) {
    pen.save();
    pen.beginPath();
    pen.rect(0, y, this.left - 6, HEAT.row);
    pen.clip();
    pen.font = "12px system-ui, sans-serif";
    const indent = 12;
    const { name, label } = this.fitted(pen, row, this.left - 6 - indent);
    pen.fillStyle = row.again ? faded(muted, 0.55) : text;
    pen.fillText(name, indent, y + HEAT.row / 2);
    pen.fillStyle = muted;
    pen.fillText(label, indent + (name ? pen.measureText(`${name} `).width : 0), y + HEAT.row / 2);
    pen.restore();
  }

  /** What of a label has room: a name that stands above goes first, then the arguments that vary least. */
  fitted(pen, row, room) {
    const fits = (name, label) => pen.measureText(`${name} ${label}`).width <= room;
    const name = row.again && !fits(row.name, row.label) ? "" : row.name;
    const args = row.label.split(" ");
    let label = row.label;
    while (!fits(name, label) && args.length > 1) {
      args.shift();
      label = `…${args.join(" ")}`;
    }
    return { name, label };
  }

  drawCells(pen, row, y, palette, text) {
    const { better } = row.line;
    const gap = this.step > 5 ? 1 : 0;
    const wide = Math.max(1, this.step - gap);
    let last = null;
    for (let column = 0; column < row.shares.length; column++) {
      const share = row.shares[column];
      if (Number.isNaN(share)) continue;
      const shade = heatShade(share, better, row.least);
      if (shade !== last) pen.fillStyle = palette[(last = shade)];
      pen.fillRect(this.x(column), y, wide + (gap ? 0 : 0.3), HEAT.row - 1);
    }
    pen.fillStyle = text;
    for (const column of row.steps) pen.fillRect(this.x(column) - 1, y, 1.5, HEAT.row - 1);
  }

  /** Days and events above the columns; they stay in view. */
  drawHead(pen, text, muted) {
    pen.fillStyle = colour("surface");
    pen.fillRect(0, 0, this.width, HEAT.top - 2);
    pen.font = "12px system-ui, sans-serif";
    pen.fillStyle = muted;
    let free = -Infinity;
    const every = Math.max(1, Math.ceil(90 / this.step));
    for (let column = 0; column < this.runs.length; column += every) {
      const x = this.x(column);
      if (x < free || x + 70 > this.width) continue;
      pen.fillText(day(this.history.runs[this.runs[column]].timestamp), x, 9);
      pen.fillRect(x, 15, 1, 4);
      free = x + 84;
    }
    for (const { event, column } of this.marks) {
      const mark = {
        ...event.lead.change,
        machine_shift: event.ofMachine ? 0 : undefined,
        worse: event.worse,
        accepted: event.accepted,
      };
      drawMark(pen, this.x(column) + this.step / 2, HEAT.top - HEAT.marks + 3, mark, 6);
      if (this.cursor?.row === -1 && this.cursor.column === column) {
        pen.strokeStyle = text;
        pen.strokeRect(this.x(column) + this.step / 2 - 9, HEAT.top - HEAT.marks - 6, 18, 18);
      }
    }
  }
}
