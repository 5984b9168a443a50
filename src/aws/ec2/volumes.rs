//! The volumes that an instance is born with.

use std::collections::HashMap;

use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice, Instance as Live, InstanceBlockDeviceMapping, Volume,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, filter, instance::Inputs, live_tags};
use crate::provider::*;

/// A volume, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "InstanceDevice")]
pub(super) struct Device {
    #[schemars(extend("computed" = true))]
    pub(super) delete_on_termination: Option<bool>,
    #[schemars(extend("computed" = true))]
    pub(super) device_name: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) encrypted: Option<bool>,
    #[schemars(extend("computed" = true))]
    pub(super) iops: Option<i32>,
    #[schemars(extend("computed" = true))]
    pub(super) kms_key_id: Option<IdOrArn>,
    #[schemars(extend("computed" = true))]
    pub(super) snapshot_id: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) tags: Option<Tags>,
    #[schemars(extend("computed" = true))]
    pub(super) throughput: Option<i32>,
    #[schemars(extend("computed" = true))]
    pub(super) volume_id: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) volume_size: Option<i32>,
    #[schemars(extend("computed" = true))]
    pub(super) volume_type: Option<String>,
}

impl Device {
    /// Whether a live device is what the program says, as far as it says.
    pub(super) fn is(&self, live: &Self) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, live: Option<&T>) -> bool {
            wanted.is_none() || wanted == live
        }
        let key = |it: &Option<IdOrArn>| {
            it.as_ref().map(|it| it.0.rsplit('/').next().unwrap_or_default().to_owned())
        };
        fits(self.delete_on_termination.as_ref(), live.delete_on_termination.as_ref())
            && fits(self.device_name.as_ref(), live.device_name.as_ref())
            && fits(self.encrypted.as_ref(), live.encrypted.as_ref())
            && fits(self.iops.as_ref(), live.iops.as_ref())
            && fits(key(&self.kms_key_id).as_ref(), key(&live.kms_key_id).as_ref())
            && fits(self.snapshot_id.as_ref(), live.snapshot_id.as_ref())
            && fits(self.tags.as_ref(), live.tags.as_ref())
            && fits(self.throughput.as_ref(), live.throughput.as_ref())
            && fits(self.volume_size.as_ref(), live.volume_size.as_ref())
            && fits(self.volume_type.as_ref(), live.volume_type.as_ref())
    }

    fn mapping(&self, name: &str) -> BlockDeviceMapping {
        let ebs = EbsBlockDevice::builder()
            .set_delete_on_termination(self.delete_on_termination)
            .set_encrypted(self.encrypted)
            .set_iops(self.iops)
            .set_kms_key_id(self.kms_key_id.as_ref().map(|it| it.0.clone()))
            .set_snapshot_id(self.snapshot_id.clone())
            .set_throughput(self.throughput)
            .set_volume_size(self.volume_size)
            .set_volume_type(self.volume_type.as_deref().map(Into::into));
        BlockDeviceMapping::builder().device_name(name).ebs(ebs.build()).build()
    }

    fn live(mapping: &InstanceBlockDeviceMapping, volume: Option<&Volume>) -> Self {
        let ebs = mapping.ebs();
        Self {
            delete_on_termination: ebs.and_then(|it| it.delete_on_termination),
            device_name: mapping.device_name.clone(),
            encrypted: volume.and_then(|it| it.encrypted),
            iops: volume.and_then(|it| it.iops),
            kms_key_id: volume.and_then(|it| it.kms_key_id.clone()).map(IdOrArn),
            snapshot_id: volume.and_then(|it| it.snapshot_id.clone()).filter(|it| !it.is_empty()),
            tags: volume.map(|it| live_tags(it.tags.clone())),
            throughput: volume.and_then(|it| it.throughput),
            volume_id: ebs.and_then(|it| it.volume_id.clone()),
            volume_size: volume.and_then(|it| it.size),
            volume_type: volume.and_then(|it| it.volume_type.as_ref()).map(ToString::to_string),
        }
    }
}

/// What RunInstances is told of all devices.
pub(super) async fn mappings(cx: &Cx, new: &Inputs) -> Result<Option<Vec<BlockDeviceMapping>>> {
    let mut all = Vec::new();
    if let (Some(root), Some(ami)) = (&new.root_block_device, &new.ami) {
        let reply = cx.aws.ec2().describe_images().image_ids(ami).send().await?;
        let image = reply.images.and_then(|mut it| it.pop());
        let name = image.and_then(|it| it.root_device_name);
        let unknown = || Error::invalid("ami", format!("`{ami}` has no root device"));
        all.push(root.mapping(&name.ok_or_else(unknown)?));
    }
    for it in new.ebs_block_devices.iter().flat_map(|it| &it.0) {
        all.push(it.mapping(it.device_name.as_deref().unwrap_or_default()));
    }
    for it in new.ephemeral_block_devices.iter().flat_map(|it| &it.0) {
        let mapping = BlockDeviceMapping::builder().device_name(&it.device_name);
        let nothing = it.no_device.unwrap_or_default().then(String::new);
        all.push(mapping.set_no_device(nothing).set_virtual_name(it.virtual_name.clone()).build());
    }
    Ok((!all.is_empty()).then_some(all))
}

/// The volumes of instances, by id.
pub(super) async fn volumes(cx: &Cx, instances: &[Live]) -> Result<HashMap<String, Volume>> {
    let devices = instances.iter().flat_map(|it| it.block_device_mappings());
    let ids = devices.filter_map(|it| it.ebs()?.volume_id.clone());
    let ids: Vec<String> = ids.collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(FILTER_VALUES) {
        let call = cx.aws.ec2().describe_volumes().filters(filter("volume-id", ids));
        let volumes: Vec<Volume> = call.into_paginator().items().send().try_collect().await?;
        found.extend(volumes.into_iter().filter_map(|it| Some((it.volume_id.clone()?, it))));
    }
    Ok(found)
}

/// The root device and all others.
pub(super) fn devices(
    live: &Live,
    volumes: &HashMap<String, Volume>,
) -> (Option<Device>, Vec<Device>) {
    let device = |it: &InstanceBlockDeviceMapping| {
        let volume = it.ebs().and_then(|it| volumes.get(it.volume_id()?));
        Device::live(it, volume)
    };
    let all = live.block_device_mappings().iter().map(device);
    let (mut root, others): (Vec<_>, Vec<_>) =
        all.partition(|it| it.device_name == live.root_device_name);
    (root.pop(), others)
}
