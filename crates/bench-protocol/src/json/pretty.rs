//! JSON for people.

use super::{Encode, Json, JsonError};

/// Formats JSON text, with one field per line and an indentation of two spaces.
///
/// # Errors
/// When `text` is not JSON.
pub fn pretty(text: &str) -> Result<String, JsonError> {
    let mut out = String::with_capacity(text.len() * 2);
    write(&Json::parse(text)?, 0, &mut out);
    Ok(out)
}

fn write(json: &Json<'_>, depth: usize, out: &mut String) {
    match json {
        Json::Array(values) if !values.is_empty() => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                new_line(at > 0, depth + 1, out);
                write(value, depth + 1, out);
            }
            new_line(false, depth, out);
            out.push(']');
        }
        Json::Object(members) if !members.is_empty() => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                new_line(at > 0, depth + 1, out);
                name.as_ref().encode(out);
                out.push_str(": ");
                write(value, depth + 1, out);
            }
            new_line(false, depth, out);
            out.push('}');
        }
        simple => simple.encode(out),
    }
}

fn new_line(comma: bool, depth: usize, out: &mut String) {
    out.push_str(if comma { ",\n" } else { "\n" });
    out.extend(std::iter::repeat_n("  ", depth));
}
