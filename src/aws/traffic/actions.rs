//! A route's actions in AWS's own names, as a plan lists them and the journal
//! keeps them, and as the SDK's types. Nothing is lost on the way: what has no
//! place here is an error.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateOidcActionConditionalBehaviorEnum, JwtValidationActionAdditionalClaimFormatEnum,
    RedirectActionStatusCodeEnum,
};
use serde_json::Value as Json;

use crate::{
    aws::twin::{Twin as _, Word, wire},
    provider::{Error, Kind, Result},
};

wire! {
    Action = sdk::Action {
        #[serde(rename = "Type")]
        kind: Word<ActionTypeEnum> => r#type, set_type;
        order: Option<i32> => order, set_order;
        target_group_arn: Option<String> => target_group_arn, set_target_group_arn;
        forward_config: Option<Forward> => forward_config, set_forward_config;
        redirect_config: Option<Redirect> => redirect_config, set_redirect_config;
        fixed_response_config: Option<FixedResponse>
            => fixed_response_config, set_fixed_response_config;
        authenticate_cognito_config: Option<Cognito>
            => authenticate_cognito_config, set_authenticate_cognito_config;
        authenticate_oidc_config: Option<Oidc>
            => authenticate_oidc_config, set_authenticate_oidc_config;
        jwt_validation_config: Option<Jwt> => jwt_validation_config, set_jwt_validation_config;
    }
}

wire! {
    Forward = sdk::ForwardActionConfig {
        target_groups: Option<Vec<TargetGroup>> => target_groups, set_target_groups;
        target_group_stickiness_config: Option<Stickiness>
            => target_group_stickiness_config, set_target_group_stickiness_config;
    }
}

wire! {
    TargetGroup = sdk::TargetGroupTuple {
        target_group_arn: Option<String> => target_group_arn, set_target_group_arn;
        weight: Option<i32> => weight, set_weight;
    }
}

wire! {
    Stickiness = sdk::TargetGroupStickinessConfig {
        enabled: Option<bool> => enabled, set_enabled;
        duration_seconds: Option<i32> => duration_seconds, set_duration_seconds;
    }
}

wire! {
    Redirect = sdk::RedirectActionConfig {
        protocol: Option<String> => protocol, set_protocol;
        port: Option<String> => port, set_port;
        host: Option<String> => host, set_host;
        path: Option<String> => path, set_path;
        query: Option<String> => query, set_query;
        status_code: Option<Word<RedirectActionStatusCodeEnum>> => status_code, set_status_code;
    }
}

wire! {
    FixedResponse = sdk::FixedResponseActionConfig {
        message_body: Option<String> => message_body, set_message_body;
        status_code: Option<String> => status_code, set_status_code;
        content_type: Option<String> => content_type, set_content_type;
    }
}

wire! {
    Cognito = sdk::AuthenticateCognitoActionConfig {
        user_pool_arn: Option<String> => user_pool_arn, set_user_pool_arn;
        user_pool_client_id: Option<String> => user_pool_client_id, set_user_pool_client_id;
        user_pool_domain: Option<String> => user_pool_domain, set_user_pool_domain;
        session_cookie_name: Option<String> => session_cookie_name, set_session_cookie_name;
        scope: Option<String> => scope, set_scope;
        session_timeout: Option<i64> => session_timeout, set_session_timeout;
        authentication_request_extra_params: Option<BTreeMap<String, String>>
            => authentication_request_extra_params, set_authentication_request_extra_params;
        on_unauthenticated_request: Option<Word<AuthenticateCognitoActionConditionalBehaviorEnum>>
            => on_unauthenticated_request, set_on_unauthenticated_request;
    }
}

// Without `ClientSecret`: it has no place in a plan or a journal.
wire! {
    Oidc = sdk::AuthenticateOidcActionConfig {
        issuer: Option<String> => issuer, set_issuer;
        authorization_endpoint: Option<String>
            => authorization_endpoint, set_authorization_endpoint;
        token_endpoint: Option<String> => token_endpoint, set_token_endpoint;
        user_info_endpoint: Option<String> => user_info_endpoint, set_user_info_endpoint;
        client_id: Option<String> => client_id, set_client_id;
        use_existing_client_secret: Option<bool>
            => use_existing_client_secret, set_use_existing_client_secret;
        session_cookie_name: Option<String> => session_cookie_name, set_session_cookie_name;
        scope: Option<String> => scope, set_scope;
        session_timeout: Option<i64> => session_timeout, set_session_timeout;
        authentication_request_extra_params: Option<BTreeMap<String, String>>
            => authentication_request_extra_params, set_authentication_request_extra_params;
        on_unauthenticated_request: Option<Word<AuthenticateOidcActionConditionalBehaviorEnum>>
            => on_unauthenticated_request, set_on_unauthenticated_request;
    }
}

wire! {
    Jwt = sdk::JwtValidationActionConfig {
        jwks_endpoint: Option<String> => jwks_endpoint, set_jwks_endpoint;
        issuer: Option<String> => issuer, set_issuer;
        additional_claims: Option<Vec<Claim>> => additional_claims, set_additional_claims;
    }
}

wire! {
    Claim = sdk::JwtValidationActionAdditionalClaim {
        format: Option<Word<JwtValidationActionAdditionalClaimFormatEnum>> => format, set_format;
        name: Option<String> => name, set_name;
        values: Option<Vec<String>> => values, set_values;
    }
}

wire! {
    Condition = sdk::RuleCondition {
        field: Option<String> => field, set_field;
        http_header_config: Option<HttpHeader> => http_header_config, set_http_header_config;
    }
}

wire! {
    HttpHeader = sdk::HttpHeaderConditionConfig {
        http_header_name: Option<String> => http_header_name, set_http_header_name;
        values: Option<Vec<String>> => values, set_values;
    }
}

/// What AWS tells, so that it can be said again. It never tells the secret of
/// an OIDC client, and drops the one it has unless told to keep it.
pub(super) fn told(actions: Option<Vec<sdk::Action>>) -> Result<Vec<Json>> {
    let tell = |action: &sdk::Action| {
        let mut action = Action::from_sdk(action)?;
        check_type(&action)?;
        if let Some(oidc) = &mut action.authenticate_oidc_config {
            oidc.use_existing_client_secret = Some(true);
        }
        let broken = |error: serde_json::Error| Error::new(Kind::Broken, "", error.to_string());
        serde_json::to_value(action).map_err(broken)
    };
    actions.unwrap_or_default().iter().map(tell).collect()
}

pub(super) fn said(actions: &[Json]) -> Result<Vec<sdk::Action>> {
    let say = |(place, json): (usize, &Json)| {
        let at = format!("Actions[{place}]");
        let action: Action = serde::Deserialize::deserialize(json)
            .map_err(|error| Error::invalid(&at, error.to_string()))?;
        check_type(&action)?;
        action.to_sdk()
    };
    actions.iter().enumerate().map(say).collect()
}

/// Of rules that a shift makes itself.
pub(super) fn conditions(conditions: &[Json]) -> Result<Vec<sdk::RuleCondition>> {
    let say = |(place, json): (usize, &Json)| {
        let condition: Condition = serde::Deserialize::deserialize(json)
            .map_err(|error| Error::invalid(&format!("Conditions[{place}]"), error.to_string()))?;
        condition.to_sdk()
    };
    conditions.iter().enumerate().map(say).collect()
}

/// One that is newer than this program has parts that it would drop.
fn check_type(action: &Action) -> Result<()> {
    let kind = action.kind.0.as_str();
    if ActionTypeEnum::values().contains(&kind) {
        return Ok(());
    }
    let message = format!("actions of the type `{kind}` are unknown to this program");
    Err(Error::new(Kind::Broken, "", message))
}

/// Whether it sends requests to one of the groups.
pub(super) fn forwards_to(action: &sdk::Action, groups: &[&str]) -> bool {
    let config = action.forward_config.as_ref();
    let tuples = config.and_then(|it| it.target_groups.as_ref()).into_iter().flatten();
    let arns = tuples.filter_map(|it| it.target_group_arn.as_deref());
    arns.chain(action.target_group_arn.as_deref()).any(|arn| groups.contains(&arn))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    type Shape = BoxedStrategy<Json>;

    fn text() -> Shape {
        "[a-z:/#{}.]{0,12}".prop_map(Json::from).boxed()
    }

    fn number() -> Shape {
        any::<i32>().prop_map(Json::from).boxed()
    }

    fn word(words: &'static [&'static str]) -> Shape {
        prop::sample::select(words).prop_map(Json::from).boxed()
    }

    fn list(item: Shape) -> Shape {
        prop::collection::vec(item, 0..3).prop_map(Json::from).boxed()
    }

    fn texts_by_name() -> Shape {
        let map = prop::collection::btree_map("[a-z]{1,4}", "[a-z]{0,4}", 0..3);
        map.prop_map(|it| json!(it)).boxed()
    }

    /// An object with some of these.
    fn some(fields: Vec<(&'static str, Shape)>) -> Shape {
        let maybe = |(name, shape): (&'static str, Shape)| {
            prop::option::of(shape).prop_map(move |it| Some((name.to_owned(), it?)))
        };
        let fields: Vec<_> = fields.into_iter().map(maybe).collect();
        fields.prop_map(|it| Json::Object(it.into_iter().flatten().collect())).boxed()
    }

    fn sign_in(own: Vec<(&'static str, Shape)>) -> Shape {
        let mut fields = own;
        fields.extend([
            ("SessionCookieName", text()),
            ("Scope", text()),
            ("SessionTimeout", any::<i64>().prop_map(Json::from).boxed()),
            ("AuthenticationRequestExtraParams", texts_by_name()),
            ("OnUnauthenticatedRequest", word(&["deny", "allow", "authenticate", "newer"])),
        ]);
        some(fields)
    }

    fn action() -> Shape {
        let group = some(vec![("TargetGroupArn", text()), ("Weight", number())]);
        let enabled = any::<bool>().prop_map(Json::from).boxed();
        let stickiness = some(vec![("Enabled", enabled.clone()), ("DurationSeconds", number())]);
        let redirect = ["Protocol", "Port", "Host", "Path", "Query"].map(|it| (it, text()));
        let status = [("StatusCode", word(&["HTTP_301", "HTTP_302"]))];
        let response = ["MessageBody", "StatusCode", "ContentType"].map(|it| (it, text()));
        let pool = ["UserPoolArn", "UserPoolClientId", "UserPoolDomain"].map(|it| (it, text()));
        let mut oidc = vec![("UseExistingClientSecret", enabled)];
        let names =
            ["Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint", "ClientId"];
        oidc.extend(names.map(|it| (it, text())));
        let claim = some(vec![
            ("Format", word(&["single-string", "string-array", "space-separated-values"])),
            ("Name", text()),
            ("Values", list(text())),
        ]);
        let jwt =
            vec![("JwksEndpoint", text()), ("Issuer", text()), ("AdditionalClaims", list(claim))];
        let rest = some(vec![
            ("Order", number()),
            ("TargetGroupArn", text()),
            (
                "ForwardConfig",
                some(vec![
                    ("TargetGroups", list(group)),
                    ("TargetGroupStickinessConfig", stickiness),
                ]),
            ),
            ("RedirectConfig", some(redirect.into_iter().chain(status).collect())),
            ("FixedResponseConfig", some(response.into())),
            ("AuthenticateCognitoConfig", sign_in(pool.into())),
            ("AuthenticateOidcConfig", sign_in(oidc)),
            ("JwtValidationConfig", some(jwt)),
        ]);
        let kind = prop::sample::select(ActionTypeEnum::values());
        (kind, rest)
            .prop_map(|(kind, mut action)| {
                action["Type"] = kind.into();
                action
            })
            .boxed()
    }

    proptest! {
        #[test]
        fn what_is_said_comes_back_as_it_was(action in action()) {
            let sdk = said(std::slice::from_ref(&action)).unwrap();
            let back = Action::from_sdk(&sdk[0]).unwrap();
            prop_assert_eq!(serde_json::to_value(back).unwrap(), action);
        }
    }

    /// Fails when a newer SDK has a field that is missing above.
    #[test]
    fn every_field_of_the_sdk_has_a_name_here() {
        let sign_in = json!({ "SessionCookieName": "x", "Scope": "x", "SessionTimeout": 1,
            "AuthenticationRequestExtraParams": {}, "OnUnauthenticatedRequest": "deny" });
        let with = |mut own: Json| {
            let fields = sign_in.as_object().unwrap().clone();
            own.as_object_mut().unwrap().extend(fields);
            own
        };
        let full = json!({ "Type": "forward", "Order": 1, "TargetGroupArn": "x",
            "ForwardConfig": {
                "TargetGroups": [{ "TargetGroupArn": "x", "Weight": 1 }],
                "TargetGroupStickinessConfig": { "Enabled": true, "DurationSeconds": 1 } },
            "RedirectConfig": { "Protocol": "x", "Port": "x", "Host": "x", "Path": "x",
                "Query": "x", "StatusCode": "HTTP_301" },
            "FixedResponseConfig": { "MessageBody": "x", "StatusCode": "x", "ContentType": "x" },
            "AuthenticateCognitoConfig": with(json!({
                "UserPoolArn": "x", "UserPoolClientId": "x", "UserPoolDomain": "x" })),
            "AuthenticateOidcConfig": with(json!({
                "Issuer": "x", "AuthorizationEndpoint": "x", "TokenEndpoint": "x",
                "UserInfoEndpoint": "x", "ClientId": "x", "UseExistingClientSecret": true })),
            "JwtValidationConfig": { "JwksEndpoint": "x", "Issuer": "x",
                "AdditionalClaims": [{ "Format": "single-string", "Name": "x", "Values": [] }] },
        });
        let sdk = said(&[full]).unwrap().remove(0);
        // The secret alone has no place, on purpose.
        let text = format!("{sdk:?}").replace("client_secret: None", "");
        assert!(!text.contains("None"), "{text}");
    }

    #[test]
    fn what_is_unknown_is_named() {
        let why = |action: Json| said(&[json!({ "Type": "forward" }), action]).unwrap_err();
        let error = why(json!({ "Type": "forward", "ForwardConfig": { "Mirror": true } }));
        assert!(error.to_string().starts_with("`Actions[1]`: unknown field `Mirror`"), "{error}");
        let error = why(json!({ "Type": "teleport" }));
        assert!(error.to_string().contains("`teleport`"), "{error}");
        let newer = sdk::Action::builder().r#type("teleport".into()).build();
        assert!(told(Some(vec![newer])).unwrap_err().to_string().contains("`teleport`"));
        let secret = json!({ "Type": "authenticate-oidc",
            "AuthenticateOidcConfig": { "ClientSecret": "s" } });
        assert!(why(secret).to_string().contains("unknown field `ClientSecret`"));
    }

    #[test]
    fn the_secret_of_a_client_is_not_told_and_stays() {
        let config = sdk::AuthenticateOidcActionConfig::builder().client_secret("s").build();
        let action = sdk::Action::builder().r#type(ActionTypeEnum::AuthenticateOidc);
        let told = told(Some(vec![action.authenticate_oidc_config(config).build()])).unwrap();
        let wanted = json!({ "UseExistingClientSecret": true });
        assert_eq!(told[0]["AuthenticateOidcConfig"], wanted);
    }
}
