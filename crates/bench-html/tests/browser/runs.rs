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
    assert!(text.contains("±8143\u{a0}%"), "{text}");
    // Beside the figures, and not among what is to be doubted as well.
    assert_eq!(
        text.matches("✗ invalid: the harness was the bottleneck at concurrency 16").count(),
        1,
        "{text}"
    );
    assert_eq!(text.matches("the harness was the bottleneck").count(), 1, "{text}");
    browser.run("document.querySelector('.unfold').click()");
    let below = browser.text(".below");
    assert!(below.contains("padding0.00060") && below.contains("major faults0/iteration"), "{below}");
    browser.run("document.querySelector('.unfold').click()");
    assert_eq!(browser.count(".below"), 0);
    browser.run(
        "[...document.querySelectorAll('.sort')].find((button) => button.textContent === 'median').click()",
    );
    let first = browser.text("[aria-sort=descending]");
    assert_eq!(first, "median");
    browser.run("location.hash = '#view=load'");
    browser.wait("document.querySelectorAll('.view.load .chart canvas').length === 3");
    let text = browser.text("main");
    for expected in [
        "tts/performance/speak",
        "latency p99",
        "✗ not valid",
        "✗ harness-bound",
        "concurrency 16: the harness was the bottleneck: 1 % of requests",
        "12 × queue is full",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(browser.text(".warnings code"), "200", "what stands between backticks is code");
    browser.run("location.hash = '#view=environment'");
    browser.wait("document.querySelector('.environment dl')");
    assert!(browser.text("main").contains("AMD EPYC 7763"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn many_levels_are_drawn_and_listed_on_request() {
    let Some(browser) = stage::show("searched", &demo::searched()) else { return };
    browser.run("location.hash = '#view=load'");
    browser.wait("document.querySelectorAll('.view.load .chart canvas').length === 6");
    let folded = browser.run(
        "return [...document.querySelectorAll('.load details')].map((one) => \
         [one.firstChild.textContent, one.querySelectorAll('tbody tr').length].join(': '))",
    );
    assert_eq!(folded, serde_json::json!(["All 40 levels: 40"]));
    let text = browser.text("main");
    assert!(text.contains("latency-bounded throughput: 17.25 req/s (16.50 req/s to 18.00 req/s)"), "{text}");
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
    browser.run(
        "[...document.querySelectorAll('.toggle')].find((button) => button.textContent.includes('skipped')).click()",
    );
    browser.wait("location.hash.includes('show=skipped')");
    let row = browser.text("tbody");
    assert!(
        row.contains("sd15/performance/denoise") && row.contains("skipped in both runs: no weights"),
        "{row}"
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
