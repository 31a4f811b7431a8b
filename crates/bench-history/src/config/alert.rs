//! The `[[alert]]` sections of `bench.toml`: recipients of notifications.

use std::time::Duration;

use bench_syntax::quantity::parse_duration;
use serde::Deserialize;
use toml::Spanned;

use super::error::Fault;

/// The default time limit of a recipient.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A recipient of notifications, and the changes to report to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The recipient.
    pub recipient: Recipient,
    /// The changes to report.
    pub changes: Changes,
}

/// A recipient of notifications.
#[derive(Clone, Debug, PartialEq)]
pub enum Recipient {
    /// An address that accepts JSON. It is a secret, so only the environment variable that contains it is named.
    Webhook {
        /// The variable.
        variable: String,
        /// The form of the JSON.
        shape: Shape,
        /// How long it may take to answer.
        timeout: Duration,
    },
    /// A program and its arguments, which receives the JSON on its standard input.
    Command {
        /// Program and arguments; at least one.
        command: Vec<String>,
        /// How long it may run.
        timeout: Duration,
    },
    /// Annotations of a GitHub workflow: one line of stdout for each.
    Annotations,
    /// The summary of a step of a GitHub workflow, in Markdown.
    Summary,
}

/// The form of a webhook's message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Every change with its figures.
    #[default]
    Json,
    /// A text, as Slack, Mattermost and others accept it: `{"text": "…"}`.
    Chat,
}

/// The changes to report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// Changes for the worse.
    #[default]
    Worse,
    /// Changes for the better, too.
    All,
}

/// An alert as written in the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    webhook: Option<Spanned<String>>,
    command: Option<Spanned<Vec<String>>>,
    github: Option<Github>,
    shape: Option<Spanned<Shape>>,
    timeout: Option<Spanned<String>>,
    changes: Changes,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Github {
    Annotations,
    Summary,
}

impl Alert {
    pub(super) fn of(written: Spanned<Written>) -> Result<Self, Fault> {
        let place = written.span();
        let Written { webhook, command, github, shape, timeout, changes } = written.into_inner();
        if let Some(shape) = shape.as_ref().filter(|_| webhook.is_none()) {
            return Err(Fault::at(shape.span(), "`shape` needs `webhook`"));
        }
        if let Some(timeout) = timeout.as_ref().filter(|_| github.is_some()) {
            return Err(Fault::at(timeout.span(), "`timeout` needs `webhook` or `command`"));
        }
        let timeout = timeout.map_or(Ok(TIMEOUT), |text| {
            parse_duration(text.get_ref()).map_err(|error| Fault::at(text.span(), error.to_string()))
        })?;
        let recipient = match (webhook, command, github) {
            (Some(variable), None, None) => {
                let place = variable.span();
                let variable = variable.into_inner();
                if !is_variable(&variable) {
                    return Err(Fault::at(
                        place,
                        "expected the name of an environment variable, such as \"BENCH_WEBHOOK\": the address in it \
                         is a secret, and does not belong in a file",
                    ));
                }
                let shape = shape.map(Spanned::into_inner).unwrap_or_default();
                Recipient::Webhook { variable, shape, timeout }
            }
            (None, Some(command), None) => {
                let place = command.span();
                let command = command.into_inner();
                if command.first().is_none_or(String::is_empty) {
                    return Err(Fault::at(
                        place,
                        "expected a program and its arguments: [\"notify\", \"--all\"]",
                    ));
                }
                Recipient::Command { command, timeout }
            }
            (None, None, Some(Github::Annotations)) => Recipient::Annotations,
            (None, None, Some(Github::Summary)) => Recipient::Summary,
            _ => {
                return Err(Fault::at(place, "an alert has one of `webhook`, `command` and `github`"));
            }
        };
        Ok(Alert { recipient, changes })
    }

    /// Returns the name by which the recipient is remembered. With a different name, it is another recipient, which has
    /// received nothing yet.
    pub fn name(&self) -> String {
        match &self.recipient {
            Recipient::Webhook { variable, .. } => format!("webhook {variable}"),
            Recipient::Command { command, .. } => format!("command {}", command.join(" ")),
            Recipient::Annotations => "GitHub annotations".to_owned(),
            Recipient::Summary => "GitHub summary".to_owned(),
        }
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn alert(text: &str) -> Alert {
        Config::parse(&format!("[[alert]]\n{text}"), Path::new("bench.toml")).expect(text).alerts.remove(0)
    }

    #[test]
    fn recipients_are_read() {
        assert_eq!(
            alert("webhook = \"HOOK\"\nshape = \"chat\"\ntimeout = \"3s\"\nchanges = \"all\""),
            Alert {
                recipient: Recipient::Webhook {
                    variable: "HOOK".to_owned(),
                    shape: Shape::Chat,
                    timeout: Duration::from_secs(3)
                },
                changes: Changes::All
            }
        );
        let command = alert("command = [\"notify\", \"all\"]");
        assert_eq!((command.name().as_str(), command.changes), ("command notify all", Changes::Worse));
        assert_eq!(alert("github = \"annotations\"").recipient, Recipient::Annotations);
        assert_eq!(alert("github = \"summary\"").recipient, Recipient::Summary);
    }

    #[test]
    fn an_address_in_the_file_is_refused_and_not_repeated() {
        let text = "[[alert]]\nwebhook = \"https://hooks.example.com/secret\"\n";
        let error = Config::parse(text, Path::new("bench.toml")).expect_err("refused").to_string();
        assert!(!error.contains("secret\"") && !error.contains("hooks.example.com"), "{error}");
    }
}
