//! Reads a run in Go's benchmark format.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use bench_protocol::Better;
use bench_record::Environment;
use bench_stats as stats;

use super::Benchfmt;
use super::name::unquote;
use super::unit::{NS_PER_OP, Value, value_of};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, measure};

impl Import for Benchfmt {
    fn name(&self) -> &'static str {
        "benchfmt"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let text = file::text(path)?;
        let mut file = File::default();
        for (number, line) in text.lines().enumerate() {
            file.take(number + 1, line);
        }
        file.end();
        let processors = file.processors();
        let target = file.config.get("goarch").zip(file.config.get("goos"));
        let mut environment = Environment::default();
        environment.cpu = file.config.get("cpu").cloned();
        environment.target = target.map(|(arch, os)| format!("{arch}-{os}")).unwrap_or_default();
        let cases = file.cases(processors.as_deref());
        let imported = Imported { cases, environment, left_out: file.left_out, ..Imported::default() };
        imported.checked(
            path,
            "it contains no line of Go's benchmark format: expected a line such as `BenchmarkFib-8 100 25.3 ns/op`",
        )
    }
}

/// The content that has been read from a file.
#[derive(Default)]
struct File {
    config: HashMap<String, String>,
    better: HashMap<String, Better>,
    /// Every value, by package and name of the benchmark, and by unit. Names are those in the file.
    values: BTreeMap<(Option<String>, String), BTreeMap<String, Vec<f64>>>,
    /// A benchmark whose name has been read, but not its result: a line of a log has come between them.
    torn: Option<Torn>,
    /// The configuration that changed after the first results; `None` if none has. The results below it are left out.
    changed: Option<String>,
    left_out: Vec<String>,
}

/// A benchmark whose result may be on a later line.
struct Torn {
    line: usize,
    name: String,
    /// Whether other text followed the name. A name alone, such as `BenchmarkFib`, is printed before each result.
    is_lost: bool,
}

impl File {
    /// Reads a line; one of unknown form is skipped, as the format requires.
    fn take(&mut self, number: usize, line: &str) {
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
            self.configure(number, key, value.trim());
        } else if let Some(rest) =
            line.strip_prefix("Benchmark").filter(|rest| !rest.starts_with(char::is_lowercase))
        {
            self.end();
            let mut words = rest.split_whitespace();
            let name =
                if rest.starts_with(char::is_whitespace) { "" } else { words.next().unwrap_or_default() };
            let words: Vec<&str> = words.collect();
            if words.first().is_some_and(|iterations| iterations.parse::<u64>().is_ok()) {
                self.result(number, name, &words[1..]);
            } else {
                self.torn = Some(Torn { line: number, name: name.to_owned(), is_lost: !words.is_empty() });
            }
        } else if self.torn.is_some() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_result = words.len() >= 3
                && words.len() % 2 == 1
                && words[0].parse::<u64>().is_ok()
                && words[1].parse::<f64>().is_ok()
                && words[2].parse::<f64>().is_err();
            if let Some(torn) = self.torn.take_if(|_| is_result) {
                self.result(number, &torn.name, &words[1..]);
            }
        }
    }

    /// Leaves out a torn benchmark, because its result has not followed.
    fn end(&mut self) {
        if let Some(Torn { line, name, .. }) = self.torn.take().filter(|torn| torn.is_lost) {
            self.left_out.push(format!("line {line}: `Benchmark{name}` has no result"));
        }
    }

    /// Reads a line of configuration. Results below another configuration belong to another run.
    fn configure(&mut self, number: usize, key: &str, value: &str) {
        let before = self.config.insert(key.to_owned(), value.to_owned());
        let parts_runs = ["goos", "goarch", "cpu", "toolchain", "commit"].contains(&key);
        if let Some(before) = before.filter(|before| parts_runs && before != value && !self.values.is_empty())
        {
            self.changed = Some(format!("`{key}: {value}` of line {number}, not `{before}`"));
            self.config.insert(key.to_owned(), before);
        }
    }

    fn result(&mut self, number: usize, name: &str, words: &[&str]) {
        let mut leave_out =
            |what: String| self.left_out.push(format!("line {number}: `Benchmark{name}`: {what}"));
        if let Some(changed) = &self.changed {
            return leave_out(format!("it was measured with {changed}: import it as a separate run"));
        }
        let case = (self.config.get("pkg").cloned(), name.to_owned());
        let mut good = Vec::new();
        for pair in words.chunks(2) {
            let number: Result<f64, _> = pair[0].parse();
            match (number, pair.get(1)) {
                (Ok(number), Some(unit)) if number.is_finite() => {
                    if *unit == NS_PER_OP && number < 0.0 {
                        leave_out(format!("a time of {number} {NS_PER_OP} is below 0"));
                    } else {
                        good.push(((*unit).to_owned(), number));
                    }
                }
                (Ok(number), Some(_)) => leave_out(format!("`{number}` is not a finite number")),
                (Ok(_), None) => leave_out(format!("`{}` has no unit", pair[0])),
                (Err(_), _) => {
                    leave_out(format!("`{}` is not a number", pair[0]));
                    // The words after this one may be shifted by one.
                    break;
                }
            }
        }
        let units = if good.is_empty() { return } else { self.values.entry(case).or_default() };
        for (unit, number) in good {
            units.entry(unit).or_default().push(number);
        }
    }

    /// Returns the number of processors, with its dash, with which every name ends. `None` if names end differently:
    /// the number may be part of the name (`Sort/n-10`, `Sort/n-1000`), or distinguish results with different numbers
    /// of processors.
    fn processors(&self) -> Option<String> {
        let mut ends = self.values.keys().map(|(_, name)| {
            let (_, end) = name.rsplit_once('-')?;
            (!end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit())).then_some(end)
        });
        let first = ends.next()??;
        ends.all(|end| end == Some(first)).then(|| format!("-{first}"))
    }

    /// Returns the cases; repeated values become their median, as in the format's own tools.
    fn cases(&mut self, processors: Option<&str>) -> Vec<ImportedCase> {
        let mut cases = Vec::new();
        for ((package, name), units) in &self.values {
            let plain = plain_name(name, processors);
            let name = package.as_ref().map_or_else(|| plain.clone(), |package| format!("{package}/{plain}"));
            let mut case = ImportedCase::named(&name);
            for (unit, values) in units {
                let Some(median) = stats::median(&stats::sorted(values)) else { continue };
                if unit == NS_PER_OP {
                    let seconds: Vec<f64> = values.iter().map(|ns| ns / 1e9).collect();
                    case.time = measure::time(&seconds, stats::median_interval(&seconds));
                } else {
                    match value_of(unit, median, self.better.get(unit).copied()) {
                        Value::Figure(metric) => case.metrics.push(metric),
                        Value::Unknown(metric) => case.unknown.push(metric),
                    }
                }
            }
            cases.push(case);
        }
        cases
    }
}

/// Whether a text is a key: keys begin with a small letter, and contain neither capitals nor white space.
fn is_key(text: &str) -> bool {
    text.starts_with(char::is_lowercase) && !text.contains(|c: char| c.is_uppercase() || c.is_whitespace())
}

/// Returns the name without the number of processors at its end, if the file has one, and without the slash before an
/// id.
fn plain_name(name: &str, processors: Option<&str>) -> String {
    let plain = processors.and_then(|processors| name.strip_suffix(processors)).unwrap_or(name);
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
            (read.environment.cpu.as_deref(), read.environment.target.as_str()),
            (Some("AMD EPYC 7763"), "amd64-linux")
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

    fn names(read: &Imported) -> Vec<(&str, Option<f64>)> {
        let ns = |case: &ImportedCase| case.time.as_ref().map(|time| (time.median_s.0 * 1e9).round());
        read.cases.iter().map(|case| (case.name.as_str(), ns(case))).collect()
    }

    #[test]
    fn a_number_at_the_end_is_processors_only_if_all_names_say_so() {
        let cpu =
            "BenchmarkPar 1000 900 ns/op\nBenchmarkPar-2 2000 500 ns/op\nBenchmarkPar-4 4000 300 ns/op\n";
        let read = import(cpu).expect("read");
        assert_eq!(names(&read), [("Par", Some(900.0)), ("Par-2", Some(500.0)), ("Par-4", Some(300.0))]);
        let read = import("BenchmarkSort/n-10 1 5 ns/op\nBenchmarkSort/n-1000 1 9 ns/op\n").expect("read");
        assert_eq!(names(&read), [("Sort/n-10", Some(5.0)), ("Sort/n-1000", Some(9.0))]);
        let read =
            import("BenchmarkSort/n-10-8 1 5 ns/op\nBenchmarkSort/n-1000-8 1 9 ns/op\n").expect("read");
        assert_eq!(names(&read), [("Sort/n-10", Some(5.0)), ("Sort/n-1000", Some(9.0))]);
    }

    #[test]
    fn no_name_of_a_figure_is_cut_and_no_unit_is_guessed() {
        let text =
            "BenchmarkA 1 5 ns/op 100 peak-RSS-bytes 200 peak-VM-bytes 0.5 p99-latency-sec 7 widgets 3 a-b\n";
        let read = import(text).expect("read");
        let of = |metrics: &[bench_record::Metric]| -> Vec<(String, String)> {
            metrics.iter().map(|metric| (metric.name.clone(), metric.unit.clone())).collect()
        };
        let pair = |(name, unit): (&str, &str)| (name.to_owned(), unit.to_owned());
        let known = [("p99-latency", "s"), ("peak-RSS", "bytes"), ("peak-VM", "bytes")].map(pair);
        assert_eq!(of(&read.cases[0].metrics), known);
        assert_eq!(of(&read.cases[0].unknown), [("a-b", "a-b"), ("widgets", "widgets")].map(pair));
        let record = read.into_record("benchfmt", Path::new("f"), &origin()).expect("a run");
        let judged: Vec<String> = figures(&record.cases[0]).into_iter().map(|figure| figure.metric).collect();
        assert_eq!(judged, ["time", "p99_latency", "peak_rss", "peak_vm"]);
    }

    #[test]
    fn what_a_log_has_torn_is_put_together_and_what_is_lost_is_named() {
        let text = "BenchmarkA-8 loading weights\n   100\t  25 ns/op\nBenchmarkB-8 \t 3 4 ns/op\r\nBenchmarkC-8 gone\nPASS\n";
        let read = import(text).expect("read");
        assert_eq!(names(&read), [("A", Some(25.0)), ("B", Some(4.0))]);
        assert_eq!(read.left_out, ["line 4: `BenchmarkC-8` has no result"]);
    }

    #[test]
    fn every_good_line_is_taken_and_every_other_one_named() {
        let text = "cpu: a\nBenchmarkA 1 5 ns/op\nBenchmarkB 1 25,3 ns/op\nBenchmarkC 1 -5 ns/op 8 B/op\n\
                    BenchmarkD 1 NaN ns/op\nBenchmarkE 1 5\ncpu: b\nBenchmarkA 1 50 ns/op\n";
        let read = import(text).expect("read");
        assert_eq!(
            (names(&read), read.environment.cpu.as_deref()),
            (vec![("A", Some(5.0)), ("C", None)], Some("a"))
        );
        assert_eq!(
            read.left_out,
            [
                "line 3: `BenchmarkB`: `25,3` is not a number",
                "line 4: `BenchmarkC`: a time of -5 ns/op is below 0",
                "line 5: `BenchmarkD`: `NaN` is not a finite number",
                "line 6: `BenchmarkE`: `5` has no unit",
                "line 8: `BenchmarkA`: it was measured with `cpu: b` of line 7, not `a`: import it as a separate run",
            ]
        );
    }

    #[test]
    fn what_power_shell_writes_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("go.txt");
        let text = "\u{feff}BenchmarkA 1 5 ns/op\r\n";
        std::fs::write(&path, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
            .expect("written");
        assert_eq!(names(&Benchfmt.import(&path).expect("read")), [("A", Some(5.0))]);
        std::fs::write(&path, text).expect("written");
        assert_eq!(names(&Benchfmt.import(&path).expect("read")), [("A", Some(5.0))]);
    }

    #[test]
    fn what_is_not_of_the_format_is_told_with_its_line() {
        for (text, says) in [
            ("", "no line of Go's benchmark format"),
            ("PASS\nok\n", "no line of Go's benchmark format"),
            ("\nBenchmarkA 1 fast ns/op\n", "line 2: `BenchmarkA`: `fast` is not a number"),
            ("BenchmarkA 1 +Inf ns/op\n", "line 1: `BenchmarkA`: `inf` is not a finite number"),
            ("BenchmarkA 1 5\n", "line 1: `BenchmarkA`: `5` has no unit"),
            ("BenchmarkA 1 -5 ns/op\n", "below 0"),
        ] {
            let error = import(text).expect_err(text).to_string();
            assert!(error.contains(says) && error.contains("go.txt"), "{error}");
        }
    }
}
