//! Several workers that share one load, started as engines do: each is a process with its own environment variables.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use bench_testing::{signal, wait_until};
use bench_truth::{Act, Asked, Truth, chat, json, whole};
use serde_json::Value;

use crate::stage::{Stage, read_json};

fn answers(asked: &Asked) -> Vec<Act> {
    match asked.path() {
        "/v1/models" => vec![json(r#"{"data":[{"id":"org/small"}]}"#)],
        "/v1/chat/completions" => chat(2, Duration::from_millis(1), Duration::from_millis(1)),
        _ => vec![whole("404 Not Found", &[], "")],
    }
}

/// Returns an address on which nothing listens.
fn rendezvous() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").to_string()
}

/// Returns the variables by which an engine numbers its processes.
type Engine = fn(rank: usize, of: usize) -> Vec<(&'static str, String)>;

const SLURM: Engine = |rank, of| {
    vec![
        ("SLURM_PROCID", rank.to_string()),
        ("SLURM_STEP_NUM_TASKS", of.to_string()),
        ("SLURM_JOB_ID", "7".to_owned()),
        ("SLURM_STEP_ID", "0".to_owned()),
    ]
};

const KUBERNETES: Engine =
    |rank, of| vec![("JOB_COMPLETION_INDEX", rank.to_string()), ("BENCH_WORKERS", of.to_string())];

const OPEN_MPI: Engine =
    |rank, of| vec![("OMPI_COMM_WORLD_RANK", rank.to_string()), ("OMPI_COMM_WORLD_SIZE", of.to_string())];

const MPICH: Engine = |rank, of| vec![("PMI_RANK", rank.to_string()), ("PMI_SIZE", of.to_string())];

/// Starts workers that put the server under load. Each has its own folder for reports, which only the first should use.
fn start(stage: &Stage, engine: Engine, of: usize, arguments: &[&str]) -> Vec<Child> {
    let address = rendezvous();
    (0..of)
        .map(|rank| {
            let mut command = stage.bench_command(&[&["load"], arguments].concat());
            command.env("BENCH_RENDEZVOUS", &address).envs(engine(rank, of));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
        })
        .collect()
}

fn ended(workers: Vec<Child>) -> Vec<Output> {
    workers.into_iter().map(|worker| worker.wait_with_output().expect("ended")).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Asserts that no exit code shows another problem than a noisy machine.
fn expect_measured(outputs: &[Output]) {
    for output in outputs {
        assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}: {}", output.status, said(output));
    }
}

fn levels(stage: &Stage) -> Vec<Value> {
    let record = read_json(&stage.report().join("run.json"));
    record["cases"][0]["rounds"][0]["served"]["levels"].as_array().expect("levels").clone()
}

/// Returns columns of `requests.csv` by the level and the number of the request.
fn rows(stage: &Stage, columns: &[&str]) -> BTreeMap<(String, u64), Vec<String>> {
    let text = std::fs::read_to_string(stage.report().join("requests.csv")).expect("rows");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|known| known == name).expect("a column");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let cell = |name: &str| row.get(place(name)).expect("a cell").to_owned();
        let number = cell("request").parse().expect("a number");
        ((cell("level"), number), columns.iter().map(|name| cell(name)).collect())
    });
    let (count, rows) = (text.lines().count() - 1, rows.collect::<BTreeMap<_, _>>());
    assert_eq!(rows.len(), count, "a request was sent twice");
    rows
}

#[test]
fn workers_send_exactly_what_one_would_whatever_has_started_them() {
    let server = Truth::start(answers);
    let url = server.url();
    let arguments = [&url, "--rate=150", "--arrival=gamma:0.5", "--requests=60", "--seed=7", "-q"];
    let of_one = Stage::new(&[]);
    of_one.bench(&[&["load"], &arguments[..]].concat());
    let columns = ["intended_s", "input", "input_text"];
    let expected = rows(&of_one, &columns);
    assert_eq!(expected.len(), 60);
    for engine in [SLURM, KUBERNETES, OPEN_MPI, MPICH] {
        let stage = Stage::new(&[]);
        let outputs = ended(start(&stage, engine, 3, &arguments));
        expect_measured(&outputs);
        assert_eq!(rows(&stage, &columns), expected);
        let level = &levels(&stage)[0];
        assert_eq!((&level["requests"], &level["warm_up"]), (&60.into(), &3.into()));
        let workers = level["workers"].as_array().expect("workers");
        let sent: Vec<u64> = workers.iter().filter_map(|worker| worker["requests"].as_u64()).collect();
        assert_eq!(sent, [20, 20, 20]);
        let said = said(&outputs[0]);
        assert!(said.contains("workers: 3 on 127.0.0.1; their clocks agree to within"), "{said}");
        let other = self::said(&outputs[2]);
        assert!(other.contains("worker 3 of 3 has sent 20 requests; worker 1 has the report"), "{other}");
    }
    // No prompt is sent twice, although all workers send the same texts.
    let bodies: Vec<Vec<u8>> = server.asked().into_iter().map(|asked| asked.body).collect();
    let mut chats: Vec<&Vec<u8>> = bodies.iter().filter(|body| !body.is_empty()).collect();
    let sent = chats.len();
    chats.sort_unstable();
    chats.dedup();
    assert_eq!(chats.len(), sent);
}

#[test]
fn the_warm_up_is_divided_like_the_requests_that_count() {
    let server = Truth::start(answers);
    let url = server.url();
    let prompts = ["--prompt=p0", "--prompt=p1", "--prompt=p2", "--prompt=p3", "--prompt=p4", "--prompt=p5"];
    for how in [&["--rate=150"][..], &["--concurrency=3", "--connections=sticky"]] {
        let before = server.asked().len();
        let stage = Stage::new(&[]);
        // The connection that finds out the server's interface is not one of the clients'.
        let known = [url.as_str(), "--no-metrics", "--requests=12", "--warm-up=6", "-q"];
        let arguments = [&known[..], how, &prompts].concat();
        let outputs = ended(start(&stage, SLURM, 3, &arguments));
        expect_measured(&outputs);
        // Each prompt is sent once in the warm-up and twice afterwards; the first call of each worker sends the first
        // prompt.
        let bodies: Vec<String> = server.asked()[before..]
            .iter()
            .map(|asked| String::from_utf8_lossy(&asked.body).into_owned())
            .collect();
        for number in 0..6 {
            let prompt = format!(" p{number}\"");
            let sent = bodies.iter().filter(|body| body.contains(&prompt)).count();
            assert_eq!(sent, if number == 0 { 6 } else { 3 }, "{how:?}: prompt {number} of {bodies:?}");
        }
        // Clients keep the connections of the warm-up.
        let said = said(&outputs[0]);
        assert!(how.len() == 1 || said.contains("connections: 3 made"), "{said}");
    }
}

#[test]
fn clients_are_divided_and_a_sweep_is_decided_by_all() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let arguments = [&server.url(), "--up-to=4", "--requests=20", "--connections=sticky", "-q"];
    expect_measured(&ended(start(&stage, SLURM, 3, &arguments)));
    let levels = levels(&stage);
    assert!(!levels.is_empty());
    for level in &levels {
        let clients = level["concurrency"].as_u64().expect("clients");
        assert_eq!(level["requests"], 20, "{level}");
        let name = level["name"].as_str().expect("a name");
        let rows = rows(&stage, &["client"]);
        let mut seen: Vec<u64> = rows
            .iter()
            .filter(|((level, _), _)| level == name)
            .map(|((_, number), cells)| {
                let client = cells[0].parse().expect("a number");
                // The worker of a request's client sends it, by any of its clients that is free.
                assert_eq!(number % clients % 3, client % 3);
                client
            })
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (0..clients).collect::<Vec<u64>>());
    }
}

#[test]
fn a_search_is_one_search() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    // The first rate meets the objective, unless the machine is too busy.
    let arguments = [
        &server.url(),
        "--find-rate",
        "--slo=latency_p50<=10s",
        "--requests=50",
        "--max-failures=100%",
        "-q",
    ];
    let mut workers = start(&stage, SLURM, 2, &arguments);
    wait_until("rates are tried", || server.asked().len() > 120);
    signal("INT", workers[0].id());
    let second = workers.pop().expect("a worker").wait_with_output().expect("ended");
    assert_eq!(second.status.code(), Some(130), "{}", said(&second));
    let first = ended(workers).remove(0);
    assert_eq!(first.status.code(), Some(130), "{}", said(&first));
    let levels = levels(&stage);
    assert!(levels.iter().all(|level| level["scenario"] == "find_rate"), "{levels:?}");
    assert_eq!(levels[0]["workers"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_interrupt_of_one_ends_all_and_keeps_what_was_measured() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let workers = start(&stage, SLURM, 3, &[&server.url(), "--concurrency=6", "--duration=1h", "-q"]);
    wait_until("requests come", || server.asked().len() > 300);
    signal("INT", workers[1].id());
    for output in ended(workers) {
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    }
    let level = &levels(&stage)[0];
    assert!(level["succeeded"].as_u64().expect("a number") > 100, "{level}");
    assert!(
        level["validity"]["causes"].as_array().expect("causes").contains(&"interrupted".into()),
        "{level}"
    );
}

#[test]
fn a_worker_that_dies_ends_all_and_is_named() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let mut workers = start(&stage, SLURM, 3, &[&server.url(), "--concurrency=6", "--duration=1h", "-q"]);
    wait_until("requests come", || server.asked().len() > 300);
    signal("KILL", workers[2].id());
    drop(workers.remove(2).wait_with_output().expect("ended"));
    for output in ended(workers) {
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains("worker 3 (127.0.0.1) is gone: it has closed the connection"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn workers_that_do_not_fit_or_do_not_come_are_refused() {
    let server = Truth::start(answers);
    let (stage, url) = (Stage::new(&[]), server.url());
    let address = rendezvous();
    let worker = |share: &str, arguments: &[&str]| {
        let share = format!("--share={share}");
        let rendezvous = format!("--rendezvous={address}");
        let common = ["load", &url, "--requests=4", "-q", &share, &rendezvous];
        let mut command = stage.bench_command(&[&common[..], arguments].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let expect = |workers: Vec<Child>, expected: &str| {
        for output in ended(workers) {
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            assert!(said(&output).contains(expected), "{}", said(&output));
        }
    };
    expect(
        vec![worker("1/2", &["--rate=50"]), worker("2/2", &["--rate=5"])],
        "worker 2 was refused: --rate is `5` there and `50` on worker 1",
    );
    let inputs = [("one.txt", "a text"), ("other.txt", "another text")].map(|(name, text)| {
        let path = stage.results().with_file_name(name);
        std::fs::write(&path, text).expect("written");
        format!("--input={}", path.display())
    });
    expect(
        vec![worker("1/2", &["--rate=5", &inputs[0]]), worker("2/2", &["--rate=5", &inputs[1]])],
        "worker 2 was refused: the content of the inputs is",
    );
    expect(
        vec![worker("1/3", &["--rate=5", "--rendezvous-timeout=100ms"])],
        "workers 2 and 3 of 3 did not connect",
    );
    expect(
        vec![worker("2/3", &["--rate=5", "--rendezvous-timeout=100ms"])],
        "worker 1 of 3 was not reached at",
    );
    let no_address = |variables: Vec<(&str, String)>, expected: &str| {
        let mut command = stage.bench_command(&["load", &url, "--rate=5"]);
        stage.end(command.envs(variables)).expect_code(2).expect_said(&[expected]);
    };
    no_address(KUBERNETES(1, 2), "--rendezvous HOST:PORT");
    no_address(vec![("JOB_COMPLETION_INDEX", "1".to_owned())], "set BENCH_WORKERS");
    no_address(SLURM(4, 4), "SLURM_PROCID=4 and SLURM_STEP_NUM_TASKS=4");
    assert!(!stage.results().exists());
}
