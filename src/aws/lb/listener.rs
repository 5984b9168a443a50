//! `aws:lb/listener:Listener`. The id is the listener's ARN.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types;
use futures_util::future;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attributes, MISSING,
    action::{self, Action},
    batched, birth_tags, changed, made, retag, tags,
};
use crate::{
    aws::error::{absent, seen},
    model::Value,
    provider::*,
};

pub(super) struct Listener;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    pub(super) load_balancer_arn: String,
    /// A Gateway Load Balancer's listener has neither port nor protocol.
    #[schemars(range(min = 1, max = 65_535))]
    pub(super) port: Option<i32>,
    #[schemars(extend("computed" = true))]
    pub(super) protocol: Option<CiString>,
    pub(super) default_actions: Vec<Action>,
    pub(super) certificate_arn: Option<String>,
    /// The account's default for HTTPS and TLS.
    #[schemars(extend("computed" = true))]
    pub(super) ssl_policy: Option<String>,
    #[schemars(extend("enum" = [
        "HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None",
    ]))]
    pub(super) alpn_policy: Option<String>,
    pub(super) mutual_authentication: Option<MutualAuthentication>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_mtls_clientcert_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_mtls_clientcert_issuer_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_mtls_clientcert_leaf_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_mtls_clientcert_subject_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_mtls_clientcert_validity_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_tls_cipher_suite_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_request_x_amzn_tls_version_header_name: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_access_control_allow_credentials_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_access_control_allow_headers_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_access_control_allow_methods_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_access_control_allow_origin_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_access_control_expose_headers_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_access_control_max_age_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_content_security_policy_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_server_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    routing_http_response_strict_transport_security_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_x_content_type_options_header_value: Option<String>,
    #[schemars(extend("computed" = true))]
    routing_http_response_x_frame_options_header_value: Option<String>,
    #[schemars(extend("computed" = true), range(min = 60, max = 6000))]
    tcp_idle_timeout_seconds: Option<i32>,
    #[serde(default)]
    pub(super) tags: Tags,
}

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MutualAuthentication {
    #[schemars(extend("enum" = ["off", "passthrough", "verify"]))]
    mode: String,
    #[schemars(extend("computed" = true))]
    trust_store_arn: Option<String>,
    #[schemars(extend("computed" = true))]
    ignore_client_certificate_expiry: Option<bool>,
    #[schemars(extend("computed" = true, "enum" = ["on", "off"]))]
    advertise_trust_store_ca_names: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
}

impl Resource for Listener {
    const TYPE: &'static str = "aws:lb/listener:Listener";
    const ALIASES: &'static [&'static str] =
        &["aws:alb/listener:Listener", "aws:elasticloadbalancingv2/listener:Listener"];
    const KEY: &'static [&'static str] = &["loadBalancerArn", "port"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        action::check("defaultActions", &new.default_actions)?;
        let gateway = new.load_balancer_arn.contains(":loadbalancer/gwy/");
        let application = new.load_balancer_arn.contains(":loadbalancer/app/");
        for (property, set, needed) in [
            ("port", new.port.is_some(), !gateway),
            ("protocol", new.protocol.is_some(), !gateway && !application),
        ] {
            if set && gateway {
                let rule = "is not for a Gateway Load Balancer's listener";
                return Err(Error::invalid(property, rule));
            }
            if needed && !set {
                return Err(Error::invalid(property, "is needed"));
            }
        }
        let secure = new.protocol.as_ref().is_some_and(|it| {
            it.0.eq_ignore_ascii_case("https") || it.0.eq_ignore_ascii_case("tls")
        });
        if secure && new.certificate_arn.is_none() {
            return Err(Error::invalid("certificateArn", "is needed for HTTPS and TLS"));
        }
        for (property, set) in [
            ("certificateArn", new.certificate_arn.is_some()),
            ("sslPolicy", new.ssl_policy.is_some()),
            ("mutualAuthentication", new.mutual_authentication.is_some()),
        ] {
            if set && !secure {
                return Err(Error::invalid(property, "is for HTTPS and TLS only"));
            }
        }
        if let Some(it) = &new.mutual_authentication
            && (it.mode == "verify") != it.trust_store_arn.is_some()
        {
            let rule = "is for the mode `verify`, which needs it";
            return Err(Error::invalid("mutualAuthentication.trustStoreArn", rule));
        }
        Ok(())
    }

    fn same(path: &str, _: &Value, live: &Value) -> bool {
        action::same(path, live)
    }

    /// Creating one that exists with the same settings succeeds: look first,
    /// so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(arn) = by_port(cx, new).await? {
            let ours = made(cx, &arn).await?;
            let taken = Error::not_ours("a listener on this port");
            return if ours { Ok(arn) } else { Err(taken) };
        }
        // As in Pulumi: HTTP for an Application Load Balancer.
        let application = new.load_balancer_arn.contains(":loadbalancer/app/");
        let http = application.then_some(types::ProtocolEnum::Http);
        let call = cx.aws.lb().create_listener().load_balancer_arn(&new.load_balancer_arn);
        let reply = call
            .set_port(new.port)
            .set_protocol(new.protocol.as_ref().map(protocol).or(http))
            .set_default_actions(Some(action::to_sdk(&new.default_actions)))
            .set_certificates(new.certificate_arn.as_deref().map(certificates))
            .set_ssl_policy(new.ssl_policy.clone())
            .set_alpn_policy(new.alpn_policy.clone().map(|it| vec![it]))
            .set_mutual_authentication(new.mutual_authentication.as_ref().map(mutual))
            .set_tags(birth_tags(cx, &new.tags))
            .send()
            .await?;
        let made = reply.listeners.unwrap_or_default().into_iter().next();
        made.and_then(|it| it.listener_arn).ok_or(Error::missing("ListenerArn"))
    }

    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        set_attributes(cx, arn, attributes(new)).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[arn.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = batched(arns, |arns| async {
            let call = cx.aws.lb().describe_listeners().set_listener_arns(Some(arns));
            let reply = absent(call.send().await, MISSING)?;
            Ok(reply.map(|it| it.listeners.unwrap_or_default()))
        })
        .await?;
        let mut found: HashMap<String, types::Listener> =
            found.into_iter().filter_map(|it| Some((it.listener_arn.clone()?, it))).collect();
        let there: Vec<String> = found.keys().cloned().collect();
        let mut tags = tags(cx, &there).await?;
        let attributes = there
            .iter()
            .map(|arn| async move { Result::Ok((arn, live_attributes(cx, arn).await?)) });
        let attributes: HashMap<&String, HashMap<String, String>> =
            future::try_join_all(attributes).await?.into_iter().collect();
        let none = HashMap::new();
        let read = |arn: &String| {
            let attributes = attributes.get(arn).unwrap_or(&none);
            let tags = tags.remove(arn).unwrap_or_default();
            found.remove(arn).map(|it| outputs(arn, it, attributes, tags))
        };
        Ok(arns.iter().map(read).collect())
    }

    /// What is left out stays as it is.
    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let mut call = cx.aws.lb().modify_listener().listener_arn(arn);
        let mut changes = false;
        if old.port != new.port {
            call = call.set_port(new.port);
            changes = true;
        }
        if old.protocol != new.protocol {
            call = call.set_protocol(new.protocol.as_ref().map(protocol));
            changes = true;
        }
        if old.default_actions != new.default_actions {
            call = call.set_default_actions(Some(action::to_sdk(&new.default_actions)));
            changes = true;
        }
        if old.certificate_arn != new.certificate_arn {
            call = call.set_certificates(new.certificate_arn.as_deref().map(certificates));
            changes = true;
        }
        if old.ssl_policy != new.ssl_policy {
            call = call.set_ssl_policy(new.ssl_policy.clone());
            changes = true;
        }
        if old.alpn_policy != new.alpn_policy {
            call = call.alpn_policy(new.alpn_policy.as_deref().unwrap_or("None"));
            changes = true;
        }
        if old.mutual_authentication != new.mutual_authentication {
            let off = || types::MutualAuthenticationAttributes::builder().mode("off").build();
            let wanted = new.mutual_authentication.as_ref();
            // Without a certificate there is nothing to switch off.
            let secure = new.certificate_arn.is_some();
            call = call.set_mutual_authentication(wanted.map(mutual).or_else(|| secure.then(off)));
            changes = true;
        }
        if changes {
            call.send().await?;
        }
        set_attributes(cx, arn, changed(&attributes(old), &attributes(new), &[])).await?;
        retag(cx, arn, &old.tags, &new.tags).await
    }

    /// Its rules go with it.
    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.lb().delete_listener().listener_arn(arn);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(arn) = by_port(cx, inputs).await? else { return Ok(None) };
        Ok(made(cx, &arn).await?.then_some(arn))
    }
}

/// The properties that only `DescribeListenerAttributes` tells.
const ATTRIBUTE_PROPERTIES: &[&str] = &[
    "routingHttpRequestXAmznMtlsClientcertHeaderName",
    "routingHttpRequestXAmznMtlsClientcertIssuerHeaderName",
    "routingHttpRequestXAmznMtlsClientcertLeafHeaderName",
    "routingHttpRequestXAmznMtlsClientcertSerialNumberHeaderName",
    "routingHttpRequestXAmznMtlsClientcertSubjectHeaderName",
    "routingHttpRequestXAmznMtlsClientcertValidityHeaderName",
    "routingHttpRequestXAmznTlsCipherSuiteHeaderName",
    "routingHttpRequestXAmznTlsVersionHeaderName",
    "routingHttpResponseAccessControlAllowCredentialsHeaderValue",
    "routingHttpResponseAccessControlAllowHeadersHeaderValue",
    "routingHttpResponseAccessControlAllowMethodsHeaderValue",
    "routingHttpResponseAccessControlAllowOriginHeaderValue",
    "routingHttpResponseAccessControlExposeHeadersHeaderValue",
    "routingHttpResponseAccessControlMaxAgeHeaderValue",
    "routingHttpResponseContentSecurityPolicyHeaderValue",
    "routingHttpResponseServerEnabled",
    "routingHttpResponseStrictTransportSecurityHeaderValue",
    "routingHttpResponseXContentTypeOptionsHeaderValue",
    "routingHttpResponseXFrameOptionsHeaderValue",
    "tcpIdleTimeoutSeconds",
];

/// An empty text takes a header out again.
fn attributes(it: &Inputs) -> Attributes {
    let given = [
        (
            "routing.http.request.x_amzn_mtls_clientcert.header_name",
            it.routing_http_request_x_amzn_mtls_clientcert_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
            it.routing_http_request_x_amzn_mtls_clientcert_issuer_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
            it.routing_http_request_x_amzn_mtls_clientcert_leaf_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
            it.routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
            it.routing_http_request_x_amzn_mtls_clientcert_subject_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
            it.routing_http_request_x_amzn_mtls_clientcert_validity_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_tls_cipher_suite.header_name",
            it.routing_http_request_x_amzn_tls_cipher_suite_header_name.clone(),
        ),
        (
            "routing.http.request.x_amzn_tls_version.header_name",
            it.routing_http_request_x_amzn_tls_version_header_name.clone(),
        ),
        (
            "routing.http.response.access_control_allow_credentials.header_value",
            it.routing_http_response_access_control_allow_credentials_header_value.clone(),
        ),
        (
            "routing.http.response.access_control_allow_headers.header_value",
            it.routing_http_response_access_control_allow_headers_header_value.clone(),
        ),
        (
            "routing.http.response.access_control_allow_methods.header_value",
            it.routing_http_response_access_control_allow_methods_header_value.clone(),
        ),
        (
            "routing.http.response.access_control_allow_origin.header_value",
            it.routing_http_response_access_control_allow_origin_header_value.clone(),
        ),
        (
            "routing.http.response.access_control_expose_headers.header_value",
            it.routing_http_response_access_control_expose_headers_header_value.clone(),
        ),
        (
            "routing.http.response.access_control_max_age.header_value",
            it.routing_http_response_access_control_max_age_header_value.clone(),
        ),
        (
            "routing.http.response.content_security_policy.header_value",
            it.routing_http_response_content_security_policy_header_value.clone(),
        ),
        (
            "routing.http.response.server.enabled",
            it.routing_http_response_server_enabled.map(|it| it.to_string()),
        ),
        (
            "routing.http.response.strict_transport_security.header_value",
            it.routing_http_response_strict_transport_security_header_value.clone(),
        ),
        (
            "routing.http.response.x_content_type_options.header_value",
            it.routing_http_response_x_content_type_options_header_value.clone(),
        ),
        (
            "routing.http.response.x_frame_options.header_value",
            it.routing_http_response_x_frame_options_header_value.clone(),
        ),
        ("tcp.idle_timeout.seconds", it.tcp_idle_timeout_seconds.map(|it| it.to_string())),
    ];
    given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

async fn set_attributes(cx: &Cx, arn: &str, attributes: Attributes) -> Result<()> {
    if attributes.is_empty() {
        return Ok(());
    }
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| types::ListenerAttribute::builder().key(key).value(value).build());
    let call = cx.aws.lb().modify_listener_attributes().listener_arn(arn);
    call.set_attributes(Some(attributes.collect())).send().await?;
    Ok(())
}

async fn live_attributes(cx: &Cx, arn: &str) -> Result<HashMap<String, String>> {
    if !ATTRIBUTE_PROPERTIES.iter().any(|it| cx.asks(it)) {
        return Ok(HashMap::new());
    }
    let call = cx.aws.lb().describe_listener_attributes().listener_arn(arn);
    let reply = seen(call.send().await, MISSING, "the listener")?;
    let all = reply.attributes.unwrap_or_default().into_iter();
    Ok(all.filter_map(|it| Some((it.key?, it.value?))).filter(|it| !it.1.is_empty()).collect())
}

fn protocol(it: &CiString) -> types::ProtocolEnum {
    it.0.to_uppercase().as_str().into()
}

fn certificates(arn: &str) -> Vec<types::Certificate> {
    vec![types::Certificate::builder().certificate_arn(arn).build()]
}

fn mutual(it: &MutualAuthentication) -> types::MutualAuthenticationAttributes {
    let advertise = it.advertise_trust_store_ca_names.as_deref();
    types::MutualAuthenticationAttributes::builder()
        .mode(&it.mode)
        .set_trust_store_arn(it.trust_store_arn.clone())
        .set_ignore_client_certificate_expiry(it.ignore_client_certificate_expiry)
        .set_advertise_trust_store_ca_names(advertise.map(Into::into))
        .build()
}

/// A load balancer has one listener per port.
async fn by_port(cx: &Cx, new: &Inputs) -> Result<Option<String>> {
    let call = cx.aws.lb().describe_listeners().load_balancer_arn(&new.load_balancer_arn);
    let all: std::result::Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let all = absent(all, MISSING)?.unwrap_or_default();
    Ok(all.into_iter().find(|it| it.port == new.port).and_then(|it| it.listener_arn))
}

fn outputs(
    arn: &str,
    live: types::Listener,
    attributes: &HashMap<String, String>,
    tags: Tags,
) -> Outputs {
    let text = |key: &str| attributes.get(key).cloned();
    let first_certificate = live.certificates.unwrap_or_default().into_iter().next();
    let mutual = live.mutual_authentication.and_then(|it| {
        let advertise = it.advertise_trust_store_ca_names;
        Some(MutualAuthentication {
            mode: it.mode?,
            trust_store_arn: it.trust_store_arn,
            ignore_client_certificate_expiry: it.ignore_client_certificate_expiry,
            advertise_trust_store_ca_names: advertise.map(|it| it.as_str().to_owned()),
        })
    });
    let inputs = Inputs {
        load_balancer_arn: live.load_balancer_arn.unwrap_or_default(),
        port: live.port,
        protocol: live.protocol.map(|it| CiString(it.as_str().to_owned())),
        default_actions: action::live(live.default_actions),
        certificate_arn: first_certificate.and_then(|it| it.certificate_arn),
        ssl_policy: live.ssl_policy,
        alpn_policy: live.alpn_policy.unwrap_or_default().into_iter().next(),
        mutual_authentication: mutual,
        routing_http_request_x_amzn_mtls_clientcert_header_name: text(
            "routing.http.request.x_amzn_mtls_clientcert.header_name",
        ),
        routing_http_request_x_amzn_mtls_clientcert_issuer_header_name: text(
            "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        ),
        routing_http_request_x_amzn_mtls_clientcert_leaf_header_name: text(
            "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        ),
        routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name: text(
            "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        ),
        routing_http_request_x_amzn_mtls_clientcert_subject_header_name: text(
            "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        ),
        routing_http_request_x_amzn_mtls_clientcert_validity_header_name: text(
            "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        ),
        routing_http_request_x_amzn_tls_cipher_suite_header_name: text(
            "routing.http.request.x_amzn_tls_cipher_suite.header_name",
        ),
        routing_http_request_x_amzn_tls_version_header_name: text(
            "routing.http.request.x_amzn_tls_version.header_name",
        ),
        routing_http_response_access_control_allow_credentials_header_value: text(
            "routing.http.response.access_control_allow_credentials.header_value",
        ),
        routing_http_response_access_control_allow_headers_header_value: text(
            "routing.http.response.access_control_allow_headers.header_value",
        ),
        routing_http_response_access_control_allow_methods_header_value: text(
            "routing.http.response.access_control_allow_methods.header_value",
        ),
        routing_http_response_access_control_allow_origin_header_value: text(
            "routing.http.response.access_control_allow_origin.header_value",
        ),
        routing_http_response_access_control_expose_headers_header_value: text(
            "routing.http.response.access_control_expose_headers.header_value",
        ),
        routing_http_response_access_control_max_age_header_value: text(
            "routing.http.response.access_control_max_age.header_value",
        ),
        routing_http_response_content_security_policy_header_value: text(
            "routing.http.response.content_security_policy.header_value",
        ),
        routing_http_response_server_enabled: text("routing.http.response.server.enabled")
            .map(|it| it == "true"),
        routing_http_response_strict_transport_security_header_value: text(
            "routing.http.response.strict_transport_security.header_value",
        ),
        routing_http_response_x_content_type_options_header_value: text(
            "routing.http.response.x_content_type_options.header_value",
        ),
        routing_http_response_x_frame_options_header_value: text(
            "routing.http.response.x_frame_options.header_value",
        ),
        tcp_idle_timeout_seconds: text("tcp.idle_timeout.seconds").and_then(|it| it.parse().ok()),
        tags,
    };
    Outputs { inputs, arn: arn.to_owned() }
}
