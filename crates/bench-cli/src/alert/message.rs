//! The message, in each form that recipients need.

use bench_history::config::Shape;
use bench_syntax::text::one_line;
use serde::Serialize;
use serde_json::json;

use super::news::News;

/// The version of the JSON that webhooks and commands receive.
const VERSION: u32 = 2;

/// The document that webhooks and commands receive.
#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    changes: &'a [&'a News],
}

/// Returns a number of changes in words: `1 change`, `2 changes`.
pub(super) fn count(changes: usize) -> String {
    format!("{changes} change{}", if changes == 1 { "" } else { "s" })
}

/// Returns the message as JSON.
pub(super) fn body(shape: Shape, news: &[&News]) -> String {
    match shape {
        Shape::Json => {
            let document = Document { format: "bench-alert", version: VERSION, changes: news };
            // Cannot fail: all of the content can be written as JSON.
            serde_json::to_string(&document).unwrap_or_default()
        }
        Shape::Chat => json!({"text": chat(news)}).to_string(),
    }
}

/// Returns the message as text for a chat. Names of benchmarks are in code marks, so that they can neither mention
/// anyone nor be a link; the three characters that Slack interprets even in code marks are escaped.
fn chat(news: &[&News]) -> String {
    let line = |news: &&News| {
        let text = one_line(news.text()).replace('`', "'");
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!("\n• `{text}`")
    };
    format!("Benchmarks: {}{}", count(news.len()), news.iter().map(line).collect::<String>())
}

/// Returns the message in Markdown.
pub(super) fn markdown(news: &[&News]) -> String {
    let line = |news: &&News| {
        let way = if news.is_worse() { "worse" } else { "better" };
        // Within a table, a bar ends its cell even in code marks.
        let text = one_line(news.text()).replace('`', "'").replace('|', "\\|");
        format!("| {way} | `{text}` |\n")
    };
    let lines: String = news.iter().map(line).collect();
    format!("### Benchmarks: {}\n\n| | |\n|---|---|\n{lines}\n", count(news.len()))
}

/// Returns an annotation of a workflow. The end of the line ends its text, so line ends and `%` are escaped
/// (docs.github.com, workflow commands).
pub(super) fn annotation(news: &News) -> String {
    let level = if news.is_worse() { "warning" } else { "notice" };
    let text = news.text().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::{level} title=Benchmarks::{}\n", one_line(&text))
}

#[cfg(test)]
mod tests {
    use bench_history::across::{MachineShift, ShiftedCase};
    use bench_history::change::Kind;
    use bench_history::key::{MachineClass, SeriesKey};
    use bench_history::trend::{Culprit, Place, Turn};
    use serde_json::Value;

    use super::*;

    const HOSTILE: &str = "a`<!channel> & @all | 5 %\r\n::error::x\u{1b}[31m";

    fn news(text: &str) -> News {
        let word = |word: &str| word.to_owned();
        let place = || Place { number: 3, timestamp: word("t"), run: word("r"), commit: None };
        let turn = Turn {
            kind: Kind::Step,
            last_before: place(),
            since: Place { run: word("own"), ..place() },
            found: place(),
            culprit: Culprit { last_good: place(), first_bad: place(), commits: Vec::new() },
            withdrawn: None,
            before: 1.0,
            after: 1.03,
            shift: Some(0.03),
            worse: true,
            z: 5.0,
            also: Vec::new(),
            of_machine: None,
            accepted: None,
        };
        News::Machine {
            text: word(text),
            shift: MachineShift {
                line: SeriesKey {
                    // As in the result of `machine_shifts`: the id of one of the cases.
                    case: word("unit/a"),
                    metric: word("time"),
                    machine: MachineClass {
                        cpu: word("c"),
                        cores: word("2"),
                        gpu: word("g"),
                        memory: word("m"),
                    },
                    toolchain: word("t"),
                    build: word("b"),
                },
                since: place(),
                last_before: place(),
                also: Vec::new(),
                found: place(),
                shift: 0.03,
                worse: true,
                cases: vec![ShiftedCase { case: word("unit/a"), turn }],
                of: 5,
            },
        }
    }

    #[test]
    fn a_chat_cannot_be_made_to_call_anyone() {
        let message: Value =
            serde_json::from_str(&body(Shape::Chat, &[&news(HOSTILE), &news("b")])).expect("JSON");
        let text = message["text"].as_str().expect("a text");
        assert!(text.starts_with("Benchmarks: 2 changes\n• `a'&lt;!channel&gt; &amp; @all"), "{text}");
        assert_eq!((text.matches('`').count(), text.lines().count()), (4, 3), "{text}");
    }

    #[test]
    fn json_holds_the_figures() {
        let message: Value = serde_json::from_str(&body(Shape::Json, &[&news(HOSTILE)])).expect("JSON");
        assert_eq!((&message["format"], &message["version"]), (&json!("bench-alert"), &json!(2)));
        let change = &message["changes"][0];
        assert_eq!((&change["what"], &change["text"]), (&json!("machine"), &json!(HOSTILE)));
        assert_eq!(change["shift"]["shift"], 0.03);
        let hit = &change["shift"]["cases"][0];
        assert_eq!((&hit["case"], &hit["since"]["run"]), (&json!("unit/a"), &json!("own")), "its own place");
    }

    #[test]
    fn a_machine_is_none_of_its_cases() {
        let news = news("a");
        assert_eq!((news.case(), news.identity().0.as_str()), ("", ""));
    }

    #[test]
    fn a_table_keeps_its_cells() {
        let text = markdown(&[&news(HOSTILE)]);
        let row = text.lines().find(|line| line.contains("channel")).expect("a row");
        assert!(row.starts_with("| worse | `") && row.ends_with("` |"), "{row}");
        assert!(row.contains("@all \\| 5"), "{row}");
    }

    #[test]
    fn an_annotation_is_one_line() {
        let text = annotation(&news(HOSTILE));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.starts_with("::warning title=Benchmarks::a`") && text.contains("5 %25%0D%0A::error"),
            "{text}"
        );
    }
}
