//! Tests changes grouped by their cause, ids split into their parts, and the first days of a store.

use crate::{demo, stage, suite};

#[test]
fn one_event_is_one_card_with_what_follows_from_it_folded() {
    let Some(browser) = stage::show("events", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=changes'");
    browser.wait("document.querySelector('.change')");
    // Four commits and a kernel, which together changed more than a hundred figures on two machines.
    assert_eq!(browser.count(".change"), 5, "{}", browser.text(".changes"));
    assert_eq!(browser.count(".change.of-machine"), 1);
    assert!(browser.text(".count").contains("5 events"), "{}", browser.text(".count"));
    let resnet = browser.run(
        "return [...document.querySelectorAll('.change')].find((card) => card.textContent.includes('resnet')).textContent",
    );
    let resnet = resnet.as_str().expect("text");
    for expected in [
        "resnet · performance",
        "forward depth=18",
        "3 cases",
        "what follows from it: CPU time",
        "all 2 machine classes",
    ] {
        assert!(resnet.contains(expected), "{expected}: {resnet}");
    }
    assert!(!resnet.contains("device=cpu"), "what all cases share is said once: {resnet}");
    let moved = browser.run(
        "return [...document.querySelectorAll('.change h3')].map((head) => head.textContent).filter((head) => head.includes('peak memory'))",
    );
    assert_eq!(moved.as_array().map(Vec::len), Some(1), "memory does not follow from time: {moved}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn events_are_narrowed_and_the_next_commands_can_be_copied() {
    let Some(browser) = stage::show("commands", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=changes&metric=peak_memory'");
    browser.wait("document.querySelectorAll('.change').length === 1");
    assert!(browser.text(".change").contains("stable_diffusion_unet"), "{}", browser.text(".change"));
    browser.run("location.hash = '#view=changes&show=better'");
    browser.wait(
        "document.querySelectorAll('.change').length === 1 && document.body.textContent.includes('prefill')",
    );
    browser.run("location.hash = '#view=changes&q=depth%3D18'");
    browser.wait("document.querySelectorAll('.change:not(.of-machine)').length === 1");
    let command = |label: &str| {
        let script = format!(
            "return [...document.querySelectorAll('.change:not(.of-machine) .copy')].find((button) => \
             button.textContent.includes({label:?}))?.title ?? ''"
        );
        browser.run(&script).as_str().expect("text").to_owned()
    };
    let case = "'resnet/performance/forward[device=cpu,threads=all,dtype=f32,depth=18,batch=";
    let bisect =
        format!("bench bisect {} {} --case {case}", &demo::commit(29)[..12], &demo::commit(30)[..12]);
    assert!(command("bisect").starts_with(&bisect), "{}\n{bisect}", command("bisect"));
    let accept = command("accept");
    let lines: Vec<&str> = accept.lines().collect();
    assert_eq!(lines.len(), 3, "a line for each case: {accept}");
    let run = demo::run(30, 0).1;
    assert_eq!(lines[0], format!("bench accept {case}1]' --run {run} --reason 'TEXT'"));
    browser.run("document.querySelector('.change:not(.of-machine) .copy').click()");
    browser.wait("document.body.textContent.includes('✓ copied')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn ids_are_taken_apart_ordered_by_numbers_and_broken_between_parts() {
    let Some(browser) = stage::show("ids", &suite::nightly()) else { return };
    browser.run("location.hash = '#view=series&q=mmdit&metric=time'");
    browser.wait("document.querySelectorAll('.card').length === 12");
    let names =
        browser.run("return [...document.querySelectorAll('.card-name')].map((name) => name.textContent)");
    let names: Vec<&str> =
        names.as_array().expect("names").iter().filter_map(|name| name.as_str()).step_by(2).collect();
    assert_eq!(
        names,
        [
            "step side=64",
            "step side=128",
            "step side=256",
            "step_batch batch=1",
            "step_batch batch=2",
            "step_batch batch=4"
        ]
    );
    assert!(browser.text(".said").contains("device=cpu  threads=all"), "{}", browser.text(".said"));
    browser.run("document.querySelector('.card').click()");
    browser.wait("document.querySelector('.view.line')");
    let breaks = browser.run(
        "return [...document.querySelectorAll('.line-head .id wbr')].map((mark) => mark.previousSibling.data.at(-1))",
    );
    let mut breaks: Vec<&str> =
        breaks.as_array().expect("breaks").iter().filter_map(|text| text.as_str()).collect();
    breaks.sort_unstable();
    breaks.dedup();
    assert_eq!(breaks, [",", "/", "["]);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn on_the_first_days_the_run_comes_first_and_empty_views_name_a_command() {
    let Some(browser) = stage::show("first-days", &suite::first_days()) else { return };
    assert_eq!(browser.text("nav [aria-current]"), "Run");
    browser.run("location.hash = '#view=changes'");
    browser.wait("document.querySelector('.nothing')");
    assert_eq!(browser.text(".nothing .command"), "bench store add");
    assert!(
        browser.text(".nothing").contains("from 15 runs of a case on, and there are 3"),
        "{}",
        browser.text(".nothing")
    );
    browser.open(&stage::address("empty", &bench_html::Page::default()));
    browser.wait("document.querySelector('.nothing')");
    assert_eq!(browser.text(".nothing .command"), "cargo bench");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
#[ignore = "writes pages to look at into target/tmp"]
fn pages_to_look_at() {
    stage::address("suite", &suite::nightly());
    stage::address("first-days", &suite::first_days());
    stage::address("compared", &demo::compared());
    stage::address("nightly", &demo::nightly());
    stage::address("searched", &demo::searched());
}
