//! Arguments of a case.

use std::sync::Arc;

use crate::json::{Decode, Encode, Json, JsonError, Object};

/// Arguments and their values, in the order of their names. The cases of a benchmark share the texts, since a program
/// may list ten thousand cases: each case holds only pointers to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(Vec<(Arc<str>, Arc<str>)>);

impl Arguments {
    /// The value of the argument with this name, if the case has it.
    ///
    /// ```
    /// # use bench_protocol::Arguments;
    /// let arguments = Arguments::from_iter([("dtype", "f32"), ("batch", "8")]);
    /// assert_eq!(arguments.get("batch"), Some("8"));
    /// assert_eq!(arguments.get("seed"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Returns names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// Builds arguments; the later of two values for one name counts, as in a map.
impl<N: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(N, V)> for Arguments {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let mut sorted: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(pairs.size_hint().0);
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            match sorted.binary_search_by(|(other, _)| other.cmp(&name)) {
                Ok(at) => sorted[at].1 = value,
                Err(at) => sorted.insert(at, (name, value)),
            }
        }
        Arguments(sorted)
    }
}

impl Encode for Arguments {
    fn encode(&self, out: &mut String) {
        let mut object = Object::open(out);
        for (name, value) in self.iter() {
            object.field(name, value);
        }
        object.close();
    }
}

impl Decode for Arguments {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        std::collections::BTreeMap::<String, String>::decode(json).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_stand_there_once() {
        let arguments = Arguments::from_iter([("n", "1"), ("a", "2"), ("n", "3")]);
        assert_eq!(arguments.iter().collect::<Vec<_>>(), [("a", "2"), ("n", "3")]);
        assert_eq!(crate::json::to_text(&arguments), r#"{"a":"2","n":"3"}"#);
    }
}
