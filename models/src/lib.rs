//! The measured models, each in its own folder with its benchmarks next to it:
//! `<model>/benchmarks/{unit,integration,performance}.rs`.
//!
//! | model | weights | input |
//! |---|---|---|
//! | [`resnet`] 18 and 50 | generated, the same on every machine | 224 × 224 |
//! | [`vit_b_16`] | generated | 224 × 224 |
//! | [`qwen3_vl_2b`] | generated; `full` and `reduced` | pictures and text |
//! | [`vocoder`] | generated | codes of sound |
//! | [`efficientnet_lite0`] | trained on ImageNet, fetched by `models/weights/fetch` | 224 × 224 |
//! | [`eye_generator`] | trained on eyes of paintings, fetched | noise and a colour |
//! | [`mmdit`] reduced and full | generated | latents of 64 × 64 to 512 × 512 pixels |
//! | [`piper_tts`] | a trained voice, fetched | text |
//! | [`stable_diffusion_unet`] reduced and full | generated | latents of 64 × 64 to 512 × 512 pixels |
//! | [`smollm2`] | SmolLM2-135M-Instruct in four bits, fetched by `models/weights/fetch` | text |
//!
//! Each part that models share has its own module: the place of weights ([`weights`]), reading a file of them
//! ([`checkpoint`], [`gguf`]) or generating them ([`seeded`]), turning a picture into a tensor ([`photograph`],
//! [`normalisation`]) and logits into an answer ([`classification`], [`generation`]). The arguments of benchmarks are
//! in [`axis`].

#![deny(unsafe_code)]

pub mod axis;
mod batch;
pub mod checkpoint;
pub mod classification;
pub mod diffusion;
pub mod efficientnet_lite0;
pub mod engine;
pub mod eye_generator;
pub mod generation;
pub mod gguf;
#[cfg(feature = "hub")]
pub mod hub;
mod kept;
pub mod load;
pub mod memory;
pub mod mmdit;
pub mod normalisation;
pub mod onnx;
pub mod photograph;
pub mod picture;
pub mod piper_tts;
pub mod qwen3_vl_2b;
pub mod resnet;
mod scaling;
pub mod seeded;
pub mod smollm2;
pub mod stable_diffusion_unet;
mod unsaid;
pub mod vit_b_16;
pub mod vocoder;
pub mod wav;
pub mod weights;
