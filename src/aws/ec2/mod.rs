//! Amazon EC2 and VPC.

mod blocks;
mod default_route_table;
mod default_security_group;
mod default_subnet;
mod default_vpc;
mod egress_only_internet_gateway;
mod eip;
mod eip_association;
mod flow_log;
mod get_ami;
mod get_ami_ids;
mod get_elastic_ip;
mod get_ids;
mod get_instance;
mod get_instance_type;
mod get_internet_gateway;
mod get_key_pair;
mod get_launch_template;
mod get_managed_prefix_list;
mod get_nat_gateway;
mod get_route_table;
mod get_security_group;
mod get_subnet;
mod get_vpc;
mod get_vpc_endpoint;
mod holders;
mod hop;
mod instance;
mod instance_read;
mod instance_update;
mod internet_gateway;
mod internet_gateway_attachment;
mod key_pair;
mod launch_template;
mod nat_gateway;
mod network_acl;
mod route;
mod route_table;
mod route_table_association;
mod rules;
mod security_group;
mod security_group_rule;
mod subnet;
mod volumes;
mod vpc;
mod vpc_dhcp_options;
mod vpc_dhcp_options_association;
mod vpc_endpoint;
mod vpc_peering_connection;
mod vpc_security_group_rule;

use std::{collections::HashMap, net::IpAddr};

use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Tag, TagSpecification, UnsuccessfulItem,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::{
    AnyFunction, AnyResource, Cx, Error, Kind, OP_TAG, Place, Result, Set, Tags, function, resource,
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<default_route_table::DefaultRouteTable>(),
        resource::<default_security_group::DefaultSecurityGroup>(),
        resource::<default_subnet::DefaultSubnet>(),
        resource::<default_vpc::DefaultVpc>(),
        resource::<egress_only_internet_gateway::EgressOnlyInternetGateway>(),
        resource::<eip::Eip>(),
        resource::<eip_association::EipAssociation>(),
        resource::<flow_log::FlowLog>(),
        resource::<instance::Instance>(),
        resource::<internet_gateway::InternetGateway>(),
        resource::<internet_gateway_attachment::InternetGatewayAttachment>(),
        resource::<key_pair::KeyPair>(),
        resource::<launch_template::LaunchTemplate>(),
        resource::<nat_gateway::NatGateway>(),
        resource::<network_acl::NetworkAcl>(),
        resource::<route::Route>(),
        resource::<route_table::RouteTable>(),
        resource::<route_table_association::RouteTableAssociation>(),
        resource::<security_group::SecurityGroup>(),
        resource::<security_group_rule::SecurityGroupRule>(),
        resource::<subnet::Subnet>(),
        resource::<vpc::Vpc>(),
        resource::<vpc_dhcp_options::VpcDhcpOptions>(),
        resource::<vpc_dhcp_options_association::VpcDhcpOptionsAssociation>(),
        resource::<vpc_endpoint::VpcEndpoint>(),
        resource::<vpc_peering_connection::VpcPeeringConnection>(),
        resource::<vpc_security_group_rule::Egress>(),
        resource::<vpc_security_group_rule::Ingress>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_ami::GetAmi>(),
        function::<get_ami_ids::GetAmiIds>(),
        function::<get_elastic_ip::GetElasticIp>(),
        function::<get_ids::GetInstances>(),
        function::<get_ids::GetRouteTables>(),
        function::<get_ids::GetSecurityGroups>(),
        function::<get_ids::GetSubnets>(),
        function::<get_ids::GetVpcs>(),
        function::<get_instance::GetInstance>(),
        function::<get_instance_type::GetInstanceType>(),
        function::<get_internet_gateway::GetInternetGateway>(),
        function::<get_key_pair::GetKeyPair>(),
        function::<get_launch_template::GetLaunchTemplate>(),
        function::<get_managed_prefix_list::GetManagedPrefixList>(),
        function::<get_nat_gateway::GetNatGateway>(),
        function::<get_route_table::GetRouteTable>(),
        function::<get_security_group::GetSecurityGroup>(),
        function::<get_subnet::GetSubnet>(),
        function::<get_vpc::GetVpc>(),
        function::<get_vpc_endpoint::GetVpcEndpoint>(),
    ]
}

/// How many values one filter takes.
const FILTER_VALUES: usize = 200;

fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Finds what this operation made, by the tag that it was born with.
fn by_birth(cx: &Cx) -> Filter {
    filter(&format!("tag:{OP_TAG}"), [&cx.op])
}

fn made(cx: &Cx, tags: Option<&[Tag]>) -> bool {
    cx.made(tags.unwrap_or_default().iter().filter_map(|it| Some((it.key()?, it.value()?))))
}

/// `found` in the order of `ids`, `None` for what is not there.
fn in_order<T>(ids: &[String], found: impl IntoIterator<Item = (String, T)>) -> Vec<Option<T>> {
    let mut found: HashMap<String, T> = found.into_iter().collect();
    ids.iter().map(|id| found.remove(id)).collect()
}

fn live_tags(tags: Option<Vec<Tag>>) -> Tags {
    Tags::live(tags.unwrap_or_default().into_iter().filter_map(|it| Some((it.key?, it.value?))))
}

/// The tags that a thing is born with.
fn born(cx: &Cx, kind: ResourceType, tags: &Tags) -> TagSpecification {
    let tags = cx.birth_tags(tags).into_iter().map(tag).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

fn tag((key, value): (String, String)) -> Tag {
    Tag::builder().key(key).value(value).build()
}

async fn retag(cx: &Cx, id: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tags = set.into_iter().map(tag).collect();
        cx.aws.ec2().create_tags().resources(id).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let tags = removed.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        cx.aws.ec2().delete_tags().resources(id).set_tags(Some(tags)).send().await?;
    }
    Ok(())
}

/// What EC2 could not do although it answers success.
fn unsuccessful(items: Option<Vec<UnsuccessfulItem>>, missing: &[&str]) -> Result<()> {
    let errors = items.unwrap_or_default().into_iter().filter_map(|it| it.error);
    let errors = errors.map(|it| {
        let (code, message) = (it.code.unwrap_or_default(), it.message.unwrap_or_default());
        Error::new(Kind::Service, code, message)
    });
    errors.into_iter().find(|it| !it.is(missing)).map_or(Ok(()), Err)
}

fn flag(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

/// The ARN of something whose owner may be another account.
fn arn(cx: &Cx, owner: &str, rest: &str) -> String {
    Place { account: owner.to_owned(), ..cx.place.clone() }.arn("ec2", rest)
}

/// A CIDR block as AWS writes it: host bits cleared, IPv6 shortened.
fn canonical_cidr(text: &str) -> String {
    let parsed = text.split_once('/').and_then(|(address, length)| {
        Some((address.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?))
    });
    match parsed {
        Some((IpAddr::V4(it), length @ 0..=32)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            format!("{}/{length}", std::net::Ipv4Addr::from_bits(it.to_bits() & mask))
        }
        Some((IpAddr::V6(it), length @ 0..=128)) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            format!("{}/{length}", std::net::Ipv6Addr::from_bits(it.to_bits() & mask))
        }
        _ => text.to_owned(),
    }
}

/// A filter as the functions take it.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Query {
    name: String,
    values: Set<String>,
}

/// Filters and tags as AWS takes them; none at all is `None`.
fn queries(filters: &[Query], tags: &Tags) -> Option<Vec<Filter>> {
    let filters = filters.iter().map(|it| filter(&it.name, &it.values.0));
    let tags = tags.0.iter().map(|(key, value)| filter(&format!("tag:{key}"), [value]));
    let all: Vec<Filter> = filters.chain(tags).collect();
    (!all.is_empty()).then_some(all)
}

/// The same, after what other arguments of a function say.
fn looked_for<'a>(
    named: impl IntoIterator<Item = (&'static str, &'a Option<String>)>,
    filters: &[Query],
    tags: &Tags,
) -> Vec<Filter> {
    let named = named.into_iter().filter_map(|(name, it)| Some(filter(name, [it.as_ref()?])));
    named.chain(queries(filters, tags).unwrap_or_default()).collect()
}

/// The one thing that a function was asked for.
fn sole<T>(mut found: Vec<T>, what: &str) -> Result<T> {
    let one = found.pop();
    match one {
        Some(one) if found.is_empty() => Ok(one),
        Some(_) => {
            let rule = format!("several {what}s match, and one is asked for");
            Err(Error::invalid("filters", rule))
        }
        None => Err(Error::invalid("filters", format!("no {what} matches"))),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical_cidr;

    #[test]
    fn cidr_blocks_are_written_as_aws_writes_them() {
        assert_eq!(canonical_cidr("10.1.2.3/16"), "10.1.0.0/16");
        assert_eq!(canonical_cidr("0.0.0.0/0"), "0.0.0.0/0");
        assert_eq!(canonical_cidr("::0/0"), "::/0");
        assert_eq!(canonical_cidr("2001:0db8::1/32"), "2001:db8::/32");
        assert_eq!(canonical_cidr("pl-1"), "pl-1");
    }
}
