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

/// Case ids, nearest to `text` first: by their nearest part, since people mistype a name and not a whole id.
pub(crate) fn rank_ids<'a>(text: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = text.to_lowercase();
    let wanted = wanted.trim_matches(|c: char| !c.is_alphanumeric());
    let mut ids: Vec<&str> = ids.into_iter().collect();
    ids.sort_by_cached_key(|id| {
        let id = id.to_lowercase();
        let parts = id.split(['/', '[', ']', ',', '=']).chain([id.as_str()]);
        parts.map(|part| strsim::osa_distance(wanted, part)).min()
    });
    ids
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
}
