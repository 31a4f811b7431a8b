//! The name of one of the functions that are generated from a generic benchmark.

use std::any::type_name;

/// The type and the constant that stand for the generic parameters of a benchmark, as text.
#[derive(Clone, Debug, Default)]
pub struct Generic {
    of_type: Option<&'static str>,
    of_constant: Option<String>,
}

impl Generic {
    /// Adds this type.
    #[must_use]
    pub fn of_type<T: ?Sized>(self) -> Self {
        Generic { of_type: Some(without_modules(type_name::<T>())), ..self }
    }

    /// Adds this constant.
    #[must_use]
    pub fn of_constant(self, constant: &impl ToString) -> Self {
        Generic { of_constant: Some(constant.to_string()), ..self }
    }

    /// Returns the segments of the path behind the name of the function, in order.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.of_type.into_iter().chain(self.of_constant.as_deref())
    }
}

/// The name of a type without the modules before it. Those of its arguments stay, as in divan.
fn without_modules(name: &str) -> &str {
    let end = name.find('<').unwrap_or(name.len());
    match name[..end].rfind("::") {
        Some(at) => &name[at + 2..],
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_without_their_modules() {
        for (name, expected) in [
            ("u8", "u8"),
            ("&str", "&str"),
            ("alloc::string::String", "String"),
            ("alloc::vec::Vec<alloc::string::String>", "Vec<alloc::string::String>"),
            ("<a::B as c::D>::E", "<a::B as c::D>::E"),
        ] {
            assert_eq!(without_modules(name), expected);
        }
        let generic = Generic::default().of_type::<u8>().of_constant(&-1);
        assert_eq!(generic.segments().collect::<Vec<&str>>(), ["u8", "-1"]);
    }
}
