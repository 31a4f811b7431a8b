// Moving over the heat map, by keys and by pointer.

Object.assign(HeatMap.prototype, {
  /** Where keys begin: the newest run of the first case. */
  start() {
    return { row: this.rows.findIndex(({ heading }) => heading === undefined), column: this.runs.length - 1 };
  },

  /** What is under the cursor: a row and a run, or events above the rows. */
  cell() {
    if (!this.cursor) return null;
    const { row, column } = this.cursor;
    const events = row < 0 ? this.marks.filter((mark) => mark.column === column).map(({ event }) => event) : [];
    if (row < 0 && !events.length) return null;
    return { row: row < 0 ? null : this.rows[row], column, run: this.runs[column], events };
  },

  move(cursor) {
    this.cursor = cursor;
    if (cursor && cursor.row >= 0 && !this.pointed) {
      const [top, bottom] = [this.tops[cursor.row], this.tops[cursor.row] + HEAT.row];
      const room = this.height - HEAT.top;
      if (top < this.holder.scrollTop) this.holder.scrollTop = cursor.row <= 1 ? 0 : top;
      else if (bottom > this.holder.scrollTop + room) this.holder.scrollTop = bottom - room;
    }
    this.draw();
    this.read(this.cell());
  },

  /** Puts the cursor where the pointer is. */
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const column = Math.floor((x - this.left) / this.step);
    this.pointed = true;
    if (y < HEAT.top) {
      const near = this.marks.filter((mark) => Math.abs(this.x(mark.column) + this.step / 2 - x) < 9);
      const [mark] = near.sort((a, b) => Math.abs(this.x(a.column) - x) - Math.abs(this.x(b.column) - x));
      this.move(mark ? { row: -1, column: mark.column } : null);
    } else {
      const at = y - HEAT.top + this.holder.scrollTop;
      const row = this.tops.findLastIndex((top) => top <= at);
      const within = column < this.runs.length && row >= 0 && this.rows[row].heading === undefined;
      // On its name a case is pointed at as well.
      this.move(within ? { row, column: column < 0 ? this.runs.length - 1 : column } : null);
    }
    this.pointed = false;
    this.holder.classList.toggle("points", this.cell() !== null);
    return this.cursor;
  },

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.rows.length) return;
    const here = this.cursor ?? this.start();
    const last = this.runs.length - 1;
    const rowBy = (way, count = 1) => {
      let row = here.row;
      for (let left = count; left > 0; left--) {
        let next = row + way;
        while (this.rows[next]?.heading !== undefined) next += way;
        if (next < 0 || next >= this.rows.length) break;
        row = next;
      }
      return { ...here, row: row < 0 ? this.start().row : row };
    };
    const columnBy = (column) => ({ ...here, column: Math.max(0, Math.min(last, column)) });
    const columns = this.marks.map(({ column }) => column).sort((a, b) => a - b);
    const mark = (column) => (column === undefined ? here : { row: -1, column });
    const page = Math.max(1, Math.floor((this.height - HEAT.top) / HEAT.row) - 2);
    const keys = {
      ArrowUp: () => rowBy(-1),
      ArrowDown: () => rowBy(1),
      PageUp: () => rowBy(-1, page),
      PageDown: () => rowBy(1, page),
      ArrowLeft: () => columnBy(here.column - 1),
      ArrowRight: () => columnBy(here.column + 1),
      Home: () => columnBy(0),
      End: () => columnBy(last),
      "[": () => mark(columns.findLast((column) => column < here.column)),
      "]": () => mark(columns.find((column) => column > here.column)),
    };
    if (event.key === "Enter") {
      event.preventDefault();
      const cell = this.cell();
      if (cell) this.open(cell);
      return;
    }
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(keys[event.key]());
  },
});
