//! `aws:apigateway/usagePlanKey:UsagePlanKey`: a key that may use a plan. The
//! id is `plan/key`; programs read the key's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, foretold_id, last, split};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct UsagePlanKey;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    usage_plan_id: String,
    #[schemars(extend("replace" = true))]
    key_id: String,
    #[schemars(extend("replace" = true, "enum" = ["API_KEY"]))]
    key_type: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    name: Option<String>,
    /// The key itself.
    value: Option<Secret<String>>,
}

impl Resource for UsagePlanKey {
    const TYPE: &'static str = "aws:apigateway/usagePlanKey:UsagePlanKey";
    const KEY: &'static [&'static str] = &["usagePlanId", "keyId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, Self::KEY)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("apigw-plan:{}", inputs.usage_plan_id))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_usage_plan_key().usage_plan_id(&new.usage_plan_id);
        call.key_id(&new.key_id).key_type(&new.key_type).send().await?;
        Ok(format!("{}/{}", new.usage_plan_id, new.key_id))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (plan, key) = split(id)?;
        let call = cx.aws.apigateway().get_usage_plan_key().usage_plan_id(plan).key_id(key);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let inputs = Inputs {
            usage_plan_id: plan.to_owned(),
            key_id: key.to_owned(),
            key_type: live.r#type.unwrap_or_else(|| "API_KEY".to_owned()),
        };
        Ok(Some(Outputs { inputs, name: live.name, value: live.value.map(Secret) }))
    }

    /// Every property makes a new one.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (plan, key) = split(id)?;
        let call = cx.aws.apigateway().delete_usage_plan_key().usage_plan_id(plan).key_id(key);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = format!("{}/{}", inputs.usage_plan_id, inputs.key_id);
        Ok(Self::read(cx, &id).await?.map(|_| id))
    }
}
