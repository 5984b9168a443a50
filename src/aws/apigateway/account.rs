//! `aws:apigateway/account:Account`: the role with which API Gateway writes
//! logs, one for an account and region. The id is the account's.

use aws_sdk_apigateway::operation::get_account::GetAccountOutput;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::patch::Patch;
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct Account;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    cloudwatch_role_arn: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    api_key_version: Option<String>,
    features: Vec<String>,
    throttle_settings: Vec<Throttle>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Throttle {
    burst_limit: i32,
    rate_limit: f64,
}

impl Resource for Account {
    const TYPE: &'static str = "aws:apigateway/account:Account";
    /// An account and region have one.
    const KEY: &'static [&'static str] = &["cloudwatchRoleArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.cloudwatch_role_arn.as_ref().is_none_or(String::is_empty) {
            let rule = "is all that there is to set: an account without a role needs no resource";
            return Err(Error::invalid("cloudwatchRoleArn", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, _: &Value) -> Map {
        Map::from([("id".to_owned(), Value::string(&place.account))])
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some("apigw-account".to_owned())
    }

    /// Everything in this account and region logs by this role: one that is
    /// set already is somebody's.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if role(&live(cx).await?).is_some() {
            return Err(Error::not_ours("a role for API Gateway's logs in this account"));
        }
        set(cx, new.cloudwatch_role_arn.as_deref().unwrap_or_default()).await?;
        Ok(cx.place.account.clone())
    }

    async fn read(cx: &Cx, _: &str) -> Result<Option<Outputs>> {
        let live = live(cx).await?;
        let Some(role) = role(&live) else { return Ok(None) };
        let throttle = live
            .throttle_settings
            .map(|it| Throttle { burst_limit: it.burst_limit, rate_limit: it.rate_limit });
        Ok(Some(Outputs {
            inputs: Inputs { cloudwatch_role_arn: Some(role) },
            api_key_version: live.api_key_version,
            features: live.features.unwrap_or_default(),
            throttle_settings: throttle.into_iter().collect(),
        }))
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        set(cx, new.cloudwatch_role_arn.as_deref().unwrap_or_default()).await
    }

    /// Another role is somebody else's by now.
    async fn delete(cx: &Cx, _: &str, last: &Inputs) -> Result<()> {
        let live = role(&live(cx).await?);
        if live.is_some() && live == last.cloudwatch_role_arn { set(cx, "").await } else { Ok(()) }
    }

    /// It was free before, and now has the role that this operation would set.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let ours = role(&live(cx).await?) == inputs.cloudwatch_role_arn;
        Ok(ours.then(|| cx.place.account.clone()))
    }
}

async fn live(cx: &Cx) -> Result<GetAccountOutput> {
    Ok(cx.aws.apigateway().get_account().send().await?)
}

fn role(live: &GetAccountOutput) -> Option<String> {
    live.cloudwatch_role_arn.clone().filter(|it| !it.is_empty())
}

async fn set(cx: &Cx, role: &str) -> Result<()> {
    let patch = Patch::default().set("/cloudwatchRoleArn", role);
    let call = cx.aws.apigateway().update_account();
    call.set_patch_operations(patch.operations()).send().await?;
    Ok(())
}
