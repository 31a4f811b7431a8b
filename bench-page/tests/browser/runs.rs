//! Runs, load, environment, comparisons.

use crate::{demo, stage};

#[test]
fn a_run_shows_cases_failures_load_and_environment() {
    let Some(browser) = stage::show("run", &demo::nightly()) else { return };
    browser.run("location.hash = '#view=run'");
    browser.wait("document.querySelector('.view.run table')");
    let text = browser.text("main");
    for expected in
        ["of 10 cases measured", "panicked", "beam.rs:41", "no weights", "steal: 2.1 %", "two modes"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    browser.run(
        "[...document.querySelectorAll('.sort')].find((button) => button.textContent === 'median').click()",
    );
    let first = browser.text("[aria-sort=descending]");
    assert_eq!(first, "median");
    browser.run("location.hash = '#view=load'");
    browser.wait("document.querySelectorAll('.view.load .chart canvas').length === 3");
    let text = browser.text("main");
    for expected in ["tts/performance/speak", "latency p99", "not valid", "12 × queue is full"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    browser.run("location.hash = '#view=environment'");
    browser.wait("document.querySelector('.environment dl')");
    assert!(browser.text("main").contains("AMD EPYC 7763"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_comparison_can_be_narrowed_to_a_verdict() {
    let Some(browser) = stage::show("comparison", &demo::compared()) else { return };
    assert_eq!(browser.text("nav [aria-current]"), "Comparison");
    assert!(browser.text("main").contains("before → after"));
    let rows = browser.count("tbody tr");
    browser.run(
        "[...document.querySelectorAll('.toggle')].find((button) => button.textContent.includes('slower')).click()",
    );
    browser.wait("location.hash.includes('show=slower')");
    browser.wait(&format!("document.querySelectorAll('tbody tr').length < {rows}"));
    assert_eq!(browser.text("tbody .verdict"), "▲ slower");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
