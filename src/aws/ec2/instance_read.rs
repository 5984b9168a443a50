//! What EC2 tells of instances, which takes it several calls.

use std::collections::HashMap;

use aws_sdk_ec2::types::{
    Filter, Instance as Live, InstanceAttributeName as Attribute, InstanceStateName,
    MonitoringState, Volume,
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{
    FILTER_VALUES,
    blocks::CreditSpecification,
    filter, in_order,
    instance::{Inputs, MISSING, Outputs, decode},
    live_tags,
    volumes::{devices, volumes},
};
use crate::{
    aws::{error::absent, mirror::Live as Mirrored},
    provider::*,
};

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_instances().set_filters(filters).into_paginator();
    let found: Vec<_> = pages.items().send().try_collect().await?;
    Ok(found.into_iter().flat_map(|it| it.instances.unwrap_or_default()).collect())
}

pub(super) async fn by_id(cx: &Cx, filter: Filter) -> Result<Vec<Live>> {
    describe(cx, vec![filter]).await
}

pub(super) async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(by_id(cx, filter("instance-id", [id])).await?.pop())
}

pub(super) fn state(live: &Live) -> Option<&InstanceStateName> {
    live.state.as_ref()?.name.as_ref()
}

/// EC2 tells of what was terminated for an hour.
pub(super) fn is_gone(live: &Live) -> bool {
    use InstanceStateName::{ShuttingDown, Terminated};
    matches!(state(live), Some(ShuttingDown | Terminated))
}

pub(super) async fn outputs_of(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
    let mut found = Vec::new();
    for ids in ids.chunks(FILTER_VALUES) {
        let mut lives = by_id(cx, filter("instance-id", ids)).await?;
        lives.retain(|it| !is_gone(it));
        found.extend(told(cx, lives).await?);
    }
    Ok(in_order(ids, found))
}

/// Volumes and credits of all in a call each; attributes cost one a piece,
/// and only when somebody asks.
pub(super) async fn told(cx: &Cx, lives: Vec<Live>) -> Result<Vec<(String, Outputs)>> {
    let asks = ["rootBlockDevice", "ebsBlockDevices", "volumeTags"];
    let volumes =
        if asks.iter().any(|it| cx.asks(it)) { volumes(cx, &lives).await? } else { HashMap::new() };
    let credits =
        if cx.asks("creditSpecification") { credits(cx, &lives).await? } else { HashMap::new() };
    let told = lives.into_iter().map(|it| outputs(cx, it, &volumes, &credits));
    stream::iter(told).buffered(4).try_collect().await
}

/// Of those whose processors have credits at all.
async fn credits(cx: &Cx, lives: &[Live]) -> Result<HashMap<String, CreditSpecification>> {
    let burst = |it: &&Live| it.instance_type().is_some_and(|it| it.as_str().starts_with('t'));
    let ids = lives.iter().filter(burst).filter_map(|it| it.instance_id.clone());
    let ids: Vec<String> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let call = cx.aws.ec2().describe_instance_credit_specifications();
    let pages = call.filters(filter("instance-id", ids)).into_paginator();
    let found: Vec<_> = pages.items().send().try_collect().await?;
    let pair = |it: aws_sdk_ec2::types::InstanceCreditSpecification| {
        Some((it.instance_id?, CreditSpecification { cpu_credits: it.cpu_credits }))
    };
    Ok(found.into_iter().filter_map(pair).collect())
}

/// What only DescribeInstanceAttribute tells.
#[derive(Default)]
struct Attributes {
    no_stop: bool,
    no_termination: bool,
    shutdown: Option<String>,
    user_data: Option<String>,
}

async fn attributes(cx: &Cx, id: &str) -> Result<Attributes> {
    let mut all = Attributes::default();
    let asked = [
        (Attribute::DisableApiStop, cx.asks("disableApiStop")),
        (Attribute::DisableApiTermination, cx.asks("disableApiTermination")),
        (
            Attribute::InstanceInitiatedShutdownBehavior,
            cx.asks("instanceInitiatedShutdownBehavior"),
        ),
        (Attribute::UserData, cx.asks("userData") || cx.asks("userDataBase64")),
    ];
    for (attribute, _) in asked.into_iter().filter(|(_, asked)| *asked) {
        let call = cx.aws.ec2().describe_instance_attribute().instance_id(id);
        // Gone since it was described: the next look will tell.
        let reply = absent(call.attribute(attribute).send().await, MISSING)?;
        let Some(reply) = reply else { return Ok(all) };
        let flag =
            |it: Option<aws_sdk_ec2::types::AttributeBooleanValue>| it.and_then(|it| it.value);
        all.no_stop |= flag(reply.disable_api_stop).unwrap_or_default();
        all.no_termination |= flag(reply.disable_api_termination).unwrap_or_default();
        let shutdown = reply.instance_initiated_shutdown_behavior.and_then(|it| it.value);
        all.shutdown = all.shutdown.or(shutdown);
        all.user_data = all.user_data.or(reply.user_data.and_then(|it| it.value));
    }
    Ok(all)
}

async fn outputs(
    cx: &Cx,
    live: Live,
    volumes: &HashMap<String, Volume>,
    credits: &HashMap<String, CreditSpecification>,
) -> Result<(String, Outputs)> {
    let id = live.instance_id.clone().ok_or(Error::missing("InstanceId"))?;
    let attributes = attributes(cx, &id).await?;
    let (root_block_device, others) = devices(&live, volumes);
    let volume_tags = root_block_device.as_ref().and_then(|it| it.tags.clone());
    let instance_state = state(&live).map(ToString::to_string).unwrap_or_default();
    let primary = live
        .network_interfaces()
        .iter()
        .find(|it| it.attachment().and_then(|it| it.device_index).unwrap_or_default() == 0);
    let further = primary.iter().flat_map(|it| it.private_ip_addresses());
    let further = further.filter(|it| it.primary != Some(true));
    let further: Set<String> = further.filter_map(|it| it.private_ip_address.clone()).collect();
    let ipv6 = primary.iter().flat_map(|it| it.ipv6_addresses());
    let ipv6: Set<String> = ipv6.filter_map(|it| it.ipv6_address.clone()).collect();
    let interface = primary.and_then(|it| it.network_interface_id.clone());
    let placement =
        live.placement.clone().unwrap_or_else(|| aws_sdk_ec2::types::Placement::builder().build());
    let profile = live.iam_instance_profile.and_then(|it| it.arn);
    let monitored = live
        .monitoring
        .and_then(|it| it.state)
        .map(|it| matches!(it, MonitoringState::Enabled | MonitoringState::Pending));
    let text = |it: Option<String>| it.filter(|it| !it.is_empty());
    let groups = live.security_groups.unwrap_or_default();
    let user_data = text(attributes.user_data);
    let inputs = Inputs {
        ami: live.image_id,
        associate_public_ip_address: None,
        availability_zone: placement.availability_zone,
        capacity_reservation_specification: live
            .capacity_reservation_specification
            .map(Mirrored::live),
        cpu_options: live.cpu_options.map(Mirrored::live),
        credit_specification: credits.get(&id).cloned(),
        disable_api_stop: attributes.no_stop,
        disable_api_termination: attributes.no_termination,
        ebs_block_devices: Some(Set(others)),
        ebs_optimized: live.ebs_optimized,
        enable_primary_ipv6: None,
        enclave_options: live.enclave_options.map(Mirrored::live),
        ephemeral_block_devices: None,
        force_destroy: false,
        hibernation: live.hibernation_options.and_then(|it| it.configured),
        host_id: placement.host_id,
        host_resource_group_arn: placement.host_resource_group_arn,
        iam_instance_profile: profile
            .map(|it| it.rsplit('/').next().unwrap_or_default().to_owned()),
        instance_initiated_shutdown_behavior: attributes.shutdown,
        instance_market_options: None,
        instance_type: live.instance_type.map(|it| it.to_string()),
        ipv6_address_count: i32::try_from(ipv6.0.len()).ok(),
        ipv6_addresses: Some(ipv6),
        key_name: text(live.key_name),
        launch_template: None,
        maintenance_options: live.maintenance_options.map(Mirrored::live),
        metadata_options: live.metadata_options.map(Mirrored::live),
        monitoring: monitored,
        network_interfaces: None,
        placement_group: text(placement.group_name),
        placement_group_id: text(placement.group_id),
        placement_partition_number: placement.partition_number.filter(|it| *it != 0),
        primary_network_interface: None,
        private_dns_name_options: live.private_dns_name_options.map(Mirrored::live),
        private_ip: live.private_ip_address,
        root_block_device,
        secondary_private_ips: Some(further),
        security_groups: Some(groups.iter().filter_map(|it| it.group_name.clone()).collect()),
        source_dest_check: live.source_dest_check.unwrap_or(true),
        subnet_id: text(live.subnet_id),
        tags: live_tags(live.tags),
        tenancy: placement.tenancy.map(|it| it.to_string()),
        user_data: user_data.as_deref().and_then(decode),
        user_data_base64: user_data,
        volume_tags,
        vpc_security_group_ids: Some(groups.into_iter().filter_map(|it| it.group_id).collect()),
    };
    let outputs = Outputs {
        inputs,
        arn: cx.place.arn("ec2", &format!("instance/{id}")),
        instance_lifecycle: live.instance_lifecycle.map(|it| it.to_string()),
        instance_state,
        outpost_arn: live.outpost_arn,
        primary_network_interface_id: interface,
        private_dns: text(live.private_dns_name),
        public_dns: text(live.public_dns_name),
        public_ip: live.public_ip_address,
        spot_instance_request_id: live.spot_instance_request_id,
    };
    Ok((id, outputs))
}
