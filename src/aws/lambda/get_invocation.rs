//! `aws:lambda/getInvocation:getInvocation`: calls a function, whenever the
//! program is evaluated.

use aws_sdk_lambda::primitives::Blob;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetInvocation;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    function_name: String,
    input: Json,
    qualifier: Option<String>,
    tenant_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    function_name: String,
    input: String,
    qualifier: String,
    /// The function's answer, as JSON text.
    result: String,
    tenant_id: Option<String>,
    region: String,
}

impl Function for GetInvocation {
    const TOKEN: &'static str = "aws:lambda/getInvocation:getInvocation";
    type Args = Args;
    type Output = Output;

    /// Nobody knows what a second call would do: an answer that is lost is an
    /// error.
    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let qualifier = args.qualifier.clone().unwrap_or_else(|| "$LATEST".to_owned());
        let input = args.input.to_string();
        let cx = cx.once();
        let call = cx.aws.lambda().invoke().function_name(&args.function_name);
        let call = call
            .qualifier(&qualifier)
            .set_tenant_id(args.tenant_id.clone())
            .payload(Blob::new(input.as_bytes()));
        let reply = call.send().await.map_err(|error| match Error::from(error) {
            Error { kind: Kind::Ambiguous, message, .. } => {
                Error::failed(format!("its answer was lost, and it is not called twice: {message}"))
            }
            error => error,
        })?;
        let text = reply.payload.map(Blob::into_inner).unwrap_or_default();
        let result = String::from_utf8_lossy(&text).into_owned();
        if let Some(kind) = reply.function_error {
            return Err(Error::failed(format!(
                "the function answered with an error ({kind}): {result}"
            )));
        }
        Ok(Output {
            id: format!("{}_{qualifier}", args.function_name),
            function_name: args.function_name.clone(),
            input,
            qualifier,
            result,
            tenant_id: args.tenant_id.clone(),
            region: cx.place.region.clone(),
        })
    }
}
