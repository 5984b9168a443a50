//! `aws:apigateway/integrationResponse:IntegrationResponse`. The id is
//! `api/resource/METHOD/200`.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::ContentHandlingStrategy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, foretold_id, of_response, patch::Patch, responses, serial};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct IntegrationResponse;

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
    /// Without one it is the response that fits everything.
    selection_pattern: Option<String>,
    #[schemars(extend("enum" = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]))]
    content_handling: Option<String>,
    #[serde(default)]
    response_parameters: BTreeMap<String, String>,
    /// By content type.
    #[serde(default)]
    response_templates: BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for IntegrationResponse {
    const TYPE: &'static str = "aws:apigateway/integrationResponse:IntegrationResponse";
    const KEY: &'static [&'static str] = &["restApi", "resourceId", "httpMethod", "statusCode"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, Self::KEY)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    /// It would overwrite the one of this status, without a word.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = id(new);
        if Self::read(cx, &id).await?.is_some() {
            return Err(Error::not_ours("an integration response of this status"));
        }
        of_response!(cx.aws.apigateway().put_integration_response(), &id)
            .set_selection_pattern(new.selection_pattern.clone())
            .set_content_handling(
                new.content_handling.as_deref().map(ContentHandlingStrategy::from),
            )
            .set_response_parameters(Some(new.response_parameters.clone().into_iter().collect()))
            .set_response_templates(Some(new.response_templates.clone().into_iter().collect()))
            .send()
            .await?;
        Ok(id)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = responses(cx, ids, |it, status| {
            it.method_integration?.integration_responses?.remove(status)
        })
        .await?;
        let told = found.into_iter().map(|it| {
            it.map(|([api, resource, verb, status], live)| Outputs {
                inputs: Inputs {
                    rest_api: api.to_owned(),
                    resource_id: resource.to_owned(),
                    http_method: verb.to_owned(),
                    status_code: status.to_owned(),
                    selection_pattern: live.selection_pattern.filter(|it| !it.is_empty()),
                    content_handling: live.content_handling.map(|it| it.as_str().to_owned()),
                    response_parameters: live
                        .response_parameters
                        .unwrap_or_default()
                        .into_iter()
                        .collect(),
                    response_templates: live
                        .response_templates
                        .unwrap_or_default()
                        .into_iter()
                        .collect(),
                },
            })
        });
        Ok(told.collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let pattern = |it: &Inputs| it.selection_pattern.clone();
        let patch = Patch::default()
            .option("/selectionPattern", pattern(old).as_ref(), pattern(new).as_ref())
            .option(
                "/contentHandling",
                old.content_handling.as_ref(),
                new.content_handling.as_ref(),
            )
            .map("/responseParameters", &old.response_parameters, &new.response_parameters)
            .map("/responseTemplates", &old.response_templates, &new.response_templates);
        if let Some(operations) = patch.operations() {
            let call = of_response!(cx.aws.apigateway().update_integration_response(), id);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = of_response!(cx.aws.apigateway().delete_integration_response(), id);
        absent(call.send().await, MISSING).map(drop)
    }

    /// There was none of this status, and now there is the one that was sent.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs);
        let live = Self::read(cx, &id).await?.map(|it| it.inputs);
        let ours = live.is_some_and(|it| {
            it.selection_pattern == inputs.selection_pattern
                && it.response_parameters == inputs.response_parameters
                && it.response_templates == inputs.response_templates
        });
        Ok(ours.then_some(id))
    }
}

fn id(inputs: &Inputs) -> String {
    let Inputs { rest_api, resource_id, http_method, status_code, .. } = inputs;
    format!("{rest_api}/{resource_id}/{http_method}/{status_code}")
}
