//! Adapts `#[bench]` of libtest: one figure for each process.

use std::time::Duration;

use bench_protocol::{Assignment, Finish, Frame, Mode};
use bench_syntax::quantity::nanoseconds;

use crate::adapter::{Adapter, Held, Tell, Trouble, finish};
use crate::printed::{list, rate, tell_figure};
use crate::subject::Subject;

pub(crate) struct Libtest;

impl Adapter for Libtest {
    fn list(&self, subject: &Subject, patience: Duration) -> Result<Held, String> {
        let mut command = subject.command();
        command.args(["--list", "--format", "terse"]);
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
        // Without `--bench` each benchmark is run once.
        let mode = if assignment.mode == Mode::Once { "--test" } else { "--bench" };
        command.arg(mode).arg("--exact").args(names);
        let ended = subject.run(&mut command, None)?;
        if !ended.status.success() {
            return Err(Trouble::Failed(format!("it ended with {}", ended.status)));
        }
        if assignment.mode == Mode::Once {
            tell(Frame::FirstCall { ns: nanoseconds(ended.wall) })?;
            return Ok(finish(1));
        }
        let figure = ended.stdout.lines().rev().find_map(figure);
        let (ns, bytes) = figure.ok_or("it printed no line `test … bench: … ns/iter`".to_owned())?;
        tell_figure(ns, &ended, bytes.map(|bytes| rate("bytes/s", bytes)).into_iter().collect(), tell)
    }
}

/// Returns the nanoseconds per iteration, and the bytes per second if they are counted, of a line such as
/// `test sort ... bench:      12,345.67 ns/iter (+/- 89.01) = 810 MB/s`. If a benchmark has written to stdout itself,
/// the line begins with what it wrote.
fn figure(line: &str) -> Option<(f64, Option<f64>)> {
    let (_, rest) = line.rsplit_once("bench:")?;
    let number = |text: &str| text.trim().replace(',', "").parse::<f64>().ok();
    let (ns, rest) = rest.split_once("ns/iter")?;
    let bytes = rest.split_once('=').and_then(|(_, rate)| number(rate.trim().strip_suffix("MB/s")?));
    Some((number(ns)?, bytes.map(|megabytes| megabytes * 1e6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_libtest_are_read() {
        for (line, read) in [
            ("test sort ... bench:      12,345.67 ns/iter (+/- 89.01)", Some((12345.67, None))),
            ("test a::b ... bench:         123 ns/iter (+/- 4) = 810 MB/s", Some((123.0, Some(810e6)))),
            ("test c ... bench:           0.25 ns/iter (+/- 0.01)", Some((0.25, None))),
            ("said by f\u{1b}[0mbench:   1,024,312 ns/iter (+/- 919)", Some((1_024_312.0, None))),
            ("bench:   1,024,312 ns/iter (+/- 919)", Some((1_024_312.0, None))),
            ("test d ... ok", None),
            ("test e ... bench: soon ns/iter", None),
        ] {
            assert_eq!(figure(line), read, "{line}");
        }
    }
}
