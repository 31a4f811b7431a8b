//! The modules of a crate, read from its sources.
//!
//! Sources are read as tokens, not as syntax, so that macros are read like other code. Items that are compiled only for
//! tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::references::{imports, references};

/// The path of a module below the root of its crate.
pub(crate) type ModulePath = Vec<String>;

/// A module.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Paths in the module that begin with `crate`, `self` or `super`, as absolute paths.
    pub(crate) references: BTreeSet<ModulePath>,
    /// Names that the module imports, with the paths that they stand for; `None` for items of other crates.
    pub(crate) imports: BTreeMap<String, Option<ModulePath>>,
    /// Modules from which the module imports everything.
    pub(crate) globs: Vec<ModulePath>,
    /// Names of the module's own items.
    pub(crate) items: BTreeSet<String>,
}

/// All modules of a crate.
#[derive(Debug, Default)]
pub(crate) struct SourceTree {
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

impl SourceTree {
    /// Reads the library of a package, or its program.
    pub(crate) fn of_package(folder: &Path) -> Self {
        let sources = folder.join("src");
        let root =
            ["lib.rs", "main.rs"].map(|name| sources.join(name)).into_iter().find(|root| root.exists());
        let mut tree = SourceTree::default();
        tree.read(&root.expect("a root"), sources, Vec::new());
        tree
    }

    #[cfg(test)]
    pub(crate) fn of_text(text: &str) -> Self {
        let mut tree = SourceTree::default();
        tree.add(text.parse().expect("tokens"), PathBuf::new(), Vec::new());
        tree
    }

    /// Reads a file; the files of its modules lie in `below`.
    fn read(&mut self, file: &Path, below: PathBuf, path: ModulePath) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(tokens, below, path);
    }

    fn add(&mut self, tokens: TokenStream, below: PathBuf, path: ModulePath) {
        let (own, modules) = take_modules(without_tests(tokens));
        let children: BTreeSet<String> = modules.iter().map(|(name, _)| name.clone()).collect();
        let mut module = Module { items: items(&own), ..Module::default() };
        imports(&own, &path, &children, &mut module);
        references(&own, &path, &mut module.references);
        self.modules.insert(path.clone(), module);
        for (name, body) in modules {
            let path = [&path[..], std::slice::from_ref(&name)].concat();
            let folder = below.join(&name);
            match body {
                Some(body) => self.add(body, folder, path),
                None => {
                    let alone = below.join(format!("{name}.rs"));
                    let file = if alone.exists() { alone } else { folder.join("mod.rs") };
                    self.read(&file, folder, path);
                }
            }
        }
    }

    /// Returns the module that contains the item with an absolute path; `None` if it is of another crate.
    pub(crate) fn holder(&self, path: &[String]) -> Option<ModulePath> {
        self.holder_within(path, 8)
    }

    fn holder_within(&self, path: &[String], imports_left: u32) -> Option<ModulePath> {
        let mut at = ModulePath::new();
        for (depth, name) in path.iter().enumerate() {
            let child = [&at[..], std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&child) {
                at = child;
                continue;
            }
            let module = &self.modules[&at];
            let Some(imports_left) = imports_left.checked_sub(1) else { break };
            if let Some(import) = module.imports.get(name) {
                let whole = [import.as_ref()?, &path[depth + 1..]].concat();
                return self.holder_within(&whole, imports_left);
            }
            let holds = |glob: &&ModulePath| {
                self.modules.get(*glob).is_some_and(|module| module.items.contains(name))
            };
            return Some(module.globs.iter().find(holds).cloned().unwrap_or(at));
        }
        Some(at)
    }
}

/// Returns the tokens without items marked `#[cfg(test)]`, or with any other condition that names `test`.
fn without_tests(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        if !(is_test_condition(&token) && kept.last().is_some_and(|last| is_punct(last, '#'))) {
            kept.push(token);
            continue;
        }
        kept.pop();
        let mut imports = false;
        for skipped in tokens.by_ref() {
            imports |= matches!(&skipped, TokenTree::Ident(word) if word == "use");
            let body = matches!(&skipped, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            if is_punct(&skipped, ';') || body && !imports {
                break;
            }
        }
    }
    kept.into_iter().collect()
}

fn is_test_condition(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let text = group.stream().to_string();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    group.delimiter() == Delimiter::Bracket && words.first() == Some(&"cfg") && words.contains(&"test")
}

pub(crate) fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Separates the modules of a file, with their bodies if these are in the file, from the rest.
fn take_modules(tokens: TokenStream) -> (TokenStream, Vec<(String, Option<TokenStream>)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut own, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(token) = tokens.get(at) {
        match &tokens[at..] {
            [TokenTree::Ident(keyword), TokenTree::Ident(name), end, ..] if keyword == "mod" => {
                let body = match end {
                    TokenTree::Group(group) => Some(group.stream()),
                    _ => None,
                };
                modules.push((name.to_string(), body));
                at += 3;
            }
            _ => {
                own.push(token.clone());
                at += 1;
            }
        }
    }
    (own.into_iter().collect(), modules)
}

/// Returns the names of the items of a module.
fn items(tokens: &TokenStream) -> BTreeSet<String> {
    const KEYWORDS: [&str; 8] = ["struct", "enum", "trait", "fn", "const", "static", "type", "union"];
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let named = tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(keyword), TokenTree::Ident(name)] => {
            KEYWORDS.contains(&keyword.to_string().as_str()).then(|| name.to_string())
        }
        _ => None,
    });
    named.collect()
}
