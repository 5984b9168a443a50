//! `aws:apigatewayv2/authorizer:Authorizer`. The id is `api/authorizer`;
//! programs read the authorizer's own.

use aws_sdk_apigatewayv2::types::{Authorizer as Live, AuthorizerType, JwtConfiguration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, changed, every, last, listed, said, serial, split, text};
use crate::{aws::error::absent, provider::*};

pub(super) struct Authorizer;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    api_id: String,
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[schemars(extend("enum" = ["JWT", "REQUEST"]))]
    authorizer_type: String,
    authorizer_uri: Option<String>,
    authorizer_credentials_arn: Option<String>,
    #[schemars(extend("enum" = ["1.0", "2.0"]))]
    authorizer_payload_format_version: Option<String>,
    #[schemars(range(max = 3600), extend("computed" = true))]
    authorizer_result_ttl_in_seconds: Option<i32>,
    #[serde(default)]
    enable_simple_responses: bool,
    #[serde(default)]
    identity_sources: Set<String>,
    jwt_configuration: Option<Jwt>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AuthorizerJwtConfiguration")]
struct Jwt {
    #[serde(default)]
    audiences: Set<String>,
    issuer: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for Authorizer {
    const TYPE: &'static str = "aws:apigatewayv2/authorizer:Authorizer";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let jwt = new.authorizer_type == "JWT";
        if jwt != new.jwt_configuration.is_some() {
            let rule = "goes with the type `JWT`, and with no other";
            return Err(Error::invalid("jwtConfiguration", rule));
        }
        if jwt == new.authorizer_uri.is_some() {
            let rule = "is the function of an authorizer of the type `REQUEST`";
            return Err(Error::invalid("authorizerUri", rule));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.api_id))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigatewayv2().create_authorizer().api_id(&new.api_id);
        let version = new.authorizer_payload_format_version.clone();
        let made = call
            .name(&new.name)
            .authorizer_type(AuthorizerType::from(new.authorizer_type.as_str()))
            .set_authorizer_uri(new.authorizer_uri.clone())
            .set_authorizer_credentials_arn(new.authorizer_credentials_arn.clone())
            .set_authorizer_payload_format_version(version)
            .set_authorizer_result_ttl_in_seconds(new.authorizer_result_ttl_in_seconds)
            .set_enable_simple_responses(new.enable_simple_responses.then_some(true))
            .set_identity_source(Some(new.identity_sources.0.clone()))
            .set_jwt_configuration(new.jwt_configuration.as_ref().map(jwt))
            .send()
            .await?;
        Ok(format!("{}/{}", new.api_id, made.authorizer_id.ok_or(Error::missing("AuthorizerId"))?))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, id: &str| it.authorizer_id.as_deref() == Some(id);
        let found = listed(ids, |api| authorizers(cx, api), is).await?;
        Ok(found.into_iter().map(|it| it.map(|(api, live)| outputs(api, live))).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let kind = changed(&old.authorizer_type, &new.authorizer_type);
        let version = |it: &Inputs| it.authorizer_payload_format_version.clone();
        let jwt_now = changed(&old.jwt_configuration, &new.jwt_configuration).flatten();
        let ttl = (old.authorizer_result_ttl_in_seconds != new.authorizer_result_ttl_in_seconds)
            .then_some(new.authorizer_result_ttl_in_seconds);
        let call = cx.aws.apigatewayv2().update_authorizer().api_id(api).authorizer_id(own);
        call.set_name(changed(&old.name, &new.name))
            .set_authorizer_type(kind.as_deref().map(AuthorizerType::from))
            .set_authorizer_uri(text(old.authorizer_uri.as_ref(), new.authorizer_uri.as_ref()))
            .set_authorizer_credentials_arn(text(
                old.authorizer_credentials_arn.as_ref(),
                new.authorizer_credentials_arn.as_ref(),
            ))
            .set_authorizer_payload_format_version(text(
                version(old).as_ref(),
                version(new).as_ref(),
            ))
            .set_authorizer_result_ttl_in_seconds(ttl.flatten())
            .set_enable_simple_responses(changed(
                &old.enable_simple_responses,
                &new.enable_simple_responses,
            ))
            .set_identity_source(
                changed(&old.identity_sources, &new.identity_sources).map(|it| it.0),
            )
            .set_jwt_configuration(jwt_now.as_ref().map(jwt))
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigatewayv2().delete_authorizer().api_id(api).authorizer_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    /// An API has no two authorizers of one name.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = authorizers(cx, inputs.api_id.clone()).await?.unwrap_or_default();
        let ours = |it: &Live| {
            it.name.as_ref() == Some(&inputs.name)
                && said(it.authorizer_uri.clone()) == inputs.authorizer_uri
                && it.jwt_configuration.clone().map(told_jwt) == inputs.jwt_configuration
        };
        let found = all.into_iter().find(ours).and_then(|it| it.authorizer_id);
        Ok(found.map(|id| format!("{}/{id}", inputs.api_id)))
    }
}

async fn authorizers(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigatewayv2().get_authorizers().api_id(api)))
}

fn jwt(wanted: &Jwt) -> JwtConfiguration {
    JwtConfiguration::builder()
        .set_audience(Some(wanted.audiences.0.clone()))
        .set_issuer(wanted.issuer.clone())
        .build()
}

fn told_jwt(live: JwtConfiguration) -> Jwt {
    Jwt { audiences: Set(live.audience.unwrap_or_default()), issuer: said(live.issuer) }
}

fn outputs(api_id: String, live: Live) -> Outputs {
    let inputs = Inputs {
        api_id,
        name: live.name.unwrap_or_default(),
        authorizer_type: live.authorizer_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        authorizer_uri: said(live.authorizer_uri),
        authorizer_credentials_arn: said(live.authorizer_credentials_arn),
        authorizer_payload_format_version: said(live.authorizer_payload_format_version),
        authorizer_result_ttl_in_seconds: live.authorizer_result_ttl_in_seconds,
        enable_simple_responses: live.enable_simple_responses.unwrap_or_default(),
        identity_sources: Set(live.identity_source.unwrap_or_default()),
        jwt_configuration: live.jwt_configuration.map(told_jwt),
    };
    Outputs { inputs }
}
