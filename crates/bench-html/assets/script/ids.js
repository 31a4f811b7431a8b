// Ids taken apart: model, category, name, arguments. What cases share is said once, numbers stand in the order of their
// value, and a line breaks only between parts.

const CATEGORIES = ["unit", "integration", "performance"];
const apartById = new Map();

/** The parts of an id: `model/category/name[argument=value,…]`. An id of another form is a name as a whole. */
function partsOf(id) {
  if (!apartById.has(id)) apartById.set(id, takenApart(id));
  return apartById.get(id);
}

function takenApart(id) {
  const [first, second, third] = id.split("[")[0].split("/");
  const known = (part) => part !== undefined && CATEGORIES.includes(part);
  // The name comes last, and may be called like a category itself.
  const ofModel = third !== undefined && known(second);
  if (!ofModel && !(known(first) && second !== undefined))
    return { id, model: null, category: null, name: id, args: [] };
  const [model, category] = ofModel ? [first, second] : [null, first];
  const below = id.slice((model === null ? 0 : model.length + 1) + category.length + 1);
  const open = below.indexOf("[");
  const written = below.endsWith("]") && open > 0 ? below.slice(open + 1, -1).split(",") : [];
  const args = written.map((argument) => argument.split(/=(.*)/s).slice(0, 2));
  const regular = args.length > 0 && args.every((argument) => argument.length === 2);
  return { id, model, category, name: regular ? below.slice(0, open) : below, args: regular ? args : [] };
}

/** Whose a case is: `resnet · performance`. */
function ownerOf({ model, category }) {
  return [model, category].filter(Boolean).join(" · ");
}

const NUMBERS = /(\d+(?:\.\d+)?)/;

/** Orders texts as people read them: `[n=64]` before `[n=128]`. */
function inOrder(one, other) {
  const [a, b] = [one.split(NUMBERS), other.split(NUMBERS)];
  for (let place = 0; place < Math.min(a.length, b.length); place++) {
    // Every second part is a number.
    const numbers = place % 2 === 1 ? Number(a[place]) - Number(b[place]) : 0;
    if (numbers !== 0) return numbers;
    if (place % 2 === 0 && a[place] !== b[place]) return a[place] < b[place] ? -1 : 1;
  }
  return a.length - b.length || (one < other ? -1 : one > other ? 1 : 0);
}

/** Text that may break after `/`, `[` and `,`, and nowhere else as long as a part fits a line. */
function breakable(text) {
  const parts = text.split(/(?<=[/[,])/);
  return element(
    "span",
    { class: "id" },
    parts.map((part, place) => [place > 0 && element("wbr"), part]),
  );
}

const written = ([argument, value]) => `${argument}=${value}`;
const sameArgument = (one) => (other) => other[0] === one[0] && other[1] === one[1];

/** Cases in blocks of one model and category, each in reading order, without what all of them share. */
class Naming {
  constructor(ids) {
    const cases = [...new Set(ids)].sort(inOrder).map(partsOf);
    const blocks = new Map();
    for (const one of cases) {
      const owner = ownerOf(one);
      if (!blocks.has(owner)) blocks.set(owner, { owner, model: one.model, category: one.category, cases: [] });
      blocks.get(owner).cases.push(one);
    }
    this.blocks = [...blocks.values()];
    /** Arguments that occur in two blocks or more, and never with another value. */
    this.everywhere = this.sharedByBlocks();
    this.left = new Map();
    for (const block of this.blocks) {
      const [first] = block.cases;
      const isShared = (argument) => block.cases.every(({ args }) => args.some(sameArgument(argument)));
      block.shared = block.cases.length < 2 ? [] : first.args.filter((one) => isShared(one) && !this.isSaid(one));
      for (const { id, args } of block.cases) {
        this.left.set(
          id,
          args.filter((one) => !this.isSaid(one) && !block.shared.some(sameArgument(one))),
        );
      }
    }
    this.places = new Map(this.blocks.flatMap((block) => block.cases).map(({ id }, place) => [id, place]));
  }

  sharedByBlocks() {
    const found = new Map();
    for (const block of this.blocks) {
      for (const [argument, value] of block.cases.flatMap(({ args }) => args)) {
        const known = found.get(argument) ?? { value, blocks: new Set(), differs: false };
        known.differs ||= known.value !== value;
        known.blocks.add(block);
        found.set(argument, known);
      }
    }
    return [...found]
      .filter(([, one]) => one.blocks.size > 1 && !one.differs)
      .map(([argument, { value }]) => [argument, value]);
  }

  isSaid(argument) {
    return this.everywhere.some(sameArgument(argument));
  }

  /** The place of a case in reading order. */
  place(id) {
    return this.places.get(id) ?? Infinity;
  }

  /** Name and what is left of the arguments, as text: `forward depth=18 batch=4`. */
  text(id) {
    return [partsOf(id).name, ...(this.left.get(id) ?? partsOf(id).args).map(written)].join(" ");
  }

  /** The same as an element; what stands in the row above as well is faint. */
  label(id, above = null) {
    const { name } = partsOf(id);
    const [left, before] = [this.left.get(id) ?? partsOf(id).args, above === null ? [] : (this.left.get(above) ?? [])];
    let again = above !== null && partsOf(above).name === name && ownerOf(partsOf(above)) === ownerOf(partsOf(id));
    const parts = [element("span", { class: again ? "again" : "name" }, breakable(name))];
    left.forEach((argument, place) => {
      again &&= before.length === left.length && before.some(sameArgument(argument)) && place + 1 < left.length;
      parts.push(" ", element("span", { class: `argument ${again ? "again" : ""}` }, breakable(written(argument))));
    });
    return element("span", { class: "case", title: id }, parts);
  }

  /** With its owner in front, for a place where no heading names it. */
  full(id) {
    const owner = ownerOf(partsOf(id));
    return [owner && element("span", { class: "owner" }, `${owner} `), this.label(id)];
  }

  /** Says once what holds for all. */
  said() {
    return (
      this.everywhere.length > 0 &&
      element("p", { class: "quiet said" }, "everywhere: ", this.everywhere.map(written).join("  "))
    );
  }

  /** The heading of a block. */
  heading(block) {
    return [
      block.owner,
      block.shared.length > 0 && element("span", { class: "quiet" }, `  ${block.shared.map(written).join("  ")}`),
    ];
  }
}

/** What several cases are together: one of them by its name, else by what they have in common. */
function together(ids, naming) {
  if (ids.length === 1) return element("span", {}, naming.full(ids[0]));
  const cases = ids.map(partsOf);
  const owners = [...new Set(cases.map(ownerOf))];
  const names = [...new Set(cases.map(({ name }) => name))];
  const more = (list) =>
    list.length > 3 ? `${list.slice(0, 3).join(", ")} and ${list.length - 3} more` : list.join(", ");
  const common =
    owners.length === 1
      ? naming.left.get(ids[0]).filter((one) => cases.every(({ args }) => args.some(sameArgument(one))))
      : [];
  return element(
    "span",
    { class: "case" },
    element("span", { class: "owner" }, breakable(more(owners)), " "),
    owners.length === 1 && [element("span", { class: "name" }, breakable(more(names)))],
    common.map((argument) => [" ", element("span", { class: "argument" }, breakable(written(argument)))]),
  );
}
