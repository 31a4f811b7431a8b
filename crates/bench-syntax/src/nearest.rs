//! Did-you-mean: ranks known names by their distance to a mistyped one.

/// Returns `known`, without repetitions, nearest to `text` first. A name that contains `text`, or is contained in it,
/// counts as near.
pub fn rank<S: Into<String>>(text: &str, known: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut names: Vec<String> = known.into_iter().map(Into::into).collect();
    names.sort();
    names.dedup();
    let lower = text.to_lowercase();
    names.sort_by_cached_key(|name| {
        let other = name.to_lowercase();
        let contained = !lower.is_empty() && (other.contains(&lower) || lower.contains(&other));
        (!contained, distance(&lower, &other))
    });
    names
}

/// Returns case ids, nearest to `text` first: by their nearest part, since people mistype a name and not a whole id.
pub fn rank_ids<'a>(text: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = text.to_lowercase();
    let wanted = wanted.trim_matches(|c: char| !c.is_alphanumeric());
    let mut ids: Vec<&str> = ids.into_iter().collect();
    ids.sort_by_cached_key(|id| {
        let id = id.to_lowercase();
        let parts = id.split(['/', '[', ']', ',', '=']).chain([id.as_str()]);
        parts.map(|part| distance(wanted, part)).min()
    });
    ids
}

/// Returns the name in `known` that `text` was probably meant to be; `None` if no name is near.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    known
        .into_iter()
        .map(|name| (distance(&text, &name.to_lowercase()), name))
        // A distance of more than half the word is not a typing error, and a suggestion would mislead.
        .filter(|(distance, name)| distance * 2 <= name.chars().count().max(text.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Returns ": did you mean `…`?", or nothing if no name is near.
pub fn question<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, known).map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

/// Returns a list in words: `` `a`, `b` and `c` ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

/// The optimal string alignment distance: how many characters must be inserted, removed, replaced or swapped with their
/// neighbour, none of them twice (Boytsov, "Indexing methods for approximate dictionary searching", ACM Journal of
/// Experimental Algorithmics 16, 2011).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // Rows of the table of distances between beginnings: the last but one, the last, and this one.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for (row, own) in one.chars().enumerate() {
        let mut here = Vec::with_capacity(above.len());
        here.push(row + 1);
        for (column, theirs) in other.iter().enumerate() {
            let replaced = above[column] + usize::from(own != *theirs);
            let mut least = replaced.min(above[column + 1] + 1).min(here[column] + 1);
            if column > 0 && last == Some(*theirs) && own == other[column - 1] {
                least = least.min(before[column - 1] + 1);
            }
            here.push(least);
        }
        before = std::mem::replace(&mut above, here);
        last = Some(own);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_first_without_repeats() {
        assert_eq!(rank("resnt", ["vit", "resnet", "resnet", "mimi"])[0], "resnet");
        assert_eq!(rank("net", ["vit", "net_of_a_long_name"])[0], "net_of_a_long_name");
    }

    #[test]
    fn an_id_is_near_by_its_nearest_part() {
        let ids = ["unit/marks", "resnet/unit/softmax", "resnet/performance/forward[batch=1]"];
        assert_eq!(rank_ids("softmux", ids)[0], "resnet/unit/softmax");
        assert_eq!(rank_ids("^forwrad$", ids)[0], "resnet/performance/forward[batch=1]");
    }

    #[test]
    fn a_slip_is_answered_and_a_guess_is_not() {
        let keys = ["name", "category", "warmup"];
        assert_eq!(nearest("catgory", keys), Some("category"));
        assert_eq!(nearest("Warm_up", keys), Some("warmup"));
        assert_eq!(nearest("elem", ["Element"]), Some("Element"));
        assert_eq!(nearest("throughput", keys), None);
    }

    #[test]
    fn a_slip_costs_one_and_no_character_is_changed_twice() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "same", 0),
            ("kitten", "sitting", 3),
            ("forward", "forwrad", 1),
            ("ab", "bca", 3),
            ("ca", "abc", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(list([]), "none");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
