//! HTTP/1.1 as far as the SDK and the emulator speak it. By hand, because a
//! harsh cloud must be able to break off anywhere.

use std::io::{self, BufRead, Read as _, Write};

#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The request or status line.
    pub(super) first: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Answers a HEAD: its length is that of a body that does not come.
    bodiless: bool,
}

impl Message {
    /// `None` at the end of the connection.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        Self::read_as(from, false)
    }

    /// What comes back for a request.
    pub(super) fn read_answer(&self, from: &mut impl BufRead) -> io::Result<Option<Self>> {
        Self::read_as(from, self.first.starts_with("HEAD "))
    }

    fn read_as(from: &mut impl BufRead, bodiless: bool) -> io::Result<Option<Self>> {
        let Some(first) = line(from)? else { return Ok(None) };
        let mut headers = Vec::new();
        while let Some(header) = line(from)?.filter(|it| !it.is_empty()) {
            let (name, value) = header.split_once(':').unwrap_or((&header, ""));
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self { first, headers, body: Vec::new(), bodiless };
        if bodiless {
            return Ok(Some(message));
        }
        if message.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = line(from)?.unwrap_or_default();
                let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
                let start = message.body.len();
                message.body.resize(start + size, 0);
                from.read_exact(&mut message.body[start..])?;
                line(from)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = message.header("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            message.body.resize(length, 0);
            from.read_exact(&mut message.body)?;
        }
        Ok(Some(message))
    }

    pub(super) fn answer(status: u16, kind: &str, body: String) -> Self {
        let headers = vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("x-amzn-requestid".to_owned(), "harsh".to_owned()),
        ];
        let first = format!("HTTP/1.1 {status} Harsh");
        Self { first, headers, body: body.into_bytes(), bodiless: false }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut head = format!("{}\r\n", self.first);
        let length = match self.header("content-length") {
            Some(length) if self.bodiless => length.to_owned(),
            _ => self.body.len().to_string(),
        };
        let length = [("content-length".to_owned(), length)];
        let told = ["content-length", "transfer-encoding", "expect"];
        let headers = self.headers.iter().filter(|(name, _)| !told.contains(&name.as_str()));
        for (name, value) in headers.chain(&length) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head += "\r\n";
        to.write_all(&[head.as_bytes(), &self.body].concat())?;
        to.flush()
    }
}

/// Without its end; `None` when there is no more.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    if from.take(1 << 20).read_line(&mut text)? == 0 {
        return Ok(None);
    }
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}
