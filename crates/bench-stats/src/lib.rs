//! Statistics of benchmarks: pure functions over slices, without I/O. Every formula names its source.
#![forbid(unsafe_code)]

mod bootstrap;
mod density;
mod dip;
mod interval;
mod location;
mod modality;
mod moderated;
mod multiplicity;
mod normal;
mod outlier;
mod proportion;
mod quantile;
mod random;
mod ranks;
pub mod seed;
mod sequential;
#[cfg(test)]
mod simulation;
mod slope;
mod student;
mod variance;

pub use bootstrap::hierarchical_bootstrap;
pub use density::density;
pub use interval::{
    Interval, mean_interval, mean_interval_within, median_interval, relative_spread, robust_deviation,
    student,
};
pub use location::{hodges_lehmann, log_ratio_of_medians};
pub use modality::{Mode, Modes, modes, modes_of_rounds};
pub use moderated::SpreadOfCases;
pub use multiplicity::{benjamini_hochberg, e_benjamini_hochberg};
pub use normal::{normal_density, normal_quantile};
pub use outlier::{Outliers, outliers};
pub use proportion::{proportion_interval, symmetry_p_value};
pub use quantile::{nearest_rank, quantile_interval, support, support_with};
pub use random::Random;
pub use ranks::quantile_ranks;
pub use sequential::{Bets, Observation, centre_sequence, observations_needed};
pub use slope::least_squares_slope;
pub use student::student_quantile;
pub use variance::{Components, variance_components};

/// Returns the arithmetic mean; `None` for an empty slice.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The middle value of an ascending slice, or the mean of the two middle ones; `None` when empty.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(sorted[n / 2]),
        _ => Some((sorted[n / 2 - 1] + sorted[n / 2]) / 2.0),
    }
}

/// Returns the sample standard deviation (divisor n − 1), by the two-pass formula; `None` below two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
        (squares / (values.len() - 1) as f64).sqrt()
    })
}

/// Returns `values` in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_known_data() {
        assert_eq!(mean(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), Some(5.0));
        let deviation = standard_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).expect("eight values");
        assert!((deviation - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(mean(&[]), None);
        assert_eq!(standard_deviation(&[1.0]), None);
    }
}
