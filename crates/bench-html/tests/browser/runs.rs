//! Tests runs, load, environment and comparisons.

use crate::{demo, stage, suite};

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
    // An interval that is too wide is shown without a figure.
    assert!(text.contains(">±100\u{a0}%") && !text.contains("8143"), "{text}");
    // The reason appears next to the figures, and not again among the warnings.
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
        "[...document.querySelectorAll('.sort')].find((button) => button.textContent === 'time').click()",
    );
    let first = browser.text("[aria-sort=descending]");
    assert_eq!(first, "time");
    browser.run("location.hash = '#view=load'");
    browser.wait("document.querySelectorAll('.view.load .chart canvas').length === 4");
    let text = browser.text("main");
    for expected in [
        "tts · performance speak",
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
    browser.wait("document.querySelectorAll('.view.load .chart canvas').length === 8");
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
        row.contains("sd15 · performance denoise") && row.contains("skipped in both runs: no weights"),
        "{row}"
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_run_is_read_in_blocks_beside_its_history() {
    let Some(browser) = stage::show("blocks", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=run'");
    browser.wait("document.querySelector('.cases')");
    let blocks =
        browser.run("return [...document.querySelectorAll('.cases .block')].map((row) => row.textContent)");
    assert_eq!(blocks[0], "mmdit · performance  dtype=f32");
    let row = |number: usize| {
        let script =
            format!("return document.querySelectorAll('.cases tbody tr:not(.block)')[{number}].innerText");
        browser.run(&script).as_str().expect("text").replace(['\n', '\t'], " ")
    };
    assert!(row(0).contains("step side=64") && row(0).contains("1 round"), "{}", row(0));
    assert!(row(1).contains("side=128") && row(1).contains("±"), "{}", row(1));
    assert_eq!(browser.count(".cases .histogram"), 42, "each case that was sampled has its histogram");
    // Nothing has changed since the shift of the machine, thirteen nights ago.
    assert_eq!(browser.count(".cases .verdict.is-slower"), 0, "{}", browser.text(".cases"));
    // The head of the table stays in view.
    browser.run("scrollTo(0, document.querySelectorAll('.cases tr')[30].getBoundingClientRect().top)");
    let head = browser.run(
        "const head = document.querySelector('.cases thead th').getBoundingClientRect(); \
         return Math.abs(head.top - document.querySelector('.page-head').offsetHeight) < 2",
    );
    assert_eq!(head, true);
    browser.press("/unet");
    browser.wait("document.querySelector('.view.run .count').textContent === '7 of 43 cases'");
    // In a sorted table, each row contains its model; a third click restores the blocks.
    let sort = "[...document.querySelectorAll('.cases .sort')].find((button) => button.textContent === 'time').click()";
    browser.run(sort);
    assert_eq!(browser.count(".cases .block"), 0);
    assert!(row(0).contains("stable_diffusion_unet · performance step_batch batch=8"), "{}", row(0));
    browser.run(sort);
    browser.run(sort);
    assert_eq!(browser.count(".cases .block"), 1);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_case_unfolds_to_its_samples_and_leads_to_its_history_and_back() {
    let Some(browser) = stage::show("unfolded", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=run&q=depth%3D18'");
    browser.wait("document.querySelectorAll('.cases .unfold').length === 3");
    browser.run("document.querySelectorAll('.cases .unfold')[2].click()");
    browser.wait("document.querySelectorAll('.below .picture').length === 2");
    let below = browser.text(".below");
    let samples = browser.count(".below .picture:nth-child(2) .drop");
    assert!([20, 40, 120].contains(&samples), "{samples} samples: {below}");
    assert!(below.contains("Distribution") && below.contains("95 % interval"), "{below}");
    assert!(below.contains("history: time, CPU time, peak memory, throughput"), "{below}");
    browser.run("document.querySelector('.below a[href*=\"metric=time\"]').click()");
    browser.wait("document.querySelector('.view.line .chart canvas')");
    browser.run("document.querySelector('.line-head a[href*=\"view=run\"]').click()");
    browser.wait("document.querySelector('.view.run .unfold[aria-expanded=true]')");
    assert_eq!(browser.count(".cases .unfold[aria-expanded=true]"), 1);
    browser.press("/rope");
    browser.wait("document.querySelectorAll('.cases .unfold').length === 5");
    assert_eq!(browser.run("return document.activeElement.value"), "rope", "typing keeps its field");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn warnings_that_say_the_same_stand_once() {
    let Some(browser) = stage::show("warnings", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=run'");
    browser.wait("document.querySelector('.folded')");
    let texts =
        browser.run("return [...document.querySelectorAll('.folded > li')].map((line) => line.innerText)");
    let texts: Vec<&str> = texts.as_array().expect("texts").iter().filter_map(|text| text.as_str()).collect();
    let alike: Vec<&&str> = texts.iter().filter(|text| text.contains("bad minute")).collect();
    assert_eq!(alike.len(), 1, "{texts:?}");
    assert!(alike[0].starts_with("9 cases, such as: its 1 rounds fell"), "{alike:?}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn load_is_weighed_and_advised_on() {
    let Some(browser) = stage::show("trade", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=load'");
    browser.wait("document.querySelector('.trade svg')");
    assert_eq!(browser.count(".trade .point"), 6);
    assert_eq!(browser.count(".trade .cross"), 2, "levels that are not valid");
    assert_eq!((browser.count(".trade .slo"), browser.count(".trade .feasible")), (1, 1), "the objective");
    assert_eq!(browser.text(".trade .slo-name"), "latency <= 1.5s");
    assert_eq!(browser.count(".trade .ring"), 4, "levels that serve their requests in time");
    let edges = browser.run(
        "const [line, region] = ['.slo', '.feasible'].map((name) => document.querySelector('.trade ' + name)); \
         return line.getAttribute('y1') === region.getAttribute('y')",
    );
    assert_eq!(edges, true, "the region lies below the line");
    let limits = browser.run(
        "return [...document.querySelectorAll('.charts figure')].flatMap((figure) => \
         figure.querySelector('.chart').shownLimits().map((text) => \
         [figure.querySelector('figcaption').firstChild.textContent, text]))",
    );
    assert_eq!(
        limits,
        serde_json::json!([["latency", "latency <= 1.5s"]]),
        "a line in the chart of latencies alone"
    );
    let labels = browser
        .run("return [...document.querySelectorAll('.trade text.strong')].map((text) => text.textContent)");
    assert_eq!(labels, serde_json::json!(["1", "2", "4", "8", "16", "32"]));
    assert!(
        browser.text(".advice").contains("failures begin at concurrency 32"),
        "{}",
        browser.text(".advice")
    );
    browser.run(
        "const select = document.querySelector('select[name=y]'); select.value = 'latency p99'; \
         select.dispatchEvent(new Event('change'))",
    );
    browser
        .wait("document.querySelector('.trade figcaption').textContent.includes('latency p99 against ASPS')");
    assert_eq!(browser.count(".trade .point.is-hollow"), 6, "too few requests for it");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn on_a_phone_nothing_lies_beyond_the_edge() {
    let Some(browser) = stage::show("phone", &suite::nightly()) else { return };
    browser.narrow(390);
    for view in ["overview", "changes", "series", "run", "load", "environment"] {
        browser.run(&format!("location.hash = '#view={view}'"));
        browser.wait(&format!("document.querySelector('.view.{view}')"));
        let beyond =
            browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(beyond, 0, "{view}");
    }
    browser.run("location.hash = '#view=run'");
    browser.wait("document.querySelector('.cases')");
    let shown =
        browser.run("return getComputedStyle(document.querySelector('.cases td'), '::before').content");
    assert_eq!(shown, "\"time\"", "a figure says what it is");
    browser.open(&stage::address("phone-compared", &demo::compared()));
    browser.wait("document.querySelector('.view.comparison')");
    assert_eq!(
        browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"),
        0,
        "comparison"
    );
}
