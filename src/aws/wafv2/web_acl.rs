//! `aws:wafv2/webAcl:WebAcl`. The id is `uuid/name/scope`.

use std::collections::HashMap;

use aws_sdk_wafv2::{operation::get_web_acl::GetWebAclOutput, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    SERIAL, birth_tags, calls, check_name, id, made, parts, retag, right_region,
    rule::{
        self, CaptchaConfig, ChallengeConfig, CustomResponseBody, DefaultAction, Rule,
        VisibilityConfig, bodies_from_sdk, bodies_to_sdk, kinds,
    },
    tags,
    twin::{Built as _, Field, Twin as _, Word, twin},
};
use crate::{aws::kept, model::Value, provider::*};

pub(super) struct WebAcl;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    scope: Word<sdk::Scope>,
    description: Option<String>,
    default_action: DefaultAction,
    visibility_config: VisibilityConfig,
    rules: Option<Set<Rule>>,
    /// The rules as AWS's own documents write them.
    rule_json: Option<Json>,
    custom_response_bodies: Option<Set<CustomResponseBody>>,
    captcha_config: Option<CaptchaConfig>,
    challenge_config: Option<ChallengeConfig>,
    token_domains: Option<Set<String>>,
    association_config: Option<AssociationConfig>,
    data_protection_config: Option<DataProtectionConfig>,
    #[serde(default)]
    tags: Tags,
}

/// How much of a body each kind of resource hands over for inspection.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AssociationConfig {
    request_bodies: Option<Vec<RequestBody>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestBody {
    api_gateway: Option<BodyLimit>,
    app_runner_service: Option<BodyLimit>,
    cloudfront: Option<BodyLimit>,
    cognito_user_pool: Option<BodyLimit>,
    verified_access_instance: Option<BodyLimit>,
}

twin! {
    BodyLimit = RequestBodyAssociatedResourceTypeConfig {
        default_size_inspection_limit: Word<sdk::SizeInspectionLimit>
            => default_size_inspection_limit, set_default_size_inspection_limit;
    }
}

twin! {
    DataProtectionConfig = DataProtectionConfig {
        #[serde(default)]
        data_protections: Set<DataProtection> => data_protections, set_data_protections;
    }
}

twin! {
    DataProtection = DataProtection {
        action: Word<sdk::DataProtectionAction> => action, set_action;
        exclude_rate_based_details: Option<bool>
            => exclude_rate_based_details, set_exclude_rate_based_details;
        exclude_rule_match_details: Option<bool>
            => exclude_rule_match_details, set_exclude_rule_match_details;
        field: ProtectedField => field, set_field;
    }
}

twin! {
    ProtectedField = FieldToProtect {
        field_keys: Option<Set<String>> => field_keys, set_field_keys;
        field_type: Word<sdk::FieldToProtectType> => field_type, set_field_type;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    capacity: i64,
    #[schemars(extend("volatile" = true))]
    lock_token: Option<String>,
    #[schemars(extend("volatile" = true))]
    application_integration_url: Option<String>,
}

impl Resource for WebAcl {
    const TYPE: &'static str = "aws:wafv2/webAcl:WebAcl";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        if new.rules.is_some() && new.rule_json.is_some() {
            return Err(Error::invalid("ruleJson", "excludes `rules`"));
        }
        if kinds(&new.default_action) != 1 {
            return Err(Error::invalid("defaultAction", "is either `allow` or `block`"));
        }
        rule::check_all(&wanted_rules(new)?.unwrap_or_default())
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some(SERIAL.to_owned())
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "ruleJson" && rule::same_document(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        right_region(cx, &new.scope.0)?;
        let whole = Whole::wanted(new)?;
        let call = cx.aws.wafv2().create_web_acl().name(&new.name).scope(new.scope.0.clone());
        let call = call
            .default_action(new.default_action.to_sdk()?)
            .visibility_config(new.visibility_config.to_sdk()?)
            .set_description(whole.description)
            .set_rules(whole.rules)
            .set_custom_response_bodies(whole.custom_response_bodies)
            .set_captcha_config(whole.captcha_config)
            .set_challenge_config(whole.challenge_config)
            .set_token_domains(whole.token_domains)
            .set_association_config(whole.association_config)
            .set_data_protection_config(whole.data_protection_config);
        let reply = call.set_tags(birth_tags(cx, &new.tags)?).send().await?;
        id(reply.summary.as_ref().and_then(|it| it.id()), &new.name, &new.scope.0)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (_, name, scope) = parts(id)?;
        let Some(reply) = live(cx, id).await? else { return Ok(None) };
        let acl = reply.web_acl.ok_or(Error::missing("WebACL"))?;
        let rules = acl.rules.as_deref().unwrap_or_default().iter().filter(|it| !injected(it));
        let rules: Vec<Rule> = rules.map(Rule::from_sdk).collect::<Result<_>>()?;
        let asked_json = cx.asks("ruleJson");
        let inputs = Inputs {
            name: name.to_owned(),
            name_prefix: None,
            scope: Word(scope),
            description: acl.description.filter(|it| !it.is_empty()),
            default_action: Field::take(acl.default_action.as_ref())?,
            visibility_config: Field::take(acl.visibility_config.as_ref())?,
            rule_json: asked_json.then(|| rule::to_json(&rules).map(Json)).transpose()?,
            rules: Some(Set(rules)),
            custom_response_bodies: acl.custom_response_bodies.map(bodies_from_sdk),
            captcha_config: Field::take(acl.captcha_config.as_ref())?,
            challenge_config: Field::take(acl.challenge_config.as_ref())?,
            token_domains: acl.token_domains.map(Set),
            association_config: acl.association_config.map(AssociationConfig::from).transpose()?,
            data_protection_config: Field::take(acl.data_protection_config.as_ref())?,
            tags: tags(cx, &acl.arn).await?,
        };
        Ok(Some(Outputs {
            inputs,
            arn: acl.arn,
            capacity: acl.capacity,
            lock_token: reply.lock_token,
            application_integration_url: reply.application_integration_url,
        }))
    }

    /// The call replaces the whole ACL: what the program never said, what AWS
    /// Shield put in, and what this type does not know, is sent as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (uuid, name, scope) = parts(id)?;
        let reply = live(cx, id).await?.ok_or(Error::unseen("the web ACL"))?;
        let acl = reply.web_acl.ok_or(Error::missing("WebACL"))?;
        let (before, mut whole) = (Whole::wanted(old)?, Whole::wanted(new)?);
        let changed = before != whole
            || old.default_action != new.default_action
            || old.visibility_config != new.visibility_config;
        if changed {
            let (managed, injected): (Vec<_>, Vec<_>) =
                acl.rules.unwrap_or_default().into_iter().partition(|it| !injected(it));
            let keep = before.rules.is_none() && whole.rules.is_none();
            let mut rules = if keep { managed } else { whole.rules.take().unwrap_or_default() };
            rules.extend(injected);
            let call = cx.aws.wafv2().update_web_acl().id(uuid).name(name).scope(scope);
            let call = call
                .default_action(new.default_action.to_sdk()?)
                .visibility_config(new.visibility_config.to_sdk()?)
                .set_rules(Some(rules))
                .set_description(kept(before.description, whole.description, acl.description))
                .set_custom_response_bodies(kept(
                    before.custom_response_bodies,
                    whole.custom_response_bodies,
                    acl.custom_response_bodies,
                ))
                .set_captcha_config(kept(
                    before.captcha_config,
                    whole.captcha_config,
                    acl.captcha_config,
                ))
                .set_challenge_config(kept(
                    before.challenge_config,
                    whole.challenge_config,
                    acl.challenge_config,
                ))
                .set_token_domains(kept(
                    before.token_domains,
                    whole.token_domains,
                    acl.token_domains,
                ))
                .set_association_config(kept(
                    before.association_config,
                    whole.association_config,
                    acl.association_config,
                ))
                .set_data_protection_config(kept(
                    before.data_protection_config,
                    whole.data_protection_config,
                    acl.data_protection_config,
                ))
                .set_on_source_d_do_s_protection_config(acl.on_source_d_do_s_protection_config)
                .set_application_config(acl.application_config)
                .set_monetization_config(acl.monetization_config);
            call.set_lock_token(reply.lock_token).send().await?;
        }
        retag(cx, &acl.arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        delete(cx, id).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let scope = &inputs.scope.0;
        made(cx, listed(cx, scope).await?, scope, &inputs.name).await
    }
}

calls!(GetWebAclOutput: list_web_acls web_acls, get_web_acl, delete_web_acl);

/// What create and update send besides the two required properties.
#[derive(PartialEq)]
struct Whole {
    description: Option<String>,
    rules: Option<Vec<sdk::Rule>>,
    custom_response_bodies: Option<HashMap<String, sdk::CustomResponseBody>>,
    captcha_config: Option<sdk::CaptchaConfig>,
    challenge_config: Option<sdk::ChallengeConfig>,
    token_domains: Option<Vec<String>>,
    association_config: Option<sdk::AssociationConfig>,
    data_protection_config: Option<sdk::DataProtectionConfig>,
}

impl Whole {
    fn wanted(inputs: &Inputs) -> Result<Self> {
        Ok(Self {
            description: inputs.description.clone().filter(|it| !it.is_empty()),
            rules: wanted_rules(inputs)?.map(|it| it.to_sdk()).transpose()?,
            custom_response_bodies: bodies_to_sdk(inputs.custom_response_bodies.as_ref())?,
            captcha_config: inputs.captcha_config.put()?,
            challenge_config: inputs.challenge_config.put()?,
            token_domains: inputs.token_domains.put()?,
            association_config: inputs
                .association_config
                .as_ref()
                .map(AssociationConfig::to_sdk)
                .transpose()?,
            data_protection_config: inputs.data_protection_config.put()?,
        })
    }
}

/// `None` when the program says nothing.
fn wanted_rules(inputs: &Inputs) -> Result<Option<Vec<Rule>>> {
    rule::wanted(inputs.rules.as_ref(), inputs.rule_json.as_ref())
}

/// Rules that AWS Shield Advanced adds and removes by itself.
fn injected(rule: &sdk::Rule) -> bool {
    rule.name.starts_with("ShieldMitigationRuleGroup_")
}

impl AssociationConfig {
    fn to_sdk(&self) -> Result<sdk::AssociationConfig> {
        let mut builder = sdk::AssociationConfig::builder();
        for body in self.request_bodies.iter().flatten() {
            let all = [
                (sdk::AssociatedResourceType::ApiGateway, &body.api_gateway),
                (sdk::AssociatedResourceType::AppRunnerService, &body.app_runner_service),
                (sdk::AssociatedResourceType::Cloudfront, &body.cloudfront),
                (sdk::AssociatedResourceType::CognitoUserPool, &body.cognito_user_pool),
                (
                    sdk::AssociatedResourceType::VerifiedAccessInstance,
                    &body.verified_access_instance,
                ),
            ];
            for (kind, limit) in all {
                if let Some(limit) = limit {
                    builder = builder.request_body(kind, limit.to_sdk()?);
                }
            }
        }
        builder.build().built()
    }

    fn from(mut sdk: sdk::AssociationConfig) -> Result<Self> {
        let mut live = sdk.request_body.take().unwrap_or_default();
        let mut of = |kind| live.remove(&kind).as_ref().map(BodyLimit::from_sdk).transpose();
        let body = RequestBody {
            api_gateway: of(sdk::AssociatedResourceType::ApiGateway)?,
            app_runner_service: of(sdk::AssociatedResourceType::AppRunnerService)?,
            cloudfront: of(sdk::AssociatedResourceType::Cloudfront)?,
            cognito_user_pool: of(sdk::AssociatedResourceType::CognitoUserPool)?,
            verified_access_instance: of(sdk::AssociatedResourceType::VerifiedAccessInstance)?,
        };
        let none = body == RequestBody::default();
        Ok(Self { request_bodies: (!none).then(|| vec![body]) })
    }
}
