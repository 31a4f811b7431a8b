// Dark or light as the system is, unless somebody says otherwise; paper is always light.

const THEMES = ["auto", "light", "dark"];
const redraws = new Set();
let theme = "auto";
let printing = false;

function kept() {
  // From disk, or where cookies are refused, there may be nothing to keep it in.
  try {
    return localStorage.getItem("bench-theme");
  } catch {
    return null;
  }
}

function setTheme(name) {
  theme = THEMES.includes(name) ? name : "auto";
  document.documentElement.dataset.theme = printing ? "light" : theme;
  try {
    localStorage.setItem("bench-theme", theme);
  } catch {
    // It lasts as long as the page.
  }
  redraw();
}

function nextTheme() {
  setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  return theme;
}

/** Colours as the style sheet has them at the moment. */
function colour(name) {
  return getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim();
}

/** The colour of the n-th line of a chart: Okabe and Ito's palette, which colour-blind people can tell apart. */
function lineColour(number) {
  return colour(`line-${number % 6}`);
}

function redraw() {
  for (const draw of redraws) draw();
}

/** Colour with transparency; all colours of the style sheet are `#rrggbb`. */
function faded(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  printing = true;
  document.documentElement.dataset.theme = "light";
  redraw();
});
addEventListener("afterprint", () => {
  printing = false;
  document.documentElement.dataset.theme = theme;
  redraw();
});
