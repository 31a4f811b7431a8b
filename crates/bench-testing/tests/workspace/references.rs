//! Paths in source text.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::source_tree::{Module, ModulePath, is_punct};

/// A path in a `use` tree or an expression, and the name that it gets.
struct Leaf {
    path: Vec<String>,
    name: String,
}

/// Finds all paths that begin with `crate`, `self` or `super`, at any depth.
pub(crate) fn references(tokens: &TokenStream, within: &[String], found: &mut BTreeSet<ModulePath>) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            references(&group.stream(), within, found);
        }
        // `$crate` is for the users of a macro, and a word after `::` is not the beginning of a path.
        let begins = at == 0 || !is_punct(&tokens[at - 1], '$') && !is_punct(&tokens[at - 1], ':');
        let TokenTree::Ident(word) = token else { continue };
        if begins && (word == "crate" || word == "self" || word == "super") {
            let mut leaves = Vec::new();
            tree(&tokens[at..], Vec::new(), &mut leaves);
            found.extend(leaves.into_iter().filter_map(|leaf| absolute(&leaf.path, within)));
        }
    }
}

/// Finds the imports of a module, whose names can also be reached through the module.
pub(crate) fn imports(
    tokens: &TokenStream,
    within: &[String],
    children: &BTreeSet<String>,
    module: &mut Module,
) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        if !matches!(token, TokenTree::Ident(word) if word == "use") {
            continue;
        }
        let mut leaves = Vec::new();
        tree(&tokens[at + 1..], Vec::new(), &mut leaves);
        for leaf in leaves {
            let first = leaf.path.first().cloned().unwrap_or_default();
            let path = if children.contains(&first) {
                Some([within, &leaf.path].concat())
            } else {
                absolute(&leaf.path, within)
            };
            match (leaf.name.as_str(), path) {
                ("*", Some(path)) => module.globs.push(path),
                ("*" | "_", _) => {}
                (name, path) => drop(module.imports.insert(name.to_owned(), path)),
            }
        }
    }
}

/// Returns the path from the root of the crate; `None` if `path` begins with neither `crate`, `self` nor `super`.
fn absolute(path: &[String], within: &[String]) -> Option<ModulePath> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([within, rest].concat()),
        "super" => {
            let levels = 1 + rest.iter().take_while(|name| *name == "super").count();
            let base = &within[..within.len().checked_sub(levels)?];
            Some([base, &rest[levels - 1..]].concat())
        }
        _ => None,
    }
}

/// Reads a path, or a tree of paths as in `use a::{b, c::d as e, f::*}`.
fn tree(tokens: &[TokenTree], mut path: Vec<String>, leaves: &mut Vec<Leaf>) {
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            Some(token) if is_punct(token, '*') => {
                leaves.push(Leaf { path, name: "*".to_owned() });
                return;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is_punct(token, ',')).filter(|branch| !branch.is_empty()) {
                    tree(branch, path.clone(), leaves);
                }
                return;
            }
            _ => break,
        }
        let goes_on = matches!(&tokens[at + 1..], [a, b, ..] if is_punct(a, ':') && is_punct(b, ':'));
        if !goes_on {
            break;
        }
        at += 3;
    }
    // `a::{self}` names `a`.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = match tokens.get(at + 1..) {
        Some([TokenTree::Ident(word), TokenTree::Ident(alias), ..]) if word == "as" => alias.to_string(),
        _ => path.last().cloned().unwrap_or_default(),
    };
    leaves.push(Leaf { path, name });
}
