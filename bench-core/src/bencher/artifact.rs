//! Files that a benchmark saves for people to look at or listen to.

use std::fs;
use std::path::Path;

use super::Bencher;
use crate::error::Error;
use bench_protocol::file_name;

impl Bencher {
    /// Saves `bytes` (a picture, audio) as the file `name` in the run directory, below `artifacts`, in the folder
    /// of the case. Does nothing unless the run was started with `--save-artifacts`. Each round overwrites the
    /// file. Call it outside the measured closure.
    ///
    /// Characters that are not allowed in file names on every system are replaced by a dash. An empty name becomes
    /// `artifact`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn artifact(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
        self.assignment.artifacts.as_ref().map_or(Ok(()), |folder| keep(folder, name, bytes.as_ref()))
    }
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    // The extension shows programs the format of the file, so it stays at the end, even if the name changes.
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().all(|c| c.is_ascii_alphanumeric()) => {
            (stem, Some(extension))
        }
        _ => (name, None),
    };
    let mut name = if stem.is_empty() { "artifact".to_owned() } else { file_name(stem) };
    if let Some(extension) = extension {
        name += &format!(".{extension}");
    }
    let file = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, bytes))
        .map_err(|error| Error::failure(format!("cannot keep the artifact {}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names and contents of the saved files.
    fn kept(folder: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
        entries
            .map(|entry| {
                let name = entry.file_name().into_string().expect("UTF-8");
                (name, fs::read_to_string(entry.path()).expect("text"))
            })
            .collect()
    }

    #[test]
    fn an_artifact_stays_in_its_folder_whatever_its_name() {
        // No name leads out of the temporary folder, so that this does no harm if the code is wrong.
        let root = tempfile::tempdir().expect("folder");
        let folder = root.path().join("run/artifacts/case");
        let absolute = root.path().join("absolute.png");
        let absolute = absolute.to_str().expect("UTF-8");
        let names = ["eye.png", "../../eye.png", absolute, "", ".png", "a/b.wav", "no extension"];
        for name in names {
            keep(&folder, name, name.as_bytes()).expect(name);
        }
        let kept = kept(&folder);
        assert_eq!(kept.len(), names.len(), "{kept:?}");
        let of = |text: &str| kept.iter().find(|(_, other)| other == text).expect("kept").0.as_str();
        assert_eq!((of("eye.png"), of(""), of(".png")), ("eye.png", "artifact", "artifact.png"));
        assert!(of("../../eye.png").ends_with(".png") && of("a/b.wav").ends_with(".wav"), "{kept:?}");
        for beside in [root.path(), &root.path().join("run"), &root.path().join("run/artifacts")] {
            assert_eq!(
                fs::read_dir(beside).expect("folder").count(),
                1,
                "nothing else in {}",
                beside.display()
            );
        }
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
