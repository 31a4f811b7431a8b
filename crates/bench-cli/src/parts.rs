//! Messages about the parts of a run that several processes have measured.

use bench_record::Parts;

/// Describes which parts of a run are in the store.
pub(crate) fn told(parts: &Parts) -> String {
    let Parts { run, of, numbers, .. } = parts;
    if parts.missing().is_empty() {
        format!("all {of} parts of the run {run} are in the store")
    } else {
        format!("{} of {of} of the run {run}: in the store so far", named(numbers))
    }
}

/// Describes which cases of a run are not judged yet because parts are missing; `None` if the run is complete.
pub(crate) fn not_judged(parts: &Parts) -> Option<String> {
    let missing = parts.missing();
    let verb = if missing.len() == 1 { "is" } else { "are" };
    (!missing.is_empty()).then(|| {
        format!(
            "{} of {} of the run {} {verb} not in the store yet: their cases are not judged",
            named(&missing),
            parts.of,
            parts.run
        )
    })
}

/// Returns numbers of parts in words: `part 2`, `parts 2 and 4`.
fn named(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    match numbers.split_last() {
        Some((last, [])) => format!("part {last}"),
        Some((last, others)) => format!("parts {} and {last}", others.join(", ")),
        None => "no part".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bench_syntax::Share;

    use super::*;

    #[test]
    fn parts_are_named() {
        let part = |rank| Parts::one("nightly", Share::of_rank(rank, 3).expect("a part"));
        let mut parts = part(1);
        assert_eq!(told(&parts), "part 2 of 3 of the run nightly: in the store so far");
        assert_eq!(
            not_judged(&parts).as_deref(),
            Some(
                "parts 1 and 3 of 3 of the run nightly are not in the store yet: their cases are not judged"
            )
        );
        parts.add(&part(0));
        assert!(told(&parts).starts_with("parts 1 and 2 of 3"));
        parts.add(&part(2));
        assert_eq!(told(&parts), "all 3 parts of the run nightly are in the store");
        assert_eq!(not_judged(&parts), None);
    }
}
