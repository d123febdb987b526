//! HTTP/1.1 by hand over a socket: nothing between a test and what the server says.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// A request that asks for the connection to be closed behind its answer.
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    head: String,
    body: Vec<u8>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        Self { address, method: method.to_owned(), head, body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// A body, with its length.
    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    /// A body in pieces, without its length.
    pub(crate) fn chunked(mut self, pieces: &[&[u8]]) -> Self {
        for piece in pieces {
            self.body.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            self.body.extend_from_slice(piece);
            self.body.extend_from_slice(b"\r\n");
        }
        self.body.extend_from_slice(b"0\r\n\r\n");
        self.header("Transfer-Encoding", "chunked")
    }

    /// The answer.
    pub(crate) fn send(self) -> Answer {
        let is_head = self.method == "HEAD";
        let answer = Answer::parse(&self.exchange().unwrap());
        if is_head {
            assert!(answer.body.is_empty(), "an answer to HEAD has no body");
        } else if let Some(length) = answer.header("content-length") {
            assert_eq!(length, answer.body.len().to_string());
        }
        answer
    }

    /// The status of the answer; `None` when the connection breaks before it is there.
    pub(crate) fn attempt(self) -> Option<u16> {
        let answer =
            self.exchange().ok().filter(|bytes| bytes.windows(4).any(|w| w == HEAD_END))?;
        Some(Answer::parse(&answer).status)
    }

    /// Sends head and body and gives the open connection.
    pub(crate) fn begin(self) -> TcpStream {
        self.try_begin().unwrap()
    }

    fn try_begin(self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(format!("{}\r\n", self.head).as_bytes())?;
        stream.write_all(&self.body)?;
        Ok(stream)
    }

    fn exchange(self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.try_begin()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Answer {
    /// Reads a whole answer. Only bodies with a length are expected.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == HEAD_END).expect("the head of an answer");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of a header that may stand there several times.
    pub(crate) fn header_lines(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// Where the answer points to, with what is to be added to its query.
    pub(crate) fn location(&self, query: &str) -> String {
        let location = self.header("location").expect("a Location");
        let mark = if location.contains('?') { '&' } else { '?' };
        if query.is_empty() { location.to_owned() } else { format!("{location}{mark}{query}") }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the first error in the body.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().expect("an error code").to_owned()
    }

    /// The answer, once its status is seen to be this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}
