//! Decodes text of files that other programs have written.

/// Returns the text of a file in UTF-8, or in UTF-16 with a byte order mark, as PowerShell writes it; without the mark.
///
/// ```
/// # use bench_syntax::encoding::decoded;
/// assert_eq!(decoded(b"\xEF\xBB\xBFa"), Ok("a".to_owned()));
/// assert_eq!(decoded(b"\xFF\xFEa\0"), Ok("a".to_owned()));
/// assert!(decoded(b"a\xFF").is_err());
/// ```
///
/// # Errors
/// A description of the actual content, to be printed after the name of the file.
pub fn decoded(bytes: &[u8]) -> Result<String, String> {
    let of_pairs = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        text.ok_or_else(|| "it begins like UTF-16, but is not UTF-16 text".to_owned())
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => of_utf8(rest),
        [0xFF, 0xFE, rest @ ..] => of_pairs(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => of_pairs(rest, u16::from_be_bytes),
        _ => of_utf8(bytes),
    }
}

fn of_utf8(bytes: &[u8]) -> Result<String, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            Err(format!("it is not UTF-8 text: line {line} contains other bytes"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_bytes_are_read_and_what_is_torn_is_told() {
        assert_eq!(decoded(b"\xFE\xFF\0a\x20\xAC"), Ok("a€".to_owned()));
        assert_eq!(decoded(b""), Ok(String::new()));
        assert!(decoded(b"\xFF\xFEa").is_err() && decoded(b"\xFF\xFE\0\xD8").is_err());
        assert_eq!(decoded(b"a\nb\xFF"), Err("it is not UTF-8 text: line 2 contains other bytes".to_owned()));
    }
}
