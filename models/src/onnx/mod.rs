//! ONNX files, written without any library: enough of the format for convolutional networks.

mod graph;
mod protobuf;

pub use graph::{Attribute, Graph};
