//! Tests that a served page updates itself.

use std::sync::{Arc, Mutex};

use bench_html::{Page, Run};
use bench_record::{Begin, CaseRecord, Environment, InProgress, Journal, RoundRecord};
use bench_syntax::Category;
use tiny_http::{Header, Response, Server};

use crate::demo;
use crate::driver::Browser;

#[test]
fn news_is_shown_without_losing_the_place() {
    let Some(browser) = Browser::start() else { return };
    let page = |revision: &str| Page { revision: Some(revision.to_owned()), ..demo::nightly() };
    // At first, the page shows only its run, and no history.
    let shown = Arc::new(Mutex::new(Some(Page { history: None, ..page("1") })));
    let server = Arc::new(Server::http("127.0.0.1:0").expect("a port"));
    let answering = {
        let (server, shown) = (Arc::clone(&server), Arc::clone(&shown));
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                let page = shown.lock().expect("a page").clone();
                let answer = page.and_then(|page| match request.url() {
                    "/" => Some((page.html().expect("HTML"), "text/html; charset=utf-8")),
                    "/revision" => page.revision.map(|revision| (revision, "text/plain")),
                    "/data.json" => Some((page.json().expect("JSON"), "application/json")),
                    _ => None,
                });
                let (body, kind) = answer.unwrap_or_else(|| ("nothing".to_owned(), "text/plain"));
                let status = if body == "nothing" { 500 } else { 200 };
                let kind = Header::from_bytes("Content-Type", kind).expect("a header");
                let answer = Response::from_string(body).with_header(kind).with_status_code(status);
                request.respond(answer).expect("answered");
            }
        })
    };
    browser.open(&format!("http://{}/#view=environment", server.server_addr()));
    browser.wait("document.querySelector('.view.environment')");
    assert_eq!(browser.count("nav a"), 3);
    assert_eq!(browser.count(".live"), 0, "nothing goes on");
    *shown.lock().expect("a page") = Some(page("2"));
    browser.wait("document.querySelectorAll('nav a').length === 6");
    assert_eq!(browser.count(".view.environment"), 1, "the view stays");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    *shown.lock().expect("a page") = None;
    browser.wait("document.querySelector('.made').textContent.includes('no answer')");
    server.unblock();
    answering.join().expect("it ends");
}

/// Returns the progress of a run with two cases, the first of which is in its third round.
fn in_its_third_round() -> InProgress {
    let folder = tempfile::tempdir().expect("a folder");
    let begin = serde_json::json!({
        "schema_version": 1, "run": "r", "timestamp": "2026-03-14T01:30:00Z", "environment": Environment::default(),
        "seed": 1, "writer": ""
    });
    let begin: Begin = serde_json::from_value(begin).expect("a beginning");
    let mut journal = Journal::begin(folder.path(), begin).expect("begun");
    for id in ["m/unit/first[n=1]", "m/unit/second"] {
        let mut case = CaseRecord::blank(id, Category::Unit);
        case.settings.max_time_s = 30.0;
        case.settings.rounds = Some(7);
        journal.case(&case).expect("written");
    }
    let mut round = RoundRecord::default();
    round.wall_s = 3.0;
    for number in 0..2 {
        journal.round_begins("m/unit/first[n=1]", number).expect("written");
        journal.round("m/unit/first[n=1]", &round).expect("written");
    }
    journal.case_ended("m/unit/second").expect("written");
    journal.round_begins("m/unit/first[n=1]", 2).expect("written");
    InProgress::of(folder.path()).expect("readable").expect("in progress")
}

#[test]
fn a_run_in_progress_says_how_far_it_is_above_every_view() {
    let run = Run::of(&demo::record("going-on", 1.0)).in_progress(Some(in_its_third_round()));
    let page = Page { runs: vec![run], ..demo::nightly() };
    let Some(browser) = crate::stage::show("live", &page) else { return };
    for view in ["overview", "run", "environment"] {
        browser.run(&format!("location.hash = '#view={view}'"));
        browser.wait(&format!("document.querySelector('.view.{view}')"));
        let told = browser.text(".live");
        assert!(told.contains("1 of 2 cases ended · 6 s measured, at most 24 s to go"), "{told}");
        assert_eq!(browser.text(".live .running"), "m/unit/first[n=1] round 3 of 7");
    }
    browser.narrow(390);
    let beyond =
        browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(beyond, 0, "on a phone");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
