//! `aws:ec2/getVpc:getVpc`: the one VPC that the arguments describe.

use aws_sdk_ec2::types::VpcAttributeName as Attribute;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query, arn, filter, live_tags, looked_for, sole,
    vpc::{attribute, describe, main_route_tables},
};
use crate::provider::*;

pub(super) struct GetVpc;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    id: Option<String>,
    cidr_block: Option<String>,
    default: Option<bool>,
    dhcp_options_id: Option<String>,
    state: Option<String>,
    #[serde(default)]
    filters: Vec<Query>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    cidr_block: Option<String>,
    cidr_block_associations: Vec<CidrBlock>,
    default: bool,
    dhcp_options_id: Option<String>,
    enable_dns_hostnames: bool,
    enable_dns_support: bool,
    enable_network_address_usage_metrics: bool,
    filters: Vec<Query>,
    instance_tenancy: Option<String>,
    ipv6_association_id: Option<String>,
    ipv6_cidr_block: Option<String>,
    ipv6_cidr_block_associations: Vec<Ipv6CidrBlock>,
    main_route_table_id: Option<String>,
    owner_id: String,
    state: Option<String>,
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CidrBlock {
    association_id: Option<String>,
    cidr_block: Option<String>,
    state: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Ipv6CidrBlock {
    association_id: Option<String>,
    ip_source: Option<String>,
    ipv6_address_attribute: Option<String>,
    ipv6_cidr_block: Option<String>,
    ipv6_pool: Option<String>,
    network_border_group: Option<String>,
    state: Option<String>,
}

impl Function for GetVpc {
    const TOKEN: &'static str = "aws:ec2/getVpc:getVpc";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [
            ("vpc-id", &args.id),
            ("cidr", &args.cidr_block),
            ("dhcp-options-id", &args.dhcp_options_id),
            ("state", &args.state),
        ];
        let mut filters = looked_for(texts, &args.filters, &args.tags);
        filters.extend(args.default.map(|it| filter("is-default", [it.to_string()])));
        let live = sole(describe(cx, filters).await?, "VPC")?;
        let id = live.vpc_id.ok_or(Error::missing("VpcId"))?;
        let owner_id = live.owner_id.ok_or(Error::missing("OwnerId"))?;
        let told = async |name: Attribute| -> Result<bool> {
            Ok(attribute(cx, &id, name).await?.unwrap_or_default())
        };
        let ids = [id.clone()];
        let ipv4 = live.cidr_block_association_set.unwrap_or_default().into_iter();
        let ipv4 = ipv4.map(|it| CidrBlock {
            association_id: it.association_id,
            cidr_block: it.cidr_block,
            state: it.cidr_block_state.and_then(|it| it.state).map(|it| it.to_string()),
        });
        let ipv6 = live.ipv6_cidr_block_association_set.unwrap_or_default().into_iter();
        let ipv6: Vec<_> = ipv6
            .map(|it| Ipv6CidrBlock {
                association_id: it.association_id,
                ip_source: it.ip_source.map(|it| it.to_string()),
                ipv6_address_attribute: it.ipv6_address_attribute.map(|it| it.to_string()),
                ipv6_cidr_block: it.ipv6_cidr_block,
                ipv6_pool: it.ipv6_pool,
                network_border_group: it.network_border_group,
                state: it.ipv6_cidr_block_state.and_then(|it| it.state).map(|it| it.to_string()),
            })
            .collect();
        Ok(Output {
            arn: arn(cx, &owner_id, &format!("vpc/{id}")),
            cidr_block: live.cidr_block,
            cidr_block_associations: ipv4.collect(),
            default: live.is_default.unwrap_or_default(),
            dhcp_options_id: live.dhcp_options_id,
            enable_dns_hostnames: told(Attribute::EnableDnsHostnames).await?,
            enable_dns_support: told(Attribute::EnableDnsSupport).await?,
            enable_network_address_usage_metrics: told(Attribute::EnableNetworkAddressUsageMetrics)
                .await?,
            filters: args.filters.clone(),
            instance_tenancy: live.instance_tenancy.map(|it| it.to_string()),
            ipv6_association_id: ipv6.first().and_then(|it| it.association_id.clone()),
            ipv6_cidr_block: ipv6.first().and_then(|it| it.ipv6_cidr_block.clone()),
            ipv6_cidr_block_associations: ipv6,
            main_route_table_id: main_route_tables(cx, &ids).await?.remove(&id),
            owner_id,
            state: live.state.map(|it| it.to_string()),
            tags: live_tags(live.tags),
            id,
        })
    }
}
