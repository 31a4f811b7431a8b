// What views of many things are narrowed by: a search and some choices, all of which stand in the address.

/** The values that something has, in reading order, as options of a choice; none where there is nothing to choose. */
function optionsOf(things, pick, say = (value) => value) {
  const known = [...new Set(things.map(pick))].filter(Boolean).sort(inOrder);
  return known.length < 2 ? [] : [["", "all"], ...known.map((value) => [value, say(value)])];
}

/** A search field and choices; those without options are left out. `update` brings them to what the address says. */
function filterControls(lists, label) {
  const search = element("input", {
    type: "search",
    name: "q",
    placeholder: "search  /",
    "aria-label": label,
    oninput: (event) => adjust({ q: event.target.value }),
  });
  const choices = lists
    .filter(([, , known]) => known.length > 1)
    .map(([title, name, known]) => choice(title, name, known, state[name], (value) => adjust({ [name]: value })));
  return {
    search,
    parts: [search, ...choices],
    update() {
      if (document.activeElement !== search) search.value = state.q;
      for (const label of choices) {
        const select = label.querySelector("select");
        select.value = state[select.name];
      }
    },
  };
}

/** What stands where there is nothing to show: why, and the command that changes it. */
function nothing(text, command) {
  return element("p", { class: "nothing" }, text, command && [" ", element("code", { class: "command" }, command)]);
}
