//! Lists of processors as the kernel writes them: `0-3,8` (`cpulist` of cpumask(9)).

use std::collections::BTreeSet;

/// Returns the processors that a list names; `None` if the text is not such a list.
pub(super) fn parse(list: &str) -> Option<BTreeSet<u32>> {
    let mut processors = BTreeSet::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        processors.extend(first.parse::<u32>().ok()?..=last.parse().ok()?);
    }
    Some(processors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_ones_are_read() {
        assert_eq!(parse("0-2,8"), Some(BTreeSet::from([0, 1, 2, 8])));
        assert_eq!(parse(""), Some(BTreeSet::new()));
        assert_eq!(parse("two"), None);
        assert_eq!(parse("3-x"), None);
    }
}
