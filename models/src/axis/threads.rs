//! [`Threads`]: the number of threads that compute a model.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use bench_core::{Error, Result};

use super::environment;

/// The number of threads that compute a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The engine's own choice: one thread for each core, or the number in `RAYON_NUM_THREADS`.
    All,
    /// This many threads.
    Of(usize),
}

/// The number of threads that was taken first in this process: candle and rayon start their threads once.
static TAKEN: Mutex<Option<Threads>> = Mutex::new(None);

impl Threads {
    /// All numbers of threads that can be measured.
    pub const ALL: [Threads; 4] = [Threads::All, Threads::Of(1), Threads::Of(2), Threads::Of(4)];

    /// The numbers of threads that are measured only on request.
    pub const ON_REQUEST: [Threads; 3] = [Threads::Of(1), Threads::Of(2), Threads::Of(4)];

    /// Sets the number of threads of candle in this process. It must be called before anything is computed; each round
    /// is a separate process.
    ///
    /// # Errors
    /// A skip if there are fewer processors, or if this process already computes on another number of threads.
    pub fn take(self) -> Result<()> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let processors = available_parallelism().map_or(1, usize::from);
        self.expect_possible(*taken, processors)?;
        if let Threads::Of(wanted) = self {
            environment::set_threads(wanted);
            let found = rayon::current_num_threads();
            if found != wanted {
                return Err(fixed(&format!("{found} threads")));
            }
        }
        *taken = Some(self);
        Ok(())
    }

    /// Returns the number of threads; `None` for all.
    pub fn number(self) -> Option<usize> {
        match self {
            Threads::All => None,
            Threads::Of(number) => Some(number),
        }
    }

    fn expect_possible(self, taken: Option<Threads>, processors: usize) -> Result<()> {
        match (self, taken) {
            (Threads::Of(wanted), _) if wanted > processors => Err(Error::skip(format!(
                "{wanted} threads need as many processors, and there are {processors}"
            ))),
            (_, Some(other)) if other != self => Err(fixed(&format!("threads={other}"))),
            _ => Ok(()),
        }
    }
}

fn fixed(found: &str) -> Error {
    Error::skip(format!(
        "this process computes with {found} already: leave out `--in-process`, or ask for one number"
    ))
}

/// Writes the text that ids contain.
impl fmt::Display for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threads::All => f.write_str("all"),
            Threads::Of(number) => write!(f, "{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(threads: Threads, taken: Option<Threads>) -> Option<String> {
        let error = threads.expect_possible(taken, 2).err()?;
        Some(error.skip_reason().expect("a skip").to_owned())
    }

    #[test]
    fn more_threads_than_processors_are_a_named_skip() {
        assert_eq!(refusal(Threads::Of(2), None), None);
        assert_eq!(refusal(Threads::All, None), None);
        let said = refusal(Threads::Of(4), None).expect("refused");
        assert_eq!(said, "4 threads need as many processors, and there are 2");
    }

    #[test]
    fn a_process_keeps_its_number_of_threads() {
        assert_eq!(refusal(Threads::Of(1), Some(Threads::Of(1))), None);
        for (wanted, taken) in [(Threads::All, Threads::Of(1)), (Threads::Of(1), Threads::All)] {
            let said = refusal(wanted, Some(taken)).expect("refused");
            assert!(
                said.starts_with(&format!("this process computes with threads={taken} already")),
                "{said}"
            );
        }
    }
}
