//! `aws:lb/getListener:getListener`: a listener by its ARN, or by its load
//! balancer and port. The id is its ARN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Document, json};

use super::{MISSING, listener::Listener};
use crate::{
    aws::{check_tags, error::absent},
    provider::*,
};

pub(super) struct GetListener;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    arn: Option<String>,
    load_balancer_arn: Option<String>,
    port: Option<i32>,
    /// Only one with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    alpn_policy: Option<String>,
    arn: String,
    certificate_arn: Option<String>,
    /// As those of the resource, with a list in place of each part.
    default_actions: Vec<Map<String, Document>>,
    load_balancer_arn: String,
    mutual_authentications: Vec<Map<String, Document>>,
    port: Option<i32>,
    protocol: Option<String>,
    ssl_policy: Option<String>,
    tags: Tags,
    region: String,
}

impl Function for GetListener {
    const TOKEN: &'static str = "aws:lb/getListener:getListener";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || Error::invalid("arn", "there is no such listener");
        let arn = match (&args.arn, &args.load_balancer_arn, args.port) {
            (Some(arn), None, None) => arn.clone(),
            (None, Some(balancer), Some(port)) => {
                on_port(cx, balancer, port).await?.ok_or_else(none)?
            }
            _ => {
                let rule = "is needed, or `loadBalancerArn` with `port`";
                return Err(Error::invalid("arn", rule));
            }
        };
        let live = Listener::read(cx, &arn).await?.ok_or_else(none)?;
        check_tags(args.tags.as_ref(), &live.inputs.tags)?;
        let actions = live.inputs.default_actions.iter().map(|it| listed(it, PARTS));
        let mutual = live.inputs.mutual_authentication.iter().map(|it| listed(it, &[]));
        Ok(Output {
            id: arn,
            alpn_policy: live.inputs.alpn_policy.clone(),
            certificate_arn: live.inputs.certificate_arn.clone(),
            default_actions: actions.collect::<Result<_>>()?,
            load_balancer_arn: live.inputs.load_balancer_arn.clone(),
            mutual_authentications: mutual.collect::<Result<_>>()?,
            port: live.inputs.port,
            protocol: live.inputs.protocol.as_ref().map(|it| it.0.clone()),
            ssl_policy: live.inputs.ssl_policy.clone(),
            tags: live.inputs.tags.clone(),
            arn: live.arn,
            region: cx.place.region.clone(),
        })
    }
}

/// The parts of an action, here and in the function's answer, where they are
/// lists.
const PARTS: &[(&str, &str)] = &[
    ("authenticateCognito", "authenticateCognitos"),
    ("authenticateOidc", "authenticateOidcs"),
    ("fixedResponse", "fixedResponses"),
    ("forward", "forwards"),
    ("jwtValidation", "jwtValidations"),
    ("redirect", "redirects"),
    ("stickiness", "stickinesses"),
];

fn listed(part: &impl Serialize, names: &[(&str, &str)]) -> Result<Map<String, Document>> {
    let broken = |error: serde_json::Error| Error::new(Kind::Broken, "", error.to_string());
    let Document::Object(mut map) = serde_json::to_value(part).map_err(broken)? else {
        return Err(Error::missing("an action"));
    };
    for (one, many) in names {
        if let Some(part) = map.remove(*one) {
            let part = match part {
                Document::Null => json!([]),
                part => json!([listed(&part, names)?]),
            };
            map.insert((*many).to_owned(), part);
        }
    }
    Ok(map)
}

async fn on_port(cx: &Cx, balancer: &str, port: i32) -> Result<Option<String>> {
    let mut pages =
        cx.aws.lb().describe_listeners().load_balancer_arn(balancer).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = absent(page, MISSING)? else { return Ok(None) };
        let mut found = page.listeners.unwrap_or_default().into_iter();
        if let Some(it) = found.find(|it| it.port == Some(port)) {
            return Ok(it.listener_arn);
        }
    }
    Ok(None)
}
