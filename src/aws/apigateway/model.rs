//! `aws:apigateway/model:Model`. The id is `api/name`.

use aws_sdk_apigateway::types::Model as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, every, foretold_id, listed, patch::Patch, serial, split};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Model;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true))]
    content_type: String,
    description: Option<String>,
    #[schemars(extend("computed" = true))]
    schema: Option<Json>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for Model {
    const TYPE: &'static str = "aws:apigateway/model:Model";
    const KEY: &'static [&'static str] = &["restApi"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.name.is_empty() || !new.name.chars().all(|it| it.is_ascii_alphanumeric()) {
            let rule = "has letters and digits only, which no name that is chosen for you has";
            return Err(Error::invalid("name", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, &["restApi", "name"])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_model().rest_api_id(&new.rest_api).name(&new.name);
        call.content_type(&new.content_type)
            .set_description(new.description.clone())
            .set_schema(new.schema.as_ref().map(ToString::to_string))
            .send()
            .await?;
        Ok(format!("{}/{}", new.rest_api, new.name))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, name: &str| it.name.as_deref() == Some(name);
        let found = listed(ids, |api| models(cx, api), is).await?;
        found.into_iter().map(|it| it.map(|(api, live)| outputs(api, live)).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let schema = |it: &Inputs| it.schema.as_ref().map(ToString::to_string);
        let patch = Patch::default()
            .option("/description", old.description.as_ref(), new.description.as_ref())
            .option("/schema", schema(old).as_ref(), schema(new).as_ref());
        if let Some(operations) = patch.operations() {
            let (api, name) = split(id)?;
            let call = cx.aws.apigateway().update_model().rest_api_id(api).model_name(name);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, name) = split(id)?;
        let call = cx.aws.apigateway().delete_model().rest_api_id(api).model_name(name);
        absent(call.send().await, MISSING).map(drop)
    }

    /// An API has no two models of one name.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = format!("{}/{}", inputs.rest_api, inputs.name);
        let live = Self::read(cx, &id).await?.map(|it| it.inputs);
        let ours = live.is_some_and(|it| {
            it.content_type == inputs.content_type
                && it.description == inputs.description
                && (inputs.schema.is_none() || it.schema == inputs.schema)
        });
        Ok(ours.then_some(id))
    }
}

async fn models(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigateway().get_models().rest_api_id(api)))
}

fn outputs(rest_api: String, live: Live) -> Result<Outputs> {
    let schema = live.schema.filter(|it| !it.is_empty());
    let inputs = Inputs {
        rest_api,
        name: live.name.unwrap_or_default(),
        content_type: live.content_type.unwrap_or_default(),
        description: live.description.filter(|it| !it.is_empty()),
        schema: schema.map(|it| Json::parse(&it)).transpose()?,
    };
    Ok(Outputs { inputs })
}
