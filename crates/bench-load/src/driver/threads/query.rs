//! Sends requests together, and the next ones when all of them have ended.

use std::sync::{Condvar, Mutex, PoisonError};

/// The point where clients meet before each query.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrived: u32,
    missing: u32,
    queries: u64,
    sent_ns: u64,
    over: bool,
}

impl Meeting {
    /// Waits for all `clients`. The last one to arrive decides with `go_on` whether there is another query, and when
    /// it begins. `None` if there is none.
    pub(crate) fn wait(&self, clients: u32, go_on: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrived += 1;
        if state.arrived + state.missing >= clients {
            state.arrived = 0;
            state.queries += 1;
            match go_on() {
                Some(sent_ns) => state.sent_ns = sent_ns,
                None => state.over = true,
            }
            self.changed.notify_all();
        } else {
            let query = state.queries;
            while state.queries == query {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        (!state.over).then_some(state.sent_ns)
    }

    /// Records that one client fewer will come, because it could not be started.
    pub(crate) fn missing(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).missing += 1;
    }
}
