//! What a program answers to `--list --format json`.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bench_protocol::json::{Decode, Json, JsonError, Members};
use bench_protocol::{Listing, PROTOCOL};
use bench_syntax::text::{first_line, steers};

/// How long a program may take to list its cases, and how much it may say.
#[derive(Clone, Copy, Debug)]
pub struct ListLimits {
    /// From its start to its end.
    pub time: Duration,
    /// Of its answer.
    pub bytes: u64,
}

impl Default for ListLimits {
    fn default() -> Self {
        // An interpreter that starts slowly from a network disk; a list of a hundred thousand cases.
        ListLimits { time: Duration::from_secs(60), bytes: 64 << 20 }
    }
}

/// A program that does not answer as a program of benchmarks.
#[derive(Debug)]
pub struct ProgramError {
    /// The file that was started.
    pub program: PathBuf,
    /// What was expected, and what happened.
    pub problem: String,
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a program of benchmarks: {}", self.program.display(), self.problem)
    }
}

impl std::error::Error for ProgramError {}

/// How often a program that is listing is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What is kept of what a program says to stderr.
const TAIL: u64 = 8 << 10;

/// An id longer than this fits on no screen and into no file name.
const LONGEST_ID: usize = 4096;

/// Starts the program and reads its list.
pub(super) fn read(command: &mut Command, limits: &ListLimits) -> Result<Listing, String> {
    let mut child = command.spawn().map_err(|error| cannot_start(&error))?;
    // One byte more than is allowed tells that there was too much.
    let answer = reader(child.stdout.take(), limits.bytes + 1);
    let complaint = reader(child.stderr.take(), TAIL);
    let Some(status) = wait(&mut child, limits.time) else {
        return Err(format!(
            "`--list --format json` had not ended after {} s: expected a list of cases, then exit code 0",
            limits.time.as_secs_f64()
        ));
    };
    let (answer, complaint) = (text(answer), text(complaint));
    if answer.len() as u64 > limits.bytes {
        return Err(format!("`--list --format json` printed more than {} MiB", limits.bytes >> 20));
    }
    if !status.success() {
        let said = first_line(&String::from_utf8_lossy(&complaint));
        let said = if said.is_empty() { "without a word".to_owned() } else { said };
        return Err(format!("`--list --format json` ended with {status} ({said})"));
    }
    check(parse(&answer)?)
}

fn cannot_start(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => ": make it executable (`chmod +x`)",
        io::ErrorKind::NotFound => ": there is no such file, or its interpreter (first line) does not exist",
        // ENOEXEC: neither a program of this system nor a script with an interpreter.
        _ if error.raw_os_error() == Some(8) => {
            ": it is neither a program of this system nor a script that begins with `#!` and its interpreter"
        }
        _ => "",
    };
    format!("it cannot be started ({error}){advice}")
}

/// Reads a stream to its end, or to `most` bytes, beside what else happens.
fn reader(stream: Option<impl Read + Send + 'static>, most: u64) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // What was read until then is looked at.
            let _ = stream.take(most).read_to_end(&mut bytes);
        }
        bytes
    })
}

/// What a reader has read. A grandchild that holds the stream open must not keep the runner: it has a moment.
fn text(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(1);
    while !reader.is_finished() && Instant::now() < until {
        thread::sleep(LOOK);
    }
    if reader.is_finished() { reader.join().unwrap_or_default() } else { Vec::new() }
}

/// How the program ended; `None` if it had to be killed.
fn wait(child: &mut Child, time: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if began.elapsed() >= time {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(LOOK);
    }
}

fn parse(answer: &[u8]) -> Result<Listing, String> {
    const WANTED: &str =
        "expected one JSON object, `{\"protocol\": 2, \"cases\": […]}`, and nothing else on stdout";
    let start = answer.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        None => return Err(format!("`--list --format json` printed nothing: {WANTED}")),
        Some(b'[') => {
            return Err(format!(
                "it speaks version 1 of the worker protocol, this program version {PROTOCOL}: update its bench-core"
            ));
        }
        Some(b'{') => {}
        Some(_) => {
            let said = first_line(&String::from_utf8_lossy(&answer[..answer.len().min(4096)]));
            return Err(format!("`--list --format json` printed `{said}`: {WANTED}"));
        }
    }
    let no_list =
        |error: JsonError| format!("`--list --format json` printed no list of cases ({error}): {WANTED}");
    let text = String::from_utf8_lossy(answer);
    let json = Json::parse(&text).map_err(no_list)?;
    // Another version may differ in everything else.
    let protocol: u32 = Members::of(&json).and_then(|members| members.get("protocol")).map_err(no_list)?;
    if protocol != PROTOCOL {
        return Err(format!(
            "it speaks version {protocol} of the worker protocol, this program version {PROTOCOL}"
        ));
    }
    Listing::decode(&json).map_err(|error| format!("its list does not follow the schema ({error})"))
}

/// What a list must be besides well-formed.
fn check(listing: Listing) -> Result<Listing, String> {
    if listing.cases.is_empty() {
        return Err("its list holds no case".to_owned());
    }
    let mut ids = BTreeSet::new();
    for case in &listing.cases {
        if case.id.is_empty() || case.id.len() > LONGEST_ID || case.id.chars().any(steers) {
            let shown: String = case.id.chars().take(80).collect();
            return Err(format!(
                "its list holds the id {shown:?}: expected 1 to {LONGEST_ID} bytes without control characters"
            ));
        }
        if !ids.insert(case.id.as_str()) {
            return Err(format!("its list holds the id `{}` twice", case.id));
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(answer: &str) -> String {
        parse(answer.as_bytes()).and_then(check).expect_err(answer)
    }

    #[test]
    fn what_is_no_list_is_named() {
        for (answer, said) in [
            ("", "printed nothing"),
            ("hello\n{\"protocol\": 2, \"cases\": []}", "printed `hello …`"),
            ("[]", "version 1 of the worker protocol"),
            ("{\"protocol\": 3, \"cases\": []}", "version 3 of the worker protocol"),
            ("{\"cases\": []}", "missing field `protocol`"),
            ("{\"protocol\": 2}", "missing field `cases`"),
            ("{\"protocol\": 2, \"cases\": []}", "holds no case"),
            ("{\"protocol\": 2, \"cases\": [{\"id\": \"unit/x\"}]}", "missing field `category`"),
            (
                r#"{"protocol": 2, "cases": [{"id": "u/x", "category": "unit"}, {"id": "u/x", "category": "unit"}]}"#,
                "the id `u/x` twice",
            ),
            (r#"{"protocol": 2, "cases": [{"id": "", "category": "unit"}]}"#, "the id \"\""),
            (
                r#"{"protocol": 2, "cases": [{"id": "a\u001b", "category": "unit"}]}"#,
                "without control characters",
            ),
        ] {
            let found = problem(answer);
            assert!(found.contains(said), "{answer}: {found}");
        }
    }

    #[test]
    fn the_shortest_list_is_enough() {
        let answer = r#"{"protocol": 2, "cases": [{"id": "unit/x", "category": "unit"}]}"#;
        let listing = parse(answer.as_bytes()).and_then(check).expect("a list");
        assert_eq!(listing.cases, [bench_protocol::Case::new("unit/x", bench_syntax::Category::Unit)]);
    }
}
