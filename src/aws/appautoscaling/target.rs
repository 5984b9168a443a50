//! `aws:appautoscaling/target:Target`. The id is
//! `<namespace>/<resource id>/<dimension>`, as Pulumi imports it: the resource
//! id alone, which Pulumi calls the id, leaves a table's two dimensions one.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use aws_sdk_applicationautoscaling::types;
use futures_util::future;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scalable, is_gone};
use crate::provider::*;

pub(super) struct Target;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    service_namespace: String,
    #[schemars(extend("replace" = true))]
    resource_id: String,
    #[schemars(extend("replace" = true))]
    scalable_dimension: String,
    #[schemars(range(min = 0))]
    min_capacity: i32,
    #[schemars(range(min = 0))]
    max_capacity: i32,
    /// AWS takes its service-linked role instead, save for EMR.
    #[schemars(extend("computed" = true, "writeOnly" = true))]
    role_arn: Option<String>,
    suspended_state: Option<SuspendedState>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SuspendedState {
    #[serde(default)]
    dynamic_scaling_in_suspended: bool,
    #[serde(default)]
    dynamic_scaling_out_suspended: bool,
    #[serde(default)]
    scheduled_scaling_suspended: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: Option<String>,
}

/// How many resource ids one describing call takes.
const BATCH: usize = 50;

impl Resource for Target {
    const TYPE: &'static str = "aws:appautoscaling/target:Target";
    const KEY: &'static [&'static str] = &["serviceNamespace", "resourceId", "scalableDimension"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.min_capacity > new.max_capacity {
            let rule = format!("is above `maxCapacity`, {}", new.max_capacity);
            return Err(Error::invalid("minCapacity", rule));
        }
        new.scalable().check()
    }

    fn predict(_: &Place, inputs: &crate::model::Value) -> crate::model::Map {
        let text = |name: &str| inputs.get(name)?.as_str().map(str::to_owned);
        let id = || {
            let (namespace, resource) = (text("serviceNamespace")?, text("resourceId")?);
            let dimension = text("scalableDimension")?;
            Some(Scalable { namespace, resource, dimension }.to_string())
        };
        id().map(|it| ("id".to_owned(), it.as_str().into())).into_iter().collect()
    }

    fn serial(new: &Inputs) -> Option<String> {
        Some(format!("appautoscaling:{}/{}", new.service_namespace, new.resource_id))
    }

    /// Registering what is registered changes it: look first, so that nobody
    /// else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let scalable = new.scalable();
        if let Some(live) = describe(cx, &[&scalable]).await?.remove(&scalable) {
            return if cx.made(tags_raw(cx, live.scalable_target_arn.as_deref()).await?) {
                Ok(scalable.to_string())
            } else {
                Err(Error::not_ours("a scalable target for this resource and dimension"))
            };
        }
        let tags = cx.birth_tags(&new.tags).into_iter().collect();
        let call = cx.aws.appautoscaling().register_scalable_target();
        call.service_namespace(new.service_namespace.as_str().into())
            .resource_id(&new.resource_id)
            .scalable_dimension(new.scalable_dimension.as_str().into())
            .min_capacity(new.min_capacity)
            .max_capacity(new.max_capacity)
            .set_role_arn(new.role_arn.clone())
            .set_suspended_state(new.suspended_state.as_ref().map(SuspendedState::sdk))
            .set_tags(Some(tags))
            .send()
            .await?;
        Ok(scalable.to_string())
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[id.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let wanted = ids.iter().map(|id| Ok(Scalable::parse(id)?.0)).collect::<Result<Vec<_>>>()?;
        let mut found = describe(cx, &wanted.iter().collect::<Vec<_>>()).await?;
        let tags = found.iter().map(|(scalable, live)| async move {
            let arn = live.scalable_target_arn.as_deref();
            let tags = if cx.asks("tags") { tags_raw(cx, arn).await? } else { HashMap::new() };
            Result::Ok((scalable.clone(), Tags::live(tags)))
        });
        let mut tags: HashMap<Scalable, Tags> =
            future::try_join_all(tags).await?.into_iter().collect();
        let read = |it: &Scalable| {
            let tags = tags.remove(it).unwrap_or_default();
            found.remove(it).map(|live| outputs(live, tags))
        };
        Ok(wanted.iter().map(read).collect())
    }

    /// What is left out stays as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (scalable, _) = Scalable::parse(id)?;
        if old.min_capacity != new.min_capacity
            || old.max_capacity != new.max_capacity
            || old.role_arn != new.role_arn
            || old.suspended_state != new.suspended_state
        {
            let suspended = match (&old.suspended_state, &new.suspended_state) {
                (Some(_), None) => Some(SuspendedState::default().sdk()),
                (_, new) => new.as_ref().map(SuspendedState::sdk),
            };
            let call = cx.aws.appautoscaling().register_scalable_target();
            call.service_namespace(scalable.namespace.as_str().into())
                .resource_id(&scalable.resource)
                .scalable_dimension(scalable.dimension.as_str().into())
                .min_capacity(new.min_capacity)
                .max_capacity(new.max_capacity)
                .set_role_arn(new.role_arn.clone())
                .set_suspended_state(suspended)
                .send()
                .await?;
        }
        retag(cx, &scalable, &old.tags, &new.tags).await
    }

    /// Its policies go with it.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (scalable, _) = Scalable::parse(id)?;
        let call = cx.aws.appautoscaling().deregister_scalable_target();
        let reply = call
            .service_namespace(scalable.namespace.as_str().into())
            .resource_id(&scalable.resource)
            .scalable_dimension(scalable.dimension.as_str().into())
            .send()
            .await;
        match reply.map_err(Error::from) {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// A target that is still listed would swallow its successor.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let (scalable, _) = Scalable::parse(id)?;
        let gone = || async {
            let there = describe(cx, &[&scalable]).await?;
            Ok(there.is_empty().then_some(()))
        };
        cx.wait("the scalable target to go", Duration::from_secs(120), gone).await
    }

    /// By its natural key: a create never begins where there is one.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let scalable = inputs.scalable();
        let found = describe(cx, &[&scalable]).await?;
        Ok(found.contains_key(&scalable).then(|| scalable.to_string()))
    }
}

impl Inputs {
    fn scalable(&self) -> Scalable {
        Scalable {
            namespace: self.service_namespace.clone(),
            resource: self.resource_id.clone(),
            dimension: self.scalable_dimension.clone(),
        }
    }
}

impl SuspendedState {
    fn sdk(&self) -> types::SuspendedState {
        types::SuspendedState::builder()
            .dynamic_scaling_in_suspended(self.dynamic_scaling_in_suspended)
            .dynamic_scaling_out_suspended(self.dynamic_scaling_out_suspended)
            .scheduled_scaling_suspended(self.scheduled_scaling_suspended)
            .build()
    }
}

/// In as few calls as there are namespaces, fifty resources each.
async fn describe(cx: &Cx, all: &[&Scalable]) -> Result<HashMap<Scalable, types::ScalableTarget>> {
    let mut by_namespace: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for it in all {
        by_namespace.entry(&it.namespace).or_default().push(it.resource.clone());
    }
    let mut found = HashMap::new();
    for (namespace, mut resources) in by_namespace {
        resources.sort_unstable();
        resources.dedup();
        for batch in resources.chunks(BATCH) {
            let call = cx.aws.appautoscaling().describe_scalable_targets();
            let call = call.service_namespace(namespace.into());
            let call = call.set_resource_ids(Some(batch.to_vec()));
            let live: std::result::Result<Vec<_>, _> =
                call.into_paginator().items().send().collect().await;
            found.extend(live?.into_iter().map(|it| {
                let scalable = Scalable {
                    namespace: namespace.to_owned(),
                    resource: it.resource_id.clone(),
                    dimension: it.scalable_dimension.as_str().to_owned(),
                };
                (scalable, it)
            }));
        }
    }
    // A resource may scale in dimensions that nobody asked for.
    found.retain(|scalable, _| all.contains(&scalable));
    Ok(found)
}

/// With our own tags, which prove who made it.
async fn tags_raw(cx: &Cx, arn: Option<&str>) -> Result<HashMap<String, String>> {
    let Some(arn) = arn else { return Ok(HashMap::new()) };
    let call = cx.aws.appautoscaling().list_tags_for_resource().resource_arn(arn);
    Ok(call.send().await?.tags.unwrap_or_default())
}

async fn retag(cx: &Cx, scalable: &Scalable, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if set.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let live = describe(cx, &[scalable]).await?.remove(scalable);
    let arn = live.and_then(|it| it.scalable_target_arn);
    let arn = arn.ok_or(Error::missing("ScalableTargetARN"))?;
    if !set.is_empty() {
        let call = cx.aws.appautoscaling().tag_resource().resource_arn(&arn);
        call.set_tags(Some(set.into_iter().collect())).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.appautoscaling().untag_resource().resource_arn(&arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

fn outputs(live: types::ScalableTarget, tags: Tags) -> Outputs {
    let suspended = live.suspended_state.map(|it| SuspendedState {
        dynamic_scaling_in_suspended: it.dynamic_scaling_in_suspended.unwrap_or_default(),
        dynamic_scaling_out_suspended: it.dynamic_scaling_out_suspended.unwrap_or_default(),
        scheduled_scaling_suspended: it.scheduled_scaling_suspended.unwrap_or_default(),
    });
    let inputs = Inputs {
        service_namespace: live.service_namespace.as_str().to_owned(),
        resource_id: live.resource_id,
        scalable_dimension: live.scalable_dimension.as_str().to_owned(),
        min_capacity: live.min_capacity,
        max_capacity: live.max_capacity,
        role_arn: Some(live.role_arn).filter(|it| !it.is_empty()),
        suspended_state: suspended,
        tags,
    };
    Outputs { inputs, arn: live.scalable_target_arn }
}
