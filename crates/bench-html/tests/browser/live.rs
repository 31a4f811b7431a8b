//! A served page looks for news.

use std::sync::{Arc, Mutex};

use bench_html::Page;
use tiny_http::{Header, Response, Server};

use crate::demo;
use crate::driver::Browser;

#[test]
fn news_is_shown_without_losing_the_place() {
    let Some(browser) = Browser::start() else { return };
    let page = |revision: &str| Page { revision: Some(revision.to_owned()), ..demo::nightly() };
    // Only its run, before there is any history.
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
    *shown.lock().expect("a page") = Some(page("2"));
    browser.wait("document.querySelectorAll('nav a').length === 6");
    assert_eq!(browser.count(".view.environment"), 1, "the view stays");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    *shown.lock().expect("a page") = None;
    browser.wait("document.querySelector('.made').textContent.includes('no answer')");
    server.unblock();
    answering.join().expect("it ends");
}
