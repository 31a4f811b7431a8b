//! A store on a PostgreSQL server.

use serde_json::Value;

use crate::history::{nights, slower_from_night_20, write_night};
use crate::page::Served;
use crate::stage::read_json;
use bench_testing::Server;

#[test]
fn a_server_is_a_store_like_any_other() {
    let Some(server) = Server::start() else { return };
    let stage = nights(30, slower_from_night_20);
    let url = server.url("postgres");
    let at = |arguments: &[&str]| stage.bench(&[arguments, &["--store", &url]].concat());
    at(&["store", "add"]).expect_code(0).expect_said(&["30"]);
    at(&["store", "add"]).expect_code(0);
    at(&["store", "verify"]).expect_code(0);
    at(&["trend"]).expect_code(0).expect_said(&["unit/spins", "night-20"]);
    at(&["gate"]).expect_code(3).expect_said(&["unit/spins"]);
    at(&["baseline", "set", "good", "night-10"]).expect_code(0);
    at(&["accept", "unit/spins", "--reason", "wanted"]).expect_code(0);
    at(&["gate"]).expect_code(0);
    at(&["export", "benchfmt"]).expect_code(0);
    assert!(!stage.results().join("history.sqlite").exists(), "nothing is kept beside it");
}

#[test]
fn a_page_is_served_for_as_long_as_its_server_is_there_and_again_when_it_is_back() {
    let Some(server) = Server::start() else { return };
    let stage = nights(3, |_| 1.0);
    let url = server.url("postgres");
    let add = || stage.bench(&["store", "add", "--store", &url]).expect_code(0);
    add();
    let served = Served::start(&stage, &["--store", &url]);
    let get = |path: &str| served.get(path, &served.address);
    let runs = || {
        let page: Value = serde_json::from_str(&get("/data.json").1).expect("JSON");
        page["history"]["runs"].as_array().map(Vec::len)
    };
    let revision = get("/revision").1;
    assert_eq!((runs(), get("/revision").1), (Some(3), revision.clone()));
    let record = read_json(&stage.results().join("night-00/run.json"));
    write_night(&stage, &record, 3, 1.0);
    add();
    assert_ne!(get("/revision").1, revision);
    assert_eq!(runs(), Some(4));

    // A server that was restarted after a crash works again.
    server.crash();
    server.start_again();
    assert!(get("/revision").0.contains(" 200 "));

    server.crash();
    let (head, body) = get("/revision");
    assert!(head.contains(" 500 ") && body.contains("cannot be reached"), "{head}\n{body}");
    server.start_again();
    assert!(get("/revision").0.contains(" 200 "));
    assert_eq!(runs(), Some(4));
}
