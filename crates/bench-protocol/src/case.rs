//! The list of a program's cases.

use std::sync::Arc;

use bench_syntax::Category;

use crate::json::{self, Decode, Encode, Json, JsonError, structure};
use crate::{Arguments, Build, Mode, Overrides};

/// A benchmark with one combination of its arguments, as its program lists it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// `model/category/name[argument=value,…]`; unique within a program, and the same in every version of it.
    pub id: String,
    /// The model, if any.
    pub model: Option<Arc<str>>,
    /// The category.
    pub category: Category,
    /// The benchmark's name.
    pub name: Arc<str>,
    /// Arguments and their values.
    pub arguments: Arguments,
    /// Free labels.
    pub tags: Vec<String>,
    /// Limits as written: `median <= 5s`.
    pub objectives: Vec<String>,
    /// The settings that the case asks for.
    pub settings: Overrides,
    /// The reason why the case is left out by default; `None` if it is not left out.
    pub ignored: Option<String>,
    /// The place in the source code, for people: `src/softmax.rs:12`.
    pub source: Option<Arc<str>>,
    /// Cases with the same text here can be measured one after another by one shared worker, which sets up their
    /// common parts once. `None` if the case needs a separate process.
    pub set_up: Option<String>,
    /// A text by which the program finds the case again; the runner hands it to the worker. `None` if the id is
    /// enough.
    pub locator: Option<String>,
}

impl Case {
    /// Creates a case without any optional part.
    pub fn new(id: impl Into<String>, category: Category) -> Self {
        Case {
            id: id.into(),
            model: None,
            category,
            name: Arc::default(),
            arguments: Arguments::default(),
            tags: Vec::new(),
            objectives: Vec::new(),
            settings: Overrides::NONE,
            ignored: None,
            source: None,
            set_up: None,
            locator: None,
        }
    }

    /// Creates the case of a benchmark with a free name, as those of other harnesses have: its id is the one under
    /// which such a benchmark is imported, with `category` in front unless the name is already the id of a case.
    ///
    /// ```
    /// # use bench_protocol::Case;
    /// # use bench_syntax::Category;
    /// assert_eq!(Case::named("sort/1000", Category::Performance).id, "performance/sort/1000");
    /// assert_eq!(Case::named("unit/sort[n=8]", Category::Performance).id, "unit/sort[n=8]");
    /// ```
    pub fn named(name: &str, category: Category) -> Self {
        let Some((model, category)) = Category::of_id(name) else {
            let mut case = Case::new(format!("{category}/{name}"), category);
            case.name = name.into();
            return case;
        };
        let head = model.map_or(0, |model| model.len() + 1) + category.name().len() + 1;
        let own = name.get(head..).unwrap_or(name);
        let mut case = Case::new(name, category);
        case.name = own.split('[').next().unwrap_or(own).into();
        case.model = model.map(Arc::from);
        case
    }
}

/// The answer of a program to `--list --format json`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Listing {
    /// The version of the protocol: [`PROTOCOL`](crate::PROTOCOL).
    pub protocol: u32,
    /// The build of the program.
    pub build: Build,
    /// Its cases.
    pub cases: Vec<Case>,
    /// The modes that its workers offer; absent if the program does not list them.
    pub modes: Option<Vec<Mode>>,
}

impl Listing {
    /// Creates the list of the cases of a program with this build.
    pub fn new(build: Build, cases: Vec<Case>) -> Self {
        Listing { protocol: crate::PROTOCOL, build, cases, modes: None }
    }

    /// Whether its workers offer a mode; `true` if the program does not list its modes.
    pub fn offers(&self, mode: Mode) -> bool {
        self.modes.as_ref().is_none_or(|modes| modes.contains(&mode))
    }

    /// Returns the list as a program prints it.
    pub fn to_json(&self) -> String {
        json::to_text(self)
    }
}

structure!(Case {
    id,
    model,
    category,
    name: default,
    arguments: default,
    tags: default,
    objectives: default,
    settings: default,
    ignored,
    source,
    set_up: sparse,
    locator: sparse,
});

structure!(Listing { protocol, build: default, cases, modes: sparse });

impl Encode for Category {
    fn encode(&self, out: &mut String) {
        self.name().encode(out);
    }
}

impl Decode for Category {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        String::decode(json)?.parse().map_err(|error: bench_syntax::UsageError| JsonError::new(error.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_names_become_ids() {
        use Category::{Integration, Performance, Unit};
        for (name, id, model, category, own) in [
            ("fib 20", "performance/fib 20", None, Performance, "fib 20"),
            ("sort/quick/1000", "performance/sort/quick/1000", None, Performance, "sort/quick/1000"),
            ("sort/by[key]", "performance/sort/by[key]", None, Performance, "sort/by[key]"),
            ("unit/softmax[len=8]", "unit/softmax[len=8]", None, Unit, "softmax"),
            ("resnet/integration/a", "resnet/integration/a", Some("resnet"), Integration, "a"),
            ("resnet/unit", "performance/resnet/unit", None, Performance, "resnet/unit"),
            ("my-unit/unit/a", "my-unit/unit/a", Some("my-unit"), Unit, "a"),
            ("unit/a[path=unit/x]", "unit/a[path=unit/x]", None, Unit, "a"),
            ("performance/x", "performance/x", None, Performance, "x"),
        ] {
            let case = Case::named(name, Performance);
            let found = (case.id.as_str(), case.model.as_deref(), case.category, &*case.name);
            assert_eq!(found, (id, model, category, own));
        }
    }
}
