//! `aws:index/getDefaultTags:getDefaultTags`: the tags that the provider gives
//! to all that it makes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetDefaultTags;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(rename = "id")]
    #[schemars(extend("deprecatedBecause" = "it has no effect"))]
    _id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Output {
    id: String,
    tags: Tags,
}

impl Function for GetDefaultTags {
    const TOKEN: &'static str = "aws:index/getDefaultTags:getDefaultTags";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        Ok(Output { id: cx.place.partition.clone(), tags: Tags(cx.default_tags.clone()) })
    }
}
