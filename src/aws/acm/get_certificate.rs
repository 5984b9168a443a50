//! `aws:acm/getCertificate:getCertificate`: the one certificate that the
//! arguments describe.

use aws_sdk_acm::types::{self as sdk, CertificateStatus as Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tags_raw;
use crate::{aws::check_tags, provider::*};

pub(super) struct GetCertificate;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Its first domain.
    domain: Option<String>,
    /// `RSA_2048`; any, unless some are named.
    key_types: Option<Vec<String>>,
    /// The last one, where several match.
    #[serde(default)]
    most_recent: bool,
    /// `ISSUED`, unless others are named.
    statuses: Option<Vec<String>>,
    /// Only a certificate with these tags, among others, is an answer.
    #[serde(default)]
    tags: Tags,
    /// `AMAZON_ISSUED`, `IMPORTED`, `PRIVATE`; any, unless some are named.
    types: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    /// In PEM, once it is issued.
    certificate: Option<String>,
    certificate_chain: Option<String>,
    domain: String,
    key_types: Option<Vec<String>>,
    most_recent: bool,
    status: String,
    statuses: Option<Vec<String>>,
    tags: Tags,
    types: Option<Vec<String>>,
    region: String,
}

impl Function for GetCertificate {
    const TOKEN: &'static str = "aws:acm/getCertificate:getCertificate";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        if args.domain.is_none() && args.tags.0.is_empty() {
            return Err(Error::invalid("domain", "or `tags` is needed"));
        }
        let mut found = Vec::new();
        for it in listed(cx, args).await? {
            let arn = it.certificate_arn.clone().ok_or(Error::missing("CertificateArn"))?;
            let tags = Tags::live(tags_raw(cx, &arn).await?);
            if check_tags(Some(&args.tags), &tags).is_ok() {
                found.push((arn, tags, it));
            }
        }
        if found.len() > 1 && !args.most_recent {
            let rule = "several certificates match: `mostRecent: true` takes the last of them";
            return Err(Error::invalid("domain", rule));
        }
        // Imported ones have no time of issue.
        found.sort_by_key(|(.., it)| {
            it.issued_at.or(it.imported_at).or(it.created_at).map(|it| it.as_nanos())
        });
        let none = || Error::invalid("domain", "no certificate matches");
        let (arn, tags, live) = found.pop().ok_or_else(none)?;
        let (certificate, certificate_chain) = match live.status {
            Some(Status::Issued) => {
                let call = cx.aws.acm().get_certificate().certificate_arn(&arn);
                let reply = call.send().await?;
                (reply.certificate, reply.certificate_chain)
            }
            _ => (None, None),
        };
        Ok(Output {
            id: arn.clone(),
            arn,
            certificate,
            certificate_chain,
            domain: live.domain_name.unwrap_or_default(),
            key_types: args.key_types.clone(),
            most_recent: args.most_recent,
            status: live.status.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            statuses: args.statuses.clone(),
            tags,
            types: args.types.clone(),
            region: cx.place.region.clone(),
        })
    }
}

/// ACM leaves all but one kind of key out, unless they are named.
async fn listed(cx: &Cx, args: &Args) -> Result<Vec<sdk::CertificateSummary>> {
    let kinds: Vec<sdk::KeyAlgorithm> = match &args.key_types {
        Some(kinds) => kinds.iter().map(|it| it.as_str().into()).collect(),
        None => sdk::KeyAlgorithm::values().iter().map(|it| (*it).into()).collect(),
    };
    let statuses: Vec<Status> = match &args.statuses {
        Some(statuses) => statuses.iter().map(|it| it.as_str().into()).collect(),
        None => vec![Status::Issued],
    };
    let call = cx.aws.acm().list_certificates().set_certificate_statuses(Some(statuses));
    let call = call.includes(sdk::Filters::builder().set_key_types(Some(kinds)).build());
    let mut all: Vec<sdk::CertificateSummary> =
        call.into_paginator().items().send().try_collect().await?;
    let fits = |it: &sdk::CertificateSummary| {
        let kind = it.r#type.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default();
        args.domain.as_ref().is_none_or(|domain| it.domain_name.as_ref() == Some(domain))
            && args.types.as_ref().is_none_or(|types| types.contains(&kind))
    };
    all.retain(fits);
    Ok(all)
}
