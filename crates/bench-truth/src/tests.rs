//! Checks the server in cases for which the client cannot be relied on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;

fn connect(server: &Truth) -> TcpStream {
    TcpStream::connect(server.address).expect("a connection")
}

/// Reads everything until the server closes the connection.
fn all(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("read");
    all
}

const REQUEST: &[u8] = b"POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi";

#[test]
fn requests_in_pieces_and_several_in_one_are_all_seen() {
    let server = Truth::start(|asked| {
        let last = if asked.number == 2 { vec![Act::Close] } else { vec![] };
        [vec![Act::Send(format!("<{}>", asked.number).into_bytes())], last].concat()
    });
    let mut stream = connect(&server);
    let three = [REQUEST, REQUEST, REQUEST].concat();
    for piece in [&three[..10], &three[10..50], &three[50..]] {
        stream.write_all(piece).expect("written");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(all(stream), b"<0><1><2>");
    assert!(server.asked().iter().all(|asked| asked.body == b"hi" && asked.path() == "/a"));
    assert_eq!(server.connections(), 1);
}

#[test]
fn an_answer_that_does_not_fit_into_the_socket_comes_whole() {
    let large = vec![b'x'; 20 << 20];
    let server = Truth::start(move |_| vec![Act::Send(large.clone()), Act::Close]);
    let mut stream = connect(&server);
    stream.write_all(REQUEST).expect("written");
    // The socket is full by now.
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(server.sent(), []);
    assert_eq!(all(stream).len(), 20 << 20);
    assert_eq!(server.sent().len(), 1);
}

#[test]
fn one_thread_keeps_the_times_of_many_streams() {
    let gap = Duration::from_millis(20);
    let server = Truth::start(move |_| {
        let token = |number: u32| [Act::WaitUntil(gap * number), Act::Send(b"x".to_vec())];
        (1..=3).flat_map(token).chain([Act::Hold]).collect()
    });
    let mut streams: Vec<TcpStream> = (0..50).map(|_| connect(&server)).collect();
    let began = Instant::now();
    for stream in &mut streams {
        stream.write_all(REQUEST).expect("written");
        // Further bytes must not end a wait.
        stream.write_all(b"GET").expect("written");
    }
    assert!(streams.iter_mut().all(|stream| stream.read_exact(&mut [0; 3]).is_ok()));
    // The last write is recorded after its bytes have arrived.
    let all_sent = || server.sent().len() == 150;
    assert!(std::iter::repeat_n((), 1000).any(|()| {
        std::thread::sleep(Duration::from_millis(5));
        all_sent()
    }));
    for request in 0..50 {
        let sent = server.sent();
        let at = sent.iter().filter(|sent| sent.request == request).map(|sent| sent.at);
        assert!(at.zip(1..).all(|(at, number)| at - began >= gap * number));
    }
}

#[test]
fn what_was_sent_is_lost_with_a_reset_and_not_with_a_close() {
    let reset = Truth::start(|_| vec![Act::Reset]);
    let mut stream = connect(&reset);
    stream.write_all(REQUEST).expect("written");
    assert!(stream.read(&mut [0; 1]).is_err());
    let held = Truth::start(|_| vec![Act::Send(b"x".to_vec()), Act::Hold]);
    let mut stream = connect(&held);
    stream.write_all(REQUEST).expect("written");
    stream.read_exact(&mut [0; 1]).expect("sent");
    stream.write_all(REQUEST).expect("taken and dropped");
    assert_eq!(held.asked().len(), 1);
    // Dropping the server closes its connections.
    drop(held);
    assert!(!matches!(stream.read(&mut [0; 1]), Ok(1..)));
}
