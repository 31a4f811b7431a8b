//! Inputs that are conversations.

use bench_endpoint::Conversations;
use bench_endpoint::data::Content;
use bench_syntax::UsageError;

use super::given::Given;
use crate::arguments::Load;

/// Returns the conversations of the inputs; `None` if the inputs are not conversations.
///
/// # Errors
/// If there are also other inputs, or if requests arrive by a schedule: a turn can only follow the previous answer.
pub(super) fn of(arguments: &Load, given: &Given) -> Result<Option<Conversations>, UsageError> {
    let much = &arguments.much;
    let count = given.inputs.iter().filter(|input| matches!(input.content, Content::Turns(_))).count();
    let wrong = |what: &str| Err(UsageError(what.to_owned()));
    if count == 0 {
        return match much.think_time {
            Some(_) => {
                wrong("--think-time is for conversations: give some with --input, as JSON lines of `turns`")
            }
            None => Ok(None),
        };
    }
    if count < given.inputs.len() {
        return wrong("some inputs are conversations and some are not: send them in separate runs");
    }
    if !much.rate.is_empty() || much.replay.is_some() || much.offline || much.find_rate.is_some() {
        return wrong("conversations need clients: use --concurrency, the number of simultaneous users");
    }
    Ok(Some(Conversations::new(much.think_time, arguments.what.seed)))
}
