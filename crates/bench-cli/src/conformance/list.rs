//! Checks of the list of cases.

use bench_runner::program::ListLimits;

use super::check::{Check, Subject};
use super::deviation::{Deviation, Outcome};

/// The name of the check that comes before all others.
pub(super) const FOLLOWS_THE_SCHEMA: &str = "list: follows the schema";

/// The output that `--list --format json` must print.
pub(super) const WANTED: &str =
    "`--list --format json` prints one JSON object as in docs/list.schema.json and exits with code 0";

pub(super) const CHECKS: &[Check] = &[
    Check { name: "list: names its toolchain", make: toolchain },
    Check { name: "list: is the same each time", make: same },
    Check { name: "list: ids are made of their parts", make: parts },
];

fn toolchain(subject: &Subject<'_>) -> Outcome {
    if subject.opened.listing.build.toolchain.is_empty() {
        return Outcome::Deviation(Deviation::new(
            "`build.toolchain` names the compiler or interpreter with its version: runs of different ones are \
             different series",
            "no toolchain",
        ));
    }
    Outcome::Ok
}

fn same(subject: &Subject<'_>) -> Outcome {
    let limits = ListLimits { time: subject.options.patience, ..ListLimits::default() };
    let wanted = "the same list when asked again";
    match subject.program().clone().open(&limits) {
        Ok(again) if again.listing == subject.opened.listing => Outcome::Ok,
        Ok(again) => {
            let first = &subject.opened.listing.cases;
            let differs = again.cases().iter().zip(first).find(|(new, old)| new != old);
            Outcome::Deviation(Deviation::new(
                wanted,
                match differs {
                    Some((new, _)) => format!("another case `{}`", new.id),
                    None => {
                        format!(
                            "{} cases where the first list had {}, or a different `build`",
                            again.cases().len(),
                            first.len()
                        )
                    }
                },
            ))
        }
        Err(error) => Outcome::Deviation(Deviation::new(wanted, error.problem)),
    }
}

/// Checks that ids agree with the fields they are made of: filters and histories use the id, reports use the fields.
fn parts(subject: &Subject<'_>) -> Outcome {
    for case in subject.opened.cases() {
        let category = case.category.to_string();
        let bare = case.id.split('[').next().unwrap_or_default();
        let has_category = bare.split('/').any(|part| part == category);
        let has_model = case.model.as_ref().is_none_or(|model| bare.strip_prefix(&**model).is_some());
        let has_name = bare.ends_with(&*case.name);
        let has_arguments =
            case.arguments.iter().all(|(name, value)| case.id.contains(&format!("{name}={value}")));
        if !(has_category && has_model && has_name && has_arguments) {
            return Outcome::Deviation(Deviation::new(
                "ids of the form `model/category/name[argument=value,…]`, made of the fields of the case",
                format!(
                    "`{}` of the model {:?}, the category `{category}`, the name `{}` and the arguments {:?}",
                    case.id, case.model, case.name, case.arguments
                ),
            ));
        }
    }
    Outcome::Ok
}
