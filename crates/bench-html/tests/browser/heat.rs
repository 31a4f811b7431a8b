//! Tests the heat map, the first view of a history, which keys control.

use crate::{stage, suite};

#[test]
fn the_heat_map_is_seen_first_and_read_with_keys() {
    let Some(browser) = stage::show("heat", &suite::nightly()) else { return };
    assert_eq!(browser.text("nav [aria-current]"), "Overview");
    browser.wait("document.querySelector('.heat').map.marks.length === 5");
    let rows =
        browser.run("return document.querySelector('.heat').map.rows.filter((row) => row.line).length");
    assert_eq!(rows, 42, "each case has a row");
    browser.run("document.querySelector('.heat').focus()");
    browser.wait("document.querySelector('.readout').textContent.includes('2026-04-02')");
    let read = || browser.text(".readout");
    assert!(read().contains("mmdit · performance step side=64"), "{}", read());
    // The figure moved only with its machine.
    assert!(read().contains("against 122."), "{}", read());
    browser.press("[");
    assert!(read().contains("the machine: 42 of 42 cases"), "{}", read());
    browser.press("[");
    assert!(read().contains("qwen3_vl_2b · unit"), "{}", read());
    browser.press("\u{E015}\u{E015}");
    assert!(read().contains("step side=128"), "{}", read());
    let ink = |row: u32, column: u32| {
        browser.run(&format!(
            "const map = document.querySelector('.heat').map; const pixel = map.canvas.getContext('2d', {{willReadFrequently: true}}) \
             .getImageData(Math.round(map.x({column}) + map.step / 2), map.tops[{row}] + 48, 1, 1).data; \
             return pixel[2] - pixel[0]"
        ))
        .as_i64()
        .expect("a difference")
    };
    assert!(ink(1, 80) < -40, "slower is orange: {}", ink(1, 80));
    assert!(ink(1, 3).abs() < 20, "the first level is nearly nothing: {}", ink(1, 3));
    browser.press("\u{E007}");
    browser.wait("document.querySelector('.view.line .chart canvas')");
    let hash = browser.run("return decodeURIComponent(location.hash)");
    assert!(
        hash.as_str().is_some_and(|hash| hash.contains("side=128") && hash.contains("metric=time")),
        "{hash}"
    );
}

#[test]
fn the_heat_map_is_narrowed_to_what_changed_and_to_another_metric() {
    let Some(browser) = stage::show("heat-filter", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=overview&metric=peak_memory&changed=1'");
    browser.wait("document.querySelector('.view.overview .count')?.textContent === '7 of 42 cases'");
    browser.press("/batch");
    browser.wait("document.querySelector('.count').textContent === '4 of 42 cases'");
    browser.press("xyz");
    browser.wait("document.querySelector('.nothing') && document.querySelector('.heat').hidden");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
