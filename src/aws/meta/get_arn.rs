//! `aws:index/getArn:getArn`: the parts of an ARN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetArn;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    arn: String,
    #[serde(rename = "id")]
    #[schemars(extend("deprecatedBecause" = "it has no effect"))]
    _id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    account: String,
    partition: String,
    region: String,
    resource: String,
    service: String,
}

impl Function for GetArn {
    const TOKEN: &'static str = "aws:index/getArn:getArn";
    const PURE: bool = true;
    type Args = Args;
    type Output = Output;

    async fn call(_: &Cx, args: &Args) -> Result<Output> {
        parse(&args.arn).ok_or_else(|| Error::invalid("arn", "is `arn:…` of six parts"))
    }
}

fn parse(arn: &str) -> Option<Output> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, resource] = parts[..] else { return None };
    Some(Output {
        id: arn.to_owned(),
        arn: arn.to_owned(),
        account: account.to_owned(),
        partition: partition.to_owned(),
        region: region.to_owned(),
        resource: resource.to_owned(),
        service: service.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_arn_has_six_parts() {
        let queue = parse("arn:aws:sqs:us-east-1:123456789012:orders").expect("it is one");
        assert_eq!((&*queue.service, &*queue.resource), ("sqs", "orders"));
        let group = parse("arn:aws:logs:us-east-1:1:log-group:a:*").expect("it is one");
        assert_eq!(group.resource, "log-group:a:*");
        assert!(parse("arn:aws:sqs").is_none());
    }
}
