//! Every item that users name has an example, and the front page lists every feature.

use std::fs;

use bench_testing::workspace;
use toml::Table;

/// Files of the workspace, with the items that authors of benchmarks use by name.
const TOUCHED: [(&str, &[&str]); 19] = [
    ("bench-core/src/bencher.rs", &["pub struct Bencher"]),
    ("bench-core/src/error.rs", &["pub struct Error"]),
    ("bench-core/src/suite.rs", &["pub struct Suite"]),
    ("bench-core/src/lib.rs", &["macro_rules! main"]),
    ("bench-core/src/registry.rs", &["pub fn cases"]),
    ("bench-core/src/worker/mod.rs", &["pub fn serve_if_asked"]),
    ("bench-core/src/probe/mod.rs", &["pub trait Probe"]),
    ("bench-core/src/device/mod.rs", &["pub trait Device"]),
    ("bench-core/src/device/cpu.rs", &["pub struct Cpu"]),
    ("bench-core/src/allocation/allocator.rs", &["pub struct CountingAllocator"]),
    ("bench-core/src/allocation/count.rs", &["pub fn count"]),
    ("bench-macros/src/lib.rs", &["pub fn benchmark"]),
    ("crates/bench-protocol/src/overrides.rs", &["pub struct Overrides"]),
    ("crates/bench-syntax/src/category.rs", &["pub enum Category"]),
    ("crates/bench-report/src/lib.rs", &["pub struct Exporter", "pub struct Section"]),
    ("crates/bench-load/src/load.rs", &["pub struct Load"]),
    ("crates/bench-load/src/request.rs", &["pub struct Request"]),
    ("crates/bench-load/src/scenario/mod.rs", &["pub trait Scenario"]),
    ("crates/bench-endpoint/src/endpoint.rs", &["pub struct Endpoint"]),
];

/// Returns the doc comment above the first line that begins with `item`.
fn documentation<'a>(source: &'a str, item: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = source.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(item)).unwrap_or_else(|| panic!("no `{item}`"));
    let above = lines[..at].iter().rev().take_while(|line| !line.is_empty() && **line != "}");
    above.copied().filter(|line| line.starts_with("///")).collect()
}

#[test]
fn what_users_touch_has_an_example() {
    for (file, items) in TOUCHED {
        let source = fs::read_to_string(workspace().join(file)).expect(file);
        for item in items {
            let has_example = documentation(&source, item).iter().any(|line| line.contains("```"));
            assert!(has_example, "{file}: `{item}` has no example");
        }
    }
}

#[test]
fn the_front_page_lists_every_feature() {
    let manifest = fs::read_to_string(workspace().join("bench-core/Cargo.toml")).expect("a manifest");
    let manifest: Table = manifest.parse().expect("TOML");
    let page = fs::read_to_string(workspace().join("bench-core/src/lib.rs")).expect("a source");
    let features = manifest["features"].as_table().expect("features");
    for feature in features.keys().filter(|name| *name != "default") {
        assert!(page.contains(&format!("//! | `{feature}` |")), "`{feature}` is not on the front page");
    }
}

#[test]
fn a_missing_example_is_found() {
    let source = "/// A.\n/// ```\n#[derive(Debug)]\npub struct A;\n\n/// B.\npub struct B;\n";
    let has = |item| documentation(source, item).iter().any(|line| line.contains("```"));
    assert!(has("pub struct A") && !has("pub struct B"));
}
