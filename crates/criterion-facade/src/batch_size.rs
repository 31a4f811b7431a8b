//! The number of inputs that are made at once.

/// The number of inputs that `iter_batched` makes before they are used up, as in criterion.
#[derive(Debug, Eq, PartialEq, Copy, Hash, Clone)]
#[non_exhaustive]
pub enum BatchSize {
    /// A tenth of the iterations of a sample.
    SmallInput,
    /// A thousandth of the iterations of a sample.
    LargeInput,
    /// One input.
    PerIteration,
    /// This many batches per sample.
    NumBatches(u64),
    /// This many inputs per batch.
    NumIterations(u64),
}

impl BatchSize {
    /// Returns the number of inputs of a batch, in a sample of this many iterations; at least 1.
    pub(crate) fn inputs(self, iterations: u64) -> u64 {
        match self {
            BatchSize::SmallInput => iterations.div_ceil(10),
            BatchSize::LargeInput => iterations.div_ceil(1000),
            BatchSize::NumBatches(batches) => iterations.div_ceil(batches.max(1)),
            BatchSize::NumIterations(size) => size,
            BatchSize::PerIteration => 1,
        }
        .max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_those_of_criterion() {
        let sizes = [
            BatchSize::SmallInput,
            BatchSize::LargeInput,
            BatchSize::PerIteration,
            BatchSize::NumBatches(4),
            BatchSize::NumIterations(7),
        ];
        assert_eq!(sizes.map(|size| size.inputs(2001)), [201, 3, 1, 501, 7]);
        assert_eq!(sizes.map(|size| size.inputs(1)), [1, 1, 1, 1, 7]);
        assert_eq!(
            [BatchSize::NumBatches(0), BatchSize::NumIterations(0)].map(|size| size.inputs(5)),
            [5, 1]
        );
    }
}
