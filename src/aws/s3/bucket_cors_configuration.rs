//! `aws:s3/bucketCorsConfiguration:BucketCorsConfiguration`.

use aws_sdk_s3::types::{CorsConfiguration, CorsRule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Twin, twin},
    },
    provider::*,
};

pub(super) struct BucketCorsConfiguration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(length(min = 1, max = 100))]
    cors_rules: Vec<Rule>,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
}

twin! {
    Rule = CorsRule {
        allowed_headers: Option<Set<String>> => allowed_headers, set_allowed_headers;
        allowed_methods: Set<String> => allowed_methods, set_allowed_methods;
        allowed_origins: Set<String> => allowed_origins, set_allowed_origins;
        expose_headers: Option<Set<String>> => expose_headers, set_expose_headers;
        id: Option<String> => id, set_id;
        max_age_seconds: Option<i32> => max_age_seconds, set_max_age_seconds;
    }
}

const MISSING: &[&str] = &["NoSuchCORSConfiguration"];

impl Part for BucketCorsConfiguration {
    const TYPE: &'static str = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration";
    const ALIASES: &'static [&'static str] =
        &["aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2"];
    const TAKEN: Option<&'static str> = Some("a CORS configuration of this bucket");
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let rules = live(cx, at).await?;
        Ok(rules.map(|cors_rules| Inputs {
            bucket: at.bucket.clone(),
            cors_rules,
            expected_bucket_owner: at.owner.clone(),
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        put(cx, at, &new.cors_rules).await
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        remove(cx, at).await
    }
}

pub(super) async fn live<T: Twin<Sdk = CorsRule>>(cx: &Cx, at: &At) -> Result<Option<Vec<T>>> {
    let call = cx.aws.s3().get_bucket_cors().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await;
    let rules = absent(reply, MISSING)?.and_then(|it| it.cors_rules);
    rules.map(|it| Vec::from_sdk(&it)).transpose()
}

pub(super) async fn put<T: Twin<Sdk = CorsRule>>(cx: &Cx, at: &At, rules: &Vec<T>) -> Result<()> {
    let rules = CorsConfiguration::builder().set_cors_rules(Some(rules.to_sdk()?));
    let call = cx.aws.s3().put_bucket_cors().bucket(&at.bucket);
    let call = call.set_expected_bucket_owner(at.owner.clone());
    call.cors_configuration(rules.build().built()?).send().await?;
    Ok(())
}

pub(super) async fn remove(cx: &Cx, at: &At) -> Result<()> {
    let call = cx.aws.s3().delete_bucket_cors().bucket(&at.bucket);
    absent(call.set_expected_bucket_owner(at.owner.clone()).send().await, MISSING).map(drop)
}
