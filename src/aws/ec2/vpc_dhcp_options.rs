//! `aws:ec2/vpcDhcpOptions:VpcDhcpOptions`. The id is the set's, `dopt-…`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::{DhcpOptions as Live, Filter, NewDhcpConfiguration, ResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, arn, born, by_birth, filter, in_order, live_tags, made, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct VpcDhcpOptions;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    domain_name: Option<String>,
    /// Addresses, or `AmazonProvidedDNS`.
    #[schemars(extend("replace" = true))]
    domain_name_servers: Option<Vec<String>>,
    /// In seconds.
    #[schemars(extend("replace" = true))]
    ipv6_address_preferred_lease_time: Option<String>,
    #[schemars(extend("replace" = true))]
    netbios_name_servers: Option<Vec<String>>,
    /// AWS recommends 2.
    #[schemars(extend("replace" = true))]
    netbios_node_type: Option<String>,
    #[schemars(extend("replace" = true))]
    ntp_servers: Option<Vec<String>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    owner_id: String,
}

impl Resource for VpcDhcpOptions {
    const TYPE: &'static str = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions";
    const HELD: bool = true;
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.options().is_empty() {
            return Err(Error::invalid("domainNameServers", "is needed, or another option"));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let option = |(key, values): (&str, Vec<String>)| {
            NewDhcpConfiguration::builder().key(key).set_values(Some(values)).build()
        };
        let options = new.options().into_iter().map(option).collect();
        let call = cx.aws.ec2().create_dhcp_options().set_dhcp_configurations(Some(options));
        let tags = born(cx, ResourceType::DhcpOptions, &new.tags);
        let reply = call.tag_specifications(tags).send().await?;
        let id = reply.dhcp_options.and_then(|it| it.dhcp_options_id);
        id.ok_or(Error::missing("DhcpOptionsId"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(one(cx, id).await?.map(drop)) };
        // It takes seconds.
        cx.wait("the options to be visible", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        one(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for live in describe(cx, filter("dhcp-options-id", ids)).await? {
                let id = live.dhcp_options_id.clone().ok_or(Error::missing("DhcpOptionsId"))?;
                found.push((id, outputs(cx, live)?));
            }
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().delete_dhcp_options().dhcp_options_id(id).send().await;
        absent(reply, &["InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsID.NotFound"])?;
        Ok(())
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        let call = cx.aws.ec2().describe_vpcs().filters(filter("dhcp-options-id", [id]));
        let found: Vec<_> = call.into_paginator().items().send().try_collect().await?;
        Ok(found.into_iter().filter_map(|it| it.vpc_id).collect())
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, by_birth(cx)).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.dhcp_options_id))
    }
}

impl Inputs {
    /// As AWS names them.
    fn options(&self) -> Vec<(&'static str, Vec<String>)> {
        let one = |it: &Option<String>| it.clone().map(|it| vec![it]);
        let all = [
            ("domain-name", one(&self.domain_name)),
            ("domain-name-servers", self.domain_name_servers.clone()),
            ("ipv6-address-preferred-lease-time", one(&self.ipv6_address_preferred_lease_time)),
            ("netbios-name-servers", self.netbios_name_servers.clone()),
            ("netbios-node-type", one(&self.netbios_node_type)),
            ("ntp-servers", self.ntp_servers.clone()),
        ];
        all.into_iter()
            .filter_map(|(key, it)| Some((key, it.filter(|it| !it.is_empty())?)))
            .collect()
    }
}

async fn describe(cx: &Cx, filter: Filter) -> Result<Vec<Live>> {
    let pages = cx.aws.ec2().describe_dhcp_options().filters(filter).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, filter("dhcp-options-id", [id])).await?.pop())
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.dhcp_options_id.ok_or(Error::missing("DhcpOptionsId"))?;
    let owner_id = live.owner_id.unwrap_or_else(|| cx.place.account.clone());
    let options = live.dhcp_configurations.unwrap_or_default().into_iter().map(|it| {
        let values = it.values.unwrap_or_default().into_iter().filter_map(|it| it.value);
        (it.key.unwrap_or_default(), values.collect())
    });
    let mut options: HashMap<String, Vec<String>> = options.collect();
    let mut list = |key: &str| options.remove(key).filter(|it| !it.is_empty());
    let first = |list: Option<Vec<String>>| list.and_then(|it| it.into_iter().next());
    let inputs = Inputs {
        domain_name: first(list("domain-name")),
        domain_name_servers: list("domain-name-servers"),
        ipv6_address_preferred_lease_time: first(list("ipv6-address-preferred-lease-time")),
        netbios_name_servers: list("netbios-name-servers"),
        netbios_node_type: first(list("netbios-node-type")),
        ntp_servers: list("ntp-servers"),
        tags: live_tags(live.tags),
    };
    Ok(Outputs { inputs, arn: arn(cx, &owner_id, &format!("dhcp-options/{id}")), owner_id })
}
