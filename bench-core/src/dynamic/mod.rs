//! Cases that exist only while a program runs: functions register benchmarks one after another, as in criterion,
//! instead of the registry that the linker fills. Meant for crates that stand in for other harnesses.
//!
//! The first call of such a program that concerns benchmarks ([`begin`]) decides the purpose of its process:
//! - It was started as a worker: it searches for the one case to measure. Only the target that registers it is called,
//!   all other benchmarks are skipped, and the process ends as soon as the case is measured.
//! - It was started to list: each case is written to the list, and none is measured.
//! - It was started by the user or by cargo: another process lists the cases, the runner measures them, and this
//!   process registers nothing.
//!
//! In terms of the functions below, a program is `main { begin; target(…)…; end }`, and a target calls [`offer`] for
//! each of its benchmarks. A `main` written by the user may contain only the offers.

mod discovery;
mod locator;
mod names;
mod serving;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bench_protocol::{Case, Overrides, ProbeReport};
use bench_syntax::Category;

use crate::bencher::Bencher;
use crate::channel::Channel;
use crate::error::Error;
#[cfg(not(feature = "runner"))]
use crate::light::Alone;
use crate::worker::panic_message;

use discovery::Announcements;
pub(crate) use discovery::discover;
use locator::Locator;
use names::{Names, printable};
use serving::{Next, Serving, exit};

/// The flag that makes the runner apply filters as regular expressions to the names of benchmarks, like the harness
/// that the program was written for.
pub(crate) const BY_NAME: &str = "--by-name";

/// A benchmark that registers.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// The name, which is the part of the id after the category.
    pub name: &'a str,
    /// The settings that the benchmark asks for.
    pub settings: Overrides,
    /// The longest time that the warm-up of a round may take; `None` if the benchmark sets no limit.
    pub longest_warm_up: Option<Duration>,
    /// The reason why it is left out by default; `None` if it is not.
    pub ignored: Option<&'a str>,
}

/// The role of this process when a benchmark is registered.
pub(crate) enum Role {
    Lists(Announcements),
    Serves(Box<Serving>),
    /// The process was started without a runner, and carries out the user's request by itself.
    #[cfg(not(feature = "runner"))]
    IsAlone(Alone),
    /// The process has done its task.
    IsDone,
}

struct Session {
    role: Role,
    names: Names,
    /// The target that is running; empty while none is.
    target: String,
    /// The source file of the running target; `None` before the first one.
    source: Option<&'static str>,
}

static SESSION: Mutex<Option<Session>> = Mutex::new(None);

/// Whether this worker is ending.
static LEAVES: AtomicBool = AtomicBool::new(false);

/// The panic payload that unwinds the stack of a worker that has measured its case.
struct Leaving;

/// The next step after a benchmark has been registered.
enum Step {
    Pass,
    Serve(Box<Serving>, Option<String>),
    #[cfg(not(feature = "runner"))]
    Try(String),
}

/// Decides the purpose of this process, if that is not decided yet; `has_end` is whether the program calls [`end`].
/// Does not return if the process need not register anything.
pub fn begin(has_end: bool) {
    drop(lock(has_end));
}

/// Calls `run`, which registers benchmarks, if this process needs them. `source` is the file that contains `run`.
pub fn target(name: &str, source: &'static str, run: &mut dyn FnMut()) {
    if !with(|session| session.enter(name, source)) {
        return;
    }
    loop {
        let ended = catch_unwind(AssertUnwindSafe(&mut *run));
        if LEAVES.load(Ordering::Relaxed) {
            exit(Ok(()));
        }
        if let Err(panic) = ended {
            with(|session| session.panicked(panic.as_ref()));
            resume_unwind(panic);
        }
        if !with(Session::leave) {
            return;
        }
    }
}

/// Registers a benchmark: `call` measures it, if that is the purpose of this process.
pub fn offer(offer: &Offer<'_>, call: &mut dyn FnMut(&mut Bencher) -> Result<(), Error>) {
    match with(|session| session.step(offer)) {
        Step::Pass => {}
        Step::Serve(serving, note) => {
            let mut noted = |bencher: &mut Bencher| {
                if let Some(note) = &note {
                    bencher.report(ProbeReport { notes: vec![note.clone()], ..ProbeReport::of("names") });
                }
                call(bencher)
            };
            match serving.measure(offer, &mut noted) {
                Ok(Some(next)) => with(|session| session.role = Role::Serves(Box::new(next))),
                Ok(None) => leave(),
                Err(error) => exit(Err(error)),
            }
        }
        #[cfg(not(feature = "runner"))]
        Step::Try(id) => {
            // The session must not be locked here: the benchmark may register others.
            let Some(mut alone) = with(Session::take_alone) else { return };
            alone.try_case(&id, call);
            with(|session| session.role = Role::IsAlone(alone));
        }
    }
}

/// Ends registration. Returns the exit code.
pub fn end() -> ExitCode {
    with(Session::end)
}

fn lock(has_end: bool) -> MutexGuard<'static, Option<Session>> {
    let mut session = SESSION.lock().unwrap_or_else(PoisonError::into_inner);
    session.get_or_insert_with(|| Session::of_this_process(has_end));
    session
}

fn with<T>(act: impl FnOnce(&mut Session) -> T) -> T {
    let mut session = lock(false);
    act(session.get_or_insert_with(|| Session::of_this_process(false)))
}

/// Ends a worker that has measured its case. Values that registration has created, such as temporary files, are dropped
/// if panics unwind.
fn leave() -> ! {
    LEAVES.store(true, Ordering::Relaxed);
    if cfg!(panic = "unwind") && with(|session| !session.target.is_empty()) {
        resume_unwind(Box::new(Leaving));
    }
    exit(Ok(()))
}

impl Session {
    fn of_this_process(has_end: bool) -> Self {
        let role = if let Some(announcements) = Announcements::from_environment() {
            Role::Lists(announcements)
        } else if let Some(channel) = Channel::from_environment() {
            Role::Serves(Box::new(Serving::begin(channel)))
        } else {
            crate::entry::begin_dynamic(has_end)
        };
        Session { role, names: Names::default(), target: String::new(), source: None }
    }

    /// Whether the target must be called.
    fn enter(&mut self, name: &str, source: &'static str) -> bool {
        let is_wanted = match &mut self.role {
            Role::Lists(announcements) => {
                announcements.enter();
                true
            }
            Role::Serves(serving) => serving.may_be_in(name),
            #[cfg(not(feature = "runner"))]
            Role::IsAlone(_) => true,
            Role::IsDone => false,
        };
        if is_wanted {
            name.clone_into(&mut self.target);
            self.source = Some(source);
            self.names.enter();
        }
        is_wanted
    }

    /// Records that the target has ended. Returns whether it must be called again.
    fn leave(&mut self) -> bool {
        self.names.enter();
        match &mut self.role {
            Role::Lists(announcements) => announcements.leave(),
            Role::Serves(serving) => {
                if let Next::Again = serving.target_ended() {
                    return true;
                }
            }
            #[cfg(not(feature = "runner"))]
            Role::IsAlone(_) => {}
            Role::IsDone => {}
        }
        self.target.clear();
        self.source = None;
        false
    }

    fn panicked(&mut self, panic: &(dyn Any + Send)) {
        if let Role::Serves(serving) = &self.role {
            serving.panicked(&panic_message(panic));
        }
    }

    fn step(&mut self, offer: &Offer<'_>) -> Step {
        let name = printable(offer.name);
        let occurrence = self.names.occurrence(&name);
        let unique = self.names.unique(&name);
        let mut case = Case::named(&unique, Category::Performance);
        let here = Locator { target: self.target.clone(), occurrence, is_shared: false, name };
        match &mut self.role {
            Role::Lists(announcements) => {
                case.settings = offer.settings;
                case.ignored = offer.ignored.map(str::to_owned);
                case.source = self.source.map(Into::into);
                announcements.announce(case, here);
                Step::Pass
            }
            Role::Serves(serving) if serving.is(&case, &here) => {
                let note = serving.note_of_twin(&here);
                Step::Serve(serving.clone(), note)
            }
            #[cfg(not(feature = "runner"))]
            Role::IsAlone(alone) if alone.takes(&case.id, offer.ignored.is_some()) => Step::Try(case.id),
            _ => Step::Pass,
        }
    }

    #[cfg(not(feature = "runner"))]
    fn take_alone(&mut self) -> Option<Alone> {
        match std::mem::replace(&mut self.role, Role::IsDone) {
            Role::IsAlone(alone) => Some(alone),
            other => {
                self.role = other;
                None
            }
        }
    }

    fn end(&mut self) -> ExitCode {
        match std::mem::replace(&mut self.role, Role::IsDone) {
            Role::Serves(serving) => serving.ended(),
            #[cfg(not(feature = "runner"))]
            Role::IsAlone(alone) => alone.conclude(),
            Role::Lists(_) | Role::IsDone => ExitCode::SUCCESS,
        }
    }
}
