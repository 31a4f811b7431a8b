//! Turns logits into an answer, and checks it.

use std::fmt;

use candle_core::{D, DType, Tensor};

/// Classes of ImageNet (ILSVRC 2012), in the order of their WordNet ids.
pub const IMAGENET_CLASSES: usize = 1000;

/// One of the thousand classes of ImageNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageNetClass(u16);

impl ImageNetClass {
    /// n03877845, "palace".
    pub const PALACE: ImageNetClass = ImageNetClass(698);
    /// n11939491, "daisy".
    pub const DAISY: ImageNetClass = ImageNetClass(985);

    /// Returns the class with this index.
    ///
    /// # Errors
    /// [`NoSuchClass`](ClassificationError::NoSuchClass) for an index of 1000 or more: a model with a class for the
    /// background counts from one, and would be off by one everywhere.
    pub fn new(index: usize) -> Result<Self, ClassificationError> {
        match u16::try_from(index) {
            Ok(small) if index < IMAGENET_CLASSES => Ok(ImageNetClass(small)),
            _ => Err(ClassificationError::NoSuchClass(index)),
        }
    }

    /// Returns its index, from 0 to 999.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for ImageNetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "class {}", self.0)
    }
}

/// A class, and the model's probability for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The class.
    pub class: ImageNetClass,
    /// Its probability by softmax, from 0 to 1.
    pub probability: f32,
}

/// The reasons why logits are not an answer, or not the right one.
#[derive(Debug, thiserror::Error)]
pub enum ClassificationError {
    /// An index of 1000 or more.
    #[error("ImageNet has no class {0}: they go from 0 to 999")]
    NoSuchClass(usize),
    /// Logits of another shape than `(batch, 1000)`.
    #[error("expected logits of shape (batch, 1000), found {0:?}")]
    WrongShape(Vec<usize>),
    /// A logit is a NaN or an infinity.
    #[error(
        "picture {picture} of the batch has a logit of {value} for class {class}: the model has overflowed"
    )]
    NotFinite {
        /// The picture's place in the batch.
        picture: usize,
        /// The index of the class.
        class: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// The model or its input is wrong.
    #[error("expected {expected}, but the model says {found} with a probability of {probability:.3}")]
    WrongClass {
        /// The right class.
        expected: ImageNetClass,
        /// The class that the model predicted.
        found: ImageNetClass,
        /// Its probability for that class, from 0 to 1.
        probability: f32,
    },
    /// Two runs on the same input did not agree.
    #[error(
        "two runs on the same picture differ: {first} with {first_probability}, then {second} with {second_probability}"
    )]
    Unstable {
        /// First run's class.
        first: ImageNetClass,
        /// First run's probability.
        first_probability: f32,
        /// Second run's class.
        second: ImageNetClass,
        /// Second run's probability.
        second_probability: f32,
    },
    /// No prediction at all.
    #[error("the model made no prediction")]
    Nothing,
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// Returns probabilities over the last dimension.
///
/// # Errors
/// When `logits` has no dimensions, or contains integers.
pub fn softmax(logits: &Tensor) -> candle_core::Result<Tensor> {
    candle_nn::ops::softmax(logits, D::Minus1)
}

/// Returns the `k` likeliest classes of every picture, likeliest first; of equals, the lower index first. `logits` has
/// the shape `(batch, 1000)`.
///
/// # Errors
/// On another shape, and on logits that are not finite.
pub fn top_k(logits: &Tensor, k: usize) -> Result<Vec<Vec<Prediction>>, ClassificationError> {
    check_finite(logits)?;
    let rows: Vec<Vec<f32>> = softmax(&logits.to_dtype(DType::F32)?)?.to_vec2()?;
    let mut order: Vec<usize> = Vec::with_capacity(IMAGENET_CLASSES);
    rows.iter()
        .map(|row| {
            order.clear();
            order.extend(0..row.len());
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]).then(a.cmp(&b)));
            order
                .iter()
                .take(k)
                .map(|&index| Ok(Prediction { class: ImageNetClass::new(index)?, probability: row[index] }))
                .collect()
        })
        .collect()
}

/// Checks that every logit of a batch is a finite number; the shape is `(batch, 1000)`.
///
/// # Errors
/// [`NotFinite`](ClassificationError::NotFinite) for the first that is not, or
/// [`WrongShape`](ClassificationError::WrongShape).
pub fn check_finite(logits: &Tensor) -> Result<(), ClassificationError> {
    if logits.rank() != 2 || logits.dim(D::Minus1)? != IMAGENET_CLASSES {
        return Err(ClassificationError::WrongShape(logits.dims().to_vec()));
    }
    let rows: Vec<Vec<f32>> = logits.to_dtype(DType::F32)?.to_vec2()?;
    for (picture, row) in rows.iter().enumerate() {
        if let Some((class, &value)) = row.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(ClassificationError::NotFinite { picture, class, value });
        }
    }
    Ok(())
}

/// Checks that the likeliest class is the right one.
///
/// # Errors
/// [`WrongClass`](ClassificationError::WrongClass), or [`Nothing`](ClassificationError::Nothing)
/// when there is no prediction.
pub fn expect_class(predictions: &[Prediction], expected: ImageNetClass) -> Result<(), ClassificationError> {
    match predictions.first() {
        Some(top) if top.class == expected => Ok(()),
        Some(top) => {
            Err(ClassificationError::WrongClass { expected, found: top.class, probability: top.probability })
        }
        None => Err(ClassificationError::Nothing),
    }
}

/// Checks that two runs on the same input gave the same classes with the same probabilities.
///
/// # Errors
/// [`Unstable`](ClassificationError::Unstable) with the first pair that differs, or
/// [`Nothing`](ClassificationError::Nothing) when one run predicted more than the other, or neither anything.
pub fn expect_stable(first: &[Prediction], second: &[Prediction]) -> Result<(), ClassificationError> {
    if first.is_empty() || first.len() != second.len() {
        return Err(ClassificationError::Nothing);
    }
    match first.iter().zip(second).find(|(first, second)| first != second) {
        None => Ok(()),
        Some((first, second)) => Err(ClassificationError::Unstable {
            first: first.class,
            first_probability: first.probability,
            second: second.class,
            second_probability: second.probability,
        }),
    }
}

/// Formats one line for each prediction: the index of its class, and its probability.
pub fn listing(predictions: &[Prediction]) -> String {
    predictions
        .iter()
        .map(|Prediction { class, probability }| format!("{class}: {:.2} %\n", 100.0 * probability))
        .collect()
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// Returns two rows of logits: zeros, except for those in `set`.
    fn logits(set: &[(usize, usize, f32)]) -> Tensor {
        let mut values = vec![0f32; 2 * IMAGENET_CLASSES];
        for &(row, class, value) in set {
            values[row * IMAGENET_CLASSES + class] = value;
        }
        Tensor::from_vec(values, (2, IMAGENET_CLASSES), &Device::Cpu).expect("logits")
    }

    #[test]
    fn the_likeliest_come_first_row_by_row() {
        let logits = logits(&[(0, 698, 12.0), (0, 3, 11.0), (1, 999, 9.0), (1, 0, 9.0)]);
        let top = top_k(&logits, 2).expect("predictions");
        let classes: Vec<Vec<usize>> =
            top.iter().map(|row| row.iter().map(|p| p.class.index()).collect()).collect();
        assert_eq!(classes, [[698, 3], [0, 999]]);
        // e¹² / (e¹² + e¹¹ + 998)
        let probability = top[0][0].probability;
        assert!((probability - 0.727_728).abs() < 1e-4, "{probability}");
    }

    #[test]
    fn what_is_not_finite_is_found_where_it_stands() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = top_k(&logits(&[(1, 7, bad)]), 1).expect_err("not finite");
            assert!(matches!(error, ClassificationError::NotFinite { picture: 1, class: 7, .. }), "{error}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for shape in [&[1000][..], &[1, 1001], &[1, 1000, 1]] {
            let tensor = Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("zeros");
            let error = top_k(&tensor, 1).expect_err("wrong shape");
            assert!(matches!(error, ClassificationError::WrongShape(_)), "{shape:?}: {error}");
        }
    }

    #[test]
    fn classes_end_at_999() {
        assert_eq!(ImageNetClass::new(999).expect("the last class").index(), 999);
        for index in [1000, 65_536 + 698] {
            assert!(ImageNetClass::new(index).is_err(), "{index}");
        }
    }

    #[test]
    fn a_wrong_answer_names_both_classes() {
        let top = top_k(&logits(&[(0, 3, 5.0)]), 1).expect("predictions");
        expect_class(&top[0], ImageNetClass(3)).expect("class 3");
        let text = expect_class(&top[0], ImageNetClass::PALACE).expect_err("not a palace").to_string();
        assert!(text.contains("expected class 698") && text.contains("class 3 "), "{text}");
        assert!(matches!(expect_class(&[], ImageNetClass::PALACE), Err(ClassificationError::Nothing)));
    }

    #[test]
    fn runs_that_differ_are_told_apart() {
        let top = top_k(&logits(&[(0, 3, 5.0), (1, 3, 5.5)]), 3).expect("predictions");
        expect_stable(&top[0], &top[0]).expect("the same run");
        assert!(matches!(expect_stable(&top[0], &top[1]), Err(ClassificationError::Unstable { .. })));
        assert!(matches!(expect_stable(&top[0], &top[0][..1]), Err(ClassificationError::Nothing)));
    }

    #[test]
    fn a_listing_has_a_line_a_prediction() {
        let predictions = [(ImageNetClass::PALACE, 0.9312), (ImageNetClass::DAISY, 0.01)]
            .map(|(class, probability)| Prediction { class, probability });
        assert_eq!(listing(&predictions), "class 698: 93.12 %\nclass 985: 1.00 %\n");
    }
}
