//! [`Seeded`]: weights and inputs made from a seed, the same on every machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::init::FanInOut;
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

/// Half the width of the noise that is added to a constant initialization. Batch normalization that scales by exactly
/// one and shifts by exactly zero could hide a mistake in its order.
const JITTER: f64 = 0.1;

/// A source of tensors that depend only on the seed, the tensor's name and its shape: not on the order in which they
/// are requested, nor on the machine.
///
/// Values are uniform, with the mean and standard deviation that the layer asks for; a normal
/// distribution needs logarithms, whose last bit differs between platforms. Kaiming initialization
/// uses a gain of one instead of √2: without trained batch statistics, a residual block of gain √2
/// doubles the second moment or more, and sixteen blocks in a row would give logits of hundreds.
/// Constants (scales, shifts, running means and variances) get a little noise around them.
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    seed: u64,
    absent: &'static [&'static str],
}

impl Seeded {
    /// Creates the source for `seed`.
    pub const fn new(seed: u64) -> Self {
        Seeded { seed, absent: &[] }
    }

    /// Returns the same source without the tensors whose names end in one of `absent`: layers of candle-transformers
    /// take one form or another depending on the weights that exist.
    pub const fn without(self, absent: &'static [&'static str]) -> Self {
        Seeded { absent, ..self }
    }

    /// Returns these values as the source of a model's weights, in f32 on `device`.
    pub fn weights(self, device: &Device) -> VarBuilder<'static> {
        self.weights_as(DType::F32, device)
    }

    /// Returns these values as the source of a model's weights: the values of [`weights`](Self::weights), rounded to
    /// `dtype`.
    pub fn weights_as(self, dtype: DType, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self), dtype, device.clone())
    }

    /// Returns every f32 tensor that `build` uses, by name.
    ///
    /// # Errors
    /// The error of `build`.
    pub fn tensors<M>(
        self,
        device: &Device,
        build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
    ) -> candle_core::Result<BTreeMap<String, Tensor>> {
        let given = Arc::new(Mutex::new(BTreeMap::new()));
        let recorder = Recorder { source: self, given: given.clone() };
        build(VarBuilder::from_backend(Box::new(recorder), DType::F32, device.clone()))?;
        let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut given))
    }

    /// Returns an f32 tensor of values uniform in `[low, high]`.
    ///
    /// # Errors
    /// When the device cannot hold it.
    pub fn uniform(
        self,
        name: &str,
        shape: impl Into<Shape>,
        low: f32,
        high: f32,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let shape = shape.into();
        let values = values(self.key(name), shape.elem_count(), low, high);
        Tensor::from_vec(values, shape, device)
    }

    /// Returns a batch of square pictures of noise, normalized: shape `(batch, 3, side, side)`, f32.
    ///
    /// # Errors
    /// When the device cannot hold it.
    pub fn images(self, batch: usize, side: usize, device: &Device) -> candle_core::Result<Tensor> {
        self.uniform("images", (batch, 3, side, side), -2.0, 2.0, device)
    }

    /// Returns a key that differs for every name and every seed.
    fn key(self, name: &str) -> u64 {
        // FNV-1a, then a finalizer: similar names must not give similar streams.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        mix(hash ^ mix(self.seed))
    }
}

impl SimpleBackend for Seeded {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let (mean, half) = match init {
            Init::Const(constant) => (constant, JITTER),
            Init::Uniform { lo, up } => ((lo + up) / 2.0, (up - lo) / 2.0),
            // A uniform distribution of half-width h has a standard deviation of h/√3.
            Init::Randn { mean, stdev } => (mean, stdev * 3f64.sqrt()),
            Init::Kaiming { .. } => (0.0, (3.0 / FanInOut::FanIn.for_shape(&shape) as f64).sqrt()),
        };
        self.uniform(name, shape, (mean - half) as f32, (mean + half) as f32, device)?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        Err(candle_core::Error::Msg(format!(
            "`{name}` is requested without a shape, and seeded weights have none"
        )))
    }

    fn contains_tensor(&self, name: &str) -> bool {
        !self.absent.iter().any(|end| name.ends_with(end))
    }
}

/// Supplies tensors, and keeps a copy of each.
struct Recorder {
    source: Seeded,
    given: Arc<Mutex<BTreeMap<String, Tensor>>>,
}

impl SimpleBackend for Recorder {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let tensor = self.source.get(shape, name, init, dtype, device)?;
        self.given.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), tensor.clone());
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        self.source.get_unchecked(name, dtype, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.source.contains_tensor(name)
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): a bijection whose output bits each
/// depend on all input bits.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Returns `count` values uniform in `[low, high]`, with only such operations as IEEE 754 rounds in one way.
fn values(key: u64, count: usize, low: f32, high: f32) -> Vec<f32> {
    /// 2⁻²⁴: an f32 in `[0, 1)` distinguishes exactly the 24 upper bits of a word.
    const ULP: f32 = 1.0 / (1 << 24) as f32;
    let width = high - low;
    let scaled = |word: u32| low + (word >> 8) as f32 * ULP * width;
    let mut state = key;
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = mix(state);
        values.push(scaled(bits as u32));
        values.push(scaled((bits >> 32) as u32));
    }
    values.truncate(count);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(seed: u64, name: &str, shape: &[usize], init: Init) -> Vec<f32> {
        Seeded::new(seed)
            .get(Shape::from(shape), name, init, DType::F32, &Device::Cpu)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1())
            .expect("seeded tensor")
    }

    fn kaiming() -> Init {
        candle_nn::init::DEFAULT_KAIMING_NORMAL
    }

    #[test]
    fn values_follow_from_seed_and_name_alone() {
        let first = get(1, "a.weight", &[4, 4], kaiming());
        let _between = get(1, "b.weight", &[4, 4], kaiming());
        assert_eq!(get(1, "a.weight", &[4, 4], kaiming()), first);
        assert_ne!(get(1, "b.weight", &[4, 4], kaiming()), first);
        assert_ne!(get(2, "a.weight", &[4, 4], kaiming()), first);
    }

    #[test]
    fn values_are_the_same_on_every_machine() {
        // Recorded once: a change breaks the comparability of everything measured before it.
        let values: Vec<u32> =
            values(Seeded::new(0).key("x"), 3, -1.0, 1.0).iter().map(|v| v.to_bits()).collect();
        assert_eq!(values, [1_024_375_680, 3_197_172_812, 1_037_137_904]);
    }

    #[test]
    fn kaiming_keeps_the_second_moment_of_a_layer() {
        let weights = get(3, "conv.weight", &[64, 16, 3, 3], kaiming());
        let n = weights.len() as f64;
        let mean = weights.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
        let variance = weights.iter().map(|&w| (f64::from(w) - mean).powi(2)).sum::<f64>() / n;
        let wanted = 1.0 / (16.0 * 9.0);
        // 9216 uniform values: the standard error of the variance is about 1 % of it.
        assert!((variance / wanted - 1.0).abs() < 0.05, "variance {variance}, wanted {wanted}");
        assert!(mean.abs() < 0.004, "mean {mean}");
    }

    #[test]
    fn running_variances_stay_positive_and_constants_stay_near() {
        let variances = get(4, "bn.running_var", &[512], Init::Const(1.0));
        assert!(variances.iter().all(|&v| (0.9..=1.1).contains(&v)), "{variances:?}");
        let means = get(4, "bn.running_mean", &[512], Init::Const(0.0));
        assert!(means.iter().all(|&v| (-0.1..=0.1).contains(&v)), "{means:?}");
    }

    #[test]
    fn only_what_it_denies_is_absent() {
        let source = Seeded::new(6).without(&["ln_k.weight"]);
        assert!(!source.contains_tensor("block.attn.ln_k.weight"));
        assert!(source.contains_tensor("block.attn.qkv.weight"));
    }

    #[test]
    fn an_odd_count_is_given_exactly() {
        assert_eq!(values(5, 7, 0.0, 1.0).len(), 7);
        assert!(values(5, 0, 0.0, 1.0).is_empty());
    }
}
