//! Quantiles of Student's t with any number of degrees of freedom.

/// Returns the quantile of Student's t with `degrees` of freedom, a whole number or not, at the probability whose
/// normal quantile is `normal` (1.960 for 97.5 %, 2.576 for 99.5 %): the expansion in 1/degrees of Abramowitz and
/// Stegun, *Handbook of Mathematical Functions*, 26.7.5. From three degrees of freedom on, it is below the true value
/// by less than 1 %; `None` for fewer, or if an argument is not a number.
pub fn student_quantile(normal: f64, degrees: f64) -> Option<f64> {
    if !(degrees >= 3.0 && normal.is_finite()) {
        return None;
    }
    let square = normal * normal;
    let terms = [
        (square + 1.0) / 4.0,
        ((5.0 * square + 16.0) * square + 3.0) / 96.0,
        (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0,
        ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) / 92_160.0,
    ];
    // Horner's rule in 1/degrees.
    Some(normal * (1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / degrees)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_published_table() {
        for (normal, degrees, published) in [
            (1.959_964, 3.0, 3.182),
            (1.959_964, 5.0, 2.571),
            (1.959_964, 30.0, 2.042),
            (2.575_829, 3.0, 5.841),
            (2.575_829, 5.0, 4.032),
            (2.575_829, 10.0, 3.169),
            (2.575_829, 30.0, 2.750),
        ] {
            let found = student_quantile(normal, degrees).expect("enough degrees");
            assert!((found / published - 1.0).abs() < 0.01, "{normal}, {degrees}: {found}, not {published}");
        }
        assert_eq!(student_quantile(1.96, 2.9), None);
        assert_eq!(student_quantile(1.96, f64::NAN), None);
    }
}
