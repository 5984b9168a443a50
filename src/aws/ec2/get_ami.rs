//! `aws:ec2/getAmi:getAmi`: the one machine image that the arguments describe.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{BlockDeviceMapping, Image};
use regex_lite::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Query, live_tags, queries};
use crate::provider::*;

pub(super) struct GetAmi;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    allow_unsafe_filter: Option<bool>,
    executable_users: Option<Vec<String>>,
    #[serde(default)]
    filters: Vec<Query>,
    include_deprecated: Option<bool>,
    most_recent: Option<bool>,
    name_regex: Option<String>,
    owners: Option<Vec<String>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    allow_unsafe_filter: Option<bool>,
    architecture: Option<String>,
    arn: String,
    block_device_mappings: Vec<Device>,
    boot_mode: Option<String>,
    creation_date: Option<String>,
    deprecation_time: Option<String>,
    description: Option<String>,
    ena_support: bool,
    executable_users: Option<Vec<String>>,
    filters: Vec<Query>,
    hypervisor: Option<String>,
    image_id: String,
    image_location: Option<String>,
    image_owner_alias: Option<String>,
    image_type: Option<String>,
    imds_support: Option<String>,
    include_deprecated: Option<bool>,
    kernel_id: Option<String>,
    last_launched_time: Option<String>,
    most_recent: Option<bool>,
    name: Option<String>,
    name_regex: Option<String>,
    owner_id: Option<String>,
    owners: Option<Vec<String>>,
    platform: Option<String>,
    platform_details: Option<String>,
    product_codes: Vec<ProductCode>,
    public: bool,
    ramdisk_id: Option<String>,
    root_device_name: Option<String>,
    root_device_type: Option<String>,
    root_snapshot_id: Option<String>,
    sriov_net_support: Option<String>,
    state: Option<String>,
    state_reason: BTreeMap<String, String>,
    tags: Tags,
    tpm_support: Option<String>,
    usage_operation: Option<String>,
    virtualization_type: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Device {
    device_name: Option<String>,
    ebs: BTreeMap<String, String>,
    no_device: Option<String>,
    virtual_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProductCode {
    product_code_id: Option<String>,
    product_code_type: Option<String>,
}

impl Function for GetAmi {
    const TOKEN: &'static str = "aws:ec2/getAmi:getAmi";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("uefiData", "AWS has no way to look for an image by its UEFI variables")];
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let most_recent = args.most_recent == Some(true);
        // Anyone can publish a newer image of the same name.
        let names = ["owner-alias", "owner-id", "image-id"];
        let trusted = args.owners.is_some()
            || args.allow_unsafe_filter == Some(true)
            || args.filters.iter().any(|it| names.contains(&it.name.as_str()));
        if most_recent && !trusted {
            let rule = "is needed with `mostRecent`: anyone can publish an image of any name";
            return Err(Error::invalid("owners", rule));
        }
        let regex = args.name_regex.as_deref().map(Regex::new).transpose();
        let regex = regex.map_err(|error| Error::invalid("nameRegex", error.to_string()))?;
        let pages = cx
            .aws
            .ec2()
            .describe_images()
            .set_owners(args.owners.clone())
            .set_executable_users(args.executable_users.clone())
            .set_include_deprecated(args.include_deprecated)
            .set_filters(queries(&args.filters, &args.tags))
            .into_paginator();
        let mut found: Vec<Image> = pages.items().send().try_collect().await?;
        if let Some(regex) = regex {
            found.retain(|it| it.name().is_some_and(|name| regex.is_match(name)));
        }
        // The same text form throughout: letters sort as time does.
        found.sort_by(|a, b| a.creation_date.cmp(&b.creation_date));
        let many = found.len() > 1;
        let Some(image) = found.pop() else {
            return Err(Error::invalid("filters", "no image matches"));
        };
        if many && !most_recent {
            let rule = "several images match: narrow the filters, or set `mostRecent`";
            return Err(Error::invalid("filters", rule));
        }
        output(cx, args, image)
    }
}

fn output(cx: &Cx, args: &Args, image: Image) -> Result<Output> {
    let id = image.image_id.ok_or(Error::missing("ImageId"))?;
    let Place { partition, region, .. } = &cx.place;
    let devices = image.block_device_mappings.unwrap_or_default();
    let root = devices.iter().find(|it| it.device_name == image.root_device_name);
    let root_snapshot_id = root.and_then(|it| it.ebs()?.snapshot_id.clone());
    let reason =
        image.state_reason.unwrap_or_else(|| aws_sdk_ec2::types::StateReason::builder().build());
    let unset = || "UNSET".to_owned();
    let codes = image.product_codes.unwrap_or_default().into_iter();
    Ok(Output {
        allow_unsafe_filter: args.allow_unsafe_filter,
        architecture: image.architecture.map(|it| it.to_string()),
        arn: format!("arn:{partition}:ec2:{region}::image/{id}"),
        block_device_mappings: devices.into_iter().map(device).collect(),
        boot_mode: image.boot_mode.map(|it| it.to_string()),
        creation_date: image.creation_date,
        deprecation_time: image.deprecation_time,
        description: image.description,
        ena_support: image.ena_support.unwrap_or_default(),
        executable_users: args.executable_users.clone(),
        filters: args.filters.clone(),
        hypervisor: image.hypervisor.map(|it| it.to_string()),
        image_id: id.clone(),
        image_location: image.image_location,
        image_owner_alias: image.image_owner_alias,
        image_type: image.image_type.map(|it| it.to_string()),
        imds_support: image.imds_support.map(|it| it.to_string()),
        include_deprecated: args.include_deprecated,
        kernel_id: image.kernel_id,
        last_launched_time: image.last_launched_time,
        most_recent: args.most_recent,
        name: image.name,
        name_regex: args.name_regex.clone(),
        owner_id: image.owner_id,
        owners: args.owners.clone(),
        platform: image.platform.map(|it| it.to_string()),
        platform_details: image.platform_details,
        product_codes: codes
            .map(|it| ProductCode {
                product_code_id: it.product_code_id,
                product_code_type: it.product_code_type.map(|it| it.to_string()),
            })
            .collect(),
        public: image.public.unwrap_or_default(),
        ramdisk_id: image.ramdisk_id,
        root_device_name: image.root_device_name,
        root_device_type: image.root_device_type.map(|it| it.to_string()),
        root_snapshot_id,
        sriov_net_support: image.sriov_net_support,
        state: image.state.map(|it| it.to_string()),
        state_reason: BTreeMap::from([
            ("code".to_owned(), reason.code.unwrap_or_else(unset)),
            ("message".to_owned(), reason.message.unwrap_or_else(unset)),
        ]),
        tags: live_tags(image.tags),
        tpm_support: image.tpm_support.map(|it| it.to_string()),
        usage_operation: image.usage_operation,
        virtualization_type: image.virtualization_type.map(|it| it.to_string()),
        id,
    })
}

/// Pulumi says all of it as text.
fn device(it: BlockDeviceMapping) -> Device {
    let ebs = it.ebs.map(|ebs| {
        let flag = |it: Option<bool>| it.unwrap_or_default().to_string();
        let number = |it: Option<i32>| it.unwrap_or_default().to_string();
        [
            ("delete_on_termination", flag(ebs.delete_on_termination)),
            ("encrypted", flag(ebs.encrypted)),
            ("iops", number(ebs.iops)),
            ("snapshot_id", ebs.snapshot_id.unwrap_or_default()),
            ("throughput", number(ebs.throughput)),
            ("volume_initialization_rate", number(ebs.volume_initialization_rate)),
            ("volume_size", number(ebs.volume_size)),
            ("volume_type", ebs.volume_type.map(|it| it.to_string()).unwrap_or_default()),
        ]
    });
    Device {
        device_name: it.device_name,
        ebs: ebs.into_iter().flatten().map(|(key, it)| (key.to_owned(), it)).collect(),
        no_device: it.no_device,
        virtual_name: it.virtual_name,
    }
}
