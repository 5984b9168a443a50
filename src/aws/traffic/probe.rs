//! Requests of our own: to a colour over HTTP, and to a Lambda function.

use std::{error::Error as StdError, time::Duration};

use aws_sdk_lambda::{
    config::{Config, timeout::TimeoutConfig},
    primitives::Blob,
    types::InvocationType,
};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use serde_json::Value as Json;
use tokio::time::Instant;
use url::Url;

use crate::{
    provider::{Cx, Error, Kind, Result},
    rollout::cloud::{Answer, Request},
};

/// Firewalls like to refuse who does not say what it is.
const AGENT: &str = concat!("orderinfra/", env!("CARGO_PKG_VERSION"));

/// A redirect is an answer like others, and is not followed. It took as long
/// as the load balancer measures it: until the answer begins.
pub(super) async fn request(
    connector: &Connector,
    wanted: &Request<'_>,
) -> std::result::Result<Answer, String> {
    let request = put_together(wanted)?;
    let started = Instant::now();
    match tokio::time::timeout(wanted.limit, connector.call(request)).await {
        Ok(Ok(reply)) => Ok(Answer { status: reply.status().as_u16(), took: started.elapsed() }),
        Ok(Err(error)) => Err(why(&error)),
        Err(_) => Err(format!("no answer within {} ms", wanted.limit.as_millis())),
    }
}

fn put_together(wanted: &Request<'_>) -> std::result::Result<HttpRequest, String> {
    let url = Url::parse(wanted.url).map_err(|error| format!("`{}`: {error}", wanted.url))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{url}` is no address of the web"));
    }
    let mut request =
        HttpRequest::get(url.as_str()).map_err(|error| format!("`{url}`: {error}"))?;
    let headers = request.headers_mut();
    headers.insert("user-agent", AGENT);
    for (name, value) in wanted.headers {
        // HTTP/2 takes the host out of the address, and so does the certificate.
        if url.scheme() == "https" && name.eq_ignore_ascii_case("host") {
            return Err("the host of an HTTPS request is that of its address".to_owned());
        }
        let name = name.to_ascii_lowercase();
        let odd = |error| format!("the header `{name}`: {error}");
        headers.try_insert(name.clone(), value.clone()).map_err(odd)?;
    }
    Ok(request)
}

/// How long whoever is told may take.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn post(
    connector: &Connector,
    url: &str,
    body: String,
) -> std::result::Result<(), String> {
    let mut request = HttpRequest::new(body.into());
    request.set_method("POST").map_err(|error| error.to_string())?;
    request.set_uri(url).map_err(|error| error.to_string())?;
    request.headers_mut().insert("user-agent", AGENT);
    request.headers_mut().insert("content-type", "application/json");
    match tokio::time::timeout(TOLD_WITHIN, connector.call(request)).await {
        Ok(Ok(reply)) if reply.status().is_success() => Ok(()),
        Ok(Ok(reply)) => Err(format!("it answered with {}", reply.status().as_u16())),
        Ok(Err(error)) => Err(why(&error)),
        Err(_) => Err(format!("no answer within {} s", TOLD_WITHIN.as_secs())),
    }
}

/// The deepest cause says most, and one that a certificate is wrong is said as
/// such.
fn why(error: &dyn StdError) -> String {
    let mut cause: &dyn StdError = error;
    let mut all = cause.to_string();
    while let Some(deeper) = cause.source() {
        cause = deeper;
        all = cause.to_string();
    }
    match all.contains("certificate") {
        true => format!("its certificate is not to be trusted: {all}"),
        false => all,
    }
}

/// As long as Lambda lets a function run.
const RUNS_AT_MOST: Duration = Duration::from_secs(15 * 60);

pub(super) async fn invoke(
    cx: &Cx,
    function: &str,
    payload: &Json,
) -> Result<std::result::Result<Json, String>> {
    let patient = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(RUNS_AT_MOST)
        .operation_timeout(RUNS_AT_MOST)
        .build();
    let call = cx.aws.lambda().invoke().function_name(function);
    let call = call
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(payload.to_string()))
        .customize()
        .config_override(Config::builder().timeout_config(patient));
    let reply = Box::pin(call.send()).await?;
    let answer = reply.payload.map(Blob::into_inner).unwrap_or_default();
    let text = String::from_utf8_lossy(&answer).into_owned();
    if let Some(kind) = reply.function_error {
        return Ok(Err(format!("{kind}: {text}")));
    }
    if text.is_empty() {
        return Ok(Ok(Json::Null));
    }
    let odd = |error: serde_json::Error| {
        Error::new(Kind::Broken, "", format!("the function's answer is no JSON: {error}"))
    };
    serde_json::from_str(&text).map(Ok).map_err(odd)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io};

    use super::*;

    fn of(url: &str, name: &str, value: &str) -> std::result::Result<HttpRequest, String> {
        let headers = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        put_together(&Request { url, headers: &headers, limit: Duration::from_secs(1) })
    }

    #[test]
    fn headers_are_sent_as_they_are_given() {
        let request = of("http://web.example.com/a?b=c", "Host", "api.example.com").unwrap();
        assert_eq!(request.uri(), "http://web.example.com/a?b=c");
        assert_eq!(request.headers().get("host"), Some("api.example.com"));
        assert_eq!(request.headers().get("user-agent"), Some(AGENT));
        let request = of("https://web.example.com", "User-Agent", "mine").unwrap();
        assert_eq!(request.headers().get("user-agent"), Some("mine"));
    }

    #[test]
    fn what_cannot_be_asked_is_told() {
        for (url, name, value, why) in [
            ("https://web.example.com", "host", "other", "is that of its address"),
            ("ftp://web.example.com", "a", "b", "no address of the web"),
            ("web", "a", "b", "relative URL without a base"),
            ("http://web.example.com", "a b", "c", "the header `a b`"),
            ("http://web.example.com", "a", "b\nc", "the header `a`"),
        ] {
            let error = of(url, name, value).unwrap_err();
            assert!(error.contains(why), "{url} {name}: {error}");
        }
    }

    #[test]
    fn a_wrong_certificate_is_said_as_such() {
        let deep = io::Error::other("invalid peer certificate: UnknownIssuer");
        let wanted =
            "its certificate is not to be trusted: invalid peer certificate: UnknownIssuer";
        assert_eq!(why(&io::Error::other(deep)), wanted);
        assert_eq!(why(&io::Error::other("connection refused")), "connection refused");
    }
}
