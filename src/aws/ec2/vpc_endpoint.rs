//! `aws:ec2/vpcEndpoint:VpcEndpoint`. The id is the endpoint's, `vpce-…`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::{
    DnsOptionsSpecification, Filter, PrefixList, ResourceType, SubnetConfiguration,
    VpcEndpoint as Live,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, arn, born, by_birth, filter, in_order, live_tags, made, retag, unsuccessful,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct VpcEndpoint;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    vpc_id: String,
    #[serde(default = "gateway")]
    #[schemars(extend("replace" = true, "enum" = [
        "Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork",
    ]))]
    vpc_endpoint_type: String,
    #[schemars(extend("replace" = true))]
    service_name: Option<String>,
    #[schemars(extend("replace" = true))]
    service_network_arn: Option<String>,
    #[schemars(extend("replace" = true))]
    resource_configuration_arn: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    service_region: Option<String>,
    /// For a service of this very account.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    auto_accept: bool,
    #[schemars(extend("computed" = true))]
    dns_options: Option<DnsOptions>,
    #[schemars(extend("computed" = true))]
    ip_address_type: Option<String>,
    /// AWS allows everything when none is given.
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    #[serde(default)]
    private_dns_enabled: bool,
    #[schemars(extend("computed" = true))]
    route_table_ids: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    security_group_ids: Option<Set<String>>,
    /// Chosen addresses: the endpoint itself tells of its subnets only.
    #[schemars(extend("writeOnly" = true))]
    subnet_configurations: Option<Set<SubnetAddresses>>,
    #[schemars(extend("computed" = true))]
    subnet_ids: Option<Set<String>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EndpointDnsOptions")]
pub(super) struct DnsOptions {
    #[schemars(extend("computed" = true))]
    dns_record_ip_type: Option<String>,
    #[schemars(extend("computed" = true))]
    private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    #[schemars(extend("computed" = true))]
    private_dns_preference: Option<String>,
    #[schemars(extend("computed" = true))]
    private_dns_specified_domains: Option<Set<String>>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubnetAddresses {
    ipv4: Option<String>,
    ipv6: Option<String>,
    subnet_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    /// Of a gateway's service.
    #[schemars(extend("volatile" = true))]
    cidr_blocks: Vec<String>,
    dns_entries: Vec<DnsEntry>,
    #[schemars(extend("volatile" = true))]
    network_interface_ids: Vec<String>,
    owner_id: String,
    prefix_list_id: Option<String>,
    requester_managed: bool,
    #[schemars(extend("volatile" = true))]
    state: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DnsEntry {
    dns_name: Option<String>,
    hosted_zone_id: Option<String>,
}

fn gateway() -> String {
    "Gateway".to_owned()
}

impl Resource for VpcEndpoint {
    const TYPE: &'static str = "aws:ec2/vpcEndpoint:VpcEndpoint";
    /// Two in one VPC clash over routes or over the private name.
    const KEY: &'static [&'static str] = &["vpcId", "serviceName"];
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let services =
            [&new.service_name, &new.service_network_arn, &new.resource_configuration_arn];
        if services.iter().filter(|it| it.is_some()).count() != 1 {
            let rule = "exactly one of `serviceName`, `serviceNetworkArn` and \
                        `resourceConfigurationArn` says what it leads to";
            return Err(Error::invalid("serviceName", rule));
        }
        if new.vpc_endpoint_type == "Gateway" {
            let interfaces = [
                ("subnetIds", new.subnet_ids.is_some()),
                ("subnetConfigurations", new.subnet_configurations.is_some()),
                ("securityGroupIds", new.security_group_ids.is_some()),
                ("privateDnsEnabled", new.private_dns_enabled),
            ];
            if let Some((property, _)) = interfaces.into_iter().find(|(_, set)| *set) {
                let rule = "is for endpoints with interfaces: set `vpcEndpointType`";
                return Err(Error::invalid(property, rule));
            }
        } else if new.route_table_ids.is_some() {
            return Err(Error::invalid("routeTableIds", "is for gateway endpoints"));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let list = |it: &Option<Set<String>>| it.as_ref().map(|it| it.0.clone());
        let interfaces = new.vpc_endpoint_type != "Gateway";
        let call = cx.aws.ec2().create_vpc_endpoint().client_token(&cx.op);
        let reply = call
            .vpc_id(&new.vpc_id)
            .vpc_endpoint_type(new.vpc_endpoint_type.as_str().into())
            .set_service_name(new.service_name.clone())
            .set_service_network_arn(new.service_network_arn.clone())
            .set_resource_configuration_arn(new.resource_configuration_arn.clone())
            .set_service_region(new.service_region.clone())
            .set_dns_options(new.dns_options.as_ref().map(DnsOptions::sent))
            .set_ip_address_type(new.ip_address_type.as_deref().map(Into::into))
            .set_policy_document(new.policy.as_ref().map(ToString::to_string))
            // AWS turns it on for interfaces when nothing is said.
            .set_private_dns_enabled(interfaces.then_some(new.private_dns_enabled))
            .set_route_table_ids(list(&new.route_table_ids))
            .set_security_group_ids(list(&new.security_group_ids))
            .set_subnet_ids(list(&new.subnet_ids))
            .set_subnet_configurations(addresses(new.subnet_configurations.as_ref()))
            .tag_specifications(born(cx, ResourceType::VpcEndpoint, &new.tags))
            .send()
            .await?;
        reply.vpc_endpoint.and_then(|it| it.vpc_endpoint_id).ok_or(Error::missing("VpcEndpointId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if !new.auto_accept {
            return Ok(());
        }
        let look = || async {
            let live = one(cx, id).await?;
            Ok(live.map(|it| state(&it)).filter(|it| it != "pending"))
        };
        if cx.wait("the endpoint to be requested", LIMIT, look).await? == "pendingacceptance" {
            // `com.amazonaws.vpce.us-east-1.vpce-svc-1`
            let service = new.service_name.as_deref().unwrap_or_default().rsplit('.').next();
            let call = cx.aws.ec2().accept_vpc_endpoint_connections().vpc_endpoint_ids(id);
            let reply = call.service_id(service.unwrap_or_default()).send().await?;
            unsuccessful(reply.unsuccessful, &[])?;
        }
        Ok(())
    }

    /// Gateways take seconds, interfaces up to 3 minutes; 10 is what
    /// HashiCorp's provider allows.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            match state(&live).as_str() {
                "available" => Ok(Some(())),
                // The owner of the service decides, when he likes.
                "pendingacceptance" if !new.auto_accept => Ok(Some(())),
                failed @ ("failed" | "rejected" | "expired" | "partial" | "deleted") => {
                    let said = live.last_error.and_then(|it| it.message).or(live.failure_reason);
                    Err(Error::failed(format!("it is {failed}: {}", said.unwrap_or_default())))
                }
                _ => Ok(None),
            }
        };
        cx.wait("the endpoint to be available", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            let mut lives = describe(cx, vec![by_id(ids)]).await?;
            lives.retain(|it| !is_gone(it));
            let asked = cx.asks("prefixListId") || cx.asks("cidrBlocks");
            let lists = if asked { prefix_lists(cx, &lives).await? } else { HashMap::new() };
            for live in lives {
                let id = live.vpc_endpoint_id.clone().ok_or(Error::missing("VpcEndpointId"))?;
                found.push((id, outputs(cx, live, &lists)?));
            }
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let diff = |old: &Option<Set<String>>, new: &Option<Set<String>>| {
            let none = Set::default();
            let (add, remove) = new.as_ref().unwrap_or(&none).since(old.as_ref().unwrap_or(&none));
            let some = |it: Vec<String>| (!it.is_empty()).then_some(it);
            (some(add), some(remove))
        };
        let (add_tables, remove_tables) = diff(&old.route_table_ids, &new.route_table_ids);
        let (add_groups, remove_groups) = diff(&old.security_group_ids, &new.security_group_ids);
        let (add_subnets, remove_subnets) = diff(&old.subnet_ids, &new.subnet_ids);
        let policy = new.policy.as_ref().filter(|it| old.policy.as_ref() != Some(*it));
        let dns = new.dns_options.as_ref().filter(|it| old.dns_options.as_ref() != Some(*it));
        let kind =
            new.ip_address_type.as_ref().filter(|it| old.ip_address_type.as_ref() != Some(*it));
        let private =
            (old.private_dns_enabled != new.private_dns_enabled).then_some(new.private_dns_enabled);
        let chosen = new.subnet_configurations.as_ref();
        let chosen = chosen.filter(|it| old.subnet_configurations.as_ref() != Some(*it));
        let sets = [
            &add_tables,
            &remove_tables,
            &add_groups,
            &remove_groups,
            &add_subnets,
            &remove_subnets,
        ];
        let reset = new.policy.is_none() && old.policy.is_some();
        let changed = sets.iter().any(|it| it.is_some())
            || reset
            || policy.is_some()
            || dns.is_some()
            || kind.is_some()
            || private.is_some()
            || chosen.is_some();
        if changed {
            let call = cx.aws.ec2().modify_vpc_endpoint().vpc_endpoint_id(id);
            call.set_add_route_table_ids(add_tables)
                .set_remove_route_table_ids(remove_tables)
                .set_add_security_group_ids(add_groups)
                .set_remove_security_group_ids(remove_groups)
                .set_add_subnet_ids(add_subnets)
                .set_remove_subnet_ids(remove_subnets)
                .set_policy_document(policy.map(ToString::to_string))
                .set_reset_policy(reset.then_some(true))
                .set_dns_options(dns.map(DnsOptions::sent))
                .set_ip_address_type(kind.map(|it| it.as_str().into()))
                .set_private_dns_enabled(private)
                .set_subnet_configurations(addresses(chosen))
                .send()
                .await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id).send().await;
        let Some(reply) = absent(reply, MISSING)? else { return Ok(()) };
        unsuccessful(reply.unsuccessful, MISSING)
    }

    /// Until then its interfaces hold subnets and security groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async {
            let live = one(cx, id).await?;
            Ok(live.is_none_or(|it| state(&it) == "deleted").then_some(()))
        };
        cx.wait("the endpoint to be gone", LIMIT, look).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()) && !is_gone(it));
        Ok(found.pop().and_then(|it| it.vpc_endpoint_id))
    }
}

const MISSING: &[&str] = &["InvalidVpcEndpoint.NotFound", "InvalidVpcEndpointId.NotFound"];

const LIMIT: Duration = Duration::from_secs(600);

/// AWS writes it with small letters, its own model with capital ones.
pub(super) fn state(live: &Live) -> String {
    live.state.as_ref().map(|it| it.as_str().to_lowercase()).unwrap_or_default()
}

pub(super) fn is_gone(live: &Live) -> bool {
    matches!(state(live).as_str(), "deleted" | "deleting")
}

impl DnsOptions {
    fn sent(&self) -> DnsOptionsSpecification {
        let domains = self.private_dns_specified_domains.as_ref().map(|it| it.0.clone());
        let inbound = self.private_dns_only_for_inbound_resolver_endpoint;
        DnsOptionsSpecification::builder()
            .set_dns_record_ip_type(self.dns_record_ip_type.as_deref().map(Into::into))
            .set_private_dns_only_for_inbound_resolver_endpoint(inbound)
            .set_private_dns_preference(self.private_dns_preference.clone())
            .set_private_dns_specified_domains(domains)
            .build()
    }

    pub(super) fn live(it: aws_sdk_ec2::types::DnsOptions) -> Self {
        let inbound = it.private_dns_only_for_inbound_resolver_endpoint;
        Self {
            dns_record_ip_type: it.dns_record_ip_type.map(|it| it.to_string()),
            private_dns_only_for_inbound_resolver_endpoint: inbound,
            private_dns_preference: it.private_dns_preference,
            private_dns_specified_domains: it.private_dns_specified_domains.map(Set),
        }
    }
}

fn addresses(all: Option<&Set<SubnetAddresses>>) -> Option<Vec<SubnetConfiguration>> {
    let one = |it: &SubnetAddresses| {
        SubnetConfiguration::builder()
            .set_subnet_id(it.subnet_id.clone())
            .set_ipv4(it.ipv4.clone())
            .set_ipv6(it.ipv6.clone())
            .build()
    };
    all.map(|all| all.0.iter().map(one).collect())
}

fn by_id(ids: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    filter("vpc-endpoint-id", ids)
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_vpc_endpoints().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![by_id([id])]).await?.pop())
}

/// Where the services of gateways are, by the services' names.
async fn prefix_lists(cx: &Cx, lives: &[Live]) -> Result<HashMap<String, PrefixList>> {
    let gateways =
        lives.iter().filter(|it| it.vpc_endpoint_type().is_none_or(|it| it.as_str() == "Gateway"));
    let mut names: Vec<&str> = gateways.filter_map(|it| it.service_name()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let call = cx.aws.ec2().describe_prefix_lists().filters(filter("prefix-list-name", names));
    let found: Vec<PrefixList> = call.into_paginator().items().send().try_collect().await?;
    Ok(found.into_iter().filter_map(|it| Some((it.prefix_list_name.clone()?, it))).collect())
}

/// One endpoint, as the function of that name wants it too.
pub(super) async fn told(cx: &Cx, live: Live) -> Result<Outputs> {
    let lists = prefix_lists(cx, std::slice::from_ref(&live)).await?;
    outputs(cx, live, &lists)
}

fn outputs(cx: &Cx, live: Live, lists: &HashMap<String, PrefixList>) -> Result<Outputs> {
    let id = live.vpc_endpoint_id.as_deref().ok_or(Error::missing("VpcEndpointId"))?;
    let owner_id = live.owner_id.clone().unwrap_or_else(|| cx.place.account.clone());
    let arn = arn(cx, &owner_id, &format!("vpc-endpoint/{id}"));
    let list = live.service_name.as_ref().and_then(|it| lists.get(it));
    let entry = |it: aws_sdk_ec2::types::DnsEntry| DnsEntry {
        dns_name: it.dns_name,
        hosted_zone_id: it.hosted_zone_id,
    };
    let groups = live.groups.clone().unwrap_or_default().into_iter().filter_map(|it| it.group_id);
    let state = match state(&live).as_str() {
        "pendingacceptance" => "pendingAcceptance".to_owned(),
        state => state.to_owned(),
    };
    let inputs = Inputs {
        vpc_id: live.vpc_id.ok_or(Error::missing("VpcId"))?,
        vpc_endpoint_type: live.vpc_endpoint_type.map_or_else(gateway, |it| it.to_string()),
        service_name: live.service_name,
        service_network_arn: live.service_network_arn,
        resource_configuration_arn: live.resource_configuration_arn,
        service_region: live.service_region,
        auto_accept: false,
        dns_options: live.dns_options.map(DnsOptions::live),
        ip_address_type: live.ip_address_type.map(|it| it.to_string()),
        policy: live
            .policy_document
            .filter(|it| !it.is_empty())
            .map(|it| Policy::parse(&it))
            .transpose()?,
        private_dns_enabled: live.private_dns_enabled.unwrap_or_default(),
        route_table_ids: Some(Set(live.route_table_ids.unwrap_or_default())),
        security_group_ids: Some(groups.collect()),
        subnet_configurations: None,
        subnet_ids: Some(Set(live.subnet_ids.unwrap_or_default())),
        tags: live_tags(live.tags),
    };
    Ok(Outputs {
        inputs,
        arn,
        cidr_blocks: list.and_then(|it| it.cidrs.clone()).unwrap_or_default(),
        dns_entries: live.dns_entries.unwrap_or_default().into_iter().map(entry).collect(),
        network_interface_ids: live.network_interface_ids.unwrap_or_default(),
        owner_id,
        prefix_list_id: list.and_then(|it| it.prefix_list_id.clone()),
        requester_managed: live.requester_managed.unwrap_or_default(),
        state,
    })
}
