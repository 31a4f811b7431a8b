//! Encodes structs as objects, and enums without data as strings.

/// Writes and reads a struct as an object that has its fields under their own names. A field must be present unless
/// its type says otherwise ([`Decode::absent`](super::Decode::absent)); after a colon come exceptions: `default` uses
/// the field's default when it is absent; `sparse` also leaves it out when it is the default.
macro_rules! structure {
    ($type:ident { $($field:ident $(: $mode:ident)?),* $(,)? }) => {
        impl $crate::json::Encode for $type {
            fn encode(&self, out: &mut String) {
                let mut object = $crate::json::Object::open(out);
                self.put(&mut object);
                object.close();
            }
        }

        impl $crate::json::Decode for $type {
            fn decode(json: &$crate::json::Json<'_>) -> Result<Self, $crate::json::JsonError> {
                Self::take(&$crate::json::Members::of(json)?)
            }
        }

        impl $type {
            /// Writes the fields into an object that may have others.
            pub(crate) fn put(&self, object: &mut $crate::json::Object<'_>) {
                $($crate::json::structure!(@put object, stringify!($field), &self.$field $(, $mode)?);)*
            }

            /// Reads the fields of an object that may have others.
            pub(crate) fn take(
                members: &$crate::json::Members<'_>,
            ) -> Result<Self, $crate::json::JsonError> {
                Ok($type {
                    $($field: $crate::json::structure!(@take members, stringify!($field) $(, $mode)?),)*
                })
            }
        }
    };
    (@put $object:ident, $name:expr, $value:expr, sparse) => {
        if !$crate::json::is_default($value) {
            $object.field($name, $value);
        }
    };
    (@put $object:ident, $name:expr, $value:expr $(, default)?) => {
        $object.field($name, $value);
    };
    (@take $members:ident, $name:expr) => {
        $members.get($name)?
    };
    (@take $members:ident, $name:expr, $mode:ident) => {
        $members.get_or_default($name)?
    };
}

/// Writes and reads an enum without data as a string.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $crate::json::Encode for $type {
            fn encode(&self, out: &mut String) {
                match self {
                    $($type::$variant => $name,)*
                }
                .encode(out);
            }
        }

        impl $crate::json::Decode for $type {
            fn decode(json: &$crate::json::Json<'_>) -> Result<Self, $crate::json::JsonError> {
                match json {
                    $($crate::json::Json::Text(text) if text == $name => Ok($type::$variant),)*
                    other => {
                        let known = [$($name),*].map(|name| format!("`{name}`")).join(", ");
                        Err($crate::json::JsonError::expected(&format!("one of {known}"), other))
                    }
                }
            }
        }
    };
}

pub(crate) use {names, structure};

/// Whether a field that may be left out has its default value.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
