//! Errors of a store.

use std::path::PathBuf;

/// The reasons why a store could not be read or written. Nothing is ever half-stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has locked the store.
    #[error(
        "the store {store} is locked: another process has been writing for a long time; try again when it is done"
    )]
    Locked {
        /// The store concerned.
        store: String,
    },
    /// No space is left.
    #[error(
        "the store {store} cannot grow: the disk is full; free some space, or run `bench store prune`, and add the run again"
    )]
    Full {
        /// The store concerned.
        store: String,
    },
    /// The file is damaged, or it is not a store.
    #[error(
        "the store {store} is damaged or not a store ({reason}); `bench store rebuild` builds it again from the run directories"
    )]
    Corrupt {
        /// The store concerned.
        store: String,
        /// The fault.
        reason: String,
    },
    /// The store was written by a newer program.
    #[error(
        "the store {store} has version {found}, but this program knows versions up to {known}: update `bench`"
    )]
    Newer {
        /// The store concerned.
        store: String,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The store was written by an older program, and was opened only to be read.
    #[error(
        "the store {store} has version {found}, and this program reads version {known}: a command that writes to it, \
         such as `bench store add`, brings it up to date"
    )]
    Older {
        /// The store concerned.
        store: String,
        /// Its version.
        found: i64,
        /// The version that is read here.
        known: i64,
    },
    /// The store contains another record of the same name.
    #[error(
        "the store already contains a run `{run}` with different contents, and a stored run never changes; if more of the run \
         has been measured since, run `bench store rebuild`"
    )]
    Conflict {
        /// The run.
        run: String,
    },
    /// A part does not belong to the run in the store that has the name of its whole run.
    #[error(
        "this is not a part of the run `{run}` in the store: {reason}; if it belongs to another run, give all parts of that \
         run another `--run-id`"
    )]
    NoPart {
        /// The run.
        run: String,
        /// The reason.
        reason: String,
    },
    /// The run is not in the store.
    #[error("no run `{run}` in the store; `bench store list` lists the runs")]
    NoSuchRun {
        /// The run.
        run: String,
    },
    /// No run has measured the case.
    #[error("no case `{case}` in the store; `bench trend --all` lists them")]
    NoSuchCase {
        /// The case.
        case: String,
    },
    /// A case was to be renamed to another existing one.
    #[error("`{old}` and `{new}` are two different cases: the run `{run}` contains both")]
    TwoCases {
        /// The case.
        old: String,
        /// The intended name.
        new: String,
        /// A run that holds both.
        run: String,
    },
    /// A location that is not valid.
    #[error("`{0}` is not a store: expected a file, or `postgres://USER@HOST/DATABASE`")]
    Location(String),
    /// The location is a PostgreSQL server, but this build does not support PostgreSQL.
    #[error("this build of `bench` does not support PostgreSQL: build it with `--features postgres`")]
    WithoutPostgres,
    /// A file or folder cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action that failed.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A server that cannot be reached, or that has gone away and did not come back.
    #[error(
        "the store {store} cannot be reached ({reason}); nothing is half-stored: a run that was to be added is still in \
         its directory, and `bench store add` adds it once the server is back"
    )]
    Away {
        /// The store concerned.
        store: String,
        /// The message of the connection.
        reason: String,
    },
    /// Any other error of the database.
    #[error("the store {store}: {reason}")]
    Database {
        /// The store concerned.
        store: String,
        /// The message of the database.
        reason: String,
    },
}
