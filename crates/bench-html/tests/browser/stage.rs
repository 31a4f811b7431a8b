//! Writes pages to disk, and opens them as a reader does.

use std::path::PathBuf;

use bench_html::Page;

use crate::driver::Browser;

/// Writes a page to a file of this name, opens it and waits until it is drawn; `None` if there is no browser.
pub(crate) fn show(name: &str, page: &Page) -> Option<Browser> {
    let browser = Browser::start()?;
    browser.open(&address(name, page));
    browser.wait("document.querySelector('main .view')");
    Some(browser)
}

/// Writes a page to a file of this name; returns its address.
pub(crate) fn address(name: &str, page: &Page) -> String {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}.html"));
    std::fs::write(&file, page.html().expect("HTML")).expect("written");
    format!("file://{}", file.display())
}
