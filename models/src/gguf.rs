//! [`Gguf`]: a GGUF file as the source of a model's tensors, settings and vocabulary.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;

use candle_core::Device;
use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};

use crate::memory::expect_bytes;
use crate::weights::{self, WeightsError};

const FORMAT: &str = "GGUF";

/// The tensors that a model needs: the shape and element type of each, by name.
pub type Wanted = BTreeMap<String, (Vec<usize>, GgmlDType)>;

/// A file of quantized weights, read into memory and parsed, for one model.
///
/// As strict as [`Checkpoint`](crate::checkpoint::Checkpoint): the file's description of itself is compared with the
/// model before a tensor is made, and candle checks the rest.
pub struct Gguf {
    model: &'static str,
    path: PathBuf,
    bytes: Cursor<Vec<u8>>,
    content: Content,
}

impl Gguf {
    /// Reads the whole file, and parses its header.
    ///
    /// # Errors
    /// [`Missing`](WeightsError::Missing), [`Unreadable`](WeightsError::Unreadable) or
    /// [`Malformed`](WeightsError::Malformed); a file whose last tensors are missing is malformed.
    pub fn read(model: &'static str, path: PathBuf) -> Result<Self, WeightsError> {
        let bytes = weights::read(model, &path)?;
        let length = bytes.len() as u64;
        let mut bytes = Cursor::new(bytes);
        let content = match Content::read(&mut bytes) {
            Ok(content) => content,
            Err(error) => {
                return Err(WeightsError::Malformed { path, format: FORMAT, reason: one_line(&error) });
            }
        };
        let end = content
            .tensor_infos
            .values()
            .map(|tensor| {
                let blocks = tensor.shape.elem_count() / tensor.ggml_dtype.block_size();
                let bytes = (blocks as u64).saturating_mul(tensor.ggml_dtype.type_size() as u64);
                content.tensor_data_offset.saturating_add(tensor.offset).saturating_add(bytes)
            })
            .max()
            .unwrap_or(0);
        if end > length {
            let reason = format!("its tensors end at byte {end}, the file at byte {length}");
            return Err(WeightsError::Malformed { path, format: FORMAT, reason });
        }
        Ok(Gguf { model, path, bytes, content })
    }

    /// Checks that the number under `key` is `expected`.
    ///
    /// # Errors
    /// [`WrongMetadata`](WeightsError::WrongMetadata).
    pub fn expect_number(&self, key: &str, expected: usize) -> Result<(), WeightsError> {
        match self.content.metadata.get(key) {
            Some(value) if value.to_u64().is_ok_and(|found| found == expected as u64) => Ok(()),
            other => Err(self.wrong(key, expected.to_string(), other)),
        }
    }

    /// Checks that the text under `key` is `expected`.
    ///
    /// # Errors
    /// [`WrongMetadata`](WeightsError::WrongMetadata).
    pub fn expect_text(&self, key: &str, expected: &str) -> Result<(), WeightsError> {
        match self.content.metadata.get(key) {
            Some(Value::String(found)) if found == expected => Ok(()),
            other => Err(self.wrong(key, format!("{expected:?}"), other)),
        }
    }

    /// Returns the number under `key`.
    ///
    /// # Errors
    /// [`WrongMetadata`](WeightsError::WrongMetadata) if there is none that fits 32 bits.
    pub fn number(&self, key: &str) -> Result<u32, WeightsError> {
        let value = self.content.metadata.get(key);
        let number = value.and_then(|value| u32::try_from(value.to_u64().ok()?).ok());
        number.ok_or_else(|| self.wrong(key, "a number of 32 bits".to_owned(), value))
    }

    /// Returns the texts under `key`.
    ///
    /// # Errors
    /// [`WrongMetadata`](WeightsError::WrongMetadata) if there is no list of texts.
    pub fn texts(&self, key: &str) -> Result<Vec<&str>, WeightsError> {
        self.list(key, "a list of texts", |value| value.to_string().ok().map(String::as_str))
    }

    /// Returns the numbers under `key`.
    ///
    /// # Errors
    /// [`WrongMetadata`](WeightsError::WrongMetadata) if there is no list of numbers of 32 bits, zero or above.
    pub fn numbers(&self, key: &str) -> Result<Vec<u32>, WeightsError> {
        self.list(key, "a list of numbers", |value| {
            let number = match value {
                Value::I32(signed) => u64::try_from(*signed).ok()?,
                other => other.to_u64().ok()?,
            };
            u32::try_from(number).ok()
        })
    }

    fn list<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        element: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Vec<T>, WeightsError> {
        let value = self.content.metadata.get(key);
        let elements = value.and_then(|value| value.to_vec().ok()?.iter().map(element).collect());
        elements.ok_or_else(|| self.wrong(key, expected.to_owned(), value))
    }

    /// Returns the error that the value under `key` is not the one that the model needs; `expected` and `found`
    /// describe both.
    pub fn refuse(&self, key: &str, expected: impl Into<String>, found: impl Into<String>) -> WeightsError {
        WeightsError::WrongMetadata {
            model: self.model,
            path: self.path.clone(),
            key: key.to_owned(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    fn wrong(&self, key: &str, expected: String, found: Option<&Value>) -> WeightsError {
        let found = match found {
            None => "missing".to_owned(),
            Some(Value::Array(elements)) => format!("a list of {}", elements.len()),
            Some(Value::String(text)) => format!("{:?}", text.chars().take(40).collect::<String>()),
            Some(other) => format!("{other:?}"),
        };
        self.refuse(key, expected, found)
    }

    /// Checks that the file contains these tensors and no others.
    ///
    /// # Errors
    /// The fault of the first one, by name.
    pub fn expect_tensors(&self, wanted: &Wanted) -> Result<(), WeightsError> {
        let model = self.model;
        for (name, (shape, dtype)) in wanted {
            let (path, tensor) = (self.path.clone(), name.clone());
            let Some(found) = self.content.tensor_infos.get(name) else {
                return Err(WeightsError::MissingTensor { model, path, tensor, shape: shape.clone() });
            };
            if found.shape.dims() != shape {
                let (expected, found) = (shape.clone(), found.shape.dims().to_vec());
                return Err(WeightsError::WrongShape { model, path, tensor, expected, found });
            }
            if found.ggml_dtype != *dtype {
                let (expected, found) = (format!("{dtype:?}"), format!("{:?}", found.ggml_dtype));
                return Err(WeightsError::WrongDtype { model, path, tensor, expected, found });
            }
        }
        let spare = self.content.tensor_infos.keys().filter(|name| !wanted.contains_key(*name));
        match (spare.clone().count(), spare.min()) {
            (count, Some(example)) => {
                let (path, example) = (self.path.clone(), example.clone());
                Err(WeightsError::SpareTensors { model, path, count, example })
            }
            _ => Ok(()),
        }
    }

    /// Returns the same tensors in f32, in memory: larger, and multiplied faster if candle has no instructions for
    /// blocks of this type.
    ///
    /// # Errors
    /// [`Unusable`](WeightsError::Unusable) with candle's message.
    pub fn expanded(self) -> Result<Self, WeightsError> {
        let Gguf { model, path, mut bytes, content } = self;
        let values: usize = content.tensor_infos.values().map(|tensor| tensor.shape.elem_count()).sum();
        // The tensors, and the file that is made from them.
        let needed = (2 * values * size_of::<f32>()) as u64;
        expect_bytes(&Device::Cpu, needed, || format!("the weights in {}, in f32,", path.display()))?;
        match expand(&content, &mut bytes) {
            Ok((content, bytes)) => Ok(Gguf { model, path, bytes, content }),
            Err(source) => Err(WeightsError::Unusable { model, path, source }),
        }
    }

    /// Builds the model from the header and the whole file.
    ///
    /// # Errors
    /// [`Unusable`](WeightsError::Unusable) with the error of `build`.
    pub fn build<M>(
        mut self,
        build: impl FnOnce(Content, &mut Cursor<Vec<u8>>) -> candle_core::Result<M>,
    ) -> Result<M, WeightsError> {
        build(self.content, &mut self.bytes).map_err(|source| WeightsError::Unusable {
            model: self.model,
            path: self.path,
            source,
        })
    }
}

fn expand(content: &Content, bytes: &mut Cursor<Vec<u8>>) -> candle_core::Result<(Content, Cursor<Vec<u8>>)> {
    let mut tensors = Vec::with_capacity(content.tensor_infos.len());
    for name in content.tensor_infos.keys() {
        let exact = content.tensor(bytes, name, &Device::Cpu)?.dequantize(&Device::Cpu)?;
        tensors.push((name.as_str(), QTensor::quantize(&exact, GgmlDType::F32)?));
    }
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let metadata: Vec<(&str, &Value)> =
        content.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &tensors)?;
    file.set_position(0);
    Ok((Content::read(&mut file)?, file))
}

/// Returns the first line of candle's message: a backtrace may follow.
fn one_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use candle_core::{DType, Tensor};

    use super::*;

    const SHAPE: [usize; 2] = [2, 32];

    fn save(folder: &Path, name: &str, shape: &[usize], dtype: GgmlDType) -> PathBuf {
        let path = folder.join("tiny.gguf");
        let tensor = Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("zeros");
        let tensor = QTensor::quantize(&tensor, dtype).expect("quantised");
        let count = Value::U32(3);
        let texts = Value::Array(vec![Value::String("a".into()), Value::String("b".into())]);
        let numbers = Value::Array(vec![Value::I32(1), Value::I32(-1)]);
        let metadata = [("tiny.count", &count), ("tiny.texts", &texts), ("tiny.numbers", &numbers)];
        let mut file = fs::File::create(&path).expect("created");
        gguf_file::write(&mut file, &metadata, &[(name, &tensor)]).expect("written");
        path
    }

    fn wanted() -> Wanted {
        [("w".to_owned(), (SHAPE.to_vec(), GgmlDType::Q4_1))].into()
    }

    fn read(path: PathBuf) -> Gguf {
        Gguf::read("tiny", path).expect("a GGUF file")
    }

    /// Returns the error of checking the tensors of a file; panics if it is accepted.
    fn refusal(path: PathBuf) -> WeightsError {
        read(path).expect_tensors(&wanted()).expect_err("the file was accepted")
    }

    #[test]
    fn the_right_file_is_accepted_and_read() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = read(save(folder.path(), "w", &SHAPE, GgmlDType::Q4_1));
        file.expect_tensors(&wanted()).expect("the right tensors");
        file.expect_number("tiny.count", 3).expect("three");
        assert_eq!(file.number("tiny.count").expect("a number"), 3);
        assert_eq!(file.texts("tiny.texts").expect("texts"), ["a", "b"]);
        let shape = file
            .build(|content, bytes| content.tensor(bytes, "w", &Device::Cpu))
            .map(|tensor| tensor.shape().dims().to_vec());
        assert_eq!(shape.expect("a tensor"), SHAPE);
    }

    #[test]
    fn an_expanded_file_says_the_same_and_holds_f32() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = save(folder.path(), "w", &SHAPE, GgmlDType::Q4_1);
        let file = read(path).expanded().expect("expanded");
        assert_eq!(file.texts("tiny.texts").expect("texts"), ["a", "b"]);
        let wanted = [("w".to_owned(), (SHAPE.to_vec(), GgmlDType::F32))].into();
        file.expect_tensors(&wanted).expect("the same tensor in f32");
    }

    #[test]
    fn each_wrong_tensor_has_its_own_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        for (name, shape, dtype, says) in [
            ("w", [2, 64], GgmlDType::Q4_1, "`w` in * has shape [2, 64], but tiny needs [2, 32]"),
            ("w", SHAPE, GgmlDType::Q8_0, "`w` in * has elements of type Q8_0, but tiny needs Q4_1"),
            (
                "v",
                SHAPE,
                GgmlDType::Q4_1,
                "* contains no tensor `w` of shape [2, 32]: these are not the weights of tiny",
            ),
        ] {
            let path = save(folder.path(), name, &shape, dtype);
            let said = refusal(path.clone()).to_string();
            assert_eq!(said, says.replace('*', &path.display().to_string()));
        }
        let none = read(save(folder.path(), "w", &SHAPE, GgmlDType::Q4_1)).expect_tensors(&Wanted::new());
        assert!(matches!(none, Err(WeightsError::SpareTensors { count: 1, .. })), "{none:?}");
    }

    #[test]
    fn wrong_metadata_says_what_was_wanted_and_what_is_there() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = read(save(folder.path(), "w", &SHAPE, GgmlDType::Q4_1));
        for (error, says) in [
            (file.expect_number("tiny.count", 4).expect_err("3"), "is U32(3), but tiny needs 4"),
            (file.expect_text("tiny.count", "x").expect_err("3"), "is U32(3), but tiny needs \"x\""),
            (file.number("tiny.none").expect_err("missing"), "is missing, but tiny needs a number"),
            (file.texts("tiny.count").expect_err("no list"), "is U32(3), but tiny needs a list of texts"),
            (
                file.numbers("tiny.texts").expect_err("texts"),
                "is a list of 2, but tiny needs a list of numbers",
            ),
            (
                file.numbers("tiny.numbers").expect_err("-1"),
                "is a list of 2, but tiny needs a list of numbers",
            ),
        ] {
            let said = error.to_string();
            assert!(said.contains(says) && said.contains("tiny.gguf"), "expected `{says}`: {said}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_malformed_and_so_is_another_kind_of_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = save(folder.path(), "w", &SHAPE, GgmlDType::Q4_1);
        let whole = fs::read(&path).expect("the file just written");
        // The last 64 bytes: two rows of one block of 20 bytes each, and zeros.
        let last = whole.len() - 64 + 2 * 20 - 1;
        let cut = [0, 3, 20, 60, last].map(|length| whole[..length].to_vec());
        let flipped = [&b"FGGU"[..], &whole[4..]].concat();
        // A count of tensors that no file can hold.
        let endless = [&whole[..8], &[0xff; 8], &whole[16..]].concat();
        for bytes in cut.into_iter().chain([flipped, endless, b"a text, not weights".to_vec()]) {
            fs::write(&path, &bytes).expect("written");
            let Err(error) = Gguf::read("tiny", path.clone()) else {
                panic!("{} bytes were accepted", bytes.len())
            };
            let said = error.to_string();
            assert!(matches!(error, WeightsError::Malformed { .. }), "{} bytes: {said}", bytes.len());
            assert!(said.contains("tiny.gguf is not a complete GGUF file") && !said.contains('\n'), "{said}");
        }
        let absent = Gguf::read("tiny", folder.path().join("absent.gguf"));
        assert!(matches!(absent, Err(WeightsError::Missing { model: "tiny", .. })));
    }
}
