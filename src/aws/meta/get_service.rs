//! `aws:index/getService:getService`: a service's endpoint in a region, by any
//! of its names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::get_partition::dns_suffix;
use crate::provider::*;

pub(super) struct GetService;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// `sqs.us-east-1.amazonaws.com`
    dns_name: Option<String>,
    #[serde(rename = "id")]
    #[schemars(extend("deprecatedBecause" = "it has no effect"))]
    _id: Option<String>,
    /// `com.amazonaws.us-east-1.sqs`
    reverse_dns_name: Option<String>,
    /// `com.amazonaws`
    reverse_dns_prefix: Option<String>,
    /// `sqs`
    service_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    dns_name: String,
    partition: String,
    reverse_dns_name: String,
    reverse_dns_prefix: String,
    service_id: String,
}

impl Function for GetService {
    const TOKEN: &'static str = "aws:index/getService:getService";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "supported",
        "no AWS API tells which regions have a service; only the providers' own lists do",
    )];
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let suffix = dns_suffix(&cx.place.partition);
        let reversed = |name: &str| name.split('.').rev().collect::<Vec<_>>().join(".");
        let prefix = args.reverse_dns_prefix.clone().unwrap_or_else(|| reversed(suffix));
        let reverse = match (&args.reverse_dns_name, &args.dns_name, &args.service_id) {
            (Some(reverse), None, None) => reverse.clone(),
            (None, Some(name), None) => reversed(name),
            (None, None, Some(service)) => format!("{prefix}.{}.{service}", cx.place.region),
            _ => {
                let rule = "is needed, or `dnsName`, or `reverseDnsName`; one of them";
                return Err(Error::invalid("serviceId", rule));
            }
        };
        let parts = reverse.rsplit_once('.').and_then(|(rest, service)| {
            let (prefix, _region) = rest.rsplit_once('.')?;
            Some((prefix.to_owned(), service.to_owned()))
        });
        let unclear = || Error::invalid("dnsName", "is `service.region.suffix`");
        let (reverse_dns_prefix, service_id) = parts.ok_or_else(unclear)?;
        Ok(Output {
            id: reverse.clone(),
            dns_name: reversed(&reverse),
            partition: cx.place.partition.clone(),
            reverse_dns_name: reverse,
            reverse_dns_prefix,
            service_id,
        })
    }
}
