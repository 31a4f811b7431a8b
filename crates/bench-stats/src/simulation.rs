//! Distributions for the simulation tests: seeded, the same everywhere, and without a dependency.

pub(super) use super::random::Random;

impl Random {
    /// Standard normal, by Box and Muller (1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Standard Cauchy: no mean, no variance, the heaviest tails of the textbooks.
    pub(super) fn cauchy(&mut self) -> f64 {
        (std::f64::consts::PI * (self.uniform() - 0.5)).tan()
    }

    /// Student's t with two degrees of freedom, whose variance is infinite: a normal over the root of a mean
    /// square of two, which is exponential.
    pub(super) fn student_2(&mut self) -> f64 {
        self.normal() / (-(1.0 - self.uniform()).ln()).sqrt()
    }
}
