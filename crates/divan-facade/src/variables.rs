//! The environment variables of divan.

use std::str::FromStr;
use std::time::Duration;

use crate::counter::{BytesCount, CharsCount, Counters, CyclesCount, ItemsCount};
use crate::options::Options;

/// The prefix of all variables. It is joined to the rest at run time: the `bench` command recognizes an executable of divan
/// itself by the text `DIVAN_SAMPLE_COUNT`, and measures it in another way.
const PREFIX: &str = "DIVAN_";

/// Reads the variables that have an effect here. `value` returns the value of a variable, or `None` if it is not set.
///
/// # Errors
/// If a value cannot be read.
pub(crate) fn options(value: impl Fn(&str) -> Option<String>) -> Result<Options, String> {
    let value = |name: &str| value(&format!("{PREFIX}{name}"));
    let number = |name: &str| read::<u64>(&value, name, "a whole number");
    let seconds = |name: &str| {
        let seconds = read::<f64>(&value, name, "a number of seconds")?;
        let wrong = |_| format!("{PREFIX}{name} is not a time: expected a number of seconds, such as 1.5");
        seconds.map(Duration::try_from_secs_f64).transpose().map_err(wrong)
    };
    let mut counters = Counters::default();
    if let Some(count) = number("ITEMS_COUNT")? {
        counters = counters.with(ItemsCount::new(count));
    }
    if let Some(count) = number("BYTES_COUNT")? {
        counters = counters.with(BytesCount::new(count));
    }
    if let Some(count) = number("CHARS_COUNT")? {
        counters = counters.with(CharsCount::new(count));
    }
    if let Some(count) = number("CYCLES_COUNT")? {
        counters = counters.with(CyclesCount::new(count));
    }
    let threads = value("THREADS").map(|list| {
        list.split(',').map(|count| parsed("THREADS", count, "numbers with commas between them")).collect()
    });
    Ok(Options {
        sample_count: read(&value, "SAMPLE_COUNT", "a whole number")?,
        threads: threads.transpose()?,
        counters,
        min_time: seconds("MIN_TIME")?,
        max_time: seconds("MAX_TIME")?,
        ..Options::default()
    })
}

fn read<T: FromStr>(
    value: &impl Fn(&str) -> Option<String>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, String> {
    value(name).map(|text| parsed(name, &text, expected)).transpose()
}

fn parsed<T: FromStr>(name: &str, text: &str, expected: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("{PREFIX}{name} is `{text}`: expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &'static str, value: &'static str) -> Result<Options, String> {
        options(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn what_is_set_is_read() {
        let read = |name, value| of(name, value).expect("a value");
        assert_eq!(read("DIVAN_SAMPLE_COUNT", "7").sample_count, Some(7));
        assert_eq!(read("DIVAN_THREADS", "0,4").threads, Some(vec![0, 4]));
        assert_eq!(read("DIVAN_MAX_TIME", "0.25").max_time, Some(Duration::from_millis(250)));
        assert_eq!(read("DIVAN_BYTES_COUNT", "9").counters, Counters::default().with(BytesCount::new(9_u8)));
        assert_eq!(read("OTHER", "x"), Options::default());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (name, value, said) in [
            ("DIVAN_SAMPLE_COUNT", "many", "DIVAN_SAMPLE_COUNT is `many`: expected a whole number"),
            ("DIVAN_THREADS", "1,x", "expected numbers with commas"),
            ("DIVAN_MIN_TIME", "-1", "expected a number of seconds, such as 1.5"),
        ] {
            let error = of(name, value).expect_err(name);
            assert!(error.contains(said), "{error}");
        }
    }
}
