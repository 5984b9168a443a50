//! `aws:ssm/getParametersByPath:getParametersByPath`. The id is the path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetParametersByPath;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Begins with a slash.
    path: String,
    /// With what is below the path's own level.
    #[serde(default)]
    recursive: bool,
    #[serde(default = "yes")]
    with_decryption: bool,
}

/// Lists of one order.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arns: Vec<String>,
    names: Vec<String>,
    path: String,
    recursive: bool,
    types: Vec<String>,
    values: Secret<Vec<String>>,
    with_decryption: bool,
    region: String,
}

impl Function for GetParametersByPath {
    const TOKEN: &'static str = "aws:ssm/getParametersByPath:getParametersByPath";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.ssm().get_parameters_by_path().path(&args.path).recursive(args.recursive);
        let mut pages = call.with_decryption(args.with_decryption).into_paginator().send();
        let mut output = Output {
            id: args.path.clone(),
            arns: Vec::new(),
            names: Vec::new(),
            path: args.path.clone(),
            recursive: args.recursive,
            types: Vec::new(),
            values: Secret(Vec::new()),
            with_decryption: args.with_decryption,
            region: cx.place.region.clone(),
        };
        while let Some(page) = pages.next().await {
            for it in page?.parameters.unwrap_or_default() {
                output.arns.push(it.arn.unwrap_or_default());
                output.names.push(it.name.ok_or(Error::missing("Name"))?);
                output.types.push(it.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default());
                output.values.0.push(it.value.unwrap_or_default());
            }
        }
        Ok(output)
    }
}
