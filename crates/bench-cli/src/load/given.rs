//! The inputs of a load: texts from the command line, files, traces, or generated texts.

use std::fs;
use std::path::{Path, PathBuf};

use bench_endpoint::api::{Field, Kind};
use bench_endpoint::client::Client;
use bench_endpoint::data::{self, Content, Dataset, Format, Input, Lengths, Most, Tensor, Wanted, Words};
use bench_endpoint::probe;
use bench_load::input::{Inputs, Prompts, Texts};
use bench_syntax::UsageError;

use crate::arguments::Load;

/// The number of texts that are generated if the user gives none.
const MADE: usize = 64;

/// The lengths of generated texts that are to be spoken, in characters.
const SPOKEN: std::ops::RangeInclusive<usize> = 40..=160;

/// The number of requests with random tensors; each request is as large as the inputs of the model.
const TENSORS: u64 = 16;

/// The number of documents in a generated request to rank them.
const RANKED: usize = 8;

/// The inputs, and the times at which to send them.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) inputs: Vec<Input>,
    /// Separate inputs for the warm-up; empty if it uses the same inputs.
    pub(super) warm_up: Vec<Input>,
    /// The time of each request in seconds after the first one, if a trace contains them.
    pub(super) arrivals: Option<Vec<f64>>,
    /// Whether inputs set the number of tokens of their answers.
    pub(super) has_lengths: bool,
    /// Notes for the user.
    pub(super) told: Vec<String>,
}

/// Returns the inputs that the arguments name; `None` if they name none.
///
/// # Errors
/// If a file is malformed or cannot be read.
pub(super) fn given(arguments: &Load, kind: Option<Kind>) -> Result<Option<Given>, UsageError> {
    let what = &arguments.what;
    let mut given = match &arguments.much.replay {
        Some(file) => Some(replayed(arguments, file)?),
        None => None,
    };
    if given.as_ref().is_none_or(|given| given.inputs.is_empty()) {
        let arrivals = given.as_mut().and_then(|given| given.arrivals.take());
        let own = if what.prompt.is_empty() { files(arguments, kind)? } else { typed(&what.prompt) };
        given = match (own, arrivals) {
            (Some(own), arrivals) => Some(Given { arrivals, ..own }),
            (None, Some(arrivals)) => Some(Given { arrivals: Some(arrivals), ..Given::default() }),
            (None, None) => None,
        };
    }
    if let (Some(given), Some(osl)) = (&mut given, what.osl) {
        for (number, input) in given.inputs.iter_mut().enumerate() {
            input.max_tokens = Some(osl.draw(what.seed, number as u64));
        }
    } else if let (Some(given), Some(_)) = (&mut given, what.max_tokens) {
        // A flag takes precedence over the lengths in a file.
        given.inputs.iter_mut().for_each(|input| input.max_tokens = None);
        given.has_lengths = false;
    }
    Ok(given)
}

fn typed(prompts: &[String]) -> Option<Given> {
    let inputs = prompts.iter().map(|text| Input::of(text.as_bytes())).collect();
    Some(Given { inputs, ..Given::default() })
}

/// Reads a trace, with the times of its requests.
fn replayed(arguments: &Load, file: &Path) -> Result<Given, UsageError> {
    let much = &arguments.much;
    let most = Most {
        requests: much.requests,
        // `--duration` is that of the run; the trace passes `replay_speed` times as fast.
        seconds: much.duration.map(|duration| duration.as_secs_f64() * much.replay_speed),
    };
    let dataset = data::read(file, arguments.what.format, arguments.what.seed, most).map_err(UsageError)?;
    if dataset.arrivals.is_none() {
        return Err(UsageError(format!(
            "{} has no times at which requests arrive: use --input instead of --replay, and add a --rate",
            file.display()
        )));
    }
    Ok(of_dataset(dataset, file))
}

fn of_dataset(dataset: Dataset, file: &Path) -> Given {
    let Dataset { format, inputs, arrivals, left_out } = dataset;
    let count = inputs.len().max(arrivals.as_ref().map_or(0, Vec::len));
    let mut told = vec![format!("{}: {count} requests of the format `{format}`", file.display())];
    if left_out > 0 {
        told.push(format!(
            "{left_out} rows were left out: their requests are empty, were not answered, or are too long"
        ));
    }
    if format == Format::ShareGpt {
        told.push("answers are requested with the lengths in the file, at 4 characters per token".to_owned());
    }
    let has_lengths = matches!(format, Format::Mooncake | Format::Azure | Format::BurstGpt);
    let warm_up = inputs.iter().take(MADE).enumerate().filter_map(|(number, input)| {
        // The warm-up must not put text that requests share into a cache.
        let Content::Words(words) = &input.content else { return None };
        let content = Content::Words(Words::exactly(words.tokens(), u64::MAX - number as u64));
        Some(Input { content, max_tokens: input.max_tokens })
    });
    let warm_up = warm_up.collect();
    Given { inputs, warm_up, arrivals, has_lengths, told }
}

/// Reads inputs from files; `None` if the arguments name none.
fn files(arguments: &Load, kind: Option<Kind>) -> Result<Option<Given>, UsageError> {
    let what = &arguments.what;
    if what.input.is_empty() {
        return Ok(None);
    }
    let whole = kind.is_some_and(|kind| {
        kind.takes_files()
            || ((kind.takes_tensors() || matches!(kind, Kind::Predict | Kind::Raw))
                && what.template.is_none())
    });
    let mut all = Given::default();
    for file in &without_folders(&what.input)? {
        if whole {
            all.inputs.push(Input::of(read(file)?));
            continue;
        }
        let most = Most { requests: arguments.much.requests, seconds: None };
        let dataset = data::read(file, what.format, what.seed, most).map_err(UsageError)?;
        let format = dataset.format;
        if dataset.inputs.is_empty() {
            return Err(UsageError(format!(
                "{} has only times, and nothing to send: use --replay instead of --input",
                file.display()
            )));
        }
        let own = of_dataset(dataset, file);
        all.inputs.extend(own.inputs);
        all.warm_up.extend(own.warm_up);
        all.has_lengths |= own.has_lengths;
        if format != Format::Lines {
            all.told.extend(own.told);
        }
    }
    if all.inputs.iter().any(|input| input.content.text().is_empty()) {
        return Err(UsageError("--input names an empty file".to_owned()));
    }
    Ok(Some(all))
}

/// Generates texts for a kind of endpoint that takes texts.
///
/// # Errors
/// When the kind has no default input.
pub(super) fn made(kind: Kind, arguments: &Load) -> Result<Given, UsageError> {
    let seed = arguments.what.seed;
    let texts = match kind.field() {
        Field::Speech => Texts::seeded(MADE, SPOKEN).seed(seed).prepare(),
        Field::Text | Field::Images => Prompts::seeded(MADE).seed(seed).prepare(),
        Field::Requests if kind == Kind::Embeddings => Prompts::seeded(MADE).seed(seed).prepare(),
        Field::Requests if kind == Kind::Rerank => Prompts::seeded(MADE * (1 + RANKED)).seed(seed).prepare(),
        Field::Requests | Field::Classification | Field::Transcription => {
            return Err(UsageError(format!("`{kind}` has no default input: give one with --input")));
        }
    };
    let texts = texts.map_err(|error| UsageError(error.to_string()))?;
    let joined = |texts: Vec<String>| -> Vec<String> {
        match kind {
            Kind::Rerank => texts.chunks(1 + RANKED).map(|some| some.join("\t")).collect(),
            _ => texts,
        }
    };
    let osl = arguments.what.osl;
    let inputs = joined(texts.measured).into_iter().enumerate().map(|(number, text)| {
        let tokens = osl.map(|osl| osl.draw(seed, number as u64));
        Input::of(text.into_bytes()).answered_by(tokens)
    });
    Ok(Given { inputs: inputs.collect(), ..Given::default() })
}

/// Generates random values for a model that takes tensors, by the description of its inputs that the server returns.
///
/// # Errors
/// When the server does not answer or does not describe the model, or when values cannot be generated.
pub(super) fn tensors(
    kind: Kind,
    model: Option<&str>,
    client: &Client,
    arguments: &Load,
) -> Result<Given, UsageError> {
    let model = model.unwrap_or_default();
    let wanted = probe::tensors(client, kind, model)
        .map_err(|failure| UsageError(format!("{} does not answer: {failure}", client.target())))?;
    let Some(wanted) = wanted else {
        return Err(UsageError(format!(
            "the server does not describe the inputs of the model `{model}`: give a request as JSON with --input"
        )));
    };
    let inputs = data::random_tensors(&wanted, TENSORS, arguments.what.seed).map_err(UsageError)?;
    let shown: Vec<String> = wanted
        .iter()
        .map(|Tensor { name, datatype, shape }| format!("`{name}` {datatype} {shape:?}"))
        .collect();
    let told = vec![format!(
        "requests have random values for the inputs that the model has by its description: {}",
        shown.join(", ")
    )];
    Ok(Given { inputs, told, ..Given::default() })
}

/// Generates texts of the requested lengths, for a server that counts `per_word` tokens for a word.
pub(super) fn of_lengths(arguments: &Load, input: Lengths, per_word: f64) -> Given {
    let what = &arguments.what;
    let wanted = Wanted { input, output: what.osl, prefix: what.shared_prefix, per_word, seed: what.seed };
    // Salts make each prompt unique, so only its length matters, and prompts may be used again.
    let count = arguments.much.requests.map_or(1024, |requests| requests.clamp(16, 4096));
    let (inputs, warm_up) = data::made(&wanted, usize::try_from(count).unwrap_or(1024));
    Given { inputs, warm_up, ..Given::default() }
}

/// Returns the files, with each folder replaced by the files in it, in the order of their names. Hidden files and
/// folders in a folder are left out.
///
/// # Errors
/// If a folder cannot be read, or contains no file.
fn without_folders(named: &[PathBuf]) -> Result<Vec<PathBuf>, UsageError> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let wrong =
            |error: &dyn std::fmt::Display| UsageError(format!("{} cannot be read: {error}", path.display()));
        let mut own = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| wrong(&error))? {
            let file = entry.map_err(|error| wrong(&error))?.path();
            let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !is_hidden && file.is_file() {
                own.push(file);
            }
        }
        if own.is_empty() {
            return Err(UsageError(format!("the folder {} has no file", path.display())));
        }
        own.sort_unstable();
        files.append(&mut own);
    }
    Ok(files)
}

/// Returns the bytes of a file.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, UsageError> {
    fs::read(file).map_err(|error| UsageError(format!("{} cannot be read: {error}", file.display())))
}
