//! Generates tensors with random values, for models that describe their inputs.

use serde_json::{Value, json};

use super::Input;
use super::words::{mixed, word};

/// An input of a KServe v2 model, as described by the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// The name.
    pub name: String,
    /// The type of the elements: `FP32`, `INT64`, `BYTES`.
    pub datatype: String,
    /// The shape; a dimension below 0 may have any length.
    pub shape: Vec<i64>,
}

/// The maximum number of generated elements: with more, the JSON of a request would be larger than 100 MB.
const MOST_ELEMENTS: u64 = 10_000_000;

/// The upper bound of whole numbers, exclusive: small enough for ids of tokens and of classes.
const NUMBERS: u64 = 100;

/// The number of words in an element that is a text.
const WORDS: u64 = 16;

impl Tensor {
    /// Returns the shape, with 1 for each dimension that may have any length.
    fn fixed(&self) -> Vec<u64> {
        self.shape.iter().map(|length| u64::try_from(*length).unwrap_or(1)).collect()
    }

    /// Returns the tensor with random values, as JSON for a request.
    fn with_values(&self, seed: u64) -> Result<Value, String> {
        let Tensor { name, datatype, .. } = self;
        let shape = self.fixed();
        let elements = shape.iter().try_fold(1u64, |all, length| all.checked_mul(*length));
        let elements = elements.filter(|elements| *elements <= MOST_ELEMENTS).ok_or_else(|| {
            format!("the input `{name}` of the model has the shape {shape:?}, which is too large to generate: give it with --input")
        })?;
        let element = |number: u64| -> Result<Value, String> {
            let random = mixed(seed ^ mixed(number));
            Ok(match datatype.as_str() {
                "BOOL" => random.is_multiple_of(2).into(),
                // Four digits: enough to differ, and short.
                "FP16" | "BF16" | "FP32" | "FP64" => ((random % 10_000) as f64 / 10_000.0).into(),
                "BYTES" => {
                    (0..WORDS).map(|at| word(mixed(random ^ at))).collect::<Vec<&str>>().join(" ").into()
                }
                kind if kind.starts_with("INT") || kind.starts_with("UINT") => (random % NUMBERS).into(),
                other => {
                    return Err(format!(
                        "the input `{name}` of the model has the type `{other}`, which is not known: give it with --input"
                    ));
                }
            })
        };
        let data = (0..elements).map(element).collect::<Result<Vec<Value>, String>>()?;
        Ok(json!({ "name": name, "shape": shape, "datatype": datatype, "data": data }))
    }
}

/// Creates `count` requests with random values for these inputs of a model.
///
/// # Errors
/// If the type of an input is not known, or if an input is too large to generate.
pub fn random_tensors(inputs: &[Tensor], count: u64, seed: u64) -> Result<Vec<Input>, String> {
    let request = |number: u64| {
        let seed = |place: usize| mixed(seed ^ mixed(number << 8 | place as u64));
        let tensors = inputs.iter().enumerate().map(|(place, tensor)| tensor.with_values(seed(place)));
        let tensors = tensors.collect::<Result<Vec<Value>, String>>()?;
        Ok(Input::of(json!({ "inputs": tensors }).to_string()))
    };
    (0..count).map(request).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(datatype: &str, shape: &[i64]) -> Tensor {
        Tensor { name: "x".to_owned(), datatype: datatype.to_owned(), shape: shape.to_vec() }
    }

    #[test]
    fn values_have_the_type_and_number_that_the_model_wants() {
        let inputs =
            [tensor("FP32", &[-1, 3]), tensor("INT64", &[2, 2]), tensor("BYTES", &[1]), tensor("BOOL", &[])];
        let made = random_tensors(&inputs, 3, 1).expect("requests");
        let bodies: Vec<Value> =
            made.iter().map(|input| serde_json::from_slice(&input.content.text()).expect("JSON")).collect();
        assert!(bodies[0] != bodies[1] && bodies[1] != bodies[2]);
        assert_eq!(made, random_tensors(&inputs, 3, 1).expect("the same again"));
        for body in &bodies {
            let data = |at: usize| body["inputs"][at]["data"].as_array().expect("values").clone();
            assert_eq!(body["inputs"][0]["shape"], json!([1, 3]));
            assert!(
                data(0).len() == 3
                    && data(0).iter().all(|value| (0.0..1.0).contains(&value.as_f64().expect("a float")))
            );
            assert!(
                data(1).len() == 4 && data(1).iter().all(|value| value.as_u64().expect("a number") < NUMBERS)
            );
            assert_eq!(data(2)[0].as_str().expect("a text").split(' ').count(), 16);
            assert!(data(3).len() == 1 && data(3)[0].is_boolean());
        }
        assert!(random_tensors(&[tensor("COMPLEX", &[1])], 1, 1).expect_err("unknown").contains("`COMPLEX`"));
        assert!(
            random_tensors(&[tensor("FP32", &[i64::MAX, 4])], 1, 1).expect_err("large").contains("too large")
        );
    }
}
