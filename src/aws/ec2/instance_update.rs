//! What of an instance can change: much by a call of its own, some only while
//! it is stopped.

use aws_sdk_ec2::{
    operation::modify_instance_attribute::builders::ModifyInstanceAttributeFluentBuilder as Call,
    primitives::Blob,
    types::{
        AttributeValue, CapacityReservationSpecification, EbsInstanceBlockDeviceSpecification,
        Instance as Live, InstanceBlockDeviceMappingSpecification,
        InstanceCreditSpecificationRequest, InstanceStateName, SecureBlobAttributeValue,
    },
};

use super::{
    filter, flag,
    instance::{Inputs, LIMIT, MISSING, encoded, profile, sent},
    instance_read::{one, state},
    retag,
    volumes::{Device, devices, volumes},
};
use crate::{
    aws::{
        error::{absent, seen},
        fresh,
    },
    provider::*,
};

pub(super) async fn change(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    // Protection goes first, if it goes.
    if old.disable_api_stop && !new.disable_api_stop {
        modify(cx, id, |it| it.disable_api_stop(flag(false))).await?;
    }
    stopped(cx, id, old, new).await?;
    attributes(cx, id, old, new).await?;
    options(cx, id, old, new).await?;
    if old.iam_instance_profile != new.iam_instance_profile {
        change_profile(cx, id, new.iam_instance_profile.as_deref()).await?;
    }
    addresses(cx, id, old, new).await?;
    root(cx, id, old, new).await?;
    tag_volumes(cx, id, Some(old), new).await?;
    retag(cx, id, &old.tags, &new.tags).await
}

async fn modify(cx: &Cx, id: &str, what: impl FnOnce(Call) -> Call) -> Result<()> {
    what(cx.aws.ec2().modify_instance_attribute().instance_id(id)).send().await?;
    Ok(())
}

fn value(text: &str) -> AttributeValue {
    AttributeValue::builder().value(text).build()
}

/// The instance is stopped for these, and started again.
async fn stopped(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let kind = fresh(old.instance_type.as_ref(), new.instance_type.as_ref());
    let optimized = fresh(old.ebs_optimized.as_ref(), new.ebs_optimized.as_ref());
    // The program says one of them; the other is the live one on both sides.
    let plain = fresh(old.user_data.as_ref(), new.user_data.as_ref()).map(|it| encoded(it));
    let user_data = plain
        .or_else(|| fresh(old.user_data_base64.as_ref(), new.user_data_base64.as_ref()).cloned());
    let capacity = fresh(
        old.capacity_reservation_specification.as_ref(),
        new.capacity_reservation_specification.as_ref(),
    );
    let names = fresh(old.private_dns_name_options.as_ref(), new.private_dns_name_options.as_ref());
    let hostname = names.and_then(|it| it.hostname_type.clone()).filter(|it| {
        let old = old.private_dns_name_options.as_ref();
        old.and_then(|it| it.hostname_type.as_ref()) != Some(it)
    });
    if kind.is_none()
        && optimized.is_none()
        && user_data.is_none()
        && capacity.is_none()
        && hostname.is_none()
    {
        return Ok(());
    }
    let ec2 = cx.aws.ec2();
    ec2.stop_instances().instance_ids(id).send().await?;
    arrive(cx, id, InstanceStateName::Stopped).await?;
    if let Some(kind) = kind {
        modify(cx, id, |it| it.instance_type(value(kind))).await?;
    }
    if let Some(optimized) = optimized {
        modify(cx, id, |it| it.ebs_optimized(flag(*optimized))).await?;
    }
    if let Some(data) = user_data {
        // The SDK encodes it once more.
        let plain = aws_smithy_types::base64::decode(data.trim());
        let plain = plain.map_err(|it| Error::invalid("userDataBase64", it.to_string()))?;
        let data = SecureBlobAttributeValue::builder().value(Blob::new(plain)).build();
        modify(cx, id, |it| it.user_data(data)).await?;
    }
    if let Some(it) = sent::<CapacityReservationSpecification, _>(capacity) {
        let call = ec2.modify_instance_capacity_reservation_attributes().instance_id(id);
        call.capacity_reservation_specification(it).send().await?;
    }
    if let Some(it) = hostname {
        let call = ec2.modify_private_dns_name_options().instance_id(id);
        call.private_dns_hostname_type(it.0.as_str().into()).send().await?;
    }
    ec2.start_instances().instance_ids(id).send().await?;
    arrive(cx, id, InstanceStateName::Running).await
}

async fn arrive(cx: &Cx, id: &str, wanted: InstanceStateName) -> Result<()> {
    let look = || async {
        let live = one(cx, id).await?;
        Ok(live.is_some_and(|it| state(&it) == Some(&wanted)).then_some(()))
    };
    cx.wait(&format!("the instance to be {wanted}"), LIMIT, look).await
}

/// One attribute a call.
async fn attributes(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    if !old.disable_api_stop && new.disable_api_stop {
        modify(cx, id, |it| it.disable_api_stop(flag(true))).await?;
    }
    if old.disable_api_termination != new.disable_api_termination {
        let on = flag(new.disable_api_termination);
        modify(cx, id, |it| it.disable_api_termination(on)).await?;
    }
    if old.source_dest_check != new.source_dest_check {
        modify(cx, id, |it| it.source_dest_check(flag(new.source_dest_check))).await?;
    }
    let shutdown = fresh(
        old.instance_initiated_shutdown_behavior.as_ref(),
        new.instance_initiated_shutdown_behavior.as_ref(),
    );
    if let Some(it) = shutdown {
        modify(cx, id, |call| call.instance_initiated_shutdown_behavior(value(it))).await?;
    }
    if let Some(groups) =
        fresh(old.vpc_security_group_ids.as_ref(), new.vpc_security_group_ids.as_ref())
    {
        modify(cx, id, |it| it.set_groups(Some(groups.0.clone()))).await?;
    }
    Ok(())
}

async fn options(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let ec2 = cx.aws.ec2();
    if let Some(it) = fresh(old.metadata_options.as_ref(), new.metadata_options.as_ref()) {
        ec2.modify_instance_metadata_options()
            .instance_id(id)
            .set_http_endpoint(sent(it.http_endpoint.as_ref()))
            .set_http_protocol_ipv6(sent(it.http_protocol_ipv6.as_ref()))
            .set_http_put_response_hop_limit(it.http_put_response_hop_limit)
            .set_http_tokens(sent(it.http_tokens.as_ref()))
            .set_instance_metadata_tags(sent(it.instance_metadata_tags.as_ref()))
            .send()
            .await?;
    }
    if let Some(it) = fresh(old.maintenance_options.as_ref(), new.maintenance_options.as_ref()) {
        let call = ec2.modify_instance_maintenance_options().instance_id(id);
        call.set_auto_recovery(sent(it.auto_recovery.as_ref())).send().await?;
    }
    if let Some(it) =
        fresh(old.private_dns_name_options.as_ref(), new.private_dns_name_options.as_ref())
    {
        let call = ec2.modify_private_dns_name_options().instance_id(id);
        call.set_enable_resource_name_dns_a_record(it.enable_resource_name_dns_a_record)
            .set_enable_resource_name_dns_aaaa_record(it.enable_resource_name_dns_aaaa_record)
            .send()
            .await?;
    }
    if let Some(it) = fresh(old.credit_specification.as_ref(), new.credit_specification.as_ref()) {
        let credits = InstanceCreditSpecificationRequest::builder().instance_id(id);
        let credits = credits.set_cpu_credits(it.cpu_credits.clone()).build();
        let call = ec2.modify_instance_credit_specification();
        call.instance_credit_specifications(credits).send().await?;
    }
    match fresh(old.monitoring.as_ref(), new.monitoring.as_ref()) {
        Some(true) => drop(ec2.monitor_instances().instance_ids(id).send().await?),
        Some(false) => drop(ec2.unmonitor_instances().instance_ids(id).send().await?),
        None => {}
    }
    Ok(())
}

/// An instance has one profile, or none.
async fn change_profile(cx: &Cx, id: &str, name: Option<&str>) -> Result<()> {
    let ec2 = cx.aws.ec2();
    let call = ec2.describe_iam_instance_profile_associations();
    let call = call.filters(filter("instance-id", [id])).filters(filter("state", ["associated"]));
    let found = call.send().await?.iam_instance_profile_associations.unwrap_or_default();
    let held = found.into_iter().find_map(|it| it.association_id);
    match (held, name.filter(|it| !it.is_empty())) {
        (Some(held), Some(name)) => {
            let call = ec2.replace_iam_instance_profile_association().association_id(held);
            call.iam_instance_profile(profile(name)).send().await?;
        }
        (None, Some(name)) => {
            let call = ec2.associate_iam_instance_profile().instance_id(id);
            call.iam_instance_profile(profile(name)).send().await?;
        }
        (Some(held), None) => {
            ec2.disassociate_iam_instance_profile().association_id(held).send().await?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Further private addresses of the first interface.
async fn addresses(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let Some(wanted) =
        fresh(old.secondary_private_ips.as_ref(), new.secondary_private_ips.as_ref())
    else {
        return Ok(());
    };
    let (add, remove) = wanted.since(old.secondary_private_ips.as_ref().unwrap_or(&Set::default()));
    let live = known(cx, id).await?;
    let interface = live.network_interfaces().first().and_then(|it| it.network_interface_id());
    let interface = interface.ok_or(Error::missing("NetworkInterfaceId"))?;
    if !remove.is_empty() {
        let call = cx.aws.ec2().unassign_private_ip_addresses().network_interface_id(interface);
        call.set_private_ip_addresses(Some(remove)).send().await?;
    }
    if !add.is_empty() {
        let call = cx.aws.ec2().assign_private_ip_addresses().network_interface_id(interface);
        call.set_private_ip_addresses(Some(add)).send().await?;
    }
    Ok(())
}

async fn known(cx: &Cx, id: &str) -> Result<Live> {
    one(cx, id).await?.ok_or_else(|| Error::unseen("the instance"))
}

/// The root volume grows and changes its kind in place; how it is encrypted
/// was decided at its birth.
async fn root(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let Some(wanted) = fresh(old.root_block_device.as_ref(), new.root_block_device.as_ref()) else {
        return Ok(());
    };
    let none = Device::default();
    let old = old.root_block_device.as_ref().unwrap_or(&none);
    let encrypted = fresh(old.encrypted.as_ref(), wanted.encrypted.as_ref()).is_some();
    if encrypted || fresh(old.kms_key_id.as_ref(), wanted.kms_key_id.as_ref()).is_some() {
        let rule = "encryption cannot change: replace the instance (`up --replace`)";
        return Err(Error::invalid("rootBlockDevice", rule));
    }
    let live = known(cx, id).await?;
    let mapping = live.block_device_mappings().iter();
    let mapping = mapping.clone().find(|it| it.device_name == live.root_device_name);
    let volume = mapping.and_then(|it| it.ebs()?.volume_id.clone());
    let volume = volume.ok_or(Error::missing("root volume"))?;
    let size = fresh(old.volume_size.as_ref(), wanted.volume_size.as_ref());
    let kind = fresh(old.volume_type.as_ref(), wanted.volume_type.as_ref());
    let iops = fresh(old.iops.as_ref(), wanted.iops.as_ref());
    let throughput = fresh(old.throughput.as_ref(), wanted.throughput.as_ref());
    if size.is_some() || kind.is_some() || iops.is_some() || throughput.is_some() {
        let call = cx.aws.ec2().modify_volume().volume_id(&volume);
        call.set_size(size.copied())
            .set_volume_type(kind.map(|it| it.as_str().into()))
            .set_iops(iops.copied())
            .set_throughput(throughput.copied())
            .send()
            .await?;
    }
    if let Some(it) =
        fresh(old.delete_on_termination.as_ref(), wanted.delete_on_termination.as_ref())
    {
        let ebs = EbsInstanceBlockDeviceSpecification::builder().delete_on_termination(*it).build();
        let mapping = InstanceBlockDeviceMappingSpecification::builder()
            .set_device_name(live.root_device_name.clone())
            .ebs(ebs)
            .build();
        modify(cx, id, |it| it.block_device_mappings(mapping)).await?;
    }
    Ok(())
}

/// RunInstances tags all volumes alike: tags of one device come after it.
pub(super) async fn tag_volumes(
    cx: &Cx,
    id: &str,
    old: Option<&Inputs>,
    new: &Inputs,
) -> Result<()> {
    let wants = |it: &Inputs| {
        let others = it.ebs_block_devices.iter().flat_map(|it| &it.0);
        let own = it.root_block_device.iter().chain(others).any(|it| it.tags.is_some());
        own || it.volume_tags.is_some()
    };
    if !wants(new) && old.is_none_or(|it| !wants(it)) {
        return Ok(());
    }
    let look = || async {
        let live = one(cx, id).await?;
        Ok(live.filter(|it| !it.block_device_mappings().is_empty()))
    };
    let live = cx.wait("the volumes to be attached", LIMIT, look).await?;
    let volumes = volumes(cx, std::slice::from_ref(&live)).await?;
    let (root, others) = devices(&live, &volumes);
    let root = root.map(|it| (it, new.root_block_device.as_ref()));
    let others = others.into_iter().map(|it| {
        let mut wanted = new.ebs_block_devices.iter().flat_map(|it| &it.0);
        let wanted = wanted.find(|wanted| wanted.device_name == it.device_name);
        (it, wanted)
    });
    // With `volumeTags`, volumes that others attached would be tagged too.
    let ours = root.into_iter().chain(others.filter(|(_, wanted)| wanted.is_some()));
    for (live, wanted) in ours {
        let tags = wanted.and_then(|it| it.tags.as_ref()).or(new.volume_tags.as_ref());
        if let (Some(volume), Some(tags)) = (&live.volume_id, tags) {
            retag(cx, volume, &live.tags.unwrap_or_default(), tags).await?;
        }
    }
    Ok(())
}

/// For a delete that may not be refused.
pub(super) async fn unprotect(cx: &Cx, id: &str) -> Result<()> {
    let call = || cx.aws.ec2().modify_instance_attribute().instance_id(id);
    let gone = absent(call().disable_api_termination(flag(false)).send().await, MISSING)?.is_none();
    if !gone {
        let reply = call().disable_api_stop(flag(false)).send().await;
        seen(reply, MISSING, "the instance")?;
    }
    Ok(())
}
