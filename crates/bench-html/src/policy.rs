//! The content security policy of the page: it may run its own scripts, and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Returns the content security policy of a page with this style and these scripts (W3C, *Content Security Policy Level
/// 3*). It names them by their hashes, so that no other script runs, even one that was injected into the page; and
/// strings cannot become HTML or code at all (W3C, *Trusted Types*).
pub(crate) fn policy(style: &str, scripts: &[&str], served: bool) -> String {
    let scripts: String = scripts.iter().map(|script| format!(" {}", source(script))).collect();
    let network = if served { "'self'" } else { "'none'" };
    format!(
        "default-src 'none'; script-src{scripts}; style-src {}; img-src data:; connect-src {network}; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'",
        source(style)
    )
}

fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_by_its_hash() {
        // The example of MDN, *CSP: script-src*, computed with `openssl dgst -sha256 -binary | base64`.
        assert_eq!(source("doSomething();"), "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='");
    }

    #[test]
    fn only_a_page_that_is_served_asks_its_server() {
        assert!(policy("", &["a", "b"], false).contains("connect-src 'none'"));
        assert!(policy("", &["a", "b"], true).contains("connect-src 'self'"));
        assert!(!policy("", &["a", "b"], true).contains("unsafe"));
    }
}
