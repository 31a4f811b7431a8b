//! One side of a comparison: programs, and the cases in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bench_protocol::{Build, Case};
use bench_record::RunError;
use bench_report::tell;
use bench_runner::program::{ListLimits, Opened, Program};
use bench_runner::selection::Selection;
use bench_stats::seed::{mix, shuffle};
use bench_syntax::UsageError;

/// The programs with benchmarks that were built from one revision of the code.
#[derive(Clone, Debug)]
pub struct Side {
    label: String,
    programs: Vec<Opened>,
}

impl Side {
    /// Asks each program for its cases.
    ///
    /// # Errors
    /// If a program cannot be started or is not a benchmark program, or if two contain the same case.
    pub fn open(
        label: impl Into<String>,
        programs: Vec<Program>,
        limits: &ListLimits,
    ) -> Result<Self, RunError> {
        let opened = programs.into_iter().map(|program| {
            bench_adapters::open(program, limits).map_err(|error| UsageError(error.to_string()))
        });
        Side::of(label.into(), opened.collect::<Result<_, _>>()?)
    }

    /// Same as [`Side::open`], for bench targets that cargo has built: if there are several, those that are not
    /// benchmark programs are left out, with a message.
    ///
    /// # Errors
    /// Same as [`Side::open`], and if no program is left.
    pub fn open_built(
        label: impl Into<String>,
        programs: Vec<Program>,
        limits: &ListLimits,
    ) -> Result<Self, RunError> {
        if programs.len() == 1 {
            return Side::open(label, programs, limits);
        }
        let mut all = Vec::new();
        for program in programs {
            match bench_adapters::open(program, limits) {
                Ok(opened) => all.push(opened),
                Err(error) => tell(&format!("left out: {error}")),
            }
        }
        let side = Side::of(label.into(), all)?;
        if side.programs.is_empty() {
            let label = side.label;
            return Err(UsageError(format!("no bench target of {label} is a benchmark program")).into());
        }
        Ok(side)
    }

    pub(super) fn of(label: String, opened: Vec<Opened>) -> Result<Self, RunError> {
        let (opened, left_out) = bench_adapters::apart(opened);
        for left_out in left_out {
            tell(&format!("left out: {left_out}"));
        }
        let mut side = Side { label, programs: Vec::new() };
        opened.into_iter().try_for_each(|opened| side.add(opened))?;
        Ok(side)
    }

    fn add(&mut self, opened: Opened) -> Result<(), RunError> {
        for case in opened.cases() {
            let twin = self.programs.iter().find(|held| held.cases().iter().any(|other| other.id == case.id));
            if let Some(twin) = twin {
                return Err(RunError::Registry(format!(
                    "two programs contain the case `{}`: {} and {}. Compare only one of them",
                    case.id,
                    twin.program.path().display(),
                    opened.program.path().display()
                )));
            }
        }
        self.programs.push(opened);
        Ok(())
    }

    /// Returns the name in reports: a revision, or a path.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns its programs.
    pub fn programs(&self) -> &[Opened] {
        &self.programs
    }

    /// Returns the same side twice, once with `layouts` of its layouts and once with as many others, drawn by a seed.
    ///
    /// # Errors
    /// [`RunError::Usage`] if the side has fewer than twice this many layouts.
    pub(super) fn apart(&self, layouts: usize, seed: u64) -> Result<[Self; 2], RunError> {
        let known = self.programs.iter().map(|opened| opened.program.layouts().len()).min().unwrap_or(0);
        if known < 2 * layouts {
            let message = format!("expected {} layouts of {}, found {known}", 2 * layouts, self.label);
            return Err(UsageError(message).into());
        }
        let mut places: Vec<usize> = (0..known).collect();
        shuffle(&mut places, mix(seed));
        let with = |places: &[usize]| {
            let chosen = |opened: &Opened| {
                let all = opened.program.layouts();
                let layouts = places.iter().filter_map(|place| all.get(*place).cloned()).collect();
                Opened { program: opened.program.clone().with_layouts(layouts), ..opened.clone() }
            };
            Side { label: self.label.clone(), programs: self.programs.iter().map(chosen).collect() }
        };
        Ok([with(&places[..layouts]), with(&places[layouts..2 * layouts])])
    }

    /// Returns the files of the layouts of all its programs.
    pub(super) fn layouts(&self) -> Vec<PathBuf> {
        self.programs.iter().flat_map(|opened| opened.program.layouts()).cloned().collect()
    }

    /// Returns the build of its first program; `None` if it has no programs.
    pub(super) fn build(&self) -> Option<&Build> {
        self.programs.first().map(|opened| &opened.listing.build)
    }

    /// Returns the programs that contain the chosen cases, by the ids of the cases.
    pub(super) fn chosen(&self, selection: &Selection) -> BTreeMap<&str, &Opened> {
        self.held()
            .filter(|(_, case)| selection.takes(case))
            .map(|(opened, case)| (case.id.as_str(), opened))
            .collect()
    }

    /// Returns the ids of all cases, in the order of the programs.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.held().map(|(_, case)| case.id.as_str()).collect()
    }

    /// Returns the case with this id, and the program that contains it; `None` if there is no such case.
    pub(super) fn find(&self, id: &str) -> Option<(&Opened, &Case)> {
        self.held().find(|(_, case)| case.id == id)
    }

    fn held(&self) -> impl Iterator<Item = (&Opened, &Case)> {
        self.programs.iter().flat_map(|opened| opened.cases().iter().map(move |case| (opened, case)))
    }
}

/// Returns the number of layouts that all programs have; `None` if each was linked once.
///
/// # Errors
/// [`RunError::Usage`] if one program has more than another: layouts must be drawn from equal numbers.
pub(super) fn common_layouts<'a>(
    pairs: impl IntoIterator<Item = (&'a Opened, &'a Opened)>,
) -> Result<Option<usize>, RunError> {
    let mut known = None;
    for (base, candidate) in pairs {
        let numbers = [base, candidate].map(|opened| opened.program.layouts().len());
        let expected = *known.get_or_insert(numbers[0]);
        if let Some(other) = numbers.into_iter().find(|number| *number != expected) {
            return Err(UsageError(format!(
                "expected as many layouts of every program, found {expected} and {other}: build both sides with the same \
                 `--layouts`"
            ))
            .into());
        }
    }
    Ok(known.filter(|number| *number > 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use bench_protocol::Listing;

    use super::*;

    fn opened(layouts: usize) -> Opened {
        let files = (0..layouts).map(|number| format!("/nobody-{number}").into()).collect();
        let program =
            Program::executable(Path::new("/nobody")).expect("an absolute path").with_layouts(files);
        Opened { program, listing: Listing::new(Build::default(), Vec::new()) }
    }

    fn side(layouts: usize) -> Side {
        Side { label: "one".to_owned(), programs: vec![opened(layouts)] }
    }

    #[test]
    fn both_sides_have_as_many_layouts() {
        let (none, three, four) = (opened(0), opened(3), opened(4));
        assert_eq!(common_layouts([(&none, &none)]).expect("none"), None);
        assert_eq!(common_layouts([(&three, &three), (&three, &three)]).expect("three"), Some(3));
        let refused = common_layouts([(&three, &three), (&three, &four)]).expect_err("different").to_string();
        assert!(refused.contains("found 3 and 4"), "{refused}");
    }

    #[test]
    fn a_side_is_set_against_itself_in_other_layouts() {
        let files = |side: &Side| -> BTreeSet<PathBuf> {
            side.programs[0].program.layouts().iter().cloned().collect()
        };
        let side = side(16);
        let mut firsts = BTreeSet::new();
        for seed in 0..20 {
            let [one, other] = side.apart(3, seed).expect("enough");
            assert_eq!((files(&one).len(), files(&other).len()), (3, 3));
            assert!(files(&one).is_disjoint(&files(&other)));
            firsts.insert(files(&one));
        }
        assert!(firsts.len() > 10, "drawn anew: {}", firsts.len());
        let refused = side.apart(9, 0).expect_err("too few").to_string();
        assert!(refused.contains("expected 18 layouts of one, found 16"), "{refused}");
    }
}
