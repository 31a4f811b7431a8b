//! A served page looks for news.

use std::sync::{Arc, Mutex};

use bench_page::Page;
use tiny_http::{Response, Server};

use crate::demo;
use crate::driver::Browser;

#[test]
fn news_is_shown_without_losing_the_place() {
    let Some(browser) = Browser::start() else { return };
    let page = |revision: &str| Page { revision: Some(revision.to_owned()), ..demo::nightly() };
    // Only its run, before there is any history.
    let shown = Arc::new(Mutex::new(Page { history: None, ..page("1") }));
    let server = Arc::new(Server::http("127.0.0.1:0").expect("a port"));
    let answering = {
        let (server, shown) = (Arc::clone(&server), Arc::clone(&shown));
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                let page = shown.lock().expect("a page").clone();
                let answer = match request.url() {
                    "/" => Response::from_string(page.html().expect("HTML")).with_header(
                        "Content-Type: text/html; charset=utf-8"
                            .parse::<tiny_http::Header>()
                            .expect("a header"),
                    ),
                    "/revision" => Response::from_string(page.revision.unwrap_or_default()),
                    "/data.json" => Response::from_string(page.json().expect("JSON")),
                    _ => Response::from_string("").with_status_code(404),
                };
                request.respond(answer).expect("answered");
            }
        })
    };
    browser.open(&format!("http://{}/#view=environment", server.server_addr()));
    browser.wait("document.querySelector('.view.environment')");
    assert_eq!(browser.count("nav a"), 3);
    *shown.lock().expect("a page") = page("2");
    browser.wait("document.querySelectorAll('nav a').length === 5");
    assert_eq!(browser.count(".view.environment"), 1, "the view stays");
    let complaints: Vec<String> = browser.complaints();
    assert!(complaints.iter().all(|line| line.contains("favicon")), "{complaints:?}");
    server.unblock();
    answering.join().expect("it ends");
    browser.wait("document.querySelector('.made').textContent.includes('no answer')");
}
