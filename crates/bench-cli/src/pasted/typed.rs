//! Flags of another tool as they were typed.

/// Flags with `_` replaced by `-`, and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    flags: Vec<(String, Vec<String>)>,
    /// The words that are neither a flag nor the value of one.
    pub(super) words: Vec<String>,
}

impl Typed {
    /// Reads flags. `switches` take no value, `lists` take all values that follow; all others take one.
    ///
    /// # Errors
    /// If the value of a flag is missing.
    pub(super) fn read(typed: &[String], switches: &[&str], lists: &[&str]) -> Result<Self, String> {
        let mut read = Typed::default();
        let mut rest = typed.iter().peekable();
        while let Some(word) = rest.next() {
            // The end of a line that a shell would have joined with the next one.
            if word == "\\" {
                continue;
            }
            if !is_flag(word) {
                read.words.push(word.clone());
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let name = name.replace('_', "-");
            let mut values: Vec<String> = value.into_iter().collect();
            if values.is_empty() && !switches.contains(&name.as_str()) {
                let most = if lists.contains(&name.as_str()) { usize::MAX } else { 1 };
                while values.len() < most
                    && let Some(value) = rest.next_if(|next| !is_flag(next) && *next != "\\")
                {
                    values.push(value.clone());
                }
                if values.is_empty() {
                    return Err(format!("`{name}` has no value"));
                }
            }
            read.flags.push((name, values));
        }
        Ok(read)
    }

    /// Removes these flags; returns the value of the last one that was typed, `None` if none was.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<String> {
        self.take_all(names).pop()
    }

    /// Removes these flags, and returns all their values.
    pub(super) fn take_all(&mut self, names: &[&str]) -> Vec<String> {
        let is_named = |flag: &(String, Vec<String>)| names.contains(&flag.0.as_str());
        let values =
            self.flags.iter().filter(|flag| is_named(flag)).flat_map(|flag| flag.1.clone()).collect();
        self.flags.retain(|flag| !is_named(flag));
        values
    }

    /// Removes these switches; returns whether one of them was typed.
    pub(super) fn has(&mut self, names: &[&str]) -> bool {
        let before = self.flags.len();
        self.flags.retain(|flag| !names.contains(&flag.0.as_str()));
        self.flags.len() < before
    }

    /// Removes flags that do not affect the measurement; returns those that were typed, with the reasons.
    pub(super) fn leave_out(&mut self, names: &[(&str, &str)]) -> Vec<String> {
        let mut said = Vec::new();
        for (name, why) in names {
            if self.has(&[*name]) {
                said.push(format!("{name} ({why})"));
            }
        }
        said
    }

    /// Checks that no flag or word is left.
    ///
    /// # Errors
    /// If there are flags or words left, which the message names.
    pub(super) fn finish(self) -> Result<(), String> {
        let mut left: Vec<String> = self.flags.into_iter().map(|flag| flag.0).collect();
        left.extend(self.words);
        if left.is_empty() {
            return Ok(());
        }
        Err(format!(
            "no known equivalent for {}: leave it out, or write the command as in `bench load --help`",
            left.join(", ")
        ))
    }
}

/// Whether a word is a flag. A negative number is not one.
fn is_flag(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| !rest.is_empty() && rest.parse::<f64>().is_err())
}

/// Adds a flag with its value.
pub(super) fn push(arguments: &mut Vec<String>, name: &str, value: impl Into<String>) {
    arguments.extend([name.to_owned(), value.into()]);
}

/// Adds a flag with its value, if it has one.
pub(super) fn push_some(arguments: &mut Vec<String>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        push(arguments, name, value);
    }
}

/// Returns a mean number of tokens and its deviation as `MEAN:DEVIATION`; only the mean if the deviation is absent or
/// 0.
pub(super) fn with_deviation(mean: Option<String>, deviation: Option<String>) -> Option<String> {
    let is_zero = |text: &String| text.parse::<f64>().is_ok_and(|number| number == 0.0);
    match (mean, deviation.filter(|deviation| !is_zero(deviation))) {
        (Some(mean), Some(deviation)) => Some(format!("{mean}:{deviation}")),
        (mean, _) => mean,
    }
}
