//! `aws:apigateway/authorizer:Authorizer`. The id is `api/authorizer`; programs
//! read the authorizer's own.

use aws_sdk_apigateway::types::{Authorizer as Live, AuthorizerType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, arn, every, last, listed, patch::Patch, serial, split};
use crate::{aws::error::absent, provider::*};

pub(super) struct Authorizer;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[serde(default = "token")]
    #[schemars(extend("enum" = ["TOKEN", "REQUEST", "COGNITO_USER_POOLS"]))]
    r#type: String,
    authorizer_uri: Option<String>,
    authorizer_credentials: Option<String>,
    #[serde(default = "int::<300>")]
    #[schemars(range(max = 3600))]
    authorizer_result_ttl_in_seconds: i32,
    #[serde(default = "authorization")]
    identity_source: String,
    identity_validation_expression: Option<String>,
    #[serde(default)]
    provider_arns: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

fn token() -> String {
    "TOKEN".to_owned()
}

fn authorization() -> String {
    "method.request.header.Authorization".to_owned()
}

impl Resource for Authorizer {
    const TYPE: &'static str = "aws:apigateway/authorizer:Authorizer";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let pools = new.r#type == "COGNITO_USER_POOLS";
        if pools == new.provider_arns.0.is_empty() {
            let rule = "goes with the type `COGNITO_USER_POOLS`, and with no other";
            return Err(Error::invalid("providerArns", rule));
        }
        if pools == new.authorizer_uri.is_some() {
            let rule = "is the function of an authorizer of the types `TOKEN` and `REQUEST`";
            return Err(Error::invalid("authorizerUri", rule));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_authorizer().rest_api_id(&new.rest_api);
        let made = call
            .name(&new.name)
            .r#type(AuthorizerType::from(new.r#type.as_str()))
            .set_authorizer_uri(new.authorizer_uri.clone())
            .set_authorizer_credentials(new.authorizer_credentials.clone())
            .authorizer_result_ttl_in_seconds(new.authorizer_result_ttl_in_seconds)
            .identity_source(&new.identity_source)
            .set_identity_validation_expression(new.identity_validation_expression.clone())
            .set_provider_arns(Some(new.provider_arns.0.clone()).filter(|it| !it.is_empty()))
            .send()
            .await?;
        Ok(format!("{}/{}", new.rest_api, made.id.ok_or(Error::missing("id"))?))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, id: &str| it.id.as_deref() == Some(id);
        let found = listed(ids, |api| authorizers(cx, api), is).await?;
        Ok(found.into_iter().map(|it| it.map(|(api, live)| outputs(cx, api, live))).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let expression = |it: &Inputs| it.identity_validation_expression.clone();
        let patch = Patch::default()
            .value("/name", &old.name, &new.name)
            .value("/type", &old.r#type, &new.r#type)
            .option("/authorizerUri", old.authorizer_uri.as_ref(), new.authorizer_uri.as_ref())
            .option(
                "/authorizerCredentials",
                old.authorizer_credentials.as_ref(),
                new.authorizer_credentials.as_ref(),
            )
            .value(
                "/authorizerResultTtlInSeconds",
                &old.authorizer_result_ttl_in_seconds,
                &new.authorizer_result_ttl_in_seconds,
            )
            .value("/identitySource", &old.identity_source, &new.identity_source)
            .option(
                "/identityValidationExpression",
                expression(old).as_ref(),
                expression(new).as_ref(),
            )
            .members("/providerARNs", &old.provider_arns.0, &new.provider_arns.0);
        if let Some(operations) = patch.operations() {
            let (api, own) = split(id)?;
            let call = cx.aws.apigateway().update_authorizer().rest_api_id(api).authorizer_id(own);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigateway().delete_authorizer().rest_api_id(api).authorizer_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    /// An API has no two authorizers of one name.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = authorizers(cx, inputs.rest_api.clone()).await?.unwrap_or_default();
        let ours = |it: &Live| {
            it.name.as_ref() == Some(&inputs.name)
                && it.authorizer_uri == inputs.authorizer_uri
                && it.authorizer_credentials == inputs.authorizer_credentials
        };
        let found = all.into_iter().find(ours).and_then(|it| it.id);
        Ok(found.map(|id| format!("{}/{id}", inputs.rest_api)))
    }
}

async fn authorizers(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigateway().get_authorizers().rest_api_id(api)))
}

fn outputs(cx: &Cx, api: String, live: Live) -> Outputs {
    let arn = arn(
        &cx.place,
        &format!("restapis/{api}/authorizers/{}", live.id.as_deref().unwrap_or_default()),
    );
    let inputs = Inputs {
        rest_api: api,
        name: live.name.unwrap_or_default(),
        r#type: live.r#type.map_or_else(token, |it| it.as_str().to_owned()),
        authorizer_uri: live.authorizer_uri,
        authorizer_credentials: live.authorizer_credentials,
        authorizer_result_ttl_in_seconds: live.authorizer_result_ttl_in_seconds.unwrap_or(300),
        identity_source: live.identity_source.unwrap_or_default(),
        identity_validation_expression: live.identity_validation_expression,
        provider_arns: live.provider_arns.unwrap_or_default().into_iter().collect(),
    };
    Outputs { inputs, arn }
}
