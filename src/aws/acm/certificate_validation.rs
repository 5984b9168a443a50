//! `aws:acm/certificateValidation:CertificateValidation`: the wait for a
//! certificate to be issued. The id is the certificate's ARN.

use std::time::Duration;

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus as Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certificate::describe;
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct CertificateValidation;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    certificate_arn: String,
    /// The records that prove the domains: all of them, when any is given.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    validation_record_fqdns: Option<Set<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for CertificateValidation {
    const TYPE: &'static str = "aws:acm/certificateValidation:CertificateValidation";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(arn) = inputs.get("certificateArn").and_then(Value::as_str) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::string(arn))])
    }

    /// Nothing is made: the wait is in `ready`.
    async fn create(_: &Cx, new: &Inputs) -> Result<String> {
        Ok(new.certificate_arn.clone())
    }

    /// Minutes once the records are visible; 75 is what HashiCorp's provider
    /// allows. What can never come true is told at once.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let issued = || async {
            let Some(live) = describe(cx, id).await? else { return Ok(None) };
            match &live.status {
                Some(Status::Issued) => Ok(Some(())),
                None | Some(Status::PendingValidation) => {
                    lacking(&live, new.validation_record_fqdns.as_ref()).map(|()| None)
                }
                Some(status) => {
                    let why = live.failure_reason.as_ref().map(|it| it.as_str());
                    let why = why.map(|it| format!(": {it}")).unwrap_or_default();
                    Err(Error::failed(format!("the certificate is {status}{why}")))
                }
            }
        };
        cx.wait("the certificate to be issued", Duration::from_secs(75 * 60), issued).await
    }

    /// A certificate that is no longer issued is to be waited for again.
    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let live = describe(cx, id).await?.filter(|it| it.status == Some(Status::Issued));
        let inputs = Inputs { certificate_arn: id.to_owned(), validation_record_fqdns: None };
        Ok(live.map(|_| Outputs { inputs }))
    }

    /// Every property makes a new one.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    /// There is nothing to delete: the certificate is another resource.
    async fn delete(_: &Cx, _: &str, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn find(_: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        Ok(Some(inputs.certificate_arn.clone()))
    }
}

/// Without each of its records a certificate is never issued. ACM tells them
/// within a minute.
fn lacking(live: &CertificateDetail, given: Option<&Set<String>>) -> Result<()> {
    let Some(given) = given else { return Ok(()) };
    let plain = |name: &str| name.trim_end_matches('.').to_lowercase();
    let given: Vec<String> = given.0.iter().map(|it| plain(it)).collect();
    let records = live.domain_validation_options().iter().filter_map(|it| it.resource_record());
    let lacking: Vec<&str> =
        records.map(|it| it.name.as_str()).filter(|it| !given.contains(&plain(it))).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let rule = format!("lacks {}", lacking.join(", "));
    Err(Error::invalid("validationRecordFqdns", rule))
}
