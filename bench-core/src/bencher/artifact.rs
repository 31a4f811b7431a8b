//! What a benchmark has made, kept for someone to look at or listen to.

use std::fs;
use std::path::Path;

use super::Bencher;
use crate::error::Error;
use crate::report::file_name;

impl Bencher {
    /// Keeps `bytes` (a picture, audio) as the file `name` in the run directory, below `artifacts` in a folder of the
    /// case, if the run was asked to (`--save-artifacts`); otherwise does nothing. Each round writes it anew. Call it
    /// outside the measured closure.
    ///
    /// What may not stand in the name of a file everywhere is a dash.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn artifact(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
        self.assignment.artifacts.as_ref().map_or(Ok(()), |folder| keep(folder, name, bytes.as_ref()))
    }
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    // The extension tells programs what is in it: it stays at the end, whatever the name becomes.
    let name = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().all(|c| c.is_ascii_alphanumeric()) => {
            format!("{}.{extension}", file_name(stem))
        }
        _ => file_name(name),
    };
    let file = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, bytes))
        .map_err(|error| Error::failure(format!("cannot keep the artifact {}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_stays_in_its_folder_whatever_its_name() {
        let root = tempfile::tempdir().expect("folder");
        let folder = root.path().join("case");
        for name in ["eye.png", "../../eye.png", "/etc/passwd", "", "a/b.wav", "no extension"] {
            keep(&folder, name, name.as_bytes()).expect(name);
        }
        let mut kept: Vec<(String, String)> = fs::read_dir(&folder)
            .expect("folder")
            .map(|entry| entry.expect("entry"))
            .map(|entry| (entry.file_name().into_string(), fs::read_to_string(entry.path())))
            .map(|(name, text)| (text.expect("text"), name.expect("name")))
            .collect();
        kept.sort();
        assert_eq!(kept.len(), 6, "{kept:?}");
        let of = |text: &str| &kept.iter().find(|(other, _)| other == text).expect("kept").1;
        assert_eq!(of("eye.png"), "eye.png");
        assert!(of("../../eye.png").ends_with(".png") && of("a/b.wav").ends_with(".wav"), "{kept:?}");
        assert_eq!(fs::read_dir(root.path()).expect("root").count(), 1, "nothing beside the folder");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let root = tempfile::tempdir().expect("folder");
        let file = root.path().join("file");
        fs::write(&file, "").expect("file");
        let error = keep(&file.join("case"), "eye.png", b"").expect_err("below a file").to_string();
        assert!(error.starts_with("cannot keep the artifact ") && error.contains("eye.png"), "{error}");
    }
}
