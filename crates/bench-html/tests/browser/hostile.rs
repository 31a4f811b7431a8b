//! Tests names that contain HTML or code.

use bench_history::change::Settings;
use bench_history::store::Acceptance;
use bench_html::{History, Page, Run};
use bench_protocol::Better;

use crate::{demo, stage};

/// Each name would set `window.attacked`, or end an element, if it were interpreted as HTML, CSS or code.
const NAMES: [&str; 5] = [
    "</script><script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    "\"><svg onload=window.attacked=1>",
    "javascript:window.attacked=1//\u{2028}\u{2029}&lt;b&gt;<!--",
    "__proto__",
];

#[test]
fn a_hostile_name_does_nothing() {
    let mut series = Vec::new();
    for (place, name) in NAMES.iter().enumerate() {
        let mut line = demo::line(1, 0, "time");
        line.key.case = (*name).to_owned();
        line.key.metric = format!("{name} metric");
        line.key.machine.cpu = (*name).to_owned();
        line.key.toolchain = (*name).to_owned();
        line.unit = if place == 0 { (*name).to_owned() } else { "s".to_owned() };
        line.better = Better::Higher;
        for point in &mut line.points {
            point.run = format!("{name} {}", point.run);
            point.commit = Some((*name).to_owned());
        }
        series.push(line);
    }
    let accepted: Vec<Acceptance> = series
        .iter()
        .map(|line| Acceptance {
            case: line.key.case.clone(),
            run: line.points[20].run.clone(),
            at: NAMES[0].to_owned(),
            author: NAMES[1].to_owned(),
            reason: NAMES[2].to_owned(),
        })
        .collect();
    let mut record = demo::record(NAMES[1], 1.0);
    record.warnings.extend(NAMES.map(str::to_owned));
    for (case, name) in record.cases.iter_mut().zip(NAMES.iter().cycle()) {
        case.id = format!("{name}{}", case.id);
        case.warnings.push((*name).to_owned());
    }
    record.environment.cpu = Some(NAMES[0].to_owned());
    let page = Page {
        history: Some(History::of(&series, &accepted, Settings::default())),
        runs: vec![Run::of(&record)],
        ..demo::compared()
    };
    let Some(browser) = stage::show("hostile", &page) else { return };
    for hash in [
        "#view=overview",
        "#view=changes",
        "#view=series",
        "#view=run",
        "#view=load",
        "#view=environment",
        "#view=comparison",
    ] {
        browser.run(&format!("location.hash = {hash:?}"));
        browser.wait(&format!("document.querySelector('.view.{}')", hash.trim_start_matches("#view=")));
        assert_eq!(browser.count("main script, main img, main iframe, main b"), 0, "{hash}");
    }
    browser.run("location.hash = '#view=series'");
    browser.wait("document.querySelectorAll('.card').length === 5");
    for (place, name) in NAMES.iter().enumerate() {
        browser.run("location.hash = '#view=series'");
        browser.wait("document.querySelectorAll('.card').length === 5");
        let script = format!(
            "return [...document.querySelectorAll('.card-name')].some((name) => name.textContent === {})",
            serde_json::to_string(name).expect("JSON")
        );
        assert_eq!(browser.run(&script), true, "{name} is shown as it is");
        browser.run(&format!("document.querySelectorAll('.card')[{place}].click()"));
        browser.wait("document.querySelector('.view.line .chart canvas')");
    }
    // An address is data, too.
    browser.run(
        "location.hash = '#view=%3Cimg src=x onerror=window.attacked=1%3E&case=%3Cscript%3E&__proto__=x'",
    );
    browser.wait("document.querySelector('main .view')");
    assert_eq!(browser.run("return window.attacked ?? null"), serde_json::Value::Null);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn no_other_script_runs_and_no_text_becomes_html() {
    let Some(browser) = stage::show("policy", &demo::nightly()) else { return };
    browser.run(
        "const script = document.createElement('script'); script.append('window.attacked = 1'); \
         document.body.append(script);",
    );
    let refused =
        browser.run("try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true }");
    assert_eq!(refused, true);
    browser.run("return fetch('https://example.org/').catch(() => {})");
    assert_eq!(browser.run("return window.attacked ?? null"), serde_json::Value::Null);
    assert!(!browser.complaints().is_empty(), "the browser says that it refused");
}
