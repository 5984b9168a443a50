//! `aws:ecr/getAuthorizationToken:getAuthorizationToken`: who a container
//! client is to a registry, for twelve hours.

use aws_sdk_ecr::types::AuthorizationData;
use aws_smithy_types::date_time::Format;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetAuthorizationToken;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Another account's, which AWS answers for as it does for one's own.
    registry_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    #[serde(flatten)]
    token: Token,
    registry_id: Option<String>,
    region: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    /// User name and password, in base64.
    authorization_token: Secret<String>,
    expires_at: String,
    password: Secret<String>,
    proxy_endpoint: String,
    user_name: String,
}

impl Function for GetAuthorizationToken {
    const TOKEN: &'static str = "aws:ecr/getAuthorizationToken:getAuthorizationToken";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        Ok(Output {
            id: cx.place.region.clone(),
            token: token(cx, args.registry_id.as_deref()).await?,
            registry_id: args.registry_id.clone(),
            region: cx.place.region.clone(),
        })
    }
}

/// AWS gives the same for every registry, and calls the parameter obsolete.
pub(super) async fn token(cx: &Cx, registry: Option<&str>) -> Result<Token> {
    let call = cx.aws.ecr().get_authorization_token();
    #[expect(deprecated, reason = "it chooses the endpoint that is answered")]
    let call = call.set_registry_ids(registry.map(|it| vec![it.to_owned()]));
    let data = call.send().await?.authorization_data.unwrap_or_default().pop();
    let data: AuthorizationData = data.ok_or(Error::missing("authorizationData"))?;
    let text = data.authorization_token.ok_or(Error::missing("authorizationToken"))?;
    let broken = || Error::missing("user name and password");
    let pair = BASE64.decode(&text).ok().and_then(|it| String::from_utf8(it).ok());
    let pair = pair.ok_or_else(broken)?;
    let (user_name, password) = pair.split_once(':').ok_or_else(broken)?;
    Ok(Token {
        authorization_token: Secret(text.clone()),
        expires_at: data
            .expires_at
            .and_then(|it| it.fmt(Format::DateTime).ok())
            .unwrap_or_default(),
        password: Secret(password.to_owned()),
        proxy_endpoint: data.proxy_endpoint.unwrap_or_default(),
        user_name: user_name.to_owned(),
    })
}
