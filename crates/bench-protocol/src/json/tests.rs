use proptest::prelude::*;

use super::*;

fn error(text: &str) -> String {
    Json::parse(text).expect_err(text).to_string()
}

#[test]
fn what_is_not_json_is_refused() {
    for (text, said) in [
        ("", "expected a JSON value, found the end at byte 0"),
        ("nul", "expected a JSON value, found 'n' at byte 0"),
        ("{\"a\" 1}", "expected `:`, found '1' at byte 5"),
        ("{a: 1}", "expected the name of a field in quotes, found 'a' at byte 1"),
        ("{\"a\": 1,}", "expected the name of a field in quotes, found '}' at byte 8"),
        ("[1, 2", "expected `,` or `]`, found the end at byte 5"),
        ("[1 2]", "expected `,` or `]`, found '2' at byte 3"),
        ("[1,]", "expected a JSON value, found ']' at byte 3"),
        ("1 2", "expected nothing after the value, found '2' at byte 2"),
        ("01", "expected nothing after the value, found '1' at byte 1"),
        ("1.", "expected a digit, found the end at byte 2"),
        (".5", "expected a JSON value, found '.' at byte 0"),
        ("+1", "expected a JSON value, found '+' at byte 0"),
        ("1e", "expected a digit, found the end at byte 2"),
        ("-", "expected a digit, found the end at byte 1"),
        ("NaN", "expected a JSON value, found 'N' at byte 0"),
        ("\"a", "expected the end of the string, `\"`, found the end at byte 2"),
        ("\"a\nb\"", "expected the end of the string, `\"`, found '\\n' at byte 2"),
        ("\"\\x\"", "expected an escape, such as `\\n`, found 'x' at byte 2"),
        ("\"\\u12g4\"", "expected a hexadecimal digit, found 'g' at byte 5"),
        ("\"\\ud800\"", "expected the second half of a surrogate pair, found '\"' at byte 7"),
        (
            "\"\\ud800\\u0041\"",
            "expected the second half of a surrogate pair before this, found '\"' at byte 13",
        ),
        ("\"\\udc00\"", "expected the first half of a surrogate pair before this, found '\"' at byte 7"),
    ] {
        assert_eq!(error(text), said, "{text}");
    }
    assert_eq!(
        from_bytes::<bool>(b"\"a\xff\"").expect_err("not UTF-8").to_string(),
        "expected UTF-8, found an invalid byte at offset 2"
    );
}

#[test]
fn depth_is_limited_and_the_stack_is_safe() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Json::parse(&nested(DEEPEST)).is_ok());
    assert!(error(&nested(DEEPEST + 1)).starts_with("values nest deeper than 128"));
    assert!(error(&"[".repeat(10_000_000)).starts_with("values nest deeper than 128"));
    // Arrays next to each other are not nested.
    assert!(Json::parse(&format!("[{}[]]", "[],".repeat(1000))).is_ok());
}

#[test]
fn numbers_keep_their_digits() {
    for number in [0, 1, (1 << 53) + 1, u64::MAX - 1, u64::MAX] {
        assert_eq!(from_text::<u64>(&to_text(&number)), Ok(number));
    }
    for text in ["-1", "1.0", "1e3", "18446744073709551616", "\"1\"", "null", "true"] {
        let error = from_text::<u64>(text).expect_err(text).to_string();
        assert!(error.starts_with("expected a whole number from 0 to 2^64 - 1, found "), "{error}");
    }
    assert!(from_text::<u32>("4294967296").is_err());
    assert_eq!(from_text::<f64>("3"), Ok(3.0));
    assert!(from_text::<f64>("1e999").is_err());
    assert_eq!(to_text(&f64::NAN), "null");
    assert_eq!(to_text(&f64::INFINITY), "null");
}

#[test]
fn errors_name_the_field() {
    let json = Json::parse(r#"{"a": {"b": "text"}, "twice": 1, "twice": 2}"#).expect("JSON");
    let members = Members::of(&json).expect("an object");
    assert_eq!(members.get::<u64>("c").expect_err("absent").to_string(), "missing field `c`");
    assert_eq!(members.get::<Option<u64>>("c"), Ok(None));
    assert_eq!(members.get_or_default::<u64>("c"), Ok(0));
    let error = members.get::<u64>("a").expect_err("an object").to_string();
    assert_eq!(error, "`a`: expected a whole number from 0 to 2^64 - 1, found an object");
    let error = members.get::<u64>("twice").expect_err("twice").to_string();
    assert_eq!(error, "the field `twice` appears twice");
}

#[test]
fn text_for_people_is_what_serde_json_writes() {
    let text = r#"{"a":[],"b":{},"c":[1,{"d":null}],"e":"x\ny"}"#;
    let expected = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": null\n    }\n  ],\n  \"e\": \"x\\ny\"\n}";
    assert_eq!(pretty(text).expect("JSON"), expected);
}

/// Any JSON, as serde_json holds it.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn both_read_what_the_other_writes(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
            let json = Json::parse(&text).expect("JSON");
            let again: serde_json::Value = serde_json::from_str(&to_text(&json)).expect("JSON");
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(pretty(&text).expect("JSON"), serde_json::to_string_pretty(&value).expect("JSON"));
        }
    }

    #[test]
    fn any_text_is_accepted_by_both_or_by_neither(text in "[\\[\\]{}\",:0-9eE.+\\-a-fnrtulse\\\\ \n]{0,24}") {
        let ours = Json::parse(&text);
        // Both accept an object in which a name occurs twice; numbers that exceed an `f64` are text for us.
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let out_of_range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert!(ours.is_ok() == theirs.is_ok() || out_of_range, "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn numbers_and_text_round_trip(number in any::<f64>(), text in any::<String>()) {
        prop_assume!(number.is_finite());
        prop_assert_eq!(from_text::<f64>(&to_text(&number)).map(f64::to_bits), Ok(number.to_bits()));
        prop_assert_eq!(from_text::<String>(&to_text(&text)), Ok(text.clone()));
        prop_assert_eq!(serde_json::from_str::<String>(&to_text(&text)).expect("JSON"), text);
    }

    #[test]
    fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = from_bytes::<crate::Frame>(&bytes);
    }
}
