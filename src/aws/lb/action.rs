//! The actions of a listener and of its rules: one shape for both.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Action {
    #[serde(rename = "type")]
    #[schemars(extend("enum" = [
        "forward", "redirect", "fixed-response", "authenticate-cognito", "authenticate-oidc",
        "jwt-validation",
    ]))]
    kind: String,
    #[schemars(extend("computed" = true), range(min = 1, max = 50_000))]
    order: Option<i32>,
    /// Short for a `forward` to one group. AWS tells such an action in both
    /// ways; with more groups only `forward` is there.
    #[schemars(extend("computed" = true))]
    target_group_arn: Option<String>,
    #[schemars(extend("computed" = true))]
    forward: Option<Forward>,
    redirect: Option<Redirect>,
    fixed_response: Option<FixedResponse>,
    authenticate_cognito: Option<AuthenticateCognito>,
    authenticate_oidc: Option<AuthenticateOidc>,
    jwt_validation: Option<JwtValidation>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Forward {
    target_groups: Set<ForwardTargetGroup>,
    stickiness: Option<ForwardStickiness>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ForwardTargetGroup {
    arn: String,
    #[serde(default = "int::<1>")]
    #[schemars(range(min = 0, max = 999))]
    weight: i32,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ForwardStickiness {
    #[serde(default)]
    enabled: bool,
    /// AWS forgets it while stickiness is off.
    #[schemars(range(min = 1, max = 604_800))]
    duration: Option<i32>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Redirect {
    #[serde(default = "same_host")]
    host: String,
    #[serde(default = "same_path")]
    path: String,
    #[serde(default = "same_port")]
    port: String,
    #[serde(default = "same_protocol")]
    #[schemars(extend("enum" = ["HTTP", "HTTPS", "#{protocol}"]))]
    protocol: String,
    #[serde(default = "same_query")]
    query: String,
    #[schemars(extend("enum" = ["HTTP_301", "HTTP_302"]))]
    status_code: String,
}

fn same_host() -> String {
    "#{host}".to_owned()
}
fn same_path() -> String {
    "/#{path}".to_owned()
}
fn same_port() -> String {
    "#{port}".to_owned()
}
fn same_protocol() -> String {
    "#{protocol}".to_owned()
}
fn same_query() -> String {
    "#{query}".to_owned()
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FixedResponse {
    #[schemars(extend("enum" = [
        "text/plain", "text/css", "text/html", "application/javascript", "application/json",
    ]))]
    content_type: String,
    #[schemars(length(max = 1024))]
    message_body: Option<String>,
    #[schemars(extend("computed" = true))]
    status_code: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuthenticateCognito {
    user_pool_arn: String,
    user_pool_client_id: String,
    user_pool_domain: String,
    authentication_request_extra_params: Option<BTreeMap<String, String>>,
    #[serde(default = "authenticate")]
    #[schemars(extend("enum" = ["deny", "allow", "authenticate"]))]
    on_unauthenticated_request: String,
    #[serde(default = "openid")]
    scope: String,
    #[serde(default = "session_cookie")]
    session_cookie_name: String,
    #[serde(default = "week")]
    session_timeout: i64,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuthenticateOidc {
    authorization_endpoint: String,
    client_id: String,
    /// Required of a program; AWS never tells it.
    #[schemars(extend("writeOnly" = true))]
    client_secret: Option<Secret<String>>,
    issuer: String,
    token_endpoint: String,
    user_info_endpoint: String,
    authentication_request_extra_params: Option<BTreeMap<String, String>>,
    #[serde(default = "authenticate")]
    #[schemars(extend("enum" = ["deny", "allow", "authenticate"]))]
    on_unauthenticated_request: String,
    #[serde(default = "openid")]
    scope: String,
    #[serde(default = "session_cookie")]
    session_cookie_name: String,
    #[serde(default = "week")]
    session_timeout: i64,
}

fn authenticate() -> String {
    "authenticate".to_owned()
}
fn openid() -> String {
    "openid".to_owned()
}
fn session_cookie() -> String {
    "AWSELBAuthSessionCookie".to_owned()
}
fn week() -> i64 {
    604_800
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JwtValidation {
    issuer: String,
    jwks_endpoint: String,
    additional_claims: Option<Set<JwtClaim>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JwtClaim {
    #[schemars(extend("enum" = ["single-string", "string-array", "space-separated-values"]))]
    format: String,
    name: String,
    values: Set<String>,
}

/// What one action must have, and that the last of all answers the request.
pub(super) fn check(property: &str, actions: &[Action]) -> Result<()> {
    for (place, it) in actions.iter().enumerate() {
        let at = format!("{property}[{place}]");
        let (needs, has) = match it.kind.as_str() {
            "forward" => ("forward", it.forward.is_some() || it.target_group_arn.is_some()),
            "redirect" => ("redirect", it.redirect.is_some()),
            "fixed-response" => ("fixedResponse", it.fixed_response.is_some()),
            "authenticate-cognito" => ("authenticateCognito", it.authenticate_cognito.is_some()),
            "authenticate-oidc" => ("authenticateOidc", it.authenticate_oidc.is_some()),
            _ => ("jwtValidation", it.jwt_validation.is_some()),
        };
        if !has {
            let rule = format!("is needed for an action of type `{}`", it.kind);
            return Err(Error::invalid(&format!("{at}.{needs}"), rule));
        }
        if it.authenticate_oidc.as_ref().is_some_and(|it| it.client_secret.is_none()) {
            let at = format!("{at}.authenticateOidc.clientSecret");
            return Err(Error::invalid(&at, "is needed"));
        }
        let Some(forward) = &it.forward else { continue };
        if !(1..=5).contains(&forward.target_groups.0.len()) {
            let at = format!("{at}.forward.targetGroups");
            return Err(Error::invalid(&at, "holds one to five target groups"));
        }
        let only = |arn: &String| matches!(&forward.target_groups.0[..], [it] if it.arn == *arn);
        if it.target_group_arn.as_ref().is_some_and(|arn| !only(arn)) {
            let rule = "says something else than `forward`; leave one of them out";
            return Err(Error::invalid(&format!("{at}.targetGroupArn"), rule));
        }
    }
    let last = actions.iter().enumerate().max_by_key(|(place, it)| (it.order, *place));
    if last.is_none_or(|(_, it)| it.kind.starts_with("authenticate-") || it.kind.starts_with("jwt"))
    {
        let rule = "must end with a `forward`, `redirect` or `fixed-response` action";
        return Err(Error::invalid(property, rule));
    }
    Ok(())
}

/// AWS tells no duration while stickiness is off.
pub(super) fn same(path: &str, live: &crate::model::Value) -> bool {
    path.ends_with(".forward.stickiness.duration") && live.is_null()
}

pub(super) fn to_sdk(actions: &[Action]) -> Vec<types::Action> {
    actions.iter().map(Action::sdk).collect()
}

/// In the order in which they are done.
pub(super) fn live(actions: Option<Vec<types::Action>>) -> Vec<Action> {
    let mut actions = actions.unwrap_or_default();
    actions.sort_by_key(|it| it.order);
    let places = 1..;
    actions.into_iter().zip(places).map(|(it, place)| Action::live(it, place)).collect()
}

impl Action {
    /// Only what belongs to its type: the rest may be there from before.
    fn sdk(&self) -> types::Action {
        let call = types::Action::builder().r#type(self.kind.as_str().into()).set_order(self.order);
        let call = match self.kind.as_str() {
            "forward" => match &self.forward {
                Some(it) => call.forward_config(it.sdk()),
                None => call.set_target_group_arn(self.target_group_arn.clone()),
            },
            "redirect" => call.set_redirect_config(self.redirect.as_ref().map(Redirect::sdk)),
            "fixed-response" => {
                call.set_fixed_response_config(self.fixed_response.as_ref().map(FixedResponse::sdk))
            }
            "authenticate-cognito" => {
                let config = self.authenticate_cognito.as_ref().map(AuthenticateCognito::sdk);
                call.set_authenticate_cognito_config(config)
            }
            "authenticate-oidc" => {
                let config = self.authenticate_oidc.as_ref().map(AuthenticateOidc::sdk);
                call.set_authenticate_oidc_config(config)
            }
            _ => {
                call.set_jwt_validation_config(self.jwt_validation.as_ref().map(JwtValidation::sdk))
            }
        };
        call.build()
    }

    fn live(live: types::Action, place: i32) -> Self {
        let kind = live.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default();
        let config = live.forward_config.unwrap_or_else(|| {
            types::ForwardActionConfig::builder().set_target_groups(None).build()
        });
        let groups = config.target_groups.unwrap_or_default().into_iter().filter_map(|it| {
            let weight = it.weight.unwrap_or(1);
            Some(ForwardTargetGroup { arn: it.target_group_arn?, weight })
        });
        let mut groups: Vec<_> = groups.collect();
        if groups.is_empty() {
            let only = live.target_group_arn.map(|arn| ForwardTargetGroup { arn, weight: 1 });
            groups.extend(only);
        }
        let target_group_arn = match &groups[..] {
            [only] => Some(only.arn.clone()),
            _ => None,
        };
        let stickiness = config.target_group_stickiness_config.map(|it| ForwardStickiness {
            enabled: it.enabled.unwrap_or_default(),
            duration: it.duration_seconds,
        });
        let forward =
            (kind == "forward").then_some(Forward { target_groups: Set(groups), stickiness });
        Self {
            kind,
            order: Some(live.order.unwrap_or(place)),
            target_group_arn,
            forward,
            redirect: live.redirect_config.map(Redirect::live),
            fixed_response: live.fixed_response_config.map(FixedResponse::live),
            authenticate_cognito: live.authenticate_cognito_config.map(AuthenticateCognito::live),
            authenticate_oidc: live.authenticate_oidc_config.map(AuthenticateOidc::live),
            jwt_validation: live.jwt_validation_config.map(JwtValidation::live),
        }
    }
}

impl Forward {
    fn sdk(&self) -> types::ForwardActionConfig {
        let groups = self.target_groups.0.iter().map(|it| {
            types::TargetGroupTuple::builder().target_group_arn(&it.arn).weight(it.weight).build()
        });
        let stickiness = self.stickiness.as_ref().map(|it| {
            types::TargetGroupStickinessConfig::builder()
                .enabled(it.enabled)
                .set_duration_seconds(it.duration)
                .build()
        });
        types::ForwardActionConfig::builder()
            .set_target_groups(Some(groups.collect()))
            .set_target_group_stickiness_config(stickiness)
            .build()
    }
}

impl Redirect {
    fn sdk(&self) -> types::RedirectActionConfig {
        types::RedirectActionConfig::builder()
            .host(&self.host)
            .path(&self.path)
            .port(&self.port)
            .protocol(&self.protocol)
            .query(&self.query)
            .status_code(self.status_code.as_str().into())
            .build()
    }

    fn live(live: types::RedirectActionConfig) -> Self {
        Self {
            host: live.host.unwrap_or_else(same_host),
            path: live.path.unwrap_or_else(same_path),
            port: live.port.unwrap_or_else(same_port),
            protocol: live.protocol.unwrap_or_else(same_protocol),
            query: live.query.unwrap_or_else(same_query),
            status_code: live.status_code.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl FixedResponse {
    fn sdk(&self) -> types::FixedResponseActionConfig {
        types::FixedResponseActionConfig::builder()
            .content_type(&self.content_type)
            .set_message_body(self.message_body.clone())
            // The API wants one; 200 is what the console starts with.
            .status_code(self.status_code.as_deref().unwrap_or("200"))
            .build()
    }

    fn live(live: types::FixedResponseActionConfig) -> Self {
        Self {
            content_type: live.content_type.unwrap_or_default(),
            message_body: live.message_body,
            status_code: live.status_code,
        }
    }
}

impl AuthenticateCognito {
    fn sdk(&self) -> types::AuthenticateCognitoActionConfig {
        let extra = self.authentication_request_extra_params.clone();
        types::AuthenticateCognitoActionConfig::builder()
            .user_pool_arn(&self.user_pool_arn)
            .user_pool_client_id(&self.user_pool_client_id)
            .user_pool_domain(&self.user_pool_domain)
            .set_authentication_request_extra_params(extra.map(|it| it.into_iter().collect()))
            .on_unauthenticated_request(self.on_unauthenticated_request.as_str().into())
            .scope(&self.scope)
            .session_cookie_name(&self.session_cookie_name)
            .session_timeout(self.session_timeout)
            .build()
    }

    fn live(live: types::AuthenticateCognitoActionConfig) -> Self {
        let extra = live.authentication_request_extra_params;
        let deny = live.on_unauthenticated_request;
        Self {
            user_pool_arn: live.user_pool_arn.unwrap_or_default(),
            user_pool_client_id: live.user_pool_client_id.unwrap_or_default(),
            user_pool_domain: live.user_pool_domain.unwrap_or_default(),
            authentication_request_extra_params: extra.map(|it| it.into_iter().collect()),
            on_unauthenticated_request: deny.map_or_else(authenticate, |it| it.as_str().to_owned()),
            scope: live.scope.unwrap_or_else(openid),
            session_cookie_name: live.session_cookie_name.unwrap_or_else(session_cookie),
            session_timeout: live.session_timeout.unwrap_or_else(week),
        }
    }
}

impl AuthenticateOidc {
    /// After an import nobody knows the secret: AWS keeps the one it has.
    fn sdk(&self) -> types::AuthenticateOidcActionConfig {
        let extra = self.authentication_request_extra_params.clone();
        let secret = self.client_secret.as_ref().map(|it| it.0.clone());
        types::AuthenticateOidcActionConfig::builder()
            .authorization_endpoint(&self.authorization_endpoint)
            .client_id(&self.client_id)
            .set_use_existing_client_secret(secret.is_none().then_some(true))
            .set_client_secret(secret)
            .issuer(&self.issuer)
            .token_endpoint(&self.token_endpoint)
            .user_info_endpoint(&self.user_info_endpoint)
            .set_authentication_request_extra_params(extra.map(|it| it.into_iter().collect()))
            .on_unauthenticated_request(self.on_unauthenticated_request.as_str().into())
            .scope(&self.scope)
            .session_cookie_name(&self.session_cookie_name)
            .session_timeout(self.session_timeout)
            .build()
    }

    fn live(live: types::AuthenticateOidcActionConfig) -> Self {
        let extra = live.authentication_request_extra_params;
        let deny = live.on_unauthenticated_request;
        Self {
            authorization_endpoint: live.authorization_endpoint.unwrap_or_default(),
            client_id: live.client_id.unwrap_or_default(),
            client_secret: None,
            issuer: live.issuer.unwrap_or_default(),
            token_endpoint: live.token_endpoint.unwrap_or_default(),
            user_info_endpoint: live.user_info_endpoint.unwrap_or_default(),
            authentication_request_extra_params: extra.map(|it| it.into_iter().collect()),
            on_unauthenticated_request: deny.map_or_else(authenticate, |it| it.as_str().to_owned()),
            scope: live.scope.unwrap_or_else(openid),
            session_cookie_name: live.session_cookie_name.unwrap_or_else(session_cookie),
            session_timeout: live.session_timeout.unwrap_or_else(week),
        }
    }
}

impl JwtValidation {
    fn sdk(&self) -> types::JwtValidationActionConfig {
        let claims = self.additional_claims.as_ref().map(|it| {
            let claims = it.0.iter().map(|it| {
                types::JwtValidationActionAdditionalClaim::builder()
                    .format(it.format.as_str().into())
                    .name(&it.name)
                    .set_values(Some(it.values.0.clone()))
                    .build()
            });
            claims.collect()
        });
        types::JwtValidationActionConfig::builder()
            .issuer(&self.issuer)
            .jwks_endpoint(&self.jwks_endpoint)
            .set_additional_claims(claims)
            .build()
    }

    fn live(live: types::JwtValidationActionConfig) -> Self {
        let claims = live.additional_claims.map(|it| {
            let claims = it.into_iter().map(|it| JwtClaim {
                format: it.format.map(|it| it.as_str().to_owned()).unwrap_or_default(),
                name: it.name.unwrap_or_default(),
                values: Set(it.values.unwrap_or_default()),
            });
            Set(claims.collect())
        });
        Self {
            issuer: live.issuer.unwrap_or_default(),
            jwks_endpoint: live.jwks_endpoint.unwrap_or_default(),
            additional_claims: claims,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(action: types::builders::ActionBuilder) -> serde_json::Value {
        serde_json::to_value(live(Some(vec![action.build()]))).unwrap()
    }

    fn group(arn: &str, weight: i32) -> types::TargetGroupTuple {
        types::TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build()
    }

    #[test]
    fn a_forward_to_one_group_is_told_both_ways() {
        let short = types::Action::builder().r#type("forward".into()).target_group_arn("blue");
        let config = types::ForwardActionConfig::builder().target_groups(group("blue", 1));
        let long = types::Action::builder().r#type("forward".into());
        for action in [short, long.forward_config(config.build())] {
            let read = read(action);
            assert_eq!(read[0]["targetGroupArn"], "blue");
            let groups = serde_json::json!([{ "arn": "blue", "weight": 1 }]);
            assert_eq!(read[0]["forward"]["targetGroups"], groups);
        }
    }

    #[test]
    fn a_forward_to_two_groups_has_no_short_form() {
        let config = types::ForwardActionConfig::builder()
            .target_groups(group("blue", 90))
            .target_groups(group("green", 10))
            .build();
        let action = types::Action::builder().r#type("forward".into());
        let read = read(action.target_group_arn("blue").forward_config(config));
        assert!(read[0]["targetGroupArn"].is_null());
        assert_eq!(read[0]["forward"]["targetGroups"][1]["weight"], 10);
    }
}
