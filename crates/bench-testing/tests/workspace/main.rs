//! Rules for the workspace as a whole: see `ARCHITECTURE.md`.
#![allow(clippy::expect_used, clippy::panic)]

mod arrows;
mod documents;
mod examples;
mod language;
mod modules;
mod package;
mod records;
mod references;
mod source_tree;
