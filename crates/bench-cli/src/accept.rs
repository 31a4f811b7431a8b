//! `bench accept`.

use bench_history::change::Settings;
use bench_history::store::{Acceptance, Series, StoreError};
use bench_history::trend::trend;
use bench_record::exit;
use bench_report::text::print;
use bench_syntax::UsageError;
use bench_syntax::text::on_console;

use crate::arguments::Accept;
use crate::failure::Failure;
use crate::history;

/// Accepts a change as intended.
pub(crate) fn run(arguments: &Accept) -> Result<u8, Failure> {
    if arguments.reason.trim().is_empty() {
        return Err(UsageError(
            "`--reason` is empty: give the reason, for people who read the history".to_owned(),
        )
        .into());
    }
    let mut store = arguments.place.open_existing()?;
    let acceptances = store.acceptances()?;
    let series: Vec<Series> =
        history::series(&mut store)?.into_iter().filter(|series| series.key.case == arguments.case).collect();
    if series.is_empty() {
        return Err(StoreError::NoSuchCase { case: arguments.case.clone() }.into());
    }
    let newest = |settings: Settings| {
        series
            .iter()
            .flat_map(|series| trend(series, &acceptances, settings).changes)
            .filter(|turn| turn.accepted.is_none())
            .max_by(|a, b| a.since.timestamp.cmp(&b.since.timestamp))
            .map(|turn| turn.since.run)
    };
    // A gate may be configured to fail on smaller changes than the default minimum.
    let smaller = || newest(Settings { min_shift: 0.0, ..Settings::default() });
    let found = || newest(Settings::default()).or_else(smaller);
    let run = arguments.run.clone().or_else(found).ok_or_else(|| {
        let case = &arguments.case;
        UsageError(format!(
            "nothing to accept: every change of `{case}` is already accepted, or it has none; to accept a certain run, name it with --run"
        ))
    })?;
    store.accept(&Acceptance {
        case: arguments.case.clone(),
        run: run.clone(),
        at: bench_record::now_utc(),
        author: arguments.by.author.clone(),
        reason: arguments.reason.clone(),
    })?;
    print(&on_console(&format!("accepted: `{}` since {run}\n", arguments.case)))?;
    Ok(exit::OK)
}
