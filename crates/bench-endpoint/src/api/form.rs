//! Forms that contain a file (RFC 7578).

/// The boundary that separates fields. No file contains it by accident.
pub const BOUNDARY: &str = "bench-4cb1c1e1f5d94f6f8d6f1f0b7a0c3a52";

/// Builds a form of these fields, and of a file in the field `file`.
///
/// # Errors
/// If the file contains the boundary.
pub(super) fn form(fields: &[(&str, String)], file_name: &str, file: &[u8]) -> Result<Vec<u8>, String> {
    if file.windows(BOUNDARY.len()).any(|window| window == BOUNDARY.as_bytes()) {
        return Err("the file contains the boundary that separates the fields of a form".to_owned());
    }
    let mut body = Vec::with_capacity(file.len() + 1024);
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    Ok(body)
}

/// Returns a name for a file by its first bytes: servers recognize the format by the extension.
pub(super) fn file_name(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'R', b'I', b'F', b'F', ..] => "audio.wav",
        [b'f', b'L', b'a', b'C', ..] => "audio.flac",
        [b'O', b'g', b'g', b'S', ..] => "audio.ogg",
        [0x1A, 0x45, 0xDF, 0xA3, ..] => "audio.webm",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "audio.m4a",
        _ => "audio.mp3",
    }
}
