//! Adapts divan: one figure for each process, read from its table.

use std::time::Duration;

use bench_protocol::{Assignment, Finish, Frame, Mode, Reading};
use bench_syntax::quantity::nanoseconds;

use crate::adapter::{Adapter, Held, Tell, Trouble, finish};
use crate::printed::{list, rate, seconds, tell_figure};
use crate::subject::Subject;

pub(crate) struct Divan;

impl Adapter for Divan {
    fn list(&self, subject: &Subject, patience: Duration) -> Result<Held, String> {
        let mut command = subject.command();
        // Only for cargo-nextest, it prints one name per line.
        command.args(["--bench", "--list", "--format", "terse"]).env("NEXTEST", "1");
        list(subject, &mut command, patience)
    }

    fn measure(
        &self,
        subject: &Subject,
        names: &[String],
        assignment: &Assignment,
        tell: &mut Tell<'_>,
    ) -> Result<Finish, Trouble> {
        let mut command = subject.command();
        let once = assignment.mode == Mode::Once;
        command.arg(if once { "--test" } else { "--bench" });
        if !once {
            command.args(["--color", "never", "--min-time", &seconds(assignment.slice_ns, 0.8)]);
            command.args(["--max-time", &seconds(assignment.slice_ns, 1.0)]);
            if let Some(samples) = assignment.samples {
                command.args(["--sample-count", &samples.to_string()]);
            }
        }
        command.arg("--exact").args(names);
        let ended = subject.run(&mut command, None)?;
        if !ended.status.success() {
            return Err(Trouble::Failed(format!("it ended with {}", ended.status)));
        }
        if once {
            tell(Frame::FirstCall { ns: nanoseconds(ended.wall) })?;
            return Ok(finish(1));
        }
        let mut rows = ended.stdout.lines().map(columns);
        let mut medians = rows.by_ref().filter_map(|columns| median(&columns));
        let ns = medians.next().ok_or("it printed no row with a median".to_owned())?;
        if medians.next().is_some() {
            let several = "it is measured with several numbers of threads, but it is a single case here: choose \
                           one of them with `--threads`";
            return Err(Trouble::Skipped(several.to_owned()));
        }
        let readings: Vec<Reading> =
            ended.stdout.lines().filter_map(|line| throughput(&columns(line))).take(1).collect();
        tell_figure(ns, &ended, readings, tell)
    }
}

/// Splits a row into cells; the first contains the name and the fastest time.
fn columns(line: &str) -> Vec<&str> {
    let mut columns: Vec<&str> = line.rsplitn(6, '│').map(str::trim).collect();
    columns.reverse();
    columns
}

/// Returns the median of a row with figures, in nanoseconds.
fn median(columns: &[&str]) -> Option<f64> {
    let [_, _, median, _, samples, iterations] = columns else { return None };
    [samples, iterations].iter().all(|count| count.parse::<u64>().is_ok()).then_some(())?;
    let (number, unit) = median.split_once(' ')?;
    let scale = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

/// Returns the rate at the median of a row of counters: `1.234 Gitem/s`.
fn throughput(columns: &[&str]) -> Option<Reading> {
    let [_, _, median, _, "", ""] = columns else { return None };
    let (number, unit) = median.split_once(' ')?;
    let per_second = unit.strip_suffix("/s").map(|unit| (unit, "/s"));
    let unit = per_second.or_else(|| Some((unit.strip_suffix("Hz")?, "Hz")))?;
    let (prefix, what) = match unit {
        (unit, "Hz") => (unit, "cycles/s"),
        (unit, _) if unit.ends_with("item") => (unit.trim_end_matches("item"), "items/s"),
        (unit, _) if unit.ends_with("char") => (unit.trim_end_matches("char"), "chars/s"),
        (unit, _) if unit.ends_with('B') => (unit.trim_end_matches('B'), "bytes/s"),
        _ => return None,
    };
    let scale = match prefix {
        "" => 1.0,
        "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(rate(what, number.parse::<f64>().ok()? * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "sums       fastest       │ slowest       │ median        │ mean          │ samples │ iters
╰─ inner                 │               │               │               │         │
   ╰─ sum  12.4 ns       │ 1.512 µs      │ 13.02 ns      │ 29.5 ns       │ 100     │ 3200
           80.6 Mitem/s  │ 661.1 Kitem/s │ 76.8 Mitem/s  │ 33.89 Mitem/s │         │
";

    #[test]
    fn the_table_of_divan_is_read() {
        let medians: Vec<f64> = TABLE.lines().filter_map(|line| median(&columns(line))).collect();
        assert_eq!(medians, [13.02]);
        let rates: Vec<Reading> = TABLE.lines().filter_map(|line| throughput(&columns(line))).collect();
        assert_eq!(rates, [rate("items/s", 76.8e6)]);
    }

    #[test]
    fn units_are_read_and_others_refused() {
        let of = |text: &str| median(&["a", "1 ns", text, "1 ns", "100", "100"]);
        let read: Vec<Option<f64>> =
            ["365 ps", "1 ns", "2.5 µs", "3 ms", "4 s", "5 m", "6 h", "7 d", "8"].map(of).into();
        let known = [0.365, 1.0, 2500.0, 3e6, 4e9, 3e11, 2.16e13].map(Some);
        assert_eq!(read, [&known[..], &[None, None]].concat());
        let of =
            |text: &str| throughput(&["", "", text, "", "", ""]).map(|reading| (reading.unit, reading.value));
        for (text, unit, value) in [
            ("2 GB/s", "bytes/s", 2e9),
            ("2 KiB/s", "bytes/s", 2048.0),
            ("3 Mchar/s", "chars/s", 3e6),
            ("4 GHz", "cycles/s", 4e9),
        ] {
            assert_eq!(of(text), Some((unit.to_owned(), value)));
        }
        assert_eq!((of("max alloc:"), of("3 x")), (None, None));
    }
}
