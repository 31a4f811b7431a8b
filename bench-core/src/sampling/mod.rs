//! How many iterations next: warm-up, batch size, when a round has seen enough.

pub(crate) mod clock;
mod sampler;
pub(crate) mod schedule;

pub(crate) use sampler::Sampler;
pub(crate) use schedule::{Batch, Phase, Schedule};
