//! The reasons why a command failed.

use bench_formats::InterchangeError;
use bench_history::config::ConfigError;
use bench_history::store::StoreError;
use bench_record::{RunError, exit};
use bench_syntax::UsageError;

/// The reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Interchange(#[from] InterchangeError),
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Failure::Run(error.into())
    }
}

impl Failure {
    /// Returns the exit code of the command: 2 for wrong usage, 1 if something could not be stored.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Run(error) => error.exit_code(),
            Failure::Store(
                StoreError::Locked { .. }
                | StoreError::Full { .. }
                | StoreError::Away { .. }
                | StoreError::Database { .. },
            ) => exit::FAILED,
            // All cases of the run have failed, which is not wrong usage.
            Failure::Interchange(InterchangeError::NoFigures { .. }) => exit::FAILED,
            Failure::Store(_) | Failure::Config(_) | Failure::Interchange(_) => exit::USAGE,
        }
    }
}
