//! Which distributions use a thing that CloudFront does not let go.

use aws_sdk_cloudfront::types::{DistributionSummary as Summary, FunctionAssociations};

use super::every;
use crate::provider::{Cx, Error, Result};

pub(super) async fn of_cache_policy(cx: &Cx, id: &str) -> Result<Vec<String>> {
    distributions(cx, |it| {
        let first = it.default_cache_behavior.iter().map(|it| &it.cache_policy_id);
        let others = it.cache_behaviors.iter().flat_map(|it| it.items());
        first.chain(others.map(|it| &it.cache_policy_id)).any(|it| it.as_deref() == Some(id))
    })
    .await
}

pub(super) async fn of_function(cx: &Cx, arn: &str) -> Result<Vec<String>> {
    distributions(cx, |it| {
        let first = it.default_cache_behavior.iter().map(|it| &it.function_associations);
        let others = it.cache_behaviors.iter().flat_map(|it| it.items());
        let all = first.chain(others.map(|it| &it.function_associations)).flatten();
        all.flat_map(FunctionAssociations::items).any(|it| it.function_arn == arn)
    })
    .await
}

pub(super) async fn of_origin_access_control(cx: &Cx, id: &str) -> Result<Vec<String>> {
    distributions(cx, |it| {
        let mut origins = it.origins.iter().flat_map(|it| it.items());
        origins.any(|it| it.origin_access_control_id.as_deref() == Some(id))
    })
    .await
}

pub(super) async fn of_origin_access_identity(cx: &Cx, id: &str) -> Result<Vec<String>> {
    distributions(cx, |it| {
        let origins = it.origins.iter().flat_map(|it| it.items());
        let mut buckets = origins.filter_map(|it| it.s3_origin_config.as_ref());
        buckets.any(|it| it.origin_access_identity.ends_with(&format!("/{id}")))
    })
    .await
}

async fn distributions(cx: &Cx, uses: impl Fn(&Summary) -> bool) -> Result<Vec<String>> {
    let call = || cx.aws.cloudfront().list_distributions();
    let all = every!(call(), distribution_list).into_iter();
    Ok(all.filter(|it| uses(it)).map(|it| format!("the distribution {}", it.id)).collect())
}
