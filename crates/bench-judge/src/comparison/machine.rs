//! Lists the differences between the machines and builds of two runs, because of which a change may not come from the
//! code.

use std::collections::{BTreeMap, BTreeSet};

use bench_record::{Environment, Record, References};

/// A change of a reference by less is not mentioned: runs on a quiet machine differ by as much.
const NOTEWORTHY: f64 = 0.02;

/// Returns each way in which the machine or the build differs; empty if they are the same.
pub(super) fn differences(old: &Environment, new: &Environment) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let number = |value: Option<usize>| value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    let mut differences = others([
        ("processor", text(&old.cpu), text(&new.cpu)),
        ("number of cores", number(old.cores), number(new.cores)),
        ("toolchain", old.toolchain.clone(), new.toolchain.clone()),
        ("target", old.target.clone(), new.target.clone()),
        ("opt-level", old.opt_level.clone(), new.opt_level.clone()),
    ]);
    // Records from before engines were recorded name none.
    if !old.engines.is_empty() && !new.engines.is_empty() {
        let names: BTreeSet<&String> = old.engines.keys().chain(new.engines.keys()).collect();
        let version = |engines: &BTreeMap<String, String>, name: &String| {
            engines.get(name).cloned().unwrap_or_else(|| "none".to_owned())
        };
        for name in names {
            let pair = (name.as_str(), version(&old.engines, name), version(&new.engines, name));
            differences.extend(others([pair]));
        }
    }
    differences
}

/// Same as [`differences`], with the builds of cases that are in both records.
pub(super) fn differences_of(old: &Record, new: &Record) -> Vec<String> {
    let mut all = differences(&old.environment, &new.environment);
    let both = new.cases.iter().filter_map(|case| Some((old.case(&case.id)?, case)));
    for (then, now) in both.filter(|(then, now)| then.build.is_some() || now.build.is_some()) {
        for difference in differences(&old.environment_of(then), &new.environment_of(now)) {
            if !all.contains(&difference) {
                all.push(difference);
            }
        }
    }
    all
}

/// Describes the pairs whose values differ between the two runs.
pub(super) fn others<const N: usize>(pairs: [(&str, String, String); N]) -> Vec<String> {
    let different = pairs.into_iter().filter(|(_, old, new)| old != new);
    different.map(|(what, old, new)| format!("different {what}: {old} then, {new} now")).collect()
}

/// Joins all differences in one line; `None` if there are none.
pub(super) fn in_a_line(differences: &[String]) -> Option<String> {
    (!differences.is_empty()).then(|| format!("not the same machine and build: {}", differences.join("; ")))
}

/// Describes how the reference kernels of two runs differ, and whether that explains a `drift` that all cases share;
/// `None` if one of the runs has no references.
pub(super) fn references(
    old: Option<References>,
    new: Option<References>,
    drift: Option<f64>,
) -> Option<String> {
    let (old, new) = (old?, new?);
    let clock = new.clock_step_ns / old.clock_step_ns - 1.0;
    let walk = new.walk_step_ns / old.walk_step_ns - 1.0;
    if !(clock.is_finite() && walk.is_finite()) {
        return None;
    }
    let moved = clock.abs() > NOTEWORTHY;
    let drifted = drift.filter(|drift| drift.abs() > NOTEWORTHY);
    let meaning = match (moved, drifted) {
        (true, Some(drift)) if drift.signum() == clock.signum() => {
            ": the core's clock has changed, and the cases with it"
        }
        (true, _) => ": the core's clock has changed",
        (false, Some(drift)) if is_apart(drift, walk) => {
            ": it did not change in the way that the cases together did"
        }
        (false, _) => "",
    };
    Some(format!(
        "the machine's clock reference: {:+.1} %, memory walk: {:+.1} % (time a step, now against then){meaning}",
        clock * 100.0,
        walk * 100.0
    ))
}

/// Whether the machine stood still, judging by its references, while the cases moved together by `drift`.
pub(super) fn stood_still(old: Option<References>, new: Option<References>, drift: f64) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let moved = |old: f64, new: f64| new / old - 1.0;
    let clock = moved(old.clock_step_ns, new.clock_step_ns);
    let walk = moved(old.walk_step_ns, new.walk_step_ns);
    drift.abs() > NOTEWORTHY && clock.abs() <= NOTEWORTHY && is_apart(drift, walk)
}

fn is_apart(drift: f64, walk: f64) -> bool {
    (drift - walk).abs() > drift.abs() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references_of(clock: f64, walk: f64, drift: Option<f64>) -> String {
        let then = References::new(0.5, 100.0);
        let now = References::new(0.5 * (1.0 + clock), 100.0 * (1.0 + walk));
        references(Some(then), Some(now), drift).expect("both have them")
    }

    #[test]
    fn the_machine_is_told_apart_from_the_code() {
        let quiet = references_of(0.004, -0.004, Some(0.01));
        assert_eq!(
            quiet,
            "the machine's clock reference: +0.4 %, memory walk: -0.4 % (time a step, now against then)"
        );
        assert!(references_of(0.1, 0.0, Some(0.09)).ends_with("has changed, and the cases with it"));
        assert!(references_of(0.1, 0.0, None).ends_with("clock has changed"));
        assert!(
            references_of(0.0, 0.0, Some(0.1))
                .ends_with("it did not change in the way that the cases together did")
        );
        assert!(references_of(0.0, 0.1, Some(0.1)).ends_with("then)"), "memory moved with the cases");
        assert_eq!(references(None, Some(References::new(1.0, 1.0)), None), None);
    }
}
