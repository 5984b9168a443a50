//! The blocks of an Auto Scaling group.

use aws_sdk_autoscaling::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::mirror::{Text, Word, block, ranges},
    provider::Set,
};

block! {
    ZoneDistribution: AvailabilityZoneDistribution, AvailabilityZoneDistribution {
        capacity_distribution_strategy: Word,
    }
}

block! {
    CapacityReservation: CapacityReservationSpecification, CapacityReservationSpecification {
        #[schemars(extend("computed" = true))]
        capacity_reservation_preference: Word,
        capacity_reservation_target: ReservationTarget,
    }
}

block! {
    ReservationTarget: CapacityReservationTarget, CapacityReservationTarget {
        capacity_reservation_ids: Set<String>,
        capacity_reservation_resource_group_arns: Set<String>,
    }
}

block! {
    LifecycleHook: LifecycleHookSpecification, LifecycleHookSpecification {
        #[schemars(extend("computed" = true))]
        default_result: String,
        #[schemars(extend("computed" = true))]
        heartbeat_timeout: i32,
        #[serde(rename = "name")]
        lifecycle_hook_name: String,
        lifecycle_transition: String,
        notification_metadata: String,
        notification_target_arn: String,
        role_arn: String,
    }
}

block! {
    LifecyclePolicy: InstanceLifecyclePolicy, InstanceLifecyclePolicy {
        retention_triggers: RetentionTriggers,
    }
}

block! {
    RetentionTriggers: RetentionTriggers, RetentionTriggers {
        terminate_hook_abandon: Word,
    }
}

block! {
    MaintenancePolicy: InstanceMaintenancePolicy, InstanceMaintenancePolicy {
        max_healthy_percentage: i32,
        min_healthy_percentage: i32,
    }
}

block! {
    /// AWS tells both the id and the name; a program says one.
    TemplateOfGroup: LaunchTemplateSpecification, LaunchTemplateSpecification {
        #[serde(rename = "id")]
        #[schemars(extend("computed" = true))]
        launch_template_id: String,
        #[serde(rename = "name")]
        #[schemars(extend("computed" = true))]
        launch_template_name: String,
        #[schemars(extend("computed" = true))]
        version: String,
    }
}

block! {
    /// The same, as it is called inside a mixed instances policy.
    TemplateOfPolicy: LaunchTemplateSpecification, LaunchTemplateSpecification {
        #[schemars(extend("computed" = true))]
        launch_template_id: String,
        #[schemars(extend("computed" = true))]
        launch_template_name: String,
        #[schemars(extend("computed" = true))]
        version: String,
    }
}

block! {
    MixedInstances: MixedInstancesPolicy, MixedInstancesPolicy {
        #[schemars(extend("computed" = true))]
        instances_distribution: Distribution,
        launch_template: MixedTemplate,
    }
}

block! {
    Distribution: InstancesDistribution, InstancesDistribution {
        #[schemars(extend("computed" = true))]
        on_demand_allocation_strategy: String,
        #[schemars(extend("computed" = true))]
        on_demand_base_capacity: i32,
        #[schemars(extend("computed" = true))]
        on_demand_percentage_above_base_capacity: i32,
        #[schemars(extend("computed" = true))]
        spot_allocation_strategy: String,
        #[schemars(extend("computed" = true))]
        spot_instance_pools: i32,
        spot_max_price: String,
    }
}

block! {
    MixedTemplate: LaunchTemplate, LaunchTemplate {
        launch_template_specification: TemplateOfPolicy,
        overrides: Vec<Override>,
    }
}

block! {
    Override: LaunchTemplateOverrides, LaunchTemplateOverrides {
        instance_requirements: InstanceRequirements,
        instance_type: String,
        launch_template_specification: TemplateOfPolicy,
        weighted_capacity: String,
    }
}

ranges! {
    Count of i32 {
        AcceleratorCountRequest, AcceleratorCountRequest;
        AcceleratorTotalMemoryMiBRequest, AcceleratorTotalMemoryMiBRequest;
        BaselineEbsBandwidthMbpsRequest, BaselineEbsBandwidthMbpsRequest;
        MemoryMiBRequest, MemoryMiBRequest;
        NetworkInterfaceCountRequest, NetworkInterfaceCountRequest;
        VCpuCountRequest, VCpuCountRequest;
    }
    Amount of f64 {
        MemoryGiBPerVCpuRequest, MemoryGiBPerVCpuRequest;
        NetworkBandwidthGbpsRequest, NetworkBandwidthGbpsRequest;
        TotalLocalStorageGbRequest, TotalLocalStorageGbRequest;
    }
}

block! {
    /// What an instance must have, in place of its type.
    InstanceRequirements: InstanceRequirements, InstanceRequirements {
        accelerator_count: Count,
        accelerator_manufacturers: Set<Word>,
        accelerator_names: Set<Word>,
        accelerator_total_memory_mib: Count,
        accelerator_types: Set<Word>,
        allowed_instance_types: Set<String>,
        bare_metal: Word,
        baseline_ebs_bandwidth_mbps: Count,
        burstable_performance: Word,
        cpu_manufacturers: Set<Word>,
        excluded_instance_types: Set<String>,
        instance_generations: Set<Word>,
        local_storage: Word,
        local_storage_types: Set<Word>,
        max_spot_price_as_percentage_of_optimal_on_demand_price: i32,
        #[serde(rename = "memoryGibPerVcpu")]
        memory_gib_per_v_cpu: Amount,
        memory_mib: Count,
        network_bandwidth_gbps: Amount,
        network_interface_count: Count,
        on_demand_max_price_percentage_over_lowest_price: i32,
        require_hibernate_support: bool,
        spot_max_price_percentage_over_lowest_price: i32,
        total_local_storage_gb: Amount,
        #[serde(rename = "vcpuCount")]
        v_cpu_count: Count,
    }
}

block! {
    TrafficSource: TrafficSourceIdentifier, TrafficSourceIdentifier {
        identifier: String,
        #[serde(rename = "type")]
        #[schemars(extend("computed" = true))]
        r#type: String,
    }
}

block! {
    WarmPool: WarmPoolConfiguration, WarmPoolConfiguration {
        #[schemars(extend("computed" = true))]
        instance_reuse_policy: ReusePolicy,
        #[schemars(extend("computed" = true))]
        max_group_prepared_capacity: i32,
        #[schemars(extend("computed" = true))]
        min_size: i32,
        #[schemars(extend("computed" = true))]
        pool_state: Word,
    }
}

block! {
    ReusePolicy: InstanceReusePolicy, InstanceReusePolicy {
        reuse_on_scale_in: bool,
    }
}

block! {
    RefreshPreferences: RefreshPreferences, RefreshPreferences {
        alarm_specification: Alarms,
        auto_rollback: bool,
        checkpoint_delay: Text<i32>,
        checkpoint_percentages: Vec<i32>,
        instance_warmup: Text<i32>,
        max_healthy_percentage: i32,
        min_healthy_percentage: i32,
        scale_in_protected_instances: Word,
        skip_matching: bool,
        standby_instances: Word,
    }
}

block! {
    Alarms: AlarmSpecification, AlarmSpecification {
        alarms: Vec<String>,
    }
}
