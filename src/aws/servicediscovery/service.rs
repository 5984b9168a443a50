//! `aws:servicediscovery/service:Service`. The id is the service's, `srv-…`.

use std::time::Duration;

use aws_sdk_servicediscovery::types::{
    self as sdk, DnsConfigChange, HealthCheckCustomConfig as SdkCustom, InstanceSummary,
    ServiceChange, ServiceTypeOption,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_SERVICE, birth_tags, broken, done, retag, services, tags};
use crate::{
    aws::{
        error::absent,
        kept,
        twin::{Field, Twin as _, Word, twin},
    },
    provider::*,
};

pub(super) struct Service;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 127, "replace" = true))]
    name: String,
    /// May be given here or within `dnsConfig`.
    #[schemars(extend("replace" = true, "computed" = true))]
    namespace_id: Option<String>,
    #[serde(default)]
    description: String,
    dns_config: Option<DnsConfig>,
    /// Of Route 53, for namespaces that everybody sees.
    health_check_config: Option<HealthCheckConfig>,
    #[schemars(extend("replace" = true))]
    health_check_custom_config: Option<HealthCheckCustomConfig>,
    /// `HTTP`: nothing in DNS, although the namespace has one.
    #[schemars(extend("replace" = true, "computed" = true, "enum" = ["HTTP"]))]
    r#type: Option<String>,
    /// Deregisters what is registered with it when it is deleted.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DnsConfig {
    #[schemars(extend("replace" = true))]
    namespace_id: String,
    #[serde(default = "multivalue")]
    #[schemars(extend("replace" = true))]
    routing_policy: Word<sdk::RoutingPolicy>,
    dns_records: Vec<DnsRecord>,
}

twin! {
    DnsRecord = sdk::DnsRecord {
        ttl: i64 => ttl, set_ttl;
        #[schemars(extend("replace" = true))]
        r#type: Word<sdk::RecordType> => r#type, set_type;
    }
}

twin! {
    HealthCheckConfig = sdk::HealthCheckConfig {
        #[schemars(extend("computed" = true))]
        failure_threshold: Option<i32> => failure_threshold, set_failure_threshold;
        resource_path: Option<String> => resource_path, set_resource_path;
        #[schemars(extend("replace" = true))]
        r#type: Option<Word<sdk::HealthCheckType>> => r#type, set_type;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HealthCheckCustomConfig {
    #[schemars(extend("replace" = true, "computed" = true))]
    failure_threshold: Option<i32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

fn multivalue() -> Word<sdk::RoutingPolicy> {
    Word(sdk::RoutingPolicy::Multivalue)
}

impl Resource for Service {
    const TYPE: &'static str = "aws:servicediscovery/service:Service";
    const KEY: &'static [&'static str] = &["name", "namespaceId"];
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let within = new.dns_config.as_ref().map(|it| &it.namespace_id);
        match (&new.namespace_id, within) {
            (None, None) => {
                let rule = "says where the service is, here or within `dnsConfig`";
                return Err(Error::invalid("namespaceId", rule));
            }
            (Some(here), Some(there)) if here != there => {
                let rule = "is another one than that of `dnsConfig`";
                return Err(Error::invalid("namespaceId", rule));
            }
            _ => {}
        }
        if new.r#type.is_some() && new.dns_config.is_some() {
            let rule = "excludes `dnsConfig`: an HTTP service has no records";
            return Err(Error::invalid("type", rule));
        }
        if new.health_check_config.is_some() && new.health_check_custom_config.is_some() {
            let rule = "excludes `healthCheckConfig`: a service has one kind of health check";
            return Err(Error::invalid("healthCheckCustomConfig", rule));
        }
        if new.health_check_config.as_ref().is_some_and(|it| it.r#type.is_none()) {
            return Err(Error::invalid("healthCheckConfig.type", "is HTTP, HTTPS or TCP"));
        }
        let threshold = new.health_check_custom_config.as_ref().and_then(|it| it.failure_threshold);
        if threshold.is_some_and(|it| it != 1) {
            let rule = "is always 1 now: AWS takes no other number into account";
            return Err(Error::invalid("healthCheckCustomConfig.failureThreshold", rule));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let dns = new.dns_config.as_ref().map(|it| {
            let dns = sdk::DnsConfig::builder().routing_policy(it.routing_policy.0.clone());
            dns.set_dns_records(Some(it.dns_records.to_sdk()?)).build().map_err(broken)
        });
        let custom = new.health_check_custom_config.as_ref();
        let call = cx.aws.servicediscovery().create_service().name(&new.name);
        let made = call
            .namespace_id(namespace(new))
            .creator_request_id(&cx.op)
            .set_description(Some(new.description.clone()).filter(|it| !it.is_empty()))
            .set_dns_config(dns.transpose()?)
            .set_health_check_config(new.health_check_config.put()?)
            .set_health_check_custom_config(custom.map(|_| SdkCustom::builder().build()))
            .set_type(new.r#type.as_deref().map(ServiceTypeOption::from))
            .set_tags(birth_tags(cx, &new.tags)?)
            .send()
            .await;
        match made.map_err(Error::from) {
            Ok(reply) => reply.service.and_then(|it| it.id).ok_or(Error::missing("Id")),
            Err(error) if error.is(&["ServiceAlreadyExists"]) => {
                let found = Self::find(cx, new).await?;
                found.ok_or_else(|| Error::not_ours("a service of this name"))
            }
            Err(error) => Err(error),
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, id).await? else { return Ok(None) };
        let arn = live.arn.clone().unwrap_or_else(|| arn(&cx.place, id));
        let tags = tags(cx, &arn).await?;
        Ok(Some(Outputs { inputs: inputs(live, tags)?, arn }))
    }

    /// An update deletes the settings that it is not told.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let same = old.description == new.description
            && old.dns_config == new.dns_config
            && old.health_check_config == new.health_check_config;
        if !same {
            let live = described(cx, id).await?.ok_or_else(|| Error::unseen("the service"))?;
            let live = inputs(live, Tags::default())?;
            let dns = kept(old.dns_config.clone(), new.dns_config.clone(), live.dns_config);
            let dns = dns.map(|it| {
                let records = Some(it.dns_records.to_sdk()?);
                DnsConfigChange::builder().set_dns_records(records).build().map_err(broken)
            });
            let (was, wanted) = (&old.health_check_config, &new.health_check_config);
            let health = kept(was.clone(), wanted.clone(), live.health_check_config);
            let change = ServiceChange::builder()
                .description(&new.description)
                .set_dns_config(dns.transpose()?)
                .set_health_check_config(health.put()?);
            let call = cx.aws.servicediscovery().update_service().id(id);
            let reply = call.service(change.build()).send().await?;
            done(cx, "the service's records to change", reply.operation_id.as_deref()).await?;
        }
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.force_destroy {
            for it in instances(cx, id).await? {
                let call = cx.aws.servicediscovery().deregister_instance().service_id(id);
                let reply = call.set_instance_id(it.id).send().await;
                if let Some(reply) = absent(reply, &["InstanceNotFound", "ServiceNotFound"])? {
                    let what = "an instance to be deregistered";
                    done(cx, what, reply.operation_id.as_deref()).await?;
                }
            }
        }
        absent(cx.aws.servicediscovery().delete_service().id(id).send().await, NO_SERVICE)?;
        Ok(())
    }

    /// The namespace can go only when no service shows in it.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(described(cx, id).await?.is_none().then_some(())) };
        cx.wait("the service to be gone", Duration::from_secs(120), look).await
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        Ok(instances(cx, id).await?.into_iter().filter_map(|it| it.id).collect())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = services(cx, namespace(inputs)).await?;
        for it in all.into_iter().filter(|it| it.name.as_ref() == Some(&inputs.name)) {
            let id = it.id.ok_or(Error::missing("Id"))?;
            let live = described(cx, &id).await?;
            if live.is_some_and(|it| it.creator_request_id.as_ref() == Some(&cx.op)) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

fn arn(place: &Place, id: &str) -> String {
    place.arn("servicediscovery", &format!("service/{id}"))
}

fn namespace(it: &Inputs) -> &str {
    let within = it.dns_config.as_ref().map(|it| &it.namespace_id);
    it.namespace_id.as_ref().or(within).map(String::as_str).unwrap_or_default()
}

async fn described(cx: &Cx, id: &str) -> Result<Option<sdk::Service>> {
    let reply = cx.aws.servicediscovery().get_service().id(id).send().await;
    match absent(reply, NO_SERVICE)? {
        Some(it) => it.service.map(Some).ok_or(Error::missing("Service")),
        None => Ok(None),
    }
}

async fn instances(cx: &Cx, id: &str) -> Result<Vec<InstanceSummary>> {
    let pages = cx.aws.servicediscovery().list_instances().service_id(id).into_paginator();
    let pages: Option<Vec<_>> = absent(pages.send().try_collect().await, NO_SERVICE)?;
    let pages = pages.into_iter().flatten();
    Ok(pages.flat_map(|it| it.instances.unwrap_or_default()).collect())
}

fn inputs(live: sdk::Service, tags: Tags) -> Result<Inputs> {
    let namespace = live.namespace_id.ok_or(Error::missing("NamespaceId"))?;
    // Of an HTTP service it is told without records.
    let dns = live.dns_config.filter(|it| !it.dns_records.is_empty()).map(|it| {
        Result::Ok(DnsConfig {
            namespace_id: namespace.clone(),
            routing_policy: it.routing_policy.map_or_else(multivalue, Word),
            dns_records: Vec::from_sdk(&it.dns_records)?,
        })
    });
    let custom = HealthCheckCustomConfig { failure_threshold: Some(1) };
    Ok(Inputs {
        name: live.name.ok_or(Error::missing("Name"))?,
        namespace_id: Some(namespace),
        description: live.description.unwrap_or_default(),
        dns_config: dns.transpose()?,
        health_check_config: Field::take(live.health_check_config.as_ref())?,
        health_check_custom_config: live.health_check_custom_config.map(|_| custom),
        r#type: live.r#type.map(|it| it.as_str().to_owned()),
        force_destroy: false,
        tags,
    })
}
