//! Code that a document shows and a test compiles.

const BEGIN: &str = "// The book begins here.";
const END: &str = "// The book ends here.";

/// Returns the code block of a document that shows `source`: the lines between "The book begins here." and "The book
/// ends here.", without their indentation; all lines if these markers are missing.
///
/// ```
/// let source = "fn f() {\n    // The book begins here.\n    g();\n    // The book ends here.\n}\n";
/// assert_eq!(bench_testing::excerpt(source), "```rust\ng();\n```");
/// ```
pub fn excerpt(source: &str) -> String {
    let Some((before, rest)) = source.split_once(BEGIN) else { return format!("```rust\n{source}```") };
    let indentation = before.rsplit('\n').next().unwrap_or_default();
    let shown = rest.split_once(END).map_or(rest, |(shown, _)| shown);
    let lines = shown.lines().skip(1).map(|line| line.strip_prefix(indentation).unwrap_or(line));
    let mut block: String = lines.map(|line| format!("{line}\n")).collect();
    // Removes the indentation of the last marker.
    block.truncate(block.trim_end().len());
    format!("```rust\n{block}\n```")
}
