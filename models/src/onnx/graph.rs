//! [`Graph`]: a network as ONNX describes it (field numbers are from onnx.proto of ONNX 1.15).

use candle_core::{DType, Tensor};

use super::protobuf::Message;

/// The version of the operators: that of ONNX 1.12.
const OPERATORS: i64 = 17;

/// The version of the format that belongs to these operators.
const FORMAT: i64 = 8;

/// `TensorProto.DataType.FLOAT`.
const FLOAT: i64 = 1;

/// A setting of an operator.
#[derive(Clone, Debug)]
pub enum Attribute<'a> {
    /// A whole number.
    Int(&'a str, i64),
    /// Several whole numbers.
    Ints(&'a str, &'a [i64]),
    /// A number.
    Float(&'a str, f32),
}

impl Attribute<'_> {
    fn message(&self) -> Message {
        // The last field is the type: 1 a float, 2 an integer, 7 integers.
        match *self {
            Attribute::Float(name, value) => Message::default().text(1, name).float(2, value).integer(20, 1),
            Attribute::Int(name, value) => Message::default().text(1, name).integer(3, value).integer(20, 2),
            Attribute::Ints(name, values) => {
                let named = Message::default().text(1, name);
                values.iter().fold(named, |all, value| all.integer(8, *value)).integer(20, 7)
            }
        }
    }
}

/// A network of f32 values under construction, with one input and one output.
#[derive(Debug)]
pub struct Graph {
    name: String,
    nodes: Vec<Message>,
    weights: Vec<Message>,
    input: Message,
}

impl Graph {
    /// Creates an empty network whose input is called `input` and has this shape.
    pub fn new(name: &str, input: &str, shape: &[usize]) -> Self {
        let input = value(input, shape);
        Graph { name: name.to_owned(), nodes: Vec::new(), weights: Vec::new(), input }
    }

    /// Adds a tensor that nodes can take as an input, by its name.
    ///
    /// # Errors
    /// If it is not of f32.
    pub fn weight(&mut self, name: &str, tensor: &Tensor) -> candle_core::Result<()> {
        if tensor.dtype() != DType::F32 {
            return Err(candle_core::Error::Msg(format!("`{name}` is {:?}, not F32", tensor.dtype())).bt());
        }
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dims = tensor.dims().iter().fold(Message::default(), |all, dim| all.integer(1, *dim as i64));
        self.weights.push(dims.integer(2, FLOAT).text(8, name).bytes(9, &raw));
        Ok(())
    }

    /// Adds an operator, and returns the name of its output.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[Attribute<'_>]) -> String {
        let name = format!("{operator}_{}", self.nodes.len());
        let node = inputs.iter().fold(Message::default(), |all, input| all.text(1, input));
        let node = node.text(2, &name).text(3, &name).text(4, operator);
        let attributes: Vec<Message> = attributes.iter().map(Attribute::message).collect();
        self.nodes.push(node.messages(5, &attributes));
        name
    }

    /// Returns the bytes of the file; the network has the one output `output`, of shape `shape`.
    pub fn into_bytes(self, output: &str, shape: &[usize]) -> Vec<u8> {
        let graph = Message::default().messages(1, &self.nodes).text(2, &self.name);
        let graph = graph.messages(5, &self.weights).message(11, &self.input);
        let graph = graph.message(12, &value(output, shape));
        let operators = Message::default().text(1, "").integer(2, OPERATORS);
        let model = Message::default().integer(1, FORMAT).text(2, "models");
        model.message(7, &graph).message(8, &operators).into_bytes()
    }
}

/// Returns the description of an input or output.
fn value(name: &str, shape: &[usize]) -> Message {
    let dim = |dim: &usize| Message::default().integer(1, *dim as i64);
    let dims: Vec<Message> = shape.iter().map(dim).collect();
    let tensor = Message::default().integer(1, FLOAT).message(2, &Message::default().messages(1, &dims));
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}
