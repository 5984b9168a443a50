//! `aws:sqs/getQueue:getQueue`. The id is the queue's URL.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{tags, url};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetQueue;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    /// Only a queue with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    name: String,
    tags: Tags,
    url: String,
    region: String,
}

impl Function for GetQueue {
    const TOKEN: &'static str = "aws:sqs/getQueue:getQueue";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || Error::invalid("name", format!("there is no queue `{}`", args.name));
        let url = url(cx, &args.name).await?.ok_or_else(none)?;
        let tags = tags(cx, &url).await?;
        check_tags(args.tags.as_ref(), &tags)?;
        Ok(Output {
            id: url.clone(),
            arn: cx.place.arn("sqs", &args.name),
            name: args.name.clone(),
            tags,
            url,
            region: cx.place.region.clone(),
        })
    }
}
