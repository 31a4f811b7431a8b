//! The parts of a round that are counted separately.

use std::ffi::CStr;

/// The part that the instructions between two marks belong to; its label appears in valgrind's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// The first iteration of the process.
    FirstCall,
    /// Iterations that do not count.
    WarmUp,
    /// The iteration that is counted.
    Iteration,
    /// The harness around an iteration, without an iteration.
    Empty,
}

impl Part {
    const ALL: [Part; 4] = [Part::FirstCall, Part::WarmUp, Part::Iteration, Part::Empty];

    /// Returns the label of a dump.
    pub fn label(self) -> &'static CStr {
        match self {
            Part::FirstCall => c"first_call",
            Part::WarmUp => c"warm_up",
            Part::Iteration => c"iteration",
            Part::Empty => c"empty",
        }
    }

    /// Returns the part with this label; `None` if there is none.
    pub fn labelled(label: &str) -> Option<Self> {
        Part::ALL.into_iter().find(|part| part.label().to_bytes() == label.as_bytes())
    }

    /// Returns the part with this number; `None` if there is none.
    pub fn numbered(number: u8) -> Option<Self> {
        Part::ALL.into_iter().find(|part| *part as u8 == number)
    }
}
