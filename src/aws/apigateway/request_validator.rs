//! `aws:apigateway/requestValidator:RequestValidator`. The id is
//! `api/validator`; programs read the validator's own.

use aws_sdk_apigateway::types::RequestValidator as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, every, last, listed, patch::Patch, serial, split};
use crate::{aws::error::absent, provider::*};

pub(super) struct RequestValidator;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[serde(default)]
    validate_request_body: bool,
    #[serde(default)]
    validate_request_parameters: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for RequestValidator {
    const TYPE: &'static str = "aws:apigateway/requestValidator:RequestValidator";
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    /// AWS allows several of one name; here the name proves whose it is.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if named(cx, new).await?.is_some() {
            return Err(Error::not_ours("a request validator of this name"));
        }
        let call = cx.aws.apigateway().create_request_validator().rest_api_id(&new.rest_api);
        let made = call
            .name(&new.name)
            .validate_request_body(new.validate_request_body)
            .validate_request_parameters(new.validate_request_parameters)
            .send()
            .await?;
        Ok(format!("{}/{}", new.rest_api, made.id.ok_or(Error::missing("id"))?))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, id: &str| it.id.as_deref() == Some(id);
        let found = listed(ids, |api| validators(cx, api), is).await?;
        let outputs = |(rest_api, live): (String, Live)| Outputs {
            inputs: Inputs {
                rest_api,
                name: live.name.unwrap_or_default(),
                validate_request_body: live.validate_request_body,
                validate_request_parameters: live.validate_request_parameters,
            },
        };
        Ok(found.into_iter().map(|it| it.map(outputs)).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let patch = Patch::default()
            .value("/name", &old.name, &new.name)
            .value("/validateRequestBody", &old.validate_request_body, &new.validate_request_body)
            .value(
                "/validateRequestParameters",
                &old.validate_request_parameters,
                &new.validate_request_parameters,
            );
        if let Some(operations) = patch.operations() {
            let (api, own) = split(id)?;
            let call = cx.aws.apigateway().update_request_validator().rest_api_id(api);
            let call = call.request_validator_id(own);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigateway().delete_request_validator().rest_api_id(api);
        absent(call.request_validator_id(own).send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let found = named(cx, inputs).await?.and_then(|it| it.id);
        Ok(found.map(|id| format!("{}/{id}", inputs.rest_api)))
    }
}

async fn validators(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigateway().get_request_validators().rest_api_id(api)))
}

async fn named(cx: &Cx, inputs: &Inputs) -> Result<Option<Live>> {
    let all = validators(cx, inputs.rest_api.clone()).await?.unwrap_or_default();
    Ok(all.into_iter().find(|it| it.name.as_ref() == Some(&inputs.name)))
}
