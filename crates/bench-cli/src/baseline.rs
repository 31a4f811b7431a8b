//! `bench baseline`.

use bench_history::store::{Baseline, Store};
use bench_record as record;
use bench_record::exit;
use bench_report::text::print;
use bench_syntax::text::printable;

use crate::arguments::{self, BaselineAction, Where};
use crate::failure::Failure;

/// Names runs, or lists the names.
pub(crate) fn run(arguments: &arguments::Baseline) -> Result<u8, Failure> {
    match &arguments.action {
        BaselineAction::Set { name, run, by } => set(&arguments.place, name, run.as_deref(), &by.author),
        BaselineAction::List => list(&mut arguments.place.open_to_read()?),
    }
}

fn set(place: &Where, name: &str, run: Option<&str>, author: &str) -> Result<u8, Failure> {
    record::check_name(name).map_err(Failure::from)?;
    let record = place.run(run)?;
    let mut store = place.open()?;
    store.add(&record)?;
    store.set_baseline(&Baseline {
        name: name.to_owned(),
        run: record.run.clone(),
        at: record::now_utc(),
        author: author.to_owned(),
    })?;
    print(&format!("baseline {name}: {}\n", record.run))?;
    Ok(exit::OK)
}

fn list(store: &mut Store) -> Result<u8, Failure> {
    let mut text = String::new();
    for Baseline { name, run, at, author } in store.baselines()? {
        text += &(printable(&format!("{name}  {run}  since {at}, by {author}")) + "\n");
    }
    print(&text)?;
    Ok(exit::OK)
}
