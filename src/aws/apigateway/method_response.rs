//! `aws:apigateway/methodResponse:MethodResponse`. The id is
//! `api/resource/METHOD/200`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, foretold_id, of_response, patch::Patch, responses, serial};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct MethodResponse;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("replace" = true))]
    resource_id: String,
    #[schemars(extend("replace" = true))]
    http_method: String,
    #[schemars(extend("replace" = true))]
    status_code: String,
    /// By content type.
    #[serde(default)]
    response_models: BTreeMap<String, String>,
    #[serde(default)]
    response_parameters: BTreeMap<String, bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for MethodResponse {
    const TYPE: &'static str = "aws:apigateway/methodResponse:MethodResponse";
    const KEY: &'static [&'static str] = &["restApi", "resourceId", "httpMethod", "statusCode"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, Self::KEY)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = id(new);
        of_response!(cx.aws.apigateway().put_method_response(), &id)
            .set_response_models(Some(new.response_models.clone().into_iter().collect()))
            .set_response_parameters(Some(new.response_parameters.clone().into_iter().collect()))
            .send()
            .await?;
        Ok(id)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = responses(cx, ids, |it, status| it.method_responses?.remove(status)).await?;
        let told = found.into_iter().map(|it| {
            it.map(|([api, resource, verb, status], live)| Outputs {
                inputs: Inputs {
                    rest_api: api.to_owned(),
                    resource_id: resource.to_owned(),
                    http_method: verb.to_owned(),
                    status_code: status.to_owned(),
                    response_models: live.response_models.unwrap_or_default().into_iter().collect(),
                    response_parameters: live
                        .response_parameters
                        .unwrap_or_default()
                        .into_iter()
                        .collect(),
                },
            })
        });
        Ok(told.collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let patch = Patch::default()
            .map("/responseModels", &old.response_models, &new.response_models)
            .map("/responseParameters", &old.response_parameters, &new.response_parameters);
        if let Some(operations) = patch.operations() {
            let call = of_response!(cx.aws.apigateway().update_method_response(), id);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = of_response!(cx.aws.apigateway().delete_method_response(), id);
        absent(call.send().await, MISSING).map(drop)
    }

    /// A second one is refused; ours is as it was sent.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs);
        let live = Self::read(cx, &id).await?.map(|it| it.inputs);
        let ours = live.is_some_and(|it| {
            it.response_models == inputs.response_models
                && it.response_parameters == inputs.response_parameters
        });
        Ok(ours.then_some(id))
    }
}

fn id(inputs: &Inputs) -> String {
    let Inputs { rest_api, resource_id, http_method, status_code, .. } = inputs;
    format!("{rest_api}/{resource_id}/{http_method}/{status_code}")
}
