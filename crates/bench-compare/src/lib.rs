//! Compares two live programs, case by case.
//!
//! The workers of both sides are alive together and take turns of a tenth of a millisecond, so that whatever the
//! machine does affects both. Processes differ by more than their samples do, so many fresh process pairs are
//! measured, and a coin decides which side of each comes first. A case stops as soon as it is decided; the test stays
//! valid however often it is evaluated ([`bench_stats::Bets`]), and over the whole suite the share of false findings
//! is limited ([`bench_stats::e_benjamini_hochberg`]).

mod builds;
mod calibration;
pub mod cargo;
mod case;
mod compare;
mod count;
mod counted;
mod counter;
mod document;
mod drawn_layouts;
mod evidence;
mod folder;
mod forecast;
mod layouts;
mod observe;
mod one_layout;
mod pair;
mod partner;
mod plot;
mod progress;
pub mod report;
mod revision;
mod rules;
mod side;
mod symmetry;
mod time_spent;
mod trial;
mod turn_table;

use std::time::Duration;

use bench_record::Verdict;

pub use calibration::{CalibratedCase, Calibration, Tally, calibrate};
pub use case::{PairedCase, SideFailure};
pub use compare::compare;
pub use count::{CountChoice, count};
pub use counted::{CountedPair, Counting, Uncounted, WhyUncounted};
pub use document::{FORMAT, PairedComparison, SCHEMA_VERSION, SideRecord};
pub use drawn_layouts::DrawnLayouts;
pub use layouts::LayoutSpread;
pub use observe::{ObservedPair, Statistic};
pub use pair::{Pair, Role};
pub use progress::Progress;
pub use revision::{Checkout, Commit};
pub use rules::{Rules, Wishes};
pub use side::Side;
pub use symmetry::Symmetry;
pub use time_spent::TimeSpent;

/// The confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// An observer of a comparison, such as a progress display.
pub trait Follow {
    /// Called before one of several comparisons begins; numbers begin at 0.
    fn begins(&mut self, _number: u32, _of: u32) {}
    /// Called before a process pair of this case begins, with the time spent and the time that all cases may take.
    fn goes_on(&mut self, _case: &str, _spent: Duration, _budget: Duration) {}
    /// Called before the instructions of this case are counted, with its number, from 0, and the number of all such
    /// cases.
    fn counts(&mut self, _case: &str, _number: usize, _of: usize) {}
    /// Called when no more pairs of this case are measured.
    fn ended(&mut self, _case: &str, _verdict: Verdict) {}
}

/// Does not show any progress.
impl Follow for () {}
