//! Random small packages with two commits whose work differs by a known factor: the verdict must be right, whatever the
//! work depends on.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use bench_testing::Ended;
use serde_json::Value;

use crate::stage::Stage;

/// The number of packages that are tried by default. `RANDOM_PACKAGES=300` tries more, `RANDOM_PACKAGES_FROM=17` begins
/// with this number.
const USUALLY: u64 = 3;

/// The factor by which the changed commit does more work.
const FACTOR: u64 = 4;

/// The kinds of dependency of a package's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A constant of the library.
    Code,
    /// A file that is compiled in.
    Included,
    /// A data file, by the absolute path that is compiled in.
    AbsoluteFile,
    /// A data file, by a path relative to the package.
    RelativeFile,
    /// A data file in the folder that `CARGO_MANIFEST_DIR` names at run time.
    FileByVariable,
    /// A file that the build script makes from another one.
    BuildScript,
    /// A program of the package.
    Binary,
    /// A variable of `.cargo/config.toml`, read by the compiler.
    VariableOfBuild,
    /// A variable of `.cargo/config.toml`, read at run time.
    VariableOfRun,
    /// A default feature.
    Feature,
    /// A setting of the profile.
    Profile,
    /// A package in a submodule.
    Submodule,
    /// Another package in the same repository.
    Sibling,
}

const SOURCES: [Source; 13] = [
    Source::Code,
    Source::Included,
    Source::AbsoluteFile,
    Source::RelativeFile,
    Source::FileByVariable,
    Source::BuildScript,
    Source::Binary,
    Source::VariableOfBuild,
    Source::VariableOfRun,
    Source::Feature,
    Source::Profile,
    Source::Submodule,
    Source::Sibling,
];

impl Source {
    /// Returns the expression for its value in the bench target.
    fn expression(self) -> &'static str {
        match self {
            Source::Code => "subject::WORK",
            Source::Included => r#"number(include_str!("data/included.txt"))"#,
            Source::AbsoluteFile => {
                r#"read(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/data/absolute.txt"))"#
            }
            Source::RelativeFile => r#"read("benches/data/relative.txt")"#,
            Source::FileByVariable => {
                r#"read(format!("{}/benches/data/variable.txt", std::env::var("CARGO_MANIFEST_DIR").expect("set")))"#
            }
            Source::BuildScript => "subject::BUILT",
            Source::Binary => {
                r#"number(&String::from_utf8_lossy(&std::process::Command::new(env!("CARGO_BIN_EXE_tool")).output().expect("started").stdout))"#
            }
            Source::VariableOfBuild => r#"number(env!("WORK_OF_BUILD"))"#,
            Source::VariableOfRun => r#"number(&std::env::var("WORK_OF_RUN").expect("set"))"#,
            Source::Feature => r#"if cfg!(feature = "heavy") { 4 } else { 1 }"#,
            Source::Profile => "if cfg!(debug_assertions) { 4 } else { 1 }",
            Source::Submodule => "dep::WORK",
            Source::Sibling => "sibling::WORK",
        }
    }
}

/// A generator of random numbers, as in PCG.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

struct Package {
    stage: Stage,
    sources: Vec<Source>,
    /// The source that the second commit changes.
    changed: Source,
    /// Whether the package is a member of a workspace, in a separate folder.
    is_member: bool,
}

impl Package {
    fn random(number: u64) -> Self {
        let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let changed = SOURCES[(number % SOURCES.len() as u64) as usize];
        let sources =
            SOURCES.into_iter().filter(|source| *source == changed || random.below(3) == 0).collect();
        Package { stage: Stage::new(&[]), sources, changed, is_member: random.below(2) == 0 }
    }

    fn root(&self) -> PathBuf {
        self.stage.path().join("repository")
    }

    fn has(&self, source: Source) -> bool {
        self.sources.contains(&source)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        fs::write(path, text).expect("written");
    }

    fn git(&self, folder: &str, arguments: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"];
        let mut git = self.stage.command("git", &[&["-C", folder], &who[..], arguments].concat());
        let ended = git.output().expect("started");
        assert!(ended.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }

    /// Writes all files, the changed source with `FACTOR` times its value if `is_changed`.
    fn make(&self, is_changed: bool) {
        let value = |source: Source| if is_changed && source == self.changed { 3 * FACTOR } else { 3 };
        let is_on = |source: Source| is_changed && source == self.changed;
        let package = if self.is_member { "member/" } else { "" };
        let constant = |value: u64| format!("pub const WORK: u64 = {value};\n");
        let write = |name: &str, text: String| self.write(&format!("{package}{name}"), &text);

        let default = if is_on(Source::Feature) { "\"heavy\"" } else { "" };
        let mut manifest = format!(
            "{}\n[lib]\nbench = false\n\n[[bench]]\nname = \"speed\"\nharness = false\n\n\
             [features]\nheavy = []\ndefault = [{default}]\n",
            library("subject")
        );
        if self.has(Source::Binary) {
            manifest += "\n[[bin]]\nname = \"tool\"\nbench = false\n";
            write("src/bin/tool.rs", format!("fn main() {{ println!(\"{}\") }}\n", value(Source::Binary)));
        }
        manifest += "\n[dependencies]\n";
        let up = if self.is_member { "../" } else { "" };
        if self.has(Source::Submodule) {
            let _ = writeln!(manifest, "dep = {{ path = \"{up}vendor/dep\" }}");
        }
        if self.has(Source::Sibling) {
            let _ = writeln!(manifest, "sibling = {{ path = \"{up}sibling\" }}");
            self.write("sibling/Cargo.toml", &library("sibling"));
            self.write("sibling/src/lib.rs", &constant(value(Source::Sibling)));
        }
        let profile = format!("\n[profile.bench]\ndebug-assertions = {}\n", is_on(Source::Profile));
        let workspace = "\n[workspace]\nexclude = [\"vendor\", \"sibling\"]\n";
        if self.is_member {
            self.write(
                "Cargo.toml",
                &format!("{workspace}members = [\"member\"]\nresolver = \"2\"\n{profile}"),
            );
        } else {
            manifest += &format!("{workspace}{profile}");
        }
        write("Cargo.toml", manifest);
        let mut code = constant(value(Source::Code));
        if self.has(Source::BuildScript) {
            code += "include!(concat!(env!(\"OUT_DIR\"), \"/built.rs\"));\n";
            write("spec.txt", value(Source::BuildScript).to_string());
            write(
                "build.rs",
                "fn main() {\n    let spec = std::fs::read_to_string(\"spec.txt\").unwrap();\n    \
                 println!(\"cargo::rerun-if-changed=spec.txt\");\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                 std::fs::write(format!(\"{out}/built.rs\"), format!(\"pub const BUILT: u64 = {spec};\")).unwrap();\n}\n"
                    .to_owned(),
            );
        }
        write("src/lib.rs", code);
        for (source, file) in [
            (Source::Included, "included"),
            (Source::AbsoluteFile, "absolute"),
            (Source::RelativeFile, "relative"),
            (Source::FileByVariable, "variable"),
        ] {
            write(&format!("benches/data/{file}.txt"), value(source).to_string());
        }
        self.write(
            ".cargo/config.toml",
            &format!(
                "[env]\nWORK_OF_BUILD = \"{}\"\nWORK_OF_RUN = \"{}\"\n",
                value(Source::VariableOfBuild),
                value(Source::VariableOfRun)
            ),
        );
        let mut bench = include_str!("../fixtures/random_package_bench.rs").to_owned();
        let product: Vec<&str> = self.sources.iter().map(|source| source.expression()).collect();
        let _ = writeln!(bench, "\nfn nanoseconds() -> u64 {{\n    100 * ({})\n}}", product.join(") * ("));
        write("benches/speed.rs", bench);
        self.write(".gitignore", "target\nbenchmark_results\n");
    }

    /// Commits the submodule in its separate repository, and checks out that commit.
    fn make_submodule(&self, is_changed: bool) {
        if !self.has(Source::Submodule) {
            return;
        }
        let value = if is_changed && self.changed == Source::Submodule { 3 * FACTOR } else { 3 };
        let origin = self.stage.path().join("dep");
        let is_new = !origin.exists();
        fs::create_dir_all(origin.join("src")).expect("folder");
        fs::write(origin.join("Cargo.toml"), library("dep")).expect("written");
        fs::write(origin.join("src/lib.rs"), format!("pub const WORK: u64 = {value};\n// {is_changed}\n"))
            .expect("written");
        let origin = origin.to_str().expect("UTF-8").to_owned();
        if is_new {
            self.git(".", &["init", "--quiet", &origin]);
        }
        self.git(&origin, &["add", "--all"]);
        self.git(&origin, &["commit", "--quiet", "--message=dep"]);
        if is_new {
            self.git("repository", &["submodule", "--quiet", "add", &origin, "vendor/dep"]);
        } else {
            self.git("repository/vendor/dep", &["pull", "--quiet"]);
        }
    }

    fn commit(&self, message: &str) {
        self.git("repository", &["add", "--all"]);
        self.git("repository", &["commit", "--quiet", "--message", message]);
    }

    /// Compares two revisions, and returns the verdict on the only case and its change.
    fn compare(&self, base: &str, candidate: &str) -> (String, f64, Ended) {
        let mut arguments =
            vec!["compare", base, candidate, "--threshold=20%", "--max-time=20s", "--quiet", "--color=never"];
        if self.is_member {
            arguments.extend(["--", "--workspace"]);
        }
        let mut command = self.stage.bench_command(&arguments);
        command
            .current_dir(self.root())
            .env("BENCH_CACHE_DIR", self.stage.path().join("cache"))
            .env("GIT_ALLOW_PROTOCOL", "file")
            .env("CARGO_NET_OFFLINE", "true");
        let output = command.output().expect("started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ended = Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        let mut runs = bench_testing::runs_in(&self.root().join("benchmark_results"));
        let newest = runs.pop().map(|run| fs::read(run.join("comparison.json")).expect("a comparison"));
        let comparison: Value = newest
            .map(|json| serde_json::from_slice(&json).expect("JSON"))
            .unwrap_or_else(|| panic!("{self:?}: {}", ended.said()));
        let case = &comparison["cases"][0];
        let change = case["change"].as_f64().unwrap_or(f64::NAN);
        (case["verdict"].as_str().unwrap_or("none").to_owned(), change, ended)
    }

    /// Makes three commits, and asserts the verdicts: the second one does more work, the third one changes only text.
    fn try_out(&self, number: u64) {
        fs::create_dir_all(self.root()).expect("folder");
        self.git(".", &["init", "--quiet", "repository"]);
        for (is_changed, message) in [(false, "one"), (true, "two")] {
            self.make_submodule(is_changed);
            self.make(is_changed);
            self.commit(message);
        }
        self.write("README.md", "Words.\n");
        self.commit("three");
        let candidate = if number.is_multiple_of(2) { "HEAD~1" } else { "." };
        let (verdict, change, ended) = self.compare("HEAD~2", candidate);
        let expected = FACTOR as f64 - 1.0;
        assert!(
            verdict == "slower" && (change - expected).abs() < 0.1,
            "package {number}, {self:?}: {verdict} {change}\n{}",
            ended.said()
        );
        let (verdict, change, ended) = self.compare("HEAD~1", "HEAD");
        assert!(
            verdict == "same" && change.abs() < 0.1,
            "package {number}, {self:?}: {verdict} {change}\n{}",
            ended.said()
        );
    }
}

impl std::fmt::Debug for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} changed of {:?}, a member: {}", self.changed, self.sources, self.is_member)
    }
}

fn library(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
}

#[test]
fn the_verdict_on_a_random_package_is_right() {
    let number = |variable: &str| std::env::var(variable).ok().map(|text| text.parse().expect("a number"));
    let first = number("RANDOM_PACKAGES_FROM").unwrap_or(0);
    let count = number("RANDOM_PACKAGES").unwrap_or(USUALLY);
    for number in first..first + count {
        Package::random(number).try_out(number);
        if count > USUALLY {
            eprintln!("package {number} is right");
        }
    }
}
