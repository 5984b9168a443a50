//! `aws:cloudfront/getLogDeliveryCanonicalUserId:getLogDeliveryCanonicalUserId`:
//! who writes logs of distributions, as ACLs of buckets name it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetLogDeliveryCanonicalUserId;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {}

#[derive(Serialize, JsonSchema)]
pub(super) struct Output {
    id: String,
    region: String,
}

/// The account `awslogsdelivery`, of which AWS has another one in China.
const WORLD: &str = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0";
const CHINA: &str = "a52cb28745c0c06e84ec548334e44bfa7fc2a85c54af20cd59e4969344b7af56";

impl Function for GetLogDeliveryCanonicalUserId {
    const TOKEN: &'static str =
        "aws:cloudfront/getLogDeliveryCanonicalUserId:getLogDeliveryCanonicalUserId";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        let id = if cx.place.partition == "aws-cn" { CHINA } else { WORLD };
        Ok(Output { id: id.to_owned(), region: cx.place.region.clone() })
    }
}
