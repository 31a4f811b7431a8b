//! Runs the suite on a server, and tests failures that only a server can have.

use std::sync::Arc;

use super::*;
use bench_testing::Server;

struct Database(String);

impl Place for Database {
    fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.0.parse().expect("an address"))
    }
}

/// Runs all tests of the suite on one server, each in a separate database.
#[test]
fn the_whole_suite() {
    let Some(server) = Server::start() else { return };
    let mut admin = Postgres::connect(&server.url("postgres"), Duration::ZERO).expect("connected");
    for (name, test) in ALL {
        eprintln!("{name}");
        crate::store::Database::batch(&mut admin, &format!("CREATE DATABASE {name}")).expect("made");
        test(&Database(server.url(name)));
    }
}

/// A database whose server crashes at one of its statements.
struct Doomed {
    postgres: Postgres,
    server: Arc<Server>,
    /// The number of statements until the crash.
    left: usize,
    comes_back: bool,
}

impl Doomed {
    fn store(server: &Arc<Server>, statements: usize, comes_back: bool) -> Store {
        // A server that does not come back need not be waited for; one that does is there within 20 seconds.
        let patience = if comes_back { Duration::from_secs(20) } else { Duration::from_millis(300) };
        let postgres = Postgres::connect(&server.url("postgres"), patience).expect("connected");
        let database = Doomed { postgres, server: server.clone(), left: statements, comes_back };
        Store { database: Box::new(database) }
    }

    fn step(&mut self) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        if self.left == 0 {
            self.server.crash();
            if self.comes_back {
                let server = self.server.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(200));
                    server.start_again();
                });
            }
        }
    }
}

impl crate::store::Database for Doomed {
    fn name(&self) -> &str {
        self.postgres.name()
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.step();
        self.postgres.batch(sql)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.step();
        self.postgres.execute(sql, values)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
        self.step();
        self.postgres.query(sql, values)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.step();
        self.postgres.begin()
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.postgres.reconnect()
    }

    fn check(&mut self) -> Result<Vec<String>, StoreError> {
        self.postgres.check()
    }
}

fn runs(place: &Database) -> Vec<String> {
    place.open().runs().expect("runs").into_iter().map(|run| run.run).collect()
}

#[test]
fn a_server_that_goes_away_in_mid_write_leaves_nothing_half_stored() {
    let Some(server) = Server::start().map(Arc::new) else { return };
    let place = Database(server.url("postgres"));
    place.open().add(&record("r0", 1, &[("unit/a", 1.0)])).expect("added");
    // The statements: begin, look up the run, insert it, get the next id of a series, look up the series, insert the
    // points, commit.
    for statement in 1..=7 {
        let run = record(&format!("r{statement}"), 1, &[("unit/a", 1.0)]);
        let error = Doomed::store(&server, statement, false).add(&run).expect_err("no server");
        assert!(matches!(error, StoreError::Away { .. }), "{statement}: {error}");
        let told = error.to_string();
        assert!(told.contains("postgres://bench@") && told.contains("`bench store add`"), "{told}");
        assert!(matches!(place.try_open(), Err(StoreError::Away { .. })), "{statement}");
        server.start_again();
        let mut store = place.open();
        assert!(matches!(store.record(&run.run), Err(StoreError::NoSuchRun { .. })), "{statement}");
        assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
        assert_eq!(store.add(&run).expect("added"), Added::New(2), "{statement}");
    }
    assert_eq!(runs(&place).len(), 8);
}

#[test]
fn a_server_that_comes_back_is_waited_for() {
    let Some(server) = Server::start().map(Arc::new) else { return };
    let place = Database(server.url("postgres"));
    place.open().add(&record("r0", 1, &[("unit/a", 1.0)])).expect("added");
    for statement in [1, 3, 7] {
        let run = record(&format!("r{statement}"), 1, &[("unit/a", 1.0)]);
        let added = Doomed::store(&server, statement, true).add(&run).expect("added in the end");
        assert_eq!(added, Added::New(2), "{statement}");
    }
    assert_eq!(runs(&place), ["r0", "r1", "r3", "r7"]);
    assert_eq!(place.open().verify().expect("readable"), Vec::<String>::new());
}
