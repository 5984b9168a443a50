//! What a request asks for, and errors as its protocol has them.

use serde_json::json;

use super::wire::Message;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// As in the credential's scope: `ec2`, `elasticloadbalancing`.
    pub(crate) service: String,
    pub(crate) operation: String,
    /// The body with its percent signs decoded; the path before it, where that
    /// says what is meant.
    pub(crate) text: String,
    form: bool,
    by_path: bool,
}

/// An operation that starts so changes nothing.
const READS: &[&str] = &["Describe", "Get", "List", "BatchGet", "Check", "Search", "Simulate"];

/// What is made has an id that was never heard of before.
const MAKES: &[&str] = &[
    "Create",
    "Allocate",
    "Register",
    "Request",
    "Run",
    "Authorize",
    "Associate",
    "Put",
    "Import",
    "Attach",
];

/// An operation by its path has a `*` for each part that is new every time.
pub(crate) fn fits(operation: &str, wanted: &str) -> bool {
    let (mut parts, mut pattern) = (operation.split('/'), wanted.split('/'));
    pattern.by_ref().all(|it| parts.next().is_some_and(|part| it == "*" || it == part))
        && parts.next().is_none()
}

impl Call {
    pub(super) fn of(request: &Message) -> Self {
        let scope = request.header("authorization").unwrap_or_default();
        let scope = scope.split("Credential=").nth(1).unwrap_or_default();
        let service = scope.split('/').nth(3).unwrap_or_default().to_owned();
        let body = request.text();
        let kind = request.header("content-type").unwrap_or_default();
        let form = kind.starts_with("application/x-www-form-urlencoded");
        let operation = match request.header("x-amz-target") {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            None if form => {
                let action = body.split('&').find_map(|it| it.strip_prefix("Action="));
                action.unwrap_or_default().to_owned()
            }
            None => {
                let line = request.first.rsplit_once(' ').map_or("", |(it, _)| it);
                // CloudWatch's protocol has the operation at the end of the path.
                line.split_once("/operation/").map_or(line, |(_, it)| it).to_owned()
            }
        };
        let by_path = !form && request.header("x-amz-target").is_none();
        let text = match by_path {
            true => format!("{operation}\n{body}"),
            false if form => decoded(&body),
            false => body,
        };
        Self { service, operation, text, form, by_path }
    }

    pub(crate) fn is(&self, service: &str, operation: &str) -> bool {
        self.service == service && fits(&self.operation, operation)
    }

    pub(crate) fn changes(&self) -> bool {
        let read = READS.iter().any(|it| self.operation.starts_with(it));
        !read && !self.operation.starts_with("GET ") && !self.operation.starts_with("HEAD ")
    }

    pub(super) fn makes(&self) -> bool {
        MAKES.iter().any(|it| self.operation.starts_with(it)) || self.operation.starts_with("POST ")
    }

    /// The request with one word exchanged for another.
    pub(super) fn exchange(&self, request: &mut Message, old: &str, new: &str) {
        let body = request.text();
        let body = match self.form {
            true => body.replace(&encoded(old), &encoded(new)),
            false => body.replace(old, new),
        };
        request.body = body.into_bytes();
        if self.by_path {
            request.first = request.first.replace(old, new);
        }
    }

    /// A parameter of the form, or a member of the JSON, by its name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let end = |text: &str, ends: &[char]| text.find(ends).unwrap_or(text.len());
        if self.form {
            let lines = self.text.split('\n');
            let value = lines.filter_map(|it| it.split_once('=')).find(|(key, _)| *key == name);
            return value.map(|(_, value)| value);
        }
        let (_, rest) = self.text.split_once(&format!("\"{name}\":"))?;
        let rest = rest.trim_start().strip_prefix('"')?;
        Some(&rest[..end(rest, &['"'])])
    }

    /// A refusal as this service words it.
    pub(super) fn refusal(&self, status: u16, code: &str, message: &str) -> Message {
        let text = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let error = format!("<Error><Code>{code}</Code><Message>{text}</Message></Error>");
        if self.service == "ec2" {
            let body = format!("<Response><Errors>{error}</Errors></Response>");
            return Message::answer(status, "text/xml", body);
        }
        if self.form || matches!(&*self.service, "cloudfront" | "route53") {
            let body = format!("<ErrorResponse>{error}</ErrorResponse>");
            return Message::answer(status, "text/xml", body);
        }
        if self.service == "s3" {
            return Message::answer(status, "application/xml", error);
        }
        let body = json!({ "__type": code, "message": message }).to_string();
        let mut answer = Message::answer(status, "application/x-amz-json-1.1", body);
        answer.add("x-amzn-errortype", code);
        if self.service == "sqs" {
            answer.add("x-amzn-query-error", &format!("{code};Sender"));
        }
        answer
    }
}

/// `a=b&c=d` as lines, without percent signs.
fn decoded(form: &str) -> String {
    let bytes = form.as_bytes();
    let mut text = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = form.get(at + 1..at + 3).and_then(|it| u8::from_str_radix(it, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                text.push(byte);
                at += 2;
            }
            (b'+', _) => text.push(b' '),
            (b'&', _) => text.push(b'\n'),
            (byte, _) => text.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn encoded(text: &str) -> String {
    let one = |it: u8| match it {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(it).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}
