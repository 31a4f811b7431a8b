//! Fields of JSON by their path, such as `stats.median`; errors name the path, what was expected and what was found.

use serde_json::Value;

/// Returns a field; `None` if it is absent or `null`.
pub(crate) fn field<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// Returns the text of a field.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> Result<&'a str, String> {
    field(value, path).and_then(Value::as_str).ok_or_else(|| wrong(value, path, "a string"))
}

/// Returns the finite number in a field.
pub(crate) fn number(value: &Value, path: &str) -> Result<f64, String> {
    field(value, path).and_then(finite).ok_or_else(|| wrong(value, path, "a number"))
}

/// Returns the finite number of at least 0 in a field.
pub(crate) fn not_negative(value: &Value, path: &str) -> Result<f64, String> {
    let number = number(value, path)?;
    if number < 0.0 { Err(wrong(value, path, "at least 0")) } else { Ok(number) }
}

/// Returns the whole number of at least 0 in a field.
pub(crate) fn count(value: &Value, path: &str) -> Result<u64, String> {
    field(value, path).and_then(Value::as_u64).ok_or_else(|| wrong(value, path, "a count"))
}

/// The elements of a field.
pub(crate) fn array<'a>(value: &'a Value, path: &str) -> Result<&'a [Value], String> {
    field(value, path)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| wrong(value, path, "a list"))
}

/// The elements of a field, each a time in some unit.
pub(crate) fn times(value: &Value, path: &str) -> Result<Vec<f64>, String> {
    let elements = array(value, path)?.iter();
    elements
        .map(|element| {
            finite(element).filter(|time| *time >= 0.0).ok_or_else(|| {
                format!(
                    "`{path}` contains {}, but every element must be a time: a number of at least 0",
                    shown(element)
                )
            })
        })
        .collect()
}

/// Applies `read` to a field that may be absent.
pub(crate) fn optional<'a, T>(
    value: &'a Value,
    path: &str,
    read: fn(&'a Value, &str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    field(value, path).map(|_| read(value, path)).transpose()
}

/// Returns the number that a value contains; `None` if it is not a finite number.
pub(crate) fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// Returns a value as an error shows it: its first 40 characters.
pub(crate) fn shown(value: &Value) -> String {
    const CHARACTERS: usize = 40;
    let text = value.to_string();
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn wrong(value: &Value, path: &str, wanted: &str) -> String {
    match path.split('.').try_fold(value, |value, key| value.get(key)) {
        Some(found) => format!("`{path}` is {}, expected {wanted}", shown(found)),
        None => format!("`{path}` is missing: expected {wanted}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_name_the_field_and_what_is_there() {
        let value = json!({"a": {"b": -1.5, "c": null, "d": ["x"], "e": "y".repeat(99)}});
        assert_eq!(number(&value, "a.b"), Ok(-1.5));
        assert_eq!(not_negative(&value, "a.b").expect_err("negative"), "`a.b` is -1.5, expected at least 0");
        assert_eq!(number(&value, "a.c").expect_err("null"), "`a.c` is null, expected a number");
        assert_eq!(text(&value, "a.z").expect_err("absent"), "`a.z` is missing: expected a string");
        assert_eq!(
            times(&value, "a.d").expect_err("a text"),
            "`a.d` contains \"x\", but every element must be a time: a number of at least 0"
        );
        assert!(count(&value, "a.e").expect_err("long").contains("yyy…, expected"));
        assert_eq!(optional(&value, "a.c", number), Ok(None));
        assert_eq!(optional(&value, "a.e", number).map_err(|_| ()), Err(()));
    }
}
