//! `aws:apigatewayv2/integration:Integration`. The id is `api/integration`;
//! programs read the integration's own.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigatewayv2::types::{
    ConnectionType, ContentHandlingStrategy, Integration as Live, IntegrationType,
    PassthroughBehavior, TlsConfigInput,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, bears_mark, changed, entries, every, last, listed, marked, said, serial, split, text,
    unmarked,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct Integration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    api_id: String,
    #[schemars(extend("replace" = true, "enum" = ["AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"]))]
    integration_type: String,
    /// The action of an AWS service: `SQS-SendMessage`.
    #[schemars(extend("replace" = true))]
    integration_subtype: Option<String>,
    integration_uri: Option<String>,
    #[schemars(extend("computed" = true))]
    integration_method: Option<String>,
    description: Option<String>,
    #[serde(default = "internet")]
    #[schemars(extend("enum" = ["INTERNET", "VPC_LINK"]))]
    connection_type: String,
    connection_id: Option<String>,
    credentials_arn: Option<String>,
    #[schemars(extend("enum" = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]))]
    content_handling_strategy: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]))]
    passthrough_behavior: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["1.0", "2.0"]))]
    payload_format_version: Option<String>,
    #[serde(default)]
    request_parameters: BTreeMap<String, String>,
    #[serde(default)]
    request_templates: BTreeMap<String, String>,
    #[serde(default)]
    response_parameters: Set<Response>,
    template_selection_expression: Option<String>,
    #[schemars(range(min = 50, max = 30_000), extend("computed" = true))]
    timeout_milliseconds: Option<i32>,
    tls_config: Option<Tls>,
}

/// What becomes of an answer with this status.
#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "IntegrationResponseParameter")]
struct Response {
    status_code: String,
    mappings: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "IntegrationTlsConfig")]
struct Tls {
    server_name_to_verify: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    integration_response_selection_expression: Option<String>,
}

fn internet() -> String {
    "INTERNET".to_owned()
}

impl Resource for Integration {
    const TYPE: &'static str = "aws:apigatewayv2/integration:Integration";
    const HELD: bool = true;
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if (new.connection_type == "VPC_LINK") != new.connection_id.is_some() {
            let rule = "is the link of the connection type `VPC_LINK`";
            return Err(Error::invalid("connectionId", rule));
        }
        let service = new.integration_subtype.is_some();
        if service && new.credentials_arn.is_none() {
            let rule = "is the role by which `integrationSubtype` calls the service";
            return Err(Error::invalid("credentialsArn", rule));
        }
        if new.integration_type != "MOCK" && !service && new.integration_uri.is_none() {
            let rule =
                "is needed by every type but `MOCK`, unless there is an `integrationSubtype`";
            return Err(Error::invalid("integrationUri", rule));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.api_id))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigatewayv2().create_integration().api_id(&new.api_id);
        let handling = new.content_handling_strategy.as_deref();
        let passthrough = new.passthrough_behavior.as_deref();
        let made = call
            .integration_type(IntegrationType::from(new.integration_type.as_str()))
            .description(marked(cx, new.description.as_deref()))
            .set_integration_subtype(new.integration_subtype.clone())
            .set_integration_uri(new.integration_uri.clone())
            .set_integration_method(new.integration_method.clone())
            .connection_type(ConnectionType::from(new.connection_type.as_str()))
            .set_connection_id(new.connection_id.clone())
            .set_credentials_arn(new.credentials_arn.clone())
            .set_content_handling_strategy(handling.map(ContentHandlingStrategy::from))
            .set_passthrough_behavior(passthrough.map(PassthroughBehavior::from))
            .set_payload_format_version(new.payload_format_version.clone())
            .set_request_parameters(entries(&BTreeMap::new(), &new.request_parameters))
            .set_request_templates(entries(&BTreeMap::new(), &new.request_templates))
            .set_response_parameters(responses(&Set::default(), &new.response_parameters))
            .set_template_selection_expression(new.template_selection_expression.clone())
            .set_timeout_in_millis(new.timeout_milliseconds)
            .set_tls_config(new.tls_config.as_ref().map(tls))
            .send()
            .await?;
        let id = made.integration_id.ok_or(Error::missing("IntegrationId"))?;
        Ok(format!("{}/{id}", new.api_id))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, id: &str| it.integration_id.as_deref() == Some(id);
        let found = listed(ids, |api| integrations(cx, api), is).await?;
        Ok(found.into_iter().map(|it| it.map(|(api, live)| outputs(api, live))).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let handling =
            text(old.content_handling_strategy.as_ref(), new.content_handling_strategy.as_ref());
        let passthrough = changed(&old.passthrough_behavior, &new.passthrough_behavior).flatten();
        let connection = changed(&old.connection_type, &new.connection_type);
        let templates = changed(&old.request_templates, &new.request_templates);
        let verified = changed(&old.tls_config, &new.tls_config);
        let verified = verified.map(|it| it.unwrap_or(Tls { server_name_to_verify: None }));
        let selection = |it: &Inputs| it.template_selection_expression.clone();
        let description =
            (old.description != new.description).then(|| marked(cx, new.description.as_deref()));
        let call = cx.aws.apigatewayv2().update_integration().api_id(api).integration_id(own);
        call.set_description(description)
            .integration_type(IntegrationType::from(new.integration_type.as_str()))
            .set_integration_subtype(new.integration_subtype.clone())
            .set_integration_uri(text(old.integration_uri.as_ref(), new.integration_uri.as_ref()))
            .set_integration_method(
                changed(&old.integration_method, &new.integration_method).flatten(),
            )
            .set_connection_type(connection.as_deref().map(ConnectionType::from))
            .set_connection_id(text(old.connection_id.as_ref(), new.connection_id.as_ref()))
            .set_credentials_arn(text(old.credentials_arn.as_ref(), new.credentials_arn.as_ref()))
            .set_content_handling_strategy(handling.as_deref().map(ContentHandlingStrategy::from))
            .set_passthrough_behavior(passthrough.as_deref().map(PassthroughBehavior::from))
            .set_payload_format_version(
                changed(&old.payload_format_version, &new.payload_format_version).flatten(),
            )
            .set_request_parameters(entries(&old.request_parameters, &new.request_parameters))
            .set_request_templates(templates.map(|it| it.into_iter().collect()))
            .set_response_parameters(responses(&old.response_parameters, &new.response_parameters))
            .set_template_selection_expression(text(
                selection(old).as_ref(),
                selection(new).as_ref(),
            ))
            .set_timeout_in_millis(
                changed(&old.timeout_milliseconds, &new.timeout_milliseconds).flatten(),
            )
            .set_tls_config(verified.as_ref().map(tls))
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigatewayv2().delete_integration().api_id(api).integration_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = integrations(cx, inputs.api_id.clone()).await?.unwrap_or_default();
        let ours = |it: &Live| bears_mark(cx, it.description.as_deref());
        let found = all.into_iter().find(ours).and_then(|it| it.integration_id);
        Ok(found.map(|id| format!("{}/{id}", inputs.api_id)))
    }
}

async fn integrations(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigatewayv2().get_integrations().api_id(api)))
}

fn tls(wanted: &Tls) -> TlsConfigInput {
    let name = wanted.server_name_to_verify.clone().unwrap_or_default();
    TlsConfigInput::builder().server_name_to_verify(name).build()
}

type Responses = HashMap<String, HashMap<String, String>>;

/// An empty map takes a status away.
fn responses(old: &Set<Response>, new: &Set<Response>) -> Option<Responses> {
    let all = |it: &Set<Response>| -> Responses {
        let pairs = it.0.iter().cloned();
        pairs.map(|it| (it.status_code, it.mappings.into_iter().collect())).collect()
    };
    let (before, after) = (all(old), all(new));
    let gone = before.keys().filter(|status| !after.contains_key(*status));
    let gone: Responses = gone.map(|status| (status.clone(), HashMap::new())).collect();
    (before != after).then(|| after.into_iter().chain(gone).collect())
}

fn outputs(api_id: String, live: Live) -> Outputs {
    let responses = live.response_parameters.unwrap_or_default().into_iter();
    let responses = responses
        .map(|(status_code, it)| Response { status_code, mappings: it.into_iter().collect() });
    let inputs = Inputs {
        api_id,
        integration_type: live
            .integration_type
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        integration_subtype: said(live.integration_subtype),
        integration_uri: said(live.integration_uri),
        integration_method: said(live.integration_method),
        description: unmarked(live.description.as_deref()),
        connection_type: live.connection_type.map_or_else(internet, |it| it.as_str().to_owned()),
        connection_id: said(live.connection_id),
        credentials_arn: said(live.credentials_arn),
        content_handling_strategy: live.content_handling_strategy.map(|it| it.as_str().to_owned()),
        passthrough_behavior: live.passthrough_behavior.map(|it| it.as_str().to_owned()),
        payload_format_version: said(live.payload_format_version),
        request_parameters: live.request_parameters.unwrap_or_default().into_iter().collect(),
        request_templates: live.request_templates.unwrap_or_default().into_iter().collect(),
        response_parameters: responses.collect(),
        template_selection_expression: said(live.template_selection_expression),
        timeout_milliseconds: live.timeout_in_millis,
        tls_config: live
            .tls_config
            .map(|it| Tls { server_name_to_verify: said(it.server_name_to_verify) }),
    };
    Outputs {
        inputs,
        integration_response_selection_expression: live.integration_response_selection_expression,
    }
}
