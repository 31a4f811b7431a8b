//! What a case's id is made of.

use bench_core::benchmark::Category;

/// Model and category of `model/category/name[argument=value,…]`; neither model nor arguments need be there.
pub(crate) fn model_and_category(id: &str) -> (Option<&str>, Option<&str>) {
    let head = id.split('[').next().unwrap_or(id);
    let parts: Vec<&str> = head.split('/').collect();
    let known = |part: &&str| Category::ALL.iter().any(|category| category.name() == *part);
    // The name comes last, and may be called like a category itself.
    match parts.as_slice() {
        [category, _] if known(category) => (None, Some(category)),
        [model, category, _] if known(category) => (Some(model), Some(category)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_model_and_category() {
        assert_eq!(
            model_and_category("resnet50/performance/forward[batch=8]"),
            (Some("resnet50"), Some("performance"))
        );
        assert_eq!(model_and_category("unit/softmax"), (None, Some("unit")));
        assert_eq!(model_and_category("unit/unit"), (None, Some("unit")));
        assert_eq!(model_and_category("m/integration/x[path=a%2Fb]"), (Some("m"), Some("integration")));
        assert_eq!(model_and_category("imported from elsewhere"), (None, None));
    }
}
