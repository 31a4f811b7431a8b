// The machine and the build, and what speaks against trusting figures from them.

const environmentView = {
  name: "environment",
  title: "Environment",
  is: (page) => page.runs.length > 0,
  key: () => state.run,

  build(root, page) {
    const run = chosenRun(page);
    const marks = { ok: "✓ ok", warn: "! moves figures", unknown: "? unknown" };
    const rank = { warn: 0, unknown: 1, ok: 2 };
    const checks = [...run.checks].sort((a, b) => rank[a.state] - rank[b.state]);
    const checkColumns = [
      { name: "check", class: "name", cell: (check) => check.name },
      { name: "state", cell: (check) => element("span", { class: `verdict is-${check.state}` }, marks[check.state]) },
      { name: "found", class: "text", cell: (check) => prose(check.value) },
      { name: "what to do", class: "text", cell: (check) => prose(check.advice ?? "") },
    ];
    const probeColumns = [
      { name: "probe", class: "name", cell: (probe) => probe.probe },
      {
        name: "state",
        cell: (probe) => {
          const [kind, text] = probe.unavailable === null ? ["ok", "✓ read"] : ["unknown", "? not here"];
          return element("span", { class: `verdict is-${kind}` }, text);
        },
      },
      { name: "cost a round", class: "number", cell: (probe) => figure(probe.cost_s, "s") },
      run.probes.some((probe) => probe.unavailable !== null) && {
        name: "why not",
        class: "text",
        cell: (probe) => prose(probe.unavailable ?? ""),
      },
    ].filter(Boolean);
    fill(root, {}, [
      runChoice(page),
      element("h2", {}, run.run),
      warningsOf(run.warnings),
      element(
        "dl",
        { class: "facts environment" },
        run.environment.map(([name, value]) => fact(name, value)),
      ),
      checks.length > 0 &&
        element(
          "section",
          {},
          element("h3", {}, "How quiet the machine was"),
          table(checkColumns, checks, { caption: "Checks" }),
        ),
      run.probes.length > 0 &&
        element("section", {}, element("h3", {}, "Probes"), table(probeColumns, run.probes, { caption: "Probes" })),
    ]);
  },

  update() {},
};
