//! `aws:acm/certificate:Certificate`. The id is the certificate's ARN.
//!
//! Three kinds: requested and validated by DNS or e-mail, issued by a private
//! authority, or imported.

use std::time::Duration;

use aws_sdk_acm::{
    primitives::{Blob, DateTime, DateTimeFormat},
    types::{
        self, CertificateStatus as Status, CertificateType as Kind, KeyAlgorithm,
        ValidationMethod as Method,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, built, retag, sdk_tags, tags_raw};
use crate::{
    aws::error::{absent, seen},
    model::Value,
    provider::*,
};

pub(super) struct Certificate;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// An imported certificate brings its own.
    #[schemars(extend("computed" = true, "replace" = true))]
    domain_name: Option<String>,
    /// AWS counts the domain itself among them.
    #[schemars(extend("computed" = true, "replace" = true))]
    subject_alternative_names: Option<Set<String>>,
    #[schemars(extend("computed" = true, "replace" = true, "enum" = ["DNS", "EMAIL"]))]
    validation_method: Option<String>,
    /// Where the e-mails go; AWS tells it only while they are under way.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    validation_options: Option<Set<ValidationOption>>,
    #[schemars(extend("computed" = true, "replace" = true))]
    key_algorithm: Option<String>,
    #[schemars(extend("replace" = true))]
    certificate_authority_arn: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    options: Option<Options>,
    certificate_body: Option<String>,
    certificate_chain: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    private_key: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    private_key_wo: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    private_key_wo_version: Option<i64>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ValidationOption {
    domain_name: String,
    validation_domain: String,
}

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    #[schemars(extend(
        "writeOnly" = true,
        "enum" = ["ENABLED", "DISABLED"],
        "deprecatedBecause" = "AWS logs every public certificate and ignores this",
    ))]
    certificate_transparency_logging_preference: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["ENABLED", "DISABLED"]))]
    export: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    /// The DNS records that prove the domains, the certificate's own first.
    domain_validation_options: Vec<DomainValidationOption>,
    #[schemars(extend("volatile" = true))]
    not_after: Option<String>,
    #[schemars(extend("volatile" = true))]
    not_before: Option<String>,
    /// Only with `earlyRenewalDuration`.
    pending_renewal: bool,
    #[schemars(extend("volatile" = true))]
    renewal_eligibility: Option<String>,
    #[schemars(extend("volatile" = true))]
    renewal_summaries: Vec<RenewalSummary>,
    #[schemars(extend("volatile" = true))]
    status: String,
    #[serde(rename = "type")]
    kind: String,
    validation_emails: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DomainValidationOption {
    domain_name: String,
    resource_record_name: String,
    resource_record_type: String,
    resource_record_value: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RenewalSummary {
    renewal_status: String,
    renewal_status_reason: String,
    updated_at: String,
}

impl Resource for Certificate {
    const TYPE: &'static str = "aws:acm/certificate:Certificate";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "earlyRenewalDuration",
        "it renews only if somebody runs `up` on the right day; ACM renews by itself 60 days before the end",
    )];
    /// No token guards an import.
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let key = new.private_key.is_some() || new.private_key_wo.is_some();
        if new.private_key.is_some() && new.private_key_wo.is_some() {
            return Err(Error::invalid("privateKeyWo", "excludes `privateKey`"));
        }
        if key != new.certificate_body.is_some() {
            let (lacks, has) = if key {
                ("certificateBody", "privateKey")
            } else {
                ("privateKey", "certificateBody")
            };
            return Err(Error::invalid(lacks, format!("is needed with `{has}`")));
        }
        if new.certificate_chain.is_some() && !key {
            let rule = "is for an imported certificate, with `certificateBody` and `privateKey`";
            return Err(Error::invalid("certificateChain", rule));
        }
        for (property, set) in [
            ("domainName", new.domain_name.is_some()),
            ("subjectAlternativeNames", new.subject_alternative_names.is_some()),
            ("validationMethod", new.validation_method.is_some()),
            ("validationOptions", new.validation_options.is_some()),
            ("keyAlgorithm", new.key_algorithm.is_some()),
            ("certificateAuthorityArn", new.certificate_authority_arn.is_some()),
            ("options", new.options.is_some()),
        ] {
            if set && key {
                return Err(Error::invalid(property, "is not for an imported certificate"));
            }
        }
        if key {
            return Ok(());
        }
        if new.domain_name.is_none() {
            let rule = "is needed, or `certificateBody` and `privateKey` to import one";
            return Err(Error::invalid("domainName", rule));
        }
        let private = new.certificate_authority_arn.is_some();
        if private == new.validation_method.is_some() {
            let rule = if private {
                "is not for a certificate of a private authority"
            } else {
                "is needed: `DNS` or `EMAIL`"
            };
            return Err(Error::invalid("validationMethod", rule));
        }
        Ok(())
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        match path {
            "certificateBody" | "certificateChain" => {
                let pem = |it: &Value| it.as_str().map(|it| it.trim().replace("\r\n", "\n"));
                pem(wanted).is_some_and(|it| Some(it) == pem(live))
            }
            "subjectAlternativeNames" => same_names(wanted, live),
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let tags = sdk_tags(cx.birth_tags(&new.tags))?;
        if new.certificate_body.is_some() {
            let call = cx.aws.acm().import_certificate().set_tags(Some(tags));
            let call = call
                .set_certificate(pem(new.certificate_body.as_ref()))
                .set_certificate_chain(pem(new.certificate_chain.as_ref()))
                .set_private_key(pem(new.key()));
            let reply = call.send().await?;
            return reply.certificate_arn.ok_or(Error::missing("CertificateArn"));
        }
        let domains = new.validation_options.as_ref().map(|all| {
            let domain = |it: &ValidationOption| {
                let option = types::DomainValidationOption::builder().domain_name(&it.domain_name);
                built(option.validation_domain(&it.validation_domain).build())
            };
            all.0.iter().map(domain).collect::<Result<Vec<_>>>()
        });
        let reply = cx
            .aws
            .acm()
            .request_certificate()
            .set_domain_name(new.domain_name.clone())
            .set_subject_alternative_names(
                new.subject_alternative_names.as_ref().map(|it| it.0.clone()),
            )
            .set_validation_method(new.validation_method.as_deref().map(Method::from))
            .set_domain_validation_options(domains.transpose()?)
            .set_key_algorithm(new.key_algorithm.as_deref().map(KeyAlgorithm::from))
            .set_certificate_authority_arn(new.certificate_authority_arn.clone())
            .set_options(new.options.as_ref().map(Options::sdk))
            // A token has no hyphens.
            .idempotency_token(cx.op.replace('-', "_"))
            .set_tags(Some(tags))
            .send()
            .await?;
        reply.certificate_arn.ok_or(Error::missing("CertificateArn"))
    }

    /// Until its proofs are known, which takes up to a minute; not until it is
    /// issued, which takes records that may be in the same program. Nobody
    /// needs to prove anything for a private authority.
    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let known = || async {
            let Some(live) = describe(cx, arn).await? else { return Ok(None) };
            if live.status == Some(Status::Failed) {
                let reason = live.failure_reason.map(|it| it.as_str().to_owned());
                let reason = reason.unwrap_or_else(|| "without a reason".to_owned());
                return Err(Error::failed(format!("the request failed: {reason}")));
            }
            let proofs = live.domain_validation_options();
            let known = match live.r#type {
                Some(Kind::AmazonIssued) => {
                    let all = proofs.iter().all(|it| match it.validation_method {
                        Some(Method::Email) => !it.validation_emails().is_empty(),
                        _ => it.resource_record.is_some(),
                    });
                    live.status != Some(Status::PendingValidation) || (!proofs.is_empty() && all)
                }
                Some(Kind::Private) => live.status != Some(Status::PendingValidation),
                _ => true,
            };
            Ok(known.then_some(()))
        };
        cx.wait("its validation records", Duration::from_secs(300), known).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(live) = describe(cx, arn).await? else { return Ok(None) };
        // 72 hours without a proof: it will never be issued.
        if live.status == Some(Status::ValidationTimedOut) {
            return Ok(None);
        }
        let imported = live.r#type == Some(Kind::Imported);
        let text = if imported && (cx.asks("certificateBody") || cx.asks("certificateChain")) {
            let reply = cx.aws.acm().get_certificate().certificate_arn(arn).send().await;
            Some(seen(reply, MISSING, "the certificate")?)
        } else {
            None
        };
        let (body, chain) =
            text.map(|it| (it.certificate, it.certificate_chain)).unwrap_or_default();
        let tags = if cx.asks("tags") { tags_raw(cx, arn).await? } else { Vec::new() };
        let inputs = Inputs {
            certificate_body: body,
            certificate_chain: chain.filter(|it| !it.is_empty()),
            ..live_inputs(&live, Tags::live(tags))
        };
        Ok(Some(outputs(arn, &live, inputs)))
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.certificate_body.is_some() && new.certificate_body.is_none() {
            let rule = "cannot go: an imported certificate does not become a requested one; give the resource another name";
            return Err(Error::invalid("certificateBody", rule));
        }
        let imports = old.certificate_body != new.certificate_body
            || old.certificate_chain != new.certificate_chain
            || old.key() != new.key()
            || old.private_key_wo_version != new.private_key_wo_version;
        if imports && new.certificate_body.is_some() {
            let call = cx.aws.acm().import_certificate().certificate_arn(arn);
            call.set_certificate(pem(new.certificate_body.as_ref()))
                .set_certificate_chain(pem(new.certificate_chain.as_ref()))
                .set_private_key(pem(new.key()))
                .send()
                .await?;
        }
        retag(cx, arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.acm().delete_certificate().certificate_arn(arn).send().await;
        absent(reply, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        // Without the filter the list holds RSA_2048 only.
        let keys = [
            KeyAlgorithm::EcPrime256v1,
            KeyAlgorithm::EcSecp384r1,
            KeyAlgorithm::EcSecp521r1,
            KeyAlgorithm::Rsa1024,
            KeyAlgorithm::Rsa2048,
            KeyAlgorithm::Rsa3072,
            KeyAlgorithm::Rsa4096,
        ];
        let keys = types::Filters::builder().set_key_types(Some(keys.into())).build();
        let call = cx.aws.acm().list_certificates().includes(keys);
        let all: std::result::Result<Vec<_>, _> =
            call.into_paginator().items().send().collect().await;
        for it in all? {
            let fits = match &inputs.domain_name {
                Some(name) => it.domain_name.as_ref() == Some(name),
                None => it.r#type == Some(Kind::Imported),
            };
            let Some(arn) = it.certificate_arn.filter(|_| fits) else { continue };
            if cx.made(tags_raw(cx, &arn).await?) {
                return Ok(Some(arn));
            }
        }
        Ok(None)
    }
}

impl Inputs {
    fn key(&self) -> Option<&String> {
        self.private_key.as_ref().or(self.private_key_wo.as_ref()).map(|it| &it.0)
    }
}

impl Options {
    fn sdk(&self) -> types::CertificateOptions {
        let export = self.export.as_deref();
        types::CertificateOptions::builder().set_export(export.map(Into::into)).build()
    }
}

fn pem(text: Option<&String>) -> Option<Blob> {
    text.map(|it| Blob::new(it.as_bytes()))
}

/// A program may leave the domain itself, the first of the live names, out.
fn same_names(wanted: &Value, live: &Value) -> bool {
    let names = |it: &Value| -> Vec<String> {
        let all = it.as_list().unwrap_or_default().iter();
        all.filter_map(Value::as_str).map(str::to_lowercase).collect()
    };
    let (wanted, live) = (names(wanted), names(live));
    let Some(domain) = live.first() else { return wanted.is_empty() };
    wanted.iter().all(|it| live.contains(it))
        && live.iter().all(|it| it == domain || wanted.contains(it))
}

pub(super) async fn describe(cx: &Cx, arn: &str) -> Result<Option<types::CertificateDetail>> {
    let reply = cx.aws.acm().describe_certificate().certificate_arn(arn).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| it.certificate))
}

/// The certificate's own domain, then the others in the order of the request.
fn names(live: &types::CertificateDetail) -> Vec<String> {
    let mut names: Vec<String> = live.domain_name.iter().cloned().collect();
    for name in live.subject_alternative_names() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Everything but the texts of an imported certificate.
fn live_inputs(live: &types::CertificateDetail, tags: Tags) -> Inputs {
    let method = live.domain_validation_options().first();
    let method = method.and_then(|it| it.validation_method.as_ref());
    let algorithm = live.key_algorithm.as_ref();
    let export = live.options.as_ref().and_then(|it| it.export.as_ref());
    let options = export.map(|it| Options {
        certificate_transparency_logging_preference: None,
        export: Some(it.as_str().to_owned()),
    });
    Inputs {
        domain_name: live.domain_name.clone(),
        subject_alternative_names: Some(Set(names(live))),
        validation_method: method.map(|it| it.as_str().to_owned()),
        validation_options: None,
        // `RSA-2048` and `RSA_2048` are both around.
        key_algorithm: algorithm.map(|it| it.as_str().replace('-', "_")),
        certificate_authority_arn: live.certificate_authority_arn.clone(),
        options,
        certificate_body: None,
        certificate_chain: None,
        private_key: None,
        private_key_wo: None,
        private_key_wo_version: None,
        tags,
    }
}

fn outputs(arn: &str, live: &types::CertificateDetail, inputs: Inputs) -> Outputs {
    let names = names(live);
    let place = |domain: &str| names.iter().position(|it| it == domain);
    let mut proofs: Vec<&types::DomainValidation> =
        live.domain_validation_options().iter().collect();
    proofs.sort_by_key(|it| place(&it.domain_name).unwrap_or(usize::MAX));
    let records = proofs.iter().filter_map(|it| {
        let record = it.resource_record.as_ref()?;
        Some(DomainValidationOption {
            domain_name: it.domain_name.clone(),
            resource_record_name: record.name.clone(),
            resource_record_type: record.r#type.as_str().to_owned(),
            resource_record_value: record.value.clone(),
        })
    });
    let emails = proofs.iter().flat_map(|it| it.validation_emails()).cloned();
    let renewals = live.renewal_summary.iter().map(|it| {
        let reason = it.renewal_status_reason.as_ref();
        RenewalSummary {
            renewal_status: it.renewal_status.as_str().to_owned(),
            renewal_status_reason: reason.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            updated_at: moment(&it.updated_at).unwrap_or_default(),
        }
    });
    let eligibility = live.renewal_eligibility.as_ref();
    Outputs {
        arn: arn.to_owned(),
        domain_validation_options: records.collect(),
        not_after: live.not_after.as_ref().and_then(moment),
        not_before: live.not_before.as_ref().and_then(moment),
        pending_renewal: false,
        renewal_eligibility: eligibility.map(|it| it.as_str().to_owned()),
        renewal_summaries: renewals.collect(),
        status: live.status.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        kind: live.r#type.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        validation_emails: emails.collect(),
        inputs,
    }
}

fn moment(it: &DateTime) -> Option<String> {
    it.fmt(DateTimeFormat::DateTime).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_itself_may_be_left_out_of_the_names() {
        let list = |names: &[&str]| Value::List(names.iter().map(|it| (*it).into()).collect());
        let live = list(&["example.com", "www.example.com"]);
        assert!(same_names(&list(&["www.example.com"]), &live));
        assert!(same_names(&list(&["WWW.example.com", "example.com"]), &live));
        assert!(!same_names(&list(&["example.com"]), &live));
        assert!(!same_names(&list(&["www.example.com", "api.example.com"]), &live));
    }
}
