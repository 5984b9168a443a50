//! `aws:sfn/activity:Activity`. The id is the activity's ARN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Encryption, birth_tags, check_name, made, moment, retag, tags};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Activity;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("computed" = true, "replace" = true))]
    encryption_configuration: Option<Encryption>,
    #[schemars(extend("autoname" = 80, "replace" = true))]
    name: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    creation_date: String,
}

const MISSING: &[&str] = &["ActivityDoesNotExist", "ResourceNotFound"];

impl Resource for Activity {
    const TYPE: &'static str = "aws:sfn/activity:Activity";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(arn(place, name));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    /// Creating an activity that exists succeeds: look first, so that nobody
    /// else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let arn = arn(&cx.place, &new.name);
        match made(cx, &arn, MISSING).await? {
            Some(true) => return Ok(arn),
            Some(false) => return Err(Error::not_ours("an activity of this name")),
            None => {}
        }
        let encryption = new.encryption_configuration.as_ref().map(Encryption::sdk).transpose()?;
        let call = cx.aws.sfn().create_activity().name(&new.name);
        let reply = call
            .set_encryption_configuration(encryption)
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        Ok(reply.activity_arn)
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let call = cx.aws.sfn().describe_activity().activity_arn(arn);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let tags = if cx.asks("tags") { tags(cx, arn, MISSING).await? } else { Vec::new() };
        let inputs = Inputs {
            encryption_configuration: live.encryption_configuration.map(Encryption::live),
            name: live.name,
            tags: Tags::live(tags),
        };
        let creation_date = moment(&live.creation_date)?;
        Ok(Some(Outputs { inputs, arn: live.activity_arn, creation_date }))
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        retag(cx, arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.sfn().delete_activity().activity_arn(arn).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let arn = arn(&cx.place, &inputs.name);
        Ok((made(cx, &arn, MISSING).await? == Some(true)).then_some(arn))
    }
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("states", &format!("activity:{name}"))
}
