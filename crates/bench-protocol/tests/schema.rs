//! The published schemas and the types are compared with each other, both ways: each schema lists exactly the fields
//! that are written, and requires exactly those without which nothing can be read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use bench_protocol::json::{Decode, Encode, from_text, to_text};
use bench_protocol::{
    Arguments, Assignment, Build, Case, Command, Counter, DeviceChoice, DeviceWishes, FailureKind, Finish,
    Frame, Listing, LoadWishes, Mode, Overrides, PROTOCOL, ProbeReport, Reading, RequestLevels, Series,
    WarmUp,
};
use bench_stats::Interval;
use bench_syntax::Category;
use serde_json::{Value, json};

const LIST: &str = include_str!("../../../docs/list.schema.json");
const MESSAGES: &str = include_str!("../../../docs/worker-protocol.schema.json");
const PAGE: &str = include_str!("../../../docs/book/src/protocol.md");

fn schema(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Returns the JSON value of a message on the wire.
fn value(message: &impl Encode) -> Value {
    serde_json::from_str(&to_text(message)).expect("JSON")
}

/// Whether the type can read it.
fn reads<T: Decode>(value: &Value) -> bool {
    from_text::<T>(&value.to_string()).is_ok()
}

/// Returns a schema of the messages that are commands, or of those that are frames.
fn messages(kind: &str) -> Value {
    let mut schema = schema(MESSAGES);
    schema["oneOf"] = json!([{ "$ref": format!("#/$defs/{kind}") }]);
    schema
}

/// Creates a list in which nothing is left out.
fn listing() -> Listing {
    let mut build = Build::default();
    build.toolchain = "CPython 3.13.1".to_owned();
    build.engines.insert("torch".to_owned(), "2.9.1".to_owned());
    let mut case = Case::new("zoo/unit/f[n=1]", Category::Unit);
    case.model = Some("zoo".into());
    case.name = "f".into();
    case.arguments = Arguments::from_iter([("n", "1")]);
    case.tags.push("gpu".to_owned());
    case.objectives.push("median <= 5s".to_owned());
    case.settings = Overrides {
        warmup: Some(1),
        repeats: Some(2),
        rounds: Some(3),
        max_time: Some(Duration::from_secs(1)),
        timeout: Some(Duration::from_secs(2)),
        threshold: Some(0.05),
    };
    case.ignored = Some("slow".to_owned());
    case.source = Some("zoo.py:12".into());
    case.set_up = Some("weights".to_owned());
    case.locator = Some("zoo#3".to_owned());
    let mut listing = Listing::new(build, vec![case]);
    listing.modes = Some(vec![Mode::Sample, Mode::Once]);
    listing
}

/// Creates commands in which nothing is left out.
fn commands() -> Vec<Command> {
    let assignment = Assignment {
        case: "unit/f".to_owned(),
        locator: Some("zoo#3".to_owned()),
        round: 1,
        mode: Mode::Sample,
        warmup: Some(1),
        samples: Some(2),
        slice_ns: 3,
        hard_stop: true,
        timeout_ns: Some(4),
        timeout_is_hard: true,
        inputs_alive: Some(5),
        probes: Some(vec!["memory".to_owned()]),
        artifacts: Some("/tmp".into()),
        load: LoadWishes {
            quick: true,
            stress_ns: Some(1),
            valid_for: Some(0.99),
            requests_csv: Some("/tmp/r.csv".into()),
        },
        devices: DeviceWishes {
            device: Some(DeviceChoice::Cuda(1)),
            gpus: Some("all".to_owned()),
            gpu_interval_ns: Some(1),
        },
    };
    vec![Command::Measure(Box::new(assignment)), Command::Batch { iterations: 1, lead: 1 }, Command::Stop]
}

/// Creates frames of every type, in which nothing is left out.
fn frames() -> Vec<Frame> {
    let interval = Interval { low: 1.0, high: 2.0 };
    let reading = Reading::new("peak", "bytes", 1.5).max().higher_is_better().with_interval(Some(interval));
    let probe = ProbeReport {
        readings: vec![reading],
        series: vec![Series {
            metric: "m".to_owned(),
            unit: "s".to_owned(),
            time_s: vec![0.0],
            values: vec![None],
        }],
        notes: vec!["n".to_owned()],
        unavailable: Some("no".to_owned()),
        ..ProbeReport::of("memory")
    };
    let served = json!({ "domain": "text", "primary": [], "plots": [], "levels": [], "metrics": [] });
    vec![
        Frame::Ready { protocol: PROTOCOL, shared: true, leads: true },
        Frame::StartUp { ns: 1 },
        Frame::Loaded { ns: 1 },
        Frame::FirstCall { ns: 1 },
        Frame::Expects { ns: 1 },
        Frame::WarmedUp(WarmUp { iterations: 1, ns: 2, steady: Some(true) }),
        Frame::Samples { iterations: 1, ns: vec![1, u64::MAX] },
        Frame::Served(RequestLevels::from_json(&served.to_string()).expect("an object")),
        Frame::Finished(Finish {
            iterations: 1,
            inputs_alive: Some(1),
            counters: vec![Counter { unit: "items".to_owned(), per_iteration: 1 }],
            probes: vec![probe],
            clock_resolution_ns: Some(20),
            empty_iteration_ns: Some(0.3),
        }),
        Frame::Failed { kind: FailureKind::Panic, message: "m".to_owned() },
        Frame::Skipped { reason: "r".to_owned() },
    ]
}

/// Follows references of a schema.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect(reference),
        None => schema,
    }
}

/// Checks one message against its schema: `root` holds the definitions, `reads` says whether the type can read it.
fn check(root: &Value, schema: &Value, message: &Value, reads: &dyn Fn(&Value) -> bool) {
    let validator = jsonschema::validator_for(root).expect("a schema");
    assert!(validator.is_valid(message), "{message}");
    walk(root, schema, message, "", &mut |path, schema, object| {
        let listed: Vec<&String> = schema["properties"].as_object().expect("properties").keys().collect();
        let mut written: Vec<&String> = object.keys().collect();
        written.sort_by_key(|name| listed.iter().position(|listed| listed == name));
        assert_eq!(written, listed, "fields of {path} in {message}");
        for name in object.keys() {
            let mut without = message.clone();
            without.pointer_mut(path).expect(path).as_object_mut().expect("an object").remove(name);
            let required = schema["required"].as_array().expect("required").iter().any(|field| field == name);
            assert_eq!(validator.is_valid(&without), !required, "{path} without {name} by the schema");
            // The content of a `served` message is read later, by another type.
            if message["type"] != "served" || name == "type" {
                assert_eq!(reads(&without), !required, "{path} without {name} by the type");
            }
        }
    });
}

type Visit<'a> = dyn FnMut(&str, &Value, &serde_json::Map<String, Value>) + 'a;

/// Visits every object of a message whose fields the schema lists.
fn walk(root: &Value, schema: &Value, value: &Value, path: &str, visit: &mut Visit<'_>) {
    let schema = resolved(root, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let alone = |choice: &&Value| {
            let mut alone = resolved(root, choice).clone();
            alone["$defs"] = root["$defs"].clone();
            jsonschema::validator_for(&alone).expect("a schema").is_valid(value)
        };
        let choice = choices.iter().find(alone).expect("a choice");
        return walk(root, choice, value, path, visit);
    }
    match value {
        Value::Object(object) if schema["properties"].is_object() => {
            visit(path, schema, object);
            for (name, value) in object {
                walk(root, &schema["properties"][name], value, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(items) if schema["items"].is_object() => {
            for (number, item) in items.iter().enumerate() {
                walk(root, &schema["items"], item, &format!("{path}/{number}"), visit);
            }
        }
        _ => {}
    }
}

#[test]
fn the_list_and_its_schema_agree() {
    let schema = schema(LIST);
    let value: Value = serde_json::from_str(&listing().to_json()).expect("JSON");
    check(&schema, &schema, &value, &|value| reads::<Listing>(value));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let changed = |path: &str, to: Value| {
        let mut value = value.clone();
        *value.pointer_mut(path).expect(path) = to;
        (validator.is_valid(&value), reads::<Listing>(&value))
    };
    assert_eq!(changed("/cases/0/category", json!("speed")), (false, false));
    assert_eq!(changed("/cases/0/arguments", json!({ "n": 1 })), (false, false));
    assert_eq!(changed("/cases/0/settings/rounds", json!(-1)), (false, false));
    assert_eq!(changed("/cases/0/set_up", Value::Null), (true, true));
    assert_eq!(changed("/cases/0/settings/max_time_ns", Value::Null), (true, true));
    assert_eq!(changed("/build/toolchain", json!(3)), (false, false));
}

#[test]
fn commands_and_their_schemas_agree() {
    let schema = messages("command");
    for command in commands() {
        let value = value(&command);
        check(&schema, &schema, &value, &|value| reads::<Command>(value));
    }
    let named = schema["$defs"]["command"]["oneOf"].as_array().map(Vec::len);
    assert_eq!(named, Some(commands().len()));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for wrong in [json!({ "type": "dance" }), json!({ "type": "batch" }), json!([])] {
        assert!(!validator.is_valid(&wrong) && !reads::<Command>(&wrong));
    }
}

#[test]
fn frames_and_their_schemas_agree() {
    let schema = messages("frame");
    for frame in frames() {
        let value = value(&frame);
        check(&schema, &schema, &value, &|value| reads::<Frame>(value));
    }
    let named = schema["$defs"]["frame"]["oneOf"].as_array().map(Vec::len);
    assert_eq!(named, Some(frames().len()));
}

/// Tests that the examples of the page are what the types read and write, and follow the schemas.
#[test]
fn the_page_shows_the_protocol() {
    let command_schema = jsonschema::validator_for(&messages("command")).expect("a schema");
    let frame_schema = jsonschema::validator_for(&messages("frame")).expect("a schema");
    let (mut commands, mut frames) = (0, 0);
    for line in PAGE.lines() {
        if let Some(text) = line.strip_prefix("→ ") {
            let value: Value = serde_json::from_str(text).expect(text);
            let command: Command = from_text(text).expect(text);
            assert_eq!(self::value(&command), value);
            assert!(command_schema.is_valid(&value), "{text}");
            commands += 1;
        } else if let Some(text) = line.strip_prefix("← ") {
            let value: Value = serde_json::from_str(text).expect(text);
            let frame: Frame = from_text(text).expect(text);
            assert_eq!(self::value(&frame), value);
            assert!(frame_schema.is_valid(&value), "{text}");
            frames += 1;
        }
    }
    assert_eq!((commands, frames), (6, 15));
    let example =
        PAGE.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let listing: Listing = from_text(example).expect("a list");
    assert_eq!(listing.cases.len(), 2);
    let value: Value = serde_json::from_str(example).expect("JSON");
    assert!(jsonschema::validator_for(&schema(LIST)).expect("a schema").is_valid(&value));
    // Every field of the list and of every message is explained.
    for (schema, what) in [(schema(LIST), "list"), (schema(MESSAGES), "message")] {
        for (name, definition) in schema["$defs"].as_object().expect("definitions") {
            for field in definition["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
                let is_named =
                    [format!("`{field}`"), format!("\"{field}\"")].iter().any(|it| PAGE.contains(it));
                assert!(is_named, "{what}: `{name}.{field}` is not on the page");
            }
        }
    }
}
