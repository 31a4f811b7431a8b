//! Uses sched_setaffinity(2).
#![allow(unsafe_code)]

/// A set of processors.
#[derive(Clone)]
pub struct Processors(libc::cpu_set_t);

impl Processors {
    /// Creates the set of these processors; impossible numbers are left out, and no thread can be put on an empty set.
    pub fn of(numbers: &[usize]) -> Self {
        // SAFETY: a cpu_set_t is an array of integers, for which zeros are a value; CPU_SET writes within
        // the set, as the numbers are checked.
        unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            for cpu in numbers.iter().filter(|cpu| **cpu < libc::CPU_SETSIZE as usize) {
                libc::CPU_SET(*cpu, &mut set);
            }
            Processors(set)
        }
    }

    /// Returns their numbers.
    pub fn numbers(&self) -> Vec<usize> {
        // SAFETY: CPU_ISSET reads within the set, as the numbers are below its size.
        (0..libc::CPU_SETSIZE as usize).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &self.0) }).collect()
    }
}

/// Returns the processors that this thread may use; `None` if the system does not report them.
pub fn processors() -> Option<Processors> {
    let Processors(mut set) = Processors::of(&[]);
    // SAFETY: the pointer and the size describe a live local, which the call writes into.
    let done = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) };
    (done == 0).then_some(Processors(set))
}

/// Puts this thread, and the processes that it starts from now on, on these processors; `false` if that is not
/// possible.
pub fn use_processors(Processors(set): &Processors) -> bool {
    // SAFETY: the pointer and the size describe a live value, which the call reads.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) == 0 }
}

/// Puts all threads of a process on these processors; `false` if that is not possible for one of them.
pub fn move_process(pid: u32, Processors(set): &Processors) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    let threads = threads.filter_map(|thread| thread.ok()?.file_name().to_str()?.parse().ok());
    // SAFETY: the pointer and the size describe a live value, which the call reads.
    threads.fold(true, |all, thread: libc::pid_t| {
        all & unsafe { libc::sched_setaffinity(thread, size_of::<libc::cpu_set_t>(), set) == 0 }
    })
}

/// Returns the processors that have the same memory node as processor `cpu` and that this thread may use; `None` if the
/// system does not report which ones it may use.
pub fn processors_near(cpu: usize) -> Option<Processors> {
    let mut numbers = processors()?.numbers();
    let folder = |cpu: usize| format!("/sys/devices/system/cpu/cpu{cpu}");
    let entries = std::fs::read_dir(folder(cpu)).into_iter().flatten();
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // A kernel without memory nodes has none of these folders, and one memory.
    if let Some(node) =
        names.find(|name| name.strip_prefix("node").is_some_and(|rest| rest.parse::<u32>().is_ok()))
    {
        numbers.retain(|other| std::path::Path::new(&folder(*other)).join(&node).exists());
    }
    Some(Processors::of(&numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_where_it_is_put() {
        let before = processors().expect("affinity");
        let last = *before.numbers().last().expect("a processor");
        assert!(use_processors(&Processors::of(&[last])));
        assert_eq!(processors().expect("affinity").numbers(), [last]);
        assert!(!use_processors(&Processors::of(&[usize::MAX])), "no processor at all");
        assert!(use_processors(&before));
        assert_eq!(processors().expect("affinity").numbers(), before.numbers());
        assert_eq!(Processors::of(&[3, 1]).numbers(), [1, 3]);
    }

    #[test]
    fn a_process_is_moved_with_all_its_threads() {
        let all = processors().expect("affinity").numbers();
        let last = Processors::of(&all[all.len() - 1..]);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("started");
        assert!(move_process(child.id(), &last));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("alive");
        assert!(status.contains(&format!("Cpus_allowed_list:\t{}\n", all[all.len() - 1])), "{status}");
        assert!(!move_process(child.id(), &Processors::of(&[])), "no processor at all");
        child.kill().and_then(|()| child.wait()).expect("ended");
        assert!(!move_process(u32::MAX, &last), "no such process");
    }

    #[test]
    fn a_processor_is_near_itself() {
        let all = processors().expect("affinity").numbers();
        assert!(processors_near(all[0]).is_some_and(|near| near.numbers().contains(&all[0])));
    }
}
