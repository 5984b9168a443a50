//! `aws:ecs/capacityProvider:CapacityProvider`. The id is its ARN.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ecs::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{built, pairs, retag, sent_tags, tail};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct CapacityProvider;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    auto_scaling_group_provider: Option<GroupProvider>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupProvider {
    #[schemars(extend("replace" = true))]
    auto_scaling_group_arn: String,
    #[schemars(extend("computed" = true, "enum" = ["ENABLED", "DISABLED"]))]
    managed_draining: Option<String>,
    managed_scaling: Option<ManagedScaling>,
    #[schemars(extend("computed" = true, "enum" = ["ENABLED", "DISABLED"]))]
    managed_termination_protection: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ManagedScaling {
    #[schemars(range(max = 10_000), extend("computed" = true))]
    instance_warmup_period: Option<i32>,
    #[schemars(range(min = 1, max = 10_000), extend("computed" = true))]
    maximum_scaling_step_size: Option<i32>,
    #[schemars(range(min = 1, max = 10_000), extend("computed" = true))]
    minimum_scaling_step_size: Option<i32>,
    #[schemars(extend("computed" = true, "enum" = ["ENABLED", "DISABLED"]))]
    status: Option<String>,
    #[schemars(range(min = 1, max = 100), extend("computed" = true))]
    target_capacity: Option<i32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

/// ECS answers a create or a change within seconds; a delete takes as long as
/// the group's scaling plan.
const LIMIT: Duration = Duration::from_secs(1200);

/// How many one describing call takes.
const BATCH: usize = 100;

/// A failure's reason.
const MISSING: &str = "MISSING";

impl Resource for CapacityProvider {
    const TYPE: &'static str = "aws:ecs/capacityProvider:CapacityProvider";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("cluster", "belongs to `managedInstancesProvider`, which is refused"),
        (
            "managedInstancesProvider",
            "ECS managed instances are not supported: use an Auto Scaling group or Fargate",
        ),
    ];
    const KEY: &'static [&'static str] = &["autoScalingGroupProvider"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.auto_scaling_group_provider.is_none() {
            return Err(Error::invalid("autoScalingGroupProvider", "is needed"));
        }
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        let reserved = ["aws", "ecs", "fargate"];
        let lower = new.name.to_lowercase();
        if !new.name.chars().all(fits)
            || !(1..=255).contains(&new.name.len())
            || reserved.iter().any(|it| lower.starts_with(it))
        {
            let rule = "has 1 to 255 letters, digits, `-` or `_`, and does not begin with `aws`, `ecs` or `fargate`";
            return Err(Error::invalid("name", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = place.arn("ecs", &format!("capacity-provider/{name}"));
        Map::from([("id".to_owned(), Value::string(&arn)), ("arn".to_owned(), Value::String(arn))])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(live) = describe(cx, std::slice::from_ref(&new.name)).await?.remove(&new.name) {
            let arn = live.capacity_provider_arn.ok_or(Error::missing("capacityProviderArn"))?;
            return if cx.made(pairs(live.tags)) {
                Ok(arn)
            } else {
                Err(Error::not_ours("a capacity provider of this name"))
            };
        }
        let provider = new.auto_scaling_group_provider.as_ref().map(GroupProvider::to_sdk);
        let call = cx.aws.ecs().create_capacity_provider().name(&new.name);
        let call = call.set_auto_scaling_group_provider(provider.transpose()?);
        let reply = call.set_tags(sent_tags(cx.birth_tags(&new.tags))).send().await?;
        let arn = reply.capacity_provider.and_then(|it| it.capacity_provider_arn);
        arn.ok_or(Error::missing("capacityProviderArn"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let settled = || async {
            let name = tail(id).to_owned();
            let Some(live) = describe(cx, std::slice::from_ref(&name)).await?.remove(&name) else {
                return Ok(None);
            };
            let update = live.update_status.as_ref().map(|it| it.as_str()).unwrap_or_default();
            if update.ends_with("_FAILED") {
                let why = live.update_status_reason.unwrap_or_default();
                return Err(Error::failed(format!("the capacity provider is {update}: {why}")));
            }
            let active = live.status == Some(sdk::CapacityProviderStatus::Active);
            Ok((active && !update.ends_with("_IN_PROGRESS")).then_some(()))
        };
        cx.wait("the capacity provider to be active", LIMIT, settled).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let names: Vec<String> = ids.iter().map(|id| tail(id).to_owned()).collect();
        let mut found = describe(cx, &names).await?;
        names.iter().map(|name| found.remove(name).map(outputs).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.auto_scaling_group_provider != new.auto_scaling_group_provider
            && let Some(provider) = &new.auto_scaling_group_provider
        {
            let provider = provider.to_sdk()?;
            let change = sdk::AutoScalingGroupProviderUpdate::builder()
                .set_managed_scaling(provider.managed_scaling)
                .set_managed_termination_protection(provider.managed_termination_protection)
                .set_managed_draining(provider.managed_draining)
                .build();
            let call = cx.aws.ecs().update_capacity_provider().name(tail(id));
            call.auto_scaling_group_provider(change).send().await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let name = tail(id).to_owned();
        if describe(cx, std::slice::from_ref(&name)).await?.is_empty() {
            return Ok(());
        }
        let call = cx.aws.ecs().delete_capacity_provider().capacity_provider(id);
        call.send().await?;
        Ok(())
    }

    /// Until it is, its name and its group are taken.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let name = tail(id).to_owned();
        let look = || async {
            let live = describe(cx, std::slice::from_ref(&name)).await?;
            Ok(live.is_empty().then_some(()))
        };
        cx.wait("the capacity provider to be gone", LIMIT, look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let found = describe(cx, std::slice::from_ref(&inputs.name)).await?.remove(&inputs.name);
        let ours = found.filter(|it| cx.made(pairs(it.tags.clone())));
        Ok(ours.and_then(|it| it.capacity_provider_arn))
    }
}

/// By name. What is missing is told as a failure, what was deleted as
/// inactive.
async fn describe(cx: &Cx, names: &[String]) -> Result<HashMap<String, sdk::CapacityProvider>> {
    let mut found = HashMap::new();
    for names in names.chunks(BATCH) {
        let call =
            cx.aws.ecs().describe_capacity_providers().include(sdk::CapacityProviderField::Tags);
        let reply = call.set_capacity_providers(Some(names.to_vec())).send().await?;
        let failures = reply.failures.unwrap_or_default();
        if let Some(it) = failures.iter().find(|it| it.reason.as_deref() != Some(MISSING)) {
            let reason = it.reason.clone().unwrap_or_default();
            let detail = it.detail.clone().unwrap_or_default();
            return Err(Error::new(Kind::Service, reason, detail));
        }
        for it in reply.capacity_providers.unwrap_or_default() {
            let name = it.name.clone().ok_or(Error::missing("name"))?;
            if it.status != Some(sdk::CapacityProviderStatus::Inactive) {
                found.insert(name, it);
            }
        }
    }
    Ok(found)
}

impl GroupProvider {
    fn to_sdk(&self) -> Result<sdk::AutoScalingGroupProvider> {
        let scaling = self.managed_scaling.as_ref().map(|it| {
            sdk::ManagedScaling::builder()
                .set_status(it.status.as_deref().map(Into::into))
                .set_target_capacity(it.target_capacity)
                .set_minimum_scaling_step_size(it.minimum_scaling_step_size)
                .set_maximum_scaling_step_size(it.maximum_scaling_step_size)
                .set_instance_warmup_period(it.instance_warmup_period)
                .build()
        });
        let protection = self.managed_termination_protection.as_deref();
        built(
            sdk::AutoScalingGroupProvider::builder()
                .auto_scaling_group_arn(&self.auto_scaling_group_arn)
                .set_managed_scaling(scaling)
                .set_managed_termination_protection(protection.map(Into::into))
                .set_managed_draining(self.managed_draining.as_deref().map(Into::into))
                .build(),
        )
    }

    fn from_sdk(live: sdk::AutoScalingGroupProvider) -> Self {
        Self {
            auto_scaling_group_arn: live.auto_scaling_group_arn,
            managed_draining: live.managed_draining.map(|it| it.as_str().to_owned()),
            managed_scaling: live.managed_scaling.map(|it| ManagedScaling {
                instance_warmup_period: it.instance_warmup_period,
                maximum_scaling_step_size: it.maximum_scaling_step_size,
                minimum_scaling_step_size: it.minimum_scaling_step_size,
                status: it.status.map(|it| it.as_str().to_owned()),
                target_capacity: it.target_capacity,
            }),
            managed_termination_protection: live
                .managed_termination_protection
                .map(|it| it.as_str().to_owned()),
        }
    }
}

fn outputs(live: sdk::CapacityProvider) -> Result<Outputs> {
    let inputs = Inputs {
        name: live.name.ok_or(Error::missing("name"))?,
        auto_scaling_group_provider: live.auto_scaling_group_provider.map(GroupProvider::from_sdk),
        tags: Tags::live(pairs(live.tags)),
    };
    let arn = live.capacity_provider_arn.ok_or(Error::missing("capacityProviderArn"))?;
    Ok(Outputs { inputs, arn })
}
