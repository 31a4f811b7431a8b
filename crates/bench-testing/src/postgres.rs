//! A PostgreSQL server for tests, with its data and its socket in a temporary folder.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::require::{is_missing, postgres_folders};

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    user: User,
    /// The address on which the server listens in addition to its socket.
    listens: String,
}

/// The user that runs the server, because PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
struct User {
    uid: u32,
    gid: u32,
    is_other: bool,
}

impl Server {
    /// Starts a server; `None`, with a message, if PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let server = Server::prepare()?;
        server.start_again();
        Some(server)
    }

    /// Starts a server that also listens on this port of `localhost`, with a certificate and its key (PEM), if any.
    pub fn start_at(port: u16, certificate: Option<(&str, &str)>) -> Option<Self> {
        let mut server = Server::prepare()?;
        server.listens = format!("-c listen_addresses=localhost -c port={port}");
        if let Some((certificate, key)) = certificate {
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = Path::new(&server.data()).join(name);
                std::fs::write(&path, text).expect("written");
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("its mode");
                chown(&path, Some(server.user.uid), Some(server.user.gid)).expect("its owner");
            }
            server.listens += " -c ssl=on";
        }
        server.start_again();
        Some(server)
    }

    fn prepare() -> Option<Self> {
        if is_missing("initdb") {
            return None;
        }
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("bench-pg").tempdir_in("/tmp").expect("a folder");
        let user = user();
        if user.is_other {
            chown(folder.path(), Some(user.uid), Some(user.gid)).expect("its owner");
        }
        let server = Server { folder, programs, user, listens: "-c listen_addresses=''".to_owned() };
        let data = server.data();
        server.run("initdb", &["-D", &data, "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8"]);
        Some(server)
    }

    /// Starts the server, for the first time or after a crash.
    pub fn start_again(&self) {
        let socket = self.folder.path().display().to_string();
        let options = format!("{} -c unix_socket_directories='{socket}' -c fsync=off", self.listens);
        let log = format!("{socket}/log");
        self.run("pg_ctl", &["-D", &self.data(), "-o", &options, "-l", &log, "-w", "start"]);
    }

    /// Returns the address of a database on the server.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://bench@{folder}/{database}")
    }

    /// Stops the server immediately, as a crash would.
    pub fn crash(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.folder.path()).stdin(std::process::Stdio::null());
        if self.user.is_other {
            command.uid(self.user.uid).gid(self.user.gid);
        }
        // The output goes to a file: a pipe would stay open as long as the server runs.
        let log = self.folder.path().join(format!("{program}.log"));
        let file = std::fs::File::create(&log).expect("a log");
        command.stderr(file.try_clone().expect("a log")).stdout(file);
        let status = command.status().expect("it runs");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(status.success(), "{program}: {status}\n{text}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.crash();
        }
    }
}

fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    // A link on the path leads to the folder of the other programs.
    std::env::split_paths(&on_path)
        .chain(postgres_folders())
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
}

fn user() -> User {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let id = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let (uid, gid) = (id("Uid:").unwrap_or(1), id("Gid:").unwrap_or(1));
    if uid != 0 {
        return User { uid, gid, is_other: false };
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map_while(|field| field.parse().ok());
        Some(User { uid: ids.next()?, gid: ids.next()?, is_other: true })
    };
    of("postgres").or_else(|| of("nobody")).expect("a user other than root")
}
