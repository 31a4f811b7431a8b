//! Checks that two engines compute the same logits.

/// The largest difference between two engines' logits that rounding explains.
pub const TOLERANCE: f32 = 1e-4;

/// A disagreement between two engines.
#[derive(Debug, thiserror::Error)]
pub enum Disagreement {
    /// A value differs.
    #[error(
        "logit {place} of the batch is {reference} on candle and {found} here, which differs by more than {TOLERANCE:e}"
    )]
    Differs {
        /// The place of the logit, row by row.
        place: usize,
        /// candle's value.
        reference: f32,
        /// The other engine's value.
        found: f32,
    },
    /// The numbers of logits differ.
    #[error("candle gives {reference} logits, this engine {found}")]
    Count {
        /// The number of candle's logits.
        reference: usize,
        /// The number of the other engine's logits.
        found: usize,
    },
}

/// Checks that `found` equals `reference` except for rounding.
///
/// # Errors
/// The first value that differs by more than [`TOLERANCE`]; NaN differs from everything.
pub fn expect_agreement(reference: &[f32], found: &[f32]) -> Result<(), Disagreement> {
    if reference.len() != found.len() {
        return Err(Disagreement::Count { reference: reference.len(), found: found.len() });
    }
    let apart = |(a, b): (&f32, &f32)| (a - b).abs() > TOLERANCE || (a - b).is_nan();
    match reference.iter().zip(found).position(apart) {
        None => Ok(()),
        Some(place) => Err(Disagreement::Differs { place, reference: reference[place], found: found[place] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_agrees_and_nothing_else_does() {
        expect_agreement(&[1.0, 2.0], &[1.000_05, 2.0]).expect("rounding");
        for found in [&[1.0, 2.000_2][..], &[1.0, f32::NAN]] {
            let error = expect_agreement(&[1.0, 2.0], found).expect_err("another value");
            assert!(matches!(error, Disagreement::Differs { place: 1, .. }), "{error}");
        }
        assert!(matches!(expect_agreement(&[1.0], &[]), Err(Disagreement::Count { .. })));
    }
}
