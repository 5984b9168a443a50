//! `aws:ec2/launchTemplate:LaunchTemplate`. The id is the template's, `lt-…`.
//! Every change of what it launches is another version.

use std::time::Duration;

use aws_sdk_ec2::types::{
    Filter, LaunchTemplate as Template, LaunchTemplateVersion as VersionOfLive,
    RequestLaunchTemplateData, ResourceType, ResponseLaunchTemplateData,
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    arn,
    blocks::{
        BlockDeviceMapping, CapacityReservation, CpuOptions, CreditSpecification, EnclaveOptions,
        HibernationOptions, InstanceRequirements, LicenseSpecification, MaintenanceOptions,
        MarketOptions, MetadataOptions, Monitoring, NetworkInterface, NetworkPerformance,
        Placement, PrivateDnsNameOptions, ProfileOfTemplate, SecondaryInterface, TagsOfNew,
    },
    born, by_birth, filter, in_order, live_tags, made, retag,
};
use crate::{
    aws::{
        error::{absent, seen},
        mirror::{Live, Sent as _, Truth, Word},
    },
    provider::*,
};

pub(super) struct LaunchTemplate;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 125, "replace" = true))]
    pub(super) name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) default_version: Option<i64>,
    /// Of the version.
    pub(super) description: Option<String>,
    /// Makes each new version the default one.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    update_default_version: bool,
    #[serde(flatten)]
    pub(super) data: Data,
    #[serde(default)]
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    block_device_mappings: Option<Vec<BlockDeviceMapping>>,
    capacity_reservation_specification: Option<CapacityReservation>,
    cpu_options: Option<CpuOptions>,
    credit_specification: Option<CreditSpecification>,
    pub(super) disable_api_stop: Option<bool>,
    pub(super) disable_api_termination: Option<bool>,
    ebs_optimized: Option<Truth>,
    enclave_options: Option<EnclaveOptions>,
    hibernation_options: Option<HibernationOptions>,
    iam_instance_profile: Option<ProfileOfTemplate>,
    image_id: Option<String>,
    instance_initiated_shutdown_behavior: Option<Word>,
    instance_market_options: Option<MarketOptions>,
    instance_requirements: Option<InstanceRequirements>,
    instance_type: Option<Word>,
    kernel_id: Option<String>,
    key_name: Option<String>,
    license_specifications: Option<Set<LicenseSpecification>>,
    maintenance_options: Option<MaintenanceOptions>,
    #[schemars(extend("computed" = true))]
    metadata_options: Option<MetadataOptions>,
    monitoring: Option<Monitoring>,
    network_interfaces: Option<Vec<NetworkInterface>>,
    network_performance_options: Option<NetworkPerformance>,
    placement: Option<Placement>,
    private_dns_name_options: Option<PrivateDnsNameOptions>,
    ram_disk_id: Option<String>,
    secondary_interfaces: Option<Vec<SecondaryInterface>>,
    #[serde(rename = "vpcSecurityGroupIds")]
    security_group_ids: Option<Set<String>>,
    #[serde(rename = "securityGroupNames")]
    security_groups: Option<Set<String>>,
    /// Of what is launched.
    tag_specifications: Option<Vec<TagsOfNew>>,
    /// In base64.
    user_data: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
    #[schemars(extend("volatile" = true))]
    pub(super) latest_version: i64,
}

impl Resource for LaunchTemplate {
    const TYPE: &'static str = "aws:ec2/launchTemplate:LaunchTemplate";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let allowed = |it: char| it.is_ascii_alphanumeric() || "().-/_".contains(it);
        let name = &new.name;
        if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
            let rule = "has 3 to 128 letters, digits or any of `().-/_`";
            return Err(Error::invalid("name", rule));
        }
        if new.update_default_version && new.default_version.is_some() {
            return Err(Error::invalid("updateDefaultVersion", "excludes `defaultVersion`"));
        }
        let data = &new.data;
        if data.instance_type.is_some() && data.instance_requirements.is_some() {
            return Err(Error::invalid("instanceRequirements", "excludes `instanceType`"));
        }
        let interfaces = data.network_interfaces.iter().flatten();
        if data.security_group_ids.is_some() && interfaces.count() > 0 {
            let rule = "excludes `networkInterfaces`: each of those has its `securityGroups`";
            return Err(Error::invalid("vpcSecurityGroupIds", rule));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().create_launch_template().client_token(&cx.op);
        let reply = call
            .launch_template_name(&new.name)
            .set_version_description(new.description.clone())
            .launch_template_data(new.data.sent())
            .tag_specifications(born(cx, ResourceType::LaunchTemplate, &new.tags))
            .send()
            .await?;
        let id = reply.launch_template.and_then(|it| it.launch_template_id);
        id.ok_or(Error::missing("LaunchTemplateId"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(by_id(cx, &[id.to_owned()]).await?.pop().map(drop)) };
        // It takes seconds.
        cx.wait("the template to be visible", Duration::from_secs(120), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// All templates in one call; what they launch, in one call each.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let told = |template: Template| async move {
            let id = template.launch_template_id.clone();
            let id = id.ok_or(Error::missing("LaunchTemplateId"))?;
            let latest = latest(cx, &id).await?;
            Result::Ok((id, outputs(cx, template, latest)?))
        };
        let templates = by_id(cx, ids).await?;
        let found = stream::iter(templates.into_iter().map(told)).buffered(4);
        Ok(in_order(ids, found.try_collect::<Vec<_>>().await?))
    }

    /// A version that an attempt before this one made is not made again.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let ec2 = cx.aws.ec2();
        if old.data != new.data || old.description != new.description {
            let live = latest(cx, id).await?;
            let data = live.launch_template_data.map(Data::live);
            if data.as_ref() != Some(&new.data) || live.version_description != new.description {
                let call = ec2.create_launch_template_version().launch_template_id(id);
                let call = call.set_version_description(new.description.clone());
                call.launch_template_data(new.data.sent()).send().await?;
            }
        }
        let default = match new.default_version.filter(|it| old.default_version != Some(*it)) {
            _ if new.update_default_version => latest(cx, id).await?.version_number,
            chosen => chosen,
        };
        if let Some(version) = default {
            let call = ec2.modify_launch_template().launch_template_id(id);
            call.default_version(version.to_string()).send().await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().delete_launch_template().launch_template_id(id).send().await;
        absent(reply, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.launch_template_id))
    }
}

const MISSING: &[&str] = &[
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "InvalidLaunchTemplateName.NotFoundException",
];

/// What is launched, field for field as EC2 takes and tells it.
macro_rules! mirror_data {
    ($($field:ident),* $(,)?) => {
        impl Data {
            fn sent(&self) -> RequestLaunchTemplateData {
                let mut it = RequestLaunchTemplateData::builder().build();
                $(it.$field = self.$field.as_ref().map(|it| it.sent());)*
                // The first address is the primary one, unless that is named.
                for interface in it.network_interfaces.iter_mut().flatten() {
                    let addresses = interface.private_ip_addresses.iter_mut().flatten();
                    let named = interface.private_ip_address.is_some();
                    for (at, address) in addresses.enumerate() {
                        address.primary = Some(at == 0 && !named);
                    }
                }
                it
            }

            pub(super) fn live(it: ResponseLaunchTemplateData) -> Self {
                Self { $($field: it.$field.map(Live::live)),* }
            }
        }
    };
}

mirror_data! {
    block_device_mappings, capacity_reservation_specification, cpu_options, credit_specification,
    disable_api_stop, disable_api_termination, ebs_optimized, enclave_options, hibernation_options,
    iam_instance_profile, image_id, instance_initiated_shutdown_behavior, instance_market_options,
    instance_requirements, instance_type, kernel_id, key_name, license_specifications,
    maintenance_options, metadata_options, monitoring, network_interfaces,
    network_performance_options, placement, private_dns_name_options, ram_disk_id,
    secondary_interfaces, security_group_ids, security_groups, tag_specifications, user_data,
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Template>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_launch_templates().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

/// There is no filter by id, and one id that is gone fails a call for all:
/// then each is asked for by itself.
pub(super) async fn by_id(cx: &Cx, ids: &[String]) -> Result<Vec<Template>> {
    let mut found = Vec::new();
    let ask = |ids: &[String]| {
        let ids = Some(ids.to_vec());
        let call = cx.aws.ec2().describe_launch_templates().set_launch_template_ids(ids);
        call.into_paginator().items().send().try_collect()
    };
    for ids in ids.chunks(super::FILTER_VALUES) {
        match absent(ask(ids).await, MISSING)? {
            Some(all) => found.extend(all),
            None if ids.len() == 1 => {}
            None => {
                for id in ids.chunks(1) {
                    found.extend(absent(ask(id).await, MISSING)?.unwrap_or_default());
                }
            }
        }
    }
    Ok(found)
}

pub(super) async fn latest(cx: &Cx, id: &str) -> Result<VersionOfLive> {
    let call = cx.aws.ec2().describe_launch_template_versions().launch_template_id(id);
    let reply = seen(call.versions("$Latest").send().await, MISSING, "the template")?;
    let version = reply.launch_template_versions.and_then(|mut it| it.pop());
    version.ok_or_else(|| Error::unseen("the template's latest version"))
}

pub(super) fn by_name(name: &str) -> Filter {
    filter("launch-template-name", [name])
}

pub(super) fn outputs(cx: &Cx, template: Template, latest: VersionOfLive) -> Result<Outputs> {
    let id = template.launch_template_id.ok_or(Error::missing("LaunchTemplateId"))?;
    let data = latest.launch_template_data.ok_or(Error::missing("LaunchTemplateData"))?;
    let inputs = Inputs {
        name: template.launch_template_name.ok_or(Error::missing("LaunchTemplateName"))?,
        name_prefix: None,
        default_version: template.default_version_number,
        description: latest.version_description.filter(|it| !it.is_empty()),
        update_default_version: false,
        data: Data::live(data),
        tags: live_tags(template.tags),
    };
    Ok(Outputs {
        inputs,
        arn: arn(cx, &cx.place.account, &format!("launch-template/{id}")),
        latest_version: template.latest_version_number.unwrap_or_default(),
    })
}
