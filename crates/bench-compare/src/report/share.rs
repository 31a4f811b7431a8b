//! Shares in percent.

/// A relative change: two decimals where it is small enough to need them.
pub(super) fn change(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 9.995 { format!("{percent:+.2} %") } else { format!("{percent:+.0} %") }
}

/// A share that a person has given, in percent: as they wrote it, without the dust of binary fractions.
pub(super) fn setting(share: f64) -> String {
    let percent = share * 100.0;
    format!("{} %", format!("{percent:.9}").trim_end_matches('0').trim_end_matches('.'))
}
