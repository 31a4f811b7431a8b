//! The pages of `bench report` and `bench serve`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::history::{nights, slower_from_night_20, write_night};
use crate::stage::{Stage, read_json};
use bench_testing::{runs_in, wait_until};

/// Returns the data of a page.
#[track_caller]
fn data(html: &str) -> Value {
    let (_, from) = html.split_once("id=\"data\">").expect("data");
    serde_json::from_str(from.split("</script>").next().expect("JSON")).expect("JSON")
}

#[test]
fn the_page_links_to_the_forge_that_the_project_names() {
    let stage = nights(3, slower_from_night_20);
    stage.bench(&["store", "add"]).expect_code(0);
    let file = stage.path().join("bench.toml");
    fs::write(&file, "[page]\ncommit = \"https://h/commit/{}\"\n").expect("written");
    let page = data(&stage.bench(&["report", "--output=-"]).expect_code(0).stdout);
    assert_eq!(page["forge"], serde_json::json!({"commit": "https://h/commit/{}", "range": null}));
    fs::write(&file, "[page]\ncommit = \"https://h/commit\"\n").expect("written");
    stage.bench(&["report", "--output=-"]).expect_code(2).expect_said(&["bench.toml:2:10", "`{}` once"]);
}

#[test]
fn the_commands_that_a_page_offers_exist() {
    let stage = Stage::new(&[]);
    let script = include_str!("../../../bench-html/assets/script/commands.js");
    for (command, flags) in [("bisect", &["--case"][..]), ("accept", &["--run", "--reason"])] {
        let (_, from) = script.split_once(&format!("\"bench {command}\"")).expect("the page offers it");
        let words = from.split(';').next().expect("the rest of its line");
        let offered: Vec<&str> = words.split('"').filter(|word| word.starts_with("--")).collect();
        assert_eq!(offered, flags, "{command}");
        stage.bench(&[command, "--help"]).expect_code(0).expect_said(flags);
    }
}

#[test]
fn a_page_shows_a_history_a_run_and_a_comparison() {
    let stage = nights(30, slower_from_night_20);
    stage.bench(&["report"]).expect_code(2).expect_said(&["no store", "bench store add"]);
    stage.bench(&["store", "add"]).expect_code(0);
    stage.bench(&["report"]).expect_code(0).expect_said(&["benchmark_results/report.html"]);
    let page = data(&fs::read_to_string(stage.results().join("report.html")).expect("a page"));
    let lines = page["history"]["lines"].as_array().expect("lines");
    let spins =
        lines.iter().find(|line| line["case"] == "unit/spins" && line["metric"] == "time").expect("the line");
    assert_eq!(spins["changes"][0]["since"], 20, "{spins}");
    assert_eq!(spins["segments"].as_array().map(Vec::len), Some(2));
    assert_eq!(page["history"]["runs"][20]["run"], "night-20");
    assert_eq!(page["runs"][0]["run"], "night-29", "the newest run is there in full");

    stage.bench(&["report", "night-03", "-o", "run.html"]).expect_code(0);
    let page = data(&fs::read_to_string(stage.path().join("run.html")).expect("a page"));
    assert_eq!((&page["history"], &page["runs"][0]["run"]), (&Value::Null, &"night-03".into()));

    let printed = stage.bench(&["report", "night-03", "night-25", "--output=-"]).expect_code(0);
    let page = data(&printed.stdout);
    assert_eq!(page["comparison"]["base"], "night-03");
    assert!(page["comparison"]["cases"].as_array().is_some_and(|cases| !cases.is_empty()));

    // The same default threshold as in `bench compare`, and the same flag for another one.
    assert_eq!(page["comparison"]["threshold"], 0.01);
    let args = ["night-03", "night-25", "--threshold", "30%"];
    let printed = stage.bench(&[&["report", "--output=-"], &args[..]].concat()).expect_code(0);
    let page = data(&printed.stdout);
    assert_eq!(page["comparison"]["threshold"], 0.3);
    let compared: Value = serde_json::from_str(
        &stage.bench(&[&["compare", "--json=-"], &args[..]].concat()).expect_code(0).stdout,
    )
    .expect("JSON");
    let verdicts = |cases: &Value| -> Vec<(Value, Value)> {
        let cases = cases.as_array().expect("cases").iter();
        cases.map(|case| (case["id"].clone(), case["verdict"].clone())).collect()
    };
    assert_eq!(verdicts(&page["comparison"]["cases"]), verdicts(&compared["cases"]));
    for subject in [&[][..], &["night-03"]] {
        let args = [&["report", "--threshold=2%"], subject].concat();
        stage.bench(&args).expect_code(2).expect_said(&["--threshold", "two runs"]);
    }
    stage.bench(&["serve", "--threshold=2%"]).expect_code(2).expect_said(&["--threshold", "two runs"]);

    // A run whose directory has gone is still in the store.
    fs::remove_dir_all(stage.results().join("night-03")).expect("removed");
    stage.bench(&["report", "night-03", "-o", "run.html"]).expect_code(0);
    stage.bench(&["report", "night-99"]).expect_code(2).expect_said(&["night-99"]);
    stage.bench(&["report", "a", "b", "c"]).expect_code(2);
    stage
        .bench(&["report", "-o", "no/such/folder/page.html"])
        .expect_code(2)
        .expect_said(&["no/such/folder/page.html"]);
}

#[test]
fn what_compare_has_written_becomes_a_page() {
    let stage = Stage::new(&["base", "candidate"]);
    stage.bench(&["compare", "./base", "./candidate", "spins", "--max-time=300ms", "--quiet"]);
    let folder = runs_in(&stage.results()).pop().expect("a comparison");
    let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
    let page = data(&stage.bench(&["report", name, "-o", "-"]).expect_code(0).stdout);
    assert_eq!(page["comparison"]["candidate"], "./candidate");
    assert!(page["comparison"]["cases"].as_array().is_some_and(|cases| !cases.is_empty()), "{page}");
    fs::write(folder.join("comparison.json"), "{}").expect("written");
    stage.bench(&["report", name]).expect_code(2).expect_said(&["comparison.json", "not a comparison"]);
}

/// A process of `bench serve`, which is killed when this is dropped.
pub(crate) struct Served {
    process: Child,
    pub(crate) address: String,
}

impl Served {
    pub(crate) fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut command = stage.bench_command(&[&["serve", "--port=0"], arguments].concat());
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
        let address = line.strip_prefix("http://").and_then(|line| line.split('/').next());
        let address = address.expect("an address").to_owned();
        Served { process, address }
    }

    /// Returns the status line with the headers, and the body. The request is HTTP/1.0, which has no chunks.
    pub(crate) fn get(&self, path: &str, host: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Errors are ignored: the process may just have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_served_page_is_brought_up_to_date() {
    let stage = nights(3, |_| 1.0);
    stage.bench(&["store", "add"]).expect_code(0);
    let served = Served::start(&stage, &[]);
    assert!(served.address.starts_with("127.0.0.1:"), "{}", served.address);
    let get = |path: &str| served.get(path, &served.address);
    let (head, html) = get("/");
    assert!(head.contains(" 200 OK") && head.contains("text/html"), "{head}");
    assert!(html.contains("connect-src 'self'"));
    let revision = get("/revision").1;
    assert_eq!(data(&html)["revision"], revision.as_str());
    assert_eq!(get("/revision").1, revision, "nothing has changed");
    let record = read_json(&stage.results().join("night-00/run.json"));
    write_night(&stage, &record, 3, 1.0);
    wait_until("the page changes", || get("/revision").1 != revision);
    let news: Value = serde_json::from_str(&get("/data.json").1).expect("JSON");
    assert_eq!(news["runs"][0]["run"], "night-03", "a run that no store holds yet");
    assert_eq!(news["history"]["runs"].as_array().map(Vec::len), Some(3));
    stage.bench(&["store", "add"]).expect_code(0);
    let news: Value = serde_json::from_str(&get("/data.json").1).expect("JSON");
    assert_eq!(news["history"]["runs"].as_array().map(Vec::len), Some(4));
    assert!(served.get("/", "attacker.example").0.contains(" 403 "));
    assert!(get("/etc/passwd").0.contains(" 404 "));
}

#[test]
fn a_port_that_is_taken_is_told() {
    let stage = nights(1, |_| 1.0);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    stage.bench(&["serve", "--port", &port]).expect_code(2).expect_said(&[&port, "--port"]);
}
