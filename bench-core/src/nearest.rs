//! Did-you-mean: ranks known names by their distance to a mistyped one.

/// `known`, without repeats, nearest to `text` first. A name that contains `text`, or is contained
/// in it, counts as near.
pub(crate) fn rank<S: Into<String>>(text: &str, known: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut names: Vec<String> = known.into_iter().map(Into::into).collect();
    names.sort();
    names.dedup();
    let lower = text.to_lowercase();
    names.sort_by_cached_key(|name| {
        let other = name.to_lowercase();
        let contained = !lower.is_empty() && (other.contains(&lower) || lower.contains(&other));
        (!contained, strsim::osa_distance(&lower, &other))
    });
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_first_without_repeats() {
        assert_eq!(rank("resnt", ["vit", "resnet", "resnet", "mimi"])[0], "resnet");
        assert_eq!(rank("net", ["vit", "net_of_a_long_name"])[0], "net_of_a_long_name");
    }
}
