//! Differences between the builds of both sides that prevent a comparison of their code.

use std::collections::BTreeSet;

use bench_protocol::Build;

use super::Role;

/// Returns notes on the builds of programs that contain the same cases, given as pairs of the base's and the
/// candidate's build. Each note is made once, in the order in which it is found.
pub(super) fn notes(pairs: &[(&Build, &Build)]) -> Vec<String> {
    let sides = [Role::Base, Role::Candidate];
    let slow: Vec<Role> =
        sides.into_iter().filter(|side| pairs.iter().any(|pair| is_slow(of(*side, pair)))).collect();
    let mut notes: Vec<String> = slow.iter().map(|side| unoptimized(*side, slow.len() == 1)).collect();
    let mut seen = BTreeSet::new();
    let differences: Vec<String> = pairs
        .iter()
        .flat_map(|(base, candidate)| differences(base, candidate))
        .filter(|one| seen.insert(one.clone()))
        .collect();
    if !differences.is_empty() {
        notes.push(format!(
            "the sides are built differently, so a change may come from the build and not from the code: {}",
            differences.join("; ")
        ));
    }
    notes
}

fn of<'a>(side: Role, (base, candidate): &(&'a Build, &'a Build)) -> &'a Build {
    match side {
        Role::Base => base,
        Role::Candidate => candidate,
    }
}

/// Whether a build is not optimized, as for a debugger. Assertions in an optimized build do not count: they were
/// requested on purpose.
fn is_slow(build: &Build) -> bool {
    build.optimization == "0"
}

fn unoptimized(side: Role, alone: bool) -> String {
    let other = side.other();
    let what = if alone {
        format!("and the {other} is not: this compares builds, not code")
    } else {
        "so its times are not those of a release build".to_owned()
    };
    format!(
        "the {side} is built without optimization, {what}. Build it as `cargo bench` does, or with `--release`"
    )
}

/// Describes each way in which the two sides were built differently.
fn differences(base: &Build, candidate: &Build) -> Vec<String> {
    let word = |on: bool| if on { "on" } else { "off" }.to_owned();
    let mut things = vec![
        ("toolchain".to_owned(), base.toolchain.clone(), candidate.toolchain.clone()),
        ("target".to_owned(), base.target.clone(), candidate.target.clone()),
        ("processor features".to_owned(), base.target_features.clone(), candidate.target_features.clone()),
        ("opt-level".to_owned(), base.optimization.clone(), candidate.optimization.clone()),
        ("debug assertions".to_owned(), word(base.debug_assertions), word(candidate.debug_assertions)),
    ];
    let names: BTreeSet<&String> = base.engines.keys().chain(candidate.engines.keys()).collect();
    let version = |build: &Build, name: &String| build.engines.get(name).cloned().unwrap_or_default();
    things
        .extend(names.into_iter().map(|name| (name.clone(), version(base, name), version(candidate, name))));
    let named = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let different = things.into_iter().filter(|(_, base, candidate)| base != candidate);
    different
        .map(|(what, base, candidate)| {
            format!("{what}: {} in the base, {} in the candidate", named(base), named(candidate))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(optimization: &str, toolchain: &str) -> Build {
        let mut build = Build::default();
        build.optimization = optimization.to_owned();
        build.toolchain = toolchain.to_owned();
        build
    }

    #[test]
    fn builds_that_are_alike_need_no_word() {
        let usual = build("3", "rustc 1.95.0");
        assert_eq!(notes(&[(&usual, &usual)]), [""; 0]);
    }

    #[test]
    fn a_side_that_is_built_for_a_debugger_is_named() {
        let (usual, mut slow) = (build("3", "rustc 1.95.0"), build("0", "rustc 1.95.0"));
        slow.debug_assertions = true;
        let found = notes(&[(&usual, &usual), (&usual, &slow), (&usual, &slow)]);
        assert_eq!(
            found,
            [
                "the candidate is built without optimization, and the base is not: this compares builds, not code. \
                 Build it as `cargo bench` does, or with `--release`",
                "the sides are built differently, so a change may come from the build and not from the code: opt-level: 3 \
                 in the base, 0 in the candidate; debug assertions: off in the base, on in the candidate",
            ]
        );
        let both = notes(&[(&slow, &slow)]);
        assert_eq!(both.len(), 2);
        assert!(
            both[0].starts_with("the base is built without") && both[0].contains("of a release build"),
            "{both:?}"
        );
    }

    #[test]
    fn what_else_differs_is_named_once() {
        let (old, mut new) = (build("3", "rustc 1.94.0"), build("3", "rustc 1.95.0"));
        new.engines.insert("candle-core".to_owned(), "0.11.0".to_owned());
        let found = notes(&[(&old, &new), (&old, &new)]);
        let [note] = found.as_slice() else { panic!("{found:?}") };
        let told = "toolchain: rustc 1.94.0 in the base, rustc 1.95.0 in the candidate; candle-core: none in the base, \
                    0.11.0 in the candidate";
        assert!(note.ends_with(told), "{note}");
    }
}
