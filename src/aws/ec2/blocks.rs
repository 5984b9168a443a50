//! Blocks of settings that launch templates and instances share.

use aws_sdk_ec2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{live_tags, tag};
use crate::{
    aws::mirror::{Live, Moment, Sent, Truth, Word, block, mirror, ranges},
    provider::{Set, Tags},
};

impl Sent<Vec<sdk::Tag>> for Tags {
    fn sent(&self) -> Vec<sdk::Tag> {
        self.0.clone().into_iter().map(tag).collect()
    }
}

impl Live<Vec<sdk::Tag>> for Tags {
    fn live(it: Vec<sdk::Tag>) -> Self {
        live_tags(Some(it))
    }
}

/// A text that EC2 wraps into a block of one field.
macro_rules! wrapped {
    ($($request:ident, $response:ident: $field:ident;)*) => { $(
        impl Sent<sdk::$request> for String {
            fn sent(&self) -> sdk::$request {
                sdk::$request::builder().$field(self).build()
            }
        }
        impl Live<sdk::$response> for String {
            fn live(it: sdk::$response) -> Self {
                it.$field.unwrap_or_default()
            }
        }
    )* };
}

wrapped! {
    InstanceIpv6AddressRequest, InstanceIpv6Address: ipv6_address;
    Ipv4PrefixSpecificationRequest, Ipv4PrefixSpecificationResponse: ipv4_prefix;
    Ipv6PrefixSpecificationRequest, Ipv6PrefixSpecificationResponse: ipv6_prefix;
    PrivateIpAddressSpecification, PrivateIpAddressSpecification: private_ip_address;
    SecondaryInterfacePrivateIpAddressSpecificationRequest,
        SecondaryInterfacePrivateIpAddressSpecification: private_ip_address;
}

block! {
    BlockDeviceMapping: LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateBlockDeviceMapping {
        device_name: String,
        ebs: Ebs,
        no_device: String,
        virtual_name: String,
    }
}

block! {
    Ebs: LaunchTemplateEbsBlockDeviceRequest, LaunchTemplateEbsBlockDevice {
        delete_on_termination: Truth,
        encrypted: Truth,
        iops: i32,
        kms_key_id: String,
        snapshot_id: String,
        throughput: i32,
        volume_initialization_rate: i32,
        #[schemars(extend("computed" = true))]
        volume_size: i32,
        #[schemars(extend("computed" = true))]
        volume_type: Word,
    }
}

block! {
    CapacityReservation:
        LaunchTemplateCapacityReservationSpecificationRequest,
        LaunchTemplateCapacityReservationSpecificationResponse {
        #[schemars(extend("computed" = true))]
        capacity_reservation_preference: Word,
        capacity_reservation_target: ReservationTarget,
    }
}

mirror!(CapacityReservation:
    CapacityReservationSpecification, CapacityReservationSpecificationResponse {
    capacity_reservation_preference, capacity_reservation_target,
});

block! {
    ReservationTarget: CapacityReservationTarget, CapacityReservationTargetResponse {
        capacity_reservation_id: String,
        capacity_reservation_resource_group_arn: String,
    }
}

block! {
    CpuOptions: LaunchTemplateCpuOptionsRequest, LaunchTemplateCpuOptions {
        #[schemars(extend("computed" = true))]
        amd_sev_snp: Word,
        #[schemars(extend("computed" = true))]
        core_count: i32,
        #[schemars(extend("computed" = true))]
        nested_virtualization: Word,
        #[schemars(extend("computed" = true))]
        threads_per_core: i32,
    }
}

mirror!(CpuOptions: CpuOptionsRequest, CpuOptions {
    amd_sev_snp, core_count, nested_virtualization, threads_per_core,
});

block! {
    CreditSpecification: CreditSpecificationRequest, CreditSpecification {
        #[schemars(extend("enum" = ["standard", "unlimited"]))]
        cpu_credits: String,
    }
}

block! {
    EnclaveOptions: LaunchTemplateEnclaveOptionsRequest, LaunchTemplateEnclaveOptions {
        enabled: bool,
    }
}

mirror!(EnclaveOptions: EnclaveOptionsRequest, EnclaveOptions { enabled });

block! {
    HibernationOptions: LaunchTemplateHibernationOptionsRequest, LaunchTemplateHibernationOptions {
        configured: bool,
    }
}

block! {
    ProfileOfTemplate:
        LaunchTemplateIamInstanceProfileSpecificationRequest,
        LaunchTemplateIamInstanceProfileSpecification {
        arn: String,
        name: String,
    }
}

block! {
    MarketOptions: LaunchTemplateInstanceMarketOptionsRequest, LaunchTemplateInstanceMarketOptions {
        market_type: Word,
        spot_options: SpotOptions,
    }
}

block! {
    SpotOptions: LaunchTemplateSpotMarketOptionsRequest, LaunchTemplateSpotMarketOptions {
        block_duration_minutes: i32,
        #[schemars(extend("computed" = true))]
        instance_interruption_behavior: Word,
        max_price: String,
        #[schemars(extend("computed" = true))]
        spot_instance_type: Word,
        #[schemars(extend("computed" = true))]
        valid_until: Moment,
    }
}

block! {
    LicenseSpecification: LaunchTemplateLicenseConfigurationRequest, LaunchTemplateLicenseConfiguration {
        license_configuration_arn: String,
    }
}

block! {
    MaintenanceOptions:
        LaunchTemplateInstanceMaintenanceOptionsRequest, LaunchTemplateInstanceMaintenanceOptions {
        #[schemars(extend("enum" = ["default", "disabled"]))]
        auto_recovery: Word,
    }
}

mirror!(MaintenanceOptions: InstanceMaintenanceOptionsRequest, InstanceMaintenanceOptions {
    auto_recovery,
});

block! {
    /// How an instance asks about itself, and whether it must have a token.
    MetadataOptions:
        LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateInstanceMetadataOptions {
        #[schemars(extend("computed" = true))]
        http_endpoint: Word,
        #[schemars(extend("computed" = true))]
        http_protocol_ipv6: Word,
        #[schemars(range(min = 1, max = 64), extend("computed" = true))]
        http_put_response_hop_limit: i32,
        #[schemars(extend("computed" = true))]
        http_tokens: Word,
        #[schemars(extend("computed" = true))]
        instance_metadata_tags: Word,
    }
}

mirror!(MetadataOptions: InstanceMetadataOptionsRequest, InstanceMetadataOptionsResponse {
    http_endpoint, http_protocol_ipv6, http_put_response_hop_limit, http_tokens,
    instance_metadata_tags,
});

block! {
    Monitoring: LaunchTemplatesMonitoringRequest, LaunchTemplatesMonitoring {
        enabled: bool,
    }
}

block! {
    NetworkInterface:
        LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
        LaunchTemplateInstanceNetworkInterfaceSpecification {
        associate_carrier_ip_address: Truth,
        associate_public_ip_address: Truth,
        connection_tracking_specification: ConnectionTracking,
        delete_on_termination: Truth,
        description: String,
        #[schemars(extend("computed" = true))]
        device_index: i32,
        ena_queue_count: i32,
        ena_srd_specification: EnaSrd,
        #[serde(rename = "securityGroups")]
        groups: Set<String>,
        interface_type: String,
        ipv4_prefix_count: i32,
        ipv4_prefixes: Set<String>,
        ipv6_address_count: i32,
        ipv6_addresses: Set<String>,
        ipv6_prefix_count: i32,
        ipv6_prefixes: Set<String>,
        network_card_index: i32,
        network_interface_id: String,
        primary_ipv6: Truth,
        private_ip_address: String,
        #[serde(rename = "ipv4Addresses")]
        private_ip_addresses: Set<String>,
        #[serde(rename = "ipv4AddressCount")]
        secondary_private_ip_address_count: i32,
        subnet_id: String,
    }
}

block! {
    ConnectionTracking: ConnectionTrackingSpecificationRequest, ConnectionTrackingSpecification {
        tcp_established_timeout: i32,
        udp_stream_timeout: i32,
        udp_timeout: i32,
    }
}

block! {
    EnaSrd: EnaSrdSpecificationRequest, LaunchTemplateEnaSrdSpecification {
        ena_srd_enabled: bool,
        ena_srd_udp_specification: EnaSrdUdp,
    }
}

block! {
    EnaSrdUdp: EnaSrdUdpSpecificationRequest, LaunchTemplateEnaSrdUdpSpecification {
        ena_srd_udp_enabled: bool,
    }
}

block! {
    NetworkPerformance:
        LaunchTemplateNetworkPerformanceOptionsRequest, LaunchTemplateNetworkPerformanceOptions {
        bandwidth_weighting: Word,
    }
}

block! {
    Placement: LaunchTemplatePlacementRequest, LaunchTemplatePlacement {
        affinity: String,
        availability_zone: String,
        group_id: String,
        group_name: String,
        host_id: String,
        host_resource_group_arn: String,
        partition_number: i32,
        spread_domain: String,
        tenancy: Word,
    }
}

block! {
    PrivateDnsNameOptions:
        LaunchTemplatePrivateDnsNameOptionsRequest, LaunchTemplatePrivateDnsNameOptions {
        #[schemars(extend("computed" = true))]
        enable_resource_name_dns_a_record: bool,
        #[schemars(extend("computed" = true))]
        enable_resource_name_dns_aaaa_record: bool,
        #[schemars(extend("computed" = true))]
        hostname_type: Word,
    }
}

mirror!(PrivateDnsNameOptions: PrivateDnsNameOptionsRequest, PrivateDnsNameOptionsResponse {
    enable_resource_name_dns_a_record, enable_resource_name_dns_aaaa_record, hostname_type,
});

block! {
    SecondaryInterface:
        LaunchTemplateInstanceSecondaryInterfaceSpecificationRequest,
        LaunchTemplateInstanceSecondaryInterfaceSpecification {
        delete_on_termination: bool,
        device_index: i32,
        interface_type: Word,
        network_card_index: i32,
        private_ip_address_count: i32,
        private_ip_addresses: Set<String>,
        secondary_subnet_id: String,
    }
}

block! {
    TagsOfNew: LaunchTemplateTagSpecificationRequest, LaunchTemplateTagSpecification {
        resource_type: Word,
        tags: Tags,
    }
}

ranges! {
    Count of i32 {
        AcceleratorCountRequest, AcceleratorCount;
        AcceleratorTotalMemoryMiBRequest, AcceleratorTotalMemoryMiB;
        BaselineEbsBandwidthMbpsRequest, BaselineEbsBandwidthMbps;
        MemoryMiBRequest, MemoryMiB;
        NetworkInterfaceCountRequest, NetworkInterfaceCount;
        VCpuCountRangeRequest, VCpuCountRange;
    }
    Amount of f64 {
        MemoryGiBPerVCpuRequest, MemoryGiBPerVCpu;
        NetworkBandwidthGbpsRequest, NetworkBandwidthGbps;
        TotalLocalStorageGbRequest, TotalLocalStorageGb;
    }
}

block! {
    /// What an instance must have, in place of its type.
    InstanceRequirements: InstanceRequirementsRequest, InstanceRequirements {
        accelerator_count: Count,
        accelerator_manufacturers: Set<Word>,
        accelerator_names: Set<Word>,
        accelerator_total_memory_mib: Count,
        accelerator_types: Set<Word>,
        allowed_instance_types: Set<String>,
        #[schemars(extend("computed" = true))]
        bare_metal: Word,
        baseline_ebs_bandwidth_mbps: Count,
        #[schemars(extend("computed" = true))]
        burstable_performance: Word,
        cpu_manufacturers: Set<Word>,
        excluded_instance_types: Set<String>,
        instance_generations: Set<Word>,
        #[schemars(extend("computed" = true))]
        local_storage: Word,
        local_storage_types: Set<Word>,
        max_spot_price_as_percentage_of_optimal_on_demand_price: i32,
        #[serde(rename = "memoryGibPerVcpu")]
        memory_gib_per_v_cpu: Amount,
        memory_mib: Count,
        network_bandwidth_gbps: Amount,
        network_interface_count: Count,
        #[schemars(extend("computed" = true))]
        on_demand_max_price_percentage_over_lowest_price: i32,
        #[schemars(extend("computed" = true))]
        require_hibernate_support: bool,
        #[schemars(extend("computed" = true))]
        spot_max_price_percentage_over_lowest_price: i32,
        total_local_storage_gb: Amount,
        #[serde(rename = "vcpuCount")]
        v_cpu_count: Count,
    }
}
