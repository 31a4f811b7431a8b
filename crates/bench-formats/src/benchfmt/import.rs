//! A run from the format.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use bench_protocol::Better;
use bench_stats as stats;

use super::Benchfmt;
use super::name::unquote;
use super::unit::{NS_PER_OP, metric_of};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, measure};

impl Import for Benchfmt {
    fn name(&self) -> &'static str {
        "benchfmt"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let text = file::text(path)?;
        let mut file = File::default();
        for (number, line) in text.lines().enumerate() {
            file.take(line).map_err(|reason| {
                InterchangeError::malformed(path, format!("line {}: {reason}", number + 1))
            })?;
        }
        let cases = file.cases().map_err(|reason| InterchangeError::malformed(path, reason))?;
        if cases.is_empty() {
            let reason =
                "it holds no line of Go's benchmark format: wanted such as `BenchmarkFib-8 100 25.3 ns/op`";
            return Err(InterchangeError::malformed(path, reason));
        }
        let target = file.config.get("goarch").zip(file.config.get("goos"));
        Ok(Imported {
            cases,
            cpu: file.config.get("cpu").cloned(),
            target: target.map(|(arch, os)| format!("{arch}-{os}")),
        })
    }
}

/// What has been read of a file.
#[derive(Default)]
struct File {
    config: HashMap<String, String>,
    better: HashMap<String, Better>,
    /// By benchmark and unit, every value.
    values: BTreeMap<String, BTreeMap<String, Vec<f64>>>,
}

impl File {
    /// Reads a line; one that is of no known form is passed over, as the format wants it.
    fn take(&mut self, line: &str) -> Result<(), String> {
        if let Some(rest) = line.strip_prefix("Unit ") {
            let mut words = rest.split_whitespace();
            let unit = words.next().unwrap_or_default();
            for word in words {
                let better = match word {
                    "better=higher" => Better::Higher,
                    "better=lower" => Better::Lower,
                    _ => continue,
                };
                self.better.insert(unit.to_owned(), better);
            }
        } else if let Some((key, value)) = line.split_once(':').filter(|(key, _)| is_key(key)) {
            self.config.insert(key.to_owned(), value.trim().to_owned());
        } else if let Some(rest) = line.strip_prefix("Benchmark") {
            self.result(rest)?;
        }
        Ok(())
    }

    fn result(&mut self, rest: &str) -> Result<(), String> {
        let mut words = rest.split_whitespace();
        let name = if rest.starts_with(char::is_whitespace) { "" } else { words.next().unwrap_or_default() };
        // `BenchmarkFib` alone is printed before its result.
        let Some(iterations) = words.next() else { return Ok(()) };
        // A sentence that begins with the word is none either.
        if iterations.parse::<u64>().is_err() {
            return Ok(());
        }
        let case = self.values.entry(
            self.config
                .get("pkg")
                .map_or_else(|| plain_name(name), |package| format!("{package}/{}", plain_name(name))),
        );
        let units = case.or_default();
        while let Some(value) = words.next() {
            let number = value.parse().ok().filter(|number: &f64| number.is_finite());
            let number = number.ok_or_else(|| format!("`{value}` is no number"))?;
            let unit = words.next().ok_or_else(|| format!("`{value}` has no unit"))?;
            units.entry(unit.to_owned()).or_default().push(number);
        }
        Ok(())
    }

    /// What is repeated becomes its median, as the format's own tools have it.
    fn cases(&self) -> Result<Vec<ImportedCase>, String> {
        let mut cases = Vec::new();
        for (name, units) in &self.values {
            let mut case = ImportedCase::named(name);
            for (unit, values) in units {
                let Some(median) = stats::median(&stats::sorted(values)) else { continue };
                if unit == NS_PER_OP {
                    let seconds: Vec<f64> = values.iter().map(|ns| ns / 1e9).collect();
                    let interval = stats::median_interval(&seconds);
                    let time = measure::time(&seconds, interval);
                    case.time = Some(time.ok_or_else(|| format!("`{name}`: a time below 0"))?);
                } else {
                    case.metrics.push(metric_of(unit, median, self.better.get(unit).copied()));
                }
            }
            cases.push(case);
        }
        Ok(cases)
    }
}

/// Keys begin with a small letter, and have neither capitals nor white space.
fn is_key(text: &str) -> bool {
    text.starts_with(char::is_lowercase) && !text.contains(|c: char| c.is_uppercase() || c.is_whitespace())
}

/// The name without the number of processors at its end; a slash in front is how ids begin.
fn plain_name(name: &str) -> String {
    let plain = match name.rsplit_once('-') {
        Some((plain, end)) if !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()) => plain,
        _ => name,
    };
    unquote(plain.strip_prefix('/').unwrap_or(plain))
}

#[cfg(test)]
mod tests {
    use bench_history::figure::figures;

    use super::*;
    use crate::import::tests::origin;
    use crate::{Export, export, fixture};

    fn import(text: &str) -> Result<Imported, InterchangeError> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("go.txt");
        std::fs::write(&path, text).expect("written");
        Benchfmt.import(&path)
    }

    #[test]
    fn what_go_prints_is_read() {
        let text = "goos: linux\ngoarch: amd64\npkg: example.com/fib\ncpu: AMD EPYC 7763\n\
            BenchmarkFib\nBenchmarkFib/n=20-8         \t 50000\t     25000 ns/op\t  16 B/op\t 2 allocs/op\n\
            BenchmarkFib/n=20-8         \t 50000\t     27000 ns/op\t  16 B/op\t 2 allocs/op\n\
            BenchmarkFib/n=20-8         \t 50000\t     26000 ns/op\t  16 B/op\t 2 allocs/op\n\
            BenchmarkCopy-8 100 5 ns/op 812.5 MB/s\nBenchmarks are fun\nPASS\nok  \texample.com/fib\t1.2s\n";
        let read = import(text).expect("read");
        assert_eq!(
            (read.cpu.as_deref(), read.target.as_deref()),
            (Some("AMD EPYC 7763"), Some("amd64-linux"))
        );
        let names: Vec<&str> = read.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["example.com/fib/Copy", "example.com/fib/Fib/n=20"]);
        let time = read.cases[1].time.as_ref().expect("a time");
        assert_eq!((time.median_s.0, time.samples), (26e-6, 3));
        assert_eq!(read.cases[0].metrics[0].better, Better::Higher);
        let metrics: Vec<&str> = read.cases[1].metrics.iter().map(|metric| metric.unit.as_str()).collect();
        assert_eq!(metrics, ["B/op", "allocs/op"]);
    }

    #[test]
    fn a_run_comes_back_as_it_went() {
        let record = fixture::record();
        let text = Benchfmt.export(&record).expect("written").documents.remove(0).content;
        let imported = import(&String::from_utf8(text).expect("text")).expect("read");
        let back = imported.into_record("benchfmt", Path::new("f"), &origin()).expect("a run");
        let told = export::without_figures(&record).expect("figures");
        assert_eq!(back.cases.len() + told.len(), record.cases.len());
        for case in &back.cases {
            let old = record.case(&case.id).expect("the same id");
            for (new, old) in figures(case).iter().zip(figures(old)) {
                assert_eq!((&new.metric, &new.unit, new.better), (&old.metric, &old.unit, old.better));
                assert!((new.value / old.value - 1.0).abs() < 1e-9, "{new:?} {old:?}");
            }
        }
    }

    #[test]
    fn what_is_not_of_the_format_is_told_with_its_line() {
        for (text, says) in [
            ("", "no line of Go's benchmark format"),
            ("PASS\nok\n", "no line of Go's benchmark format"),
            ("\nBenchmarkA 1 fast ns/op\n", "line 2: `fast` is no number"),
            ("BenchmarkA 1 +Inf ns/op\n", "line 1: `+Inf` is no number"),
            ("BenchmarkA 1 5\n", "line 1: `5` has no unit"),
            ("BenchmarkA 1 -5 ns/op\n", "below 0"),
        ] {
            let error = import(text).expect_err(text).to_string();
            assert!(error.contains(says) && error.contains("go.txt"), "{error}");
        }
    }
}
