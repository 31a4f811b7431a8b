//! Tests that damage is found, and that reading leaves a store unchanged.

use super::*;

/// Returns a closed store with one run.
fn stored() -> File {
    let place = File::new();
    let mut run = record("r1", 1, &[("unit/a", 1.0)]);
    run.environment.os = Some("Linux".to_owned());
    place.open().add(&run).expect("added");
    place
}

fn read(place: &File) -> Result<Store, StoreError> {
    Store::open_to_read(&Location::File(place.path()))
}

#[test]
fn every_row_that_follows_from_a_record_is_compared_with_it() {
    for change in [
        "UPDATE series SET unit = 'ms' WHERE metric = 'time'",
        "UPDATE series SET better = 'higher' WHERE metric = 'time'",
        "UPDATE series SET case_id = 'unit/b'",
        "UPDATE series SET cpu = 'd'",
        "UPDATE run SET timestamp = '2026-01-03T01:00:00Z'",
        "UPDATE run SET revision = 'another'",
        "UPDATE run SET revision = NULL",
        "UPDATE point SET value = value + 1e-9",
        "UPDATE circumstance SET value = value || 'x'",
    ] {
        let place = stored();
        let mut store = place.open();
        assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
        store.database.batch(change).expect("changed");
        let found = store.verify().expect("readable");
        assert!(found.iter().any(|line| line.starts_with("r1: ")), "{change}: {found:?}");
    }
}

#[test]
fn a_flipped_bit_of_a_record_is_found() {
    let place = stored();
    let mut store = place.open();
    let rows = store.database.query("SELECT record FROM run", &[]).expect("readable");
    let packed = rows.into_iter().flatten().next().and_then(Value::into_bytes).expect("a record");
    let original = store.record("r1").expect("readable");
    let mut harmless = 0;
    for place in (10..packed.len()).step_by(7) {
        let mut bytes = packed.clone();
        bytes[place] ^= 0x10;
        store.database.execute("UPDATE run SET record = $1", &[Value::Bytes(bytes)]).expect("changed");
        // Some bits fill the last byte of the packed data, and mean nothing.
        let is_known = !store.verify().expect("readable").is_empty();
        let is_harmless = store.record("r1").is_ok_and(|record| record == original);
        assert!(is_known || is_harmless, "byte {place} of {}", packed.len());
        harmless += usize::from(is_harmless);
    }
    assert!(harmless <= 1, "{harmless}");
}

#[test]
fn a_file_that_was_cut_is_told_and_not_written_over() {
    for length in [0, 1, 100] {
        let place = stored();
        let whole = std::fs::read(place.path()).expect("file");
        std::fs::write(place.path(), &whole[..length]).expect("cut");
        let error = read(&place).map(|_| ()).expect_err("cut").to_string();
        assert!(error.contains("bench store rebuild"), "{length}: {error}");
        let error = Store::open_existing(&Location::File(place.path())).map(|_| ()).expect_err("cut");
        assert!(matches!(error, StoreError::Corrupt { .. }), "{length}: {error}");
        assert_eq!(std::fs::read(place.path()).expect("file"), &whole[..length], "written over");
        // A process that was killed before it wrote the first row leaves an empty file.
        assert_eq!(place.try_open().is_ok(), length == 0, "{length}");
    }
}

#[test]
fn reading_neither_makes_nor_changes_a_store() {
    let place = File::new();
    assert!(read(&place).is_err());
    assert!(!place.path().exists(), "made");
    let place = stored();
    place.open().migrate_to(NEWEST - 1).expect("an older one");
    let before = std::fs::read(place.path()).expect("file");
    let error = read(&place).map(|_| ()).expect_err("older").to_string();
    assert!(error.contains("bench store add"), "{error}");
    assert_eq!(std::fs::read(place.path()).expect("file"), before, "changed");
    drop(Store::open_existing(&Location::File(place.path())).expect("brought up to date"));
    let mut store = read(&place).expect("a store");
    assert_eq!(store.runs().expect("runs").len(), 1);
    assert!(store.add(&record("r2", 2, &[("unit/a", 1.0)])).is_err(), "it is only read");
}

pub(super) fn what_people_said_carries_a_checksum(place: &dyn Place) {
    let mut store = place.open();
    store.add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    let [text, at, author] = ["unit/a", "2026-02-01T00:00:00Z", "me"].map(str::to_owned);
    store
        .accept(&Acceptance {
            case: text.clone(),
            run: "r1".to_owned(),
            at: at.clone(),
            author: author.clone(),
            reason: "meant".to_owned(),
        })
        .expect("kept");
    let run = "r1".to_owned();
    let baseline = Baseline { name: "release".to_owned(), run, at: at.clone(), author: author.clone() };
    store.set_baseline(&baseline).expect("kept");
    let renaming = Renaming { old: text.clone(), new: "unit/b".to_owned(), at: at.clone(), author };
    store.keep_renaming(&renaming).expect("kept");
    let told = Told {
        recipient: "chat".to_owned(),
        case: text,
        metric: "time".to_owned(),
        machine: "m".to_owned(),
        run: "r1".to_owned(),
        at,
    };
    store.keep_told(&told).expect("kept");
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    // Rows of a store from before there were checksums are taken as they are.
    store.migrate_to(7).expect("down");
    store.migrate_to(NEWEST).expect("up");
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    for (table, change) in [
        ("acceptance", "UPDATE acceptance SET reason = 'meanT'"),
        ("acceptance", "UPDATE acceptance SET author = 'mem', reason = 'eant'"),
        ("baseline", "UPDATE baseline SET run = 'r2'"),
        ("baseline", "UPDATE baseline SET id = 7"),
        ("renaming", "UPDATE renaming SET new_id = 'unit/c'"),
        ("told", "UPDATE told SET run = 'r2'"),
        ("told", "UPDATE told SET checksum = checksum + 1"),
    ] {
        let before = store.database.query(&format!("SELECT * FROM {table}"), &[]).expect("readable");
        store.database.batch(change).expect("changed");
        let found = store.verify().expect("readable");
        let named = format!("a row of the table `{table}` has changed since it was written: ");
        assert!(found.len() == 1 && found[0].starts_with(&named), "{change}: {found:?}");
        store.database.batch(&format!("DELETE FROM {table}")).expect("emptied");
        let places: Vec<String> = (1..=before[0].len()).map(|number| format!("${number}")).collect();
        let back = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
        store.database.execute(&back, &before[0]).expect("put back");
        assert_eq!(store.verify().expect("readable"), Vec::<String>::new(), "{change}");
    }
}
