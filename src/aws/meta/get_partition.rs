//! `aws:index/getPartition:getPartition`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetPartition;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(rename = "id")]
    #[schemars(extend("deprecatedBecause" = "it has no effect"))]
    _id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    dns_suffix: String,
    partition: String,
    reverse_dns_prefix: String,
}

impl Function for GetPartition {
    const TOKEN: &'static str = "aws:index/getPartition:getPartition";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        let partition = cx.place.partition.clone();
        let suffix = dns_suffix(&partition);
        let mut parts: Vec<&str> = suffix.split('.').collect();
        parts.reverse();
        let reverse_dns_prefix = parts.join(".");
        Ok(Output {
            id: partition.clone(),
            dns_suffix: suffix.to_owned(),
            partition,
            reverse_dns_prefix,
        })
    }
}

/// What the names of a partition's endpoints end with.
pub(in crate::aws) fn dns_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}
