//! The page in a real browser: Chromium without a window, driven by its `chromedriver`.
//!
//! Without them (Debian's packages `chromium` and `chromium-driver`), these tests are skipped with a message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod demo;
mod driver;
mod heat;
mod history;
mod hostile;
mod live;
mod runs;
mod sharing;
mod speed;
mod stage;
mod suite;
