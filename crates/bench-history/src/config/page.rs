//! The `[page]` section of `bench.toml`.

use serde::{Deserialize, Serialize};

/// The address patterns of the project's forge, to which the page of `bench report` and `bench serve` links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PageSettings {
    /// The address of a commit, with `{}` in the place of its hash; `None` means no link.
    #[serde(deserialize_with = "of_commit")]
    pub commit: Option<String>,
    /// The address of the difference between two commits, with `{}` in the place of each hash; `None` means no link.
    #[serde(deserialize_with = "of_range")]
    pub range: Option<String>,
}

fn of_commit<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    template(deserializer, 1, "https://github.com/OWNER/NAME/commit/{}")
}

fn of_range<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    template(deserializer, 2, "https://github.com/OWNER/NAME/compare/{}...{}")
}

fn template<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
    places: usize,
    example: &str,
) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    if !is_web || text.matches("{}").count() != places {
        return Err(serde::de::Error::custom(format!(
            "expected an address with `{{}}` {} for a commit, such as \"{example}\"",
            if places == 1 { "once" } else { "twice" }
        )));
    }
    Ok(Some(text))
}
