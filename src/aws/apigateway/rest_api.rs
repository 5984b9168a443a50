//! `aws:apigateway/restApi:RestApi`.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_apigateway::{
    primitives::Blob,
    types::{
        ApiKeySourceType, ApiStatus, EndpointAccessMode, EndpointConfiguration, EndpointType,
        IpAddressType, PutMode, RestApi as Live, SecurityPolicy,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Document;

use super::{MISSING, arn, birth_tags, date, every, lost_tags, patch::Patch, retag};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct RestApi;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255))]
    name: String,
    description: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["HEADER", "AUTHORIZER"]))]
    api_key_source: Option<String>,
    binary_media_types: Option<Set<String>>,
    /// An OpenAPI document, JSON or YAML. What else is said here goes before
    /// what it says.
    #[schemars(extend("writeOnly" = true))]
    body: Option<String>,
    #[schemars(extend("computed" = true))]
    disable_execute_api_endpoint: Option<bool>,
    #[schemars(extend("computed" = true, "enum" = ["BASIC", "STRICT"]))]
    endpoint_access_mode: Option<String>,
    #[schemars(extend("computed" = true))]
    endpoint_configuration: Option<Endpoint>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    fail_on_warnings: bool,
    /// Bytes from which on answers are compressed; `-1` for never.
    minimum_compression_size: Option<String>,
    /// Of the import of the body: `basepath`, `ignore`.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    parameters: BTreeMap<String, String>,
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    #[serde(default = "overwrite")]
    #[schemars(extend("writeOnly" = true, "enum" = ["overwrite", "merge"]))]
    put_rest_api_mode: String,
    #[schemars(extend("computed" = true))]
    security_policy: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RestApiEndpointConfiguration")]
pub(super) struct Endpoint {
    #[schemars(extend("enum" = ["EDGE", "REGIONAL", "PRIVATE"]))]
    types: String,
    #[schemars(extend("computed" = true, "enum" = ["ipv4", "dualstack"]))]
    ip_address_type: Option<String>,
    /// Of private APIs.
    #[schemars(extend("computed" = true))]
    vpc_endpoint_ids: Option<Set<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    arn: String,
    created_date: Option<String>,
    execution_arn: String,
    /// Where the paths of the API begin.
    root_resource_id: Option<String>,
}

fn overwrite() -> String {
    "overwrite".to_owned()
}

/// What never compresses.
const NEVER: &str = "-1";

impl Resource for RestApi {
    const TYPE: &'static str = "aws:apigateway/restApi:RestApi";
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let size = new.minimum_compression_size.as_deref().filter(|it| *it != NEVER);
        let fits = |it: &str| it.parse().is_ok_and(|it: i32| (0..=10_485_760).contains(&it));
        if !size.is_none_or(fits) {
            let rule = "is a number of bytes up to 10485760, or -1";
            return Err(Error::invalid("minimumCompressionSize", rule));
        }
        if !new.parameters.is_empty() && new.body.is_none() {
            return Err(Error::invalid("parameters", "are those of the import of a `body`"));
        }
        let endpoint = new.endpoint_configuration.as_ref();
        let private = |it: &Endpoint| it.types == "PRIVATE" || it.vpc_endpoint_ids.is_none();
        if !endpoint.is_none_or(private) {
            let rule = "has `vpcEndpointIds` only when its `types` is `PRIVATE`";
            return Err(Error::invalid("endpointConfiguration", rule));
        }
        Ok(())
    }

    /// An account makes one in three seconds, and deletes one in thirty.
    fn serial(_: &Inputs) -> Option<String> {
        Some("apigw-apis".to_owned())
    }

    /// API Gateway hands a policy's resources back with the API's own ARN
    /// before them, and a document as it was given.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        match (path, wanted.as_str(), live.as_str()) {
            ("minimumCompressionSize", Some(wanted), None) => wanted == NEVER,
            ("body", Some(wanted), Some(live)) => same_document(wanted, live, |it| it),
            ("policy", Some(wanted), Some(live)) => same_document(wanted, live, short),
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let size = new.minimum_compression_size.as_deref().and_then(|it| it.parse().ok());
        let call = cx.aws.apigateway().create_rest_api().name(&new.name);
        let made = call
            .set_description(new.description.clone())
            .set_api_key_source(new.api_key_source.as_deref().map(ApiKeySourceType::from))
            .set_binary_media_types(new.binary_media_types.clone().map(|it| it.0))
            .set_disable_execute_api_endpoint(new.disable_execute_api_endpoint)
            .set_endpoint_access_mode(
                new.endpoint_access_mode.as_deref().map(EndpointAccessMode::from),
            )
            .set_endpoint_configuration(new.endpoint_configuration.as_ref().map(endpoint))
            .set_minimum_compression_size(size.filter(|it: &i32| *it >= 0))
            .set_policy(new.policy.as_ref().map(ToString::to_string))
            .set_security_policy(new.security_policy.as_deref().map(SecurityPolicy::from))
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        made.id.ok_or(Error::missing("id"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if new.body.is_some() { import(cx, id, new).await } else { Ok(()) }
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let settled = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            match live.api_status {
                Some(ApiStatus::Failed) => {
                    let why = live.api_status_message.unwrap_or_default();
                    Err(Error::failed(format!("API Gateway could not set it up: {why}")))
                }
                Some(ApiStatus::Pending | ApiStatus::Updating) => Ok(None),
                _ => Ok(Some(())),
            }
        };
        cx.wait("the API to be available", Duration::from_secs(600), settled).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        one(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let mut all = all(cx).await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let at = all.iter().position(|it| it.id.as_ref() == Some(id));
            found.push(at.map(|at| outputs(cx, all.swap_remove(at))).transpose()?);
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if new.body.is_some() && (old.body != new.body || old.parameters != new.parameters) {
            import(cx, id, new).await?;
        } else {
            patch(cx, id, changes(old, new)).await?;
        }
        retag(cx, &path(id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.apigateway().delete_rest_api().rest_api_id(id);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let made = |it: &Live| cx.made(it.tags.iter().flatten());
        Ok(all(cx).await?.into_iter().find(made).and_then(|it| it.id))
    }
}

fn path(id: &str) -> String {
    format!("restapis/{id}")
}

fn endpoint(wanted: &Endpoint) -> EndpointConfiguration {
    EndpointConfiguration::builder()
        .types(EndpointType::from(wanted.types.as_str()))
        .set_ip_address_type(wanted.ip_address_type.as_deref().map(IpAddressType::from))
        .set_vpc_endpoint_ids(wanted.vpc_endpoint_ids.clone().map(|it| it.0))
        .build()
}

pub(super) async fn all(cx: &Cx) -> Result<Vec<Live>> {
    let all: Option<Vec<Live>> = every!(cx.aws.apigateway().get_rest_apis());
    Ok(all.unwrap_or_default())
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let call = cx.aws.apigateway().get_rest_api().rest_api_id(id);
    let live = absent(call.send().await, MISSING)?;
    Ok(live.map(|it| {
        Live::builder()
            .set_id(it.id)
            .set_name(it.name)
            .set_description(it.description)
            .set_created_date(it.created_date)
            .set_binary_media_types(it.binary_media_types)
            .set_minimum_compression_size(it.minimum_compression_size)
            .set_api_key_source(it.api_key_source)
            .set_endpoint_configuration(it.endpoint_configuration)
            .set_policy(it.policy)
            .set_tags(it.tags)
            .disable_execute_api_endpoint(it.disable_execute_api_endpoint)
            .set_root_resource_id(it.root_resource_id)
            .set_security_policy(it.security_policy)
            .set_endpoint_access_mode(it.endpoint_access_mode)
            .set_api_status(it.api_status)
            .set_api_status_message(it.api_status_message)
            .build()
    }))
}

/// Makes the API what the body says, and then what else the program says.
async fn import(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let body = new.body.clone().unwrap_or_default();
    let parameters = new.parameters.clone().into_iter().collect();
    let call = cx.aws.apigateway().put_rest_api().rest_api_id(id);
    call.mode(PutMode::from(new.put_rest_api_mode.as_str()))
        .fail_on_warnings(new.fail_on_warnings)
        .set_parameters(Some(parameters))
        .body(Blob::new(body))
        .send()
        .await?;
    let live = one(cx, id).await?.ok_or_else(|| Error::unseen("the API"))?;
    let lost = lost_tags(cx, &new.tags, live.tags.as_ref());
    retag(cx, &path(id), &Tags::default(), &lost).await?;
    let mut live = outputs(cx, live)?.inputs;
    // What the program leaves to the body stays.
    live.description = live.description.filter(|_| new.description.is_some());
    live.binary_media_types = live.binary_media_types.filter(|_| new.binary_media_types.is_some());
    live.minimum_compression_size =
        live.minimum_compression_size.filter(|_| new.minimum_compression_size.is_some());
    patch(cx, id, changes(&live, new)).await
}

async fn patch(cx: &Cx, id: &str, patch: Patch) -> Result<()> {
    if let Some(operations) = patch.operations() {
        let call = cx.aws.apigateway().update_rest_api().rest_api_id(id);
        call.set_patch_operations(Some(operations)).send().await?;
    }
    Ok(())
}

/// What the program does not say of the computed ones stays.
fn changes(old: &Inputs, new: &Inputs) -> Patch {
    let types = |it: &Inputs| it.binary_media_types.clone().unwrap_or_default().0;
    let mut patch = Patch::default()
        .value("/name", &old.name, &new.name)
        .option("/description", old.description.as_ref(), new.description.as_ref())
        .keys("/binaryMediaTypes", &types(old), &types(new));
    // An absent size never compresses, and the patch for it has no value.
    let size = |it: &Inputs| it.minimum_compression_size.clone().filter(|it| it != NEVER);
    patch = match (size(old), size(new)) {
        (old, new) if old == new => patch,
        (_, Some(new)) => patch.set("/minimumCompressionSize", new),
        (_, None) => patch.unset("/minimumCompressionSize"),
    };
    let text = |it: Option<&Policy>| it.map(ToString::to_string);
    for (path, old, new) in [
        ("/apiKeySource", old.api_key_source.clone(), new.api_key_source.clone()),
        (
            "/disableExecuteApiEndpoint",
            old.disable_execute_api_endpoint.map(|it| it.to_string()),
            new.disable_execute_api_endpoint.map(|it| it.to_string()),
        ),
        ("/endpointAccessMode", old.endpoint_access_mode.clone(), new.endpoint_access_mode.clone()),
        ("/policy", text(old.policy.as_ref()), text(new.policy.as_ref())),
        ("/securityPolicy", old.security_policy.clone(), new.security_policy.clone()),
    ] {
        if new.is_some() {
            patch = patch.option(path, old.as_ref(), new.as_ref());
        }
    }
    let (Some(old), Some(new)) = (&old.endpoint_configuration, &new.endpoint_configuration) else {
        return patch;
    };
    if old.types != new.types {
        patch = patch.set(format!("/endpointConfiguration/types/{}", old.types), &new.types);
    }
    if new.ip_address_type.is_some() {
        let path = "/endpointConfiguration/ipAddressType";
        patch = patch.option(path, old.ip_address_type.as_ref(), new.ip_address_type.as_ref());
    }
    let ids = |it: &Endpoint| it.vpc_endpoint_ids.clone().unwrap_or_default().0;
    if new.vpc_endpoint_ids.is_some() {
        patch = patch.members("/endpointConfiguration/vpcEndpointIds", &ids(old), &ids(new));
    }
    patch
}

pub(super) fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.id.ok_or(Error::missing("id"))?;
    let endpoint = live.endpoint_configuration.map(|it| Endpoint {
        types: it
            .types
            .unwrap_or_default()
            .first()
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        ip_address_type: it.ip_address_type.map(|it| it.as_str().to_owned()),
        vpc_endpoint_ids: it.vpc_endpoint_ids.map(Set),
    });
    let inputs = Inputs {
        name: live.name.unwrap_or_default(),
        description: live.description.filter(|it| !it.is_empty()),
        api_key_source: live.api_key_source.map(|it| it.as_str().to_owned()),
        binary_media_types: live.binary_media_types.map(Set),
        body: None,
        disable_execute_api_endpoint: Some(live.disable_execute_api_endpoint),
        endpoint_access_mode: live.endpoint_access_mode.map(|it| it.as_str().to_owned()),
        endpoint_configuration: endpoint,
        fail_on_warnings: false,
        minimum_compression_size: live.minimum_compression_size.map(|it| it.to_string()),
        parameters: BTreeMap::new(),
        policy: policy(live.policy.as_deref())?,
        put_rest_api_mode: overwrite(),
        security_policy: live.security_policy.map(|it| it.as_str().to_owned()),
        tags: Tags::live(live.tags.unwrap_or_default()),
    };
    Ok(Outputs {
        inputs,
        arn: arn(&cx.place, &path(&id)),
        created_date: date(live.created_date.as_ref()),
        execution_arn: cx.place.arn("execute-api", &id),
        root_resource_id: live.root_resource_id,
    })
}

/// API Gateway answers it as the inside of a JSON string: `{\"Version\":…}`.
pub(super) fn policy(text: Option<&str>) -> Result<Option<Policy>> {
    let Some(text) = text.filter(|it| !it.is_empty()) else { return Ok(None) };
    let inside = serde_json::from_str::<String>(&format!("\"{text}\""));
    Policy::parse(inside.as_deref().unwrap_or(text)).map(Some)
}

fn same_document(wanted: &str, live: &str, canonical: fn(Document) -> Document) -> bool {
    let parse = |text| serde_json::from_str(text).ok().map(canonical);
    parse(wanted).is_some_and(|it: Document| Some(it) == parse(live))
}

/// A policy with `execute-api:/…` for every resource of an API, one of a list
/// as that list, and lists in order.
fn short(document: Document) -> Document {
    match document {
        Document::Object(map) => {
            let part = |(key, value): (String, Document)| {
                let many = matches!(key.as_str(), "Action" | "Resource" | "Statement" | "AWS");
                let value = match value {
                    Document::Array(_) => value,
                    one if many => Document::Array(vec![one]),
                    other => other,
                };
                let value = match short(value) {
                    Document::Array(mut list) if key != "Statement" => {
                        list.sort_by_key(ToString::to_string);
                        Document::Array(list)
                    }
                    other => other,
                };
                (key, value)
            };
            map.into_iter().map(part).collect()
        }
        Document::Array(list) => list.into_iter().map(short).collect(),
        Document::String(text) => {
            let rest = text.strip_prefix("arn:").and_then(|it| it.split_once(":execute-api:"));
            let rest = rest.and_then(|(_, it)| it.split_once('/'));
            Document::String(rest.map_or(text.clone(), |(_, it)| format!("execute-api:/{it}")))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_the_same_with_the_arn_of_the_api_before_their_resources() {
        let wanted = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}}"#;
        let live = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3/*"}]}"#;
        let same = |wanted: &str, live: &str| {
            RestApi::same("policy", &Value::string(wanted), &Value::string(live))
        };
        assert!(same(wanted, live));
        assert!(!same(wanted, &live.replace("/*", "/prod/*")));
        assert!(!same(wanted, &live.replace("Allow", "Deny")));
    }

    #[test]
    fn policies_are_read_as_they_are_answered() {
        let plain = r#"{"Version":"2012-10-17"}"#;
        let wanted = Policy::parse(plain).map(Some);
        assert_eq!(policy(Some(plain)), wanted);
        assert_eq!(policy(Some(r#"{\"Version\":\"2012-10-17\"}"#)), wanted);
        assert_eq!(policy(Some("")), Ok(None));
    }
}
