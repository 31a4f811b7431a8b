//! Recognizes the harness of an executable by traces in its file.

use std::fs;
use std::path::Path;

use memchr::memmem;

use crate::harness::Harness;

/// Returns the harnesses whose traces the file contains, in the order in which they should be asked. Empty for a file
/// that is not a program of this system, such as a script.
pub(crate) fn harnesses(executable: &Path) -> Vec<Harness> {
    let Ok(bytes) = fs::read(executable) else { return Vec::new() };
    if !is_program(&bytes) {
        return Vec::new();
    }
    let holds =
        |harness: &Harness| harness.traces().iter().any(|trace| memmem::find(&bytes, trace).is_some());
    Harness::ALL.into_iter().filter(holds).collect()
}

/// Whether the file is in the format ELF, Mach-O or PE.
fn is_program(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 4] = [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];
    starts.iter().any(|start| bytes.starts_with(start))
}

/// Returns the compiler that has left its name in the file (the section `.comment` of ELF), such as `GCC 14.2.0` or
/// `rustc 1.95.0 (59807616e 2026-04-14)`.
pub(crate) fn toolchain(executable: &Path) -> Option<String> {
    let bytes = fs::read(executable).ok()?;
    rustc(&bytes).or_else(|| c_compiler(&bytes))
}

fn rustc(bytes: &[u8]) -> Option<String> {
    let before = b"rustc version ";
    memmem::find_iter(bytes, before).find_map(|place| {
        let text = text_at(bytes, place + before.len());
        text.starts_with(|first: char| first.is_ascii_digit()).then(|| format!("rustc {text}"))
    })
}

fn c_compiler(bytes: &[u8]) -> Option<String> {
    // `GCC: (Debian 14.2.0-19) 14.2.0`, `clang version 19.1.7 (3)`; clang's programs contain both if they link libgcc.
    let clang = memmem::find(bytes, b"clang version ").map(|place| text_at(bytes, place));
    let gcc = || {
        let place = memmem::find(bytes, b"GCC: (")?;
        let version = text_at(bytes, place).rsplit(' ').next()?.to_owned();
        Some(format!("GCC {version}"))
    };
    clang.or_else(gcc)
}

/// Returns the printable text that begins at `place`.
fn text_at(bytes: &[u8], place: usize) -> String {
    const LONGEST: usize = 100;
    let text = bytes[place..].iter().take(LONGEST).take_while(|byte| matches!(byte, b' '..=b'~'));
    text.map(|byte| char::from(*byte)).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_are_known_by_what_they_leave() {
        let own = std::env::current_exe().expect("this test");
        let toolchain = toolchain(&own).expect("a compiler");
        assert!(toolchain.starts_with("rustc 1."), "{toolchain}");
        let gcc = b"\x7fELF\0GCC: (Debian 14.2.0-19) 14.2.0\0.symtab";
        assert_eq!((rustc(gcc), c_compiler(gcc).as_deref()), (None, Some("GCC 14.2.0")));
        let both = b"GCC: (GNU) 13.1\0clang version 19.1.7 (x)\0";
        assert_eq!(c_compiler(both).as_deref(), Some("clang version 19.1.7 (x)"));
        assert_eq!(
            rustc(b"the rustc version of this is \0rustc version 1.95.0 (5 2026-04-14)\0"),
            Some("rustc 1.95.0 (5 2026-04-14)".to_owned())
        );
    }

    #[test]
    fn scripts_hold_no_traces() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("written");
            harnesses(&path)
        };
        assert_eq!(write("script", b"#!/bin/sh\nexport CARGO_CRITERION_PORT=1\n"), []);
        assert_eq!(
            write("program", b"\x7fELF..RUST_TEST_THREADS..CARGO_CRITERION_PORT"),
            [Harness::Criterion, Harness::Libtest]
        );
        assert_eq!(harnesses(&folder.path().join("missing")), []);
    }
}
