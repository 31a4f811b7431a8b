//! Runs a function under load.

use std::rc::Rc;
use std::time::Duration;

use bench_core::bencher::Bencher;
use bench_core::{Interrupt, suite};
use bench_judge::Decision;
use bench_protocol::{Case, Overrides};
use bench_record::{RunError, exit};
use bench_report::print;
use bench_runner::rounds::Show;
use bench_runner::run::{Finished, Options};
use bench_syntax::{Category, case_id};
use serde_json::json;

use super::plan::Plan;
use super::served::Served;

/// The time limit of a run: practically none, because its levels and requests have their own.
const NO_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// The share of failed requests above which failures are reported.
const FAILURES: f64 = 0.01;

/// Runs the load of the function, and prints its result as one line of JSON.
pub(crate) fn run(plan: &Plan) -> Result<u8, RunError> {
    let served = Rc::new(Served::open(&plan.function)?);
    let made = move |bencher: &mut Bencher, interrupt: &Interrupt| served.run(bencher, Some(interrupt));
    let finished = suite::run_made(case(plan), &options(plan), Rc::new(made))?;
    report(finished)
}

fn case(plan: &Plan) -> Case {
    let category = Category::Performance;
    let model = plan.model.as_deref();
    let mut case = Case::new(case_id::head(model, category, &plan.name), category);
    case.model = model.map(Into::into);
    case.name = plan.name.as_str().into();
    case.source = plan.source.as_deref().map(Into::into);
    case.settings = Overrides { rounds: Some(1), timeout: Some(NO_LIMIT), ..Overrides::NONE };
    case
}

fn options(plan: &Plan) -> Options {
    let reports = &plan.reports;
    let mut options = Options::default();
    options.results = Some(reports.output_dir.clone());
    options.save_as.clone_from(&reports.save_as);
    options.compare.clone_from(&reports.compare);
    // Probes would observe this process, which only sends the requests.
    options.probes = Some(Vec::new());
    options.load.quick = plan.function.load.quick;
    options.show = if reports.quiet { Show::Nothing } else { Show::Progress };
    options
}

fn report(finished: Finished) -> Result<u8, RunError> {
    let decision = Decision::default().of_load(&finished.record, FAILURES);
    if let Some(trouble) = finished.trouble {
        return Err(trouble);
    }
    let told = json!({
        "folder": finished.folder,
        "exit": decision.exit_code(),
        "reasons": decision.reasons(),
    });
    print(&format!("{told}\n"))?;
    Ok(exit::OK)
}
