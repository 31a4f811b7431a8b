//! Delivers a message to a program, on its standard input.

use std::io::{ErrorKind, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bench_syntax::quantity::Seconds;

use super::delivery::Undelivered;

/// The interval between two checks of whether the command has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs a program, with the message on its standard input.
pub(super) fn run(command: &[String], body: &str, timeout: Duration) -> Result<(), Undelivered> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Undelivered::lasting("there is no program to run"));
    };
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn().map_err(|error| {
        let reason = format!("`{program}` cannot be run: {error}");
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::PermissionDenied => Undelivered::lasting(reason),
            _ => Undelivered::passing(reason),
        }
    })?;
    if let Some(mut input) = child.stdin.take() {
        let body = body.to_owned();
        // In a separate thread, because the program may not read its input. If the program ends early, it has read
        // enough.
        std::thread::spawn(move || input.write_all(body.as_bytes()));
    }
    let status = wait(&mut child, timeout)
        .map_err(|error| Undelivered::passing(format!("`{program}` cannot be waited for: {error}")))?;
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Undelivered::passing(format!("`{program}` ended with {status}"))),
        None => {
            let limit = Seconds(timeout.as_secs_f64());
            Err(Undelivered::passing(format!("`{program}` had not ended after {limit}, and was killed")))
        }
    }
}

/// Waits for the command, and kills it if it takes too long.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    while began.elapsed() < timeout {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(PAUSE);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Result<(), String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        run(&command, "{\"a\": 1}\n", timeout).map_err(|error| error.to_string())
    }

    #[test]
    fn the_message_is_its_input() {
        let minute = Duration::from_secs(60);
        assert_eq!(shell("read line && test \"$line\" = '{\"a\": 1}'", minute), Ok(()));
        assert_eq!(
            shell("exec 0<&-; exit 0", minute),
            Ok(()),
            "whoever does not read it may still be content"
        );
        assert!(shell("exit 3", minute).is_err_and(|error| error.contains("exit status: 3")));
    }

    #[test]
    fn what_hangs_is_killed() {
        let error = shell("exec sleep 600", Duration::from_millis(50)).expect_err("killed");
        assert!(error.contains("was killed"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&["no-such-program".to_owned()], "", Duration::from_secs(1)).expect_err("none");
        assert!(error.to_string().contains("`no-such-program`"), "{error}");
    }
}
