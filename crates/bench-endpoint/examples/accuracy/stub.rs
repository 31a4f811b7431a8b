//! A server of short whole answers, for clients to be measured on.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::Builder;

use crate::serve_until_dropped;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// A thread for each connection, one write for each answer.
pub(crate) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away ends its thread.
            let answer = move || drop(answer(stream));
            Builder::new().stack_size(128 << 10).spawn(answer).expect("a thread");
        }
    });
    serve_until_dropped(&url);
}

/// Answers one request after another, none of which is longer than a buffer.
fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 8 << 10];
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..])?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        if let Some(length) = whole(&buffer[..filled]).filter(|length| filled >= *length) {
            buffer.copy_within(length..filled, 0);
            filled -= length;
            stream.write_all(ANSWER)?;
        }
    }
}

/// How long the request at the beginning is; `None` while its head is not there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some(head + length.unwrap_or(0))
}
