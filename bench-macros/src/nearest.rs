//! Did-you-mean, for keys, categories and names of arguments.

/// The name in `known` that `text` was probably meant to be.
pub(crate) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&text, &name.to_lowercase()), name))
        // Further than half the word is no slip of the finger, and naming it would mislead.
        .filter(|(distance, name)| distance * 2 <= name.chars().count().max(text.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// ": did you mean `…`?", or nothing where no name is near.
pub(crate) fn question<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, known).map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_and_a_guess_is_not() {
        let keys = ["name", "category", "warmup"];
        assert_eq!(nearest("catgory", keys), Some("category"));
        assert_eq!(nearest("Warm_up", keys), Some("warmup"));
        assert_eq!(nearest("elem", ["Element"]), Some("Element"));
        assert_eq!(nearest("throughput", keys), None);
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(list([]), "none");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
