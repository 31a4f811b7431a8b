//! The inputs from which requests are made.

use std::sync::Arc;

use bench_core::Error;
use bench_load::domain::Facts;
use bench_load::input::{Describe, ImageRequest, ImageRequests, Inputs, List, Prepared, Prompts, Texts};
use serde_json::{Value, json};

use super::plan::{Asked, Field, Function, Given};

/// An input, which the program identifies by its number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub(crate) number: usize,
    pub(crate) text: Arc<str>,
    pub(crate) facts: Facts,
}

impl Describe for Input {
    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

/// All inputs of a function.
#[derive(Clone, Debug)]
pub(crate) struct All {
    measured: Vec<Input>,
    warm_up: Vec<Input>,
    /// The inputs that were generated here for the program, in the order of their numbers; `None` if it has its own.
    pub(crate) made: Option<Value>,
}

impl Inputs for All {
    type Item = Input;

    fn prepare(self) -> Result<Prepared<Input>, Error> {
        Ok(Prepared { measured: self.measured, warm_up: self.warm_up })
    }
}

impl All {
    /// # Errors
    /// When inputs of the requested kind cannot be generated.
    pub(crate) fn of(function: &Function) -> Result<Self, Error> {
        let seed = function.load.seed;
        let texts = match &function.inputs {
            Asked::Given(given) if function.field == Field::Images => {
                List::new(given.iter().map(text)).prepare()?
            }
            Asked::Given(given) => return All::given(given),
            Asked::Texts { count, shortest, longest } => {
                Texts::seeded(*count, *shortest..=*longest).seed(seed).prepare()?
            }
            Asked::Prompts { count } => Prompts::seeded(*count).seed(seed).prepare()?,
        };
        match &function.images {
            Some(images) => {
                let wanted = usize::try_from(function.load.requests.unwrap_or(50)).unwrap_or(usize::MAX);
                let count = wanted.clamp(texts.measured.len(), 10_000.max(texts.measured.len()));
                let requests = ImageRequests::new(List::new(texts.measured).warm_up(texts.warm_up))
                    .variations(count)
                    .size(images.width, images.height)
                    .number(images.num_images)
                    .steps(images.num_inference_steps)
                    .guidance_scale(images.guidance_scale)
                    .seed(images.seed)
                    .prepare()?;
                Ok(All::made(&requests, |request| request.prompt.as_str(), image))
            }
            None => Ok(All::made(&texts, String::as_str, |text| Value::from(text.as_str()))),
        }
    }

    fn given(given: &[Given]) -> Result<Self, Error> {
        let input = |(number, given): (usize, &Given)| match given {
            Given::Text(text) => Input { number, text: text.as_str().into(), facts: Facts::of_text(text) },
            Given::Bytes(bytes) => {
                Input { number, text: "".into(), facts: Facts { bytes: Some(*bytes), ..Facts::default() } }
            }
        };
        let measured = List::new(given.iter().enumerate().map(input)).prepare()?.measured;
        Ok(All { measured, warm_up: Vec::new(), made: None })
    }

    fn made<T>(prepared: &Prepared<T>, text: fn(&T) -> &str, value: fn(&T) -> Value) -> Self {
        let all: Vec<&T> = prepared.measured.iter().chain(&prepared.warm_up).collect();
        let input = |(number, item): (usize, &&T)| Input {
            number,
            text: text(item).into(),
            facts: Facts::of_text(text(item)),
        };
        let mut measured: Vec<Input> = all.iter().enumerate().map(input).collect();
        let warm_up = measured.split_off(prepared.measured.len());
        let made = all.into_iter().map(value).collect();
        All { measured, warm_up, made: Some(made) }
    }
}

fn text(given: &Given) -> String {
    match given {
        Given::Text(text) => text.clone(),
        Given::Bytes(_) => String::new(),
    }
}

fn image(request: &ImageRequest) -> Value {
    json!({
        "prompt": request.prompt,
        "width": request.width,
        "height": request.height,
        "num_images": request.number,
        "num_inference_steps": request.steps,
        "guidance_scale": request.guidance_scale,
        "seed": request.seed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(field: &str, inputs: Value, images: Value) -> All {
        let function = json!({
            "socket": "s", "field": field, "inputs": inputs, "images": images,
            "load": {"concurrency": [1], "requests": 3},
        });
        All::of(&serde_json::from_value(function).expect("a function")).expect("inputs")
    }

    #[test]
    fn what_the_program_holds_is_known_by_its_number() {
        let all = all("speech", json!({"given": [{"text": "Grüße"}, {"bytes": 9}]}), Value::Null);
        assert_eq!(all.measured.iter().map(|input| input.number).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(all.measured[0].facts.characters, Some(5));
        assert_eq!((all.measured[1].facts.bytes, all.made), (Some(9), None));
    }

    #[test]
    fn each_request_for_images_has_a_seed_of_its_own_and_the_warm_up_others() {
        let images = json!({
            "width": 64, "height": 32, "num_images": 2, "num_inference_steps": 4, "guidance_scale": 7.5, "seed": 5
        });
        let all = all("images", json!({"given": [{"text": "a cat"}]}), images);
        let made = all.made.expect("made");
        let seeds: Vec<_> = made.as_array().expect("a list").iter().map(|input| &input["seed"]).collect();
        assert_eq!(seeds, [5, 6, 7, 8, 9, 10]);
        assert_eq!(all.warm_up.iter().map(|input| input.number).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!((made[0]["width"].as_u64(), made[0]["prompt"].as_str()), (Some(64), Some("a cat")));
    }
}
