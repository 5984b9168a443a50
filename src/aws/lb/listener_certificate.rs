//! `aws:lb/listenerCertificate:ListenerCertificate`. The id is
//! `listenerArn_certificateArn`.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::Certificate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MISSING;
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct ListenerCertificate;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    certificate_arn: String,
    #[schemars(extend("replace" = true))]
    listener_arn: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for ListenerCertificate {
    const TYPE: &'static str = "aws:lb/listenerCertificate:ListenerCertificate";
    const ALIASES: &'static [&'static str] = &[
        "aws:alb/listenerCertificate:ListenerCertificate",
        "aws:elasticloadbalancingv2/listenerCertificate:ListenerCertificate",
    ];
    const KEY: &'static [&'static str] = &["listenerArn", "certificateArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(listener), Some(certificate)) = (text("listenerArn"), text("certificateArn"))
        else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::String(format!("{listener}_{certificate}")))])
    }

    /// Adding one that is there already is no change.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let certificate = Certificate::builder().certificate_arn(&new.certificate_arn).build();
        let call = cx.aws.lb().add_listener_certificates().listener_arn(&new.listener_arn);
        call.certificates(certificate).send().await?;
        Ok(format!("{}_{}", new.listener_arn, new.certificate_arn))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (listener, certificate) = parts(id)?;
        let visible = || async { Ok(has(cx, listener, certificate).await?.then_some(())) };
        cx.wait("the listener to show it", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (listener, certificate) = parts(id)?;
        let inputs =
            Inputs { certificate_arn: certificate.to_owned(), listener_arn: listener.to_owned() };
        Ok(has(cx, listener, certificate).await?.then_some(Outputs { inputs }))
    }

    /// Every property makes a new one.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (listener, certificate) = parts(id)?;
        let certificate = Certificate::builder().certificate_arn(certificate).build();
        let call = cx.aws.lb().remove_listener_certificates().listener_arn(listener);
        absent(call.certificates(certificate).send().await, GONE)?;
        Ok(())
    }

    /// By its natural key, which is all there is of it.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Inputs { certificate_arn: certificate, listener_arn: listener } = inputs;
        let ours = has(cx, listener, certificate).await?;
        Ok(ours.then(|| format!("{listener}_{certificate}")))
    }
}

const GONE: &[&str] = &["ListenerNotFound", "LoadBalancerNotFound", "CertificateNotFound"];

fn parts(id: &str) -> Result<(&str, &str)> {
    let wrong = || Error::invalid("id", format!("`{id}` is not `listenerArn_certificateArn`"));
    let at = id.find("_arn:").ok_or_else(wrong)?;
    Ok((&id[..at], &id[at + 1..]))
}

/// The listener's default certificate is not one that was added.
async fn has(cx: &Cx, listener: &str, certificate: &str) -> Result<bool> {
    let mut next = None;
    loop {
        let call = cx.aws.lb().describe_listener_certificates().listener_arn(listener);
        let Some(page) = absent(call.set_marker(next).send().await, MISSING)? else {
            return Ok(false);
        };
        let is_it = |it: &Certificate| {
            it.certificate_arn.as_deref() == Some(certificate) && it.is_default != Some(true)
        };
        if page.certificates.unwrap_or_default().iter().any(is_it) {
            return Ok(true);
        }
        next = page.next_marker;
        if next.is_none() {
            return Ok(false);
        }
    }
}
