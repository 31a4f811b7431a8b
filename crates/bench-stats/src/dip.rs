//! Measures how far a distribution is from having a single mode.

/// The dip: the largest distance between the distribution function of the values and the nearest unimodal one
/// (Hartigan and Hartigan, *The Dip Test of Unimodality*, Ann. Statist. 13, 1985). Between 1/(2n) and 1/4.
/// `ascending` must be sorted in ascending order. 0 if it is empty.
///
/// The algorithm is AS 217 (P. M. Hartigan, Appl. Statist. 34, 1985) with Maechler's corrections (R package
/// `diptest`): within a shrinking interval the greatest convex minorant and the least concave majorant of the
/// distribution function are compared; the interval in which they are furthest apart holds the mode.
pub(super) fn dip(ascending: &[f64]) -> f64 {
    let x = ascending;
    let Some(last) = x.len().checked_sub(1) else { return 0.0 };
    // In units of 1/(2n) throughout; even a perfect fit has a distance of 1, because the function has steps.
    let mut dip: f64 = 1.0;
    let minorant = supports(x.len(), |from, to| (x[from], x[to]));
    // The majorant is the minorant seen from the other end.
    let mirrored = supports(x.len(), |from, to| (-x[last - from], -x[last - to]));
    let majorant: Vec<usize> = (0..x.len()).map(|k| last - mirrored[last - k]).collect();
    let (mut low, mut high) = (0, last);
    while low < high && x[low] < x[high] {
        let convex = chain(high, low, &minorant);
        let concave = chain(low, high, &majorant);
        let apart = furthest(x, &convex, &concave);
        if apart.distance < dip {
            break;
        }
        // Left of the modal interval the function should be convex, right of it concave.
        for pair in convex[apart.convex..].windows(2) {
            dip = dip.max(rise(x, pair[1], pair[0], |at, line| at + 1.0 - line));
        }
        for pair in concave[apart.concave..].windows(2) {
            dip = dip.max(rise(x, pair[0], pair[1], |at, line| line - at + 1.0));
        }
        if (low, high) == (convex[apart.convex], concave[apart.concave]) {
            break;
        }
        (low, high) = (convex[apart.convex], concave[apart.concave]);
    }
    dip / (2 * x.len()) as f64
}

/// Returns, for each point, the point before it on the convex minorant of all points up to it.
fn supports(n: usize, ends: impl Fn(usize, usize) -> (f64, f64)) -> Vec<usize> {
    let width = |from: usize, to: usize| {
        let (from, to) = ends(from, to);
        to - from
    };
    let mut before = vec![0; n];
    for point in 1..n {
        let mut support = point - 1;
        while support > 0 {
            let further = before[support];
            let here = width(support, point) * (support - further) as f64;
            if here < width(further, support) * (point - support) as f64 {
                break;
            }
            support = further;
        }
        before[point] = support;
    }
    before
}

/// Returns the points of a chain from `from` to `to`.
fn chain(from: usize, to: usize, next: &[usize]) -> Vec<usize> {
    let mut points = vec![from];
    let mut at = from;
    while at != to {
        at = if from > to { next[at].max(to) } else { next[at].min(to) };
        points.push(at);
    }
    points
}

/// The place at which minorant and majorant are furthest apart: positions in their chains, distance in steps.
struct Apart {
    distance: f64,
    convex: usize,
    concave: usize,
}

/// Walks along both chains from the left; `convex` runs to the left, `concave` to the right.
fn furthest(x: &[f64], convex: &[usize], concave: &[usize]) -> Apart {
    let mut apart = Apart { distance: 0.0, convex: convex.len() - 1, concave: concave.len() - 1 };
    if convex.len() == 2 && concave.len() == 2 {
        return Apart { distance: 1.0, ..apart };
    }
    let (mut left, mut right) = (convex.len() - 2, 1);
    loop {
        let (lower, upper) = (convex[left], concave[right]);
        if lower > upper {
            let from = convex[left + 1];
            let line = (x[upper] - x[from]) * (lower - from) as f64 / (x[lower] - x[from]);
            let distance = (upper - from) as f64 + 1.0 - line;
            right += 1;
            if distance >= apart.distance {
                apart = Apart { distance, convex: left + 1, concave: right - 1 };
            }
        } else {
            let from = concave[right - 1];
            let line = (x[lower] - x[from]) * (upper - from) as f64 / (x[upper] - x[from]);
            // `lower` can be `from` itself.
            let distance = line - (lower as f64 - from as f64 - 1.0);
            let at = left;
            left = left.saturating_sub(1);
            if distance >= apart.distance {
                apart = Apart { distance, convex: at, concave: right };
            }
        }
        right = right.min(concave.len() - 1);
        if convex[left] == concave[right] {
            return apart;
        }
    }
}

/// Returns the largest `excess(steps, line)` of the function over the line between `from` and `to`, at the points from
/// one to the other.
fn rise(x: &[f64], from: usize, to: usize, excess: impl Fn(f64, f64) -> f64) -> f64 {
    if to - from <= 1 || x[from] == x[to] {
        return 1.0;
    }
    let slope = (to - from) as f64 / (x[to] - x[from]);
    (from..=to).map(|k| excess((k - from) as f64, (x[k] - x[from]) * slope)).fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_dips() {
        // Evenly spread values are as unimodal as steps allow; two heaps are as far from unimodal as possible.
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert!((dip(&even) - 0.01).abs() < 1e-12, "{}", dip(&even));
        let heaps = [vec![0.0; 50], vec![1.0; 50]].concat();
        assert!((dip(&heaps) - 0.25).abs() < 1e-12, "{}", dip(&heaps));
        // If a heap has a share s of the values, the dip is s/2.
        let unequal = [vec![0.0; 70], vec![1.0; 30]].concat();
        assert!((dip(&unequal) - 0.15).abs() < 1e-12, "{}", dip(&unequal));
        assert_eq!(dip(&[]), 0.0);
        assert_eq!(dip(&[1.0; 4]), 0.125);
    }

    proptest! {
        #[test]
        fn it_is_the_same_from_the_other_end_and_on_any_scale(
            mut values in proptest::collection::vec(-1000i32..1000, 1..200),
        ) {
            values.sort_unstable();
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let found = dip(&values);
            prop_assert!(found >= 0.5 / values.len() as f64 && found <= 0.25 + 0.5 / values.len() as f64);
            let mirrored: Vec<f64> = values.iter().rev().map(|value| -value).collect();
            prop_assert!((dip(&mirrored) - found).abs() < 1e-9);
            let scaled: Vec<f64> = values.iter().map(|value| value * 8.0 + 64.0).collect();
            prop_assert!((dip(&scaled) - found).abs() < 1e-9);
        }
    }
}
