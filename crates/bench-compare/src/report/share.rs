//! Formats shares in percent.

/// Formats a relative change, with two decimals if it is below 10 %.
pub(super) fn change(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 9.995 { format!("{percent:+.2} %") } else { format!("{percent:+.0} %") }
}

/// Formats a share that the user has given, in percent: as written, without the error of binary fractions.
pub(super) fn setting(share: f64) -> String {
    let percent = share * 100.0;
    format!("{} %", format!("{percent:.9}").trim_end_matches('0').trim_end_matches('.'))
}
