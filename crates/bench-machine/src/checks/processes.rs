//! Other processes, and how much processor time they take.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::container;
use super::finding::{Counting, Finding, Outcome, too_short};
use bench_os::{Machine, Unknown};

/// The share of one processor's time above which a process is named.
const BUSY: f64 = 0.05;

/// Ticks of `/proc/<pid>/stat` in a second: `USER_HZ`, 100 on every architecture that Rust runs Linux on.
const TICKS_A_SECOND: f64 = 100.0;

/// The number of ticks below which a process that woke up once would look busy.
const FEWEST_TICKS: u64 = 5;

/// The maximum number of processes that are named.
const NAMED: usize = 4;

/// The first process inherits the children of all that have exited: the time of those it has reaped is not its own.
const INIT: u32 = 1;

/// A process and its processor time, by proc_pid_stat(5). Its arguments are not read: they may contain secrets, and
/// records are passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    name: String,
    parent: u32,
    /// The time when it started, in ticks since boot: together with its number it distinguishes the process from a
    /// later one with that number.
    started: u64,
    own_ticks: u64,
    /// Ticks of its descendants that have ended and were waited for.
    reaped_ticks: u64,
}

/// All processes that can be seen, by their number.
#[derive(Debug)]
struct Snapshot {
    /// This process, and those that are measured.
    own: BTreeSet<u32>,
    processes: BTreeMap<u32, Process>,
    /// Whether some are hidden: those of other users (`hidepid`), or all outside of the container.
    partial: bool,
}

/// Counts the processes that took more than 5 % of one processor, other than this one, those that are `measured`, and
/// the descendants of both.
pub(super) fn begin(machine: &Machine, measured: &BTreeSet<u32>) -> Counting {
    let (before, measured) = (Snapshot::take(machine, measured), measured.clone());
    Box::new(move |machine, elapsed| judge(&before?, &Snapshot::take(machine, &measured)?, elapsed))
}

impl Snapshot {
    fn take(machine: &Machine, measured: &BTreeSet<u32>) -> Result<Self, Unknown> {
        const SELF: &str = "/proc/self/stat";
        let own = machine.text(SELF)?;
        let own: u32 = own
            .split(' ')
            .next()
            .and_then(|own| own.parse().ok())
            .ok_or_else(|| Unknown::strange(SELF, &own))?;
        let own = measured.iter().copied().chain([own]).collect();
        let numbers: Vec<u32> = machine.names("/proc")?.iter().filter_map(|name| name.parse().ok()).collect();
        // A process that has ended since the folder was read is no longer there.
        let read = |number: u32| {
            Some((number, Process::parse(&machine.text(&format!("/proc/{number}/stat")).ok()?)?))
        };
        let processes: BTreeMap<u32, Process> = numbers.into_iter().filter_map(read).collect();
        let partial = !processes.contains_key(&INIT) || container::name(machine).is_some();
        Ok(Snapshot { own, processes, partial })
    }

    /// The parent of a process, the parent's parent, and so on.
    fn ancestors(&self, number: u32) -> impl Iterator<Item = u32> {
        let mut seen = BTreeSet::new();
        let parent = |number: &u32| self.processes.get(number).map(|process| process.parent);
        // Numbers that were given again while the folder was read may close a circle.
        std::iter::successors(parent(&number), parent).take_while(move |number| seen.insert(*number))
    }

    /// Whether the process is this one or is measured, or descends from such a process.
    fn is_own(&self, number: u32) -> bool {
        self.own.contains(&number) || self.ancestors(number).any(|ancestor| self.own.contains(&ancestor))
    }
}

impl Process {
    fn parse(stat: &str) -> Option<Self> {
        // The name is in parentheses, and may hold some of its own.
        let (head, fields) = stat.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
        Some(Process {
            name: name.escape_debug().to_string(),
            parent: fields.get(1)?.parse().ok()?,
            own_ticks: number(11)? + number(12)?,
            reaped_ticks: number(13)? + number(14)?,
            started: number(19)?,
        })
    }
}

/// Returns the ticks that each process used between the two readings, with those of descendants that ended between
/// them: a compiler that builds a hundred crates is a hundred processes, none of which exists at the second reading.
fn used(before: &Snapshot, after: &Snapshot) -> BTreeMap<u32, u64> {
    let still = |number: &u32| {
        let then = before.processes.get(number)?;
        after.processes.get(number).filter(|now| now.started == then.started).map(|_| *number)
    };
    // The ticks that ended processes had used by the first reading: they are now among the reaped ticks of the process
    // that waited for them, but are not new. If the parent has ended, too, that process is the nearest ancestor that
    // still runs.
    let mut old: BTreeMap<u32, u64> = BTreeMap::new();
    for (number, process) in &before.processes {
        if still(number).is_none()
            && let Some(heir) = before.ancestors(*number).find_map(|ancestor| still(&ancestor))
        {
            *old.entry(heir).or_default() += process.own_ticks + process.reaped_ticks;
        }
    }
    let ticks = |(number, now): (&u32, &Process)| {
        let then = before.processes.get(number).filter(|then| then.started == now.started);
        let own = now.own_ticks.saturating_sub(then.map_or(0, |then| then.own_ticks));
        let reaped = now.reaped_ticks.saturating_sub(then.map_or(0, |then| then.reaped_ticks));
        let reaped = if *number == INIT {
            0
        } else {
            reaped.saturating_sub(old.get(number).copied().unwrap_or_default())
        };
        (*number, own + reaped)
    };
    after.processes.iter().map(ticks).collect()
}

fn judge(before: &Snapshot, after: &Snapshot, elapsed: Duration) -> Outcome {
    let span = elapsed.as_secs_f64() * TICKS_A_SECOND;
    if span * BUSY < 1.0 {
        return Err(too_short());
    }
    let mut busy: BTreeMap<&str, u64> = BTreeMap::new();
    for (number, ticks) in used(before, after) {
        if ticks >= FEWEST_TICKS
            && ticks as f64 > span * BUSY
            && !after.is_own(number)
            && !before.is_own(number)
        {
            *busy.entry(&after.processes[&number].name).or_default() += ticks;
        }
    }
    if busy.is_empty() {
        return if after.partial {
            Err(Unknown::new(
                "no process that is visible from here takes more than 5 % of a processor",
                "look on the host, or as root: top",
            ))
        } else {
            Ok(Finding::ok("none takes more than 5 % of a processor"))
        };
    }
    let mut busy: Vec<(&str, u64)> = busy.into_iter().collect();
    busy.sort_by_key(|(_, ticks)| std::cmp::Reverse(*ticks));
    let share = |(name, ticks): &(&str, u64)| format!("{name} {:.0} %", *ticks as f64 / span * 100.0);
    let mut found = busy.iter().take(NAMED).map(share).collect::<Vec<_>>().join(", ");
    if busy.len() > NAMED {
        found += &format!(", and {} more", busy.len() - NAMED);
    }
    Ok(Finding::warn(format!("{found} of a processor"), "stop them while measuring; `top` shows them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    const SECOND: Duration = Duration::from_secs(1);

    /// A line of `/proc/<pid>/stat`: ticks of its own, and of descendants that it has reaped.
    fn stat(number: u32, name: &str, parent: u32, own: u64, reaped: u64) -> String {
        format!(
            "{number} ({name}) S {parent} 1 1 0 -1 4194304 9 9 9 9 {own} 0 {reaped} 0 20 0 1 0 {} 31 9",
            number * 10
        )
    }

    /// Returns the result of the second of two readings, a second later.
    fn between(before: &[String], after: &[String]) -> Outcome {
        between_beside(&[], before, after)
    }

    /// Same as [`between`], while the processes with these numbers are measured.
    fn between_beside(measured: &[u32], before: &[String], after: &[String]) -> Outcome {
        let made = MadeUp::new(&[("/proc/self/stat", "50 (bench) S 1")]);
        let fill = |lines: &[String]| {
            for line in lines {
                let number = line.split(' ').next().expect("a number");
                made.write(&format!("/proc/{number}/stat"), line);
            }
        };
        fill(before);
        let counting = begin(&made.machine, &measured.iter().copied().collect());
        for name in made.machine.names("/proc").expect("a folder") {
            if name.parse::<u32>().is_ok() {
                made.remove(&format!("/proc/{name}"));
            }
        }
        fill(after);
        counting(&made.machine, SECOND)
    }

    fn init() -> String {
        stat(1, "systemd", 0, 5, 1000)
    }

    #[track_caller]
    fn warned(outcome: Outcome) -> String {
        match outcome {
            Ok(Finding::Warn { value, .. }) => value,
            other => panic!("{other:?}"),
        }
    }

    fn quiet() -> Outcome {
        Ok(Finding::ok("none takes more than 5 % of a processor"))
    }

    #[test]
    fn busy_processes_are_named_the_busiest_first() {
        let before = [init(), stat(7, "idle", 1, 300, 0), stat(8, "some (odd) name", 1, 10, 0)];
        let after = [
            init(),
            stat(7, "idle", 1, 305, 0),
            stat(8, "some (odd) name", 1, 50, 0),
            stat(9, "new", 1, 60, 0),
        ];
        assert_eq!(warned(between(&before, &after)), "new 60 %, some (odd) name 40 % of a processor");
        assert_eq!(between(&before, &before), quiet());
    }

    #[test]
    fn many_of_one_name_are_one_and_of_many_names_a_few_are_told() {
        let after: Vec<String> = (10..20).map(|number| stat(number, "rustc", 1, 20, 0)).collect();
        assert_eq!(
            warned(between(&[init()], &[&after[..], &[init()]].concat())),
            "rustc 200 % of a processor"
        );
        let after: Vec<String> = (10..16)
            .map(|number| stat(number, &format!("p{number}"), 1, 90 - u64::from(number), 0))
            .collect();
        let found = warned(between(&[init()], &[&after[..], &[init()]].concat()));
        assert_eq!(found, "p10 80 %, p11 79 %, p12 78 %, p13 77 %, and 2 more of a processor");
    }

    #[test]
    fn the_own_process_and_its_workers_are_not_others() {
        let before = [init(), stat(50, "bench", 1, 0, 0)];
        let after = [
            init(),
            stat(50, "bench", 1, 90, 80),
            stat(60, "worker", 50, 90, 0),
            stat(61, "server", 60, 90, 0),
        ];
        assert_eq!(between(&before, &after), quiet());
        // A worker whose parent has ended is still known from the first reading.
        let before = [&after[..], &[]].concat();
        let after = [init(), stat(50, "bench", 1, 90, 80), stat(61, "server", 1, 180, 0)];
        assert_eq!(between(&before, &after), quiet());
    }

    #[test]
    fn a_server_that_is_measured_disturbs_nothing() {
        let before =
            [init(), stat(50, "bench", 1, 0, 0), stat(70, "server", 1, 0, 0), stat(80, "other", 1, 0, 0)];
        let worker = stat(71, "worker", 70, 60, 0);
        let after = [
            init(),
            stat(50, "bench", 1, 9, 0),
            stat(70, "server", 1, 90, 0),
            worker,
            stat(80, "other", 1, 30, 0),
        ];
        assert_eq!(warned(between_beside(&[70], &before, &after)), "other 30 % of a processor");
        assert_eq!(warned(between(&before, &after)), "server 90 %, worker 60 %, other 30 % of a processor");
    }

    #[test]
    fn processes_that_came_and_went_are_on_their_parents_bill() {
        let before = [init(), stat(7, "cargo", 1, 5, 100), stat(8, "rustc", 7, 4000, 0)];
        // The compiler that was there before used ten ticks more, two others came and went.
        let after = [init(), stat(7, "cargo", 1, 6, 100 + 4010 + 70)];
        assert_eq!(warned(between(&before, &after)), "cargo 81 % of a processor");
        // A compiler that ran for an hour, but not in this second.
        let after = [init(), stat(7, "cargo", 1, 5, 100 + 4000)];
        assert_eq!(between(&before, &after), quiet());
        // Its children have gone with children of their own.
        let linker = stat(9, "ld", 8, 2000, 0);
        let after = [init(), stat(7, "cargo", 1, 5, 100 + 4000 + 2000 + 40)];
        assert_eq!(warned(between(&[&before[..], &[linker]].concat(), &after)), "cargo 40 % of a processor");
        // Ticks that init has reaped count for no process.
        let orphan = [stat(1, "systemd", 0, 5, 9000)];
        assert_eq!(between(&[init()], &orphan), quiet());
    }

    #[test]
    fn a_number_that_was_given_again_is_another_process() {
        let old = stat(7, "old", 1, 5000, 0);
        let new = stat(7, "new", 1, 30, 0).replace(" 70 31", " 999 31");
        assert_eq!(warned(between(&[init(), old], &[init(), new])), "new 30 % of a processor");
    }

    #[test]
    fn hidden_processes_are_not_held_to_be_idle() {
        let visible = [stat(50, "bench", 49, 0, 0)];
        assert!(between(&visible, &visible).is_err(), "no sight of the first process");
        let busy = [stat(50, "bench", 49, 0, 0), stat(51, "other", 49, 70, 0)];
        assert_eq!(warned(between(&visible, &busy)), "other 70 % of a processor");
    }

    #[test]
    fn names_do_not_steer_a_terminal() {
        let found = warned(between(&[init()], &[init(), stat(7, "a\u{1b}[31m\u{202e}b", 1, 50, 0)]));
        assert_eq!(found, "a\\u{1b}[31m\\u{202e}b 50 % of a processor");
    }

    #[test]
    fn a_moment_is_too_short() {
        let made = MadeUp::new(&[("/proc/self/stat", &stat(50, "bench", 1, 0, 0))]);
        assert_eq!(
            begin(&made.machine, &BTreeSet::new())(&made.machine, Duration::from_millis(100)),
            Err(too_short())
        );
    }
}
