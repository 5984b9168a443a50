//! `aws:apigateway/integration:Integration`. The id is that of its method,
//! `api/resource/METHOD`.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{
    ConnectionType, ContentHandlingStrategy, Integration as Live, IntegrationType,
    ResponseTransferMode, TlsConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, foretold_id, method, methods, patch::Patch, place_of, serial};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Integration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("replace" = true))]
    resource_id: String,
    #[schemars(extend("replace" = true))]
    http_method: String,
    #[schemars(extend("enum" = ["HTTP", "MOCK", "AWS", "AWS_PROXY", "HTTP_PROXY"]))]
    r#type: String,
    /// How the backend is called: functions with `POST`.
    integration_http_method: Option<String>,
    uri: Option<String>,
    credentials: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["INTERNET", "VPC_LINK"]))]
    connection_type: Option<String>,
    connection_id: Option<String>,
    /// The load balancer behind a VPC link of the newer kind.
    integration_target: Option<String>,
    #[schemars(extend("enum" = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]))]
    content_handling: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]))]
    passthrough_behavior: Option<String>,
    #[serde(default)]
    request_parameters: BTreeMap<String, String>,
    /// By content type.
    #[serde(default)]
    request_templates: BTreeMap<String, String>,
    /// The resource's id, unless it is said.
    #[schemars(extend("computed" = true))]
    cache_namespace: Option<String>,
    #[serde(default)]
    cache_key_parameters: Set<String>,
    #[schemars(extend("computed" = true, "enum" = ["BUFFERED", "STREAM"]))]
    response_transfer_mode: Option<String>,
    #[serde(default = "int::<29_000>")]
    #[schemars(range(min = 50, max = 900_000))]
    timeout_milliseconds: i32,
    tls_config: Option<Tls>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "IntegrationTlsConfig")]
struct Tls {
    #[serde(default)]
    insecure_skip_verification: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for Integration {
    const TYPE: &'static str = "aws:apigateway/integration:Integration";
    const KEY: &'static [&'static str] = &["restApi", "resourceId", "httpMethod"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let mock = new.r#type == "MOCK";
        if !mock && new.uri.is_none() {
            return Err(Error::invalid("uri", "is needed by every type but `MOCK`"));
        }
        if !mock && new.integration_http_method.is_none() {
            let rule = "is needed by every type but `MOCK`";
            return Err(Error::invalid("integrationHttpMethod", rule));
        }
        let linked = new.connection_type.as_deref() == Some("VPC_LINK");
        if linked != new.connection_id.is_some() {
            let rule = "is the link of the connection type `VPC_LINK`";
            return Err(Error::invalid("connectionId", rule));
        }
        if new.integration_target.is_some() && !linked {
            let rule = "goes with the connection type `VPC_LINK` only";
            return Err(Error::invalid("integrationTarget", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, Self::KEY)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    /// It would overwrite the one that a method has, without a word.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = id(new);
        if Self::read(cx, &id).await?.is_some() {
            return Err(Error::not_ours("an integration of this method"));
        }
        put(cx, new).await?;
        Ok(id)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = ids.iter().zip(methods(cx, ids).await?);
        let live = found.map(|(id, it)| (id, it.and_then(|it| it.method_integration)));
        live.map(|(id, it)| it.map(|it| outputs(id, it)).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.r#type != new.r#type || old.integration_http_method != new.integration_http_method {
            return overwrite(cx, id, new).await;
        }
        let skips =
            |it: &Inputs| it.tls_config.as_ref().is_some_and(|it| it.insecure_skip_verification);
        let mut patch = Patch::default();
        for (path, old, new) in [
            ("/uri", &old.uri, &new.uri),
            ("/credentials", &old.credentials, &new.credentials),
            ("/connectionType", &old.connection_type, &new.connection_type),
            ("/connectionId", &old.connection_id, &new.connection_id),
            ("/integrationTarget", &old.integration_target, &new.integration_target),
            ("/contentHandling", &old.content_handling, &new.content_handling),
            ("/passthroughBehavior", &old.passthrough_behavior, &new.passthrough_behavior),
            ("/cacheNamespace", &old.cache_namespace, &new.cache_namespace),
            ("/responseTransferMode", &old.response_transfer_mode, &new.response_transfer_mode),
        ] {
            patch = patch.option(path, old.as_ref(), new.as_ref());
        }
        let patch = patch
            .map("/requestParameters", &old.request_parameters, &new.request_parameters)
            .map("/requestTemplates", &old.request_templates, &new.request_templates)
            .keys("/cacheKeyParameters", &old.cache_key_parameters.0, &new.cache_key_parameters.0)
            .value("/timeoutInMillis", &old.timeout_milliseconds, &new.timeout_milliseconds)
            .value("/tlsConfig/insecureSkipVerification", &skips(old), &skips(new));
        if let Some(operations) = patch.operations() {
            let ([api, resource, verb], _) = place_of(id)?;
            let call = cx.aws.apigateway().update_integration().rest_api_id(api);
            let call = call.resource_id(resource).http_method(verb);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let ([api, resource, method], _) = place_of(id)?;
        let call = cx.aws.apigateway().delete_integration().rest_api_id(api);
        let call = call.resource_id(resource).http_method(method);
        absent(call.send().await, MISSING).map(drop)
    }

    /// A method had none before, and now has the one that was sent.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs);
        let live = Self::read(cx, &id).await?.map(|it| it.inputs);
        let ours = live.is_some_and(|it| {
            it.r#type == inputs.r#type
                && it.uri == inputs.uri
                && it.credentials == inputs.credentials
                && it.request_templates == inputs.request_templates
                && it.request_parameters == inputs.request_parameters
        });
        Ok(ours.then_some(id))
    }
}

fn id(inputs: &Inputs) -> String {
    format!("{}/{}/{}", inputs.rest_api, inputs.resource_id, inputs.http_method)
}

async fn put(cx: &Cx, wanted: &Inputs) -> Result<()> {
    let call = cx.aws.apigateway().put_integration().rest_api_id(&wanted.rest_api);
    let keys = Some(wanted.cache_key_parameters.0.clone());
    let tls = |it: &Tls| {
        TlsConfig::builder().insecure_skip_verification(it.insecure_skip_verification).build()
    };
    call.resource_id(&wanted.resource_id)
        .http_method(&wanted.http_method)
        .r#type(IntegrationType::from(wanted.r#type.as_str()))
        .set_integration_http_method(wanted.integration_http_method.clone())
        .set_uri(wanted.uri.clone())
        .set_credentials(wanted.credentials.clone())
        .set_connection_type(wanted.connection_type.as_deref().map(ConnectionType::from))
        .set_connection_id(wanted.connection_id.clone())
        .set_integration_target(wanted.integration_target.clone())
        .set_content_handling(wanted.content_handling.as_deref().map(ContentHandlingStrategy::from))
        .set_passthrough_behavior(wanted.passthrough_behavior.clone())
        .set_request_parameters(Some(wanted.request_parameters.clone().into_iter().collect()))
        .set_request_templates(Some(wanted.request_templates.clone().into_iter().collect()))
        .set_cache_namespace(wanted.cache_namespace.clone())
        .set_cache_key_parameters(keys.filter(|it| !it.is_empty()))
        .set_response_transfer_mode(
            wanted.response_transfer_mode.as_deref().map(ResponseTransferMode::from),
        )
        .timeout_in_millis(wanted.timeout_milliseconds)
        .set_tls_config(wanted.tls_config.as_ref().map(tls))
        .send()
        .await?;
    Ok(())
}

/// No patch changes the type or how the backend is called: a new integration
/// takes the place of the old one. It has no responses: those that were there
/// are put back.
async fn overwrite(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let ([api, resource, verb], _) = place_of(id)?;
    let live = method(cx, [api, resource, verb]).await?.and_then(|it| it.method_integration);
    put(cx, new).await?;
    for (status, it) in live.and_then(|it| it.integration_responses).unwrap_or_default() {
        let call = cx.aws.apigateway().put_integration_response().rest_api_id(api);
        call.resource_id(resource)
            .http_method(verb)
            .status_code(status)
            .set_selection_pattern(it.selection_pattern)
            .set_content_handling(it.content_handling)
            .set_response_parameters(it.response_parameters)
            .set_response_templates(it.response_templates)
            .send()
            .await?;
    }
    Ok(())
}

fn outputs(id: &str, live: Live) -> Result<Outputs> {
    let ([api, resource, method], _) = place_of(id)?;
    let text = |it: Option<String>| it.filter(|it| !it.is_empty());
    let inputs = Inputs {
        rest_api: api.to_owned(),
        resource_id: resource.to_owned(),
        http_method: method.to_owned(),
        r#type: live.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        integration_http_method: text(live.http_method),
        uri: text(live.uri),
        credentials: text(live.credentials),
        connection_type: live.connection_type.map(|it| it.as_str().to_owned()),
        connection_id: text(live.connection_id),
        integration_target: text(live.integration_target),
        content_handling: live.content_handling.map(|it| it.as_str().to_owned()),
        passthrough_behavior: text(live.passthrough_behavior),
        request_parameters: live.request_parameters.unwrap_or_default().into_iter().collect(),
        request_templates: live.request_templates.unwrap_or_default().into_iter().collect(),
        cache_namespace: text(live.cache_namespace),
        cache_key_parameters: live.cache_key_parameters.unwrap_or_default().into_iter().collect(),
        response_transfer_mode: live.response_transfer_mode.map(|it| it.as_str().to_owned()),
        timeout_milliseconds: live.timeout_in_millis,
        tls_config: live
            .tls_config
            .map(|it| Tls { insecure_skip_verification: it.insecure_skip_verification }),
    };
    Ok(Outputs { inputs })
}
