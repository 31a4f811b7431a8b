//! The standard library cannot choose processors.

/// A set of processors, which is always empty here.
#[derive(Clone)]
pub struct Processors;

impl Processors {
    /// Returns the empty set: processors cannot be chosen here.
    pub fn of(_numbers: &[usize]) -> Self {
        Processors
    }

    /// Returns no number.
    pub fn numbers(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// Returns `None`: processors cannot be chosen here.
pub fn processors() -> Option<Processors> {
    None
}

/// Returns `false`: a thread cannot be put on a processor here.
pub fn use_processors(_: &Processors) -> bool {
    false
}

/// Returns `false`: a process cannot be moved here.
pub fn move_process(_pid: u32, _: &Processors) -> bool {
    false
}

/// Returns `None`: processors cannot be chosen here.
pub fn processors_near(_cpu: usize) -> Option<Processors> {
    None
}
