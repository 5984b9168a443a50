//! `aws:elb/getServiceAccount:getServiceAccount`: the account by which AWS's
//! load balancers of a region write their logs, which a bucket's policy names.
//! AWS has a table of them and no call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetServiceAccount;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    region: String,
}

/// Younger regions have none: their load balancers write by the name of the
/// service.
#[rustfmt::skip]
const ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "098369216593"),
    ("ap-east-1", "754344448648"),
    ("ap-northeast-1", "582318560864"),
    ("ap-northeast-2", "600734575887"),
    ("ap-northeast-3", "383597477331"),
    ("ap-south-1", "718504428378"),
    ("ap-southeast-1", "114774131450"),
    ("ap-southeast-2", "783225319266"),
    ("ap-southeast-3", "589379963580"),
    ("ca-central-1", "985666609251"),
    ("cn-north-1", "638102146993"),
    ("cn-northwest-1", "037604701340"),
    ("eu-central-1", "054676820928"),
    ("eu-north-1", "897822967062"),
    ("eu-south-1", "635631232127"),
    ("eu-west-1", "156460612806"),
    ("eu-west-2", "652711504416"),
    ("eu-west-3", "009996457667"),
    ("me-south-1", "076674570225"),
    ("sa-east-1", "507241528517"),
    ("us-east-1", "127311923021"),
    ("us-east-2", "033677994240"),
    ("us-gov-east-1", "190560391635"),
    ("us-gov-west-1", "048591011584"),
    ("us-west-1", "027434742980"),
    ("us-west-2", "797873946194"),
];

impl Function for GetServiceAccount {
    const TOKEN: &'static str = "aws:elb/getServiceAccount:getServiceAccount";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        let region = &cx.place.region;
        let Some((_, account)) = ACCOUNTS.iter().find(|(it, _)| it == region) else {
            let rule = format!(
                "{region} has no such account: there the principal is the service logdelivery.elasticloadbalancing.amazonaws.com"
            );
            return Err(Error::invalid("region", rule));
        };
        Ok(Output {
            id: (*account).to_owned(),
            arn: format!("arn:{}:iam::{account}:root", cx.place.partition),
            region: region.clone(),
        })
    }
}
