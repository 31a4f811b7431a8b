//! The note below the table of a run that names what ids of this crate's benchmarks leave out: the engine, element
//! type, device and number of threads.

use std::collections::BTreeSet;

use bench_core::record::Status;
use bench_core::report::{Section, View};
use bench_core::{Record, inventory, registry};

inventory::submit! { Section { name: "models", render } }

/// The only model that is not computed by candle unless its id says so.
const BY_ONNX_RUNTIME: &str = "piper_tts";

fn render(record: &Record, _: &View) -> String {
    let ours = registry::benchmarks().iter().filter(|benchmark| benchmark.source.krate() == "models");
    let ours: BTreeSet<&str> = ours.filter_map(|benchmark| benchmark.model).collect();
    say(
        record.cases.iter().filter(|case| case.status == Status::Ok).filter_map(|case| case.model.as_deref()),
        &ours,
    )
}

fn say<'a>(measured: impl Iterator<Item = &'a str>, ours: &BTreeSet<&str>) -> String {
    let measured: BTreeSet<&str> = measured.filter(|model| ours.contains(model)).collect();
    let engine = match (measured.len(), measured.contains(BY_ONNX_RUNTIME)) {
        (0, _) => return String::new(),
        (1, true) => "by ONNX Runtime".to_owned(),
        (_, true) => format!("by candle ({BY_ONNX_RUNTIME}: ONNX Runtime)"),
        (_, false) => "by candle".to_owned(),
    };
    format!(
        "computed {engine} in f32 on the processor, on its default number of threads, unless an id says otherwise\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_that_of_the_models_that_were_measured() {
        let ours = BTreeSet::from(["piper_tts", "resnet"]);
        let said = |models: &[&str]| say(models.iter().copied(), &ours);
        assert_eq!(said(&["another"]), "");
        assert!(said(&["resnet", "another"]).starts_with("computed by candle in f32 "));
        assert!(said(&["piper_tts"]).starts_with("computed by ONNX Runtime in f32 "));
        assert!(said(&["piper_tts", "resnet"]).starts_with("computed by candle (piper_tts: ONNX Runtime) "));
    }
}
