//! `aws:apigateway/method:Method`. The id is `api/resource/METHOD`.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::Method as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, foretold_id, methods, patch::Patch, place_of, serial};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Method;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("replace" = true))]
    resource_id: String,
    /// `GET`, or `ANY` for all that have no method of their own.
    #[schemars(extend("replace" = true))]
    http_method: String,
    #[schemars(extend("enum" = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"]))]
    authorization: String,
    authorizer_id: Option<String>,
    #[serde(default)]
    authorization_scopes: Set<String>,
    #[serde(default)]
    api_key_required: bool,
    operation_name: Option<String>,
    /// By content type.
    #[serde(default)]
    request_models: BTreeMap<String, String>,
    /// `method.request.querystring.page`: whether it must be there.
    #[serde(default)]
    request_parameters: BTreeMap<String, bool>,
    request_validator_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for Method {
    const TYPE: &'static str = "aws:apigateway/method:Method";
    const KEY: &'static [&'static str] = &["restApi", "resourceId", "httpMethod"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let authorized = matches!(new.authorization.as_str(), "CUSTOM" | "COGNITO_USER_POOLS");
        if authorized != new.authorizer_id.is_some() {
            let rule =
                "goes with the authorization `CUSTOM` or `COGNITO_USER_POOLS`, and with no other";
            return Err(Error::invalid("authorizerId", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, Self::KEY)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().put_method().rest_api_id(&new.rest_api);
        call.resource_id(&new.resource_id)
            .http_method(&new.http_method)
            .authorization_type(&new.authorization)
            .set_authorizer_id(new.authorizer_id.clone())
            .set_authorization_scopes(
                Some(new.authorization_scopes.0.clone()).filter(|it| !it.is_empty()),
            )
            .api_key_required(new.api_key_required)
            .set_operation_name(new.operation_name.clone())
            .set_request_models(Some(new.request_models.clone().into_iter().collect()))
            .set_request_parameters(Some(new.request_parameters.clone().into_iter().collect()))
            .set_request_validator_id(new.request_validator_id.clone())
            .send()
            .await?;
        Ok(id(new))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = ids.iter().zip(methods(cx, ids).await?);
        found.map(|(id, it)| it.map(|it| outputs(id, it)).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let validator = |it: &Inputs| it.request_validator_id.clone();
        let patch = Patch::default()
            .value("/authorizationType", &old.authorization, &new.authorization)
            .option("/authorizerId", old.authorizer_id.as_ref(), new.authorizer_id.as_ref())
            .members(
                "/authorizationScopes",
                &old.authorization_scopes.0,
                &new.authorization_scopes.0,
            )
            .value("/apiKeyRequired", &old.api_key_required, &new.api_key_required)
            .option("/operationName", old.operation_name.as_ref(), new.operation_name.as_ref())
            .map("/requestModels", &old.request_models, &new.request_models)
            .map("/requestParameters", &old.request_parameters, &new.request_parameters)
            .option("/requestValidatorId", validator(old).as_ref(), validator(new).as_ref());
        if let Some(operations) = patch.operations() {
            let ([api, resource, method], _) = place_of(id)?;
            let call = cx.aws.apigateway().update_method().rest_api_id(api).resource_id(resource);
            let call = call.http_method(method).set_patch_operations(Some(operations));
            call.send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let ([api, resource, method], _) = place_of(id)?;
        let call = cx.aws.apigateway().delete_method().rest_api_id(api).resource_id(resource);
        absent(call.http_method(method).send().await, MISSING).map(drop)
    }

    /// A second one is refused; ours is as it was sent.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs);
        let live = Self::read(cx, &id).await?.map(|it| it.inputs);
        let ours = live.is_some_and(|it| {
            it.authorization == inputs.authorization
                && it.authorizer_id == inputs.authorizer_id
                && it.api_key_required == inputs.api_key_required
                && it.request_models == inputs.request_models
                && it.request_parameters == inputs.request_parameters
        });
        Ok(ours.then_some(id))
    }
}

fn id(inputs: &Inputs) -> String {
    format!("{}/{}/{}", inputs.rest_api, inputs.resource_id, inputs.http_method)
}

fn outputs(id: &str, live: Live) -> Result<Outputs> {
    let ([api, resource, method], _) = place_of(id)?;
    let text = |it: Option<String>| it.filter(|it| !it.is_empty());
    let inputs = Inputs {
        rest_api: api.to_owned(),
        resource_id: resource.to_owned(),
        http_method: method.to_owned(),
        authorization: live.authorization_type.unwrap_or_default(),
        authorizer_id: text(live.authorizer_id),
        authorization_scopes: live.authorization_scopes.unwrap_or_default().into_iter().collect(),
        api_key_required: live.api_key_required.unwrap_or_default(),
        operation_name: text(live.operation_name),
        request_models: live.request_models.unwrap_or_default().into_iter().collect(),
        request_parameters: live.request_parameters.unwrap_or_default().into_iter().collect(),
        request_validator_id: text(live.request_validator_id),
    };
    Ok(Outputs { inputs })
}
