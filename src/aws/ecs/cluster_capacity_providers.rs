//! `aws:ecs/clusterCapacityProviders:ClusterCapacityProviders`. The id is the
//! cluster's name.

use std::time::Duration;

use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Cluster};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_CLUSTER, built, tail};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct ClusterCapacityProviders;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(default)]
    capacity_providers: Set<String>,
    #[schemars(extend("replace" = true))]
    cluster_name: String,
    #[serde(default)]
    default_capacity_provider_strategies: Set<Strategy>,
}

/// A share of the tasks; a service says it in the same words.
#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Strategy {
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000))]
    base: i32,
    capacity_provider: String,
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    weight: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for ClusterCapacityProviders {
    const TYPE: &'static str = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders";
    const KEY: &'static [&'static str] = &["clusterName"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// A cluster without providers is one without this resource.
    fn check(new: &Inputs) -> Result<()> {
        let named = &new.capacity_providers.0;
        if named.is_empty() {
            return Err(Error::invalid("capacityProviders", "names at least one provider"));
        }
        let mut uses = new.default_capacity_provider_strategies.0.iter();
        if uses.any(|it| !named.contains(&it.capacity_provider)) {
            let rule = "uses only what `capacityProviders` names";
            return Err(Error::invalid("defaultCapacityProviderStrategies", rule));
        }
        let strategies = &new.default_capacity_provider_strategies.0;
        if strategies.iter().filter(|it| it.base > 0).count() > 1 {
            let rule = "gives a base to one provider at most";
            return Err(Error::invalid("defaultCapacityProviderStrategies", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("clusterName").and_then(Value::as_str) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::string(tail(name)))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("ecs-cluster:{}", tail(&inputs.cluster_name)))
    }

    /// Putting overwrites: look first, so that nobody else's are taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = tail(&new.cluster_name).to_owned();
        if let Some(live) = live(cx, &name).await?.and_then(inputs) {
            return if same(&live, new) {
                Ok(name)
            } else {
                Err(Error::not_ours("a set of capacity providers for this cluster"))
            };
        }
        put(cx, &name, new).await?;
        Ok(name)
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        settled(cx, id).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(live(cx, id).await?.and_then(inputs).map(|inputs| Outputs { inputs }))
    }

    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(100) {
            let call = cx.aws.ecs().describe_clusters().set_clusters(Some(ids.to_vec()));
            let live = call.send().await?.clusters.unwrap_or_default();
            for id in ids {
                let it = live.iter().find(|it| it.cluster_name.as_deref() == Some(tail(id)));
                let it = it.filter(|it| is_there(it)).cloned();
                found.push(it.and_then(inputs).map(|inputs| Outputs { inputs }));
            }
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, id, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        if live(cx, id).await?.and_then(inputs).is_none() {
            return Ok(());
        }
        let none = (Some(Vec::new()), Some(Vec::new()));
        let call = cx.aws.ecs().put_cluster_capacity_providers().cluster(id);
        let call = call.set_capacity_providers(none.0);
        absent(call.set_default_capacity_provider_strategy(none.1).send().await, NO_CLUSTER)?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        settled(cx, id).await
    }

    /// A cluster has one set: what equals ours is ours.
    async fn find(cx: &Cx, wanted: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &wanted.cluster_name).await?.and_then(inputs);
        let ours = live.is_some_and(|it| same(&it, wanted));
        Ok(ours.then(|| tail(&wanted.cluster_name).to_owned()))
    }
}

async fn put(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let strategy = sent_strategy(&new.default_capacity_provider_strategies)?;
    let call = cx.aws.ecs().put_cluster_capacity_providers().cluster(id);
    let call = call.set_capacity_providers(Some(new.capacity_providers.0.clone()));
    call.set_default_capacity_provider_strategy(Some(strategy)).send().await?;
    Ok(())
}

/// Attaching the scaling of a provider's instances takes a minute or two;
/// Fargate's is done at once.
async fn settled(cx: &Cx, id: &str) -> Result<()> {
    let attached = || async {
        let Some(live) = live(cx, id).await? else { return Ok(Some(())) };
        match live.attachments_status.as_deref() {
            Some("UPDATE_FAILED") => Err(Error::failed("attaching a capacity provider failed")),
            Some("UPDATE_IN_PROGRESS") => Ok(None),
            _ => Ok(Some(())),
        }
    };
    cx.wait("its capacity providers to attach", Duration::from_secs(600), attached).await
}

async fn live(cx: &Cx, name: &str) -> Result<Option<Cluster>> {
    let reply = cx.aws.ecs().describe_clusters().clusters(name).send().await?;
    Ok(reply.clusters.unwrap_or_default().pop().filter(is_there))
}

fn is_there(live: &Cluster) -> bool {
    live.status.as_deref() != Some("INACTIVE")
}

/// `None` when the cluster has no providers.
fn inputs(live: Cluster) -> Option<Inputs> {
    let inputs = Inputs {
        capacity_providers: Set(live.capacity_providers.unwrap_or_default()),
        cluster_name: live.cluster_name?,
        default_capacity_provider_strategies: live_strategy(
            live.default_capacity_provider_strategy,
        ),
    };
    (!inputs.capacity_providers.0.is_empty()).then_some(inputs)
}

fn same(one: &Inputs, other: &Inputs) -> bool {
    let strategies = |it: &Inputs| it.default_capacity_provider_strategies.clone();
    one.capacity_providers.since(&other.capacity_providers) == (vec![], vec![])
        && strategies(one).since(&strategies(other)) == (vec![], vec![])
}

pub(super) fn live_strategy(items: Option<Vec<CapacityProviderStrategyItem>>) -> Set<Strategy> {
    let strategy = |it: CapacityProviderStrategyItem| Strategy {
        base: it.base,
        capacity_provider: it.capacity_provider,
        weight: it.weight,
    };
    items.unwrap_or_default().into_iter().map(strategy).collect()
}

pub(super) fn sent_strategy(wanted: &Set<Strategy>) -> Result<Vec<CapacityProviderStrategyItem>> {
    let item = |it: &Strategy| {
        let item = CapacityProviderStrategyItem::builder().base(it.base).weight(it.weight);
        built(item.capacity_provider(&it.capacity_provider).build())
    };
    wanted.0.iter().map(item).collect()
}
