// Command lines for what a reader does next, to be copied into a terminal.

/** A word of a shell, whatever it holds; null where a terminal could take it for keys, or a command for a flag. */
function quoted(word) {
  if (word.startsWith("-") || /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(word))
    return null;
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command of words, of which those that are data are quoted; null where one cannot be. */
function commandLine(...words) {
  return words.includes(null) ? null : words.join(" ");
}

/** Finds the commit of an event: of its time alone, for that is what `bench bisect` measures. */
function bisectCommand(event, history) {
  const timed = event.hits.filter(({ line, change }) => line.metric === "time" && change.worse);
  const [good, bad] = [history.runs[event.good]?.commit, history.runs[event.bad]?.commit];
  if (event.ofMachine || event.kind === "drift" || !timed.length || !good || !bad || good === bad) return null;
  const size = ({ change }) => Math.abs(change.shift ?? Infinity);
  const { line } = timed.reduce((most, hit) => (size(hit) > size(most) ? hit : most));
  return commandLine("bench bisect", quoted(shortCommit(good)), quoted(shortCommit(bad)), "--case", quoted(line.case));
}

/** Accepts an event: a line for each case that is not accepted yet. */
function acceptCommands(event, history) {
  if (event.ofMachine) return null;
  const open = event.cases.filter((id) => !event.acceptedCases.has(id)).sort(inOrder);
  const lines = open.map((id) => {
    const { at } = event.hits.find(({ line }) => line.case === id);
    return commandLine("bench accept", quoted(id), "--run", quoted(history.runs[at].run), "--reason", "'TEXT'");
  });
  return lines.length && !lines.includes(null) ? lines.join("\n") : null;
}

/** Puts text on the clipboard, and says on the button whether that worked. */
async function copy(text, button) {
  const name = button.textContent;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyBySelection(text);
  }
  button.textContent = done ? "✓ copied" : "select and copy it by hand";
  setTimeout(() => (button.textContent = name), 1500);
}

/** The way of browsers that keep the clipboard from pages that lie on disk. */
function copyBySelection(text) {
  const field = element("textarea", { class: "unseen" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

/** A button that copies a command, which can be read in its title; nothing without a command. */
function copyButton(label, command) {
  if (!command) return null;
  const button = element(
    "button",
    { type: "button", class: "copy", title: command, onclick: () => copy(command, button) },
    label,
  );
  return button;
}
