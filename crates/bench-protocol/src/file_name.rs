//! Converts ids to names of files.

use bench_stats::seed::hash;

/// Converts an id to the name of a file: characters that are not allowed everywhere become a dash. Ids that would get
/// the same name, or too long a one, are distinguished by a hash.
pub fn file_name(id: &str) -> String {
    const LONGEST: usize = 100;
    let plain: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() || "._=,+".contains(c) { c } else { '-' }).collect();
    let shown: String = plain.trim_matches(['-', '.']).chars().take(LONGEST).collect();
    if id.chars().all(|c| c.is_ascii_alphanumeric() || "/_=".contains(c)) && id.len() <= LONGEST {
        return shown;
    }
    format!("{shown}-{:08x}", hash(id) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_is_the_name_of_a_file_of_its_own() {
        assert_eq!(file_name("resnet/unit/softmax"), "resnet-unit-softmax");
        let (one, other) = (file_name("unit/x[a=1/2]"), file_name("unit/x[a=1-2]"));
        assert_ne!(one, other);
        let long = file_name(&"x".repeat(5000));
        for name in [one, other, long, file_name("../..\u{202e}/\0"), file_name("")] {
            assert!(
                name.len() < 120 && !name.contains(['/', '\0', '\u{202e}']) && !name.starts_with('.'),
                "{name:?}"
            );
        }
    }
}
