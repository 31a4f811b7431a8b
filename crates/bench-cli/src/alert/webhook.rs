//! Delivers a message to a web address.

use std::time::Duration;

use bench_syntax::quantity::Seconds;
use ureq::{Agent, Error};

use super::delivery::Undelivered;

/// Sends JSON to the address in this environment variable. The address is a secret: no error contains any part of it.
pub(super) fn post(variable: &str, body: &str, timeout: Duration) -> Result<(), Undelivered> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty()).ok_or_else(|| {
        Undelivered::lasting(format!(
            "the environment variable {variable}, which should contain the address, is not set"
        ))
    })?;
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(timeout))
        // A redirect would send the message to an address that the user has not named.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .build()
        .into();
    let sent = agent.post(address.trim()).header("content-type", "application/json").send(body);
    let status = sent.map_err(|error| told(&error, timeout))?.status().as_u16();
    match status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500.. => Err(Undelivered::passing(format!("the answer was {status}"))),
        _ => Err(Undelivered::lasting(format!("the answer was {status}"))),
    }
}

/// Describes an error without the library's text, which may contain the address.
fn told(error: &Error, timeout: Duration) -> Undelivered {
    match error {
        Error::Timeout(_) => {
            Undelivered::passing(format!("no answer within {}", Seconds(timeout.as_secs_f64())))
        }
        Error::HostNotFound => Undelivered::passing("its host name cannot be resolved"),
        Error::ConnectionFailed => Undelivered::passing("no connection"),
        Error::Io(error) => Undelivered::passing(format!("no connection: {}", error.kind())),
        Error::BadUri(_) | Error::Http(_) => Undelivered::lasting(
            "the value of the environment variable is not an address: expected https://…",
        ),
        _ => Undelivered::passing("no connection could be made, or its certificate is not trusted"),
    }
}
