//! Tests files as the original programs write them, and damaged files.

use std::io::BufReader;

use proptest::prelude::*;

use super::*;

fn parsed(format: Format, text: &str) -> Result<Dataset, String> {
    // A buffer of three bytes splits the file everywhere.
    read_from(BufReader::with_capacity(3, text.as_bytes()), format, 1, Most::default())
}

/// Returns the number of tokens of each input, and of its answer.
fn lengths(dataset: &Dataset) -> Vec<(u64, Option<u64>)> {
    let tokens = |input: &Input| match &input.content {
        Content::Words(words) => words.tokens(),
        _ => 0,
    };
    dataset.inputs.iter().map(|input| (tokens(input), input.max_tokens)).collect()
}

#[test]
fn azure_traces_have_dates() {
    let text = "\u{FEFF}TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
                2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0300000,110,27\r\n";
    let dataset = parsed(Format::Azure, text).expect("a trace");
    assert_eq!(lengths(&dataset), [(4808, Some(10)), (110, Some(27))]);
    let arrivals = dataset.arrivals.expect("times");
    assert!(arrivals[0] == 0.0 && (arrivals[1] - 0.05004).abs() < 1e-5, "{arrivals:?}");
}

#[test]
fn burst_gpt_leaves_out_what_was_not_answered() {
    let text = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n\
                5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,0,1087,API log\n118,GPT-4,417,276,693,API log\n";
    let dataset = parsed(Format::BurstGpt, text).expect("a trace");
    assert_eq!(lengths(&dataset), [(472, Some(18)), (417, Some(276))]);
    assert_eq!((dataset.arrivals, dataset.left_out), (Some(vec![0.0, 113.0]), 1));
}

#[test]
fn mooncake_traces_share_what_their_blocks_share() {
    let text = "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 52, \"hash_ids\": [46, 47]}\n\
                {\"timestamp\": 250, \"input_length\": 700, \"output_length\": 9, \"hash_ids\": [46, 48]}\n";
    let dataset = parsed(Format::Mooncake, text).expect("a trace");
    assert_eq!(lengths(&dataset), [(600, Some(52)), (700, Some(9))]);
    assert_eq!(dataset.arrivals, Some(vec![0.0, 0.25]));
    let text = |at: usize| dataset.inputs[at].content.text().into_owned();
    let common = text(0).iter().zip(text(1)).take_while(|(one, other)| **one == *other).count();
    // "The" and 511 words; the words after them may begin alike.
    assert!((3 + 511 * 6..3 + 511 * 6 + 6).contains(&common), "{common}");
}

#[test]
fn json_lines_hold_prompts_and_conversations() {
    let text = "{\"prompt\":\"hi\",\"output_len\":5}\n{\"text_input\":\"ho\",\"model\":\"x\"}\n\n{\"prompt\":\" \"}\n\
                {\"messages\":[{\"role\":\"user\",\"content\":\"he\"}]}";
    let dataset = parsed(Format::Jsonl, text).expect("prompts");
    assert_eq!(dataset.inputs[0], Input::of("hi").answered_by(Some(5)));
    assert_eq!(dataset.inputs[1], Input::of("ho"));
    assert!(matches!(&dataset.inputs[2].content, Content::Messages(messages) if messages.len() == 1));
    assert_eq!((dataset.inputs.len(), dataset.left_out, dataset.arrivals), (3, 1, None));
}

#[test]
fn share_gpt_asks_first_questions() {
    let long = "x".repeat(5000);
    let text = format!(
        "[{{\"id\":\"a\",\"conversations\":[{{\"from\":\"human\",\"value\":\"Why is the sky blue?\"}},\
         {{\"from\":\"gpt\",\"value\":\"Because of Rayleigh scattering.\"}},{{\"from\":\"human\",\"value\":\"x\"}}]}},\
         {{\"conversations\":[]}},{{\"conversations\":[{{\"value\":\"{long}\"}},{{\"value\":\"yes yes yes yes\"}}]}}]"
    );
    let dataset = parsed(Format::ShareGpt, &text).expect("conversations");
    assert_eq!(dataset.inputs, [Input::of("Why is the sky blue?").answered_by(Some(8))]);
    assert_eq!(dataset.left_out, 2);
    // After the last requested row, the file is not read.
    let one = Most { requests: Some(1), seconds: None };
    let torn = text.replace("{\"conversations\":[]}", "!");
    assert_eq!(read_from(torn.as_bytes(), Format::ShareGpt, 1, one).expect("one").inputs.len(), 1);
    assert!(parsed(Format::ShareGpt, &torn).expect_err("torn").starts_with("line 1: expected an array"));
}

#[test]
fn what_is_wrong_with_a_trace_is_said_with_its_line() {
    let azure = |rows: &str| {
        parsed(Format::Azure, &format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}")).expect_err("wrong")
    };
    assert!(azure("1,2,3\n0.5,2,3").contains("line 3: it comes 0.500000 s before the line above"));
    assert!(azure("-1,2,3").contains("line 2: -1 s is not a time"));
    assert!(azure("NaN,2,3").starts_with("line 2: NaN"));
    assert!(
        azure("0,25,2,3").contains("line 2: it has 4 cells, and the header names 3: if numbers have decimal")
    );
    assert!(azure("0.5,2.5,3").contains("line 2: `2.5` in `contexttokens` is not a number of tokens"));
    assert!(azure("0.5,-2,3").contains("line 2: `-2`"));
    assert!(azure("0.5").contains("line 2: `` in `contexttokens`"));
    assert!(azure("soon,1,2").contains("line 2: `soon` is not a time"));
    assert_eq!(azure(""), "it contains no request");
    assert!(azure("1,0,5\n2,5,0").contains("none of its 2 rows"));
    let european =
        parsed(Format::Azure, "TIMESTAMP;ContextTokens;GeneratedTokens\n0,25;1;2").expect_err("wrong");
    assert_eq!(european, "line 2: `0,25` has a decimal comma: write a point, as in 0.25");
    let other = parsed(Format::Azure, "time,in,out\n1,2,3").expect_err("another trace");
    assert!(other.starts_with("line 1: a trace of the format `azure` has a column `timestamp`"), "{other}");
    let json =
        |line: &str| parsed(Format::Jsonl, &format!("{{\"prompt\":\"a\"}}\n{line}")).expect_err("wrong");
    assert!(json("{\"timestamp\": 1,5, \"prompt\":\"a\"}").contains("line 2: key must be a string"));
    assert!(json("{\"timestamp\": 1,5, \"prompt\":\"a\"}").contains("decimal comma"));
    assert!(json("{\"answer\":\"a\"}").starts_with("line 2: expected `prompt`"));
    assert!(json("[1]").starts_with("line 2: expected a JSON object"));
    assert!(json("{\"prompt\":\"a\",\"timestamp\":5}").contains("line 2: some rows have a time"));
}

#[test]
fn plain_times_are_seconds() {
    let dataset = parsed(Format::Times, "# made by hand\ntime_s,what\n1.5,a\n1.5,b\n2,c\n").expect("times");
    assert_eq!((dataset.arrivals, dataset.inputs.len()), (Some(vec![0.0, 0.0, 0.5]), 0));
    let wrong = |text: &str| parsed(Format::Times, text).expect_err("wrong");
    assert!(wrong("time_ms\n1\n").contains("line 1: the column `time_ms` is in ms"));
    assert!(wrong("0,25\n0,50\n").contains("line 1: `0,25` may be one number with a decimal comma"));
    assert!(wrong("t\n0.5\n0.5\n").contains("all 2 arrivals are at the same time"));
}

#[test]
fn ten_million_rows_are_read_as_far_as_they_are_wanted() {
    /// An endless file, generated as it is read.
    struct Endless {
        row: u64,
        line: Vec<u8>,
        at: usize,
    }
    impl std::io::Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.at == self.line.len() {
                self.line = match self.row {
                    0 => b"Timestamp,Request tokens,Response tokens\n".to_vec(),
                    10_000_000.. => Vec::new(),
                    row => format!("{row},10,10\n").into_bytes(),
                };
                self.row += 1;
                self.at = 0;
            }
            let count = into.len().min(self.line.len() - self.at);
            into[..count].copy_from_slice(&self.line[self.at..self.at + count]);
            self.at += count;
            Ok(count)
        }
    }
    let read = |most: Most| {
        let rows = Endless { row: 0, line: Vec::new(), at: 0 };
        read_from(BufReader::new(rows), Format::BurstGpt, 1, most)
    };
    assert_eq!(read(Most { requests: Some(700), seconds: None }).expect("some").inputs.len(), 700);
    assert_eq!(read(Most { requests: None, seconds: Some(99.5) }).expect("some").inputs.len(), 100);
    let all = read(Most::default()).expect_err("too many");
    assert!(
        all.starts_with("line 1000002: more than 1000000 requests: limit their number with --requests"),
        "{all}"
    );
}

proptest! {
    #[test]
    fn no_file_makes_a_reader_panic(text in "\\PC*|[0-9,;.\n\t\"{}\\[\\]:-]*", number in 0usize..7) {
        let _ = parsed(Format::ALL[number], &text);
        let _ = parsed(Format::Azure, &format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{text}"));
    }

    #[test]
    fn any_split_of_a_file_reads_alike(
        rows in proptest::collection::vec((0.0f64..1e6, 1u64..5000, 1u64..500), 1..20), capacity in 1usize..64
    ) {
        let mut rows = rows;
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut text = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n".to_owned();
        for (at, input, output) in &rows {
            text.push_str(&format!("{at},{input},{output}\r\n"));
        }
        let whole = read_from(text.as_bytes(), Format::Azure, 1, Most::default());
        let split = read_from(BufReader::with_capacity(capacity, text.as_bytes()), Format::Azure, 1, Most::default());
        prop_assert_eq!(&whole, &split);
        let expected: Vec<(u64, Option<u64>)> = rows.iter().map(|row| (row.1, Some(row.2))).collect();
        prop_assert_eq!(lengths(&whole.expect("a trace")), expected);
    }
}

#[test]
fn the_format_of_a_file_is_told_by_name_and_beginning() {
    for (name, beginning, expected) in [
        ("a.txt", "{\"prompt\":1}", Format::Lines),
        ("a.jsonl", "{\"prompt\":\"x\"}", Format::Jsonl),
        ("a.jsonl", "{\"timestamp\":0,\"input_length\":5}", Format::Mooncake),
        ("a.json", "\u{FEFF} [{\"id\":1}]", Format::ShareGpt),
        ("a.CSV", "TIMESTAMP,ContextTokens,GeneratedTokens", Format::Azure),
        ("a.csv", "Timestamp,Model,Request tokens,Response tokens", Format::BurstGpt),
        ("a.csv", "0.5\n", Format::Times),
        ("a", "x", Format::Lines),
    ] {
        assert_eq!(Format::of_file(Path::new(name), beginning.as_bytes()), expected, "{name} {beginning}");
    }
    assert_eq!("sharegpt".parse(), Ok(Format::ShareGpt));
    assert!("parquet".parse::<Format>().expect_err("unknown").contains("mooncake"));
}

#[test]
fn lengths_that_are_asked_for_are_made() {
    let input: Lengths = "100-200".parse().expect("lengths");
    let output = Some(Lengths::Exactly(7));
    let wanted = Wanted { input, output, prefix: Some((50, 2)), per_word: 1.0, seed: 3 };
    let (measured, warm_up) = made(&wanted, 10);
    assert_eq!((measured.len(), warm_up.len()), (10, 10));
    for input in measured.iter().chain(&warm_up) {
        assert_eq!(input.max_tokens, Some(7));
        assert!(matches!(&input.content, Content::Words(words) if (150..=250).contains(&words.tokens())));
    }
    assert!(measured.iter().all(|one| !warm_up.contains(one)));
    // A server that splits each word into two tokens is sent half as many words.
    let (halves, _) = made(&Wanted { input: Lengths::Exactly(90), prefix: None, per_word: 2.0, ..wanted }, 1);
    assert!(matches!(&halves[0].content, Content::Words(words) if words.tokens() == 45));
}
