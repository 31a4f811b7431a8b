//! Flags of another tool as they were typed.

/// Flags and their values, each with `-` for `_`.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    flags: Vec<(String, Vec<String>)>,
    /// Neither a flag nor the value of one.
    pub(super) words: Vec<String>,
}

impl Typed {
    /// Reads flags. `switches` take no value, `lists` as many as follow; all others take one.
    ///
    /// # Errors
    /// A flag without its value.
    pub(super) fn read(typed: &[String], switches: &[&str], lists: &[&str]) -> Result<Self, String> {
        let mut read = Typed::default();
        let mut rest = typed.iter().peekable();
        while let Some(word) = rest.next() {
            // What a shell would have joined with the next line.
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

    /// The value of the last of these flags that was typed, which is taken out.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<String> {
        self.take_all(names).pop()
    }

    /// All values of these flags, which are taken out.
    pub(super) fn take_all(&mut self, names: &[&str]) -> Vec<String> {
        let is_named = |flag: &(String, Vec<String>)| names.contains(&flag.0.as_str());
        let values =
            self.flags.iter().filter(|flag| is_named(flag)).flat_map(|flag| flag.1.clone()).collect();
        self.flags.retain(|flag| !is_named(flag));
        values
    }

    /// Whether one of these switches was typed; it is taken out.
    pub(super) fn has(&mut self, names: &[&str]) -> bool {
        let before = self.flags.len();
        self.flags.retain(|flag| !names.contains(&flag.0.as_str()));
        self.flags.len() < before
    }

    /// Takes out flags that ask for nothing that is measured, and says so.
    pub(super) fn leave_out(&mut self, names: &[(&str, &str)]) -> Vec<String> {
        let mut said = Vec::new();
        for (name, why) in names {
            if self.has(&[*name]) {
                said.push(format!("{name} ({why})"));
            }
        }
        said
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// The flags and words that were not taken.
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

/// Whether a word is a flag, and not a number below 0.
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

/// A number of tokens with its deviation, as ours are written.
pub(super) fn with_deviation(mean: Option<String>, deviation: Option<String>) -> Option<String> {
    let is_zero = |text: &String| text.parse::<f64>().is_ok_and(|number| number == 0.0);
    match (mean, deviation.filter(|deviation| !is_zero(deviation))) {
        (Some(mean), Some(deviation)) => Some(format!("{mean}:{deviation}")),
        (mean, _) => mean,
    }
}
