//! HTTP/1.1 by hand, as little as a registry on loopback needs. The floor is measured with it, so nothing is here that
//! does not have to be.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail, ensure};

/// Big enough that system calls do not count, small enough to stay in the cache of a core.
const BUFFER: usize = 256 * 1024;

/// `docker-registry` gives manifests only to those who name their types.
const ACCEPT: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";

/// A connection that is kept alive.
pub(crate) struct Connection {
    address: String,
    reader: BufReader<TcpStream>,
}

/// The head of an answer. Its body is still to be read.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    length: u64,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("connect {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { address: address.to_owned(), reader: BufReader::with_capacity(BUFFER, stream) })
    }

    /// Sends a request with a body that is at hand, and reads the whole answer.
    pub(crate) fn exchange(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Result<Response> {
        self.send_head(method, path, kind, body.len() as u64)?;
        self.send_body(body)?;
        self.finish(method)
    }

    pub(crate) fn send_head(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        length: u64,
    ) -> Result<()> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: {ACCEPT}\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n",
            self.address
        );
        Ok(self.reader.get_mut().write_all(head.as_bytes())?)
    }

    pub(crate) fn send_body(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.reader.get_mut().write_all(bytes)?)
    }

    /// Reads the answer to `method`, body and all.
    pub(crate) fn finish(&mut self, method: &str) -> Result<Response> {
        let response = self.read_head()?;
        if method != "HEAD" {
            self.read_body(&response, |_| Ok(()))?;
        }
        Ok(response)
    }

    /// Asks for `path` and hands its bytes to `sink` as they come.
    pub(crate) fn get(&mut self, path: &str, sink: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.send_head("GET", path, "", 0)?;
        let response = self.read_head()?;
        ensure!(response.status == 200, "GET {path}: {}", response.status);
        self.read_body(&response, sink)
    }

    fn read_head(&mut self) -> Result<Response> {
        let status_line = self.read_line()?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("not a status line: {status_line:?}"))?;
        let mut response = Response { status, location: None, length: 0 };
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(": ") else {
                return Ok(response);
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => response.length = value.parse()?,
                "location" => response.location = Some(value.to_owned()),
                "transfer-encoding" => bail!("an answer in chunks"),
                _ => {}
            }
        }
    }

    fn read_line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.reader.read_line(&mut line)? > 0, "{} closed the connection", self.address);
        Ok(line.trim_end().to_owned())
    }

    fn read_body(
        &mut self,
        response: &Response,
        mut sink: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut left = response.length;
        while left > 0 {
            let bytes = self.reader.fill_buf()?;
            ensure!(!bytes.is_empty(), "{} closed the connection", self.address);
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            sink(&bytes[..count])?;
            self.reader.consume(count);
            left -= count as u64;
        }
        Ok(())
    }
}

/// Begins an upload to `repository` and gives the path to `PUT` the blob of this digest to.
pub(crate) fn begin_upload(
    connection: &mut Connection,
    repository: &str,
    digest: &str,
) -> Result<String> {
    let path = format!("/v2/{repository}/blobs/uploads/");
    let response = connection.exchange("POST", &path, "", b"")?;
    ensure!(response.status == 202, "POST {path}: {}", response.status);
    let location = response.location.context("an upload without a location")?;
    let path = match location.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/').context("a location without a path")?..],
        None => &location,
    };
    Ok(format!("{path}{}digest={digest}", if path.contains('?') { '&' } else { '?' }))
}
