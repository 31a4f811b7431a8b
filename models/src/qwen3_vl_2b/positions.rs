//! [`Positions`]: the positions of tokens in time, row and column.

use candle_core::{Device, Tensor};

use super::config::Language;

/// The position of each token on three axes. For text they are the same; the tokens of a picture share their time, and
/// each has a row and a column, all counted from the position of the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Positions {
    places: Vec<[usize; 3]>,
}

impl Positions {
    /// Returns the positions of `count` tokens of text, from `start` on.
    pub(super) fn text(start: usize, count: usize) -> Self {
        Positions { places: (start..start + count).map(|at| [at; 3]).collect() }
    }

    /// Returns the positions of a picture of `rows` × `columns` tokens, row by row, from `start` on.
    pub(super) fn picture(start: usize, rows: usize, columns: usize) -> Self {
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| [0, row, column]));
        Positions { places: places.map(|place| place.map(|at| start + at)).collect() }
    }

    /// Appends `others`.
    pub(super) fn then(mut self, others: Positions) -> Self {
        self.places.extend(others.places);
        self
    }

    /// Returns the first place that no token has reached on any axis.
    pub(super) fn next(&self) -> usize {
        self.places.iter().flatten().max().map_or(0, |last| last + 1)
    }

    /// Returns cosines and sines of the angles of a head, f32, each of shape `(tokens, head / 2)`.
    ///
    /// Angle `i` belongs to the row if `i` modulo 3 is 1, to the column if it is 2, as long as their sections
    /// last, else to time: the axes take turns, so that each has high and low frequencies (interleaved MRoPE).
    pub(super) fn rotations(
        &self,
        config: &Language,
        device: &Device,
    ) -> candle_core::Result<(Tensor, Tensor)> {
        let half = config.head / 2;
        let angles = self.places.iter().flat_map(|place| {
            (0..half).map(move |i| {
                let axis = i % 3;
                let axis = if i < 3 * config.sections[axis] { axis } else { 0 };
                let frequency = config.theta.powf(-((2 * i) as f32) / config.head as f32);
                place[axis] as f32 * frequency
            })
        });
        let angles = Tensor::from_vec(angles.collect::<Vec<f32>>(), (self.places.len(), half), device)?;
        Ok((angles.cos()?, angles.sin()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qwen3_vl_2b::Config;

    #[test]
    fn a_picture_between_texts_takes_as_many_places_as_its_longer_side() {
        let before = Positions::text(0, 2);
        let picture = Positions::picture(before.next(), 2, 3);
        let all = before.then(picture);
        let after = Positions::text(all.next(), 1);
        assert_eq!(
            all.then(after).places,
            [
                [0, 0, 0],
                [1, 1, 1],
                [2, 2, 2],
                [2, 2, 3],
                [2, 2, 4],
                [2, 3, 2],
                [2, 3, 3],
                [2, 3, 4],
                [5, 5, 5]
            ]
        );
        assert_eq!(Positions::default().next(), 0);
    }

    #[test]
    fn the_axes_take_turns_until_their_sections_end() {
        let config = Config::FULL.language;
        // Time 0, row 1, column 2: the angle divided by the frequency is the place.
        let places = Positions { places: vec![[0, 1, 2]] };
        let (_, sines) = places.rotations(&config, &Device::Cpu).expect("rotations");
        let sines: Vec<f32> = sines.squeeze(0).and_then(|sines| sines.to_vec1()).expect("values");
        let axes: Vec<f32> =
            (0..64).map(|i| (sines[i].asin() / config.theta.powf(-(i as f32) / 64.0)).round()).collect();
        // The arcsine recovers only angles below π/2: the first, large angles are left out.
        assert_eq!(axes[3..9], [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        // 20 angles each follow row and column; the rest follow time.
        assert_eq!(axes[57..], [0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
