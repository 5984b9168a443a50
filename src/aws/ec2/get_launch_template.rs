//! `aws:ec2/getLaunchTemplate:getLaunchTemplate`: the one template that the
//! arguments describe, and what its latest version launches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value as Any};

use super::{
    Query,
    launch_template::{Data, by_id, by_name, describe, latest, outputs},
    queries, sole,
};
use crate::provider::*;

pub(super) struct GetLaunchTemplate;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    tags: Tags,
}

/// Every block is a list, as Pulumi has it: of one, or of none.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    block_device_mappings: Any,
    capacity_reservation_specifications: Any,
    cpu_options: Any,
    credit_specifications: Any,
    default_version: Option<i64>,
    description: Option<String>,
    disable_api_stop: bool,
    disable_api_termination: bool,
    ebs_optimized: Option<String>,
    enclave_options: Any,
    filters: Vec<Query>,
    hibernation_options: Any,
    iam_instance_profiles: Any,
    image_id: Option<String>,
    instance_initiated_shutdown_behavior: Option<String>,
    instance_market_options: Any,
    instance_requirements: Any,
    instance_type: Option<String>,
    kernel_id: Option<String>,
    key_name: Option<String>,
    latest_version: i64,
    license_specifications: Any,
    maintenance_options: Any,
    metadata_options: Any,
    monitorings: Any,
    name: String,
    network_interfaces: Any,
    network_performance_options: Any,
    placements: Any,
    private_dns_name_options: Any,
    ram_disk_id: Option<String>,
    secondary_interfaces: Any,
    security_group_names: Vec<String>,
    tag_specifications: Any,
    tags: Tags,
    user_data: Option<String>,
    vpc_security_group_ids: Vec<String>,
}

impl Function for GetLaunchTemplate {
    const TOKEN: &'static str = "aws:ec2/getLaunchTemplate:getLaunchTemplate";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let mut filters = queries(&args.filters, &args.tags).unwrap_or_default();
        filters.extend(args.name.iter().map(|it| by_name(it)));
        let mut found = match &args.id {
            // There is no filter by id.
            Some(id) => by_id(cx, std::slice::from_ref(id)).await?,
            None => Vec::new(),
        };
        if args.id.is_none() || !filters.is_empty() {
            let id = args.id.clone();
            found = describe(cx, filters).await?;
            found.retain(|it| id.is_none() || it.launch_template_id == id);
        }
        let template = sole(found, "launch template")?;
        let id = template.launch_template_id.clone();
        let id = id.ok_or(Error::missing("LaunchTemplateId"))?;
        let live = outputs(cx, template, latest(cx, &id).await?)?;
        output(id, args, live)
    }
}

fn output(id: String, args: &Args, live: super::launch_template::Outputs) -> Result<Output> {
    let super::launch_template::Outputs { inputs: it, arn, latest_version } = live;
    let Data { disable_api_stop, disable_api_termination, .. } = it.data;
    let data = serde_json::to_value(&it.data)
        .map_err(|error| Error::new(Kind::Broken, "", error.to_string()))?;
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    let texts = |name: &str| {
        let all = data[name].as_array().into_iter().flatten();
        all.filter_map(Any::as_str).map(str::to_owned).collect()
    };
    let list = |name: &str| listed(&data[name]);
    Ok(Output {
        id,
        arn,
        block_device_mappings: list("blockDeviceMappings"),
        capacity_reservation_specifications: list("capacityReservationSpecification"),
        cpu_options: list("cpuOptions"),
        credit_specifications: list("creditSpecification"),
        default_version: it.default_version,
        description: it.description,
        disable_api_stop: disable_api_stop.unwrap_or_default(),
        disable_api_termination: disable_api_termination.unwrap_or_default(),
        ebs_optimized: text("ebsOptimized"),
        enclave_options: list("enclaveOptions"),
        filters: args.filters.clone(),
        hibernation_options: list("hibernationOptions"),
        iam_instance_profiles: list("iamInstanceProfile"),
        image_id: text("imageId"),
        instance_initiated_shutdown_behavior: text("instanceInitiatedShutdownBehavior"),
        instance_market_options: list("instanceMarketOptions"),
        instance_requirements: list("instanceRequirements"),
        instance_type: text("instanceType"),
        kernel_id: text("kernelId"),
        key_name: text("keyName"),
        latest_version,
        license_specifications: list("licenseSpecifications"),
        maintenance_options: list("maintenanceOptions"),
        metadata_options: list("metadataOptions"),
        monitorings: list("monitoring"),
        name: it.name,
        network_interfaces: list("networkInterfaces"),
        network_performance_options: list("networkPerformanceOptions"),
        placements: list("placement"),
        private_dns_name_options: list("privateDnsNameOptions"),
        ram_disk_id: text("ramDiskId"),
        secondary_interfaces: list("secondaryInterfaces"),
        security_group_names: texts("securityGroupNames"),
        tag_specifications: list("tagSpecifications"),
        tags: it.tags,
        user_data: text("userData"),
        vpc_security_group_ids: texts("vpcSecurityGroupIds"),
    })
}

/// A block as a list of one, and so on inside it; nothing as an empty list.
fn listed(block: &Any) -> Any {
    match block {
        Any::Null => Any::Array(Vec::new()),
        Any::Array(all) => all.iter().map(inside).collect(),
        one => Any::Array(vec![inside(one)]),
    }
}

fn inside(block: &Any) -> Any {
    let Some(fields) = block.as_object() else { return block.clone() };
    let field = |(name, value): (&String, &Any)| match value {
        Any::Object(_) if name != "tags" => {
            let plural = if name.ends_with('s') { name.clone() } else { format!("{name}s") };
            (plural, listed(value))
        }
        value => (name.clone(), value.clone()),
    };
    Any::Object(fields.iter().map(field).collect::<Object<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::listed;

    #[test]
    fn blocks_are_lists_at_every_depth() {
        let block = json!({ "marketType": "spot", "spotOptions": { "maxPrice": "1" },
            "tags": { "a": "b" } });
        let wanted = json!([{ "marketType": "spot", "spotOptions": [{ "maxPrice": "1" }],
            "tags": { "a": "b" } }]);
        assert_eq!(listed(&block), wanted);
        assert_eq!(listed(&json!(null)), json!([]));
        let memory = json!({ "memoryMib": { "min": 1, "max": null } });
        assert_eq!(listed(&memory), json!([{ "memoryMibs": [{ "min": 1, "max": null }] }]));
    }
}
