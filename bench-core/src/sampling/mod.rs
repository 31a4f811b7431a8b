//! Decides the next number of iterations: warm-up, batch size, and the end of a round.

pub(crate) mod clock;
mod sampler;
pub(crate) mod schedule;

pub(crate) use sampler::Sampler;
pub(crate) use schedule::{Batch, Phase, Schedule};
