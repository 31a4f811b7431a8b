//! `bench serve`: serves the page over loopback, and keeps it up to date.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bench_history::store::{Location, Store, StoreError};
use bench_html::{Page, Run};
use bench_record as record;
use bench_record::{InProgress, RunError, exit};
use bench_report::text::print;
use bench_syntax::UsageError;

use crate::arguments::Serve;
use crate::failure::Failure;
use crate::gate::config;
use crate::http::{self, Answer, Limits, Request};
use crate::page::{comparison_file, write};

/// The files of a run directory that change during its run.
const RUN_FILES: [&str; 2] = ["run.json", "journal.jsonl"];

/// Answers requests until the process is interrupted.
pub(crate) fn run(arguments: &Serve) -> Result<u8, Failure> {
    arguments.subject.check()?;
    let mut shown = Shown { arguments, page: None, server: None };
    // A page that cannot be shown is reported here, and not only in a browser.
    shown.bring_up_to_date()?;
    let (address, requests) = http::listen(arguments.port, Limits::default()).map_err(|error| {
        let port = arguments.port;
        UsageError(format!("cannot listen on port {port} of 127.0.0.1 ({error}): choose another with --port"))
    })?;
    print(format!("http://{address}/ (Ctrl-C ends it)\n").as_bytes())?;
    for request in requests {
        let answer = answer(&mut shown, &request, address);
        request.answer(answer);
    }
    Ok(exit::OK)
}

fn answer(shown: &mut Shown<'_>, request: &Request, address: SocketAddr) -> Answer {
    // A page of another site whose host name resolves to this machine must not read the data (DNS rebinding).
    let own = [address.to_string(), format!("localhost:{}", address.port())];
    if !request.host.as_ref().is_some_and(|host| own.contains(host)) {
        return Answer::line("403 Forbidden", "wrong host: open the address that `bench serve` has printed");
    }
    let answered = match request.path.as_str() {
        "/" => shown.bring_up_to_date().and_then(|page| Ok((write(page, Page::html)?, "text/html"))),
        "/data.json" => {
            shown.bring_up_to_date().and_then(|page| Ok((write(page, Page::json)?, "application/json")))
        }
        "/revision" => shown.revision().map(|revision| (revision, "text/plain")),
        _ => return Answer::line("404 Not Found", "nothing here: the page is at /"),
    };
    match answered {
        Ok((body, kind)) => Answer { status: "200 OK", kind, body },
        Err(error) => Answer::line("500 Internal Server Error", error.to_string()),
    }
}

/// The content that was last read.
struct Shown<'a> {
    arguments: &'a Serve,
    page: Option<Page>,
    /// The connection to a store on a server. It is kept, because every browser asks for its state every other second.
    server: Option<Store>,
}

impl Shown<'_> {
    /// Returns the present page; reads it again only if something has changed.
    fn bring_up_to_date(&mut self) -> Result<&Page, Failure> {
        let revision = self.revision()?;
        match self.page.take() {
            Some(page) if page.revision.as_ref() == Some(&revision) => Ok(self.page.insert(page)),
            _ => {
                let page = Page { revision: Some(revision), ..self.read()? };
                Ok(self.page.insert(page))
            }
        }
    }

    /// Returns the state of a store on a server, over the kept connection if it still works.
    fn state_of_server(&mut self, location: &Location) -> Result<impl Hash + use<>, StoreError> {
        let kept = self.server.take().and_then(|mut store| Some((store.state().ok()?, store)));
        // If the connection was lost, the server may still be there: connect again.
        let (state, store) = match kept {
            Some(known) => known,
            None => {
                let mut store = Store::open_to_read(location)?;
                (store.state()?, store)
            }
        };
        self.server = Some(store);
        Ok(state)
    }

    fn read(&self) -> Result<Page, Failure> {
        let Serve { subject, place, .. } = self.arguments;
        if !subject.runs.is_empty() {
            return subject.page(place);
        }
        // There may be no store yet, and a run in progress is not in it.
        let mut page = match place.read_if_there()? {
            None => Page::default(),
            Some(mut store) => subject.history(&mut store)?,
        };
        if let Some(newest) = newest_run(&place.output_dir)? {
            let run = Run::of(&bench_judge::open(&newest)?).in_progress(InProgress::of(&newest)?);
            page.runs.retain(|other| !other.is_same(&run));
            page.runs.insert(0, run);
        }
        page.made = record::now_utc();
        page.forge = config(None)?.page;
        Ok(page)
    }

    /// Returns a text that changes whenever anything that is shown may have changed.
    fn revision(&mut self) -> Result<String, Failure> {
        let Serve { subject, place, .. } = self.arguments;
        let mut hasher = DefaultHasher::new();
        if subject.runs.is_empty() {
            match place.location()? {
                Location::File(path) => {
                    state(&path).hash(&mut hasher);
                    let mut log = path.into_os_string();
                    log.push("-wal");
                    state(Path::new(&log)).hash(&mut hasher);
                }
                location => self.state_of_server(&location)?.hash(&mut hasher),
            }
            if let Some(newest) = newest_run(&place.output_dir)? {
                newest.hash(&mut hasher);
                RUN_FILES.map(|file| state(&newest.join(file))).hash(&mut hasher);
            }
        }
        for name in &subject.runs {
            if let Some(file) = comparison_file(place, name) {
                state(&file).hash(&mut hasher);
            } else if let Ok(path) = record::resolve(&place.output_dir, name) {
                path.hash(&mut hasher);
                state(&path).hash(&mut hasher);
                RUN_FILES.map(|file| state(&path.join(file))).hash(&mut hasher);
            }
        }
        Ok(format!("{:016x}", hasher.finish()))
    }
}

/// Returns the length and the time of the last change of a file; `None` if there is no such file.
fn state(path: &Path) -> Option<(u64, std::time::SystemTime)> {
    let known = std::fs::metadata(path).ok()?;
    Some((known.len(), known.modified().ok()?))
}

/// Returns the directory of the newest run, in progress or ended; `None` if there is none. Names of runs begin with the
/// time.
fn newest_run(results: &Path) -> Result<Option<PathBuf>, RunError> {
    let io =
        |source| RunError::Io { action: "list the folder of all runs", path: results.to_owned(), source };
    let entries = match std::fs::read_dir(results) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut newest = None;
    for entry in entries {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        let is_run = RUN_FILES.iter().any(|file| path.join(file).exists());
        if entry.file_type().map_err(io)?.is_dir() && is_run {
            newest = newest.max(Some(path));
        }
    }
    Ok(newest)
}
