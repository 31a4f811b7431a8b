//! Prints the figures of GPUs, below the table of a run.

use bench_record::{CaseRecord, Metric};
use bench_report::{Section, Style, Table};
use bench_syntax::quantity::{Bytes, percent};
use bench_syntax::text::printable;

inventory::submit! { Section { name: "gpu", render: |record, view| render(&record.cases, view.style) } }

/// Renders a row for each case for which a GPU was observed; empty if there is none.
fn render(cases: &[CaseRecord], style: Style) -> String {
    let mut table = Table::new(&["GPU", "busy", "memory", "power", "energy", "an iteration", "throttled"]);
    let mut is_empty = true;
    for case in cases {
        if case.observed.iter().any(|metric| metric.name.starts_with("gpu")) {
            is_empty = false;
            table.row(cells(case));
        }
    }
    if is_empty {
        return String::new();
    }
    let lower_bound = "memory: the increase since before the load, of all processes together; a lower bound";
    format!("{}{}\n", table.render(|text| style.bold(text)), style.faint(lower_bound))
}

fn cells(case: &CaseRecord) -> Vec<String> {
    let find = |name: &str| case.observed.iter().find(|metric| metric.name == name);
    let show = |name: &str, show: fn(f64) -> String| {
        find(name).map(|metric: &Metric| show(metric.value)).unwrap_or_default()
    };
    let energy = if find("gpu_energy").is_some() { "gpu_energy" } else { "gpu_energy_integrated" };
    vec![
        format!("  {}", printable(&case.id)),
        show("gpu_utilisation", percent),
        show("gpu_memory", |bytes| Bytes(bytes as u64).to_string()),
        show("gpu_power", |watts| format!("{watts:.0} W")),
        show(energy, joules),
        show("gpu_energy_per_iteration", joules),
        show("gpu_throttled", percent),
    ]
}

/// Formats joules with a prefix that leaves up to three digits before the point.
fn joules(value: f64) -> String {
    let scaled = [(1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ")];
    let (scale, unit) = scaled.into_iter().find(|(scale, _)| value >= *scale).unwrap_or((1e-9, "nJ"));
    format!("{:.1} {unit}", value / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::Better;
    use bench_report::ColorChoice;
    use bench_syntax::Category;

    fn rendered(figures: &[(&str, &str, f64)]) -> String {
        let mut case = CaseRecord::blank("m/performance/c", Category::Performance);
        case.observed = figures
            .iter()
            .map(|(name, unit, value)| Metric::new(*name, *unit, *value, Better::Lower))
            .collect();
        render(&[case], Style::for_stdout(ColorChoice::Never))
    }

    #[test]
    fn a_case_with_a_gpu_has_a_row() {
        let text = rendered(&[
            ("gpu_utilisation", "1", 0.34),
            ("gpu_memory", "bytes", 3e9),
            ("gpu_power", "W", 298.6),
            ("gpu_energy_integrated", "J", 2_500.0),
            ("gpu_energy", "J", 2_400.0),
            ("gpu_energy_per_iteration", "J", 0.012),
        ]);
        let row = text.lines().nth(1).unwrap_or_default();
        let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(cells, ["m/performance/c", "34 %", "2.8 GiB", "299 W", "2.4 kJ", "12.0 mJ"], "{text}");
    }

    #[test]
    fn without_a_gpu_nothing_is_said() {
        assert_eq!(rendered(&[("cpu_time", "s", 1.0)]), "");
    }
}
