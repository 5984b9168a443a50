//! `aws:cognito/userPoolClient:UserPoolClient`. The id is `pool/client`;
//! programs read the client's own.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, PAGE};
use crate::{
    aws::{
        error::absent,
        twin::{Field, Word, covers, kept, twin},
    },
    provider::*,
};

pub(super) struct UserPoolClient;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    user_pool_id: String,
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[schemars(extend("computed" = true))]
    access_token_validity: Option<i32>,
    allowed_oauth_flows: Option<Set<Word<sdk::OAuthFlowType>>>,
    #[serde(default)]
    allowed_oauth_flows_user_pool_client: bool,
    allowed_oauth_scopes: Option<Set<String>>,
    analytics_configuration: Option<Analytics>,
    #[schemars(extend("computed" = true), range(min = 3, max = 15))]
    auth_session_validity: Option<i32>,
    callback_urls: Option<Set<String>>,
    default_redirect_uri: Option<String>,
    #[serde(default)]
    enable_propagate_additional_user_context_data: bool,
    #[schemars(extend("computed" = true))]
    enable_token_revocation: Option<bool>,
    #[schemars(extend("computed" = true))]
    explicit_auth_flows: Option<Set<Word<sdk::ExplicitAuthFlowsType>>>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    generate_secret: bool,
    #[schemars(extend("computed" = true))]
    id_token_validity: Option<i32>,
    logout_urls: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    prevent_user_existence_errors: Option<Word<sdk::PreventUserExistenceErrorTypes>>,
    #[schemars(extend("computed" = true))]
    read_attributes: Option<Set<String>>,
    refresh_token_rotation: Option<Rotation>,
    #[schemars(extend("computed" = true))]
    refresh_token_validity: Option<i32>,
    #[schemars(extend("computed" = true))]
    supported_identity_providers: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    token_validity_units: Option<Units>,
    #[schemars(extend("computed" = true))]
    write_attributes: Option<Set<String>>,
}

twin! {
    /// An Amazon Pinpoint application.
    Analytics = sdk::AnalyticsConfigurationType {
        application_arn: Option<String> => application_arn, set_application_arn;
        application_id: Option<String> => application_id, set_application_id;
        external_id: Option<String> => external_id, set_external_id;
        #[schemars(extend("computed" = true))]
        role_arn: Option<String> => role_arn, set_role_arn;
        #[serde(default)]
        user_data_shared: bool => user_data_shared, set_user_data_shared;
    }
}

twin! {
    Rotation = sdk::RefreshTokenRotationType {
        feature: Word<sdk::FeatureType> => feature, set_feature;
        retry_grace_period_seconds: Option<i32>
            => retry_grace_period_seconds, set_retry_grace_period_seconds;
    }
}

twin! {
    /// Hours, and days for refresh tokens, when they are not given.
    Units = sdk::TokenValidityUnitsType {
        access_token: Option<Word<sdk::TimeUnitsType>> => access_token, set_access_token;
        id_token: Option<Word<sdk::TimeUnitsType>> => id_token, set_id_token;
        refresh_token: Option<Word<sdk::TimeUnitsType>> => refresh_token, set_refresh_token;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    client_secret: Option<Secret<String>>,
}

/// What create and update take alike.
macro_rules! with_settings {
    ($call:expr, $it:expr) => {
        $call
            .client_name(&$it.name)
            .set_access_token_validity($it.access_token_validity)
            .set_allowed_o_auth_flows($it.allowed_oauth_flows.put()?)
            .allowed_o_auth_flows_user_pool_client($it.allowed_oauth_flows_user_pool_client)
            .set_allowed_o_auth_scopes($it.allowed_oauth_scopes.put()?)
            .set_analytics_configuration($it.analytics_configuration.put()?)
            .set_auth_session_validity($it.auth_session_validity)
            .set_callback_urls($it.callback_urls.put()?)
            .set_default_redirect_uri($it.default_redirect_uri.clone())
            .enable_propagate_additional_user_context_data(
                $it.enable_propagate_additional_user_context_data,
            )
            .set_enable_token_revocation($it.enable_token_revocation)
            .set_explicit_auth_flows($it.explicit_auth_flows.put()?)
            .set_id_token_validity($it.id_token_validity)
            .set_logout_urls($it.logout_urls.put()?)
            .set_prevent_user_existence_errors($it.prevent_user_existence_errors.put()?)
            .set_read_attributes($it.read_attributes.put()?)
            .set_refresh_token_rotation($it.refresh_token_rotation.put()?)
            .set_refresh_token_validity($it.refresh_token_validity)
            .set_supported_identity_providers($it.supported_identity_providers.put()?)
            .set_token_validity_units($it.token_validity_units.put()?)
            .set_write_attributes($it.write_attributes.put()?)
    };
}

impl Resource for UserPoolClient {
    const TYPE: &'static str = "aws:cognito/userPoolClient:UserPoolClient";
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let flows = new.allowed_oauth_flows.as_ref().is_some_and(|it| !it.0.is_empty());
        if flows && !new.allowed_oauth_flows_user_pool_client {
            let rule = "is for clients with `allowedOauthFlowsUserPoolClient: true`";
            return Err(Error::invalid("allowedOauthFlows", rule));
        }
        if let Some(default) = &new.default_redirect_uri
            && !new.callback_urls.as_ref().is_some_and(|it| it.0.contains(default))
        {
            return Err(Error::invalid("defaultRedirectUri", "is one of the `callbackUrls`"));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("cognito:{}", inputs.user_pool_id))
    }

    fn shown_id(id: &str) -> &str {
        id.rsplit('/').next().unwrap_or(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.cognito().create_user_pool_client().user_pool_id(&new.user_pool_id);
        let call = call.generate_secret(new.generate_secret);
        let reply = with_settings!(call, new).send().await?;
        let client = reply.user_pool_client.and_then(|it| it.client_id);
        Ok(format!("{}/{}", new.user_pool_id, client.ok_or(Error::missing("ClientId"))?))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let shows = || async { Ok(live(cx, id).await?.map(drop)) };
        cx.wait("the client to show", Duration::from_secs(120), shows).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        live(cx, id).await?.map(outputs).transpose()
    }

    /// The call resets what it is not told.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (pool, client) = split(id)?;
        let live = live(cx, id).await?.ok_or(Error::unseen("the user pool client"))?;
        let wanted = kept(&outputs(live)?.inputs, old, new)?;
        let call = cx.aws.cognito().update_user_pool_client().user_pool_id(pool).client_id(client);
        with_settings!(call, wanted).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (pool, client) = split(id)?;
        let call = cx.aws.cognito().delete_user_pool_client().user_pool_id(pool);
        absent(call.client_id(client).send().await, MISSING).map(drop)
    }

    /// Clients bear no tags: one of this name that is all as wanted, which was
    /// not there before the request, is this operation's.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let pool = &inputs.user_pool_id;
        let mut next = None;
        loop {
            let call = cx.aws.cognito().list_user_pool_clients().user_pool_id(pool);
            let call = call.max_results(PAGE).set_next_token(next);
            let Some(page) = absent(call.send().await, MISSING)? else { return Ok(None) };
            for it in page.user_pool_clients.unwrap_or_default() {
                let id = format!("{pool}/{}", it.client_id.unwrap_or_default());
                if it.client_name.as_ref() == Some(&inputs.name)
                    && let Some(live) = live(cx, &id).await?
                    && covers(&outputs(live)?.inputs, inputs)?
                {
                    return Ok(Some(id));
                }
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(None);
            }
        }
    }
}

fn split(id: &str) -> Result<(&str, &str)> {
    let form = || Error::invalid("id", format!("`{id}` is not `pool/client`"));
    id.split_once('/').ok_or_else(form)
}

/// A pool that is gone took its clients along.
async fn live(cx: &Cx, id: &str) -> Result<Option<sdk::UserPoolClientType>> {
    let (pool, client) = split(id)?;
    let call = cx.aws.cognito().describe_user_pool_client().user_pool_id(pool);
    let reply = absent(call.client_id(client).send().await, MISSING)?;
    Ok(reply.and_then(|it| it.user_pool_client))
}

fn outputs(live: sdk::UserPoolClientType) -> Result<Outputs> {
    let inputs = Inputs {
        user_pool_id: live.user_pool_id.ok_or(Error::missing("UserPoolId"))?,
        name: live.client_name.unwrap_or_default(),
        access_token_validity: live.access_token_validity,
        allowed_oauth_flows: Field::take(live.allowed_o_auth_flows.as_ref())?,
        allowed_oauth_flows_user_pool_client: live
            .allowed_o_auth_flows_user_pool_client
            .unwrap_or_default(),
        allowed_oauth_scopes: live.allowed_o_auth_scopes.map(Set),
        analytics_configuration: Field::take(live.analytics_configuration.as_ref())?,
        auth_session_validity: live.auth_session_validity,
        callback_urls: live.callback_urls.map(Set),
        default_redirect_uri: live.default_redirect_uri,
        enable_propagate_additional_user_context_data: live
            .enable_propagate_additional_user_context_data
            .unwrap_or_default(),
        enable_token_revocation: live.enable_token_revocation,
        explicit_auth_flows: Field::take(live.explicit_auth_flows.as_ref())?,
        generate_secret: live.client_secret.is_some(),
        id_token_validity: live.id_token_validity,
        logout_urls: live.logout_urls.map(Set),
        prevent_user_existence_errors: Field::take(live.prevent_user_existence_errors.as_ref())?,
        read_attributes: live.read_attributes.map(Set),
        refresh_token_rotation: Field::take(live.refresh_token_rotation.as_ref())?,
        refresh_token_validity: Some(live.refresh_token_validity),
        supported_identity_providers: live.supported_identity_providers.map(Set),
        token_validity_units: Field::take(live.token_validity_units.as_ref())?,
        write_attributes: live.write_attributes.map(Set),
    };
    Ok(Outputs { inputs, client_secret: live.client_secret.map(Secret) })
}
