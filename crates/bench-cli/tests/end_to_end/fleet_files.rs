//! The files in `docs/fleet` that users copy to start workers, run with small scripts in place of the real engines.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bench_testing::{Bench, Ended, executable, workspace};
use bench_truth::{Truth, chat};
use yaml_rust2::{Yaml, YamlLoader};

use crate::stage::{Stage, read_json};

/// Starts three tasks as Slurm does, on one node.
const SRUN: &str = r#"#!/bin/sh
while case $1 in --*) true ;; *) false ;; esac; do shift; done
for rank in 0 1 2; do
    SLURM_PROCID=$rank SLURM_STEP_NUM_TASKS=3 SLURM_JOB_ID=$$ SLURM_STEP_ID=0 SLURM_STEP_NODELIST=127.0.0.1 "$@" &
    tasks="$tasks $!"
done
code=0
for task in $tasks; do wait "$task" || code=$?; done
exit "$code"
"#;

/// Runs a command here instead of on another machine.
const SSH: &str = r#"#!/bin/sh
while case $1 in -*) true ;; *) false ;; esac; do shift; done
exec sh -c "$2"
"#;

fn document(name: &str) -> PathBuf {
    workspace().join("docs/fleet").join(name)
}

/// Runs a script of the documents with these programs first on the path.
fn run(stage: &Stage, name: &str, programs: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let bin = stage.path().join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    for (program, text) in programs {
        fs::write(bin.join(program), text).expect("written");
        fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).expect("executable");
    }
    let bench = Path::new(env!("CARGO_BIN_EXE_bench")).parent().expect("its folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command: Command = stage.command(document(name), arguments);
    command.env("PATH", format!("{}:{}:{path}", bin.display(), bench.display()));
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
    command.env("PORT", port.to_string()).env("BENCH_STORE", stage.path().join("history.sqlite"));
    stage.end(&mut command)
}

/// Asserts that three workers have shared the only run.
fn expect_three(stage: &Stage, ended: &Ended) {
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let record = read_json(&stage.report().join("run.json"));
    let level = &record["cases"][0]["rounds"][0]["served"]["levels"][0];
    let workers = level["workers"].as_array().expect("workers");
    let sent: Vec<u64> = workers.iter().filter_map(|worker| worker["requests"].as_u64()).collect();
    assert_eq!(sent, [10, 10, 10], "{}", ended.said());
}

#[test]
fn scripts_start_workers_that_share_a_load() {
    let server = Truth::start(|_| chat(2, Duration::ZERO, Duration::ZERO));
    let url = server.url();
    let load = [&url, "--endpoint=chat", "--model=m", "--rate=100", "--requests=30", "--slo=ttft <= 300ms"];
    let of_slurm = Stage::new(&[]);
    let ended = run(&of_slurm, "slurm.sh", &[("srun", SRUN)], &load);
    expect_three(&of_slurm, &ended);
    let of_ssh = Stage::new(&[]);
    let ended =
        run(&of_ssh, "ssh.sh", &[("ssh", SSH)], &[&["127.0.0.1 localhost localhost"], &load[..]].concat());
    expect_three(&of_ssh, &ended);
}

#[test]
fn a_suite_is_measured_in_parts_that_meet_in_one_history() {
    let stage = Stage::new(&[]);
    let program = executable(Bench::Spread).display().to_string();
    let whole =
        stage.bench(&["run", &program, "add", "relu", "softmax", "--list", "--format=json"]).expect_code(0);
    let listed: serde_json::Value = serde_json::from_str(&whole.stdout).expect("JSON");
    let ended = run(&stage, "suite.sh", &[("srun", SRUN)], &[&program, "add", "relu", "softmax", "--quick"])
        .expect_code(0);
    for part in ["part 1/3 of the cases, set by Slurm", "part 3/3"] {
        assert!(ended.said().contains(part), "{}", ended.said());
    }
    // Each case is in exactly one part, and all parts are one run in the history.
    let store = stage.path().join("history.sqlite").display().to_string();
    let runs = stage.bench(&["store", "list", "--store", &store]).expect_code(0).stdout;
    assert_eq!(runs.lines().count(), 1, "{runs}");
    let run = runs.split_whitespace().nth(1).expect("a name");
    assert!(run.starts_with("slurm-"), "{runs}");
    let shown = stage.bench(&["store", "show", run, "--store", &store]).expect_code(0).stdout;
    let whole: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let (mut measured, mut numbers): (Vec<String>, Vec<u64>) = (Vec::new(), Vec::new());
    let folders: Vec<PathBuf> =
        fs::read_dir(stage.results()).expect("parts").map(|folder| folder.expect("a part").path()).collect();
    for folder in &folders {
        let record = read_json(&folder.join("latest/run.json"));
        assert_eq!(record["parts"]["run"].as_str(), Some(run));
        numbers.push(record["parts"]["numbers"][0].as_u64().expect("a number"));
        measured.extend(ids(&record));
    }
    measured.sort_unstable();
    numbers.sort_unstable();
    assert!(measured.len() > 3 && numbers.len() > 1, "{measured:?} in {numbers:?}");
    assert_eq!((&measured, &ids(&whole)), (&ids(&listed), &ids(&listed)));
    assert_eq!(whole["parts"], serde_json::json!({"run": run, "of": 3, "numbers": numbers}));
    // The gate judges a part together with those already in the store, and names the missing ones.
    let alone = stage.path().join("alone.sqlite").display().to_string();
    // A part may have no cases; this takes one that has some.
    let has_cases = |folder: &&PathBuf| !ids(&read_json(&folder.join("latest/run.json"))).is_empty();
    let part =
        folders.iter().find(has_cases).expect("a part with cases").join("latest").display().to_string();
    let added = stage.bench(&["store", "add", &part, "--store", &alone]).expect_code(0);
    assert!(added.said().contains("in the store so far"), "{}", added.said());
    stage
        .bench(&["gate", &part, "--store", &alone])
        .expect_code(0)
        .expect_said(&["not in the store yet: their cases are not judged"]);
    stage.bench(&["gate", &part, "--store", &store]).expect_code(0);
}

/// Returns the sorted ids of the cases of a record or a list.
fn ids(document: &serde_json::Value) -> Vec<String> {
    let cases = document["cases"].as_array().expect("cases").iter();
    let mut ids: Vec<String> = cases.map(|case| case["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort_unstable();
    ids
}

/// Returns the document of this kind in a manifest.
fn of_kind<'a>(documents: &'a [Yaml], kind: &str) -> &'a Yaml {
    documents.iter().find(|document| document["kind"].as_str() == Some(kind)).expect("a document")
}

#[test]
fn the_manifest_fits_together() {
    let text = fs::read_to_string(document("kubernetes.yaml")).expect("the manifest");
    let documents = YamlLoader::load_from_str(&text).expect("YAML");
    let (service, job) = (of_kind(&documents, "Service"), of_kind(&documents, "Job"));
    assert_eq!((service["apiVersion"].as_str(), job["apiVersion"].as_str()), (Some("v1"), Some("batch/v1")));
    let (spec, pod) = (&job["spec"], &job["spec"]["template"]["spec"]);
    let container = &pod["containers"][0];
    let variable = |name: &str| {
        let all = container["env"].as_vec().expect("variables").iter();
        all.clone().find(|variable| variable["name"].as_str() == Some(name)).expect("a variable")["value"]
            .as_str()
    };
    // Pods need an index as their number; a pod that is started again would not meet the others.
    assert_eq!(spec["completionMode"].as_str(), Some("Indexed"));
    assert_eq!(spec["backoffLimit"].as_i64(), Some(0));
    assert_eq!(pod["restartPolicy"].as_str(), Some("Never"));
    let count = spec["completions"].as_i64().expect("a number");
    assert_eq!(spec["parallelism"].as_i64(), Some(count), "all pods have to be there at once");
    assert_eq!(variable("BENCH_WORKERS"), Some(count.to_string().as_str()));
    // The first pod has the host name JOB-0.SUBDOMAIN if a headless service of that name selects it.
    let (name, subdomain) = (job["metadata"]["name"].as_str(), pod["subdomain"].as_str());
    assert_eq!(service["metadata"]["name"].as_str(), subdomain);
    assert_eq!(service["spec"]["clusterIP"].as_str(), Some("None"));
    assert_eq!(service["spec"]["publishNotReadyAddresses"].as_bool(), Some(true));
    assert_eq!(service["spec"]["selector"]["job-name"].as_str(), name);
    let port = service["spec"]["ports"][0]["port"].as_i64().expect("a port");
    assert_eq!(container["ports"][0]["containerPort"].as_i64(), Some(port));
    let address = format!("{}-0.{}:{port}", name.expect("a name"), subdomain.expect("a subdomain"));
    assert_eq!(variable("BENCH_RENDEZVOUS"), Some(address.as_str()));
    // Equal requests and limits give the quality of service `Guaranteed`.
    assert_eq!(container["resources"]["requests"], container["resources"]["limits"]);
    // `bench` understands the command of the container.
    let words: Vec<&str> =
        container["command"].as_vec().expect("a command").iter().filter_map(Yaml::as_str).collect();
    assert_eq!(words[0], "bench");
    let stage = Stage::new(&[]);
    let arguments = [&words[1..], &["--endpoint=chat", "--model=m", "--dry-run"]].concat();
    let arguments: Vec<&str> = arguments
        .into_iter()
        .map(|word| if word.starts_with("http") { "http://127.0.0.1:1" } else { word })
        .collect();
    let mut command = stage.bench_command(&arguments);
    command
        .env("JOB_COMPLETION_INDEX", "3")
        .env("BENCH_WORKERS", variable("BENCH_WORKERS").expect("a number"));
    stage.end(&mut command).expect_code(0).expect_said(&["part 4/4 of it, set by Kubernetes"]);
}
