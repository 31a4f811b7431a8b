//! Tests that any split of the same bytes gives the same events.

use proptest::prelude::*;

use super::*;

/// Splits `bytes` into pieces of these lengths, which repeat.
fn pieces<'a>(bytes: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    lengths.iter().cycle().map_while(move |length| {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn sse_events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let mut sse = Sse::default();
    let mut events = Vec::new();
    for piece in pieces {
        sse.bytes(piece, &mut |event| {
            events.push((event.kind.to_owned(), event.data.to_owned()));
            Ok(())
        })
        .expect("short events");
    }
    events
}

fn sse_of(text: &[u8]) -> Vec<(String, String)> {
    sse_events(std::iter::once(text))
}

fn lines_of<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut reader = JsonLines::default();
    let mut lines = Vec::new();
    let mut each = |line: &str| {
        lines.push(line.to_owned());
        Ok(())
    };
    pieces.for_each(|piece| reader.bytes(piece, &mut each).expect("short lines"));
    reader.end(&mut each).expect("a short line");
    lines
}

fn wav(declared: u32, samples: &[u8]) -> Vec<u8> {
    let mut bytes = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
    bytes.extend_from_slice(b"LIST\x03\0\0\0abc\0");
    bytes.extend_from_slice(b"fmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&22_050u32.to_le_bytes());
    bytes.extend_from_slice(&44_100u32.to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&declared.to_le_bytes());
    bytes.extend_from_slice(samples);
    bytes
}

/// Tests the examples of the standard, and its rules for line endings, comments and fields.
#[test]
fn events_are_those_of_the_standard() {
    let message = |data: &str| (String::new(), data.to_owned());
    type Case<'a> = (&'a [u8], Vec<(String, String)>);
    let cases: [Case<'_>; 12] = [
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", vec![message("YHOO\n+2\n10")]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
            vec![message("first event"), message("second event")],
        ),
        (b"data\n\ndata\ndata\n\ndata:\n", vec![message(""), message("\n")]),
        (b"data:test\n\ndata: test\n\n", vec![message("test"), message("test")]),
        (b"\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n", vec![message("a")]),
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", vec![message("a"), message("b"), message("c")]),
        (b"event: error\ndata: x\n\ndata: y\n\n", vec![("error".to_owned(), "x".to_owned()), message("y")]),
        (b"event: lost\n\ndata: y\n\n", vec![message("y")]),
        (b"retry: 10\nid: a\0b\nunknown: 1\ndata: z\n\n", vec![message("z")]),
        (b"data: not ended", vec![]),
        (b"data: a\ndatum: b\n data: c\n\n", vec![message("a")]),
        ("data: grüße\u{1F600}\n\n".as_bytes(), vec![message("grüße\u{1F600}")]),
    ];
    for (bytes, expected) in cases {
        assert_eq!(sse_of(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_carriage_return_ends_a_line_at_once() {
    let mut sse = Sse::default();
    let mut events = 0;
    let mut each = |_: SseEvent<'_>| {
        events += 1;
        Ok(())
    };
    sse.bytes(b"data: a\r\r", &mut each).expect("an event");
    sse.bytes(b"\n", &mut each).expect("nothing");
    assert_eq!(events, 1);
}

#[test]
fn an_event_without_an_end_is_refused() {
    let mut sse = Sse::default();
    let piece = vec![b'x'; 1 << 20];
    let grown = (0..=LONGEST_EVENT >> 20).try_for_each(|_| sse.bytes(&piece, &mut |_| Ok(())));
    assert_eq!(grown.map_err(|failure| failure.class), Err(Class::TooLarge));
}

#[test]
fn a_wav_file_that_declares_no_length_has_what_comes() {
    for declared in [0, u32::MAX, 0x7FFF_FFFF] {
        let mut stream = WavStream::default();
        assert_eq!(stream.bytes(&wav(declared, &[1; 9])), Ok(4));
        assert_eq!(stream.bytes(&[1]), Ok(1));
        assert_eq!(stream.end(), Ok(()));
    }
}

#[test]
fn a_wav_file_holds_what_it_declares() {
    let mut stream = WavStream::default();
    assert_eq!(stream.bytes(&wav(8, &[0, 1, 2, 3, 4, 5])), Ok(3));
    assert_eq!(stream.end().map_err(|failure| failure.class), Err(Class::Cut));
    assert_eq!(stream.bytes(&[6, 7, b'L', b'I', b'S', b'T']), Ok(1));
    assert_eq!(stream.end(), Ok(()));
    let refused = |bytes: &[u8]| WavStream::default().bytes(bytes).map_err(|failure| failure.class);
    assert_eq!(refused(b"<htm"), Err(Class::Malformed));
    let mut compressed = wav(8, &[]);
    compressed[12 + 12 + 8] = 2;
    assert_eq!(refused(&compressed), Err(Class::Malformed));
    assert_eq!(WavStream::default().end().map_err(|failure| failure.class), Err(Class::Empty));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_split_gives_the_same_events(
        text in "(\u{FEFF})?((data|event|id|:|ä|x)?(: ?)?[a-zé😀]{0,3}(\n|\r|\r\n)){0,12}",
        lengths in prop::collection::vec(1usize..7, 1..5),
    ) {
        let bytes = text.as_bytes();
        prop_assert_eq!(sse_events(pieces(bytes, &lengths)), sse_of(bytes));
    }

    #[test]
    fn any_split_gives_the_same_lines(
        text in "([a-zé]{0,4}(\n|\r\n)){0,8}[a-z]{0,3}",
        lengths in prop::collection::vec(1usize..7, 1..5),
    ) {
        let bytes = text.as_bytes();
        prop_assert_eq!(lines_of(pieces(bytes, &lengths)), lines_of(std::iter::once(bytes)));
    }

    #[test]
    fn any_split_gives_the_same_samples(
        samples in prop::collection::vec(any::<u8>(), 0..60),
        lengths in prop::collection::vec(1usize..7, 1..5),
        declares in any::<bool>(),
    ) {
        let bytes = wav(if declares { samples.len() as u32 } else { 0 }, &samples);
        let mut stream = WavStream::default();
        let sum: u64 = pieces(&bytes, &lengths).map(|piece| stream.bytes(piece).expect("WAV")).sum();
        prop_assert_eq!(sum, samples.len() as u64 / 2);
        prop_assert_eq!(stream.end(), Ok(()));
        let mut pcm = Pcm::new(PcmFormat::s16le(16_000));
        let sum: u64 = pieces(&samples, &lengths).map(|piece| pcm.bytes(piece)).sum();
        prop_assert_eq!(sum, samples.len() as u64 / 2);
        prop_assert_eq!(pcm.left_over(), samples.len() as u64 % 2);
    }
}

fn messages<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut reader = GrpcMessages::default();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut each = |message: &[u8]| {
            messages.push(message.to_vec());
            Ok(())
        };
        reader.bytes(piece, &mut each).expect("messages");
    }
    assert!(!reader.is_within());
    messages
}

proptest! {
    #[test]
    fn any_split_of_messages_gives_the_same(
        sent in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6),
        lengths in proptest::collection::vec(1usize..20, 1..9),
    ) {
        let bytes: Vec<u8> = sent.iter().flat_map(|message| framed(message)).collect();
        prop_assert_eq!(messages(pieces(&bytes, &lengths)), sent);
    }
}

#[test]
fn messages_that_are_compressed_or_endless_are_refused() {
    let class =
        |bytes: &[u8]| GrpcMessages::default().bytes(bytes, &mut |_| Ok(())).map_err(|error| error.class);
    assert_eq!(class(b"\x01\0\0\0\x01x"), Err(Class::Compressed));
    assert_eq!(class(b"\0\xff\xff\xff\xff"), Err(Class::TooLarge));
    let mut cut = GrpcMessages::default();
    cut.bytes(b"\0\0\0\0\x02x", &mut |_| panic!("it is not whole")).expect("the beginning of a message");
    assert!(cut.is_within());
}
