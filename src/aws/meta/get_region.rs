//! `aws:index/getRegion:getRegion`: the provider's region, or a named one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::get_partition::dns_suffix;
use crate::provider::*;

pub(super) struct GetRegion;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// EC2's, `ec2.us-east-1.amazonaws.com`.
    endpoint: Option<String>,
    #[serde(rename = "id")]
    #[schemars(extend("deprecatedBecause" = "it has no effect"))]
    _id: Option<String>,
    #[schemars(extend("deprecatedBecause" = "use `region`"))]
    name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    /// Where it is, as AWS calls it.
    description: String,
    endpoint: String,
    name: String,
    /// The region that was asked about.
    region: String,
}

impl Function for GetRegion {
    const TOKEN: &'static str = "aws:index/getRegion:getRegion";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let region = match (&args.name, &args.endpoint) {
            (Some(name), _) => name.clone(),
            (None, Some(endpoint)) => of_endpoint(endpoint)?,
            (None, None) => cx.place.region.clone(),
        };
        let suffix = dns_suffix(&cx.place.partition);
        Ok(Output {
            id: region.clone(),
            description: description(&region).to_owned(),
            endpoint: format!("ec2.{region}.{suffix}"),
            name: region.clone(),
            region,
        })
    }
}

fn of_endpoint(endpoint: &str) -> Result<String> {
    let region = endpoint.strip_prefix("ec2.").and_then(|it| it.split('.').next());
    let region = region.ok_or_else(|| Error::invalid("endpoint", "is not an endpoint of EC2"))?;
    Ok(region.to_owned())
}

/// From the list of regions in AWS's documentation; no API of EC2 tells them.
fn description(region: &str) -> &'static str {
    match region {
        "af-south-1" => "Africa (Cape Town)",
        "ap-east-1" => "Asia Pacific (Hong Kong)",
        "ap-east-2" => "Asia Pacific (Taipei)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-northeast-3" => "Asia Pacific (Osaka)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-south-2" => "Asia Pacific (Hyderabad)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-southeast-3" => "Asia Pacific (Jakarta)",
        "ap-southeast-4" => "Asia Pacific (Melbourne)",
        "ap-southeast-5" => "Asia Pacific (Malaysia)",
        "ap-southeast-6" => "Asia Pacific (New Zealand)",
        "ap-southeast-7" => "Asia Pacific (Thailand)",
        "ca-central-1" => "Canada (Central)",
        "ca-west-1" => "Canada West (Calgary)",
        "cn-north-1" => "China (Beijing)",
        "cn-northwest-1" => "China (Ningxia)",
        "eu-central-1" => "Europe (Frankfurt)",
        "eu-central-2" => "Europe (Zurich)",
        "eu-north-1" => "Europe (Stockholm)",
        "eu-south-1" => "Europe (Milan)",
        "eu-south-2" => "Europe (Spain)",
        "eu-west-1" => "Europe (Ireland)",
        "eu-west-2" => "Europe (London)",
        "eu-west-3" => "Europe (Paris)",
        "il-central-1" => "Israel (Tel Aviv)",
        "me-central-1" => "Middle East (UAE)",
        "me-south-1" => "Middle East (Bahrain)",
        "mx-central-1" => "Mexico (Central)",
        "sa-east-1" => "South America (Sao Paulo)",
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-gov-east-1" => "AWS GovCloud (US-East)",
        "us-gov-west-1" => "AWS GovCloud (US-West)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        _ => "",
    }
}
