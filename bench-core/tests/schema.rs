//! The published schema and the written files are compared with each other, in both directions: every object of the
//! schema forbids fields that it does not list, and requires those that it lists.

use bench_core::plan::Wishes;
use bench_core::prelude::*;
use bench_core::record::{ObjectiveResult, Parts, References, Status, Surroundings};
use bench_core::{Overrides, Record, Suite};
use serde_json::Value;

#[benchmark(category = "unit", model = "zoo", tags("a"), args(n = [1, 2]), items = n, targets("max <= 1h", "no_such <= 1"))]
fn fine(n: usize) -> usize {
    n + 1
}

#[benchmark(category = "integration", ignore(n = [2]), args(n = [1, 2]))]
fn loaded(b: &mut Bencher, n: u64) {
    let start = b.load(|| n);
    b.bytes(8).iter(|| start + 1);
}

#[benchmark(category = "performance")]
fn failing() -> Result<()> {
    Err(Error::failure("no \"figure\"\n"))
}

#[benchmark(category = "performance")]
fn skipped() -> Result<()> {
    Err(Error::skip("nothing here"))
}

#[test]
fn a_record_follows_the_schema_and_round_trips() {
    let overrides = Overrides { repeats: Some(2), ..Overrides::NONE };
    let mut record =
        Suite::new().wishes(Wishes { overrides, ..Wishes::default() }).in_process().run().expect("a run");
    let statuses: Vec<Status> = record.cases.iter().map(|case| case.status).collect();
    assert!([Status::Ok, Status::Failed, Status::Skipped].iter().all(|status| statuses.contains(status)));

    // In-process rounds have no start-up, and this program names no engines.
    record.environment.engines.insert("candle-core".to_owned(), "0.11.0".to_owned());
    let measured = record.cases.iter_mut().find_map(|case| case.rounds.first_mut()).expect("a round");
    measured.start_up_ns = Some(1_000_000);

    let targets: Vec<&ObjectiveResult> = record.cases.iter().flat_map(|case| &case.targets).collect();
    assert!(targets.iter().any(|result| result.value.is_some()) && targets.len() == 4, "{targets:?}");
    assert!(record.targets.is_some());

    assert!(record.environment.quietness.len() > 10, "{:?}", record.environment.quietness);
    record.environment.quietness[0].advice = None;
    record.environment.quietness[1].advice = Some("look".to_owned());

    // In-process rounds have no surroundings.
    let references = References::new(0.6, 90.0);
    record.environment.references = Some(references);
    let round =
        record.cases.iter_mut().find_map(|case| case.rounds.first_mut()).expect("a round of some case");
    let mut surroundings = Surroundings::new(references, references);
    surroundings.pressure = Some(0.5);
    round.surroundings = Some(surroundings);
    round.disturbed = Some("the clock reference was 14 % off".to_owned());

    // As in a store, after several machines have shared the suite.
    record.parts = Some(Parts::one("nightly", "2/3".parse().expect("a part")));
    record.cases[0].machine = Some(record.environment.machine());

    let value = serde_json::to_value(&record).expect("JSON");
    let schema: Value = serde_json::from_str(include_str!("../../docs/run.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let mut unlisted = value.clone();
    unlisted["cases"][0]["surprise"] = Value::Null;
    assert!(!validator.is_valid(&unlisted));

    // Older records without these fields have the same version.
    let mut older = value.clone();
    for round in older["cases"]
        .as_array_mut()
        .expect("cases")
        .iter_mut()
        .flat_map(|case| case["rounds"].as_array_mut().expect("rounds"))
    {
        for field in ["surroundings", "disturbed"] {
            round.as_object_mut().expect("a round").remove(field).expect("written always");
        }
    }
    for metric in older["cases"]
        .as_array_mut()
        .expect("cases")
        .iter_mut()
        .flat_map(|case| case["metrics"].as_array_mut().expect("metrics"))
    {
        for field in ["interval", "supported"] {
            metric.as_object_mut().expect("a metric").remove(field).expect("written always");
        }
    }
    for case in older["cases"].as_array_mut().expect("cases") {
        case.as_object_mut().expect("a case").remove("targets").expect("written always");
        case["settings"].as_object_mut().expect("settings").remove("measure").expect("written always");
    }
    older.as_object_mut().expect("a record").remove("targets").expect("written always");
    for field in ["references", "quietness"] {
        older["environment"].as_object_mut().expect("an environment").remove(field).expect("written always");
    }
    assert!(validator.is_valid(&older));
    assert!(serde_json::from_value::<Record>(older).is_ok());

    let text = serde_json::to_string(&record).expect("JSON");
    assert_eq!(serde_json::from_str::<Record>(&text).expect("a record"), record);
}
