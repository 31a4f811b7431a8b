use super::*;

/// Returns an executable with these `layouts` next to it, the folder that contains them, and the tools.
fn built(own: &str, layouts: &[&str]) -> (tempfile::TempDir, Executable, Tools) {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = Executable(folder.path().join("speed-0123456789abcdef"));
    fs::write(&executable.0, own).expect("written");
    for (file, text) in executable.layouts(layouts.len()).iter().zip(layouts) {
        fs::write(file, text).expect("written");
    }
    let tools = Tools::beside(folder.path(), &[executable.name()], &executable.0).expect("tools");
    (folder, executable, tools)
}

fn refused(executable: &Executable, layouts: usize, tools: &Tools) -> String {
    executable.check(layouts, tools).expect_err("refused").to_string()
}

#[test]
fn layouts_are_used_again_while_the_executable_is_the_same() {
    let (_folder, executable, tools) = built("code", &["a", "b", "c"]);
    assert!(!executable.has(3), "nothing is noted yet");
    executable.check(3, &tools).expect("three layouts");
    assert!(executable.has(3) && executable.has(2) && !executable.has(4));
    fs::write(&executable.0, "other code").expect("written");
    assert!(!executable.has(3));
    fs::write(&executable.0, "code").expect("written");
    fs::remove_file(&executable.layouts(3)[1]).expect("removed");
    assert!(!executable.has(3), "one is gone");
    executable.forget(3).expect("forgotten");
    let left: Vec<_> =
        [&executable.0, &executable.note()].into_iter().cloned().chain(executable.layouts(3)).collect();
    assert!(left.iter().all(|file| !file.exists()), "{left:?}");
}

#[test]
fn layouts_that_are_none_are_refused_with_what_to_do() {
    let (_folder, executable, tools) = built("code", &["a", "b", "a"]);
    let same = refused(&executable, 3, &tools);
    assert!(same.contains("the same executable more than once") && same.contains("-fuse-ld=lld"), "{same}");
    assert!(refused(&executable, 4, &tools).contains("called no linker"));
    let said = "collect2: error\nld.bfd: unrecognized option '--shuffle-sections=.text*=1'\n";
    fs::write(tools.0.join(format!("{}.refusal", executable.name())), said).expect("written");
    let refused = refused(&executable, 3, &tools);
    assert!(refused.contains("`ld.bfd: unrecognized option '--shuffle-sections=.text*=1'`"), "{refused}");
    assert!(!executable.has(3), "nothing is noted of it");
}

#[test]
fn the_tools_go_when_they_are_done() {
    let (folder, executable, tools) = built("code", &[]);
    let outputs = fs::read_to_string(tools.0.join("outputs")).expect("outputs");
    assert_eq!(outputs, format!("{}\n", executable.name()));
    drop(tools);
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "the executable");
}

#[test]
fn one_layout_is_the_executable_as_it_is() {
    let program = Program::executable(Path::new("/nowhere/speed")).expect("an absolute path");
    let invocation = Invocation { folder: Path::new("/nowhere"), arguments: &[], target: None };
    assert_eq!(relink(vec![program.clone()], invocation, 1).expect("nothing to do"), [program]);
}
