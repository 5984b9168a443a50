//! The SDK's errors as ours, and the one answer that is not an error: gone.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::provider::{Error, Kind, Result};

impl<E> From<SdkError<E, HttpResponse>> for Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let reply = error.raw_response();
        let header = |name| reply.and_then(|it| it.headers().get(name)).map(str::to_owned);
        let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
        let status = reply.map(|it| it.status().as_u16()).unwrap_or_default();
        let error = match &error {
            SdkError::ServiceError(it) => service(status, it.err().code(), it.err().message()),
            SdkError::ConstructionFailure(_) => unsent(construction(&error), &error),
            SdkError::DispatchFailure(it) if !it.is_timeout() => unsent(dispatch(&error), &error),
            _ => unsent(Kind::Ambiguous, &error),
        };
        Self { request_id, ..error }
    }
}

/// `None` when the service says that the thing is not there: the only error
/// that a resource file tells apart by itself.
pub(super) fn absent<T, E>(
    reply: std::result::Result<T, SdkError<E, HttpResponse>>,
    missing: &[&str],
) -> Result<Option<T>>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match reply.map_err(Error::from) {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.is(missing) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same for a second question about a thing that was there a moment ago:
/// a server that does not know it yet is asked again, and nothing is taken for
/// empty because of it.
pub(super) fn seen<T, E>(
    reply: std::result::Result<T, SdkError<E, HttpResponse>>,
    missing: &[&str],
    what: &str,
) -> Result<T>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    absent(reply, missing)?.ok_or_else(|| Error::unseen(what))
}

/// In a look for what may never have been made: not there is no error.
pub(super) fn if_seen<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.is_unseen() => Ok(None),
        Err(error) => Err(error),
    }
}

fn service(status: u16, code: Option<&str>, message: Option<&str>) -> Error {
    let code = code.unwrap_or_default();
    let kind = match code {
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException" => Kind::Credentials,
        ""
        | "InternalError"
        | "InternalFailure"
        | "InternalServiceError"
        | "ServerException"
        | "ServiceFailure"
        | "ServiceUnavailable"
        | "Unavailable"
            if status >= 500 =>
        {
            Kind::Ambiguous
        }
        _ => Kind::Service,
    };
    let message = match message {
        Some(message) if !message.is_empty() => message.to_owned(),
        _ => format!("the service answered with HTTP status {status}"),
    };
    Error::new(kind, code, message)
}

/// Nobody was asked, and asking again changes nothing: this is not a network
/// that is gone.
fn construction(error: &(dyn StdError + 'static)) -> Kind {
    match dispatch(error) {
        Kind::Credentials => Kind::Credentials,
        _ => Kind::Broken,
    }
}

/// Nothing came back. What never left need not be looked for.
fn dispatch(error: &(dyn StdError + 'static)) -> Kind {
    let mut cause = Some(error);
    while let Some(it) = cause {
        if it.is::<CredentialsError>() {
            return Kind::Credentials;
        }
        if let Some(io) = it.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return Kind::NotSent;
        }
        cause = it.source();
    }
    Kind::Ambiguous
}

/// An error without an answer, with its causes.
fn unsent(kind: Kind, error: &(dyn StdError + 'static)) -> Error {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(it) = cause {
        let text = it.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        cause = it.source();
    }
    Error::new(kind, "", parts.join(": "))
}
