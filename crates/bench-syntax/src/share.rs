//! [`Share`]: one of several parts of the same work, as `k/n`, or by the numbers that an engine gives to the processes
//! it starts.

use std::fmt;
use std::str::FromStr;

use crate::UsageError;

/// Part `k` of `n`. It is written `k/n` and counted from 1, so that `4/4` is the last of four.
///
/// ```
/// # use bench_syntax::Share;
/// let share: Share = "2/4".parse().unwrap();
/// assert_eq!((share.rank(), share.of()), (1, 4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    rank: u32,
    of: u32,
}

/// An engine that starts one process for each part, and the variables by which it numbers them from 0.
struct Engine {
    name: &'static str,
    rank: &'static str,
    /// The variables for the number of processes: the first that is set counts.
    size: &'static [&'static str],
    /// What to do if the number of processes is not set.
    sizeless: Sizeless,
}

/// The meaning of a rank without a number of processes.
enum Sizeless {
    /// The process was not started as one of several.
    Alone,
    /// The number must be given by the user.
    Refused(&'static str),
}

const SLURM: &str = "Slurm";

/// The innermost engine comes first: `mpirun` within a job of Slurm numbers the processes, and Slurm their launcher.
const ENGINES: [Engine; 4] = [
    Engine {
        name: "Kubernetes",
        rank: "JOB_COMPLETION_INDEX",
        size: &["BENCH_WORKERS"],
        sizeless: Sizeless::Refused("set BENCH_WORKERS to the `completions` of the Job"),
    },
    Engine {
        name: "Open MPI",
        rank: "OMPI_COMM_WORLD_RANK",
        size: &["OMPI_COMM_WORLD_SIZE"],
        sizeless: Sizeless::Alone,
    },
    Engine { name: "PMI", rank: "PMI_RANK", size: &["PMI_SIZE"], sizeless: Sizeless::Alone },
    // A batch script has a rank and `SLURM_NTASKS` too, but it is one process; only a step has `SLURM_STEP_NUM_TASKS`.
    Engine { name: SLURM, rank: "SLURM_PROCID", size: &["SLURM_STEP_NUM_TASKS"], sizeless: Sizeless::Alone },
];

impl Share {
    /// Returns part `rank` of `of`, counted from 0; `None` if there is no such part.
    pub fn of_rank(rank: u32, of: u32) -> Option<Self> {
        (rank < of).then_some(Share { rank, of })
    }

    /// Returns the part that an engine has given to this process (Kubernetes, Open MPI, another MPI, Slurm), and the
    /// name of the engine; `None` if it was not started as one of several. `variable` reads a variable of the
    /// environment.
    ///
    /// # Errors
    /// A rank that is not a number or not below the number of processes; an index of a Job whose size is not known.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<(Self, &'static str)>, UsageError> {
        for engine in &ENGINES {
            let Some(rank) = variable(engine.rank) else { continue };
            let Some((name, size)) = engine.size.iter().find_map(|name| Some((name, variable(name)?))) else {
                match engine.sizeless {
                    Sizeless::Alone => continue,
                    Sizeless::Refused(what) => {
                        return Err(UsageError(format!(
                            "{}={rank} shows that this is one of several processes, but not how many there are: {what}",
                            engine.rank
                        )));
                    }
                }
            };
            let share =
                rank.parse().ok().zip(size.parse().ok()).and_then(|(rank, of)| Share::of_rank(rank, of));
            let share = share.ok_or_else(|| {
                UsageError(format!(
                    "{}={rank} and {name}={size}: expected a rank from 0 below a number of processes",
                    engine.rank
                ))
            })?;
            return Ok((share.of > 1).then_some((share, engine.name)));
        }
        Ok(None)
    }

    /// Returns the name of the run that all processes of `engine` share; `None` unless the engine gives one that it
    /// never gives again. Only Slurm does: a step of a job, with the name of the cluster and the number of restarts of
    /// the job.
    pub fn run_by(engine: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        if engine != SLURM {
            return None;
        }
        let (job, step) = (variable("SLURM_JOB_ID")?, variable("SLURM_STEP_ID")?);
        let cluster = variable("SLURM_CLUSTER_NAME").map(|name| format!("{name}-")).unwrap_or_default();
        let restarts = variable("SLURM_RESTART_COUNT").filter(|count| count != "0");
        let restarts = restarts.map(|count| format!("-restart{count}")).unwrap_or_default();
        let name = format!("slurm-{cluster}{job}.{step}{restarts}");
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        Some(name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect())
    }

    /// Returns the names of the variables by which engines number processes: without them, a process runs alone.
    pub fn variables() -> impl Iterator<Item = &'static str> {
        ENGINES.iter().map(|engine| engine.rank)
    }

    /// Returns its number, from 0.
    pub fn rank(self) -> u32 {
        self.rank
    }

    /// Returns the number of parts.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether this is the first part.
    pub fn is_first(self) -> bool {
        self.rank == 0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", u64::from(self.rank) + 1, self.of)
    }
}

impl FromStr for Share {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        text.split_once('/')
            .and_then(|(part, of)| {
                let (part, of): (u32, u32) = (part.trim().parse().ok()?, of.trim().parse().ok()?);
                Share::of_rank(part.checked_sub(1)?, of)
            })
            .ok_or_else(|| UsageError::malformed("part", text, "`k/n` with 1 ≤ k ≤ n, such as `1/4`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<Option<(String, &'static str)>, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Share::from_environment(variable)
            .map(|found| found.map(|(share, engine)| (share.to_string(), engine)))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn parts_are_counted_from_1() {
        let share: Share = " 4/4 ".trim().parse().expect("a part");
        assert_eq!((share.rank(), share.of(), share.to_string().as_str()), (3, 4, "4/4"));
        for wrong in ["", "4", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_engine_says_which_part_this_is() {
        let part = |part: &str, engine| Ok(Some((part.to_owned(), engine)));
        assert_eq!(
            found(&[("JOB_COMPLETION_INDEX", "0"), ("BENCH_WORKERS", "3")]),
            part("1/3", "Kubernetes")
        );
        assert_eq!(found(&[("SLURM_PROCID", "2"), ("SLURM_STEP_NUM_TASKS", "4")]), part("3/4", "Slurm"));
        assert_eq!(
            found(&[("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "2")]),
            part("2/2", "Open MPI")
        );
        assert_eq!(found(&[("PMI_RANK", "7"), ("PMI_SIZE", "8")]), part("8/8", "PMI"));
        // `mpirun` in a batch script.
        let within = [
            ("SLURM_PROCID", "0"),
            ("SLURM_STEP_NUM_TASKS", "1"),
            ("OMPI_COMM_WORLD_RANK", "1"),
            ("OMPI_COMM_WORLD_SIZE", "4"),
        ];
        assert_eq!(found(&within), part("2/4", "Open MPI"));
    }

    #[test]
    fn only_slurm_names_a_run_for_ever() {
        let of = |engine: &str, variables: &[(&str, &str)]| {
            let all = [&[("SLURM_JOB_ID", "7"), ("SLURM_STEP_ID", "1")], variables].concat();
            Share::run_by(engine, |name: &str| {
                all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of("Slurm", &[]).as_deref(), Some("slurm-7.1"));
        let again = [("SLURM_CLUSTER_NAME", "big/one"), ("SLURM_RESTART_COUNT", "2")];
        assert_eq!(of("Slurm", &again).as_deref(), Some("slurm-big_one-7.1-restart2"));
        assert_eq!(of("Slurm", &[("SLURM_RESTART_COUNT", "0")]).as_deref(), Some("slurm-7.1"));
        assert_eq!(of("Open MPI", &[]), None);
    }

    #[test]
    fn a_process_of_its_own_is_not_a_part() {
        assert_eq!(found(&[]), Ok(None));
        assert_eq!(found(&[("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "1")]), Ok(None));
        // A batch script, which is one process however many tasks its job has.
        assert_eq!(found(&[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")]), Ok(None));
    }

    #[test]
    fn a_rank_that_makes_no_sense_is_refused() {
        let error = found(&[("JOB_COMPLETION_INDEX", "1")]).expect_err("no size");
        assert!(error.contains("BENCH_WORKERS"), "{error}");
        for rank in ["4", "x", "-1"] {
            let error = found(&[("PMI_RANK", rank), ("PMI_SIZE", "4")]).expect_err("no such rank");
            assert!(error.contains(&format!("PMI_RANK={rank} and PMI_SIZE=4")), "{error}");
        }
    }
}
