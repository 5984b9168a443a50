//! `aws:ecr/lifecyclePolicy:LifecyclePolicy`. The id is the repository's name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Document;

use super::foretold;
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct LifecyclePolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    policy: Json,
    #[schemars(extend("replace" = true))]
    repository: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    registry_id: String,
}

const MISSING: &[&str] = &["LifecyclePolicyNotFoundException", "RepositoryNotFoundException"];

impl Resource for LifecyclePolicy {
    const TYPE: &'static str = "aws:ecr/lifecyclePolicy:LifecyclePolicy";
    const KEY: &'static [&'static str] = &["repository"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let rules = new.policy.0.get("rules").and_then(Document::as_array);
        let Some(rules) = rules.filter(|it| !it.is_empty()) else {
            return Err(Error::invalid("policy", "has `rules`, one at least"));
        };
        let mut priorities: Vec<_> = rules.iter().filter_map(priority).collect();
        let stated = priorities.len();
        priorities.sort_unstable();
        priorities.dedup();
        if stated != rules.len() || priorities.len() != rules.len() {
            let rule = "gives each rule a `rulePriority` of its own, a whole number from 1";
            return Err(Error::invalid("policy", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        foretold(place, inputs)
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "policy"
            && match (document(wanted), document(live)) {
                (Some(wanted), Some(live)) => normal(&wanted) == normal(&live),
                _ => false,
            }
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        match live(cx, &new.repository).await? {
            Some(live) if normal(&live.inputs.policy.0) != normal(&new.policy.0) => {
                Err(Error::not_ours("a lifecycle policy of this repository"))
            }
            Some(_) => Ok(new.repository.clone()),
            None => {
                put(cx, &new.repository, new).await?;
                Ok(new.repository.clone())
            }
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        live(cx, id).await
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, id, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.ecr().delete_lifecycle_policy().repository_name(id).send().await, MISSING)?;
        Ok(())
    }

    /// A repository has one policy: what says the same is ours.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.repository).await?;
        let ours = live.is_some_and(|it| normal(&it.inputs.policy.0) == normal(&inputs.policy.0));
        Ok(ours.then(|| inputs.repository.clone()))
    }
}

async fn put(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let call = cx.aws.ecr().put_lifecycle_policy().repository_name(id);
    call.lifecycle_policy_text(new.policy.to_string()).send().await?;
    Ok(())
}

async fn live(cx: &Cx, repository: &str) -> Result<Option<Outputs>> {
    let call = cx.aws.ecr().get_lifecycle_policy().repository_name(repository);
    let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
    let text = live.lifecycle_policy_text.ok_or(Error::missing("lifecyclePolicyText"))?;
    let inputs = Inputs { policy: Json::parse(&text)?, repository: repository.to_owned() };
    let registry_id = live.registry_id.ok_or(Error::missing("registryId"))?;
    Ok(Some(Outputs { inputs, registry_id }))
}

fn document(value: &Value) -> Option<Document> {
    match value.reveal() {
        Document::String(text) => serde_json::from_str(&text).ok(),
        other => Some(other),
    }
}

/// A whole number, however it is written.
fn priority(rule: &Document) -> Option<u64> {
    let number = rule.get("rulePriority")?;
    number.as_u64().or_else(|| number.as_str()?.parse().ok()).filter(|it| *it > 0)
}

/// ECR sorts the rules by priority, and their lists of tags; what it does not
/// know of a rule it leaves out, as nulls are.
fn normal(policy: &Document) -> Document {
    let mut policy = policy.clone();
    let Some(rules) = policy.get_mut("rules").and_then(Document::as_array_mut) else {
        return policy;
    };
    rules.sort_by_key(priority);
    for rule in rules {
        let Some(rule) = rule.as_object_mut() else { continue };
        rule.retain(|_, it| !it.is_null() && it.as_str() != Some(""));
        for part in ["selection", "action"] {
            let Some(part) = rule.get_mut(part).and_then(Document::as_object_mut) else { continue };
            part.retain(|_, it| !it.is_null() && it.as_array().is_none_or(|it| !it.is_empty()));
            for tags in part.values_mut().filter_map(Document::as_array_mut) {
                tags.sort_by_key(ToString::to_string);
            }
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_and_tags_are_sets() {
        let rule = |priority: u32, tags: &[&str]| {
            json!({
                "rulePriority": priority,
                "selection": { "tagStatus": "tagged", "tagPrefixList": tags, "countNumber": 3 },
                "action": { "type": "expire" },
            })
        };
        let wanted = json!({ "rules": [rule(2, &["b", "a"]), rule(1, &["c"])] });
        let live = json!({ "rules": [rule(1, &["c"]), rule(2, &["a", "b"])] });
        assert_eq!(normal(&wanted), normal(&live));
        let other = json!({ "rules": [rule(1, &["c"]), rule(2, &["a"])] });
        assert_ne!(normal(&wanted), normal(&other));
    }
}
