//! `aws:secretsmanager/secretRotation:SecretRotation`. The id is the secret's
//! ARN.

use std::time::Duration;

use aws_sdk_secretsmanager::{
    operation::rotate_secret::builders::RotateSecretFluentBuilder as Call,
    types::{ExternalSecretRotationMetadataItem, RotationRulesType},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, describe, same_secret, serial};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct SecretRotation;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// ARN or name.
    #[schemars(extend("replace" = true))]
    secret_id: String,
    /// Whether the secret gets another value at once, beside the times that
    /// `rotationRules` says.
    #[serde(default = "yes")]
    #[schemars(extend("writeOnly" = true))]
    rotate_immediately: bool,
    #[schemars(extend("computed" = true))]
    rotation_enabled: Option<bool>,
    /// Not for a secret of another company's service, and for no other.
    rotation_lambda_arn: Option<String>,
    rotation_rules: Option<RotationRules>,
    external_secret_rotation_role_arn: Option<String>,
    external_secret_rotation_metadatas: Option<Set<Metadata>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RotationRules {
    #[schemars(range(min = 1, max = 1000), extend("computed" = true))]
    automatically_after_days: Option<i64>,
    /// How long it may take, `3h`.
    duration: Option<String>,
    /// `rate(10 days)` or `cron(0 8 1 * ? *)`.
    schedule_expression: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metadata {
    key: String,
    value: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for SecretRotation {
    const TYPE: &'static str = "aws:secretsmanager/secretRotation:SecretRotation";
    const KEY: &'static [&'static str] = &["secretId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.rotation_enabled == Some(false) {
            let rule = "is on as long as this resource is there: delete it to end the rotation";
            return Err(Error::invalid("rotationEnabled", rule));
        }
        if new.rotation_lambda_arn.is_some() == new.external_secret_rotation_role_arn.is_some() {
            let rule = "or `externalSecretRotationRoleArn` is needed, not both";
            return Err(Error::invalid("rotationLambdaArn", rule));
        }
        if let Some(rules) = &new.rotation_rules
            && rules.automatically_after_days.is_some() == rules.schedule_expression.is_some()
        {
            let rule = "has `automaticallyAfterDays` or `scheduleExpression`, not both";
            return Err(Error::invalid("rotationRules", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let arn = inputs.get("secretId").and_then(Value::as_str);
        let arn = arn.filter(|it| it.starts_with("arn:"));
        arn.map(|it| Map::from([("id".to_owned(), Value::string(it))])).unwrap_or_default()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.secret_id))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "secretId" && same_secret(wanted, live)
    }

    /// Rotation that is on already is somebody else's.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(live) = describe(cx, &new.secret_id).await?
            && live.rotation_enabled == Some(true)
            && !alike(live.rotation_lambda_arn.as_deref(), new)
        {
            return Err(Error::not_ours("a rotation of this secret"));
        }
        // The token is the id of the value that the rotation makes.
        let reply = call(cx, new).secret_id(&new.secret_id).client_request_token(&cx.op);
        reply.send().await?.arn.ok_or(Error::missing("ARN"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let on = || async {
            let live = describe(cx, id).await?;
            Ok(live.filter(|it| it.rotation_enabled == Some(true)).map(|_| ()))
        };
        cx.wait("the rotation to be on", Duration::from_secs(120), on).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let live = describe(cx, id).await?.filter(|it| it.rotation_enabled == Some(true));
        let Some(live) = live else { return Ok(None) };
        let metadatas = live.external_secret_rotation_metadata.map(|it| {
            it.into_iter().filter_map(|it| Some(Metadata { key: it.key?, value: it.value? }))
        });
        let inputs = Inputs {
            secret_id: live.arn.ok_or(Error::missing("ARN"))?,
            rotate_immediately: true,
            rotation_enabled: live.rotation_enabled,
            rotation_lambda_arn: live.rotation_lambda_arn.filter(|it| !it.is_empty()),
            rotation_rules: live.rotation_rules.map(|it| RotationRules {
                automatically_after_days: it.automatically_after_days,
                duration: it.duration,
                schedule_expression: it.schedule_expression,
            }),
            external_secret_rotation_role_arn: live.external_secret_rotation_role_arn,
            external_secret_rotation_metadatas: metadatas.map(Iterator::collect),
        };
        Ok(Some(Outputs { inputs }))
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        call(cx, new).secret_id(id).send().await?;
        Ok(())
    }

    /// The secret keeps its value.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        if describe(cx, id).await?.is_some_and(|it| it.rotation_enabled == Some(true)) {
            let call = cx.aws.secretsmanager().cancel_rotate_secret().secret_id(id);
            absent(call.send().await, MISSING)?;
        }
        Ok(())
    }

    /// A secret has one rotation: what goes by the same function is what this
    /// operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = describe(cx, &inputs.secret_id).await?;
        let live = live.filter(|it| it.rotation_enabled == Some(true));
        let ours = live.filter(|it| alike(it.rotation_lambda_arn.as_deref(), inputs));
        Ok(ours.and_then(|it| it.arn))
    }
}

/// Whether the rotation goes by the wanted function, or by none.
fn alike(function: Option<&str>, wanted: &Inputs) -> bool {
    function.filter(|it| !it.is_empty()) == wanted.rotation_lambda_arn.as_deref()
}

fn call(cx: &Cx, new: &Inputs) -> Call {
    let rules = new.rotation_rules.as_ref().map(|it| {
        // AWS tells days for a schedule, too, and takes one of the two only.
        let days = it.automatically_after_days.filter(|_| it.schedule_expression.is_none());
        RotationRulesType::builder()
            .set_automatically_after_days(days)
            .set_duration(it.duration.clone())
            .set_schedule_expression(it.schedule_expression.clone())
            .build()
    });
    let metadata = |it: &Metadata| {
        ExternalSecretRotationMetadataItem::builder().key(&it.key).value(&it.value).build()
    };
    let metadatas = new.external_secret_rotation_metadatas.as_ref();
    cx.aws
        .secretsmanager()
        .rotate_secret()
        .rotate_immediately(new.rotate_immediately)
        .set_rotation_lambda_arn(new.rotation_lambda_arn.clone())
        .set_rotation_rules(rules)
        .set_external_secret_rotation_role_arn(new.external_secret_rotation_role_arn.clone())
        .set_external_secret_rotation_metadata(
            metadatas.map(|it| it.0.iter().map(metadata).collect()),
        )
}
