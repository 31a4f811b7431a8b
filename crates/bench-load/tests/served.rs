//! Serves load cases of every scenario in this process, and checks their levels.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says so by panicking")]

use bench_judge::Summarize;
use std::time::Duration;

use bench_core::Suite;
use bench_core::prelude::*;
use bench_load::domain::{Facts, Generation, Images, Speech};
use bench_load::input::{Describe, Inputs, Prepared};
use bench_load::scenario::{OpenLoop, Stress};
use bench_load::{Load, Request};
use bench_record::{CaseRecord, InvalidCause, Level, Outcome, Record, Status};

struct Number(u64);

impl Describe for Number {
    fn facts(&self) -> Facts {
        Facts { text: Some(format!("number {}", self.0)), characters: Some(8), ..Facts::default() }
    }
}

/// Inputs 0 to 9, and others for warm-up.
struct Numbers;

impl Inputs for Numbers {
    type Item = Number;

    fn prepare(self) -> Result<Prepared<Number>> {
        Ok(Prepared { measured: (0..10).map(Number).collect(), warm_up: (100..105).map(Number).collect() })
    }
}

fn sleep(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

#[benchmark(category = "unit", rounds = 1)]
fn levels(b: &mut Bencher) -> Result<()> {
    Load::closed([1, 4]).requests(40).run(b, Numbers, |number, _| {
        assert!(number.0 < 200);
        sleep(2);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn some_fail(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(100).run(b, Numbers, |number, request: &Request| {
        if number.0 >= 100 {
            return Ok(());
        }
        match request.number() % 10 {
            3 => Err(Error::failure("no luck")),
            4 => std::panic::resume_unwind(Box::new("on purpose")),
            _ => Ok(()),
        }
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn all_fail(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(10).run(b, Numbers, |number, _| {
        // Warm-up is served, so that the first call succeeds.
        if number.0 >= 100 { Ok(()) } else { Err(Error::failure("never")) }
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn some_take_too_long(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(20).timeout(Duration::from_millis(100)).run(b, Numbers, |number, _| {
        sleep(if number.0 == 7 { 1000 } else { 1 });
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn scheduled(b: &mut Bencher) -> Result<()> {
    Load::new(OpenLoop::constant(200.0)).requests(100).slo("latency <= 1s").run(b, Numbers, |_, _| {
        sleep(1);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn together(b: &mut Bencher) -> Result<()> {
    Load::multi_stream(3).requests(30).run(b, Numbers, |_, _| {
        sleep(1);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn stressed(b: &mut Bencher) -> Result<()> {
    Load::new(Stress::new(Duration::from_millis(200), 8)).run(b, Numbers, |_, _| {
        sleep(2);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn spoken(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(20).run(b, Numbers, |_, request| {
        sleep(5);
        request.output();
        sleep(5);
        request.output();
        Ok::<_, Error>(Speech::new("twelve chars", 24_000, 24_000))
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn painted(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(10).run(b, Numbers, |_, request| {
        (0..4).for_each(|_| {
            sleep(2);
            request.step();
        });
        request.output();
        Ok::<_, Error>(Images::new(2, 64, 32).steps(4))
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn painted_at_once(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(3).run(b, Numbers, |_, _| {
        sleep(2);
        Ok::<_, Error>(Images::new(1, 8, 8))
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn written(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(10).run(b, Numbers, |_, request| {
        for _ in 0..5 {
            sleep(2);
            request.output();
        }
        Ok::<_, Error>(Generation::new(5).input_tokens(7))
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn searched(b: &mut Bencher) -> Result<()> {
    // One at a time, 5 ms each: no machine serves more than 200 a second.
    let gate = std::sync::Mutex::new(());
    Load::find_rate(["latency_p90 <= 40ms"]).from(80.0).requests(60).run(b, Numbers, move |_, _| {
        let _held = gate.lock();
        sleep(5);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn nobody(b: &mut Bencher) -> Result<()> {
    Load::closed(0).run(b, Numbers, |_, _| Ok::<(), Error>(()))
}

#[benchmark(category = "unit", rounds = 1)]
fn fails_at_first(b: &mut Bencher) -> Result<()> {
    let calls = std::sync::atomic::AtomicU64::new(0);
    Load::closed(1).requests(20).run(b, Numbers, |_, _| {
        match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0..3 => Err(Error::failure("still cold")),
            _ => Ok(()),
        }
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn fails_always(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(20).run(b, Numbers, |_, _| Err::<(), _>(Error::failure("never")))
}

#[benchmark(category = "unit", rounds = 1)]
fn shorter_than_a_request(b: &mut Bencher) -> Result<()> {
    Load::closed(1).duration(Duration::from_millis(15)).run(b, Numbers, |_, _| {
        sleep(150);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1, args(setting = ["requests", "duration", "timeout", "valid_for", "slo"]))]
fn refused(b: &mut Bencher, setting: &str) -> Result<()> {
    let load = Load::closed(1);
    let load = match setting {
        "requests" => load.requests(0),
        "duration" => load.duration(Duration::ZERO),
        "timeout" => load.timeout(Duration::ZERO),
        "valid_for" => load.valid_for(99.0),
        _ => load.slo("ttfft <= 1s"),
    };
    load.run(b, Numbers, |_, _| Ok::<(), Error>(()))
}

#[benchmark(category = "unit", rounds = 1)]
fn sought_in_vain(b: &mut Bencher) -> Result<()> {
    Load::find_rate(["latency_p9 <= 40ms"]).requests(60).run(b, Numbers, |_, _| Ok::<(), Error>(()))
}

#[benchmark(category = "unit", rounds = 1)]
fn all_at_once(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(10).slo("tpot <= 20ms").run(b, Numbers, |_, request| {
        sleep(5);
        request.output();
        Ok::<_, Error>(Generation::new(100))
    })
}

#[benchmark(category = "unit", rounds = 1, timeout = "1s")]
fn longer_than_its_timeout(b: &mut Bencher) -> Result<()> {
    Load::closed(2).duration(Duration::from_secs(3)).run(b, Numbers, |_, _| Ok::<(), Error>(()))
}

#[benchmark(category = "unit", rounds = 1, timeout = "1s")]
fn more_than_its_timeout(b: &mut Bencher) -> Result<()> {
    Load::closed([1, 2]).requests(1000).run(b, Numbers, |number, _| {
        sleep(if number.0 == 3 { 100 } else { 20 });
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn stuck_at_first(b: &mut Bencher) -> Result<()> {
    let calls = std::sync::atomic::AtomicU64::new(0);
    let load = Load::closed(1).requests(20).timeout(Duration::from_millis(100));
    load.run(b, Numbers, move |_, _| {
        if calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            sleep(1500);
        }
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn stuck_always(b: &mut Bencher) -> Result<()> {
    let load = Load::closed(1).requests(20).timeout(Duration::from_millis(50));
    load.run(b, Numbers, |_, _| {
        sleep(400);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 2, targets("latency_p95 <= 10s", "success_rate <= 0.9"))]
fn refuses_two_of_five(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(200).run(b, Numbers, |number, request: &Request| {
        match (number.0, request.number() % 5) {
            (0..100, 1 | 3) => Err(Error::failure("refused")),
            _ => Ok(()),
        }
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn saturated(b: &mut Bencher) -> Result<()> {
    // One at a time, 20 ms each: no machine serves more than 50 a second.
    let gate = std::sync::Mutex::new(());
    Load::new(OpenLoop::poisson(200.0).most_in_flight(4)).requests(100).run(b, Numbers, move |_, _| {
        let _held = gate.lock();
        sleep(20);
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn sought_where_requests_fail(b: &mut Bencher) -> Result<()> {
    Load::find_rate(["latency_p50 <= 10s"]).from(400.0).requests(50).run(b, Numbers, |_, request| {
        if request.number() % 10 == 3 { Err(Error::failure("refused")) } else { Ok(()) }
    })
}

fn case(name: &str) -> CaseRecord {
    let record: Record = Suite::new().name_contains(name).in_process().run().expect("a record");
    record.cases.into_iter().next().expect("a case")
}

fn levels_of(case: &CaseRecord) -> Vec<Level> {
    case.served().unwrap_or_else(|| panic!("levels: {:?}", case.failure)).levels
}

fn value(level: &Level, name: &str) -> f64 {
    level.metric(name).unwrap_or_else(|| panic!("{name} in {:?}", level.metrics)).value
}

#[test]
fn a_closed_loop_has_a_level_for_each_concurrency() {
    let case = case("unit/levels");
    assert_eq!(case.status, Status::Ok, "{:?}", case.failure);
    let levels = levels_of(&case);
    assert_eq!(levels.iter().map(|level| level.concurrency).collect::<Vec<_>>(), [Some(1), Some(4)]);
    for (level, clients) in levels.iter().zip([1.0, 4.0]) {
        assert_eq!((level.requests, level.succeeded, level.failed), (40, 40, 0));
        assert!(level.validity.valid, "{:?}", level.validity);
        assert!(level.pace.mean_concurrency.expect("a mean") <= clients + 1e-6);
        assert!(value(level, "latency p50") >= 2e-3);
        assert_eq!(level.latency.iter().map(|bin| bin.count).sum::<u64>(), 40);
        assert_eq!(level.timeline.len(), 40);
    }
    assert_eq!(case.metrics[0].name, "RPS");
    assert!(case.first_call_s.is_some() && case.time.is_some());
}

#[test]
fn what_fails_is_counted_and_the_level_goes_on() {
    let case = case("unit/some_fail");
    assert_eq!(case.status, Status::Ok, "{:?}", case.failure);
    let level = &levels_of(&case)[0];
    assert_eq!((level.requests, level.succeeded, level.failed, level.timed_out), (100, 80, 20, 0));
    assert!(!level.validity.valid && level.validity.reasons[0].contains("20 of 100 requests failed"));
    let messages: Vec<&str> = level.errors.iter().map(|told| told.message.as_str()).collect();
    assert!(messages.contains(&"no luck") && messages.contains(&"panicked: on purpose"), "{messages:?}");
}

#[test]
fn a_level_of_which_all_fail_is_a_failed_case_and_its_figures_are_kept() {
    let case = case("unit/all_fail");
    assert_eq!(case.status, Status::Failed);
    assert!(case.failure.as_ref().is_some_and(|failure| failure.message.contains("never")));
    assert_eq!(levels_of(&case)[0].failed, 10);
}

#[test]
fn a_request_that_takes_too_long_is_given_up() {
    let case = case("unit/some_take_too_long");
    let level = &levels_of(&case)[0];
    assert_eq!((level.requests, level.succeeded, level.timed_out), (20, 18, 2));
    assert!(level.errors[0].message.contains("timed out"), "{:?}", level.errors);
    assert!(level.timeline.iter().all(|dot| dot.latency_s < 1.0), "nobody waited for the late ones");
}

#[test]
fn a_schedule_has_its_rate_and_its_lag() {
    let case = case("unit/scheduled");
    let level = &levels_of(&case)[0];
    let offered = level.pace.offered_rate.expect("a rate");
    assert!((offered - 200.0).abs() < 0.1, "{offered}");
    let lag = level.pace.send_lag.expect("a lag");
    assert!(lag.p50_s <= lag.p99_s && lag.p99_s <= lag.max_s);
    assert!(value(level, "scheduled latency p50") >= value(level, "service latency p50"));
    assert!((value(level, "goodput") - value(level, "RPS")).abs() < 1e-9);
}

#[test]
fn queries_are_sent_together() {
    let level = &levels_of(&case("unit/together"))[0];
    assert_eq!((level.requests, level.concurrency), (30, Some(3)));
}

#[test]
fn stress_ends_in_time() {
    let level = &levels_of(&case("unit/stressed"))[0];
    assert!(level.requests > 8 && level.failed == 0);
}

#[test]
fn a_rate_that_no_response_tells_of_is_absent() {
    let level = &levels_of(&case("unit/painted_at_once"))[0];
    assert!(value(level, "IPS") > 0.0);
    assert!(level.metric("SPS").is_none() && level.metric("image-steps/s").is_none(), "{:?}", level.metrics);
}

#[test]
fn fields_have_their_metrics() {
    let speech = &levels_of(&case("unit/spoken"))[0];
    assert_eq!(speech.metrics[0].name, "ASPS");
    assert!((value(speech, "ASPS") / value(speech, "RPS") - 1.0).abs() < 1e-9);
    assert!(value(speech, "TTFA p50") >= 5e-3 && value(speech, "TTFA p50") < value(speech, "latency p50"));
    let images = &levels_of(&case("unit/painted"))[0];
    assert!((value(images, "IPS") / value(images, "RPS") - 2.0).abs() < 1e-9);
    assert!((value(images, "PPS") / value(images, "IPS") - 2048.0).abs() < 1e-6);
    assert!(value(images, "step time p50") >= 2e-3);
    let text = &levels_of(&case("unit/written"))[0];
    assert_eq!(text.metrics[0].name, "output tokens/s");
    assert!((value(text, "output tokens/s") / value(text, "RPS") - 5.0).abs() < 1e-9);
    assert!(value(text, "TPOT p50") >= 2e-3);
}

#[test]
fn a_search_finds_a_rate_between_one_that_is_met_and_one_that_is_not() {
    let case = case("unit/searched");
    let levels = levels_of(&case);
    assert!(levels.len() > 2, "{}", levels.len());
    assert!(levels.iter().any(|level| !level.validity.valid));
    let found = case.metrics.iter().find(|metric| metric.name == "latency-bounded throughput");
    assert!(levels.iter().all(|level| level.metric("goodput").is_none()), "no request has a percentile");
    // A machine that is busy with something else may meet the objective at no rate at all.
    assert!(found.is_none_or(|found| found.value < 300.0), "{found:?}");
    assert_eq!(found.is_some(), levels.iter().any(|level| level.validity.valid));
}

#[test]
fn a_load_of_nobody_is_refused() {
    let case = case("unit/nobody");
    assert_eq!(case.status, Status::Failed);
    assert!(case.failure.is_some_and(|failure| failure.message.contains("a concurrency of 0")));
}

#[test]
fn a_server_that_fails_at_first_is_measured_and_one_that_always_does_is_not() {
    let cold = case("unit/fails_at_first");
    assert_eq!(cold.status, Status::Ok, "{:?}", cold.failure);
    assert_eq!(levels_of(&cold)[0].succeeded, 20);
    let failure = case("unit/fails_always").failure.expect("a failure").message;
    assert!(
        failure.contains("5 requests failed one after another") && failure.contains("never"),
        "{failure}"
    );
}

#[test]
fn a_level_that_ends_before_a_request_says_so() {
    let level = &levels_of(&case("unit/shorter_than_a_request"))[0];
    assert_eq!(level.requests, 1);
    assert!(
        level.warnings.iter().any(|told| told.contains("that the level was to last")),
        "{:?}",
        level.warnings
    );
}

#[test]
fn settings_that_make_no_sense_are_refused_before_anything_is_served() {
    for (setting, told) in [
        ("requests", "`requests(0)`"),
        ("duration", "`duration` of 0 s"),
        ("timeout", "`timeout` of 0 s"),
        ("valid_for", "`valid_for(99)`: expected a percentile as a share"),
        ("slo", "has no `ttfft`; it has latency"),
    ] {
        let case = case(&format!("unit/refused[setting={setting}]"));
        let failure = case.failure.as_ref().map(|failure| failure.message.as_str()).unwrap_or_default();
        assert!(failure.contains(told), "{setting}: {failure}");
        assert!(case.served().is_none(), "{setting}");
    }
}

#[test]
fn a_search_for_what_no_level_has_ends_with_the_first() {
    let case = case("unit/sought_in_vain");
    assert!(
        case.failure.as_ref().is_some_and(|failure| failure.message.contains("no `latency_p9`")),
        "{:?}",
        case.failure
    );
    assert_eq!(levels_of(&case).len(), 1);
}

#[test]
fn tokens_that_came_at_once_have_no_tpot_and_meet_no_objective_of_it() {
    let level = &levels_of(&case("unit/all_at_once"))[0];
    assert!(level.metrics.iter().all(|metric| !metric.name.starts_with("TPOT")), "{:?}", level.metrics);
    assert_eq!(value(level, "goodput"), 0.0);
    let told = "10 of 10 requests: no TPOT: all tokens arrived at once";
    assert!(level.warnings.iter().any(|warning| warning.starts_with(told)), "{:?}", level.warnings);
}

#[test]
fn an_invalid_level_meets_no_target_but_can_miss_one() {
    let mut record = Suite::new().name_contains("refuses_two_of_five").in_process().run().expect("a record");
    bench_judge::objective::settle(&mut record, &bench_judge::objective::EarlierRecords::default());
    let case = &record.cases[0];
    let told = Some("invalid: requests failed at concurrency 2");
    assert_eq!(case.invalid().as_deref(), told);
    let outcomes: Vec<_> =
        case.targets.iter().map(|target| (target.outcome, target.reason.as_deref())).collect();
    assert_eq!(outcomes[0], (Outcome::Unsure, told), "{:?}", case.targets);
    assert_ne!(outcomes[1].0, Outcome::Unsure, "the share of failures is known: {:?}", case.targets);
}

#[test]
fn a_saturated_model_is_not_a_slow_harness() {
    let level = &levels_of(&case("unit/saturated"))[0];
    assert!(!level.validity.valid && !level.validity.harness_bound, "{:?}", level.validity);
    assert_eq!(level.validity.causes, [InvalidCause::Saturated], "{:?}", level.validity);
    let told = &level.validity.reasons[0];
    assert!(told.starts_with("the model was saturated") && told.contains("4 of 4 were in flight"), "{told}");
}

#[test]
fn a_search_among_failures_names_them() {
    let case = case("unit/sought_where_requests_fail");
    let levels = levels_of(&case);
    let warned: Vec<&String> = levels.iter().flat_map(|level| &level.warnings).collect();
    let told = warned.iter().find(|told| told.contains("no rate that was tried is valid"));
    let told = told.unwrap_or_else(|| panic!("{warned:?}"));
    assert!(told.contains("most often: refused, though the objective is met"), "{told}");
}

#[test]
fn levels_that_do_not_fit_into_the_timeout_are_refused_before_anything_is_served() {
    let case = case("unit/longer_than_its_timeout");
    let failure = case.failure.as_ref().map(|failure| failure.message.as_str()).unwrap_or_default();
    assert!(failure.contains("are to last 3.000 s together, but the case has"), "{failure}");
    assert!(case.served().is_none() && case.first_call_s.is_none());
}

#[test]
fn a_level_that_the_timeout_ends_keeps_its_figures() {
    let case = case("unit/more_than_its_timeout");
    assert_eq!(case.status, Status::Ok, "{:?}", case.failure);
    let levels = levels_of(&case);
    assert_eq!(levels.len(), 1);
    assert!(levels[0].succeeded > 0 && levels[0].requests < 1000, "{}", levels[0].requests);
    assert!(levels[0].validity.causes.contains(&InvalidCause::TimeLimit), "{:?}", levels[0].validity);
    let told = "1 more level was not served: the time limit of the case";
    assert!(levels[0].warnings.iter().any(|warning| warning.starts_with(told)), "{:?}", levels[0].warnings);
    assert!(case.invalid().is_some_and(|told| told.contains("the time limit ended it")));
}

#[test]
fn the_timeout_of_a_request_holds_for_the_first_call() {
    let case = case("unit/stuck_at_first");
    assert_eq!(case.status, Status::Ok, "{:?}", case.failure);
    assert_eq!(levels_of(&case)[0].succeeded, 20);
    let failure = self::case("unit/stuck_always").failure.expect("a failure").message;
    assert!(failure.contains("timed out: no answer after 0.05 s"), "{failure}");
}

#[test]
fn a_quick_look_is_five_requests_a_level() {
    let wishes = bench_protocol::LoadWishes { quick: true, ..Default::default() };
    let record = Suite::new().name_contains("unit/levels").load(wishes).in_process().run().expect("a record");
    let levels = record.cases[0].served().expect("levels").levels;
    assert!(levels.iter().all(|level| level.requests == 5), "{levels:?}");
}
