//! The fields of an object that is being read.

use std::borrow::Cow;

use super::{Decode, Json, JsonError};

/// The fields of an object. Fields that are not read are ignored, so that a later version may add some.
pub struct Members<'a>(&'a [(Cow<'a, str>, Json<'a>)]);

impl<'a> Members<'a> {
    /// Returns the fields of `json`.
    ///
    /// # Errors
    /// If it is not an object.
    pub fn of(json: &'a Json<'a>) -> Result<Self, JsonError> {
        match json {
            Json::Object(members) => Ok(Members(members)),
            other => Err(JsonError::expected("an object", other)),
        }
    }

    /// Returns the field of this name; `None` if it is absent.
    ///
    /// # Errors
    /// When the field occurs twice.
    fn find(&self, name: &str) -> Result<Option<&'a Json<'a>>, JsonError> {
        let mut found = self.0.iter().filter(|(member, _)| member == name);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(JsonError::new(format!("the field `{name}` appears twice"))),
            (found, _) => Ok(found.map(|(_, value)| value)),
        }
    }

    /// Reads the field of this name.
    ///
    /// # Errors
    /// If it is absent but required, or contains something else.
    pub fn get<T: Decode>(&self, name: &str) -> Result<T, JsonError> {
        match self.find(name)? {
            Some(value) => T::decode(value).map_err(|error| error.within(name)),
            None => T::absent().ok_or_else(|| JsonError::new(format!("missing field `{name}`"))),
        }
    }

    /// Reads the field of this name, or returns `otherwise` if it is absent.
    ///
    /// # Errors
    /// If it contains something else.
    pub fn get_or<T: Decode>(&self, name: &str, otherwise: T) -> Result<T, JsonError> {
        match self.find(name)? {
            Some(value) => T::decode(value).map_err(|error| error.within(name)),
            None => Ok(otherwise),
        }
    }

    /// Reads the field of this name, or returns the default if it is absent.
    ///
    /// # Errors
    /// If it contains something else.
    pub fn get_or_default<T: Decode + Default>(&self, name: &str) -> Result<T, JsonError> {
        self.get_or(name, T::default())
    }

    /// Returns the object without the field `name`, as text.
    pub(crate) fn without(&self, name: &str) -> String {
        let mut text = String::new();
        let mut object = super::Object::open(&mut text);
        for (member, value) in self.0.iter().filter(|(member, _)| member != name) {
            object.field(member, value);
        }
        object.close();
        text
    }
}
