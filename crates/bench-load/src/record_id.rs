//! Reads a case's id.

/// A case, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaseId {
    pub(crate) id: String,
    pub(crate) model: Option<String>,
}

impl CaseId {
    /// Parses `model/category/name[…]`, or `category/name[…]` without a model.
    pub(crate) fn of(id: &str) -> Self {
        let head = id.split('[').next().unwrap_or(id);
        let parts: Vec<&str> = head.split('/').collect();
        let model = match parts.as_slice() {
            [model, _, _] => Some((*model).to_owned()),
            _ => None,
        };
        CaseId { id: id.to_owned(), model }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_stands_first() {
        assert_eq!(CaseId::of("tts/performance/speak[text=a/b]").model.as_deref(), Some("tts"));
        assert_eq!(CaseId::of("unit/speak").model, None);
    }
}
