//! `aws:apigateway/apiKey:ApiKey`. The id is the key's, not its value.

use aws_sdk_apigateway::types::ApiKey as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, arn, birth_tags, date, every, patch::Patch, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct ApiKey;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[serde(default = "managed")]
    description: String,
    #[serde(default = "yes")]
    enabled: bool,
    customer_id: Option<String>,
    /// At least 20 letters; AWS chooses one that nobody gives.
    #[schemars(extend("replace" = true, "computed" = true))]
    value: Option<Secret<String>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    created_date: Option<String>,
    #[schemars(extend("volatile" = true))]
    last_updated_date: Option<String>,
}

fn managed() -> String {
    "Managed by Pulumi".to_owned()
}

impl Resource for ApiKey {
    const TYPE: &'static str = "aws:apigateway/apiKey:ApiKey";
    const KEY: &'static [&'static str] = &["value"];
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.value.as_ref().is_some_and(|it| !(20..=128).contains(&it.0.len())) {
            return Err(Error::invalid("value", "has 20 to 128 letters"));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_api_key().name(&new.name).enabled(new.enabled);
        let made = call
            .description(&new.description)
            .set_customer_id(new.customer_id.clone())
            .set_value(new.value.as_ref().map(|it| it.0.clone()))
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        made.id.ok_or(Error::missing("id"))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let call = cx.aws.apigateway().get_api_key().api_key(id).include_value(true);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let inputs = Inputs {
            name: live.name.unwrap_or_default(),
            description: live.description.unwrap_or_default(),
            enabled: live.enabled,
            customer_id: live.customer_id,
            value: live.value.map(Secret),
            tags: Tags::live(live.tags.unwrap_or_default()),
        };
        Ok(Some(Outputs {
            inputs,
            arn: arn(&cx.place, &path(id)),
            created_date: date(live.created_date.as_ref()),
            last_updated_date: date(live.last_updated_date.as_ref()),
        }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let patch = Patch::default()
            .value("/name", &old.name, &new.name)
            .value("/description", &old.description, &new.description)
            .value("/enabled", &old.enabled, &new.enabled)
            .option("/customerId", old.customer_id.as_ref(), new.customer_id.as_ref());
        if let Some(operations) = patch.operations() {
            let call = cx.aws.apigateway().update_api_key().api_key(id);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        retag(cx, &path(id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.apigateway().delete_api_key().api_key(id);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = every!(cx.aws.apigateway().get_api_keys().name_query(&inputs.name));
        let made = |it: &Live| cx.made(it.tags.iter().flatten());
        Ok(all.and_then(|it| it.into_iter().find(made)?.id))
    }
}

fn path(id: &str) -> String {
    format!("apikeys/{id}")
}
