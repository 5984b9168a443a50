//! `aws:ec2/instance:Instance`. The id is the instance's, `i-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{
    AttributeBooleanValue, CapacityReservationSpecification, CpuOptionsRequest,
    EnclaveOptionsRequest, HibernationOptionsRequest, IamInstanceProfileSpecification,
    InstanceMaintenanceOptionsRequest, InstanceMarketOptionsRequest,
    InstanceMetadataOptionsRequest, InstanceNetworkInterfaceSpecification, InstanceStateName,
    LaunchTemplateSpecification, Placement, PrivateDnsNameOptionsRequest,
    PrivateIpAddressSpecification, ResourceType, RunInstancesMonitoringEnabled, SpotMarketOptions,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    blocks::{
        CapacityReservation, CpuOptions, CreditSpecification, EnclaveOptions, MaintenanceOptions,
        MetadataOptions, PrivateDnsNameOptions,
    },
    born, by_birth,
    instance_read::{by_id, is_gone, one, outputs_of, state},
    instance_update::{change, tag_volumes, unprotect},
    made,
    volumes::{Device, mappings},
};
use crate::{
    aws::{
        error::absent,
        mirror::{Moment, Sent, Word},
    },
    model::Value,
    provider::*,
};

pub(super) struct Instance;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// A launch template may name it.
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) ami: Option<String>,
    /// Told at birth only: the address goes when the instance is stopped.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) associate_public_ip_address: Option<bool>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) availability_zone: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) capacity_reservation_specification: Option<CapacityReservation>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) cpu_options: Option<CpuOptions>,
    #[schemars(extend("computed" = true))]
    pub(super) credit_specification: Option<CreditSpecification>,
    #[serde(default)]
    pub(super) disable_api_stop: bool,
    #[serde(default)]
    pub(super) disable_api_termination: bool,
    /// Volumes that others attach are no change.
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) ebs_block_devices: Option<Set<Device>>,
    #[schemars(extend("computed" = true))]
    pub(super) ebs_optimized: Option<bool>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) enable_primary_ipv6: Option<bool>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) enclave_options: Option<EnclaveOptions>,
    /// AWS does not tell of them.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ephemeral_block_devices: Option<Set<Ephemeral>>,
    /// Whether a delete takes `disableApiTermination` and `disableApiStop` off.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    pub(super) force_destroy: bool,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) hibernation: Option<bool>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) host_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) host_resource_group_arn: Option<String>,
    /// Its name.
    #[schemars(extend("computed" = true))]
    pub(super) iam_instance_profile: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["stop", "terminate"]))]
    pub(super) instance_initiated_shutdown_behavior: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) instance_market_options: Option<MarketOptions>,
    #[schemars(extend("computed" = true))]
    pub(super) instance_type: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) ipv6_address_count: Option<i32>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) ipv6_addresses: Option<Set<String>>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) key_name: Option<String>,
    /// Looked at once, when it is launched.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) launch_template: Option<TemplateOfInstance>,
    #[schemars(extend("computed" = true))]
    pub(super) maintenance_options: Option<MaintenanceOptions>,
    #[schemars(extend("computed" = true))]
    pub(super) metadata_options: Option<MetadataOptions>,
    #[schemars(extend("computed" = true))]
    pub(super) monitoring: Option<bool>,
    #[schemars(extend(
        "replace" = true, "writeOnly" = true, "deprecatedBecause" = "use `primaryNetworkInterface`"
    ))]
    pub(super) network_interfaces: Option<Set<Interface>>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) placement_group: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) placement_group_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) placement_partition_number: Option<i32>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) primary_network_interface: Option<PrimaryInterface>,
    #[schemars(extend("computed" = true))]
    pub(super) private_dns_name_options: Option<PrivateDnsNameOptions>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) private_ip: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) root_block_device: Option<Device>,
    #[schemars(extend("computed" = true))]
    pub(super) secondary_private_ips: Option<Set<String>>,
    /// Names, in the default VPC; elsewhere `vpcSecurityGroupIds`.
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) security_groups: Option<Set<String>>,
    #[serde(default = "yes")]
    pub(super) source_dest_check: bool,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) subnet_id: Option<String>,
    #[serde(default)]
    pub(super) tags: Tags,
    #[schemars(extend(
        "replace" = true, "computed" = true, "enum" = ["default", "dedicated", "host"]
    ))]
    pub(super) tenancy: Option<String>,
    /// Another one stops the instance, and starts it again.
    #[schemars(extend("computed" = true))]
    pub(super) user_data: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) user_data_base64: Option<String>,
    /// Of all volumes that the instance is born with.
    #[schemars(extend("computed" = true))]
    pub(super) volume_tags: Option<Tags>,
    #[schemars(extend("computed" = true))]
    pub(super) vpc_security_group_ids: Option<Set<String>>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ephemeral {
    pub(super) device_name: String,
    pub(super) no_device: Option<bool>,
    pub(super) virtual_name: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MarketOptions {
    market_type: Option<Word>,
    spot_options: Option<SpotOptions>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpotOptions {
    instance_interruption_behavior: Option<Word>,
    max_price: Option<String>,
    spot_instance_type: Option<Word>,
    valid_until: Option<Moment>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TemplateOfInstance {
    id: Option<String>,
    name: Option<String>,
    version: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Interface {
    #[serde(default)]
    delete_on_termination: bool,
    device_index: i32,
    network_card_index: Option<i32>,
    network_interface_id: String,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PrimaryInterface {
    delete_on_termination: Option<bool>,
    network_interface_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
    pub(super) instance_lifecycle: Option<String>,
    #[schemars(extend("volatile" = true))]
    pub(super) instance_state: String,
    pub(super) outpost_arn: Option<String>,
    #[schemars(extend("volatile" = true))]
    pub(super) primary_network_interface_id: Option<String>,
    pub(super) private_dns: Option<String>,
    #[schemars(extend("volatile" = true))]
    pub(super) public_dns: Option<String>,
    #[schemars(extend("volatile" = true))]
    pub(super) public_ip: Option<String>,
    pub(super) spot_instance_request_id: Option<String>,
}

const PASSWORD: &str =
    "who holds the key asks for a Windows password: `aws ec2 get-password-data --priv-launch-key`";

impl Resource for Instance {
    const TYPE: &'static str = "aws:ec2/instance:Instance";
    const KEY: &'static [&'static str] = &["privateIp", "primaryNetworkInterface"];
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("ebsBlockDevices.tagsAll", "it is told, not set: `tags` are all there are"),
        ("ebsBlockDevices.volumeId", "AWS chooses it"),
        ("getPasswordData", PASSWORD),
        ("passwordData", PASSWORD),
        ("rootBlockDevice.deviceName", "the image says it"),
        ("rootBlockDevice.snapshotId", "the image says it"),
        ("rootBlockDevice.tagsAll", "it is told, not set: `tags` are all there are"),
        ("rootBlockDevice.volumeId", "AWS chooses it"),
        (
            "secondaryNetworkInterfaces",
            "secondary networks are for launch templates: name one as `launchTemplate`",
        ),
        (
            "userDataReplaceOnChange",
            "the option `replaceOnChanges: [userData]` says the same of any property",
        ),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.launch_template.is_none() {
            for (property, given) in
                [("ami", new.ami.is_some()), ("instanceType", new.instance_type.is_some())]
            {
                if !given {
                    let rule = "is needed, unless a `launchTemplate` says it";
                    return Err(Error::invalid(property, rule));
                }
            }
        }
        if new.root_block_device.is_some() && new.ami.is_none() {
            let rule = "needs `ami`, which says what the root device is called";
            return Err(Error::invalid("rootBlockDevice", rule));
        }
        if new.user_data.is_some() && new.user_data_base64.is_some() {
            return Err(Error::invalid("userDataBase64", "excludes `userData`"));
        }
        if new.security_groups.is_some() && new.vpc_security_group_ids.is_some() {
            return Err(Error::invalid("securityGroups", "excludes `vpcSecurityGroupIds`"));
        }
        if new.placement_group.is_some() && new.placement_group_id.is_some() {
            return Err(Error::invalid("placementGroupId", "excludes `placementGroup`"));
        }
        if new.brings_interfaces() {
            let excluded = [
                ("subnetId", new.subnet_id.is_some()),
                ("vpcSecurityGroupIds", new.vpc_security_group_ids.is_some()),
                ("associatePublicIpAddress", new.associate_public_ip_address.is_some()),
                ("privateIp", new.private_ip.is_some()),
            ];
            if let Some((property, _)) = excluded.into_iter().find(|(_, given)| *given) {
                let rule = "belongs to the network interface, which is there already";
                return Err(Error::invalid(property, rule));
            }
        }
        let devices = new.ebs_block_devices.iter().flat_map(|it| &it.0);
        if devices.into_iter().any(|it| it.device_name.is_none()) {
            return Err(Error::invalid("ebsBlockDevices", "each has a `deviceName`"));
        }
        Ok(())
    }

    /// User data may be given in base64 already, and devices by part of what
    /// they are.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        if !wanted.is_known() {
            return false;
        }
        let (wanted, live) = (wanted.reveal(), live.reveal());
        match path {
            "userData" => wanted.as_str().map(plain) == live.as_str().map(plain),
            "ebsBlockDevices" => {
                let list = |it| serde_json::from_value::<Vec<Device>>(it).unwrap_or_default();
                let live = list(live);
                !wanted.is_null()
                    && list(wanted).iter().all(|it| live.iter().any(|live| it.is(live)))
            }
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let list = |it: &Option<Set<String>>| it.as_ref().map(|it| it.0.clone());
        let interfaces = interfaces(new);
        // What an interface has, the instance must not have beside it.
        let bare = interfaces.is_none();
        let tags = [
            Some(born(cx, ResourceType::Instance, &new.tags)),
            new.volume_tags.as_ref().map(|it| born(cx, ResourceType::Volume, it)),
        ];
        let monitoring =
            new.monitoring.map(|it| RunInstancesMonitoringEnabled::builder().enabled(it));
        let profile = new.iam_instance_profile.as_ref().map(|it| profile(it));
        let template = new.launch_template.as_ref().map(|it| {
            LaunchTemplateSpecification::builder()
                .set_launch_template_id(it.id.clone())
                .set_launch_template_name(it.name.clone())
                .set_version(it.version.clone())
                .build()
        });
        let behaviour = new.instance_initiated_shutdown_behavior.as_deref();
        let call = cx.aws.ec2().run_instances().client_token(&cx.op).min_count(1).max_count(1);
        let reply = call
            .set_image_id(new.ami.clone())
            .set_instance_type(new.instance_type.as_deref().map(Into::into))
            .set_block_device_mappings(mappings(cx, new).await?)
            .set_capacity_reservation_specification(sent::<CapacityReservationSpecification, _>(
                new.capacity_reservation_specification.as_ref(),
            ))
            .set_cpu_options(sent::<CpuOptionsRequest, _>(new.cpu_options.as_ref()))
            .set_credit_specification(sent(new.credit_specification.as_ref()))
            .set_disable_api_stop(new.disable_api_stop.then_some(true))
            .set_disable_api_termination(new.disable_api_termination.then_some(true))
            .set_ebs_optimized(new.ebs_optimized)
            .set_enable_primary_ipv6(new.enable_primary_ipv6.filter(|_| bare))
            .set_enclave_options(sent::<EnclaveOptionsRequest, _>(new.enclave_options.as_ref()))
            .set_hibernation_options(
                new.hibernation
                    .map(|it| HibernationOptionsRequest::builder().configured(it).build()),
            )
            .set_iam_instance_profile(profile)
            .set_instance_initiated_shutdown_behavior(behaviour.map(Into::into))
            .set_instance_market_options(
                new.instance_market_options.as_ref().map(MarketOptions::sent),
            )
            .set_ipv6_address_count(new.ipv6_address_count.filter(|_| bare))
            .set_ipv6_addresses(list(&new.ipv6_addresses).filter(|_| bare).map(addresses))
            .set_key_name(new.key_name.clone())
            .set_launch_template(template)
            .set_maintenance_options(sent::<InstanceMaintenanceOptionsRequest, _>(
                new.maintenance_options.as_ref(),
            ))
            .set_metadata_options(sent::<InstanceMetadataOptionsRequest, _>(
                new.metadata_options.as_ref(),
            ))
            .set_monitoring(monitoring.map(|it| it.build()))
            .set_placement(placement(new))
            .set_private_dns_name_options(sent::<PrivateDnsNameOptionsRequest, _>(
                new.private_dns_name_options.as_ref(),
            ))
            .set_private_ip_address(new.private_ip.clone().filter(|_| bare))
            .set_security_groups(list(&new.security_groups))
            .set_security_group_ids(list(&new.vpc_security_group_ids).filter(|_| bare))
            .set_subnet_id(new.subnet_id.clone().filter(|_| bare))
            .set_user_data(
                new.user_data.as_deref().map(encoded).or_else(|| new.user_data_base64.clone()),
            )
            .set_network_interfaces(interfaces)
            .set_tag_specifications(Some(tags.into_iter().flatten().collect()))
            .send()
            .await?;
        let instance = reply.instances.and_then(|mut it| it.pop());
        instance.and_then(|it| it.instance_id).ok_or(Error::missing("InstanceId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if !new.source_dest_check {
            let check = AttributeBooleanValue::builder().value(false).build();
            let call = cx.aws.ec2().modify_instance_attribute().instance_id(id);
            call.source_dest_check(check).send().await?;
        }
        tag_volumes(cx, id, None, new).await
    }

    /// It takes 12 to 42 seconds; HashiCorp's provider waits 10 minutes.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            match state(&live) {
                Some(InstanceStateName::Running | InstanceStateName::Stopped) => Ok(Some(())),
                Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated) => {
                    let why = live.state_reason.and_then(|it| it.message);
                    let why = why.or(live.state_transition_reason).unwrap_or_default();
                    Err(Error::failed(format!("the instance was terminated: {why}")))
                }
                _ => Ok(None),
            }
        };
        cx.wait("the instance to be running", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        outputs_of(cx, ids).await
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        change(cx, id, old, new).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.force_destroy {
            unprotect(cx, id).await?;
        }
        let reply = cx.aws.ec2().terminate_instances().instance_ids(id).send().await;
        absent(reply, MISSING)?;
        Ok(())
    }

    /// Up to 20 minutes, until which it holds its subnet and groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async {
            let live = one(cx, id).await?;
            let gone = |it| state(&it) == Some(&InstanceStateName::Terminated);
            Ok(live.is_none_or(gone).then_some(()))
        };
        cx.wait("the instance to be terminated", Duration::from_secs(1200), look).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = by_id(cx, by_birth(cx)).await?;
        found.retain(|it| made(cx, it.tags.as_deref()) && !is_gone(it));
        Ok(found.pop().and_then(|it| it.instance_id))
    }
}

pub(super) const MISSING: &[&str] = &["InvalidInstanceID.NotFound"];

pub(super) const LIMIT: Duration = Duration::from_secs(600);

impl Inputs {
    fn brings_interfaces(&self) -> bool {
        self.primary_network_interface.is_some() || self.network_interfaces.is_some()
    }
}

/// In base64, as EC2 takes it, if it is not yet.
pub(super) fn encoded(user_data: &str) -> String {
    match decode(user_data) {
        Some(_) => user_data.to_owned(),
        None => aws_smithy_types::base64::encode(user_data),
    }
}

/// What a text in base64 says, if it is one.
pub(super) fn decode(text: &str) -> Option<String> {
    let bytes = aws_smithy_types::base64::decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok()
}

fn plain(text: &str) -> String {
    decode(text).unwrap_or_else(|| text.to_owned())
}

pub(super) fn sent<T, U: Sent<T>>(block: Option<&U>) -> Option<T> {
    block.map(Sent::sent)
}

pub(super) fn profile(name: &str) -> IamInstanceProfileSpecification {
    IamInstanceProfileSpecification::builder().name(name).build()
}

fn addresses(all: Vec<String>) -> Vec<aws_sdk_ec2::types::InstanceIpv6Address> {
    let one = |it| aws_sdk_ec2::types::InstanceIpv6Address::builder().ipv6_address(it).build();
    all.into_iter().map(one).collect()
}

impl MarketOptions {
    fn sent(&self) -> InstanceMarketOptionsRequest {
        let spot = self.spot_options.as_ref().map(|it| {
            SpotMarketOptions::builder()
                .set_instance_interruption_behavior(sent(
                    it.instance_interruption_behavior.as_ref(),
                ))
                .set_max_price(it.max_price.clone())
                .set_spot_instance_type(sent(it.spot_instance_type.as_ref()))
                .set_valid_until(sent(it.valid_until.as_ref()))
                .build()
        });
        InstanceMarketOptionsRequest::builder()
            .set_market_type(sent(self.market_type.as_ref()))
            .set_spot_options(spot)
            .build()
    }
}

fn placement(new: &Inputs) -> Option<Placement> {
    let placement = Placement::builder()
        .set_availability_zone(new.availability_zone.clone())
        .set_group_name(new.placement_group.clone())
        .set_group_id(new.placement_group_id.clone())
        .set_host_id(new.host_id.clone())
        .set_host_resource_group_arn(new.host_resource_group_arn.clone())
        .set_partition_number(new.placement_partition_number)
        .set_tenancy(new.tenancy.as_deref().map(Into::into))
        .build();
    (placement != Placement::builder().build()).then_some(placement)
}

/// Interfaces that are there already, or the one to be made where its public
/// or further addresses are chosen.
fn interfaces(new: &Inputs) -> Option<Vec<InstanceNetworkInterfaceSpecification>> {
    let spec = InstanceNetworkInterfaceSpecification::builder;
    if let Some(it) = &new.primary_network_interface {
        let primary = spec().device_index(0).network_interface_id(&it.network_interface_id);
        return Some(vec![primary.set_delete_on_termination(it.delete_on_termination).build()]);
    }
    if let Some(all) = &new.network_interfaces {
        let one = |it: &Interface| {
            spec()
                .device_index(it.device_index)
                .network_interface_id(&it.network_interface_id)
                .set_network_card_index(it.network_card_index)
                .delete_on_termination(it.delete_on_termination)
                .build()
        };
        return Some(all.0.iter().map(one).collect());
    }
    if new.associate_public_ip_address.is_none() && new.secondary_private_ips.is_none() {
        return None;
    }
    let address = |ip: &String, primary| {
        PrivateIpAddressSpecification::builder().private_ip_address(ip).primary(primary).build()
    };
    let further = new.secondary_private_ips.as_ref().filter(|it| !it.0.is_empty());
    let chosen = further.map(|further| {
        let primary = new.private_ip.iter().map(|it| address(it, true));
        primary.chain(further.0.iter().map(|it| address(it, false))).collect::<Vec<_>>()
    });
    // An address may be named in one of two places.
    let own = new.private_ip.clone().filter(|_| chosen.is_none());
    let ipv6 = new.ipv6_addresses.as_ref().map(|it| addresses(it.0.clone()));
    let made = spec()
        .device_index(0)
        .set_associate_public_ip_address(new.associate_public_ip_address)
        .set_subnet_id(new.subnet_id.clone())
        .set_groups(new.vpc_security_group_ids.as_ref().map(|it| it.0.clone()))
        .set_private_ip_address(own)
        .set_private_ip_addresses(chosen)
        .set_ipv6_address_count(new.ipv6_address_count)
        .set_ipv6_addresses(ipv6)
        .set_primary_ipv6(new.enable_primary_ipv6)
        .build();
    Some(vec![made])
}
