//! `aws:cloudwatch/getLogGroup:getLogGroup`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::log_group::{arn, one, tags};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetLogGroup;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    /// Only a group with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    /// Milliseconds since 1970.
    creation_time: i64,
    deletion_protection_enabled: bool,
    kms_key_id: Option<String>,
    log_group_class: String,
    name: String,
    /// 0 is for ever.
    retention_in_days: i32,
    tags: Tags,
    region: String,
}

impl Function for GetLogGroup {
    const TOKEN: &'static str = "aws:cloudwatch/getLogGroup:getLogGroup";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || Error::invalid("name", format!("there is no log group `{}`", args.name));
        let live = one(cx, &args.name).await?.ok_or_else(none)?;
        let class = live.log_group_class.as_ref().map(|it| it.as_str().to_owned());
        let arn = arn(live.clone())?;
        let tags = Tags::live(tags(cx, &arn).await?);
        check_tags(args.tags.as_ref(), &tags)?;
        Ok(Output {
            id: args.name.clone(),
            creation_time: live.creation_time.unwrap_or_default(),
            deletion_protection_enabled: live.deletion_protection_enabled.unwrap_or_default(),
            kms_key_id: live.kms_key_id,
            log_group_class: class.unwrap_or_else(|| "STANDARD".to_owned()),
            name: args.name.clone(),
            retention_in_days: live.retention_in_days.unwrap_or_default(),
            tags,
            arn,
            region: cx.place.region.clone(),
        })
    }
}
