use std::io::BufReader;
use std::sync::Arc;

use bench_stats::Interval;
use bench_syntax::Category;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::{Arguments, Better, Build, Case, Listing, OverRounds, Overrides, Reading, Series};

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON contains no infinity", |number| number.is_finite())
}

prop_compose! {
    fn reading()(
        metric in any::<String>(),
        unit in any::<String>(),
        value in finite(),
        interval in option::of((finite(), finite()).prop_map(|(low, high)| Interval { low, high })),
        over_rounds in prop_oneof![Just(OverRounds::Median), Just(OverRounds::Max)],
        better in prop_oneof![Just(Better::Higher), Just(Better::Lower)],
    ) -> Reading {
        Reading { metric, unit, value, interval, over_rounds, better }
    }
}

prop_compose! {
    fn series()(
        metric in any::<String>(),
        unit in any::<String>(),
        time_s in vec(finite(), 0..4),
        values in vec(option::of(finite()), 0..4),
    ) -> Series {
        Series { metric, unit, time_s, values }
    }
}

prop_compose! {
    fn report()(
        probe in any::<String>(),
        readings in vec(reading(), 0..3),
        series in vec(series(), 0..3),
        notes in vec(any::<String>(), 0..3),
        unavailable in option::of(any::<String>()),
        cost_ns in any::<u64>(),
    ) -> ProbeReport {
        ProbeReport { probe, readings, series, notes, unavailable, cost_ns }
    }
}

prop_compose! {
    fn finish()(
        (iterations, inputs_alive) in any::<(u64, Option<u64>)>(),
        counters in vec(
            (any::<String>(), any::<u64>()).prop_map(|(unit, per_iteration)| Counter { unit, per_iteration }),
            0..3,
        ),
        probes in vec(report(), 0..3),
        clock_resolution_ns in any::<Option<u64>>(),
        empty_iteration_ns in option::of(finite()),
    ) -> Finish {
        Finish { iterations, inputs_alive, counters, probes, clock_resolution_ns, empty_iteration_ns }
    }
}

fn frame() -> impl Strategy<Value = Frame> {
    let served = btree_map("[a-s]{0,4}", any::<u64>(), 0..4).prop_map(|levels| {
        let text = serde_json::to_string(&levels).expect("JSON");
        Frame::Served(RequestLevels::from_json(&text).expect("an object"))
    });
    prop_oneof![
        (any::<u32>(), any::<bool>(), any::<bool>()).prop_map(|(protocol, shared, leads)| Frame::Ready {
            protocol,
            shared,
            leads
        }),
        any::<u64>().prop_map(|ns| Frame::StartUp { ns }),
        any::<u64>().prop_map(|ns| Frame::Loaded { ns }),
        any::<u64>().prop_map(|ns| Frame::FirstCall { ns }),
        any::<u64>().prop_map(|ns| Frame::Expects { ns }),
        any::<(u64, u64, Option<bool>)>().prop_map(|(iterations, ns, steady)| Frame::WarmedUp(WarmUp {
            iterations,
            ns,
            steady
        })),
        (any::<u64>(), vec(any::<u64>(), 0..9))
            .prop_map(|(iterations, ns)| Frame::Samples { iterations, ns }),
        served,
        finish().prop_map(Frame::Finished),
        (prop_oneof![Just(FailureKind::Panic), Just(FailureKind::Error)], any::<String>())
            .prop_map(|(kind, message)| Frame::Failed { kind, message }),
        any::<String>().prop_map(|reason| Frame::Skipped { reason }),
    ]
}

prop_compose! {
    fn load()(
        quick in any::<bool>(),
        stress_ns in any::<Option<u64>>(),
        valid_for in option::of(finite()),
        requests_csv in option::of(any::<String>().prop_map(PathBuf::from)),
    ) -> LoadWishes {
        LoadWishes { quick, stress_ns, valid_for, requests_csv }
    }
}

prop_compose! {
    fn devices()(
        device in option::of(prop_oneof![
            Just(DeviceChoice::Auto),
            Just(DeviceChoice::Cpu),
            Just(DeviceChoice::Metal),
            any::<usize>().prop_map(DeviceChoice::Cuda),
        ]),
        gpus in option::of(any::<String>()),
        gpu_interval_ns in any::<Option<u64>>(),
    ) -> DeviceWishes {
        DeviceWishes { device, gpus, gpu_interval_ns }
    }
}

prop_compose! {
    fn assignment()(
        (case, round, locator) in any::<(String, u32, Option<String>)>(),
        mode in prop_oneof![Just(Mode::Sample), Just(Mode::Once), Just(Mode::Step), Just(Mode::Count)],
        (warmup, samples) in any::<(Option<u64>, Option<u64>)>(),
        (slice_ns, hard_stop, timeout_is_hard) in any::<(u64, bool, bool)>(),
        (timeout_ns, inputs_alive) in any::<(Option<u64>, Option<u64>)>(),
        probes in option::of(vec(any::<String>(), 0..3)),
        artifacts in option::of(any::<String>().prop_map(PathBuf::from)),
        load in prop_oneof![Just(LoadWishes::default()), load()],
        devices in prop_oneof![Just(DeviceWishes::default()), devices()],
    ) -> Assignment {
        Assignment {
            case, locator, round, mode, warmup, samples, slice_ns, hard_stop, timeout_ns, inputs_alive, timeout_is_hard, probes, artifacts, load, devices,
        }
    }
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        assignment().prop_map(|assignment| Command::Measure(Box::new(assignment))),
        any::<(u64, u64)>().prop_map(|(iterations, lead)| Command::Batch { iterations, lead }),
        Just(Command::Stop),
    ]
}

prop_compose! {
    fn settings()(
        (warmup, repeats, rounds) in any::<(Option<u64>, Option<u64>, Option<u32>)>(),
        (max_time, timeout) in any::<(Option<u64>, Option<u64>)>(),
        threshold in option::of(0.0f64..1.0),
    ) -> Overrides {
        let time = |ns: Option<u64>| ns.map(std::time::Duration::from_nanos);
        Overrides { warmup, repeats, rounds, max_time: time(max_time), timeout: time(timeout), threshold }
    }
}

prop_compose! {
    fn case()(
        id in any::<String>(),
        (model, name, source) in any::<(Option<String>, String, Option<String>)>(),
        category in proptest::sample::select(&Category::ALL[..]),
        arguments in btree_map(any::<String>(), any::<String>(), 0..3),
        (tags, objectives) in (vec(any::<String>(), 0..3), vec(any::<String>(), 0..3)),
        settings in settings(),
        (ignored, set_up, locator) in any::<(Option<String>, Option<String>, Option<String>)>(),
    ) -> Case {
        let (model, name, source) = (model.map(Arc::from), name.into(), source.map(Arc::from));
        let arguments = Arguments::from_iter(arguments);
        Case {
            id, model, category, name, arguments, tags, objectives, settings, ignored, source, set_up, locator,
        }
    }
}

prop_compose! {
    fn listing()(
        (toolchain, target, target_features, optimization) in any::<(String, String, String, String)>(),
        debug_assertions in any::<bool>(),
        engines in btree_map(any::<String>(), any::<String>(), 0..3),
        cases in vec(case(), 0..4),
    ) -> Listing {
        let build =
            Build { toolchain, target, target_features, optimization, debug_assertions, engines };
        Listing::new(build, cases)
    }
}

proptest! {
    #[test]
    fn frames_round_trip(frames in vec(frame(), 0..6)) {
        let mut bytes = Vec::new();
        for frame in &frames {
            write_message(&mut bytes, frame).expect("written");
        }
        prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), frames.len());
        let mut reader = BufReader::with_capacity(7, bytes.as_slice());
        for frame in &frames {
            let read = read_message::<Frame>(&mut reader).expect("read");
            prop_assert_eq!(read.as_ref(), Some(frame));
        }
        prop_assert_eq!(read_message::<Frame>(&mut reader).expect("the end"), None);
    }

    #[test]
    fn commands_round_trip(command in command()) {
        let text = json::to_text(&command);
        prop_assert_eq!(json::from_text::<Command>(&text).expect("a command"), command);
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        prop_assert!(value["type"].is_string());
    }

    #[test]
    fn lists_round_trip(listing in listing()) {
        prop_assert_eq!(json::from_text::<Listing>(&listing.to_json()).expect("a list"), listing);
    }

    /// Tests that a frame that was cut off or changed is an error or another message, and never panics.
    #[test]
    fn broken_frames_are_errors(frame in frame(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let text = json::to_text(&frame).into_bytes();
        let cut = at.index(text.len());
        prop_assert!(json::from_bytes::<Frame>(&text[..cut]).is_err());
        let mut changed = text;
        changed[cut] = byte;
        let _ = json::from_bytes::<Frame>(&changed);
    }
}

#[cfg(feature = "serde")]
proptest! {
    /// Tests that serde, with which records embed these, writes the same fields as on the wire.
    #[test]
    fn records_hold_what_the_wire_holds(finish in finish(), steady in any::<Option<bool>>()) {
        for report in &finish.probes {
            let wire = json::to_text(report);
            prop_assert_eq!(&serde_json::from_str::<ProbeReport>(&wire).expect("a report"), report);
            let record = serde_json::to_string(report).expect("JSON");
            prop_assert_eq!(&json::from_text::<ProbeReport>(&record).expect("a report"), report);
            let value: serde_json::Value = serde_json::from_str(&wire).expect("JSON");
            prop_assert_eq!(value, serde_json::from_str::<serde_json::Value>(&record).expect("JSON"));
        }
        for counter in &finish.counters {
            prop_assert_eq!(json::to_text(counter), serde_json::to_string(counter).expect("JSON"));
        }
        let warm_up = WarmUp { iterations: 1, ns: 2, steady };
        prop_assert_eq!(json::to_text(&warm_up), serde_json::to_string(&warm_up).expect("JSON"));
    }
}

#[test]
fn what_stands_on_the_wire_is_what_is_published() {
    for (frame, text) in [
        (Frame::Ready { protocol: 2, shared: false, leads: false }, r#"{"type":"ready","protocol":2}"#),
        (
            Frame::Ready { protocol: 2, shared: true, leads: true },
            r#"{"type":"ready","protocol":2,"shared":true,"leads":true}"#,
        ),
        (Frame::StartUp { ns: 7 }, r#"{"type":"start_up","ns":7}"#),
        (Frame::Loaded { ns: 7 }, r#"{"type":"loaded","ns":7}"#),
        (Frame::Expects { ns: 7 }, r#"{"type":"expects","ns":7}"#),
        (Frame::FirstCall { ns: u64::MAX }, r#"{"type":"first_call","ns":18446744073709551615}"#),
        (
            Frame::WarmedUp(WarmUp { iterations: 3, ns: 4, steady: None }),
            r#"{"type":"warmed_up","iterations":3,"ns":4,"steady":null}"#,
        ),
        (
            Frame::Samples { iterations: 7, ns: vec![1, u64::MAX] },
            r#"{"type":"samples","iterations":7,"ns":[1,18446744073709551615]}"#,
        ),
        (
            Frame::Served(RequestLevels::from_json("{ \"levels\": [1.50],\n \"type\": 1 }").expect("JSON")),
            r#"{"type":"served","levels":[1.50]}"#,
        ),
        (
            Frame::Failed { kind: FailureKind::Panic, message: "a\nb \"c\" \u{0}".to_owned() },
            r#"{"type":"failed","kind":"panic","message":"a\nb \"c\" \u0000"}"#,
        ),
        (Frame::Skipped { reason: "no GPU".to_owned() }, r#"{"type":"skipped","reason":"no GPU"}"#),
        (
            Frame::Finished(Finish {
                iterations: 1,
                inputs_alive: None,
                counters: vec![Counter { unit: "images".to_owned(), per_iteration: 8 }],
                probes: vec![ProbeReport {
                    readings: vec![Reading::new("peak_memory", "bytes", 1e9).max()],
                    cost_ns: 3000,
                    ..ProbeReport::of("memory")
                }],
                clock_resolution_ns: Some(20),
                empty_iteration_ns: None,
            }),
            concat!(
                r#"{"type":"finished","iterations":1,"counters":[{"unit":"images","per_iteration":8}],"#,
                r#""probes":[{"probe":"memory","readings":[{"metric":"peak_memory","unit":"bytes","#,
                r#""value":1000000000.0,"over_rounds":"max","better":"lower"}],"unavailable":null,"#,
                r#""cost_ns":3000}],"clock_resolution_ns":20,"empty_iteration_ns":null}"#,
            ),
        ),
    ] {
        assert_eq!(json::to_text(&frame), text);
        assert_eq!(json::from_text::<Frame>(text).as_ref(), Ok(&frame));
    }
}

#[test]
fn a_message_that_breaks_the_protocol_is_named() {
    for (text, said) in [
        ("{\"type\":\"ready\"\n", "expected `,` or `}`, found the end at byte 16"),
        ("hello\n", "expected a JSON value, found 'h' at byte 0"),
        ("\n", "expected a JSON value, found the end at byte 1"),
        ("[]\n", "expected an object, found an array"),
        ("{}\n", "missing field `type`"),
        ("{\"type\":\"ready\"}\n", "missing field `protocol`"),
        (
            "{\"type\":\"ready\",\"protocol\":\"2\"}\n",
            "`protocol`: expected a whole number from 0 to 2^32 - 1, found \"2\"",
        ),
        ("{\"type\":\"redy\"}\n", "unknown `type` \"redy\": expected one of `ready`, `start_up`, `loaded`"),
        (
            "{\"type\":\"failed\",\"kind\":\"oops\",\"message\":\"\"}\n",
            "`kind`: expected one of `panic`, `error`, found \"oops\"",
        ),
        (
            "{\"type\":\"samples\",\"iterations\":1,\"ns\":[1.5]}\n",
            "`ns`: expected a whole number from 0 to 2^64 - 1, found 1.5",
        ),
    ] {
        let error = read_message::<Frame>(&mut text.as_bytes()).expect_err(text);
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().starts_with(said), "{text}: {error}");
    }
    let error = read_message::<Command>(&mut &b"{\"type\":\"start\"}"[..]).expect_err("unknown").to_string();
    assert_eq!(error, "unknown `type` \"start\": expected `measure`, `batch` or `stop`");
}

#[test]
fn a_message_may_be_as_long_as_published_and_no_longer() {
    let head = r#"{"type":"skipped","reason":""#;
    let of_length = |length: usize| {
        let mut text = head.to_owned();
        text.extend(std::iter::repeat_n('x', length - head.len() - 3));
        text + "\"}\n"
    };
    let longest = of_length(LONGEST_FRAME);
    assert!(matches!(read_message(&mut longest.as_bytes()), Ok(Some(Frame::Skipped { .. }))));
    let error = read_message::<Frame>(&mut of_length(LONGEST_FRAME + 1).as_bytes()).expect_err("too long");
    assert_eq!(error.to_string(), "a message is longer than 64 MiB");
}

#[test]
fn fields_that_say_nothing_may_be_absent() {
    let text = r#"{"type":"measure","case":"unit/x","round":0,"mode":"sample","slice_ns":1,"hard_stop":false,"new":1}"#;
    let Command::Measure(assignment) = json::from_text(text).expect("a command") else {
        panic!("not an assignment")
    };
    assert_eq!((assignment.warmup, assignment.probes, assignment.artifacts), (None, None, None));
    assert_eq!((assignment.load, assignment.devices), (LoadWishes::default(), DeviceWishes::default()));
    let reading: Reading =
        json::from_text(r#"{"metric": "cpu_time", "unit": "s", "value": 2}"#).expect("a reading");
    assert_eq!(reading, Reading::new("cpu_time", "s", 2.0));
}
