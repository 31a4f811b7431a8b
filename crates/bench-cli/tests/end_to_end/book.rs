//! Types the commands that the book tells a reader to type.

use std::fs;
use std::path::Path;
use std::process::Command;

use bench_history::config::Config;
use bench_testing::{Bench, Block, Document, Ended, executable, run_to_end, runs_in, workspace};

use crate::project::Project;
use crate::python;
use crate::stage::Stage;

fn chapters() -> Vec<Document> {
    let entries = fs::read_dir(workspace().join("docs/book/src")).expect("the book").flatten();
    let paths =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut chapters: Vec<Document> = paths.map(|path| Document::read(&path)).collect();
    chapters.sort_by(|one, other| one.path.cmp(&other.path));
    chapters
}

fn chapter(name: &str) -> Document {
    Document::read(&workspace().join("docs/book/src").join(name))
}

fn blocks(document: &Document, language: &str) -> Vec<Block> {
    document.blocks().into_iter().filter(|block| block.language == language).collect()
}

/// Returns the commands of a shell block, without comments and lines that begin with "…", which the reader fills in.
fn commands(block: &Block) -> Vec<String> {
    let lines = block.text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with(['…', '#'])).map(str::to_owned).collect()
}

/// Returns the words of a command, without their quotes.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for c in command.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Runs a command with `--help` added: the exit code is 0 only if all flags before it are known. `None` for other
/// programs.
fn understood(words: &[String], stage: &Stage) -> Option<Ended> {
    let strings: Vec<&str> = words.iter().map(String::as_str).collect();
    let before = |arguments: &[&str]| {
        let end = arguments.iter().position(|it| *it == "--").unwrap_or(arguments.len());
        // Executables of the reader do not exist here.
        let given = arguments[..end].iter().filter(|it| !it.starts_with("./"));
        given.map(|it| (*it).to_owned()).chain(["--help".to_owned()]).collect::<Vec<_>>()
    };
    let mut command = match &strings[..] {
        ["bench", arguments @ ..] => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
            command.args(before(arguments));
            command
        }
        ["cargo", "bench", rest @ ..] => {
            let flags = rest.iter().position(|it| *it == "--").map_or(&[][..], |at| &rest[at + 1..]);
            let mut command = Command::new(executable(Bench::Spread));
            command.args(flags).arg("--help");
            command
        }
        // Programs of others, and lines that set a variable.
        ["pip" | "pytest" | "python", ..] | ["cargo", "install" | "test", ..] => return None,
        [variable, ..] if variable.contains('=') => return None,
        _ => panic!("neither a command of ours nor one that is known: {words:?}"),
    };
    Some(run_to_end(&mut command, stage.path()))
}

#[test]
fn every_flag_in_the_book_is_known() {
    let stage = Stage::new(&[]);
    let mut typed = 0;
    let readme = Document::read(&workspace().join("README.md"));
    for chapter in chapters().into_iter().chain([readme]) {
        for block in blocks(&chapter, "sh").iter().filter(|block| !block.text.starts_with("#!")) {
            for command in commands(block) {
                let Some(ended) = understood(&words(&command), &stage) else { continue };
                assert_eq!(ended.code, 0, "{}: {command}\n{}", chapter.path.display(), ended.said());
                typed += 1;
            }
        }
    }
    assert!(typed > 50, "only {typed} commands were found");
}

/// Runs the commands of the blocks that a chapter marks with `run`, in order.
fn type_in(project: &Project, chapter: &Document) {
    for block in blocks(chapter, "sh").iter().filter(|block| block.mark == "run") {
        for command in commands(block) {
            let quick = [("BENCH_ROUNDS", "2"), ("BENCH_MAX_TIME", "200ms"), ("BENCH_NO_PROGRESS", "1")];
            let mut shell = project.prepare(project.stage.command("sh", &["-c", &command]));
            let bench = Path::new(env!("CARGO_BIN_EXE_bench")).parent().expect("a folder").to_owned();
            let path = std::env::var_os("PATH").expect("a path");
            let paths = [bench].into_iter().chain(std::env::split_paths(&path));
            shell.env("PATH", std::env::join_paths(paths).expect("paths")).envs(quick);
            // Without the time limit of other tests, because this builds the bench target.
            let ended = shell.output().expect("started");
            // 3 is allowed: the machine may have slowed down between two commands.
            let went_well = ended.status.code().is_some_and(|code| [0, 3].contains(&code));
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(went_well, "{}: {command}\n{said}", chapter.path.display());
        }
    }
}

#[test]
fn a_reader_who_types_what_is_said_gets_along() {
    let project = Project::with_runner();
    // Writes the manifest of the first chapter into the project, which already has the library.
    let start = chapter("getting-started.md");
    let manifest = &blocks(&start, "toml")[0].text;
    let place = workspace().join("bench-core").display().to_string();
    let manifest = manifest.replace("../bench/bench-core", &place);
    assert!(manifest.contains(&place) && manifest.contains("name = \"mine\""), "{manifest}");
    project.write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"project\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{manifest}\n[workspace]\n\n\
             [profile.bench.package.\"*\"]\nopt-level = 0\n"
        ),
    );
    fs::remove_dir_all(project.path().join("benches")).expect("removed");
    project.write("benches/mine.rs", &blocks(&start, "rust")[0].text);
    project.commit("as the first chapter says");
    for name in ["getting-started.md", "comparing.md", "history.md"] {
        type_in(&project, &chapter(name));
    }
    assert!(runs_in(&project.stage.results()).len() >= 4);
}

#[test]
fn the_examples_of_bench_toml_are_read() {
    let history = chapter("history.md");
    let read = |block: &Block| Config::parse(&block.text, Path::new("bench.toml")).expect("read");
    let configs: Vec<Config> = blocks(&history, "toml").iter().map(read).collect();
    assert_eq!((configs[0].rules.len(), configs[0].rules[1].limits.len()), (2, 3));
    assert_eq!(configs[1].alerts.len(), 3);
    let page = read(&blocks(&chapter("reports.md"), "toml")[0]).page;
    assert!(page.commit.is_some() && page.range.is_some());
}

#[test]
fn the_benchmarks_in_python_are_listed() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let shown = blocks(&chapter("python.md"), "python");
    fs::write(stage.path().join("cases.py"), &shown[0].text).expect("file");
    fs::write(stage.path().join("served.py"), &shown[1].text).expect("file");
    let mut list = stage.bench_command(&["run", ".", "--list"]);
    let listed = stage.end(list.env("PYTHONPATH", workspace().join("python")));
    let cases = ["unit/softmax", "resnet50/performance/forward[batch=8]", "joe/performance/speak"];
    listed.expect_code(0).expect_said(&cases).expect_said(&["performance/paint[steps=20]"]);
}
