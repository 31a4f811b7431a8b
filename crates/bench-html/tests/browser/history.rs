//! Tests the history: the list of changes, filters and zoom.

use crate::{demo, stage};

/// Opens a view of the page.
fn view(browser: &crate::driver::Browser, hash: &str) {
    browser.run(&format!("location.hash = {hash:?}"));
}

/// The other changes of the machine on that night.
const WITH: &str = "operating system: … kernel 6.8 → kernel 6.11";

#[test]
fn what_changed_is_told_newest_first_and_nothing_complains() {
    let Some(browser) = stage::show("changes", &demo::nightly()) else { return };
    view(&browser, "#view=changes");
    browser.wait("document.querySelector('.day')");
    let days = browser.run("return [...document.querySelectorAll('.day')].map((day) => day.textContent)");
    let days: Vec<&str> = days.as_array().expect("days").iter().filter_map(|day| day.as_str()).collect();
    let mut newest_first = days.clone();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(days, newest_first);
    let told = browser.text(".changes");
    for expected in ["the machine: 7 of 7 cases", "accepted by ada: the key-value cache", "2026-01-21", WITH]
    {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn series_are_filtered_by_what_they_are_and_by_search() {
    let Some(browser) = stage::show("series", &demo::nightly()) else { return };
    view(&browser, "#view=series");
    browser.wait("document.querySelectorAll('.card').length === 22");
    browser.run(
        "const select = document.querySelector('select[name=model]'); select.value = 'smollm2'; \
         select.dispatchEvent(new Event('change'))",
    );
    browser.wait("document.querySelectorAll('.card').length === 6");
    browser.run(
        "const select = document.querySelector('select[name=metric]'); select.value = 'time'; \
         select.dispatchEvent(new Event('change'))",
    );
    browser.wait("document.querySelectorAll('.card').length === 4");
    browser.press("/decode");
    browser.wait("document.querySelectorAll('.card').length === 2");
    assert!(browser.text(".count").starts_with("2 of 22"), "{}", browser.text(".count"));
    let hash = browser.run("return location.hash");
    assert!(hash.as_str().expect("text").contains("q=decode"), "what is looked at can be sent: {hash}");
    // Visible sparklines are drawn, once the browser has found that they are visible.
    browser.wait(
        "((canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data\
         .some((part) => part > 0))(document.querySelector('.card canvas'))",
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_line_zooms_reads_its_runs_and_lays_machines_over_each_other() {
    let Some(browser) = stage::show("line", &demo::nightly()) else { return };
    view(&browser, "#view=line&case=resnet50/performance/forward[batch%3D8,dtype%3Df32]&metric=time");
    browser.wait("document.querySelector('.chart canvas')");
    let scale = "return [...document.querySelectorAll('.u-axis')].length && document.querySelector('.readout').textContent";
    assert!(browser.run(scale).as_str().is_some_and(|text| text.contains("newest")));
    // The table below agrees with the chart.
    let segments = browser.text("table");
    assert!(segments.contains("+2.9 %") && segments.contains("95 % interval"), "{segments}");
    browser.run("document.querySelector('.chart').focus()");
    browser.press("\u{E012}");
    browser.wait("document.querySelector('.readout').textContent.includes('2026-03-13')");
    browser.press("[[");
    browser.wait("document.querySelector('.readout').textContent.includes('▲ +2.9 %')");
    let shown = |what: &str| {
        browser
            .run(&format!("return document.querySelector('.chart').shownRuns()[{what}]"))
            .as_f64()
            .expect("a number")
    };
    let all = shown("1") - shown("0");
    browser.press("+");
    assert!(shown("1") - shown("0") < 0.6 * all, "a key zooms");
    browser.press("0");
    assert!((shown("1") - shown("0") - all).abs() < 1e-6, "0 shows all again");
    let over = browser.run(
        "const {left, top, width, height} = document.querySelector('.u-over').getBoundingClientRect(); \
         return [left + width * 0.3, left + width * 0.6, top + height / 2].map(Math.round)",
    );
    let [from, to, y] = [0, 1, 2].map(|place| over[place].as_i64().expect("a number"));
    browser.drag((from, y), (to, y));
    assert!(shown("1") - shown("0") < 0.5 * all, "the mouse zooms");
    browser.run("document.querySelector('.overlay input').click()");
    browser.wait("location.hash.includes('over=')");
    browser.press("l");
    browser.wait("location.hash.includes('log=1')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn what_the_machine_did_is_shown_where_each_case_stepped() {
    let Some(browser) = stage::show("machine", &demo::nightly()) else { return };
    view(&browser, "#view=changes");
    browser.wait("document.querySelector('.of-machine')");
    browser.run("document.querySelector('.of-machine details').open = true");
    browser.wait("document.querySelector('.of-machine table')");
    let cases = browser.text(".of-machine details");
    assert_eq!(cases.matches("since ").count(), 1, "only where it is not the machine's night: {cases}");
    let row = browser.run(
        "return [...document.querySelectorAll('.of-machine tbody tr')].find((row) => row.textContent.includes('since ')).textContent",
    );
    let row = row.as_str().expect("text");
    assert!(row.contains("tokenize") && row.contains("since 2026-02-26"), "{row}");
    for (case, since) in
        [("unit/tokenize", "2026-02-26 01:30"), ("resnet50/unit/softmax", "2026-02-25 01:30")]
    {
        view(&browser, &format!("#view=line&case={case}&metric=time"));
        browser
            .wait(&format!("document.title.includes({case:?}) && document.querySelector('.chart canvas')"));
        let row = browser.text("table tbody tr");
        assert!(row.starts_with(since) && row.contains("▲ +"), "{case}: {row}");
        assert!(row.contains("the machine: 7 of 7 cases; z = ") && row.contains(WITH), "{case}: {row}");
        browser.run("document.querySelector('.chart').focus()");
        browser.press("\u{E010}[");
        browser.wait(&format!("document.querySelector('.readout').textContent.startsWith({since:?})"));
        assert!(
            browser.text(".readout").contains("the machine: 7 of 7 cases"),
            "{}",
            browser.text(".readout")
        );
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_wild_night_squeezes_no_others_and_shares_stand_on_the_right() {
    let Some(browser) = stage::show("wild", &crate::suite::nightly()) else { return };
    let case = "qwen3_vl_2b/unit/rope[device%3Dcpu,threads%3Dall,len%3D512]";
    view(&browser, &format!("#view=line&case={case}&metric=time"));
    browser.wait("document.querySelector('.chart canvas')");
    // One night is 50 % slower; the later levels are 20 % above the first one.
    let range = browser.run(
        "const {min, max} = document.querySelector('.chart').shownFigures(); return [min * 1e6, max * 1e6]",
    );
    let [low, high] = [0, 1].map(|end| range[end].as_f64().expect("a number"));
    assert!(low < 11.1 && high > 13.4 && high < 16.0, "{low} to {high}");
    let shares = browser.run("return document.querySelector('.chart').shownShares()");
    assert_eq!(shares, serde_json::json!(["0 %", "+10 %", "+20 %", "+30 %"]));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn single_runs_have_intervals_and_few_rounds_are_hollow() {
    let Some(browser) = stage::show("known", &demo::nightly()) else { return };
    view(&browser, "#view=line&case=resnet50/performance/forward[batch%3D8,dtype%3Df32]&metric=time");
    browser.wait("document.querySelector('.chart canvas')");
    let known = |what: &str| {
        let script = format!("return document.querySelector('.chart').shownKnown().{what}");
        browser.run(&script).as_u64().expect("a number") as usize
    };
    assert_eq!(known("hollow"), demo::SHORT_NIGHTS.len());
    browser.run("document.querySelector('.chart').focus()");
    browser.press("++++");
    let nights =
        browser.run("const [from, to] = document.querySelector('.chart').shownRuns(); return to - from");
    let nights = nights.as_f64().expect("a number") as usize;
    assert!((1..=nights + 1).contains(&known("whiskers")), "{} of {nights} nights", known("whiskers"));
    browser.press("0\u{E011}");
    browser.press("\u{E014}\u{E014}\u{E014}\u{E014}\u{E014}");
    browser.wait("document.querySelector('.readout').textContent.includes('(2 rounds)')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn other_cases_and_metrics_share_a_percent_axis() {
    let Some(browser) = stage::show("together", &demo::nightly()) else { return };
    view(&browser, "#view=line&case=resnet50/performance/forward[batch%3D8,dtype%3Df32]&metric=time");
    browser.wait("document.querySelector('input[name=together]')");
    let offered =
        browser.run("return [...document.querySelectorAll('#together option')].map((one) => one.value)");
    let offered: Vec<String> = serde_json::from_value(offered).expect("names");
    assert_eq!(offered.len(), 14, "what the machine has: {offered:?}");
    let other = offered.iter().find(|name| name.ends_with("peak memory")).expect("memory of a case");
    let add = format!(
        "const field = document.querySelector('input[name=together]'); field.value = {other:?}; \
         field.dispatchEvent(new Event('change'))"
    );
    browser.run(&add);
    browser.wait("location.hash.includes('with=')");
    browser.wait("document.querySelectorAll('.together .overlay').length === 1");
    let range =
        browser.run("const {min, max} = document.querySelector('.chart').shownFigures(); return [min, max]");
    let [low, high] = [0, 1].map(|end| range[end].as_f64().expect("a number"));
    assert!(low > 50.0 && low < 100.0 && high > 100.0 && high < 200.0, "{low} to {high} %");
    assert!(browser.text(".readout").contains(" %)"), "{}", browser.text(".readout"));
    browser.run("document.querySelector('.together .overlay button').click()");
    browser.wait("!location.hash.includes('with=')");
    browser.wait("document.querySelector('.chart').shownFigures().max < 1");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
