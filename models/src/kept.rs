//! The outputs of a model while it was measured.

/// The last two outputs of a routine. They can be checked without further iterations, for which a comparison would have
/// to wait in each of its processes.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    last: Option<T>,
    before: Option<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { last: None, before: None }
    }
}

impl<T> Kept<T> {
    /// Keeps an output, and forgets the one before the last.
    pub(crate) fn keep(&mut self, output: T) {
        self.before = self.last.replace(output);
    }

    /// Returns the last output, or a new one if there is none.
    ///
    /// # Errors
    /// The errors of `routine`.
    pub(crate) fn last<E>(self, routine: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.last.map_or_else(routine, Ok)
    }

    /// Returns the last two outputs; each that is missing is computed.
    ///
    /// # Errors
    /// The errors of `routine`.
    pub(crate) fn both<E>(self, mut routine: impl FnMut() -> Result<T, E>) -> Result<(T, T), E> {
        Ok((self.before.map_or_else(&mut routine, Ok)?, self.last.map_or_else(&mut routine, Ok)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_are_kept() {
        let after = |outputs: u32| {
            let mut kept = Kept::default();
            (0..outputs).for_each(|output| kept.keep(output));
            kept
        };
        let routine = || Err("computed anew");
        assert_eq!(after(5).both(routine), Ok((3, 4)));
        assert_eq!(after(5).last(routine), Ok(4));
        assert_eq!(after(1).last(routine), Ok(0));
        assert_eq!(after(1).both(routine), Err("computed anew"));
        assert_eq!(after(0).both(|| Ok::<_, ()>(7)), Ok((7, 7)));
        assert_eq!(after(0).last(|| Ok::<_, ()>(7)), Ok(7));
    }
}
