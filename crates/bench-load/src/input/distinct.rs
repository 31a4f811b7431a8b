//! Inputs that are all different, so that no cache of a server has seen one before.

use std::collections::HashSet;

use super::{InputError, Prepared};

/// The number of draws for an input after which it is assumed that there are no others left. If half of all inputs have
/// been drawn, the chance of 200 draws in vain is 2⁻²⁰⁰.
const DRAWS: usize = 200;

/// Draws as many inputs as there are `shapes`, and as many others of the same shapes for the warm-up, each with `draw`
/// until it differs from all earlier ones.
pub(super) fn distinct<S>(
    kind: &'static str,
    shapes: &[S],
    mut draw: impl FnMut(&S) -> String,
) -> Result<Prepared<String>, InputError> {
    if shapes.is_empty() {
        return Err(InputError::NoneWanted(kind));
    }
    let mut known = HashSet::new();
    let mut all = || -> Result<Vec<String>, InputError> {
        let different = |shape| {
            let input = (0..DRAWS).map(|_| draw(shape)).find(|input| known.insert(input.clone()));
            input.ok_or(InputError::TooMany { kind, wanted: shapes.len() })
        };
        shapes.iter().map(different).collect()
    };
    Ok(Prepared { measured: all()?, warm_up: all()? })
}
