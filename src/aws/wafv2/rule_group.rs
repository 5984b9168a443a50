//! `aws:wafv2/ruleGroup:RuleGroup`. The id is `uuid/name/scope`.

use aws_sdk_wafv2::{operation::get_rule_group::GetRuleGroupOutput, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    SERIAL, birth_tags, calls, check_name, id, made, parts, retag, right_region,
    rule::{self, CustomResponseBody, Rule, VisibilityConfig, bodies_from_sdk, bodies_to_sdk},
    tags,
    twin::{Field as _, Twin as _, Word},
};
use crate::{aws::kept, model::Value, provider::*};

pub(super) struct RuleGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    scope: Word<sdk::Scope>,
    /// What its rules may cost at most, in WAF's units.
    #[schemars(range(min = 1), extend("replace" = true))]
    capacity: i64,
    description: Option<String>,
    visibility_config: VisibilityConfig,
    rules: Option<Set<Rule>>,
    /// The rules as AWS's own documents write them.
    rules_json: Option<Json>,
    custom_response_bodies: Option<Set<CustomResponseBody>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    lock_token: Option<String>,
}

impl Resource for RuleGroup {
    const TYPE: &'static str = "aws:wafv2/ruleGroup:RuleGroup";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        if new.rules.is_some() && new.rules_json.is_some() {
            return Err(Error::invalid("rulesJson", "excludes `rules`"));
        }
        let rules = wanted_rules(new)?.unwrap_or_default();
        if let Some(rule) = rules.iter().find(|it| it.runs_a_group()) {
            let rule = format!("rule `{}` uses a rule group, which is for web ACLs", rule.name);
            return Err(Error::invalid("rules", rule));
        }
        rule::check_all(&rules)
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some(SERIAL.to_owned())
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "rulesJson" && rule::same_document(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        right_region(cx, &new.scope.0)?;
        let call = cx.aws.wafv2().create_rule_group().name(&new.name).scope(new.scope.0.clone());
        let call = call
            .capacity(new.capacity)
            .visibility_config(new.visibility_config.to_sdk()?)
            .set_description(new.description.clone().filter(|it| !it.is_empty()))
            .set_rules(wanted_rules(new)?.map(|it| it.to_sdk()).transpose()?)
            .set_custom_response_bodies(bodies_to_sdk(new.custom_response_bodies.as_ref())?);
        let reply = call.set_tags(birth_tags(cx, &new.tags)?).send().await?;
        id(reply.summary.as_ref().and_then(|it| it.id()), &new.name, &new.scope.0)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (_, name, scope) = parts(id)?;
        let Some(reply) = live(cx, id).await? else { return Ok(None) };
        let group = reply.rule_group.ok_or(Error::missing("RuleGroup"))?;
        let rules = Vec::<Rule>::from_sdk(&group.rules.unwrap_or_default())?;
        let asked_json = cx.asks("rulesJson");
        let inputs = Inputs {
            name: name.to_owned(),
            name_prefix: None,
            scope: Word(scope),
            capacity: group.capacity,
            description: group.description.filter(|it| !it.is_empty()),
            visibility_config: VisibilityConfig::take(group.visibility_config.as_ref())?,
            rules_json: asked_json.then(|| rule::to_json(&rules).map(Json)).transpose()?,
            rules: Some(Set(rules)),
            custom_response_bodies: group.custom_response_bodies.map(bodies_from_sdk),
            tags: tags(cx, &group.arn).await?,
        };
        Ok(Some(Outputs { inputs, arn: group.arn, lock_token: reply.lock_token }))
    }

    /// The call replaces the whole group: what the program never said is sent
    /// as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (uuid, name, scope) = parts(id)?;
        let reply = live(cx, id).await?.ok_or(Error::unseen("the rule group"))?;
        let group = reply.rule_group.ok_or(Error::missing("RuleGroup"))?;
        let (before, rules) = (wanted_rules(old)?, wanted_rules(new)?);
        let changed = before != rules
            || old.visibility_config != new.visibility_config
            || old.description != new.description
            || old.custom_response_bodies != new.custom_response_bodies;
        if changed {
            let sdk = |it: Option<Vec<Rule>>| it.map(|it| it.to_sdk()).transpose();
            let bodies = |it: &Inputs| bodies_to_sdk(it.custom_response_bodies.as_ref());
            let call = cx.aws.wafv2().update_rule_group().id(uuid).name(name).scope(scope);
            let description =
                kept(old.description.clone(), new.description.clone(), group.description);
            call.visibility_config(new.visibility_config.to_sdk()?)
                .set_description(description.filter(|it| !it.is_empty()))
                .set_rules(kept(sdk(before)?, sdk(rules)?, group.rules))
                .set_custom_response_bodies(kept(
                    bodies(old)?,
                    bodies(new)?,
                    group.custom_response_bodies,
                ))
                .set_monetization_config(group.monetization_config)
                .set_lock_token(reply.lock_token)
                .send()
                .await?;
        }
        retag(cx, &group.arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        delete(cx, id).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let scope = &inputs.scope.0;
        made(cx, listed(cx, scope).await?, scope, &inputs.name).await
    }
}

calls!(GetRuleGroupOutput: list_rule_groups rule_groups, get_rule_group, delete_rule_group);

/// `None` when the program says nothing.
fn wanted_rules(inputs: &Inputs) -> Result<Option<Vec<Rule>>> {
    rule::wanted(inputs.rules.as_ref(), inputs.rules_json.as_ref())
}
