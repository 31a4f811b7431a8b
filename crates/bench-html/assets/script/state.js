// What is looked at stands in the address, so that it can be kept, sent and gone back from.

const DEFAULTS = {
  view: "",
  q: "",
  category: "",
  model: "",
  machine: "",
  metric: "",
  changed: "",
  sort: "",
  show: "",
  event: "",
  open: "",
  y: "",
  with: "",
  percent: "",
};

let state = { ...DEFAULTS };

function readAddress() {
  state = { ...DEFAULTS, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
}

function address(changes, from = state) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...from, ...changes })) {
    if (value !== "" && value !== undefined && value !== null) parameters.set(key, value);
  }
  return "#" + parameters;
}

/** Changes how the view is seen: back leads to where one was before it. */
function adjust(changes) {
  location.replace(address(changes));
}

/** The address of one line. */
function lineAddress(line) {
  return address(
    { view: "line", case: line.case, metric: line.metric, machine: line.machineName, build: line.buildName },
    {},
  );
}
