//! A smooth curve over values: the kernel density estimate.

use super::sorted;

/// Returns the density of the values at `points` places between `low` and `high`, in 1 per unit of the values.
///
/// Gaussian kernel, with Silverman's bandwidth `0.9·σ·n^(−1/5)` (*Density Estimation*, 1986, eq. 3.31). σ comes from
/// the shortest half of the values (its length over 1.349), not from their standard deviation: if there are two modes,
/// it is the width of one, and the curve keeps them apart. `narrowest` is the smallest bandwidth, for times that a
/// clock has rounded. `ascending` must be sorted and finite.
pub fn density(ascending: &[f64], (low, high): (f64, f64), points: usize, narrowest: f64) -> Vec<f64> {
    let n = ascending.len() as f64;
    let sigma = shortest_half(ascending) / 1.349;
    let bandwidth = (0.9 * sigma * n.powf(-0.2)).max(narrowest);
    let step = (high - low) / (points.max(2) - 1) as f64;
    (0..points)
        .map(|point| {
            let x = low + step * point as f64;
            // Beyond five bandwidths a kernel adds less than a millionth.
            let from = ascending.partition_point(|value| *value < x - 5.0 * bandwidth);
            let to = ascending.partition_point(|value| *value <= x + 5.0 * bandwidth);
            let sum: f64 = ascending[from..to]
                .iter()
                .map(|value| (-0.5 * ((x - value) / bandwidth).powi(2)).exp())
                .sum();
            sum / (n * bandwidth * (2.0 * std::f64::consts::PI).sqrt())
        })
        .collect()
}

/// The length of the shortest interval that holds half of the values (the "shorth": Andrews et al., *Robust
/// Estimates of Location*, 1972); of two values, their distance.
fn shortest_half(ascending: &[f64]) -> f64 {
    let half = ascending.len() / 2;
    sorted(&ascending.windows(half + 1).map(|held| held[half] - held[0]).collect::<Vec<_>>())
        .first()
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_one() {
        let values: Vec<f64> = (0..100).map(|k| 3.0 + 0.01 * f64::from(k)).collect();
        let curve = density(&values, (0.0, 7.0), 701, 1e-3);
        let area: f64 = curve.iter().sum::<f64>() * 0.01;
        assert!((area - 1.0).abs() < 1e-3, "{area}");
    }

    #[test]
    fn modes_stay_apart() {
        let values: Vec<f64> = sorted(
            &(0..100).map(|k| f64::from(k % 10) * 0.01 + if k < 60 { 1.0 } else { 1.3 }).collect::<Vec<_>>(),
        );
        let curve = density(&values, (0.8, 1.5), 201, 1e-3);
        let valley = curve[113];
        assert!(valley < 0.05 * curve[70] && valley < 0.05 * curve[156], "{valley}");
    }

    #[test]
    fn equal_values_are_a_peak_as_narrow_as_allowed() {
        let curve = density(&[1.0; 5], (0.0, 2.0), 201, 0.02);
        assert!(curve.iter().all(|value| value.is_finite()) && curve[100] > 10.0);
        assert_eq!(density(&[], (0.0, 1.0), 3, 0.1).len(), 3);
    }
}
