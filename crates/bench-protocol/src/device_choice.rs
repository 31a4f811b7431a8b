//! The device on which a benchmark should run: `--device`.

use std::fmt;
use std::str::FromStr;

use bench_syntax::UsageError;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::json::{Decode, Encode, Json, JsonError};

/// The device for benchmarks that ask for one with `Bencher::wanted_device`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(try_from = "String", into = "String"))]
pub enum DeviceChoice {
    /// The best available one: CUDA, else Metal, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The NVIDIA GPU with this number, in CUDA's order.
    Cuda(usize),
    /// The GPU of a Mac.
    Metal,
}

impl FromStr for DeviceChoice {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "metal" => Ok(DeviceChoice::Metal),
            "cuda" => Ok(DeviceChoice::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(DeviceChoice::Cuda)
                .ok_or_else(|| UsageError::malformed("device", text, "`auto`, `cpu`, `cuda:0` or `metal`")),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Auto => f.pad("auto"),
            DeviceChoice::Cpu => f.pad("cpu"),
            DeviceChoice::Cuda(number) => write!(f, "cuda:{number}"),
            DeviceChoice::Metal => f.pad("metal"),
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<String> for DeviceChoice {
    type Error = UsageError;

    fn try_from(text: String) -> Result<Self, UsageError> {
        text.parse()
    }
}

#[cfg(feature = "serde")]
impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

impl Encode for DeviceChoice {
    fn encode(&self, out: &mut String) {
        self.to_string().encode(out);
    }
}

impl Decode for DeviceChoice {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        String::decode(json)?.parse().map_err(|error: UsageError| JsonError::new(error.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_what_it_is_called() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("cuda:0", DeviceChoice::Cuda(0)),
            ("cuda:12", DeviceChoice::Cuda(12)),
            ("metal", DeviceChoice::Metal),
        ] {
            assert_eq!(text.parse(), Ok(choice));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        for text in ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cuda0", "rocm"] {
            let error = text.parse::<DeviceChoice>().expect_err(text).0;
            assert_eq!(
                error,
                format!("`{text}` is not a device: expected `auto`, `cpu`, `cuda:0` or `metal`")
            );
        }
    }
}
