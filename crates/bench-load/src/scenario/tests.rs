use super::*;

fn wanted(requests: Option<u64>, seconds: Option<f64>) -> Wanted {
    Wanted { requests, duration: seconds.map(Duration::from_secs_f64), seed: 1 }
}

fn arrivals(plan: &Plan) -> &[u64] {
    match &plan.pacing {
        Pacing::Schedule { arrivals, .. } => arrivals,
        _ => panic!("{plan:?} has no schedule"),
    }
}

#[test]
fn nonsense_is_refused_in_words() {
    let usual = wanted(None, None);
    let refused: [(&str, Box<dyn Scenario>); 12] = [
        ("a concurrency of 0", Box::new(ClosedLoop::new(0))),
        ("a concurrency of 0", Box::new(ClosedLoop::new([1, 0]))),
        ("a rate of 0", Box::new(OpenLoop::poisson(0.0))),
        ("a rate of -1", Box::new(OpenLoop::constant(-1.0))),
        ("a rate of NaN", Box::new(OpenLoop::poisson(f64::NAN))),
        ("a burstiness of 0", Box::new(OpenLoop::gamma(1.0, 0.0))),
        ("requests in flight of 0", Box::new(OpenLoop::poisson(1.0).most_in_flight(0))),
        ("streams of 0", Box::new(MultiStream::new(0))),
        ("ramp from 4 to 2", Box::new(Ramp::new(4, 2))),
        ("stress", Box::new(Stress::new(Duration::ZERO, 4))),
        ("at once of 0", Box::new(Offline::new().at_once(0))),
        ("no-such-file", Box::new(Replay::file("no-such-file"))),
    ];
    for (part, scenario) in refused {
        let message = scenario.levels(&usual).expect_err(part).to_string();
        assert!(message.contains(part), "{message}");
    }
    assert!(OpenLoop::poisson(1e9).levels(&wanted(None, Some(3600.0))).is_err());
}

#[test]
fn a_constant_rate_does_not_drift() {
    let plans = OpenLoop::constant(3.0).levels(&wanted(Some(300_001), None)).expect("a plan");
    let arrivals = arrivals(&plans[0]);
    assert_eq!(arrivals.len(), 300_001);
    assert_eq!((arrivals[0], arrivals[300_000]), (0, 100_000_000_000_000));
}

#[test]
fn arrivals_have_their_rate_and_come_from_the_seed() {
    for scenario in [OpenLoop::poisson(200.0), OpenLoop::gamma(200.0, 0.25), OpenLoop::gamma(200.0, 4.0)] {
        let plans = scenario.levels(&wanted(None, Some(500.0))).expect("a plan");
        let first = arrivals(&plans[0]);
        assert!((first.len() as f64 / 100_000.0 - 1.0).abs() < 0.02, "{}", first.len());
        assert!(first.is_sorted() && *first.last().expect("arrivals") < 500_000_000_000);
        assert_eq!(first, arrivals(&scenario.levels(&wanted(None, Some(500.0))).expect("a plan")[0]));
    }
}

#[test]
fn requests_and_duration_end_a_level_whichever_comes_first() {
    let rate = OpenLoop::constant(100.0);
    let count =
        |requests, seconds| arrivals(&rate.levels(&wanted(requests, seconds)).expect("a plan")[0]).len();
    assert_eq!([count(Some(10), Some(1.0)), count(Some(1000), Some(1.0)), count(None, None)], [10, 100, 50]);
    let closed = ClosedLoop::new([1, 8]).levels(&wanted(None, None)).expect("plans");
    assert_eq!([closed[0].requests, closed[1].requests], [Some(50), Some(80)]);
    assert_eq!(ClosedLoop::new(1).levels(&wanted(None, Some(1.0))).expect("plan")[0].requests, None);
}

#[test]
fn a_ramp_doubles_up_to_its_end() {
    let counts = |from, to| -> Vec<u32> {
        let plans = Ramp::new(from, to).levels(&wanted(None, None)).expect("plans");
        plans.iter().filter_map(|plan| plan.concurrency).collect()
    };
    assert_eq!(counts(1, 12), [1, 2, 4, 8, 12]);
    assert_eq!(counts(3, 3), [3]);
}

#[test]
fn a_trace_is_parsed_and_what_cannot_be_meant_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("trace.csv");
    let replayed = |bytes: &[u8]| {
        std::fs::write(&file, bytes).expect("written");
        let plans = Replay::file(&file).levels(&wanted(None, None));
        plans.map(|plans| arrivals(&plans[0]).to_vec()).map_err(|error| error.to_string())
    };
    let wanted = Ok(vec![0, 250_000_000]);
    let utf_16: Vec<u8> = "\u{feff}0.0;1\r\n0.25;1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        &b"# trace\ntime_s,tokens\n0.0,12\n0.25,9\n"[..],
        b"0.0;12\r\n0.25;9\r\n",
        b"\xEF\xBB\xBFarrival\ttokens\n0.0\t12\n\n# more\n0.25\t9\n",
        b"\"0.0\",\"a, b\nc\"\n\"0.25\",\"#\"\n",
        &utf_16,
    ] {
        assert_eq!(replayed(bytes), wanted, "{}", String::from_utf8_lossy(bytes));
    }
    for (text, says) in [
        ("0,00;12\n0,25;9\n", "line 1: `0,00` is not a time in seconds: it has a decimal comma"),
        ("0,12\n0,25\n", "all 2 arrivals are at 0 s"),
        (
            "2026-01-01T00:00:00Z\n2026-01-01T00:00:01Z\n",
            "line 1: `2026-01-01T00:00:00Z` is not a time in seconds: it is a date",
        ),
        ("time_ms,tokens\n0,1\n250,1\n", "line 1: the column `time_ms` is in ms"),
        ("time\nagain\n0\n", "line 2: `again` is not a time"),
        ("12s\n13s\n", "line 1: `12s` is not a time"),
    ] {
        let error = replayed(text.as_bytes()).expect_err(text);
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_trace_is_replayed() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("trace.csv");
    std::fs::write(&file, "time,tokens\n# a comment\n100.5,7\n\n101.0,8\n103.5,9\n").expect("written");
    let plans = Replay::file(&file).speed(2.0).levels(&wanted(None, None)).expect("a plan");
    assert_eq!(arrivals(&plans[0]), [0, 250_000_000, 1_500_000_000]);
    for (text, part) in [("", "no time"), ("1\n0\n", "line 2"), ("1\nx\n", "line 2"), ("1\nNaN\n", "line 2")]
    {
        std::fs::write(&file, text).expect("written");
        let message = Replay::file(&file).levels(&wanted(None, None)).expect_err(text).to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn workers_divide_what_may_be_in_flight() {
    let plan = &OpenLoop::constant(8.0).most_in_flight(10).levels(&wanted(Some(12), None)).expect("plans")[0];
    let most_of = |of: u32| -> Vec<u32> {
        let shares = (0..of).filter_map(|rank| Share::of_rank(rank, of));
        let own = shares.map(|share| plan.own(share).expect("a part").0);
        own.map(|own| match own.pacing {
            Pacing::Schedule { most_in_flight, .. } => most_in_flight,
            _ => panic!("a schedule"),
        })
        .collect()
    };
    assert_eq!(most_of(1), [10]);
    assert_eq!(most_of(4), [3, 3, 2, 2]);
    assert_eq!(most_of(12), [1; 12]);
}
