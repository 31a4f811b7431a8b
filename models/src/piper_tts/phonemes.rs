//! [`Phonemiser`]: finds the pronunciation of a text with espeak-ng.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use super::SpeechError;
use super::sentences::clauses;

/// espeak-ng, with the International Phonetic Alphabet as output.
#[derive(Clone, Debug)]
pub struct Phonemiser {
    program: String,
    voice: String,
}

impl Phonemiser {
    /// Creates a phonemiser for one of espeak-ng's voices, such as `en-us`. `program` is a name in `$PATH` or a path.
    pub fn new(program: impl Into<String>, voice: impl Into<String>) -> Self {
        Phonemiser { program: program.into(), voice: voice.into() }
    }

    /// Returns a sentence in the phonetic alphabet, with its marks; starts a process for each of its clauses.
    ///
    /// # Errors
    /// If espeak-ng is not installed, or reports an error.
    pub fn phonemes(&self, sentence: &str) -> Result<String, SpeechError> {
        let mut phonemes = String::new();
        for clause in clauses(sentence) {
            if !phonemes.is_empty() {
                phonemes.push(' ');
            }
            // espeak-ng starts a new line at each pause, even within a clause.
            let lines = self.say(clause.words)?;
            phonemes += &lines.split_whitespace().collect::<Vec<_>>().join(" ");
            phonemes.push(clause.mark);
        }
        Ok(phonemes)
    }

    fn say(&self, words: &str) -> Result<String, SpeechError> {
        let failed = |reason: String| SpeechError::Espeak {
            program: self.program.clone(),
            voice: self.voice.clone(),
            reason,
        };
        let mut command = Command::new(&self.program);
        command.args(["-q", "--ipa", "--stdin", "-v", &self.voice]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => SpeechError::NoEspeak { program: self.program.clone() },
            _ => failed(error.to_string()),
        })?;
        if let Some(mut stdin) = child.stdin.take() {
            // espeak-ng reads all input before it prints. If it has failed, it does not read: its exit code is checked
            // below.
            match stdin.write_all(words.as_bytes()) {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(failed(error.to_string())),
                _ => {}
            }
        }
        let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        String::from_utf8(output.stdout).map_err(|_| failed("its answer is not UTF-8".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_says_how_to_get_it() {
        let error =
            Phonemiser::new("/nowhere/espeak-ng", "en-us").phonemes("Hello.").expect_err("no program");
        let said = error.to_string();
        assert!(
            said.starts_with("/nowhere/espeak-ng is not installed") && said.contains("apt-get"),
            "{said}"
        );
        assert!(error.or_skip().skip_reason().is_some());
    }

    #[test]
    fn espeak_is_asked_clause_by_clause() {
        let english = Phonemiser::new("espeak-ng", "en-us");
        match english.phonemes("Hello, world!") {
            Ok(phonemes) => assert_eq!(phonemes, "həlˈoʊ, wˈɜːld!"),
            Err(absent @ SpeechError::NoEspeak { .. }) => return println!("not tested: {absent}"),
            Err(error) => panic!("{error}"),
        }
        let error = Phonemiser::new("espeak-ng", "xx").phonemes("Hello.").expect_err("no such voice");
        assert!(error.to_string().starts_with("espeak-ng failed on the voice `xx`: "), "{error}");
        assert_eq!(error.or_skip().skip_reason(), None);
    }
}
