//! Opens any executable of benchmarks.

use std::collections::HashMap;

use bench_runner::program::{Kind, ListLimits, Opened, Program, ProgramError};

use crate::traces;

/// The argument that makes the program which links this crate an adapter: the arguments after it are for
/// [`run`](crate::run).
pub const ADAPTER: &str = "adapter";

/// Asks a program for its cases. One that does not speak the worker protocol, and is an executable of a known harness,
/// becomes the program of its adapter.
///
/// # Errors
/// The messages of the harnesses whose traces it contains, or else the error of the program itself.
pub fn open(program: Program, limits: &ListLimits) -> Result<Opened, ProgramError> {
    let mut error = match program.clone().open(limits) {
        Ok(opened) => return Ok(opened),
        Err(error) => error,
    };
    if program.kind() == Kind::Python {
        return Err(error);
    }
    let mut reasons = Vec::new();
    for harness in traces::harnesses(program.path()) {
        let wrapped = match program.clone().by_way_of(&[ADAPTER, harness.name()]) {
            Ok(wrapped) => wrapped,
            Err(error) => {
                reasons.push(error.to_string());
                continue;
            }
        };
        match wrapped.open(limits) {
            Ok(opened) => return Ok(opened),
            Err(refused) => reasons.push(format!("as an executable of {harness}: {}", refused.problem)),
        }
    }
    if !reasons.is_empty() {
        error.problem = reasons.join("; ");
    }
    Err(error)
}

/// Keeps programs of other harnesses apart, whose names are unique only within an executable: a case that an earlier
/// program has is left out of the later one. Returns the programs that still have a case, and messages about the cases
/// that were left out.
pub fn apart(programs: Vec<Opened>) -> (Vec<Opened>, Vec<String>) {
    let mut held: HashMap<String, String> = HashMap::new();
    let mut left_out = Vec::new();
    let mut kept = Vec::new();
    for mut opened in programs {
        if opened.program.kind() == Kind::Adapted {
            let name = opened.program.name().to_owned();
            opened.listing.cases.retain(|case| match held.get(&case.id) {
                Some(first) => {
                    left_out.push(format!("`{}` of {name}, since {first} has a case of this name", case.id));
                    false
                }
                None => true,
            });
        }
        let name = opened.program.name();
        held.extend(opened.listing.cases.iter().map(|case| (case.id.clone(), name.to_owned())));
        if !opened.listing.cases.is_empty() {
            kept.push(opened);
        }
    }
    (kept, left_out)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bench_protocol::{Build, Listing};

    use super::*;
    use crate::names::case;

    fn opened(path: &str, names: &[&str], is_adapted: bool) -> Opened {
        let program = Program::executable(Path::new(path)).expect("a path");
        let program = if is_adapted { program.by_way_of(&["x"]).expect("a path") } else { program };
        let cases = names.iter().map(|name| case(name)).collect();
        Opened { program, listing: Listing::new(Build::default(), cases) }
    }

    #[test]
    fn a_name_that_two_executables_hold_is_the_first_ones() {
        let programs = vec![
            opened("/a", &["x", "y"], true),
            opened("/b", &["y", "z"], true),
            opened("/c", &["z"], true),
        ];
        let (kept, left_out) = apart(programs);
        let held: Vec<(&str, usize)> =
            kept.iter().map(|opened| (opened.program.name(), opened.cases().len())).collect();
        assert_eq!(held, [("a", 2), ("b", 1)]);
        assert_eq!(left_out[0], "`performance/y` of b, since a has a case of this name");
        assert_eq!(left_out.len(), 2);
        // Duplicate ids of programs that choose their ids are reported elsewhere.
        let (kept, left_out) = apart(vec![opened("/a", &["x"], false), opened("/b", &["x"], false)]);
        assert_eq!((kept.len(), left_out.len()), (2, 0));
    }
}
