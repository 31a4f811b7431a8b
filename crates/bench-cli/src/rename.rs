//! `bench rename`.

use bench_history::store::Renaming;
use bench_record as record;
use bench_record::exit;
use bench_report::text::print;
use bench_syntax::UsageError;
use bench_syntax::text::printable;

use crate::arguments::Rename;
use crate::failure::Failure;

/// Lets a case keep its history under a new name.
pub(crate) fn run(arguments: &Rename) -> Result<u8, Failure> {
    let Rename { old, new, by, place } = arguments;
    let names_none = |id: &str| id.trim().is_empty() || id != id.trim();
    if names_none(old) || names_none(new) || old == new {
        let message = format!("`{old}` cannot be renamed to `{new}`: expected two different ids of cases");
        return Err(UsageError(message).into());
    }
    let mut store = place.open_existing()?;
    store.rename(&Renaming {
        old: old.clone(),
        new: new.clone(),
        at: record::now_utc(),
        author: by.author.clone(),
    })?;
    print(&format!("{}\n", printable(&format!("`{old}` is `{new}` now, with its history"))))?;
    Ok(exit::OK)
}
