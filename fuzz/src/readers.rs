//! Every reader of data from outside, as a function of bytes. Each may refuse them; none may panic, and what it
//! takes must be data. `crates/bench-cli/tests/end_to_end/mutations.rs` uses the same functions.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use bench_formats::{Origin, importer};
use bench_history::config::Config;
use bench_history::store::{Location, Store};
use bench_load::scenario::{Replay, Scenario, Wanted};
use bench_protocol::json;
use bench_protocol::{Command, Frame, Listing};
use bench_record::Record;
use bench_syntax::Category;

/// A file that holds these bytes, in a folder of this thread alone.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    thread_local! {
        static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
    }
    let path = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder"));
        folder.path().join(name)
    });
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("a folder");
    }
    std::fs::write(&path, bytes).expect("written");
    path
}

/// Checks that a text accepted as a record is consistent, and is the same after it is written and read again.
fn is_sound(record: &Record) {
    assert_eq!(record.check(), Ok(()));
    let text = serde_json::to_vec(record).expect("JSON");
    let again = bench_record::read_file(&file("again.json", &text)).expect("a record");
    assert!(again == *record, "another record comes back");
}

/// A `run.json`.
pub fn records(bytes: &[u8]) {
    if let Ok(record) = bench_record::read_file(&file("run.json", bytes)) {
        is_sound(&record);
    }
}

/// A journal of a run whose runner was killed.
pub fn journals(bytes: &[u8]) {
    let journal = file("killed/journal.jsonl", bytes);
    if let Ok(record) = bench_judge::open(journal.parent().unwrap_or(Path::new("."))) {
        assert_eq!(record.check(), Ok(()));
    }
}

/// A store in a file.
pub fn stores(bytes: &[u8]) {
    let path = file("history.sqlite", bytes);
    let Ok(mut store) = Store::open_to_read(&Location::File(path.clone())) else { return };
    let found = store.verify();
    let runs = store.runs().unwrap_or_default();
    for run in &runs {
        // What is there can be read, or is damage that `verify` has found.
        let record = store.record(&run.run);
        assert!(record.is_ok() || found.as_ref().map_or(true, |found| !found.is_empty()), "{}", run.run);
    }
    let _ = (store.series(), store.acceptances(), store.baselines(), store.renamings(), store.all_told());
    drop(store);
    assert!(std::fs::read(path).is_ok_and(|after| after == bytes), "reading has changed the store");
}

/// A `bench.toml`.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = Config::parse(text, Path::new("bench.toml"));
}

/// Output of `go test -bench`.
pub fn benchfmt(bytes: &[u8]) {
    import("benchfmt", &file("bench.txt", bytes));
}

/// Bencher's format.
pub fn bmf(bytes: &[u8]) {
    import("bmf", &file("bmf.json", bytes));
}

/// The estimates of one benchmark below `target/criterion`.
pub fn criterion(bytes: &[u8]) {
    file("criterion/one/new/benchmark.json", br#"{"group_id": "one", "full_id": "one", "title": "one"}"#);
    let estimates = file("criterion/one/new/estimates.json", bytes);
    if let Some(folder) = estimates.ancestors().nth(3) {
        import("criterion", folder);
    }
}

/// A file of `pytest --benchmark-json`.
pub fn pytest_benchmark(bytes: &[u8]) {
    import("pytest-benchmark", &file("pytest.json", bytes));
}

/// A file of pyperf.
pub fn pyperf(bytes: &[u8]) {
    import("pyperf", &file("pyperf.json", bytes));
}

/// A file of `hyperfine --export-json`.
pub fn hyperfine(bytes: &[u8]) {
    import("hyperfine", &file("hyperfine.json", bytes));
}

/// A file of Google Benchmark.
pub fn google_benchmark(bytes: &[u8]) {
    import("google-benchmark", &file("google.json", bytes));
}

/// Results of asv, beside a good description of its benchmarks.
pub fn asv(bytes: &[u8]) {
    file("asv/benchmarks.json", include_bytes!("../corpus/asv_benchmarks/benchmarks.json"));
    import("asv", &file("asv/host/results.json", bytes));
}

/// asv's description of benchmarks, beside good results.
pub fn asv_benchmarks(bytes: &[u8]) {
    file("asv/benchmarks.json", bytes);
    import("asv", &file("asv/host/results.json", include_bytes!("../corpus/asv/summaries.json")));
}

fn import(format: &str, path: &Path) {
    let format = importer(format).expect("a format");
    // It may be of no format, or of another one.
    let _ = bench_formats::recognize(path);
    let Ok(mut imported) = format.import(path) else { return };
    imported.leave_out_unsound(Category::Performance);
    if imported.cases.is_empty() {
        return;
    }
    let origin = Origin {
        run: None,
        timestamp: "2026-01-01T00:00:00Z".to_owned(),
        category: Category::Performance,
        environment: bench_record::Environment::default(),
    };
    let record = imported.into_record(format.name(), path, &origin).expect("names differ");
    is_sound(&record);
}

/// A trace of arrivals.
pub fn traces(bytes: &[u8]) {
    let wanted = Wanted { requests: None, duration: None, seed: 1 };
    let _ = Replay::file(file("trace.csv", bytes)).levels(&wanted);
}

/// The messages of a worker and of a runner, and a program's list.
pub fn frames(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(frame) = json::from_bytes::<Frame>(line) {
            let text = json::to_text(&frame);
            assert_eq!(json::to_text(&json::from_text::<Frame>(&text).expect("a frame")), text);
        }
        let _ = (json::from_bytes::<Command>(line), json::from_bytes::<Listing>(line));
    }
}
