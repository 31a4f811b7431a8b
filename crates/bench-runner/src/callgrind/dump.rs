//! The files that callgrind writes.

use std::num::ParseIntError;

use bench_protocol::Part;
use bench_record::Events;

/// The counts between two marks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dump {
    /// The part that the counts belong to; `None` if no mark of the harness has caused the dump.
    pub(super) part: Option<Part>,
    /// The counts, summed over all functions and threads.
    pub(super) events: Events,
}

/// Reads a file in callgrind's format (Valgrind manual, *Callgrind Format Specification*): the cause and the names of
/// the events from its header, and the totals.
///
/// # Errors
/// If a part of the dump is missing or malformed.
pub(super) fn parse(text: &str) -> Result<Dump, String> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let missing = |name: &str| format!("the line `{name}` is missing");
    let events = field("events:").ok_or_else(|| missing("events:"))?;
    let totals = field("totals:").ok_or_else(|| missing("totals:"))?;
    let numbers = totals
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<Vec<u64>, ParseIntError>>()
        .map_err(|error| format!("`totals: {totals}`: {error}"))?;
    let names: Vec<&str> = events.split_whitespace().collect();
    if numbers.len() > names.len() {
        return Err(format!("found {} totals for {} events", numbers.len(), names.len()));
    }
    let of = |name: &str| {
        let place = names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| format!("there is no event {name} among `{events}`"))?;
        // Zeros at the end of a line are left out.
        Ok::<u64, String>(numbers.get(place).copied().unwrap_or_default())
    };
    let mut totals = Events::default();
    for (name, total) in [
        ("Ir", &mut totals.ir),
        ("Dr", &mut totals.dr),
        ("Dw", &mut totals.dw),
        ("I1mr", &mut totals.i1mr),
        ("D1mr", &mut totals.d1mr),
        ("D1mw", &mut totals.d1mw),
        ("ILmr", &mut totals.ilmr),
        ("DLmr", &mut totals.dlmr),
        ("DLmw", &mut totals.dlmw),
    ] {
        *total = of(name)?;
    }
    let part = field("desc: Trigger: Client Request:").and_then(Part::labelled);
    Ok(Dump { part, events: totals })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as valgrind 3.19 writes it.
    const FILE: &str = "# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 3822
cmd:  ./t
part: 1


desc: I1 cache: 32768 B, 64 B, 8-way associative
desc: Timerange: Basic block 0 - 29445
desc: Trigger: Client Request: iteration

positions: line
events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw
summary: 11 0 7 1 0 1 1


ob=(1) /tmp/t
fl=(1) t.c
fn=(1) main
0 10 0 6 1 0 0 1

totals: 10 0 6 1 0 0 1
";

    #[test]
    fn totals_are_read_by_the_names_of_events() {
        let dump = parse(FILE).expect("a dump");
        assert_eq!(dump.part, Some(Part::Iteration));
        let mut expected = Events::default();
        (expected.ir, expected.dw, expected.i1mr, expected.ilmr) = (10, 6, 1, 1);
        assert_eq!(dump.events, expected);
        let turned = FILE.replace("events: Ir Dr Dw", "events: Dw Dr Ir");
        let events = parse(&turned).expect("a dump").events;
        assert_eq!((events.ir, events.dw), (6, 10));
    }

    #[test]
    fn a_dump_of_somebody_else_is_no_part() {
        for other in ["Client Request", "Program termination", "Client Request: iterations"] {
            let dump = parse(&FILE.replace("Client Request: iteration", other)).expect("a dump");
            assert_eq!(dump.part, None, "{other}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_dump_is_said() {
        for (file, message) in [
            (String::new(), "`events:` is missing"),
            (FILE.replace("totals:", "total:"), "`totals:` is missing"),
            (FILE.replace("totals: 10", "totals: ten"), "invalid digit"),
            (FILE.replace(" DLmw", ""), "no event DLmw"),
            (
                FILE.replace("totals: 10 0 6 1 0 0 1", "totals: 1 2 3 4 5 6 7 8 9 10"),
                "10 totals for 9 events",
            ),
        ] {
            let error = parse(&file).expect_err(message);
            assert!(error.contains(message), "{error}");
        }
    }
}
