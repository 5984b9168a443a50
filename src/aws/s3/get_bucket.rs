//! `aws:s3/getBucket:getBucket`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    head, inline,
    part::At,
    place::{domain, hosted_zone_id, regional_domain, website_domain, website_endpoint},
};
use crate::provider::*;

pub(super) struct GetBucket;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    bucket: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    bucket: String,
    bucket_domain_name: String,
    bucket_region: String,
    bucket_regional_domain_name: String,
    hosted_zone_id: String,
    region: String,
    /// Of a bucket that is a website.
    website_domain: Option<String>,
    website_endpoint: Option<String>,
}

impl Function for GetBucket {
    const TOKEN: &'static str = "aws:s3/getBucket:getBucket";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let bucket = &args.bucket;
        let live = head(cx, bucket).await?.ok_or_else(|| {
            Error::new(Kind::Service, "NoSuchBucket", format!("there is no bucket `{bucket}`"))
        })?;
        let is_website = inline::website(cx, &At::of(bucket, None)).await?.is_some();
        let region = live.bucket_region.unwrap_or_else(|| cx.place.region.clone());
        Ok(Output {
            id: bucket.clone(),
            arn: format!("arn:{}:s3:::{bucket}", cx.place.partition),
            bucket: bucket.clone(),
            bucket_domain_name: domain(&cx.place, bucket),
            bucket_regional_domain_name: regional_domain(&cx.place, bucket),
            hosted_zone_id: hosted_zone_id(&region).to_owned(),
            bucket_region: region,
            region: cx.place.region.clone(),
            website_domain: is_website.then(|| website_domain(&cx.place)),
            website_endpoint: is_website.then(|| website_endpoint(&cx.place, bucket)),
        })
    }
}
