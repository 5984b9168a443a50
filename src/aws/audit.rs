//! Tells the audit of every call that the SDK makes: which, for how long, how
//! often, and how it ended. Nothing of what was said in it.

use std::time::Instant;

use aws_config::Region;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef},
        },
        orchestrator::{HttpResponse, Metadata},
        retries::RequestAttempts,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use crate::provider::{Call, Calls};

/// One for each client.
pub(super) struct Audit(pub Calls);

impl std::fmt::Debug for Audit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Audit")
    }
}

#[derive(Debug)]
struct Started(Instant);

impl Storable for Started {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Audit {
    fn name(&self) -> &'static str {
        "Audit"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        state.interceptor_state().store_put(Started(Instant::now()));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(operation) = state.load::<Metadata>() else { return Ok(()) };
        let reply = context.response();
        let header = |name| reply.and_then(|it| it.headers().get(name)).map(str::to_owned);
        let millis = state.load::<Started>().map(|it| it.0.elapsed().as_millis());
        let failed = context.output_or_error().is_none_or(|it| it.is_err());
        self.0.record(Call {
            service: operation.service().to_lowercase(),
            operation: operation.name().to_owned(),
            region: state.load::<Region>().map(ToString::to_string).unwrap_or_default(),
            request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
            millis: millis.and_then(|it| u64::try_from(it).ok()).unwrap_or_default(),
            attempts: state.load::<RequestAttempts>().map_or(0, RequestAttempts::attempts),
            error: failed.then(|| reply.map_or_else(|| "NoAnswer".to_owned(), code)),
            ..Call::default()
        });
        Ok(())
    }
}

/// The error's code on the wire, in whichever way this service writes it. The
/// message is left where it is: clouds repeat what they were sent.
fn code(reply: &HttpResponse) -> String {
    let body = String::from_utf8_lossy(reply.body().bytes().unwrap_or_default());
    let header = reply.headers().get("x-amzn-errortype");
    let told = header.or_else(|| between(&body, "<Code>", "</Code>"));
    let told = told.or_else(|| between(&body, "\"__type\":\"", "\""));
    let told = told.or_else(|| between(&body, "\"__type\": \"", "\""));
    let told = told.unwrap_or_default();
    // `com.amazonaws.sqs#QueueDoesNotExist:http://…`
    let name = told.rsplit('#').next().unwrap_or(told).split(':').next().unwrap_or(told);
    let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || ".-_".contains(it));
    match plain && !name.is_empty() && name.len() <= 100 {
        true => name.to_owned(),
        false => format!("HTTP {}", reply.status().as_u16()),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(it, _)| it)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn codes_are_found_in_every_protocol() {
        let of = |header: Option<&'static str>, body: &'static str| {
            let status = 400.try_into().expect("a status");
            let mut reply = HttpResponse::new(status, SdkBody::from(body));
            if let Some(header) = header {
                reply.headers_mut().insert("x-amzn-errortype", header);
            }
            code(&reply)
        };
        let ec2 = "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code></Error></Errors></Response>";
        assert_eq!(of(None, ec2), "InvalidVpcID.NotFound");
        assert_eq!(
            of(None, r#"{"__type":"com.amazonaws.sqs#QueueNameExists"}"#),
            "QueueNameExists"
        );
        assert_eq!(
            of(Some("ResourceNotFoundException:http://x/"), "{}"),
            "ResourceNotFoundException"
        );
        assert_eq!(of(None, "<html>hunter2 was wrong</html>"), "HTTP 400");
        assert_eq!(of(None, "<Code>password hunter2</Code>"), "HTTP 400");
    }
}
