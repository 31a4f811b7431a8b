//! The address at which workers meet if none is given, and the name of their run.

/// The port at which the first worker listens, if all workers run on the same machine.
const PORT: u16 = 7400;

/// The ports for jobs of Slurm. The number of a job selects its port, so that two jobs on one machine do not meet. They
/// lie below the ephemeral ports of the system.
const PORTS_OF_JOBS: std::ops::Range<u64> = 20_000..30_000;

/// Returns the address of worker 1, `HOST:PORT`, if the engine that started it provides one.
pub(super) fn usual(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_alone = |local: &str, all: &str| variable(all).is_some_and(|all| variable(local) == Some(all));
    let is_one_machine = is_alone("OMPI_COMM_WORLD_LOCAL_SIZE", "OMPI_COMM_WORLD_SIZE")
        || is_alone("MPI_LOCALNRANKS", "PMI_SIZE");
    if is_one_machine {
        return Some(format!("127.0.0.1:{PORT}"));
    }
    if ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].iter().any(|rank| variable(rank).is_some()) {
        return None;
    }
    // Task 0 of a step runs on the first node of the step.
    let node = first_node(&variable("SLURM_STEP_NODELIST")?);
    let number = |name: &str| variable(name).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
    let count = PORTS_OF_JOBS.end - PORTS_OF_JOBS.start;
    let port = PORTS_OF_JOBS.start + (number("SLURM_JOB_ID") + number("SLURM_STEP_ID")) % count;
    Some(format!("{node}:{port}"))
}

/// Returns the text that distinguishes the run from others of the same engine; empty if the engine provides none.
pub(super) fn run(variable: impl Fn(&str) -> Option<String>) -> String {
    let of_slurm = || Some(format!("{}.{}", variable("SLURM_JOB_ID")?, variable("SLURM_STEP_ID")?));
    variable("PMIX_NAMESPACE").or_else(of_slurm).unwrap_or_default()
}

/// Returns the first node of a node list of Slurm: `node03` of `node[03-05,7],other`.
fn first_node(list: &str) -> String {
    let mut node = String::new();
    let mut rest = list;
    loop {
        let end = rest.find(['[', ',']).unwrap_or(rest.len());
        node.push_str(&rest[..end]);
        if !rest[end..].starts_with('[') {
            return node;
        }
        let (range, after) = rest[end + 1..].split_once(']').unwrap_or((&rest[end + 1..], ""));
        node.push_str(range.split(['-', ',']).next().unwrap_or_default());
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_first_node_of_a_list() {
        for (list, first) in [
            ("node1", "node1"),
            ("node1,node2", "node1"),
            ("node[03-05,7],other", "node03"),
            ("rack[1-2]n[10,12]-ib,x", "rack1n10-ib"),
        ] {
            assert_eq!(first_node(list), first, "{list}");
        }
    }

    #[test]
    fn engines_say_where_workers_meet() {
        let slurm =
            of(&[("SLURM_STEP_NODELIST", "n[1-2]"), ("SLURM_JOB_ID", "10042"), ("SLURM_STEP_ID", "1")]);
        assert_eq!((usual(&slurm), run(&slurm)), (Some("n1:20043".to_owned()), "10042.1".to_owned()));
        let here = of(&[
            ("OMPI_COMM_WORLD_RANK", "1"),
            ("OMPI_COMM_WORLD_LOCAL_SIZE", "2"),
            ("OMPI_COMM_WORLD_SIZE", "2"),
        ]);
        assert_eq!(usual(here).as_deref(), Some("127.0.0.1:7400"));
        // With several machines, rank 0 can be on any of them, even in a job of Slurm.
        let elsewhere = of(&[
            ("OMPI_COMM_WORLD_RANK", "1"),
            ("OMPI_COMM_WORLD_LOCAL_SIZE", "2"),
            ("OMPI_COMM_WORLD_SIZE", "4"),
            ("SLURM_STEP_NODELIST", "n[1-2]"),
        ]);
        assert_eq!(usual(elsewhere), None);
        assert_eq!((usual(|_| None), run(|_| None)), (None, String::new()));
    }
}
