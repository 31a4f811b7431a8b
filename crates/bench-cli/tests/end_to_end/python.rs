//! Programs in Python, in the folder of a test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::stage::Stage;

/// The example of the protocol.
pub(crate) const EXAMPLE: &str = include_str!("../fixtures/python_program.py");

/// The same program, with the fault that the variable `FAULT` names.
pub(crate) const FAULTY: &str = include_str!("../fixtures/faulty_program.py");

/// Whether Python 3 is missing, which is printed. Fails if the variable `CI` is set.
pub(crate) fn is_missing() -> bool {
    let missing =
        !Command::new("python3").arg("--version").output().is_ok_and(|ended| ended.status.success());
    assert!(!missing || std::env::var_os("CI").is_none(), "python3 is not installed");
    if missing {
        println!("not checked: python3 is not installed");
    }
    missing
}

/// Writes an executable program into the folder of the stage; returns its path relative to the folder.
pub(crate) fn install(stage: &Stage, text: &str, name: &str) -> String {
    let path = stage.path().join(name);
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    format!("./{name}")
}
