//! `aws:sns/getTopic:getTopic`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{attributes, tags_raw};
use crate::provider::*;

pub(super) struct GetTopic;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    /// In the answer in place of the topic's own.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    name: String,
    region: String,
    tags: Tags,
}

impl Function for GetTopic {
    const TOKEN: &'static str = "aws:sns/getTopic:getTopic";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let name = &args.name;
        let arn = cx.place.arn("sns", name);
        if attributes(cx, &arn).await?.is_none() {
            let message = format!("there is no topic `{name}`");
            return Err(Error::new(Kind::Service, "NotFound", message));
        }
        let tags = match &args.tags {
            Some(tags) => tags.clone(),
            None => Tags::live(tags_raw(cx, &arn).await?),
        };
        Ok(Output {
            id: arn.clone(),
            arn,
            name: name.clone(),
            region: cx.place.region.clone(),
            tags,
        })
    }
}
