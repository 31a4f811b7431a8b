//! Recognizes workers' processes by the environment that they were started with, which `/proc` shows to its own user.
#![allow(unsafe_code)]

use std::fs;

use super::Stray;

/// Environment variable of a worker, and so of every process that it starts: the process id of its runner. Its length
/// never varies, since it lies above the worker's stack.
pub(crate) const RUNNER_VARIABLE: &str = "BENCH_WORKER_OF";

/// Kills the processes that workers have left running. Those of a runner are killed if `is_over` returns `true` for its
/// process id: none of its workers is alive. Returns the killed processes.
pub fn end_strays(is_over: impl Fn(u32) -> bool) -> Vec<Stray> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut strays: Vec<Stray> = ids
        .filter(|id| *id != std::process::id() && runner_of(*id).is_some_and(&is_over))
        .filter_map(|id| Some(Stray { id, name: fs::read_to_string(format!("/proc/{id}/comm")).ok()? }))
        .collect();
    strays.retain_mut(|stray| {
        stray.name = stray.name.trim().to_owned();
        kill(stray.id)
    });
    strays
}

/// Returns the process id of the runner whose worker has started this process; `None` if none has.
fn runner_of(id: u32) -> Option<u32> {
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let value =
        variables.find_map(|text| text.strip_prefix(RUNNER_VARIABLE.as_bytes())?.strip_prefix(b"="))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Kills a process; `false` if it does not exist or may not be killed.
fn kill(id: u32) -> bool {
    let Ok(id) = i32::try_from(id) else { return false };
    // SAFETY: sends a signal; touches no memory. The number is positive: that of one process.
    unsafe { libc::kill(id, libc::SIGKILL) == 0 }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_a_worker_has_started_is_ended_when_its_runner_is_over() {
        // No process has this id: it is larger than any (proc(5), pid_max).
        let runner = 4_000_000_000 + std::process::id();
        let mut worker = Command::new("sh");
        let daemon = "setsid sleep 600 & echo $!";
        worker.args(["-c", daemon]).env(RUNNER_VARIABLE, format!("{runner:010}")).stderr(Stdio::null());
        let mut child = worker.stdout(Stdio::piped()).spawn().expect("started");
        let mut line = String::new();
        let mut stdout = std::io::BufReader::new(child.stdout.take().expect("piped"));
        std::io::BufRead::read_line(&mut stdout, &mut line).expect("an id");
        child.wait().expect("ended");
        let id: u32 = line.trim().parse().expect("an id");
        assert_eq!(end_strays(|other| other == runner + 1), []);
        let until = Instant::now() + Duration::from_secs(60);
        while fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim() != "sleep") {
            assert!(Instant::now() < until, "it does not start");
        }
        assert_eq!(end_strays(|other| other == runner), [Stray { id, name: "sleep".to_owned() }]);
    }
}
