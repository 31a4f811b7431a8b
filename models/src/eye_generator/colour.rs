//! [`Colour`]: the label of an eye in training.

use std::str::FromStr;

/// The colour of an eye, in the order of the labels in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Yellow and copper.
    Amber,
    /// Blue.
    Blue,
    /// Brown.
    Brown,
    /// Gray, in a picture with colours.
    Gray,
    /// Any, in a picture without colours.
    Grayscale,
    /// Green.
    Green,
    /// Brown and green.
    Hazel,
    /// Red.
    Red,
}

/// A colour that the generator does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are no `{0}` eyes: the colours are amber, blue, brown, gray, grayscale, green, hazel and red")]
pub struct UnknownColour(String);

impl Colour {
    /// All colours, in the order of their labels.
    pub const ALL: [Colour; 8] = [
        Colour::Amber,
        Colour::Blue,
        Colour::Brown,
        Colour::Gray,
        Colour::Grayscale,
        Colour::Green,
        Colour::Hazel,
        Colour::Red,
    ];

    /// Returns the name in lower case, as in prompts.
    pub fn name(self) -> &'static str {
        match self {
            Colour::Amber => "amber",
            Colour::Blue => "blue",
            Colour::Brown => "brown",
            Colour::Gray => "gray",
            Colour::Grayscale => "grayscale",
            Colour::Green => "green",
            Colour::Hazel => "hazel",
            Colour::Red => "red",
        }
    }
}

impl FromStr for Colour {
    type Err = UnknownColour;

    fn from_str(name: &str) -> Result<Self, UnknownColour> {
        let known = Colour::ALL.into_iter().find(|colour| colour.name() == name);
        known.ok_or_else(|| UnknownColour(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_by_name_and_stand_in_the_order_of_their_labels() {
        for (label, colour) in Colour::ALL.into_iter().enumerate() {
            assert_eq!(colour as usize, label);
            assert_eq!(colour.name().parse(), Ok(colour));
        }
        let error = "violet".parse::<Colour>().expect_err("no such eyes");
        assert!(
            error.to_string().starts_with("there are no `violet` eyes: the colours are amber"),
            "{error}"
        );
    }
}
