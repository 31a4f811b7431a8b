//! Tests that only the visible part of many series is drawn.

use bench_history::change::Settings;
use bench_history::store::Series;
use bench_html::{History, Page};

use crate::{demo, stage};

#[test]
fn of_many_series_only_those_in_sight_are_made() {
    let series: Vec<Series> = (0..1500)
        .map(|number| {
            let mut line = demo::line(number % 7, 0, "time");
            line.key.case = format!("m{number:04}/unit/x");
            line
        })
        .collect();
    let page = Page { history: Some(History::of(&series, &[], Settings::default())), ..Page::default() };
    let Some(browser) = stage::show("many", &page) else { return };
    // Of the heat map, only what is in view is on the canvas.
    browser.wait("document.querySelector('.heat canvas')?.height > 0");
    assert!(browser.run("return document.querySelector('.heat canvas').height").as_i64() < Some(4000));
    browser.run("document.querySelector('.heat').scrollTop = 1e6");
    browser.wait("document.querySelector('.heat').scrollTop > 20000");
    browser.run("location.hash = '#view=series'");
    browser.wait("document.querySelector('.card')");
    assert!(browser.count(".card") < 500, "{}", browser.count(".card"));
    assert!(browser.text(".count").starts_with("1,500"), "{}", browser.text(".count"));
    browser.run("scrollTo(0, document.body.scrollHeight)");
    browser.wait("document.querySelectorAll('.card').length > 200");
    browser.press("/m1499");
    browser.wait("document.querySelectorAll('.card').length === 1");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
