//! `aws:lambda/getLayerVersion:getLayerVersion`: by its number or its ARN, else
//! the newest that fits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layer_version::versioned;
use crate::provider::*;

pub(super) struct GetLayerVersion;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    compatible_architecture: Option<String>,
    compatible_runtime: Option<String>,
    layer_name: Option<String>,
    layer_version_arn: Option<String>,
    version: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    code_sha256: Option<String>,
    compatible_architecture: Option<String>,
    compatible_architectures: Vec<String>,
    compatible_runtime: Option<String>,
    compatible_runtimes: Vec<String>,
    created_date: Option<String>,
    description: String,
    layer_arn: String,
    layer_name: String,
    layer_version_arn: String,
    license_info: String,
    region: String,
    signing_job_arn: Option<String>,
    signing_profile_version_arn: Option<String>,
    source_code_hash: Option<String>,
    source_code_size: i64,
    version: i64,
}

impl Function for GetLayerVersion {
    const TOKEN: &'static str = "aws:lambda/getLayerVersion:getLayerVersion";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let (layer, version) = match (&args.layer_name, &args.layer_version_arn) {
            (Some(name), None) => (name.clone(), version(cx, name, args).await?),
            (None, Some(arn)) => {
                let broken = || Error::invalid("layerVersionArn", "ends with a version's number");
                let (layer, version) = versioned(arn).ok_or_else(broken)?;
                (layer.to_owned(), version)
            }
            _ => return Err(Error::invalid("layerName", "or `layerVersionArn` is needed")),
        };
        let call = cx.aws.lambda().get_layer_version().layer_name(&layer).version_number(version);
        let live = call.send().await?;
        let content = live.content.ok_or(Error::missing("Content"))?;
        let arn = live.layer_version_arn.ok_or(Error::missing("LayerVersionArn"))?;
        let architectures = live.compatible_architectures.unwrap_or_default();
        let runtimes = live.compatible_runtimes.unwrap_or_default();
        Ok(Output {
            id: arn.clone(),
            layer_version_arn: arn.clone(),
            arn,
            source_code_hash: content.code_sha256.clone(),
            code_sha256: content.code_sha256,
            compatible_architecture: args.compatible_architecture.clone(),
            compatible_architectures: architectures
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect(),
            compatible_runtime: args.compatible_runtime.clone(),
            compatible_runtimes: runtimes.iter().map(|it| it.as_str().to_owned()).collect(),
            created_date: live.created_date,
            description: live.description.unwrap_or_default(),
            layer_arn: live.layer_arn.unwrap_or_default(),
            layer_name: layer,
            license_info: live.license_info.unwrap_or_default(),
            region: cx.place.region.clone(),
            signing_job_arn: content.signing_job_arn,
            signing_profile_version_arn: content.signing_profile_version_arn,
            source_code_size: content.code_size,
            version: live.version,
        })
    }
}

/// Lambda lists the newest first.
async fn version(cx: &Cx, layer: &str, args: &Args) -> Result<i64> {
    if let Some(version) = args.version {
        return Ok(version);
    }
    let call = cx.aws.lambda().list_layer_versions().layer_name(layer);
    let reply = call
        .set_compatible_architecture(args.compatible_architecture.as_deref().map(Into::into))
        .set_compatible_runtime(args.compatible_runtime.as_deref().map(Into::into))
        .send()
        .await?;
    let newest = reply.layer_versions.unwrap_or_default().into_iter().map(|it| it.version).max();
    newest.ok_or_else(|| Error::failed(format!("the layer `{layer}` has no version that fits")))
}
