//! Bench targets that cargo builds, as programs with the folder and environment that `cargo bench` would give them.

mod configured;
mod layouts;

pub use configured::forget_configured;
pub(crate) use layouts::relink;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_protocol::CHANNEL_VARIABLE;
use bench_record::RunError;
use bench_runner::program::{Kind, Program};
use bench_syntax::UsageError;
use serde::Deserialize;

/// A line of `cargo build --message-format json`.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        manifest_path: PathBuf,
        target: Target,
        executable: Option<PathBuf>,
    },
    BuildScriptExecuted {
        package_id: String,
        linked_paths: Vec<String>,
        env: Vec<(String, String)>,
        out_dir: PathBuf,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// A package, as `cargo metadata` describes it.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    id: String,
    #[serde(default)]
    authors: Vec<String>,
    description: Option<String>,
    repository: Option<String>,
    homepage: Option<String>,
    license: Option<String>,
}

/// A cargo workspace, as `cargo metadata` describes it.
#[derive(Deserialize)]
pub struct Workspace {
    /// The target directory of cargo.
    pub target_directory: PathBuf,
    /// The folder of its `Cargo.lock`.
    pub workspace_root: PathBuf,
    packages: Vec<Package>,
}

impl Workspace {
    /// Returns the workspace around `folder`.
    ///
    /// # Errors
    /// [`RunError::Usage`] if there is no workspace.
    pub fn around(folder: &Path) -> Result<Self, RunError> {
        let output = cargo()
            .current_dir(folder)
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| RunError::io("run", "cargo metadata", error))?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            UsageError(format!("{} is not a cargo workspace: `cargo metadata` failed", folder.display()))
                .into()
        })
    }
}

/// Builds the bench targets in `folder` with these arguments of `cargo bench`; in the target folder `target`, if one
/// is given, instead of the workspace's own.
///
/// # Errors
/// [`RunError::Usage`] if cargo fails, after it has printed the reason on stderr, or if it builds no bench target.
pub fn build(folder: &Path, arguments: &[String], target: Option<&Path>) -> Result<Vec<Program>, RunError> {
    let workspace = Workspace::around(folder)?;
    let built = Invocation { folder, arguments, target }.run(|_| {})?;
    if built.benches.is_empty() {
        let folder = folder.display();
        return Err(UsageError(format!("`cargo bench --no-run` built no bench target in {folder}")).into());
    }
    // Cargo looks for its configuration from the folder that it is started in.
    let place = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    Ok(configured::apply(built.programs(&workspace)?, &place))
}

/// An invocation of `cargo bench --no-run`: its folder, its arguments, and the target folder if it is not the
/// workspace's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invocation<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) arguments: &'a [String],
    pub(crate) target: Option<&'a Path>,
}

impl Invocation<'_> {
    /// Runs cargo; `dress` can add to the command before its arguments.
    fn run(&self, dress: impl FnOnce(&mut Command)) -> Result<Built, RunError> {
        let mut command = cargo();
        command.current_dir(self.folder).args([
            "bench",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ]);
        dress(&mut command);
        command.args(self.arguments);
        if let Some(target) = self.target {
            command.arg("--target-dir").arg(target);
        }
        let io = |error| RunError::io("run", "cargo bench", error);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(io)?;
        let mut built = Built::default();
        for line in child.stdout.take().map(|stdout| BufReader::new(stdout).lines()).into_iter().flatten() {
            if let Ok(message) = serde_json::from_str(&line.map_err(io)?) {
                built.take(message);
            }
        }
        let status = child.wait().map_err(io)?;
        if !status.success() {
            let folder = self.folder.display();
            return Err(UsageError(format!("`cargo bench --no-run` failed in {folder}")).into());
        }
        Ok(built)
    }
}

/// The build artifacts that cargo has reported.
#[derive(Default)]
struct Built {
    benches: Vec<Bench>,
    /// The binaries of each package, by name.
    binaries: BTreeMap<String, Vec<(String, PathBuf)>>,
    /// The output of the build scripts of packages.
    scripts: BTreeMap<String, (PathBuf, Vec<(String, String)>)>,
    /// Folders of libraries that build scripts have linked.
    libraries: Vec<PathBuf>,
}

struct Bench {
    package: String,
    manifest: PathBuf,
    executable: PathBuf,
}

impl Built {
    fn take(&mut self, message: Message) {
        match message {
            Message::CompilerArtifact { package_id, manifest_path, target, executable: Some(executable) } => {
                let is = |kind: &str| target.kind.iter().any(|other| other == kind);
                if is("bench") {
                    self.benches.push(Bench { package: package_id, manifest: manifest_path, executable });
                } else if is("bin") {
                    self.binaries.entry(package_id).or_default().push((target.name, executable));
                }
            }
            Message::BuildScriptExecuted { package_id, linked_paths, env, out_dir } => {
                // `native=/path`: the kind is for the linker only.
                let folder =
                    |path: String| PathBuf::from(path.split_once('=').map_or(&*path, |(_, path)| path));
                self.libraries.extend(linked_paths.into_iter().map(folder));
                self.scripts.insert(package_id, (out_dir, env));
            }
            Message::CompilerArtifact { .. } | Message::Other => {}
        }
    }

    fn programs(self, workspace: &Workspace) -> Result<Vec<Program>, RunError> {
        self.benches.iter().map(|bench| self.program(bench, workspace)).collect()
    }

    /// Returns the program of a bench target with the variables that cargo would set: see *Environment variables Cargo
    /// sets for crates* and *Dynamic library paths* in the reference of cargo.
    fn program(&self, bench: &Bench, workspace: &Workspace) -> Result<Program, RunError> {
        let folder = bench.manifest.parent().unwrap_or(Path::new("")).to_owned();
        let mut program = Program::executable(&bench.executable)?
            .of_kind(Kind::BenchTarget)
            .in_folder(&folder)
            .with_variable("CARGO_MANIFEST_DIR", folder.as_os_str())
            .with_variable("CARGO_MANIFEST_PATH", bench.manifest.as_os_str())
            .with_variable("CARGO_TARGET_TMPDIR", workspace.target_directory.join("tmp"));
        if let Some(package) = workspace.packages.iter().find(|package| package.id == bench.package) {
            for (name, value) in package.variables() {
                program = program.with_variable(name, value);
            }
        }
        for (name, path) in self.binaries.get(&bench.package).into_iter().flatten() {
            program = program.with_variable(format!("CARGO_BIN_EXE_{name}"), path.as_os_str());
        }
        if let Some((out_dir, variables)) = self.scripts.get(&bench.package) {
            program = program.with_variable("OUT_DIR", out_dir.as_os_str());
            for (name, value) in variables {
                program = program.with_variable(name, value);
            }
        }
        Ok(match self.library_path(&bench.executable) {
            Some(path) => program.with_variable(LIBRARY_PATH, path),
            None => program,
        })
    }

    /// Returns the path on which the program finds dynamic libraries: first the built ones, then the earlier value.
    fn library_path(&self, executable: &Path) -> Option<OsString> {
        let own = [executable.parent(), executable.parent().and_then(Path::parent)];
        let before = std::env::var_os(LIBRARY_PATH);
        let inherited = before.iter().flat_map(std::env::split_paths);
        let folders = self.libraries.iter().map(PathBuf::as_path).chain(own.into_iter().flatten());
        std::env::join_paths(folders.map(Path::to_path_buf).chain(inherited)).ok()
    }
}

/// The variable that lists the folders in which the loader looks for dynamic libraries.
const LIBRARY_PATH: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

impl Package {
    /// Returns the variables `CARGO_PKG_…`.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let (release, pre) = self.version.split_once('-').unwrap_or((&self.version, ""));
        let release = release.split('+').next().unwrap_or_default();
        let pre = pre.split('+').next().unwrap_or_default();
        let mut parts = release.split('.').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            ("CARGO_PKG_NAME", self.name.clone()),
            ("CARGO_PKG_VERSION", self.version.clone()),
            ("CARGO_PKG_VERSION_MAJOR", part()),
            ("CARGO_PKG_VERSION_MINOR", part()),
            ("CARGO_PKG_VERSION_PATCH", part()),
            ("CARGO_PKG_VERSION_PRE", pre.to_owned()),
            ("CARGO_PKG_AUTHORS", self.authors.join(":")),
            ("CARGO_PKG_DESCRIPTION", text(&self.description)),
            ("CARGO_PKG_HOMEPAGE", text(&self.homepage)),
            ("CARGO_PKG_REPOSITORY", text(&self.repository)),
            ("CARGO_PKG_LICENSE", text(&self.license)),
        ]
    }
}

/// Returns the command `cargo` as a user would start it: without the variables that another cargo has set if it has
/// started this program.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        let of_cargo = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if of_cargo.iter().any(|prefix| name_text.starts_with(prefix)) || name_text == CHANNEL_VARIABLE {
            command.env_remove(&name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_what_cargo_would_give_it() {
        let mut built = Built::default();
        let lines = [
            r#"{"reason": "build-script-executed", "package_id": "p", "linked_libs": [], "linked_paths": ["native=/out/lib"], "cfgs": [], "env": [["MADE", "1"]], "out_dir": "/out"}"#,
            r#"{"reason": "compiler-artifact", "package_id": "p", "manifest_path": "/w/p/Cargo.toml", "target": {"name": "tool", "kind": ["bin"]}, "executable": "/t/release/tool"}"#,
            r#"{"reason": "compiler-artifact", "package_id": "p", "manifest_path": "/w/p/Cargo.toml", "target": {"name": "p", "kind": ["lib"]}, "executable": null}"#,
            r#"{"reason": "compiler-artifact", "package_id": "p", "manifest_path": "/w/p/Cargo.toml", "target": {"name": "speed", "kind": ["bench"]}, "executable": "/t/release/deps/speed-0123456789abcdef"}"#,
            r#"{"reason": "build-finished", "success": true}"#,
        ];
        for line in lines {
            built.take(serde_json::from_str(line).expect(line));
        }
        let workspace = Workspace {
            target_directory: "/t".into(),
            workspace_root: "/w".into(),
            packages: vec![Package {
                name: "p".to_owned(),
                version: "1.2.3-rc.1+b".to_owned(),
                id: "p".to_owned(),
                authors: vec!["A".to_owned(), "B".to_owned()],
                description: None,
                repository: None,
                homepage: None,
                license: Some("MIT".to_owned()),
            }],
        };
        let programs = built.programs(&workspace).expect("programs");
        assert_eq!(programs.len(), 1);
        assert_eq!(programs[0].name(), "speed");
        let command = programs[0].command();
        let variable = |name: &str| {
            let found = command.get_envs().find(|(known, _)| *known == name);
            found.and_then(|(_, value)| value).map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(command.get_current_dir(), Some(Path::new("/w/p")));
        for (name, value) in [
            ("CARGO_MANIFEST_DIR", "/w/p"),
            ("CARGO_PKG_NAME", "p"),
            ("CARGO_PKG_VERSION_MINOR", "2"),
            ("CARGO_PKG_VERSION_PATCH", "3"),
            ("CARGO_PKG_VERSION_PRE", "rc.1"),
            ("CARGO_PKG_AUTHORS", "A:B"),
            ("CARGO_BIN_EXE_tool", "/t/release/tool"),
            ("CARGO_TARGET_TMPDIR", "/t/tmp"),
            ("OUT_DIR", "/out"),
            ("MADE", "1"),
        ] {
            assert_eq!(variable(name).as_deref(), Some(value), "{name}");
        }
        assert!(variable(LIBRARY_PATH).expect("a path").starts_with("/out/lib:/t/release/deps:/t/release"));
    }
}
