//! JUnit XML in Ant's form: a suite for each model and category, a test case for each case, with its failure or the
//! reason why it was skipped; the figures are in the output of the suite.

use std::collections::BTreeMap;
use std::io;

use bench_history::figure::{Figure, figures};
use bench_record::{CaseRecord, Failure, Record, Status};
use bench_syntax::quantity;
use bench_syntax::quantity::Seconds;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::{Export, Exported, InterchangeError};

pub(crate) struct JUnit;

type Xml = Writer<Vec<u8>>;

impl Export for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
        write(&mut xml, record).map_err(|error| InterchangeError::Unwritable {
            run: record.run.clone(),
            format: self.name(),
            reason: error.to_string(),
        })?;
        let mut content = xml.into_inner();
        content.push(b'\n');
        Ok(Exported::file("junit.xml", content, Vec::new()))
    }
}

fn write(xml: &mut Xml, record: &Record) -> io::Result<()> {
    let mut suites: BTreeMap<String, Vec<&CaseRecord>> = BTreeMap::new();
    for case in &record.cases {
        let model = case.model.as_ref().map(|model| format!("{model}.")).unwrap_or_default();
        suites.entry(format!("{model}{}", case.category)).or_default().push(case);
    }
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites").write_inner_content(|xml| {
        suites.iter().enumerate().try_for_each(|(id, (name, cases))| suite(xml, record, id, name, cases))
    })?;
    Ok(())
}

fn suite(xml: &mut Xml, record: &Record, id: usize, name: &str, cases: &[&CaseRecord]) -> io::Result<()> {
    let count =
        |wanted: &[Status]| cases.iter().filter(|case| wanted.contains(&case.status)).count().to_string();
    let seconds = decimal(cases.iter().map(|case| wall_s(case)).sum());
    let (name, id) = (legal(name), id.to_string());
    // The schema requires a time without a zone, and a host even if none is known.
    let timestamp = record.timestamp.trim_end_matches('Z');
    xml.create_element("testsuite")
        .with_attributes([
            ("name", name.as_str()),
            ("package", name.as_str()),
            ("id", id.as_str()),
            ("timestamp", timestamp),
            ("hostname", "localhost"),
            ("tests", cases.len().to_string().as_str()),
            ("failures", count(&[Status::Failed]).as_str()),
            ("errors", "0"),
            ("skipped", count(&[Status::Skipped, Status::NotRun]).as_str()),
            ("time", seconds.as_str()),
        ])
        .write_inner_content(|xml| {
            properties(xml, record)?;
            cases.iter().try_for_each(|case| test_case(xml, &name, case))?;
            let printed: String = cases.iter().flat_map(|case| lines(case)).collect();
            xml.create_element("system-out").write_text_content(BytesText::new(&legal(&printed)))?;
            let warnings: String = cases
                .iter()
                .flat_map(|case| case.warnings.iter().map(|warning| format!("{}: {warning}\n", case.id)))
                .collect();
            xml.create_element("system-err").write_text_content(BytesText::new(&legal(&warnings)))?;
            Ok(())
        })?;
    Ok(())
}

fn properties(xml: &mut Xml, record: &Record) -> io::Result<()> {
    let environment = &record.environment;
    let known = [
        ("run", Some(&record.run)),
        ("commit", environment.commit.as_ref()),
        ("toolchain", Some(&environment.toolchain)),
        ("cpu", environment.cpu.as_ref()),
    ];
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in known {
            if let Some(value) = value {
                let value = legal(value);
                xml.create_element("property")
                    .with_attributes([("name", name), ("value", value.as_str())])
                    .write_empty()?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn test_case(xml: &mut Xml, class: &str, case: &CaseRecord) -> io::Result<()> {
    let (name, time) = (legal(&case.id), decimal(wall_s(case)));
    let element = xml.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", class),
        ("time", time.as_str()),
    ]);
    match (case.status, &case.failure) {
        (Status::Ok, _) => element.write_empty()?,
        (Status::Failed, failure) => element.write_inner_content(|xml| failed(xml, failure.as_ref()))?,
        (Status::Skipped | Status::NotRun, _) => {
            let reason = case.skip_reason.as_deref().unwrap_or("the run ended before it");
            element.write_inner_content(|xml| {
                xml.create_element("skipped")
                    .with_attribute(("message", legal(reason).as_str()))
                    .write_empty()?;
                Ok(())
            })?
        }
    };
    Ok(())
}

fn failed(xml: &mut Xml, failure: Option<&Failure>) -> io::Result<()> {
    let (cause, message, tail) = failure.map_or(("unknown".to_owned(), "", ""), |failure| {
        (failure.cause.to_string(), failure.message.as_str(), failure.output_tail.as_str())
    });
    xml.create_element("failure")
        .with_attributes([("message", legal(message).as_str()), ("type", cause.as_str())])
        .write_text_content(BytesText::new(&legal(tail)))?;
    Ok(())
}

/// Returns a line for each figure of a case.
fn lines(case: &CaseRecord) -> Vec<String> {
    let line = |figure: Figure| {
        let told = match figure.unit.as_str() {
            "s" => Seconds(figure.value).to_string(),
            unit => format!("{} {unit}", quantity::significant(figure.value)),
        };
        format!("{}: {} {told}\n", case.id, figure.metric)
    };
    figures(case).into_iter().map(line).collect()
}

/// Returns the wall time of a case, all its rounds together, in seconds.
fn wall_s(case: &CaseRecord) -> f64 {
    case.rounds.iter().map(|round| round.wall_s).sum()
}

/// Formats a decimal number: the schema does not allow exponents.
fn decimal(seconds: f64) -> String {
    format!("{seconds:.6}")
}

/// Keeps only characters that XML 1.0 allows in a document (section 2.2); escaping does not help the others.
fn legal(text: &str) -> String {
    let is_legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_legal(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;

    use super::*;
    use crate::fixture;

    fn text() -> String {
        let exported = JUnit.export(&fixture::record()).expect("written");
        String::from_utf8(exported.documents[0].content.clone()).expect("text")
    }

    #[test]
    fn a_run_is_a_report_of_tests() {
        let text = text();
        for part in [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuite name=\"resnet.performance\" package=\"resnet.performance\" id=\"0\" \
             timestamp=\"2026-11-21T07:31:05\" hostname=\"localhost\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" \
             time=\"4.500000\">",
            "<testsuite name=\"unit\" package=\"unit\" id=\"1\" timestamp=\"2026-11-21T07:31:05\" hostname=\"localhost\" \
             tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\"",
            "<skipped message=\"no GPU here\"/>",
            "<skipped message=\"the run ended before it\"/>",
            "<failure message=\"index &lt;7&gt; out of range &amp; gone\" type=\"panicked\">",
            "resnet/performance/forward[batch=8]: time 2.000 ms",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains(['\u{1}', '\u{1b}']), "{text}");
    }

    #[test]
    fn it_is_well_formed_and_holds_every_case() {
        let text = text();
        let mut reader = Reader::from_str(&text);
        let mut names = Vec::new();
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Eof => break,
                Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "testcase" => {
                    let name = tag.try_get_attribute("name").expect("attributes").expect("a name");
                    names.push(
                        name.normalized_value(quick_xml::XmlVersion::Explicit1_0)
                            .expect("escaped")
                            .into_owned(),
                    );
                }
                _ => {}
            }
        }
        assert_eq!(names.len(), 5);
        let hostile = legal(fixture::HOSTILE);
        assert!(names.contains(&hostile), "{names:?}");
    }
}
