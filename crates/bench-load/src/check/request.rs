//! Checks that the timestamps of one request agree with each other.

use crate::request::{MarkKind, Times};

/// Returns the fault in the timestamps of a request, for its row; `None` if there is none.
///
/// If there are several faults, it is the one from which the others follow.
pub fn request(times: &Times<'_>) -> Option<&'static str> {
    // Marks of the end are left out: `end_ns` is the time of the first one.
    let mut outputs = times.marks.iter().filter(|mark| mark.kind != MarkKind::End);
    if times.end_ns < times.sent_ns {
        Some("time goes backwards: the end before the call was sent")
    } else if times.sent_ns < times.intended_ns {
        Some("sent before it was intended")
    } else if times.marks.iter().any(|mark| mark.at_ns < times.sent_ns) {
        Some("an output before the call was sent")
    } else if times.marks.windows(2).any(|pair| pair[1].at_ns < pair[0].at_ns) {
        Some("marks are out of order")
    } else if times.outputs().next().is_some_and(|at_ns| at_ns > times.end_ns) {
        Some("the first output after the end")
    } else if outputs.any(|mark| mark.at_ns > times.end_ns) {
        Some("an output after the end")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Mark;

    fn marks(marks: &[(MarkKind, u64)]) -> Vec<Mark> {
        marks.iter().map(|(kind, at_ns)| Mark { kind: *kind, at_ns: *at_ns, holds: None }).collect()
    }

    /// Intended at 10, sent at 20, ended at 90.
    fn with(marks: &[Mark]) -> Times<'_> {
        Times { intended_ns: 10, sent_ns: 20, end_ns: 90, marks }
    }

    #[test]
    fn what_fits_together_is_not_mentioned() {
        assert_eq!(request(&with(&[])), None);
        let whole = marks(&[
            (MarkKind::Step, 20),
            (MarkKind::Output, 30),
            (MarkKind::Answer, 30),
            (MarkKind::Output, 90),
            (MarkKind::End, 90),
        ]);
        assert_eq!(request(&with(&whole)), None);
        // A second mark of the end is not an output after the end.
        let twice = marks(&[(MarkKind::Output, 30), (MarkKind::End, 90), (MarkKind::End, 95)]);
        assert_eq!(request(&with(&twice)), None);
    }

    #[test]
    fn time_runs_forwards() {
        assert_eq!(
            request(&Times { end_ns: 19, ..with(&[]) }),
            Some("time goes backwards: the end before the call was sent")
        );
        assert_eq!(request(&Times { intended_ns: 21, ..with(&[]) }), Some("sent before it was intended"));
        let early = marks(&[(MarkKind::Step, 19)]);
        assert_eq!(request(&with(&early)), Some("an output before the call was sent"));
        let crossed = marks(&[(MarkKind::Output, 40), (MarkKind::Output, 39)]);
        assert_eq!(request(&with(&crossed)), Some("marks are out of order"));
    }

    #[test]
    fn the_end_is_the_end() {
        let first = marks(&[(MarkKind::End, 90), (MarkKind::Output, 91)]);
        assert_eq!(request(&with(&first)), Some("the first output after the end"));
        let later = marks(&[(MarkKind::Output, 30), (MarkKind::End, 90), (MarkKind::Output, 91)]);
        assert_eq!(request(&with(&later)), Some("an output after the end"));
    }
}
