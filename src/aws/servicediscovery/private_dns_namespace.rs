//! `aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace`. The id is
//! the namespace's with its VPC, which Cloud Map does not tell: `ns-…:vpc-…`.

use aws_sdk_servicediscovery::types::{
    FilterCondition, Namespace, NamespaceFilter, NamespaceFilterName, NamespaceType,
    OperationFilter, OperationFilterName, OperationStatus, OperationTargetType,
    PrivateDnsNamespaceChange,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    LIMIT, NO_NAMESPACE, birth_tags, broken, done, failed, operation, retag, services, tags,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct PrivateDnsNamespace;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// The domain, `orders.local`.
    #[schemars(extend("autoname" = 253, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true))]
    vpc: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    /// The id of the hosted zone that holds its records.
    hosted_zone: Option<String>,
}

impl Resource for PrivateDnsNamespace {
    const TYPE: &'static str = "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace";
    const KEY: &'static [&'static str] = &["name", "vpc"];
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn shown_id(id: &str) -> &str {
        id.split(':').next().unwrap_or(id)
    }

    /// It is made by an operation, which tells its id before it is done.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.servicediscovery().create_private_dns_namespace().name(&new.name);
        let call = call.vpc(&new.vpc).creator_request_id(&cx.op);
        let call = call.set_description(Some(new.description.clone()).filter(|it| !it.is_empty()));
        let made = call.set_tags(birth_tags(cx, &new.tags)?).send().await.map_err(Error::from);
        let reply = match made {
            Ok(reply) => reply,
            Err(error) if error.is(&["NamespaceAlreadyExists"]) => {
                let found = Self::find(cx, new).await?;
                return found.ok_or_else(|| Error::not_ours("a namespace of this name"));
            }
            Err(error) => return Err(error),
        };
        let id = reply.operation_id.as_deref();
        let named = || async {
            let live = operation(cx, id).await?;
            Ok(live.targets.and_then(|mut it| it.remove(&OperationTargetType::Namespace)))
        };
        let namespace = cx.wait("the namespace's id", LIMIT, named).await?;
        Ok(format!("{namespace}:{}", new.vpc))
    }

    /// A name that Route 53 refuses for the VPC is told by the operation only,
    /// and then nothing was made.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let namespace = Self::shown_id(id);
        let look = || async {
            if under_way(cx, namespace).await? {
                return Ok(None);
            }
            if described(cx, namespace).await?.is_some() {
                return Ok(Some(()));
            }
            match failure(cx, namespace).await? {
                Some(error) => Err(error),
                None => Ok(None),
            }
        };
        cx.wait("the namespace and its hosted zone", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some((namespace, vpc)) = id.split_once(':') else {
            let rule = "is the namespace's id with its VPC's, `ns-123:vpc-123`";
            return Err(Error::invalid("import", rule));
        };
        let Some(live) = described(cx, namespace).await? else { return Ok(None) };
        let arn = live.arn.unwrap_or_else(|| arn(&cx.place, namespace));
        let zone = live.properties.and_then(|it| it.dns_properties?.hosted_zone_id);
        let inputs = Inputs {
            name: live.name.ok_or(Error::missing("Name"))?,
            vpc: vpc.to_owned(),
            description: live.description.unwrap_or_default(),
            tags: tags(cx, &arn).await?,
        };
        Ok(Some(Outputs { inputs, arn, hosted_zone: zone }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let namespace = Self::shown_id(id);
        if old.description != new.description {
            let change = PrivateDnsNamespaceChange::builder().description(&new.description);
            let call = cx.aws.servicediscovery().update_private_dns_namespace().id(namespace);
            let reply = call.namespace(change.build()).send().await?;
            done(cx, "the namespace to change", reply.operation_id.as_deref()).await?;
        }
        retag(cx, &arn(&cx.place, namespace), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.servicediscovery().delete_namespace().id(Self::shown_id(id));
        match absent(call.send().await, NO_NAMESPACE)? {
            Some(reply) => done(cx, "the namespace to go", reply.operation_id.as_deref()).await,
            None => Ok(()),
        }
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        let services = services(cx, Self::shown_id(id)).await?.into_iter();
        Ok(services.filter_map(|it| it.name).map(|it| format!("service {it}")).collect())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let filter = |name, value: &str| {
            let filter = NamespaceFilter::builder().name(name).values(value);
            filter.condition(FilterCondition::Eq).build().map_err(broken)
        };
        let private = NamespaceType::DnsPrivate;
        let call = cx.aws.servicediscovery().list_namespaces();
        let call = call.filters(filter(NamespaceFilterName::Type, private.as_str())?);
        let call = call.filters(filter(NamespaceFilterName::Name, &inputs.name)?);
        let pages: Vec<_> = call.into_paginator().send().try_collect().await?;
        let all = pages.into_iter().flat_map(|it| it.namespaces.unwrap_or_default());
        for id in all.filter_map(|it| it.id) {
            let live = described(cx, &id).await?;
            if live.is_some_and(|it| it.creator_request_id.as_ref() == Some(&cx.op)) {
                return Ok(Some(format!("{id}:{}", inputs.vpc)));
            }
        }
        Ok(None)
    }
}

fn arn(place: &Place, namespace: &str) -> String {
    place.arn("servicediscovery", &format!("namespace/{namespace}"))
}

async fn described(cx: &Cx, namespace: &str) -> Result<Option<Namespace>> {
    let reply = cx.aws.servicediscovery().get_namespace().id(namespace).send().await;
    match absent(reply, NO_NAMESPACE)? {
        Some(it) => it.namespace.map(Some).ok_or(Error::missing("Namespace")),
        None => Ok(None),
    }
}

/// The operations on a namespace that have one of these statuses.
async fn operations(cx: &Cx, namespace: &str, statuses: &[OperationStatus]) -> Result<Vec<String>> {
    let filter = |name, values: &[&str], condition| {
        let values = Some(values.iter().copied().map(str::to_owned).collect());
        let filter = OperationFilter::builder().name(name).set_values(values);
        filter.condition(condition).build().map_err(broken)
    };
    let words: Vec<&str> = statuses.iter().map(OperationStatus::as_str).collect();
    let call = cx.aws.servicediscovery().list_operations();
    let of = filter(OperationFilterName::NamespaceId, &[namespace], FilterCondition::Eq)?;
    let with = filter(OperationFilterName::Status, &words, FilterCondition::In)?;
    let pages = call.filters(of).filters(with).into_paginator();
    let pages: Vec<_> = pages.send().try_collect().await?;
    let all = pages.into_iter().flat_map(|it| it.operations.unwrap_or_default());
    Ok(all.filter_map(|it| it.id).collect())
}

async fn under_way(cx: &Cx, namespace: &str) -> Result<bool> {
    let begun = [OperationStatus::Submitted, OperationStatus::Pending];
    Ok(!operations(cx, namespace, &begun).await?.is_empty())
}

/// Why a namespace came to nothing.
async fn failure(cx: &Cx, namespace: &str) -> Result<Option<Error>> {
    let Some(id) = operations(cx, namespace, &[OperationStatus::Fail]).await?.pop() else {
        return Ok(None);
    };
    let reply = cx.aws.servicediscovery().get_operation().operation_id(id).send().await?;
    Ok(reply.operation.map(|it| failed(&it)))
}
