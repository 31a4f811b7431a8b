//! Writes one HTML file that needs no network: the history of every figure, a run, a comparison.
//!
//! The shown content is collected as data ([`History`], [`Run`], [`Comparison`]), put into a [`Page`], and written with
//! [`Page::html`]. The scripts below `assets/` draw it: they create every element from text, so that names and messages
//! are never interpreted as HTML, and a content security policy forbids all other scripts.
#![forbid(unsafe_code)]

mod comparison;
mod document;
mod history;
mod load;
mod packed;
mod page;
mod policy;
mod rounds;
mod run;

pub use comparison::Comparison;
pub use history::History;
pub use page::Page;
pub use run::Run;
