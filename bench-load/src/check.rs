use crate::request::Times;
use bench_core::record::Level;
pub(crate) fn request(_times: &Times<'_>) -> Option<&'static str> {
    None
}
pub(crate) fn level(_domain: &str, _level: &Level) -> Vec<String> {
    Vec::new()
}
