//! Noise with known properties: seeded, and the same on every machine.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        // Spreads the seeds: neighbouring ones would share most of their sequence.
        Random(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns a uniform number in `0..bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }

    /// Returns a standard normal number (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// The noise of runs of unchanged code, with a standard deviation of 1 (for heavy tails, with the quartiles of such
/// noise).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Noise {
    Independent,
    /// Each run resembles the one before it, with this correlation.
    Autocorrelated(f64),
    /// Student's t with three degrees of freedom.
    HeavyTailed,
    /// Three runs in ten are eight deviations higher.
    Bimodal,
    /// Two machines, one of which is eight deviations higher; at each run, the machine changes with a probability of
    /// one in five.
    Turns,
}

impl Noise {
    pub(crate) fn runs(self, random: &mut Random, n: usize) -> Vec<f64> {
        let mut state = random.normal();
        (0..n)
            .map(|_| match self {
                Noise::Independent => random.normal(),
                Noise::Autocorrelated(correlation) => {
                    state = correlation * state + (1.0 - correlation * correlation).sqrt() * random.normal();
                    state
                }
                Noise::HeavyTailed => {
                    let square: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
                    0.882 * random.normal() / (square / 3.0).sqrt()
                }
                Noise::Turns => {
                    if random.uniform() < 0.2 {
                        state = if state > 0.0 { -1.0 } else { 1.0 };
                    }
                    // The spread of the mixture is 1.
                    (4.0 * state.signum() + random.normal()) / 4.1
                }
                Noise::Bimodal => {
                    let mode = if random.uniform() < 0.3 { 1.0 } else { 0.0 };
                    // The spread of the mixture is 1.
                    (8.0 * mode + random.normal()) / 3.8
                }
            })
            .collect()
    }
}
