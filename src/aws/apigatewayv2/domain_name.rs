//! `aws:apigatewayv2/domainName:DomainName`. The id is the name.

use std::time::Duration;

use aws_sdk_apigatewayv2::{
    operation::get_domain_name::GetDomainNameOutput,
    types::{
        DomainNameConfiguration, DomainNameStatus, EndpointType, IpAddressType,
        MutualTlsAuthenticationInput, RoutingMode, SecurityPolicy,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, arn, birth_tags, retag, said};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct DomainName;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    domain_name: String,
    domain_name_configuration: Configuration,
    mutual_tls_authentication: Option<MutualTls>,
    #[schemars(extend("computed" = true, "enum" = ["API_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_API_MAPPING"]))]
    routing_mode: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DomainNameDomainNameConfiguration")]
struct Configuration {
    certificate_arn: String,
    #[schemars(extend("enum" = ["REGIONAL"]))]
    endpoint_type: String,
    #[schemars(extend("computed" = true, "enum" = ["ipv4", "dualstack"]))]
    ip_address_type: Option<String>,
    /// Of a certificate that proves who owns the domain, for mutual TLS.
    ownership_verification_certificate_arn: Option<String>,
    security_policy: String,
    /// With `targetDomainName`, what an alias record needs: AWS tells both.
    #[schemars(extend("computed" = true))]
    hosted_zone_id: Option<String>,
    #[schemars(extend("computed" = true))]
    target_domain_name: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DomainNameMutualTlsAuthentication")]
struct MutualTls {
    /// `s3://bucket/truststore.pem`
    truststore_uri: String,
    truststore_version: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    api_mapping_selection_expression: Option<String>,
    arn: String,
}

impl Resource for DomainName {
    const TYPE: &'static str = "aws:apigatewayv2/domainName:DomainName";
    const KEY: &'static [&'static str] = &["domainName"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let own = &new.domain_name_configuration;
        if own.hosted_zone_id.is_some() || own.target_domain_name.is_some() {
            let rule = "AWS tells `hostedZoneId` and `targetDomainName`; they cannot be set";
            return Err(Error::invalid("domainNameConfiguration", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("domainName").and_then(Value::as_str) else {
            return Map::new();
        };
        Map::from([
            ("id".to_owned(), Value::string(name)),
            ("arn".to_owned(), Value::String(arn(place, &path(name)))),
        ])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("apigw-domain:{}", inputs.domain_name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let tls = |it: &MutualTls| {
            MutualTlsAuthenticationInput::builder()
                .truststore_uri(&it.truststore_uri)
                .set_truststore_version(it.truststore_version.clone())
                .build()
        };
        let call = cx.aws.apigatewayv2().create_domain_name().domain_name(&new.domain_name);
        call.domain_name_configurations(configuration(&new.domain_name_configuration))
            .set_mutual_tls_authentication(new.mutual_tls_authentication.as_ref().map(tls))
            .set_routing_mode(new.routing_mode.as_deref().map(RoutingMode::from))
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        Ok(new.domain_name.clone())
    }

    /// An update of the certificate takes minutes.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let available = || async {
            let live = live(cx, id).await?;
            let configuration = live.and_then(|it| it.domain_name_configurations?.pop());
            match configuration.and_then(|it| it.domain_name_status) {
                Some(DomainNameStatus::PendingCertificateReimport) => {
                    Err(Error::failed("the certificate must be imported again"))
                }
                Some(DomainNameStatus::PendingOwnershipVerification) => {
                    let why = "the domain waits for `ownershipVerificationCertificateArn`";
                    Err(Error::failed(why))
                }
                Some(DomainNameStatus::Available) => Ok(Some(())),
                _ => Ok(None),
            }
        };
        cx.wait("the domain name to be available", Duration::from_secs(3600), available).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        live(cx, id).await?.map(|it| outputs(cx, id, it)).transpose()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let own = |it: &Inputs| (it.domain_name_configuration.clone(), it.routing_mode.clone());
        let tls = |it: &Inputs| it.mutual_tls_authentication.clone();
        if own(old) != own(new) || tls(old) != tls(new) {
            let call = cx.aws.apigatewayv2().update_domain_name().domain_name(id);
            // An empty address takes it away.
            let wanted = tls(new)
                .unwrap_or(MutualTls { truststore_uri: String::new(), truststore_version: None });
            let wanted = MutualTlsAuthenticationInput::builder()
                .truststore_uri(wanted.truststore_uri)
                .set_truststore_version(wanted.truststore_version)
                .build();
            call.domain_name_configurations(configuration(&new.domain_name_configuration))
                .set_mutual_tls_authentication((tls(old) != tls(new)).then_some(wanted))
                .set_routing_mode(new.routing_mode.as_deref().map(RoutingMode::from))
                .send()
                .await?;
        }
        retag(cx, &path(id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.apigatewayv2().delete_domain_name().domain_name(id);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.domain_name).await?;
        let ours = live.is_some_and(|it| cx.made(it.tags.iter().flatten()));
        Ok(ours.then(|| inputs.domain_name.clone()))
    }
}

fn path(name: &str) -> String {
    format!("domainnames/{name}")
}

async fn live(cx: &Cx, name: &str) -> Result<Option<GetDomainNameOutput>> {
    let call = cx.aws.apigatewayv2().get_domain_name().domain_name(name);
    absent(call.send().await, MISSING)
}

fn configuration(wanted: &Configuration) -> DomainNameConfiguration {
    let owner = wanted.ownership_verification_certificate_arn.clone();
    DomainNameConfiguration::builder()
        .certificate_arn(&wanted.certificate_arn)
        .endpoint_type(EndpointType::from(wanted.endpoint_type.as_str()))
        .set_ip_address_type(wanted.ip_address_type.as_deref().map(IpAddressType::from))
        .set_ownership_verification_certificate_arn(owner)
        .security_policy(SecurityPolicy::from(wanted.security_policy.as_str()))
        .build()
}

fn outputs(cx: &Cx, name: &str, live: GetDomainNameOutput) -> Result<Outputs> {
    let own = live.domain_name_configurations.and_then(|mut it| it.pop());
    let own = own.ok_or(Error::missing("DomainNameConfigurations"))?;
    let configuration = Configuration {
        certificate_arn: own.certificate_arn.unwrap_or_default(),
        endpoint_type: own.endpoint_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        ip_address_type: own.ip_address_type.map(|it| it.as_str().to_owned()),
        ownership_verification_certificate_arn: said(own.ownership_verification_certificate_arn),
        security_policy: own.security_policy.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        hosted_zone_id: own.hosted_zone_id,
        target_domain_name: own.api_gateway_domain_name,
    };
    let tls = live.mutual_tls_authentication.filter(|it| it.truststore_uri.is_some());
    let inputs = Inputs {
        domain_name: name.to_owned(),
        domain_name_configuration: configuration,
        mutual_tls_authentication: tls.map(|it| MutualTls {
            truststore_uri: it.truststore_uri.unwrap_or_default(),
            truststore_version: said(it.truststore_version),
        }),
        routing_mode: live.routing_mode.map(|it| it.as_str().to_owned()),
        tags: Tags::live(live.tags.unwrap_or_default()),
    };
    Ok(Outputs {
        inputs,
        api_mapping_selection_expression: live.api_mapping_selection_expression,
        arn: arn(&cx.place, &path(name)),
    })
}
