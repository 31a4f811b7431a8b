use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, scope, sleep, spawn};

use super::*;

/// An address at which nothing listens.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").to_string()
}

fn meeting(address: &str, rank: u32, of: u32) -> Meeting {
    Meeting {
        share: Share::of_rank(rank, of).expect("a part"),
        address: address.to_owned(),
        patience: Duration::from_secs(20),
        name: "run".to_owned(),
        settings: vec![("--rate".to_owned(), "8".to_owned())],
    }
}

/// Runs each worker of a fleet, and returns the results by number.
fn each<T: Send>(of: u32, does: impl Fn(&Fleet) -> T + Sync) -> Vec<T> {
    let address = free_address();
    scope(|scope| {
        let workers: Vec<_> = (0..of)
            .map(|rank| {
                let meeting = meeting(&address, rank, of);
                let does = &does;
                scope.spawn(move || does(&meeting.meet(|_| {}).expect("a fleet")))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    })
}

#[test]
fn workers_begin_together_and_hand_over_what_they_have() {
    let seen = each(4, |fleet| {
        let start = fleet.begin().expect("a start");
        let error_ns = fleet.clock_error_ns(&start).expect("an error");
        let parts = fleet.collect(&[fleet.share().rank() as u8]).expect("parts");
        let announced = fleet.announce(|| b"level".to_vec()).expect("a level");
        (start, error_ns, parts, announced, fleet.run())
    });
    let (first, ..) = &seen[0];
    for (start, error_ns, _, announced, run) in &seen {
        // The workers share a clock here, so their times of the common start can be compared.
        let apart = start.at.max(first.at) - start.at.min(first.at);
        assert!(nanoseconds(apart) <= *error_ns, "{apart:?} is more than {error_ns} ns");
        assert_eq!((&announced[..], *run), (&b"level"[..], seen[0].4));
    }
    let handed: Vec<(u32, &[u8])> = seen[0].2.iter().map(|part| (part.worker, &part.bytes[..])).collect();
    assert_eq!(handed, [(2, &[1u8][..]), (3, &[2]), (4, &[3])]);
    assert!(seen[1..].iter().all(|(_, _, parts, ..)| parts.is_empty()));
}

/// Returns the result of a meeting of two workers, the second of which differs.
fn of_two(second: impl FnOnce(&mut Meeting) + Send + 'static) -> (String, String) {
    let address = free_address();
    let first = spawn({
        let meeting = meeting(&address, 0, 2);
        move || meeting.meet(|_| {}).err()
    });
    let mut other = meeting(&address, 1, 2);
    other.patience = Duration::from_secs(5);
    second(&mut other);
    let second = other.meet(|_| {}).err();
    let said = |error: Option<FleetError>| error.expect("refused").to_string();
    (said(first.join().expect("no panic")), said(second))
}

#[test]
fn a_worker_with_other_settings_is_refused_on_both_sides() {
    let other = |meeting: &mut Meeting| meeting.settings[0].1 = "4".to_owned();
    for said in <[String; 2]>::from(of_two(other)) {
        assert!(said.contains("worker 2 was refused: --rate is `4` there and `8` on worker 1"), "{said}");
    }
    let more = |meeting: &mut Meeting| meeting.settings.push(("--seed".to_owned(), "1".to_owned()));
    assert!(of_two(more).0.contains("--seed is `1` there and not set on worker 1"));
    let of = |meeting: &mut Meeting| meeting.share = Share::of_rank(1, 3).expect("a part");
    assert!(of_two(of).0.contains("it is one of 3 workers, but this run has 2"));
}

#[test]
fn workers_that_do_not_come_are_named() {
    let mut alone = meeting(&free_address(), 0, 4);
    alone.patience = Duration::from_millis(50);
    let said = alone.meet(|_| {}).expect_err("alone").to_string();
    assert!(said.contains("workers 2, 3 and 4 of 4 did not connect"), "{said}");
    let mut without_first = meeting(&free_address(), 2, 4);
    without_first.patience = Duration::from_millis(50);
    let said = without_first.meet(|_| {}).expect_err("alone").to_string();
    assert!(said.contains("worker 1 of 4 was not reached at 127.0.0.1:"), "{said}");
}

#[test]
fn an_address_in_use_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let said = meeting(&address, 0, 2).meet(|_| {}).expect_err("taken").to_string();
    assert!(said.contains("cannot listen") && said.contains("--rendezvous"), "{said}");
}

#[test]
fn strangers_and_workers_of_another_run_do_not_disturb() {
    let address = free_address();
    let first: JoinHandle<_> = spawn({
        let meeting = meeting(&address, 0, 2);
        move || meeting.meet(|_| {}).map(|fleet| fleet.collect(&[]))
    });
    let stranger = || loop {
        if let Ok(stream) = TcpStream::connect(&address) {
            return stream;
        }
        sleep(Duration::from_millis(5));
    };
    stranger().write_all(b"GET / HTTP/1.1\r\n\r\n").expect("written");
    let mut other = meeting(&address, 1, 2);
    other.name = "another run".to_owned();
    let said = other.meet(|_| {}).expect_err("another run").to_string();
    assert!(said.contains("this is the run `run`, and not `another run`"), "{said}");
    let second = meeting(&address, 1, 2).meet(|_| {}).expect("a fleet");
    second.collect(b"part").expect("sent");
    let parts = first.join().expect("no panic").expect("a fleet").expect("parts");
    assert_eq!(parts[0].bytes, b"part");
}

#[test]
fn a_worker_that_goes_ends_the_others_and_is_named_to_all() {
    let said = each(3, |fleet| {
        fleet.begin().expect("a start");
        if fleet.share().rank() == 1 {
            return String::new();
        }
        while !fleet.is_stopped() {
            sleep(Duration::from_millis(5));
        }
        let error = match fleet.collect(&[]) {
            Ok(_) => fleet.announce(Vec::new).expect_err("a worker is gone"),
            Err(error) => error,
        };
        fleet.fail(&error.to_string());
        error.to_string()
    });
    assert!(said[0].starts_with("worker 2 (127.0.0.1) is gone"), "{}", said[0]);
    assert!(said[2].contains("has ended the run: worker 2 (127.0.0.1) is gone"), "{}", said[2]);
}

#[test]
fn what_a_worker_cannot_do_is_said_to_all() {
    let said = each(3, |fleet| {
        if fleet.share().rank() == 2 {
            fleet.fail("no weights");
        }
        let error = fleet.begin().expect_err("a worker cannot go on").to_string();
        fleet.fail(&error);
        error
    });
    assert!(said[0].contains("worker 3 (127.0.0.1) has ended the run: no weights"), "{}", said[0]);
    assert!(said[1].contains("no weights"), "{}", said[1]);
}

#[test]
fn the_end_by_one_person_is_the_end_of_all() {
    let told: [AtomicBool; 3] = Default::default();
    let told = Arc::new(told);
    each(3, |fleet| {
        let rank = fleet.share().rank() as usize;
        let own = Arc::clone(&told);
        fleet.stop_when(move || rank == 2, move || own[rank].store(true, Ordering::Relaxed));
        while !fleet.is_stopped() {
            sleep(Duration::from_millis(5));
        }
        // No worker is gone: results are handed over as usual.
        fleet.collect(&[]).expect("parts");
        fleet.announce(Vec::new).expect("a level");
    });
    // The worker on which the user ended the run does not need to be notified.
    assert_eq!([0, 1].map(|rank: usize| told[rank].load(Ordering::Relaxed)), [true, true]);
}
