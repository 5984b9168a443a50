//! Amazon CloudFront, which has no regions. What is there changes by its
//! version, the ETag: whoever was overtaken reads again.

mod behavior;
mod cache_policy;
mod counted;
mod distribution;
mod distribution_parts;
mod function;
mod get_cache_policy;
mod get_distribution;
mod get_log_delivery_canonical_user_id;
mod get_origin_request_policy;
mod get_response_headers_policy;
mod holders;
mod origin;
mod origin_access_control;
mod origin_access_identity;
mod policy_parts;
mod tags;

use std::{future::Future, time::Duration};

use crate::{
    aws::twin::words,
    provider::{AnyFunction, AnyResource, Cx, Result, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<cache_policy::CachePolicy>(),
        resource::<distribution::Distribution>(),
        resource::<function::Function>(),
        resource::<origin_access_control::OriginAccessControl>(),
        resource::<origin_access_identity::OriginAccessIdentity>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_cache_policy::GetCachePolicy>(),
        function::<get_distribution::GetDistribution>(),
        function::<get_log_delivery_canonical_user_id::GetLogDeliveryCanonicalUserId>(),
        function::<get_origin_request_policy::GetOriginRequestPolicy>(),
        function::<get_response_headers_policy::GetResponseHeadersPolicy>(),
    ]
}

const MISSING: &[&str] = &[
    "NoSuchCachePolicy",
    "NoSuchCloudFrontOriginAccessIdentity",
    "NoSuchDistribution",
    "NoSuchFunctionExists",
    "NoSuchOriginAccessControl",
    "NoSuchOriginRequestPolicy",
    "NoSuchResponseHeadersPolicy",
];

words! {
    aws_sdk_cloudfront:
    CachePolicyCookieBehavior CachePolicyHeaderBehavior CachePolicyQueryStringBehavior EventType
    FunctionRuntime GeoRestrictionType HttpVersion IpAddressType ItemSelection Method MinimumProtocolVersion
    OriginAccessControlOriginTypes OriginAccessControlSigningBehaviors
    OriginAccessControlSigningProtocols OriginProtocolPolicy PriceClass SslProtocol
    SslSupportMethod ViewerMtlsMode ViewerProtocolPolicy
}

/// All items of a list, page by page.
macro_rules! every {
    ($call:expr, $list:ident) => {{
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let page = $call.set_marker(next).send().await?.$list;
            let page = page.ok_or(Error::missing(stringify!($list)))?;
            all.extend(page.items.unwrap_or_default());
            next = page.next_marker.filter(|it| !it.is_empty());
            if next.is_none() {
                break all;
            }
        }
    }};
}
use every;

/// Waits until what was made can be read.
async fn shown<T, F>(cx: &Cx, look: impl Fn() -> F + Send + Sync) -> Result<()>
where
    F: Future<Output = Result<Option<T>>> + Send,
{
    let shows = || async { Ok(look().await?.map(drop)) };
    cx.wait("CloudFront to show it", Duration::from_secs(120), shows).await
}
