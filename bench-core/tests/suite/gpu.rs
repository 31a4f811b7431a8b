//! The probe of GPUs, with a library that has NVML's C interface and simulates GPUs by a script; and on a real GPU if
//! there is one.

use std::path::Path;
use std::process::Command;

use bench_core::Record;
use bench_core::probe::ProbeReport;
use bench_testing::{Bench, Driver, Ended, Nvml, Stage, gpu, not_checked, uuid};
use serde_json::{Value, json};

/// Long enough for figures that a GPU averages itself: 0.9 s, in steps of 10 ms. Flags override these variables.
const LONG: [(&str, &str); 4] =
    [("BENCH_ROUNDS", "1"), ("BENCH_WARMUP", "1"), ("BENCH_REPEATS", "90"), ("BENCH_PROBES", "gpu")];

/// Five samples.
const SHORT: &str = "--repeats=5";

const STEADY: &str = "performance/steady";

/// A run on the machine that the script describes.
struct Run {
    ended: Ended,
    record: Record,
    summary: String,
}

fn run_with(nvml: &Nvml, case: &str, arguments: &[&str], set: impl FnOnce(&mut Command)) -> Run {
    let stage = Stage::new(Bench::Devices);
    let mut command = stage.command(&[arguments, &["--exact", case, "--bench"]].concat());
    nvml.set_up(&mut command, stage.path());
    set(command.envs(LONG));
    let ended = stage.end(&mut command).expect_code(0);
    let summary = std::fs::read_to_string(stage.latest().join("summary.csv")).expect("summary.csv");
    Run { ended, record: stage.record(), summary }
}

fn run(nvml: &Nvml) -> Run {
    run_with(nvml, STEADY, &[], |_| {})
}

impl Run {
    fn report(&self) -> &ProbeReport {
        let reports = &self.record.cases[0].rounds[0].probes;
        reports.iter().find(|report| report.probe == "gpu").expect("a report")
    }

    fn find(&self, metric: &str) -> Option<f64> {
        self.report().readings.iter().find(|reading| reading.metric == metric).map(|reading| reading.value)
    }

    #[track_caller]
    fn reading(&self, metric: &str) -> f64 {
        self.find(metric).unwrap_or_else(|| panic!("no {metric}: {:#?}", self.report()))
    }

    fn is_told(&self, text: &str) -> bool {
        self.record.cases[0].warnings.iter().any(|warning| warning.contains(text))
    }

    #[track_caller]
    fn unavailable(&self, text: &str) {
        let reason = self.report().unavailable.as_deref().unwrap_or_else(|| panic!("{:#?}", self.report()));
        assert!(reason.contains(text), "{reason}");
        // The line is wrapped.
        let told = self.ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, told) = told.split_once("not observed: ").unwrap_or_else(|| panic!("{}", self.ended.said()));
        assert!(told.contains("gpu (") && told.contains(text), "{told}");
        assert!(!self.summary.contains("gpu_"), "{}", self.summary);
    }
}

/// Checks that a value is within a factor of 2: a busy machine may shift a counter that much, and all other figures of
/// these tests are further away.
#[track_caller]
fn assert_near(value: f64, wanted: f64) {
    assert!((wanted / 2.0..=wanted * 2.0).contains(&value), "{value} is not near {wanted}");
}

#[test]
fn a_gpu_is_followed_while_a_case_runs() {
    let run = run(&Nvml::with(&[gpu(1, json!({}))]));
    for (metric, value) in [
        ("gpu_utilisation", 0.25),
        ("gpu_sm_clock", 1500.0),
        ("gpu_memory_clock", 2600.0),
        ("gpu_power", 300.0),
        ("gpu_power_instant", 310.0),
        ("gpu_temperature", 61.0),
        ("gpu_sm_activity", 0.25),
        ("gpu_sm_occupancy", 0.5),
        ("gpu_tensor_activity", 0.1),
        ("gpu_dram_activity", 0.4),
        ("gpu_throttled", 0.0),
        // Relative to the memory in use before the benchmark loaded anything.
        ("gpu_memory", 2e9),
    ] {
        assert!(
            (run.reading(metric) - value).abs() < 1e-9 * value.max(1.0),
            "{metric}: {}",
            run.reading(metric)
        );
    }
    assert_near(run.reading("gpu_pcie_sent"), 1e9);
    assert_near(run.reading("gpu_pcie_received"), 2e9);
    let readings = &run.report().readings;
    let sampler = readings.iter().find(|reading| reading.metric == "gpu_sampler_cpu").map(|seen| seen.value);
    if cfg!(bench_portable) {
        assert_eq!(sampler, None, "processor time is unavailable, and never 0");
    } else {
        assert!(sampler.is_some_and(|share| share > 0.0), "{sampler:?}");
    }
    let series = &run.report().series;
    let clock = series.iter().find(|series| series.metric == "gpu_sm_clock").expect("a series");
    // One reading every 50 ms for 0.9 s; a busy machine may miss some.
    assert!(clock.values.len() > 4 && clock.values.iter().all(|value| *value == Some(1500.0)), "{clock:?}");
    assert!(clock.time_s.windows(2).all(|pair| pair[0] < pair[1]));
    let window_s = clock.time_s[clock.time_s.len() - 1] - clock.time_s[0];
    assert_near(run.reading("gpu_energy"), 300.0 * window_s);
    assert!((run.reading("gpu_energy_integrated") - 310.0 * window_s).abs() < 1e-6 * window_s);
    assert_near(run.reading("gpu_energy_per_iteration") * 90.0, run.reading("gpu_energy"));
    for column in ["gpu_utilisation", "gpu_memory_bytes", "gpu_energy_J", "gpu_power_peak_W"] {
        assert!(
            run.summary.lines().next().is_some_and(|header| header.split(',').any(|own| own == column)),
            "{column}"
        );
    }
}

#[test]
fn where_there_is_no_driver_one_line_says_so() {
    let nvml = Nvml::with(&[gpu(1, json!({}))]);
    let elsewhere = |library: &'static str| {
        run_with(&nvml, STEADY, &[], move |command| {
            command.env("BENCH_NVML", library);
        })
    };
    elsewhere("/nowhere/libnvidia-ml.so.1").unavailable("no NVIDIA driver: /nowhere/libnvidia-ml.so.1");
    elsewhere("libc.so.6").unavailable("is not NVML");
    for (error, said) in [
        ("DRIVER_NOT_LOADED", "the NVIDIA driver is not loaded"),
        ("LIB_RM_VERSION_MISMATCH", "of different versions: reboot"),
        ("NO_PERMISSION", "no permission to use the NVIDIA driver"),
        ("UNKNOWN", "an internal driver error"),
    ] {
        let nvml =
            Nvml::with(&[gpu(1, json!({}))]).and("errors", json!({ "nvmlInit_v2": { "error": error } }));
        run_quickly(&nvml).unavailable(said);
    }
    run_quickly(&Nvml::with(&[])).unavailable("the NVIDIA driver reports no GPU");
}

fn run_quickly(nvml: &Nvml) -> Run {
    run_with(nvml, STEADY, &[SHORT], |_| {})
}

#[test]
fn a_short_round_tells_no_averages_of_the_time_before_it() {
    let run = run_quickly(&Nvml::with(&[gpu(1, json!({}))]));
    for metric in ["gpu_utilisation", "gpu_power", "gpu_energy", "gpu_energy_integrated"] {
        assert_eq!(run.find(metric), None, "{metric}");
    }
    assert_eq!(run.reading("gpu_memory"), 2e9);
    assert_eq!(run.reading("gpu_sm_activity"), 0.25);
}

#[test]
fn what_a_device_does_not_support_is_absent() {
    let without =
        ["energy_mj", "power_average_mw", "power_instant_mw", "power_mw", "sm_activity", "pcie_sent_bytes"];
    let values: Value = without
        .iter()
        .map(|name| ((*name).to_owned(), Value::Null))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let run = run(&Nvml::with(&[gpu(1, values)]));
    for metric in [
        "gpu_energy",
        "gpu_energy_integrated",
        "gpu_energy_per_iteration",
        "gpu_power",
        "gpu_sm_activity",
        "gpu_pcie_sent",
    ] {
        assert_eq!(run.find(metric), None, "{metric}");
    }
    assert!(!run.summary.contains("gpu_energy") && !run.summary.contains("gpu_power"), "{}", run.summary);
    assert_eq!(run.reading("gpu_utilisation"), 0.25);
    assert!(run.report().series.iter().all(|series| series.metric != "gpu_power"));
}

#[test]
fn power_stands_in_for_a_counter_of_energy_that_falls() {
    // A counter that wraps at 200 J, which is three times in 0.9 s at 700 W.
    let wraps = json!({ "energy_mj": { "per_s": 700_000, "wraps_at": 200_000 } });
    let run = run(&Nvml::with(&[gpu(1, wraps)]));
    assert_eq!(run.find("gpu_energy"), None);
    assert!(run.reading("gpu_energy_integrated") > 0.0 && run.reading("gpu_energy_per_iteration") > 0.0);
    assert!(run.is_told("the energy counter decreased"), "{:?}", run.record.cases[0].warnings);
    let backwards = json!({ "energy_mj": { "per_s": -1000, "from": 1e9 } });
    assert_eq!(self::run(&Nvml::with(&[gpu(1, backwards)])).find("gpu_energy"), None);
}

#[test]
fn a_device_that_is_lost_leaves_what_was_seen() {
    let lost = json!({ "nvmlDeviceGetUtilizationRates": { "error": "GPU_IS_LOST", "from_call": 2 } });
    let run = run(&Nvml::with(&[gpu(1, json!({}))]).and("errors", lost));
    assert_eq!(run.reading("gpu_sm_clock"), 1500.0);
    assert_eq!(run.report().series[0].values.len(), 2);
    assert!(run.is_told("the GPU is lost: it fell off the bus"), "{:?}", run.record.cases[0].warnings);
    let never = json!({ "nvmlDeviceGetClockInfo": { "error": "GPU_IS_LOST" } });
    run_quickly(&Nvml::with(&[gpu(1, json!({}))]).and("errors", never)).unavailable("the GPU is lost");
}

#[test]
fn a_driver_that_hangs_is_not_noticed_by_the_benchmark() {
    let hang = |function: &str, call: usize| {
        let delay = json!({ function: { "ms": 4000, "at_call": call } });
        run_with(&Nvml::with(&[gpu(1, json!({}))]).and("delays", delay), STEADY, &["--repeats=200"], |_| {})
    };
    let run = hang("nvmlDeviceGetUtilizationRates", 1);
    let slowest = run.record.cases[0].time.as_ref().expect("a time").max_s.0;
    assert!(slowest < 2.0, "{slowest}");
    assert!(run.report().cost_ns < 2_000_000_000, "{}", run.report().cost_ns);
    assert!(run.is_told("the driver did not answer for"), "{:?}", run.record.cases[0].warnings);
    assert_eq!(run.reading("gpu_memory"), 2e9);
    for (function, call) in [("nvmlInit_v2", 0), ("nvmlDeviceGetCount_v2", 0)] {
        let run = hang(function, call);
        run.unavailable("the NVIDIA driver has not answered in the");
        assert!(run.record.cases[0].time.as_ref().expect("a time").max_s.0 < 2.0);
    }
}

#[test]
fn two_devices_are_told_apart_and_together() {
    let second = json!({ "utilisation": 75, "power_instant_mw": 100_000, "memory_used": 1e9 });
    let both = [gpu(1, json!({})), gpu(2, second)];
    let run = run(&Nvml::with(&both));
    assert_eq!((run.reading("gpu0_utilisation"), run.reading("gpu1_utilisation")), (0.25, 0.75));
    assert_eq!(run.reading("gpu_utilisation"), 0.5);
    let sum = run.reading("gpu0_energy_integrated") + run.reading("gpu1_energy_integrated");
    assert!((run.reading("gpu_energy_integrated") - sum).abs() < 1e-9 * sum);
    assert_eq!((run.reading("gpu_memory"), run.reading("gpu1_memory")), (2e9, 0.0));
    assert!(run.report().series.iter().any(|series| series.metric == "gpu1_utilisation"));
}

/// Runs a case on a machine with two GPUs whose utilization is 25 and 75 %, which shows the one that was observed.
fn observed(case: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let both = [gpu(1, json!({})), gpu(2, json!({ "utilisation": 75 }))];
    let nvml = Nvml::with(&both).and("cuda_order", json!([1, 0]));
    run_with(&nvml, case, arguments, |command| {
        command.envs(variables.iter().copied());
    })
}

#[test]
fn devices_are_chosen_by_number_by_uuid_and_by_what_cuda_may_see() {
    let second = uuid(2);
    for (arguments, variables) in [
        (&["--gpu", "1"][..], &[][..]),
        (&["--gpu", &second], &[]),
        (&["--gpu", "1"], &[("CUDA_VISIBLE_DEVICES", "0")]),
        (&[], &[("BENCH_GPU", "1")]),
        (&[], &[("CUDA_VISIBLE_DEVICES", "1")]),
        (&[], &[("CUDA_VISIBLE_DEVICES", &second)]),
    ] {
        let run = observed(STEADY, arguments, variables);
        assert_eq!(run.reading("gpu_utilisation"), 0.75, "{arguments:?} {variables:?}");
    }
    let run = observed(STEADY, &[], &[("CUDA_VISIBLE_DEVICES", "")]);
    run.unavailable("CUDA_VISIBLE_DEVICES hides all GPUs");
    let run = observed(STEADY, &["--gpu", "all"], &[("CUDA_VISIBLE_DEVICES", "")]);
    assert_eq!(run.reading("gpu0_utilisation"), 0.25);
}

#[test]
fn the_device_of_the_framework_is_found_by_its_uuid() {
    // CUDA's first is NVML's second.
    let run = observed("performance/on_first", &[], &[]);
    assert_eq!(run.reading("gpu_utilisation"), 0.75);
    let run = observed("performance/on_first", &["--gpu", "0"], &[]);
    assert_eq!(run.reading("gpu_utilisation"), 0.25);
    let run = observed("performance/on_unknown", &[], &[]);
    run.unavailable("the benchmark works on GPU-elsewhere, which NVML does not know: 0 is GPU-0");
}

#[test]
fn a_device_that_does_not_exist_is_wrong_usage() {
    let stage = Stage::new(Bench::Devices);
    let nvml = Nvml::with(&[gpu(1, json!({}))]);
    for (wrong, said) in [
        ("1", "there is no GPU 1 here: 0 is GPU-00000000-0000-0000-0000-000000000001 (Stub H100)"),
        ("GPU-5", "there is no GPU `GPU-5` here: 0 is GPU-0"),
        ("first", "`first` is not a GPU: expected numbers or UUIDs"),
        ("-1", "`-1` is not a GPU"),
    ] {
        let mut command = stage.command(&["--gpu", wrong, "--exact", STEADY, "--bench"]);
        nvml.set_up(&mut command, stage.path());
        stage.end(&mut command).expect_code(2).expect_said(&[said]);
    }
    for (wrong, said) in [("100us", "expected 1ms to 10s"), ("1m", "expected 1ms to 10s"), ("soon", "soon")] {
        stage.bench(&["--gpu-interval", wrong]).expect_code(2).expect_said(&[said]);
    }
    assert!(stage.runs().is_empty());
}

#[test]
fn an_instance_has_its_own_memory_and_activity() {
    let mut shared = gpu(1, json!({ "memory_used": 50e9 }));
    shared["mig"] = json!([
        { "uuid": "MIG-11111111-0000-0000-0000-000000000000", "gpu_instance": 3,
          "values": { "memory_used": { "calls": [1e9, 5e9] }, "sm_activity": 75 } },
        { "uuid": "MIG-22222222-0000-0000-0000-000000000000", "gpu_instance": 5,
          "values": { "memory_used": { "calls": [1e9, 8e9] }, "sm_activity": 50 } },
    ]);
    let nvml = Nvml::with(&[shared]);
    let run = run_with(&nvml, STEADY, &["--gpu", "MIG-2"], |_| {});
    assert_eq!((run.reading("gpu_memory"), run.reading("gpu_sm_activity")), (7e9, 0.5));
    assert_eq!(
        (run.reading("gpu_sm_clock"), run.find("gpu_energy"), run.find("gpu_utilisation")),
        (1500.0, None, None)
    );
    assert!(run.is_told("is a MIG instance"), "{:?}", run.record.cases[0].warnings);
    let run = run_with(&nvml, STEADY, &["--gpu", "MIG-1,MIG-2"], |_| {});
    assert_eq!((run.reading("gpu0_mig0_memory"), run.reading("gpu0_mig1_memory")), (4e9, 7e9));
    // If no partition is chosen, the whole GPU is observed.
    assert_eq!(run_with(&nvml, STEADY, &[], |_| {}).reading("gpu_utilisation"), 0.25);
}

#[test]
fn an_old_driver_tells_what_it_knows() {
    let run = run(&Nvml::with(&[gpu(1, json!({}))]).driver(Driver::Old));
    assert_eq!((run.reading("gpu_utilisation"), run.reading("gpu_power")), (0.25, 300.0));
    assert!(run.reading("gpu_energy_integrated") > 0.0);
    for metric in ["gpu_energy", "gpu_memory", "gpu_power_instant", "gpu_sm_activity", "gpu_pcie_sent"] {
        assert_eq!(run.find(metric), None, "{metric}");
    }
}

#[test]
fn samples_of_a_throttled_clock_are_marked_and_told() {
    // The power limit, from the second reading on.
    let throttle = json!({ "throttle": { "calls": [1, 4] }, "power_average_mw": 650_000 });
    let run = run(&Nvml::with(&[gpu(1, throttle)]));
    let marks = run.report().series.iter().find(|series| series.metric == "gpu_throttled").expect("marks");
    assert_eq!(marks.values[..2], [Some(0.0), Some(1.0)]);
    assert_eq!(run.reading("gpu_throttled"), 1.0);
    assert!(run.is_told("GPU clock throttled in"), "{:?}", run.record.cases[0].warnings);
    assert!(
        run.is_told("GPU power-limited: 650 W of 700 W on average"),
        "{:?}",
        run.record.cases[0].warnings
    );
    assert!(run.ended.stdout.contains("GPU clock throttled in"), "{}", run.ended.stdout);
}

#[test]
fn a_case_that_does_not_ask_for_a_gpu_costs_none() {
    let run = run_with(&Nvml::with(&[gpu(1, json!({}))]), STEADY, &["--probes=memory"], |_| {});
    assert!(run.record.cases[0].rounds[0].probes.iter().all(|report| report.probe != "gpu"));
}

#[test]
fn every_level_has_its_own_energy() {
    let run = run_with(&Nvml::with(&[gpu(1, json!({}))]), "performance/levels", &[], |_| {});
    let levels = &run.record.cases[0].rounds[0].served.as_ref().expect("levels").levels;
    let energy = |level: usize| {
        let level = &levels[level];
        let found = level.metric("gpu_energy_integrated");
        found.unwrap_or_else(|| panic!("{level:?}")).value
    };
    // 0.6 s and 1.2 s at 310 W, each followed by 0.3 s that belong to neither level.
    assert_near(energy(0), 186.0);
    assert_near(energy(1), 372.0);
    assert!(run.reading("gpu_energy_integrated") > energy(0) + energy(1) + 93.0);
    // Memory in use when the round began does not count for the level.
    assert_eq!(levels[0].metric("gpu_memory").map(|metric| metric.value), Some(1e9));
    assert!(levels[0].metric("gpu_temperature").is_none());
    // The first reading is 1 GB, the second 3 GB, and all others 2 GB.
    assert_eq!(levels[1].metric("told to requests").map(|metric| metric.value), Some(2e9));
}

#[test]
fn a_real_gpu_is_followed() {
    if !Path::new("/proc/driver/nvidia/version").exists() {
        not_checked("there is no NVIDIA GPU here");
        return;
    }
    let stage = Stage::new(Bench::Devices);
    let mut command = stage.command(&["--exact", STEADY, "--gpu", "0", "--bench"]);
    stage.end(command.envs(LONG)).expect_code(0);
    let record = stage.record();
    let round = &record.cases[0].rounds[0];
    let find =
        |metric: &str| round.reading(metric).unwrap_or_else(|| panic!("no {metric}: {:#?}", round.probes));
    assert!((0.0..=1.0).contains(&find("gpu_utilisation")));
    assert!(find("gpu_memory_used") > 1e6 && (5.0..150.0).contains(&find("gpu_temperature")));
    assert!(find("gpu_sm_clock") > 10.0 && find("gpu_sampler_cpu") < 0.05);
    if let Some(energy) = round.reading("gpu_energy") {
        // Both ways of measuring energy agree, as far as they can within 0.9 s.
        let integrated = find("gpu_energy_integrated");
        assert!((0.2..5.0).contains(&(energy / integrated)), "{energy} J, integrated {integrated} J");
    }
}
