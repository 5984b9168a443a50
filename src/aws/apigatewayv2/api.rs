//! `aws:apigatewayv2/api:Api`.

use aws_sdk_apigatewayv2::types::{Api as Live, Cors as LiveCors, IpAddressType, ProtocolType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, arn, birth_tags, changed, every, lost_tags, retag, said, text};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct Api;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[schemars(extend("replace" = true, "enum" = ["HTTP", "WEBSOCKET"]))]
    protocol_type: String,
    description: Option<String>,
    version: Option<String>,
    #[serde(default = "header")]
    api_key_selection_expression: String,
    #[serde(default = "request")]
    route_selection_expression: String,
    #[serde(default)]
    disable_execute_api_endpoint: bool,
    #[schemars(extend("computed" = true, "enum" = ["ipv4", "dualstack"]))]
    ip_address_type: Option<String>,
    cors_configuration: Option<Cors>,
    /// An OpenAPI document of an HTTP API. What else is said here goes before
    /// what it says.
    #[schemars(extend("writeOnly" = true))]
    body: Option<String>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    fail_on_warnings: bool,
    /// A URL or a function, for which a route, an integration and the stage
    /// `$default` are made along.
    #[schemars(extend("writeOnly" = true))]
    target: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    route_key: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    credentials_arn: Option<String>,
    #[serde(default)]
    tags: Tags,
}

/// API Gateway may answer them in other letters' cases.
#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ApiCorsConfiguration")]
pub(super) struct Cors {
    #[serde(default)]
    allow_credentials: bool,
    #[serde(default)]
    allow_headers: Set<CiString>,
    #[serde(default)]
    allow_methods: Set<CiString>,
    #[serde(default)]
    allow_origins: Set<CiString>,
    #[serde(default)]
    expose_headers: Set<CiString>,
    #[serde(default)]
    max_age: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    api_endpoint: Option<String>,
    arn: String,
    execution_arn: String,
}

fn header() -> String {
    "$request.header.x-api-key".to_owned()
}

fn request() -> String {
    "$request.method $request.path".to_owned()
}

impl Resource for Api {
    const TYPE: &'static str = "aws:apigatewayv2/api:Api";
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let http = new.protocol_type == "HTTP";
        if !http && new.route_selection_expression == request() {
            let rule = "is needed by WebSocket APIs: `$request.body.action`";
            return Err(Error::invalid("routeSelectionExpression", rule));
        }
        let http_only = [
            ("body", new.body.is_some()),
            ("corsConfiguration", new.cors_configuration.is_some()),
            ("target", new.target.is_some()),
        ];
        for (property, set) in http_only {
            if set && !http {
                return Err(Error::invalid(property, "is for HTTP APIs only"));
            }
        }
        if new.body.is_some() && new.target.is_some() {
            return Err(Error::invalid("target", "excludes `body`"));
        }
        let parts = [
            ("routeKey", new.route_key.is_some()),
            ("credentialsArn", new.credentials_arn.is_some()),
        ];
        for (property, set) in parts {
            if set && new.target.is_none() {
                return Err(Error::invalid(property, "goes with `target` only"));
            }
        }
        Ok(())
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let parse = |it: &Value| serde_json::from_str::<serde_json::Value>(it.as_str()?).ok();
        path == "body" && parse(wanted).is_some_and(|it| Some(it) == parse(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigatewayv2().create_api().name(&new.name);
        let made = call
            .protocol_type(ProtocolType::from(new.protocol_type.as_str()))
            .set_description(new.description.clone())
            .set_version(new.version.clone())
            .api_key_selection_expression(&new.api_key_selection_expression)
            .route_selection_expression(&new.route_selection_expression)
            .disable_execute_api_endpoint(new.disable_execute_api_endpoint)
            .set_ip_address_type(new.ip_address_type.as_deref().map(IpAddressType::from))
            .set_cors_configuration(new.cors_configuration.as_ref().map(cors))
            .set_target(new.target.clone())
            .set_route_key(new.route_key.clone())
            .set_credentials_arn(new.credentials_arn.clone())
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        made.api_id.ok_or(Error::missing("ApiId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if new.body.is_some() { import(cx, id, new).await } else { Ok(()) }
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
            let at = all.iter().position(|it| it.api_id.as_ref() == Some(id));
            found.push(at.map(|at| outputs(cx, all.swap_remove(at))).transpose()?);
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.target.is_some() && new.target.is_none() {
            let rule = "stays: API Gateway does not take back the route and the integration that \
                        it made for it; delete those, or replace the API";
            return Err(Error::invalid("target", rule));
        }
        if new.body.is_some() && old.body != new.body {
            import(cx, id, new).await?;
        }
        if old.cors_configuration.is_some() && new.cors_configuration.is_none() {
            let call = cx.aws.apigatewayv2().delete_cors_configuration().api_id(id);
            absent(call.send().await, MISSING)?;
        }
        let address = changed(&old.ip_address_type, &new.ip_address_type).flatten();
        let cors_now = changed(&old.cors_configuration, &new.cors_configuration).flatten();
        let call = cx.aws.apigatewayv2().update_api().api_id(id);
        call.name(&new.name)
            .set_description(text(old.description.as_ref(), new.description.as_ref()))
            .set_version(text(old.version.as_ref(), new.version.as_ref()))
            .set_api_key_selection_expression(changed(
                &old.api_key_selection_expression,
                &new.api_key_selection_expression,
            ))
            .set_route_selection_expression(changed(
                &old.route_selection_expression,
                &new.route_selection_expression,
            ))
            .set_disable_execute_api_endpoint(changed(
                &old.disable_execute_api_endpoint,
                &new.disable_execute_api_endpoint,
            ))
            .set_ip_address_type(address.as_deref().map(IpAddressType::from))
            .set_cors_configuration(cors_now.as_ref().map(cors))
            .set_target(changed(&old.target, &new.target).flatten())
            .set_route_key(changed(&old.route_key, &new.route_key).flatten())
            .set_credentials_arn(changed(&old.credentials_arn, &new.credentials_arn).flatten())
            .send()
            .await?;
        retag(cx, &path(id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.apigatewayv2().delete_api().api_id(id);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let made = |it: &Live| cx.made(it.tags.iter().flatten());
        Ok(all(cx).await?.into_iter().find(made).and_then(|it| it.api_id))
    }
}

fn path(id: &str) -> String {
    format!("apis/{id}")
}

/// An import takes over what the document says, and forgets the rest.
async fn import(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let client = cx.aws.apigatewayv2();
    let body = new.body.clone().unwrap_or_default();
    let call = client.reimport_api().api_id(id).body(body);
    call.fail_on_warnings(new.fail_on_warnings).send().await?;
    let live = one(cx, id).await?.ok_or_else(|| Error::unseen("the API"))?;
    let lost = lost_tags(cx, &new.tags, live.tags.as_ref());
    retag(cx, &path(id), &Tags::default(), &lost).await?;
    let call = client.update_api().api_id(id).name(&new.name);
    call.set_description(new.description.clone())
        .set_version(new.version.clone())
        .set_cors_configuration(new.cors_configuration.as_ref().map(cors))
        .send()
        .await?;
    Ok(())
}

async fn all(cx: &Cx) -> Result<Vec<Live>> {
    let all: Option<Vec<Live>> = every!(cx.aws.apigatewayv2().get_apis());
    Ok(all.unwrap_or_default())
}

pub(super) async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let live = absent(cx.aws.apigatewayv2().get_api().api_id(id).send().await, MISSING)?;
    Ok(live.map(|it| {
        Live::builder()
            .set_api_endpoint(it.api_endpoint)
            .set_api_id(it.api_id)
            .set_api_key_selection_expression(it.api_key_selection_expression)
            .set_cors_configuration(it.cors_configuration)
            .set_description(it.description)
            .set_disable_execute_api_endpoint(it.disable_execute_api_endpoint)
            .set_ip_address_type(it.ip_address_type)
            .set_name(it.name)
            .set_protocol_type(it.protocol_type)
            .set_route_selection_expression(it.route_selection_expression)
            .set_tags(it.tags)
            .set_version(it.version)
            .build()
    }))
}

fn cors(wanted: &Cors) -> LiveCors {
    let texts = |it: &Set<CiString>| Some(it.0.iter().map(|it| it.0.clone()).collect());
    LiveCors::builder()
        .allow_credentials(wanted.allow_credentials)
        .set_allow_headers(texts(&wanted.allow_headers))
        .set_allow_methods(texts(&wanted.allow_methods))
        .set_allow_origins(texts(&wanted.allow_origins))
        .set_expose_headers(texts(&wanted.expose_headers))
        .max_age(wanted.max_age)
        .build()
}

pub(super) fn told_cors(live: LiveCors) -> Cors {
    let texts = |it: Option<Vec<String>>| it.into_iter().flatten().map(CiString).collect();
    Cors {
        allow_credentials: live.allow_credentials.unwrap_or_default(),
        allow_headers: texts(live.allow_headers),
        allow_methods: texts(live.allow_methods),
        allow_origins: texts(live.allow_origins),
        expose_headers: texts(live.expose_headers),
        max_age: live.max_age.unwrap_or_default(),
    }
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.api_id.ok_or(Error::missing("ApiId"))?;
    let inputs = Inputs {
        name: live.name.unwrap_or_default(),
        protocol_type: live.protocol_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        description: said(live.description),
        version: said(live.version),
        api_key_selection_expression: live.api_key_selection_expression.unwrap_or_else(header),
        route_selection_expression: live.route_selection_expression.unwrap_or_else(request),
        disable_execute_api_endpoint: live.disable_execute_api_endpoint.unwrap_or_default(),
        ip_address_type: live.ip_address_type.map(|it| it.as_str().to_owned()),
        cors_configuration: live.cors_configuration.map(told_cors),
        body: None,
        fail_on_warnings: false,
        target: None,
        route_key: None,
        credentials_arn: None,
        tags: Tags::live(live.tags.unwrap_or_default()),
    };
    Ok(Outputs {
        inputs,
        api_endpoint: live.api_endpoint,
        arn: arn(&cx.place, &path(&id)),
        execution_arn: cx.place.arn("execute-api", &id),
    })
}
