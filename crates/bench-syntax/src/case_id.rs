//! Case ids: `model/category/name[argument=value,…]`.

use std::fmt::Write;

use crate::Category;
use crate::text::steers;

/// The id without arguments: `resnet/performance/forward`, or `performance/forward` without a model.
pub fn head(model: Option<&str>, category: Category, name: &str) -> String {
    let model = model.map(|model| format!("{model}/")).unwrap_or_default();
    format!("{model}{category}/{name}")
}

/// The id of a case. Characters of a value that would delimit an id or a line, or steer a terminal, are written as
/// `%` and two hexadecimal digits a byte, so that an id can be taken apart again.
pub fn with_arguments(mut head: String, arguments: &[(&str, String)]) -> String {
    for (position, (name, value)) in arguments.iter().enumerate() {
        head.push(if position == 0 { '[' } else { ',' });
        head.push_str(name);
        head.push('=');
        for c in value.chars() {
            if steers(c) || c.is_whitespace() || matches!(c, ',' | '=' | '[' | ']' | '/' | '%') {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(head, "%{byte:02X}");
                }
            } else {
                head.push(c);
            }
        }
    }
    if !arguments.is_empty() {
        head.push(']');
    }
    head
}

/// In what an id contradicts the parts of its case, if it does. A program of another language may write ids of its own:
/// what they hold must be what the case says.
pub fn contradiction(id: &str, model: Option<&str>, category: Category, name: &str) -> Option<String> {
    if let Some(part) = model.into_iter().chain([name]).find(|part| !id.contains(part)) {
        return Some(format!("its id does not hold `{part}`"));
    }
    let (_, of_id) = Category::of_id(id).filter(|(_, of_id)| *of_id != category)?;
    Some(format!("its category is {category}, and that of its id {of_id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_no_delimiters() {
        let id = |value: &str| {
            with_arguments(head(Some("resnet"), Category::Unit, "f"), &[("text", value.to_owned())])
        };
        assert_eq!(id("a b"), "resnet/unit/f[text=a%20b]");
        assert_eq!(id("x,y=[%]/\n"), "resnet/unit/f[text=x%2Cy%3D%5B%25%5D%2F%0A]");
        assert_eq!(id("é\u{202e}"), "resnet/unit/f[text=é%E2%80%AE]");
        assert_eq!(with_arguments(head(None, Category::Unit, "f"), &[]), "unit/f");
    }
}
