//! Every engine that was compiled in computes the same as candle, and refuses a damaged model.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use candle_core::Device;
use models::engine::{Engine, EngineError, expect_agreement};
use models::resnet::{Depth, INPUT_SIDE};
use models::seeded::Seeded;

/// Returns the engines that can be used here.
fn engines() -> Vec<Engine> {
    let mut engines = Vec::new();
    for engine in [Engine::Tract, Engine::OnnxRuntime] {
        match engine.load(Depth::Eighteen, 1, &[]) {
            Err(absent @ (EngineError::NotBuilt { .. } | EngineError::NoLibrary { .. })) => {
                println!("not tested: {absent}");
            }
            _ => engines.push(engine),
        }
    }
    engines
}

#[test]
fn engines_agree_with_candle() {
    let images = Seeded::new(1).images(1, INPUT_SIDE, &Device::Cpu).expect("images");
    let images: Vec<f32> = images.flatten_all().and_then(|images| images.to_vec1()).expect("values");
    let run = |engine: Engine| {
        let file = engine.model_file(Depth::Eighteen, 1).expect("file");
        let mut network = engine.load(Depth::Eighteen, 1, &file).expect("loaded");
        let error = network.run(&images[1..]).expect_err("a value is missing");
        assert!(matches!(error, EngineError::WrongInput { .. }), "{error}");
        network.run(&images).expect("logits")
    };
    let engines = engines();
    if engines.is_empty() {
        return;
    }
    let reference = run(Engine::Candle);
    assert!(reference.iter().any(|logit| logit.abs() > 0.5), "candle says nothing");
    for engine in engines {
        expect_agreement(&reference, &run(engine)).unwrap_or_else(|error| panic!("{engine}: {error}"));
    }
}

#[test]
fn a_damaged_model_is_refused_by_name() {
    for engine in engines() {
        let file = engine.model_file(Depth::Eighteen, 1).expect("file");
        for damaged in [&file[..file.len() / 2], b"no model", &[]] {
            let error = engine.load(Depth::Eighteen, 1, damaged).map(drop).expect_err("damaged");
            assert!(matches!(error, EngineError::Refused { .. }), "{error}");
            assert!(error.to_string().contains(&engine.to_string()), "{error}");
        }
    }
}
