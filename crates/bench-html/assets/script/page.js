// Puts the views together, shows the one that the address names, and looks for news where there may be some.

const VIEWS = [comparisonView, heatView, changesView, gridView, runView, loadView, environmentView, lineView];

/** How often a served page asks for changes, in milliseconds. */
const POLL_MS = 2000;

/** What the server answers; an error of its own is one here. */
async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

const app = {
  start() {
    setTheme(kept());
    this.navigation = element("nav", { "aria-label": "Views" });
    this.live = element("div", { class: "live-strip", role: "status" });
    this.main = element("main", { id: "main" });
    this.help = helpDialog();
    this.made = element("span", { class: "made" });
    this.themeButton = element("button", {
      type: "button",
      class: "theme",
      title: "Theme (t)",
      onclick: () => this.nextTheme(),
    });
    document.body.append(
      element(
        "a",
        { class: "skip", href: "#main", onclick: (event) => (event.preventDefault(), this.main.focus()) },
        "to the figures",
      ),
      element(
        "header",
        { class: "page-head" },
        element("h1", {}, "Benchmarks"),
        this.navigation,
        this.made,
        this.themeButton,
        element(
          "button",
          { type: "button", class: "keys-button", title: "Keys (?)", onclick: () => this.help.showModal() },
          "?",
        ),
      ),
      this.live,
      this.main,
      this.help,
    );
    this.main.tabIndex = -1;
    const head = document.querySelector(".page-head");
    // What stays in view below the head must know how tall it is.
    const tall = () =>
      document.documentElement.style.setProperty(
        "--head",
        `${getComputedStyle(head).position === "sticky" ? head.offsetHeight : 0}px`,
      );
    new ResizeObserver(tall).observe(head);
    this.nameTheme();
    addEventListener("hashchange", () => this.show());
    addEventListener("keydown", (event) => onKey(event, this));
    this.take(JSON.parse(document.getElementById("data").textContent));
    // How long it took, from opening the page until this can be used: for whoever measures it.
    requestAnimationFrame(() => setTimeout(() => (document.body.dataset.readyMs = Math.round(performance.now()))));
    if (this.page.revision !== null) this.follow();
  },

  /** Shows this data from now on. */
  take(raw) {
    forge = raw.forge ?? {};
    learnMetrics(raw.runs);
    this.page = { ...raw, history: raw.history && new History(raw.history) };
    this.views = VIEWS.filter((view) => view.is(this.page));
    this.date();
    this.live.replaceChildren(liveOf(this.page) ?? "");
    this.shown = null;
    this.show();
  },

  date() {
    this.made.textContent = `${this.page.revision === null ? "made" : "live,"} ${when(this.page.made)} UTC`;
  },

  show() {
    readAddress();
    const view = this.views.find((one) => one.name === state.view) ?? this.first();
    const focused = document.activeElement;
    const isTab = this.navigation.contains(focused);
    this.navigation.replaceChildren(
      ...this.views
        .filter((one) => one.title)
        .map((one) =>
          element(
            "a",
            {
              href: one === gridView ? gridView.address() : address({ view: one.name, run: state.run }, {}),
              "aria-current": one === view || (one === gridView && view === lineView) ? "page" : null,
            },
            one.title,
          ),
        ),
    );
    if (!view) {
      this.main.replaceChildren(nothing("There is nothing to show yet. Measure something:", "cargo bench"));
      return;
    }
    const isInside = focused !== this.main && this.main.contains(focused);
    state.view = view.name;
    const key = [view.name, view.key?.()].join("\n");
    if (key !== this.shown) {
      document.title = `Benchmarks · ${view.title ?? ""}`;
      const root = element("div", { class: `view ${view.name}` });
      this.main.replaceChildren(root);
      view.build(root, this.page);
      if (this.shown !== null) scrollTo(0, 0);
      this.shown = key;
    }
    view.update(this.page);
    if (isTab) this.navigation.querySelector("[aria-current]").focus();
    else if (isInside && !focused.isConnected) this.focusAgain(focused, view);
  },

  /** Whoever works with keys goes on where they were: at the same control, or in the view that it has led to. */
  focusAgain(focused, view) {
    const same = (one) => one.tagName === focused.tagName && one.title === focused.title && one.name === focused.name;
    const isControl = /^(BUTTON|SELECT|INPUT)$/.test(focused.tagName);
    const twin = isControl && [...this.main.querySelectorAll(focused.tagName)].find(same);
    (twin || view.entry?.(focused) || this.main).focus({ preventScroll: true });
  },

  /** The view that is shown unless another is asked for: on the first days, the run is all that there is to see. */
  first() {
    const isEarly = this.page.history !== null && this.page.comparison === null && tooShort(this.page.history);
    return (isEarly && this.views.find((view) => view === runView)) || this.views[0];
  },

  tabs() {
    return [...this.navigation.querySelectorAll("a")];
  },

  search() {
    const here = this.main.querySelector("input[type=search]");
    if (!here && !this.views.includes(gridView)) return;
    if (!here) {
      location.hash = gridView.address();
      this.show();
    }
    this.main.querySelector("input[type=search]").focus();
  },

  nextTheme() {
    nextTheme();
    this.nameTheme();
  },

  nameTheme() {
    const sign = { auto: "◐", light: "☀", dark: "☾" }[theme];
    this.themeButton.replaceChildren(sign, element("span", { class: "theme-name" }, ` ${theme}`));
  },

  /** Asks the server whether there is something new, and shows it without losing the place. */
  async follow() {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      try {
        const revision = await (await ask("revision")).text();
        if (revision !== this.page.revision) {
          const news = await (await ask("data.json")).json();
          const place = scrollY;
          this.take(news);
          scrollTo(0, place);
        }
        this.date();
      } catch {
        this.made.textContent = "no answer from bench serve: this is what it showed last";
      }
    }
  },
};

app.start();
