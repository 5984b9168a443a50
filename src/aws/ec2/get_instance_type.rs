//! `aws:ec2/getInstanceType:getInstanceType`: what an instance of a type has.

use aws_sdk_ec2::types::{self as sdk, InstanceTypeInfo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{filter, sole};
use crate::provider::*;

pub(super) struct GetInstanceType;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    instance_type: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    auto_recovery_supported: Option<bool>,
    bandwidth_weightings: Vec<String>,
    bare_metal: Option<bool>,
    boot_modes: Vec<String>,
    burstable_performance_supported: Option<bool>,
    current_generation: Option<bool>,
    dedicated_hosts_supported: Option<bool>,
    default_cores: Option<i32>,
    default_network_card_index: Option<i32>,
    default_threads_per_core: Option<i32>,
    default_vcpus: Option<i32>,
    ebs_encryption_support: Option<String>,
    ebs_nvme_support: Option<String>,
    ebs_optimized_support: Option<String>,
    ebs_performance_baseline_bandwidth: Option<i32>,
    ebs_performance_baseline_iops: Option<i32>,
    ebs_performance_baseline_throughput: Option<f64>,
    ebs_performance_maximum_bandwidth: Option<i32>,
    ebs_performance_maximum_iops: Option<i32>,
    ebs_performance_maximum_throughput: Option<f64>,
    efa_maximum_interfaces: Option<i32>,
    efa_supported: Option<bool>,
    ena_srd_supported: Option<bool>,
    ena_support: Option<String>,
    encryption_in_transit_supported: Option<bool>,
    fpgas: Vec<Accelerator>,
    free_tier_eligible: Option<bool>,
    gpuses: Vec<Accelerator>,
    hibernation_supported: Option<bool>,
    hypervisor: Option<String>,
    inference_accelerators: Vec<Accelerator>,
    instance_disks: Vec<Disk>,
    instance_storage_supported: Option<bool>,
    instance_type: String,
    ipv6_supported: Option<bool>,
    maximum_ipv4_addresses_per_interface: Option<i32>,
    maximum_ipv6_addresses_per_interface: Option<i32>,
    maximum_network_cards: Option<i32>,
    maximum_network_interfaces: Option<i32>,
    media_accelerators: Vec<Accelerator>,
    /// In MiB, like all sizes of memory here.
    memory_size: Option<i64>,
    network_cards: Vec<NetworkCard>,
    network_performance: Option<String>,
    neuron_devices: Vec<NeuronDevice>,
    nitro_enclaves_support: Option<String>,
    nitro_tpm_support: Option<String>,
    nitro_tpm_supported_versions: Vec<String>,
    phc_support: Option<String>,
    supported_architectures: Vec<String>,
    supported_cpu_features: Vec<String>,
    supported_placement_strategies: Vec<String>,
    supported_root_device_types: Vec<String>,
    supported_usages_classes: Vec<String>,
    supported_virtualization_types: Vec<String>,
    sustained_clock_speed: Option<f64>,
    total_fpga_memory: Option<i32>,
    total_gpu_memory: Option<i32>,
    total_inference_memory: Option<i32>,
    total_instance_storage: Option<i64>,
    total_media_memory: Option<i32>,
    total_neuron_device_memory: Option<i32>,
    valid_cores: Vec<i32>,
    valid_threads_per_cores: Vec<i32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Accelerator {
    count: Option<i32>,
    manufacturer: Option<String>,
    memory_size: Option<i32>,
    name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Disk {
    count: Option<i32>,
    size: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NetworkCard {
    baseline_bandwidth: Option<f64>,
    index: Option<i32>,
    maximum_interfaces: Option<i32>,
    peak_bandwidth: Option<f64>,
    performance: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NeuronDevice {
    core_count: Option<i32>,
    core_version: Option<i32>,
    count: Option<i32>,
    memory_size: Option<i32>,
    name: Option<String>,
}

impl Function for GetInstanceType {
    const TOKEN: &'static str = "aws:ec2/getInstanceType:getInstanceType";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let one = filter("instance-type", [&args.instance_type]);
        let pages = cx.aws.ec2().describe_instance_types().filters(one).into_paginator();
        let found: Vec<InstanceTypeInfo> = pages.items().send().try_collect().await?;
        Ok(output(args.instance_type.clone(), sole(found, "instance type")?))
    }
}

fn words<T: ToString>(all: Option<Vec<T>>) -> Vec<String> {
    all.unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn word<T: ToString>(it: Option<T>) -> Option<String> {
    it.map(|it| it.to_string())
}

/// Four kinds of devices, which AWS tells in the same way.
macro_rules! accelerators {
    ($all:expr) => {{
        let all = $all.unwrap_or_default().into_iter();
        all.map(|it| Accelerator {
            count: it.count,
            manufacturer: it.manufacturer,
            memory_size: it.memory_info.and_then(|it| it.size_in_mib),
            name: it.name,
        })
        .collect()
    }};
}

fn output(instance_type: String, it: InstanceTypeInfo) -> Output {
    let cpu = it.v_cpu_info.unwrap_or_else(|| sdk::VCpuInfo::builder().build());
    let processor = it.processor_info.unwrap_or_else(|| sdk::ProcessorInfo::builder().build());
    let network = it.network_info.unwrap_or_else(|| sdk::NetworkInfo::builder().build());
    let ebs = it.ebs_info.unwrap_or_else(|| sdk::EbsInfo::builder().build());
    let speed = ebs.ebs_optimized_info.unwrap_or_else(|| sdk::EbsOptimizedInfo::builder().build());
    let storage = it.instance_storage_info;
    let total_instance_storage = storage.as_ref().and_then(|it| it.total_size_in_gb);
    let disks = storage.and_then(|it| it.disks).unwrap_or_default().into_iter();
    let (gpu, fpga) = (it.gpu_info, it.fpga_info);
    let (inference, media) = (it.inference_accelerator_info, it.media_accelerator_info);
    let neuron = it.neuron_info;
    let cards = network.network_cards.unwrap_or_default().into_iter();
    Output {
        id: instance_type.clone(),
        auto_recovery_supported: it.auto_recovery_supported,
        bandwidth_weightings: words(network.bandwidth_weightings),
        bare_metal: it.bare_metal,
        boot_modes: words(it.supported_boot_modes),
        burstable_performance_supported: it.burstable_performance_supported,
        current_generation: it.current_generation,
        dedicated_hosts_supported: it.dedicated_hosts_supported,
        default_cores: cpu.default_cores,
        default_network_card_index: network.default_network_card_index,
        default_threads_per_core: cpu.default_threads_per_core,
        default_vcpus: cpu.default_v_cpus,
        ebs_encryption_support: word(ebs.encryption_support),
        ebs_nvme_support: word(ebs.nvme_support),
        ebs_optimized_support: word(ebs.ebs_optimized_support),
        ebs_performance_baseline_bandwidth: speed.baseline_bandwidth_in_mbps,
        ebs_performance_baseline_iops: speed.baseline_iops,
        ebs_performance_baseline_throughput: speed.baseline_throughput_in_m_bps,
        ebs_performance_maximum_bandwidth: speed.maximum_bandwidth_in_mbps,
        ebs_performance_maximum_iops: speed.maximum_iops,
        ebs_performance_maximum_throughput: speed.maximum_throughput_in_m_bps,
        efa_maximum_interfaces: network.efa_info.and_then(|it| it.maximum_efa_interfaces),
        efa_supported: network.efa_supported,
        ena_srd_supported: network.ena_srd_supported,
        ena_support: word(network.ena_support),
        encryption_in_transit_supported: network.encryption_in_transit_supported,
        total_fpga_memory: fpga.as_ref().and_then(|it| it.total_fpga_memory_in_mib),
        fpgas: accelerators!(fpga.and_then(|it| it.fpgas)),
        free_tier_eligible: it.free_tier_eligible,
        total_gpu_memory: gpu.as_ref().and_then(|it| it.total_gpu_memory_in_mib),
        gpuses: accelerators!(gpu.and_then(|it| it.gpus)),
        hibernation_supported: it.hibernation_supported,
        hypervisor: word(it.hypervisor),
        total_inference_memory: inference.as_ref().and_then(|it| it.total_inference_memory_in_mib),
        inference_accelerators: accelerators!(inference.and_then(|it| it.accelerators)),
        instance_disks: disks
            .map(|it| Disk { count: it.count, size: it.size_in_gb, kind: word(it.r#type) })
            .collect(),
        instance_storage_supported: it.instance_storage_supported,
        instance_type,
        ipv6_supported: network.ipv6_supported,
        maximum_ipv4_addresses_per_interface: network.ipv4_addresses_per_interface,
        maximum_ipv6_addresses_per_interface: network.ipv6_addresses_per_interface,
        maximum_network_cards: network.maximum_network_cards,
        maximum_network_interfaces: network.maximum_network_interfaces,
        total_media_memory: media.as_ref().and_then(|it| it.total_media_memory_in_mib),
        media_accelerators: accelerators!(media.and_then(|it| it.accelerators)),
        memory_size: it.memory_info.and_then(|it| it.size_in_mib),
        network_cards: cards
            .map(|it| NetworkCard {
                baseline_bandwidth: it.baseline_bandwidth_in_gbps,
                index: it.network_card_index,
                maximum_interfaces: it.maximum_network_interfaces,
                peak_bandwidth: it.peak_bandwidth_in_gbps,
                performance: it.network_performance,
            })
            .collect(),
        network_performance: network.network_performance,
        total_neuron_device_memory: neuron
            .as_ref()
            .and_then(|it| it.total_neuron_device_memory_in_mib),
        neuron_devices: neuron
            .and_then(|it| it.neuron_devices)
            .unwrap_or_default()
            .into_iter()
            .map(|it| NeuronDevice {
                core_count: it.core_info.as_ref().and_then(|it| it.count),
                core_version: it.core_info.as_ref().and_then(|it| it.version),
                count: it.count,
                memory_size: it.memory_info.and_then(|it| it.size_in_mib),
                name: it.name,
            })
            .collect(),
        nitro_enclaves_support: word(it.nitro_enclaves_support),
        nitro_tpm_support: word(it.nitro_tpm_support),
        nitro_tpm_supported_versions: words(it.nitro_tpm_info.and_then(|it| it.supported_versions)),
        phc_support: word(it.phc_support),
        supported_architectures: words(processor.supported_architectures),
        supported_cpu_features: words(processor.supported_features),
        supported_placement_strategies: words(
            it.placement_group_info.and_then(|it| it.supported_strategies),
        ),
        supported_root_device_types: words(it.supported_root_device_types),
        supported_usages_classes: words(it.supported_usage_classes),
        supported_virtualization_types: words(it.supported_virtualization_types),
        sustained_clock_speed: processor.sustained_clock_speed_in_ghz,
        total_instance_storage,
        valid_cores: cpu.valid_cores.unwrap_or_default(),
        valid_threads_per_cores: cpu.valid_threads_per_core.unwrap_or_default(),
    }
}
