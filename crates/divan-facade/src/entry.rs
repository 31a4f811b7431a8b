//! The constants that the attributes write: one for each annotated function and module.

use bench_core::__private::linkme;

use crate::cases::Cases;
use crate::options::Options;

/// The place, the name and the options of an annotated item.
#[derive(Debug)]
pub struct Meta {
    /// `module_path!()`.
    pub module: &'static str,
    /// The identifier, as it is written: `r#loop`.
    pub raw_name: &'static str,
    /// The name in reports.
    pub name: &'static str,
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
    /// `column!()`.
    pub column: u32,
    /// Returns the options; a function, since they may be computed.
    pub options: fn() -> Options,
}

/// An annotated function.
#[derive(Debug)]
pub struct Entry {
    /// Its place, name and options.
    pub meta: Meta,
    /// Offers its cases, one after another.
    pub register: fn(&mut Cases<'_>),
}

/// An annotated module.
#[derive(Debug)]
pub struct Group {
    /// Its place, name and options.
    pub meta: Meta,
}

/// All benchmarks: the linker adds one element for each `#[divan::bench]`.
#[linkme::distributed_slice]
#[linkme(crate = linkme)]
pub static ENTRIES: [Entry];

/// All groups: the linker adds one element for each `#[divan::bench_group]`.
#[linkme::distributed_slice]
#[linkme(crate = linkme)]
pub static GROUPS: [Group];
