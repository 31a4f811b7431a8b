//! Reads the answer of a program to `--list --format json`.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bench_protocol::json::{Decode, Json, JsonError, Members};
use bench_protocol::{Listing, PROTOCOL};
use bench_syntax::case_id::contradiction;
use bench_syntax::text::{first_line, steers};

/// The limits of listing a program's cases: time, and size of the answer.
#[derive(Clone, Copy, Debug)]
pub struct ListLimits {
    /// The time from the start of the program to its end.
    pub time: Duration,
    /// The size of the answer.
    pub bytes: u64,
}

impl Default for ListLimits {
    fn default() -> Self {
        // An interpreter that starts slowly from a network disk; a list of a hundred thousand cases.
        ListLimits { time: Duration::from_secs(60), bytes: 64 << 20 }
    }
}

impl ListLimits {
    /// Returns the default limits, with `timeout` as the time if that is shorter.
    pub fn within(timeout: Option<Duration>) -> Self {
        let usual = ListLimits::default();
        ListLimits { time: timeout.map_or(usual.time, |timeout| timeout.min(usual.time)), ..usual }
    }
}

/// A program that does not answer as a benchmark program.
#[derive(Debug)]
pub struct ProgramError {
    /// The file that was started.
    pub program: PathBuf,
    /// The expectation and the actual result.
    pub problem: String,
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a benchmark program: {}", self.program.display(), self.problem)
    }
}

impl std::error::Error for ProgramError {}

/// The interval between two checks of a program that is listing.
const LOOK: Duration = Duration::from_millis(2);

/// The length of the kept beginning of a program's stderr, in bytes.
const TAIL: u64 = 8 << 10;

/// The maximum length of an id, in bytes: a longer one fits on no screen and into no file name.
const LONGEST_ID: usize = 4096;

/// Starts the program and reads its list.
pub(super) fn read(command: &mut Command, limits: &ListLimits) -> Result<Listing, String> {
    const WANTED: &str = "expected a list of cases, then exit code 0";
    let mut child = command.spawn().map_err(|error| cannot_start(&error))?;
    let too_much = Arc::new(AtomicBool::new(false));
    let answer = reader(child.stdout.take(), limits.bytes, Arc::clone(&too_much));
    // Output beyond that length is of no interest.
    let complaint = reader(child.stderr.take(), TAIL, Arc::default());
    let status = wait(&mut child, limits.time, &too_much);
    if too_much.load(Ordering::Relaxed) {
        let most = limits.bytes >> 20;
        return Err(format!("`--list --format json` printed more than {most} MiB: {WANTED}"));
    }
    let Some(status) = status else {
        let seconds = limits.time.as_secs_f64();
        return Err(format!("`--list --format json` had not ended after {seconds} s: {WANTED}"));
    };
    let (answer, complaint) = (text(answer), text(complaint));
    if !status.success() {
        let said = first_line(&String::from_utf8_lossy(&complaint));
        let said = if said.is_empty() { "without output".to_owned() } else { said };
        return Err(format!("`--list --format json` ended with {status} ({said}): {WANTED}"));
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

/// Reads a stream to its end in a separate thread, and keeps its first `most` bytes; `too_much` is set if there are
/// more. The rest is read all the same: a program must not be stopped by what it prints.
fn reader(
    stream: Option<impl Read + Send + 'static>,
    most: u64,
    too_much: Arc<AtomicBool>,
) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // The bytes that were read before an error are kept.
            let _ = stream.by_ref().take(most).read_to_end(&mut bytes);
            let mut beyond = [0];
            if stream.read(&mut beyond).is_ok_and(|count| count > 0) {
                too_much.store(true, Ordering::Relaxed);
                let _ = io::copy(&mut stream, &mut io::sink());
            }
        }
        bytes
    })
}

/// Returns the bytes that a reader has read; none if a grandchild still holds the stream open after a second, because
/// the runner must not wait for it.
fn text(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(1);
    while !reader.is_finished() && Instant::now() < until {
        thread::sleep(LOOK);
    }
    if reader.is_finished() { reader.join().unwrap_or_default() } else { Vec::new() }
}

/// Waits for the program's end; `None` if it had to be killed because it took too long or printed too much.
fn wait(child: &mut Child, time: Duration, too_much: &AtomicBool) -> Option<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if began.elapsed() >= time || too_much.load(Ordering::Relaxed) {
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

/// Checks the rules for a list that go beyond its syntax.
fn check(listing: Listing) -> Result<Listing, String> {
    if listing.cases.is_empty() {
        return Err("its list contains no case".to_owned());
    }
    let mut ids = BTreeSet::new();
    for case in &listing.cases {
        if case.id.is_empty() || case.id.len() > LONGEST_ID || case.id.chars().any(steers) {
            let shown: String = case.id.chars().take(80).collect();
            return Err(format!(
                "its list contains the id {shown:?}: expected 1 to {LONGEST_ID} bytes without control characters"
            ));
        }
        if !ids.insert(case.id.as_str()) {
            return Err(format!("its list contains the id `{}` twice", case.id));
        }
        if let Some(reason) = contradiction(&case.id, case.model.as_deref(), case.category, &case.name) {
            return Err(format!("its list contains the id `{}`: {reason}", case.id));
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
            ("{\"protocol\": 2, \"cases\": []}", "contains no case"),
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
            (
                r#"{"protocol": 2, "cases": [{"id": "unit/x", "category": "unit", "name": "y"}]}"#,
                "its id does not contain `y`",
            ),
        ] {
            let found = problem(answer);
            assert!(found.contains(said), "{answer}: {found}");
        }
    }

    /// Reads the list of a shell script.
    fn script(text: &str, limits: &ListLimits) -> Result<Listing, String> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", text]).stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        read(&mut command, limits)
    }

    #[test]
    fn a_list_without_an_end_is_cut_short() {
        let soon = ListLimits { time: Duration::from_millis(300), ..ListLimits::default() };
        let problem = script("exec sleep 1000", &soon).expect_err("endless");
        assert!(problem.contains("had not ended after 0.3 s: expected a list of cases"), "{problem}");
        // Long before the time limit, whether or not the program reacts to the closed pipe.
        let little = ListLimits { bytes: 1 << 20, ..ListLimits::default() };
        for endless in ["exec yes", "trap '' PIPE; while :; do echo yes; done"] {
            let problem = script(endless, &little).expect_err("endless");
            assert!(problem.contains("printed more than 1 MiB: expected a list of cases"), "{problem}");
        }
    }

    #[test]
    fn what_is_printed_to_stderr_stops_no_list() {
        let list = r#"echo '{"protocol": 2, "cases": [{"id": "unit/x", "category": "unit"}]}'"#;
        let text = format!("head -c 1000000 /dev/zero >&2 && {list}");
        assert!(script(&text, &ListLimits::default()).is_ok());
        let problem = script("echo why >&2; exit 3", &ListLimits::default()).expect_err("code 3");
        assert!(problem.contains("exit status: 3 (why): expected a list of cases"), "{problem}");
    }

    #[test]
    fn the_shortest_list_is_enough() {
        let answer = r#"{"protocol": 2, "cases": [{"id": "unit/x", "category": "unit"}]}"#;
        let listing = parse(answer.as_bytes()).and_then(check).expect("a list");
        assert_eq!(listing.cases, [bench_protocol::Case::new("unit/x", bench_syntax::Category::Unit)]);
    }
}
