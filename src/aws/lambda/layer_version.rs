//! `aws:lambda/layerVersion:LayerVersion`. The id is the version's ARN.

use aws_sdk_lambda::types::LayerVersionContentInput;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, zip};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct LayerVersion;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    code: Option<Archive>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    compatible_architectures: Set<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    compatible_runtimes: Set<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    description: String,
    #[schemars(extend("replace" = true))]
    layer_name: IdOrArn,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    license_info: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    s3_bucket: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    s3_key: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    s3_object_version: Option<String>,
    /// The version stays when it is replaced or deleted here.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    skip_destroy: bool,
    /// A change of it makes a new version, whatever it is a hash of.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    source_code_hash: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    code_sha256: Option<String>,
    created_date: Option<String>,
    /// Without the version.
    layer_arn: String,
    signing_job_arn: Option<String>,
    signing_profile_version_arn: Option<String>,
    source_code_size: i64,
    version: String,
}

impl Resource for LayerVersion {
    const TYPE: &'static str = "aws:lambda/layerVersion:LayerVersion";
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.code.is_some() == new.s3_bucket.is_some() {
            let rule = "or `s3Bucket`: a layer's code comes from one place";
            return Err(Error::invalid("code", rule));
        }
        if new.s3_bucket.is_some() != new.s3_key.is_some() {
            return Err(Error::invalid("s3Key", "belongs to `s3Bucket`, and that to it"));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("lambda-layer:{}", inputs.layer_name.0))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let (Some(wanted), Some(live)) = (wanted.as_str(), live.as_str()) else { return false };
        path == "layerName" && name(wanted) == name(live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let content = LayerVersionContentInput::builder()
            .set_zip_file(zip(cx, new.code.as_ref()).await?)
            .set_s3_bucket(new.s3_bucket.clone())
            .set_s3_key(new.s3_key.clone())
            .set_s3_object_version(new.s3_object_version.clone())
            .build();
        let texts = |it: &Set<String>| (!it.0.is_empty()).then(|| it.0.clone());
        let architectures = texts(&new.compatible_architectures);
        let runtimes = texts(&new.compatible_runtimes);
        let said = |it: &String| (!it.is_empty()).then(|| it.clone());
        let call = cx.aws.lambda().publish_layer_version().layer_name(&new.layer_name.0);
        let reply = call
            .content(content)
            .set_description(said(&new.description))
            .set_license_info(said(&new.license_info))
            .set_compatible_architectures(
                architectures.map(|all| all.iter().map(|it| it.as_str().into()).collect()),
            )
            .set_compatible_runtimes(
                runtimes.map(|all| all.iter().map(|it| it.as_str().into()).collect()),
            )
            .send()
            .await?;
        reply.layer_version_arn.ok_or(Error::missing("LayerVersionArn"))
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some((layer, version)) = versioned(arn) else { return Ok(None) };
        let call = cx.aws.lambda().get_layer_version().layer_name(layer).version_number(version);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let content = live.content.ok_or(Error::missing("Content"))?;
        let sha256 = content.code_sha256.filter(|it| !it.is_empty());
        let layer_arn = live.layer_arn.ok_or(Error::missing("LayerArn"))?;
        let architectures = live.compatible_architectures.unwrap_or_default();
        let runtimes = live.compatible_runtimes.unwrap_or_default();
        let inputs = Inputs {
            code: sha256.as_deref().map(Archive::live).transpose()?,
            compatible_architectures: architectures.iter().map(|it| it.as_str()).collect(),
            compatible_runtimes: runtimes.iter().map(|it| it.as_str()).collect(),
            description: live.description.unwrap_or_default(),
            layer_name: IdOrArn(name(&layer_arn).to_owned()),
            license_info: live.license_info.unwrap_or_default(),
            s3_bucket: None,
            s3_key: None,
            s3_object_version: None,
            skip_destroy: false,
            source_code_hash: None,
        };
        Ok(Some(Outputs {
            inputs,
            arn: arn.to_owned(),
            code_sha256: sha256,
            created_date: live.created_date,
            layer_arn,
            signing_job_arn: content.signing_job_arn,
            signing_profile_version_arn: content.signing_profile_version_arn,
            source_code_size: content.code_size,
            version: live.version.to_string(),
        }))
    }

    /// Only `skipDestroy`, which AWS knows nothing of.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, arn: &str, last: &Inputs) -> Result<()> {
        let Some((layer, version)) = versioned(arn) else { return Ok(()) };
        if !last.skip_destroy {
            let call = cx.aws.lambda().delete_layer_version().layer_name(layer);
            absent(call.version_number(version).send().await, MISSING)?;
        }
        Ok(())
    }

    /// A layer's versions have neither tags nor tokens: only the newest can be
    /// ours, and only when it says what we said and is what we uploaded. Of
    /// code from S3 nobody knows the hash: it may be there twice.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(code) = &inputs.code else { return Ok(None) };
        let call = cx.aws.lambda().list_layer_versions().layer_name(&inputs.layer_name.0);
        let reply = absent(call.max_items(1).send().await, MISSING)?;
        let newest = reply.and_then(|it| it.layer_versions?.into_iter().next());
        let Some(arn) = newest.and_then(|it| it.layer_version_arn) else { return Ok(None) };
        let live = Self::read(cx, &arn).await?;
        let set =
            |it: &Set<String>| it.0.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        let same = |live: &Outputs| {
            let it = &live.inputs;
            it.code.as_ref() == Some(code)
                && it.description == inputs.description
                && it.license_info == inputs.license_info
                && set(&it.compatible_runtimes) == set(&inputs.compatible_runtimes)
                && set(&it.compatible_architectures) == set(&inputs.compatible_architectures)
        };
        Ok(live.filter(same).map(|_| arn))
    }
}

/// The layer's ARN and the version of a version's ARN.
pub(super) fn versioned(arn: &str) -> Option<(&str, i64)> {
    let (layer, version) = arn.rsplit_once(':')?;
    Some((layer, version.parse().ok()?))
}

fn name(layer: &str) -> &str {
    layer.split_once(":layer:").map_or(layer, |(_, it)| it)
}
