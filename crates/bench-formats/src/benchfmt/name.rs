//! Quotes names within a line.

/// Quotes a name: white space, which would end it, control characters and `%` become `%XX` for each byte of their
/// UTF-8.
pub(super) fn quote(name: &str) -> String {
    let mut quoted = String::new();
    for c in name.chars() {
        if c == '%' || c.is_whitespace() || c.is_control() {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).bytes();
            quoted.extend(bytes.map(|byte| format!("%{byte:02X}")));
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// Returns the name that was quoted. Other uses of `%` stay unchanged.
pub(super) fn unquote(quoted: &str) -> String {
    let bytes = quoted.as_bytes();
    let (mut name, mut place) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(place) {
        let hex = |digit: Option<&u8>| char::from(*digit?).to_digit(16);
        match (byte, hex(bytes.get(place + 1)), hex(bytes.get(place + 2))) {
            (b'%', Some(high), Some(low)) => {
                name.push((16 * high + low) as u8);
                place += 3;
            }
            _ => {
                name.push(*byte);
                place += 1;
            }
        }
    }
    String::from_utf8(name).unwrap_or_else(|_| quoted.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_stands_in_a_line_and_comes_back(name in "\\PC*|[ %a-f0-9\n\t\u{1}ü]*") {
            let quoted = quote(&name);
            prop_assert!(!quoted.contains(|c: char| c.is_whitespace() || c.is_control()));
            prop_assert_eq!(unquote(&quoted), name);
        }
    }

    #[test]
    fn names_of_others_stay() {
        for name in ["Fib/n=20", "100%", "%zz", "%FF"] {
            assert_eq!(unquote(name), name);
        }
    }
}
