//! Rules for documents: links lead to something that exists, and blocks of code are run or give the reason why not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bench_testing::{Block, Document, anchors, excerpt, workspace};

/// Folders whose Markdown is not checked, because it is not written here.
const FOREIGN: [&str; 5] = ["target", "benchmark_results", ".git", "weights", "fuzz"];

fn markdown_below(folder: &Path) -> Vec<PathBuf> {
    files_below(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            if !FOREIGN.iter().any(|foreign| name == *foreign) {
                found.extend(files_below(&path));
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn chapters() -> Vec<Document> {
    markdown_below(&workspace().join("docs/book/src")).iter().map(|path| Document::read(path)).collect()
}

/// Returns each link of the document whose target does not exist.
fn dead_links(document: &Document) -> Vec<String> {
    let folder = document.path.parent().expect("a folder");
    let dead = document.links().into_iter().filter(|link| {
        if link.contains("://") || link.starts_with("mailto:") {
            return false;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = if file.is_empty() { document.path.clone() } else { folder.join(file) };
        let text = || fs::read_to_string(&path).unwrap_or_default();
        let has_anchors = file.is_empty() || path.extension().is_some_and(|end| end == "md");
        let anchors = || anchors(&if file.is_empty() { document.text.clone() } else { text() });
        let anchor_exists = || !has_anchors || anchors().contains(anchor);
        !path.exists() || !anchor.is_empty() && !anchor_exists()
    });
    dead.map(|link| format!("{}: {link}", document.path.display())).collect()
}

#[test]
fn links_lead_somewhere() {
    let documents = markdown_below(workspace());
    assert!(documents.len() > 40, "{} documents", documents.len());
    let dead: Vec<String> = documents.iter().flat_map(|path| dead_links(&Document::read(path))).collect();
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn every_chapter_is_in_the_summary() {
    let summary = Document::read(&workspace().join("docs/book/src/SUMMARY.md"));
    let listed: BTreeSet<String> = summary.links().into_iter().map(str::to_owned).collect();
    let name = |chapter: &Document| chapter.path.file_name().expect("a name").to_string_lossy().into_owned();
    let written: BTreeSet<String> = chapters().iter().map(name).filter(|name| name != "SUMMARY.md").collect();
    assert_eq!(listed, written);
}

/// Returns the links of a chapter that are broken in the built book, in which only its own pages have names with `.md`.
fn lost_when_built(document: &Document) -> Vec<String> {
    let links = document.links().into_iter().filter(|link| !link.contains("://"));
    let lost = links.filter(|link| {
        let file = link.split('#').next().unwrap_or_default();
        file.starts_with("..") && file.ends_with(".md")
    });
    lost.map(|link| format!("{}: {link}", document.path.display())).collect()
}

#[test]
fn links_of_chapters_hold_in_the_built_book() {
    let mut lost: Vec<String> = chapters().iter().flat_map(lost_when_built).collect();
    // A chapter in another folder includes this document, so relative links cannot be right in both. Its picture is not
    // included.
    let evidence = Document::read(&workspace().join("docs/evidence.md"));
    let relative =
        evidence.links().into_iter().filter(|link| !link.contains("://") && !link.starts_with('#'));
    lost.extend(relative.filter(|link| *link != "verdicts.svg").map(str::to_owned));
    assert!(lost.is_empty(), "link to the folder, or name the file without a link:\n{}", lost.join("\n"));
    let text = "[a](../../evidence.md#history) [b](../../fleet/ssh.sh) [c](load.md)".to_owned();
    let document = Document { path: workspace().join("docs/book/src/x.md"), text };
    assert_eq!(lost_when_built(&document).len(), 1);
}

/// Returns the blocks of Rust that tests compile, as a document shows them.
fn compiled_rust() -> Vec<String> {
    let shown = ["crates/bench-load/tests/book", "bench-core/tests/book", "models/tests/book"];
    let folders = shown.iter().flat_map(|folder| files_below(&workspace().join(folder)));
    let alone = ["crates/bench-load/tests/own_domain.rs", "bench-core/examples/mine.rs"];
    folders
        .chain(alone.iter().map(|file| workspace().join(file)))
        .map(|path| excerpt(&fs::read_to_string(path).expect("a source")))
        .collect()
}

#[test]
fn blocks_of_rust_are_compiled() {
    let compiled = compiled_rust();
    let mut shown = String::new();
    for document in ["README.md", "models/README.md"].map(|path| Document::read(&workspace().join(path))) {
        shown += &document.text;
    }
    for chapter in chapters() {
        for block in chapter.blocks().iter().filter(|block| block.language == "rust") {
            let whole = format!("```rust\n{}```", block.text);
            assert!(
                compiled.contains(&whole),
                "{}:{}: no file below a `tests/book` holds this block",
                chapter.path.display(),
                block.line
            );
        }
        shown += &chapter.text;
    }
    for block in compiled {
        assert!(shown.contains(&block), "compiled as an example, and shown nowhere:\n{block}");
    }
}

/// Returns the error in the mark of a block, `None` if it is right: `<!-- run -->`, `<!-- run: WHERE -->` or `<!-- not
/// run: WHY -->` in the line above.
fn unmarked(block: &Block) -> Option<String> {
    let why = match block.language.as_str() {
        // These are compared with sources or parsed, or are output and not code.
        "rust" | "toml" | "json" | "text" | "python" | "yaml" => return None,
        "sh" | "rust,ignore" if block.mark == "run" => return None,
        "sh" | "rust,ignore" => block.mark.strip_prefix("run: ").or(block.mark.strip_prefix("not run: ")),
        other => {
            return Some(format!("a block of `{other}`: use sh, text, rust, toml, json, python or yaml"));
        }
    };
    why.is_none_or(str::is_empty).then(|| "neither run nor marked with a reason".to_owned())
}

#[test]
fn blocks_are_run_or_say_why_not() {
    let mut found = Vec::new();
    for chapter in chapters() {
        for block in chapter.blocks() {
            let place = format!("{}:{}", chapter.path.display(), block.line);
            if let Some(what) = unmarked(&block) {
                found.push(format!("{place}: {what}"));
            }
            let toml = (block.language == "toml").then(|| block.text.parse::<toml::Table>());
            if let Some(Err(error)) = toml {
                found.push(format!("{place}: {error}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_wrong_with_a_document_is_found() {
    let text = "# A title\n\n[a](#a-title) [b](#no-title) [c](no.md) `[d](no)`\n\n```sh\n[e](no)\n```\n<!-- run -->\n```sh\nls\n```\n";
    let document = Document { path: workspace().join("README.md"), text: text.to_owned() };
    let dead = dead_links(&document);
    assert_eq!(dead.len(), 2, "{dead:?}");
    assert!(dead[0].ends_with(": #no-title") && dead[1].ends_with(": no.md"), "{dead:?}");
    let wrong: Vec<bool> = document.blocks().iter().map(|block| unmarked(block).is_some()).collect();
    assert_eq!(wrong, [true, false]);
}
