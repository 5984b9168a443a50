//! `aws:ec2/getInstance:getInstance`: the one instance that the arguments
//! describe.

use aws_sdk_ec2::primitives::DateTimeFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query,
    blocks::{
        CreditSpecification, EnclaveOptions, MaintenanceOptions, MetadataOptions,
        PrivateDnsNameOptions,
    },
    filter,
    instance::Ephemeral,
    instance_read::{describe, is_gone, told},
    queries, sole,
    volumes::Device,
};
use crate::provider::*;

pub(super) struct GetInstance;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    #[serde(default)]
    get_user_data: bool,
    instance_id: Option<String>,
    #[serde(default)]
    instance_tags: Tags,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    ami: Option<String>,
    arn: String,
    associate_public_ip_address: bool,
    availability_zone: Option<String>,
    credit_specifications: Vec<CreditSpecification>,
    disable_api_stop: bool,
    disable_api_termination: bool,
    ebs_block_devices: Vec<Device>,
    ebs_optimized: Option<bool>,
    enclave_options: Vec<EnclaveOptions>,
    /// EC2 does not tell of them.
    ephemeral_block_devices: Vec<Ephemeral>,
    filters: Vec<Query>,
    get_user_data: bool,
    host_id: Option<String>,
    host_resource_group_arn: Option<String>,
    iam_instance_profile: Option<String>,
    instance_id: String,
    instance_state: String,
    instance_tags: Tags,
    instance_type: Option<String>,
    ipv6_addresses: Vec<String>,
    key_name: Option<String>,
    launch_time: Option<String>,
    maintenance_options: Vec<MaintenanceOptions>,
    metadata_options: Vec<MetadataOptions>,
    monitoring: Option<bool>,
    network_interface_id: Option<String>,
    outpost_arn: Option<String>,
    placement_group: Option<String>,
    placement_group_id: Option<String>,
    placement_partition_number: Option<i32>,
    private_dns: Option<String>,
    private_dns_name_options: Vec<PrivateDnsNameOptions>,
    private_ip: Option<String>,
    public_dns: Option<String>,
    public_ip: Option<String>,
    root_block_devices: Vec<Device>,
    secondary_private_ips: Vec<String>,
    security_groups: Vec<String>,
    source_dest_check: bool,
    subnet_id: Option<String>,
    tags: Tags,
    tenancy: Option<String>,
    user_data: Option<String>,
    user_data_base64: Option<String>,
    vpc_security_group_ids: Vec<String>,
}

const PASSWORD: &str =
    "who holds the key asks for a Windows password: `aws ec2 get-password-data --priv-launch-key`";

impl Function for GetInstance {
    const TOKEN: &'static str = "aws:ec2/getInstance:getInstance";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("getPasswordData", PASSWORD), ("passwordData", PASSWORD)];
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let mut filters = queries(&args.filters, &args.instance_tags).unwrap_or_default();
        filters.extend(queries(&[], &args.tags).unwrap_or_default());
        filters.extend(args.instance_id.iter().map(|it| filter("instance-id", [it])));
        let mut found = describe(cx, filters).await?;
        found.retain(|it| !is_gone(it));
        let live = sole(found, "instance")?;
        let launch_time = live.launch_time.and_then(|it| it.fmt(DateTimeFormat::DateTime).ok());
        let (id, told) = told(cx, vec![live]).await?.pop().ok_or(Error::missing("Instance"))?;
        let it = told.inputs;
        let list = |it: Option<Set<String>>| it.unwrap_or_default().0;
        Ok(Output {
            ami: it.ami,
            arn: told.arn,
            associate_public_ip_address: told.public_ip.is_some(),
            availability_zone: it.availability_zone,
            credit_specifications: it.credit_specification.into_iter().collect(),
            disable_api_stop: it.disable_api_stop,
            disable_api_termination: it.disable_api_termination,
            ebs_block_devices: it.ebs_block_devices.unwrap_or_default().0,
            ebs_optimized: it.ebs_optimized,
            enclave_options: it.enclave_options.into_iter().collect(),
            ephemeral_block_devices: Vec::new(),
            filters: args.filters.clone(),
            get_user_data: args.get_user_data,
            host_id: it.host_id,
            host_resource_group_arn: it.host_resource_group_arn,
            iam_instance_profile: it.iam_instance_profile,
            instance_id: id.clone(),
            instance_state: told.instance_state,
            instance_tags: args.instance_tags.clone(),
            instance_type: it.instance_type,
            ipv6_addresses: list(it.ipv6_addresses),
            key_name: it.key_name,
            launch_time,
            maintenance_options: it.maintenance_options.into_iter().collect(),
            metadata_options: it.metadata_options.into_iter().collect(),
            monitoring: it.monitoring,
            network_interface_id: told.primary_network_interface_id,
            outpost_arn: told.outpost_arn,
            placement_group: it.placement_group,
            placement_group_id: it.placement_group_id,
            placement_partition_number: it.placement_partition_number,
            private_dns: told.private_dns,
            private_dns_name_options: it.private_dns_name_options.into_iter().collect(),
            private_ip: it.private_ip,
            public_dns: told.public_dns,
            public_ip: told.public_ip,
            root_block_devices: it.root_block_device.into_iter().collect(),
            secondary_private_ips: list(it.secondary_private_ips),
            security_groups: list(it.security_groups),
            source_dest_check: it.source_dest_check,
            subnet_id: it.subnet_id,
            tags: it.tags,
            tenancy: it.tenancy,
            user_data: it.user_data.filter(|_| args.get_user_data),
            user_data_base64: it.user_data_base64.filter(|_| args.get_user_data),
            vpc_security_group_ids: list(it.vpc_security_group_ids),
            id,
        })
    }
}
