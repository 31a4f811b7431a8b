//! The annotated functions of an executable, with the options of their groups.

use std::collections::HashMap;

use crate::entry::{ENTRIES, Entry, GROUPS, Group};
use crate::options::Options;

/// An annotated function and the groups that contain it.
pub(crate) struct Target {
    pub(crate) entry: &'static Entry,
    /// The name by which a worker finds it: unique within the executable.
    pub(crate) name: String,
    /// The path under which divan lists it: the crate, the modules and the function, under the names that their attributes
    /// give them.
    pub(crate) path: String,
    /// The groups that it is in, the outermost first.
    groups: Vec<&'static Group>,
}

impl Target {
    /// Returns the options of the function. Those of `outermost` take precedence over those of its attribute, and these
    /// over those of its groups, the innermost first.
    pub(crate) fn options(&self, outermost: &Options) -> Options {
        let within = |options: Options, group: &&Group| options.within(&(group.meta.options)());
        let own = (self.entry.meta.options)();
        outermost.clone().within(&self.groups.iter().rev().fold(own, within))
    }
}

/// All annotated functions that are linked, in the order of their sources.
pub(crate) fn targets() -> Vec<Target> {
    resolved(&ENTRIES, &GROUPS)
}

fn resolved(entries: &'static [Entry], groups: &'static [Group]) -> Vec<Target> {
    let path_of = |group: &Group| format!("{}::{}", group.meta.module, group.meta.raw_name);
    let groups: HashMap<String, &Group> = groups.iter().map(|group| (path_of(group), group)).collect();
    let mut entries: Vec<&Entry> = entries.iter().collect();
    entries.sort_by_key(|entry| (entry.meta.file, entry.meta.line, entry.meta.column));
    let mut taken: HashMap<String, u32> = HashMap::new();
    let mut targets = Vec::new();
    for entry in entries {
        let (path, outer) = place(entry, &groups);
        let name = format!("{}::{}", entry.meta.module, entry.meta.raw_name).replace("r#", "");
        let count = taken.entry(name.clone()).or_default();
        *count += 1;
        // The path of a function inside another function is that of the module, so names can repeat.
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        targets.push(Target { entry, name, path, groups: outer });
    }
    targets
}

/// The path of a function, and the groups that it is in.
fn place(entry: &Entry, groups: &HashMap<String, &'static Group>) -> (String, Vec<&'static Group>) {
    let (mut raw, mut path) = (String::new(), String::new());
    let mut outer = Vec::new();
    for segment in entry.meta.module.split("::") {
        if !raw.is_empty() {
            raw.push_str("::");
        }
        raw.push_str(segment);
        let group = groups.get(&raw).copied();
        let name =
            group.map_or_else(|| segment.strip_prefix("r#").unwrap_or(segment), |group| group.meta.name);
        path.push_str(name);
        path.push_str("::");
        outer.extend(group);
    }
    path.push_str(entry.meta.name);
    (path, outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Meta;

    const fn meta(module: &'static str, raw_name: &'static str, name: &'static str, line: u32) -> Meta {
        Meta { module, raw_name, name, file: "a.rs", line, column: 1, options: Options::default }
    }

    static FUNCTIONS: [Entry; 4] = [
        Entry { meta: meta("krate", "last", "last", 90), register: |_| {} },
        Entry { meta: meta("krate::r#loop::inner", "r#fn", "fn", 20), register: |_| {} },
        Entry { meta: meta("krate::plain", "f", "named", 30), register: |_| {} },
        Entry { meta: meta("krate::plain", "f", "f", 31), register: |_| {} },
    ];

    static MODULES: [Group; 2] = [
        Group {
            meta: Meta {
                options: || Options { sample_count: Some(5), sample_size: Some(7), ..Options::default() },
                ..meta("krate", "r#loop", "round and round", 10)
            },
        },
        Group {
            meta: Meta {
                options: || Options { sample_count: Some(3), ..Options::default() },
                ..meta("krate::r#loop", "inner", "inner", 11)
            },
        },
    ];

    #[test]
    fn paths_are_those_of_divan_and_names_are_unique() {
        let targets = resolved(&FUNCTIONS, &MODULES);
        let paths: Vec<&str> = targets.iter().map(|target| target.path.as_str()).collect();
        assert_eq!(
            paths,
            ["krate::round and round::inner::fn", "krate::plain::named", "krate::plain::f", "krate::last"]
        );
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(
            names,
            ["krate::loop::inner::fn", "krate::plain::f", "krate::plain::f (2)", "krate::last"]
        );
    }

    #[test]
    fn the_innermost_group_counts_unless_the_program_says_otherwise() {
        let targets = resolved(&FUNCTIONS, &MODULES);
        let options = targets[0].options(&Options::default());
        assert_eq!((options.sample_count, options.sample_size), (Some(3), Some(7)));
        let outermost = Options { sample_count: Some(1), ..Options::default() };
        assert_eq!(targets[0].options(&outermost).sample_count, Some(1));
        assert_eq!(targets[1].options(&Options::default()), Options::default());
    }
}
