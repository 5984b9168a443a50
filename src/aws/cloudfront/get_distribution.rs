//! `aws:cloudfront/getDistribution:getDistribution`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    distribution::{live, zone},
    tags::tags_raw,
};
use crate::{
    aws::{check_tags, twin::Moment},
    provider::*,
};

pub(super) struct GetDistribution;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {
    id: String,
    /// Only a distribution with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    aliases: Vec<String>,
    anycast_ip_list_id: Option<String>,
    arn: String,
    domain_name: String,
    enabled: bool,
    etag: Option<String>,
    hosted_zone_id: String,
    id: String,
    in_progress_validation_batches: i32,
    last_modified_time: Moment,
    status: String,
    tags: Tags,
    web_acl_id: Option<String>,
}

impl Function for GetDistribution {
    const TOKEN: &'static str = "aws:cloudfront/getDistribution:getDistribution";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || Error::invalid("id", format!("there is no distribution `{}`", args.id));
        let live = live(cx, &args.id).await?.ok_or_else(none)?;
        let etag = live.e_tag;
        let it = live.distribution.ok_or(Error::missing("Distribution"))?;
        let config = it.distribution_config.ok_or(Error::missing("DistributionConfig"))?;
        let tags = Tags::live(tags_raw(cx, &it.arn).await?);
        check_tags(args.tags.as_ref(), &tags)?;
        Ok(Output {
            aliases: config.aliases.and_then(|it| it.items).unwrap_or_default(),
            anycast_ip_list_id: config.anycast_ip_list_id,
            arn: it.arn,
            domain_name: it.domain_name,
            enabled: config.enabled,
            etag,
            hosted_zone_id: zone(&cx.place).to_owned(),
            id: it.id,
            in_progress_validation_batches: it.in_progress_invalidation_batches,
            last_modified_time: Moment(it.last_modified_time),
            status: it.status,
            tags,
            web_acl_id: config.web_acl_id,
        })
    }
}
