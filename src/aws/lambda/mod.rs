//! AWS Lambda.

mod alias;
mod event_source_mapping;
mod event_sources;
mod function;
mod function_parts;
mod function_url;
mod get_function;
mod get_invocation;
mod get_layer_version;
mod layer_version;
mod permission;

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;

use crate::{
    aws::error::absent,
    provider::{
        AnyFunction, AnyResource, Archive, Cx, Error, Place, Result, Tags, function, resource,
    },
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<alias::Alias>(),
        resource::<event_source_mapping::EventSourceMapping>(),
        resource::<function::Function>(),
        resource::<function_url::FunctionUrl>(),
        resource::<layer_version::LayerVersion>(),
        resource::<permission::Permission>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_function::GetFunction>(),
        function::<get_invocation::GetInvocation>(),
        function::<get_layer_version::GetLayerVersion>(),
    ]
}

const MISSING: &[&str] = &["ResourceNotFoundException"];

/// What Lambda takes in a request; more must come from S3.
const DIRECT_BYTES_MAX: usize = 50 << 20;

/// The zip file for a request, if there is one.
async fn zip(cx: &Cx, code: Option<&Archive>) -> Result<Option<aws_smithy_types::Blob>> {
    let Some(code) = code else { return Ok(None) };
    let bytes = code.bytes(cx, "code").await?;
    if bytes.len() > DIRECT_BYTES_MAX {
        let rule = format!(
            "has {} MiB as a zip file, and Lambda takes {} MiB in a request; upload it to a bucket and say `s3Bucket` and `s3Key`",
            bytes.len().div_ceil(1 << 20),
            DIRECT_BYTES_MAX >> 20
        );
        return Err(Error::invalid("code", rule));
    }
    Ok(Some(aws_smithy_types::Blob::new(bytes)))
}

/// The name in `name`, `name:alias` or an ARN of a function.
fn name_of(function: &str) -> &str {
    let name = function.split_once(":function:").map_or(function, |(_, it)| it);
    name.split(':').next().unwrap_or(name)
}

/// Calls that change one function or what belongs to it disturb each other.
fn serial(function: &str) -> Option<String> {
    Some(format!("lambda:{}", name_of(function)))
}

fn function_arn(place: &Place, function: &str) -> String {
    place.arn("lambda", &format!("function:{function}"))
}

/// How API Gateway names what it calls.
fn invoke_arn(place: &Place, arn: &str) -> String {
    gateway_arn(place, arn, "2015-03-31", "invocations")
}

fn streaming_arn(place: &Place, arn: &str) -> String {
    gateway_arn(place, arn, "2021-11-15", "response-streaming-invocations")
}

fn gateway_arn(place: &Place, arn: &str, version: &str, verb: &str) -> String {
    let Place { partition, region, .. } = place;
    format!("arn:{partition}:apigateway:{region}:lambda:path/{version}/functions/{arn}/{verb}")
}

async fn described(
    cx: &Cx,
    name: &str,
    qualifier: Option<&str>,
) -> Result<Option<GetFunctionOutput>> {
    let call = cx.aws.lambda().get_function().function_name(name);
    absent(call.set_qualifier(qualifier.map(str::to_owned)).send().await, MISSING)
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tags = set.into_iter().collect();
        cx.aws.lambda().tag_resource().resource(arn).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.lambda().untag_resource().resource(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// What to send of a setting that may be taken away: nothing while it stays,
/// `empty` when it goes.
fn change<T: PartialEq, U>(
    old: Option<Option<&T>>,
    new: Option<&T>,
    to: impl Fn(&T) -> U,
    empty: U,
) -> Option<U> {
    match (old, new) {
        (Some(old), new) if old == new => None,
        (_, Some(new)) => Some(to(new)),
        (Some(_), None) => Some(empty),
        (None, None) => None,
    }
}
