//! Tests the downloads, links and keys of a page.

use bench_history::config::Config;
use bench_html::{Comparison, Page};

use crate::{demo, stage, suite};

/// A script that stores the text of files that are saved in `window.saved`.
const KEEP_FILES: &str = "window.saved = []; const make = URL.createObjectURL; \
     URL.createObjectURL = (blob) => { blob.text().then((text) => window.saved.push(text)); return make(blob); }; \
     HTMLAnchorElement.prototype.click = function () { window.file = this.download; };";

#[test]
fn figures_and_pictures_are_handed_out() {
    let page = suite::nightly();
    let Some(browser) = stage::show("export", &page) else { return };
    browser.run(KEEP_FILES);
    let press = |label: &str| {
        browser.run(&format!(
            "[...document.querySelectorAll('button')].find((button) => button.textContent === {label:?}).click()"
        ));
    };
    browser.run("location.hash = '#view=overview&q=mmdit'");
    browser.wait("document.querySelector('.count').textContent === '6 of 42 cases'");
    press("CSV");
    browser.wait("window.saved.length === 1");
    let table =
        browser.run("return window.saved.pop().trim().split('\\r\\n').map((row) => row.split(',').length)");
    // The commas of an id count, too: it has four arguments.
    assert_eq!(table, serde_json::json!([89, 92, 92, 92, 92, 92, 92]), "86 runs of 6 cases");
    browser.run("location.hash = '#view=run&q=mmdit'");
    browser.wait("document.querySelector('.cases')");
    press("CSV");
    browser.wait("window.saved.length === 1");
    let csv = browser.run("return window.saved[0]");
    let lines: Vec<&str> = csv.as_str().expect("text").lines().collect();
    assert!(lines[0].starts_with("case,median (s),"), "{}", lines[0]);
    let case = "\"mmdit/performance/step[device=cpu,threads=all,dtype=f32,side=64]\",0.1";
    assert!(lines[1].starts_with(case), "{}", lines[1]);
    assert_eq!(lines.len(), 44, "all cases that were measured");
    browser.run("document.querySelector('.unfold').click()");
    press("SVG");
    browser.wait("window.saved.length === 2");
    let drawing = browser.run("return window.saved[1]");
    let drawing = drawing.as_str().expect("text");
    assert!(drawing.starts_with("<svg") && !drawing.contains("class="), "it needs no style sheet: {drawing}");
    assert_eq!(browser.run("return window.file"), "Distribution.svg");
    browser.run("location.hash = '#view=changes'");
    browser.wait("document.querySelector('.change')");
    press("CSV");
    browser.wait("window.saved.length === 3");
    let rows = browser.run("return window.saved[2].trim().split('\\n').length");
    let page: serde_json::Value = serde_json::from_str(&page.json().expect("written")).expect("JSON");
    let lines = page["history"]["lines"].as_array().expect("lines");
    let moved: usize = lines.iter().filter_map(|line| line["changes"].as_array()).map(Vec::len).sum();
    assert!(moved > 200, "{moved}");
    assert_eq!(rows, 1 + moved, "a heading, and every figure that moved");
    press("copy link");
    browser.wait("document.body.textContent.includes('✓ copied')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_spreadsheet_takes_no_name_for_a_formula() {
    let mut line = demo::line(1, 0, "time");
    line.key.case = "=HYPERLINK(\"https://h\")".to_owned();
    let history = bench_html::History::of(&[line], &[], bench_history::change::Settings::default());
    let Some(browser) = stage::show("formula", &Page { history: Some(history), ..Page::default() }) else {
        return;
    };
    browser.run(KEEP_FILES);
    browser.run("location.hash = '#view=changes'");
    browser.wait("document.querySelector('.change')");
    assert_eq!(browser.count(".copy[title^=\"bench accept\"]"), 2);
    browser.run(
        "[...document.querySelectorAll('button')].find((button) => button.textContent === 'CSV').click()",
    );
    browser.wait("window.saved.length === 1");
    let csv = browser.run("return window.saved[0]");
    assert!(csv.as_str().is_some_and(|text| text.contains(",\"'=HYPERLINK(\"\"")), "{csv}");
}

#[test]
fn commits_lead_to_the_forge() {
    let text = "[page]\ncommit = \"https://h/commit/{}\"\nrange = \"https://h/compare/{}...{}\"\n";
    let forge = Config::parse(text, "bench.toml".as_ref()).expect("read").page;
    let Some(browser) = stage::show("forge", &Page { forge, ..suite::nightly() }) else { return };
    browser.run("location.hash = '#view=changes&q=depth%3D18'");
    browser.wait("document.querySelector('.change:not(.of-machine)')");
    let links = browser.run(
        "return [...document.querySelectorAll('.change:not(.of-machine) a[href^=http]')].map((link) => link.href)",
    );
    let (good, bad) = (demo::commit(29), demo::commit(30));
    assert_eq!(links[0], format!("https://h/commit/{bad}"));
    assert_eq!(links[1], format!("https://h/compare/{good}...{bad}"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_comparison_shows_what_differs_and_what_would_settle_it() {
    let Some(browser) = stage::show("differs", &demo::compared()) else { return };
    let differs = browser.text(".environment-changes");
    assert_eq!(
        differs,
        "operating systemDebian GNU/Linux 12, kernel 6.1.0 → Debian GNU/Linux 12, kernel 6.12.3"
    );
    let json = br#"{"format": "bench-comparison", "schema_version": 1, "base": {"label": "main"},
        "candidate": {"label": "HEAD"}, "rules": {"threshold": 0.01}, "notes": [], "others": [],
        "cases": [{"id": "unit/x", "old_s": 1.0, "new_s": 1.1, "change": 0.1, "interval": {"low": -0.02, "high": 0.12},
                   "verdict": "unsure", "smallest_effect": 0.07, "reason": null, "settle_s": 38.0}]}"#;
    let comparison = Comparison::parse(json).expect("a comparison");
    browser.open(&stage::address("settle", &Page { comparison: Some(comparison), ..Page::default() }));
    browser.wait("document.querySelector('tbody tr')");
    let row = browser.text("tbody tr");
    assert!(row.contains("±7.0 %") && row.contains("about 38\u{a0}s more would settle it"), "{row}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn keys_go_on_where_they_were() {
    let Some(browser) = stage::show("focus", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=series&metric=time'");
    browser.wait("document.querySelector('.card')");
    browser.run("document.querySelectorAll('.card')[3].focus()");
    browser.press("\u{E007}");
    browser.wait("document.querySelector('.view.line') && document.activeElement.matches('.chart')");
    browser.press("\u{E00C}");
    browser.wait("document.querySelector('.view.series') && document.activeElement === document.querySelectorAll('.card')[3]");
    browser.run("location.hash = '#view=changes'");
    browser.wait("document.querySelector('.toggle')");
    browser.run("document.querySelectorAll('.toggle')[1].focus()");
    browser.press("\u{E007}");
    browser.wait("location.hash.includes('show=worse') && document.activeElement.title === 'Show worse'");
    browser.run("document.querySelector('nav a:last-child').focus()");
    browser.press("\u{E007}");
    browser.wait(
        "document.querySelector('.view.environment') && document.activeElement.textContent === 'Environment'",
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn borders_of_what_can_be_pressed_are_seen() {
    let Some(browser) = stage::show("borders", &suite::nightly()) else { return };
    // The contrast (WCAG 2.2, 1.4.11) between the border of a control and its surroundings.
    let contrast = "const light = (text) => { const [r, g, b] = text.match(/\\d+/g).map((part) => part / 255) \
         .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)); \
         return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05; }; \
         const border = light(getComputedStyle(document.querySelector('select')).borderTopColor); \
         const ground = light(getComputedStyle(document.body).backgroundColor); \
         return Math.max(border / ground, ground / border)";
    for _ in ["light", "dark"] {
        browser.press("t");
        let contrast = browser.run(contrast).as_f64().expect("a number");
        assert!(contrast >= 3.0, "{contrast}");
    }
    assert_eq!(browser.run("return document.documentElement.dataset.theme"), "dark");
}
