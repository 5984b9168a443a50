//! `aws:apigatewayv2/route:Route`. The id is `api/route`; programs read the
//! route's own.

use std::collections::BTreeMap;

use aws_sdk_apigatewayv2::types::{AuthorizationType, ParameterConstraints, Route as Live};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, changed, every, last, listed, said, serial, split, text};
use crate::{aws::error::absent, provider::*};

pub(super) struct Route;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    api_id: String,
    /// `GET /orders`, `$default`, or an action of a WebSocket API.
    route_key: String,
    /// `integrations/a1b2c3`
    target: Option<String>,
    #[serde(default)]
    api_key_required: bool,
    #[serde(default = "none")]
    #[schemars(extend("enum" = ["NONE", "AWS_IAM", "CUSTOM", "JWT"]))]
    authorization_type: String,
    authorizer_id: Option<String>,
    #[serde(default)]
    authorization_scopes: Set<String>,
    model_selection_expression: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    request_models: BTreeMap<String, String>,
    #[serde(default)]
    request_parameters: Set<Parameter>,
    route_response_selection_expression: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RouteRequestParameter")]
struct Parameter {
    request_parameter_key: String,
    required: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

fn none() -> String {
    "NONE".to_owned()
}

impl Resource for Route {
    const TYPE: &'static str = "aws:apigatewayv2/route:Route";
    const KEY: &'static [&'static str] = &["apiId", "routeKey"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let authorized = matches!(new.authorization_type.as_str(), "CUSTOM" | "JWT");
        if authorized != new.authorizer_id.is_some() {
            let rule = "goes with the authorization type `CUSTOM` or `JWT`, and with no other";
            return Err(Error::invalid("authorizerId", rule));
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
        let selection = new.route_response_selection_expression.clone();
        let scopes = Some(new.authorization_scopes.0.clone()).filter(|it| !it.is_empty());
        let models = Some(new.request_models.clone().into_iter().collect());
        let call = cx.aws.apigatewayv2().create_route().api_id(&new.api_id);
        let mut call = call
            .route_key(&new.route_key)
            .set_target(new.target.clone())
            .api_key_required(new.api_key_required)
            .authorization_type(AuthorizationType::from(new.authorization_type.as_str()))
            .set_authorizer_id(new.authorizer_id.clone())
            .set_authorization_scopes(scopes)
            .set_model_selection_expression(new.model_selection_expression.clone())
            .set_operation_name(new.operation_name.clone())
            .set_request_models(models.filter(|_| !new.request_models.is_empty()))
            .set_route_response_selection_expression(selection);
        for it in &new.request_parameters.0 {
            let (key, constraints) = parameter(it);
            call = call.request_parameters(key, constraints);
        }
        let made = call.send().await?;
        Ok(format!("{}/{}", new.api_id, made.route_id.ok_or(Error::missing("RouteId"))?))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, id: &str| it.route_id.as_deref() == Some(id);
        let found = listed(ids, |api| routes(cx, api), is).await?;
        Ok(found.into_iter().map(|it| it.map(|(api, live)| outputs(api, live))).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let client = cx.aws.apigatewayv2();
        let (set, removed) = new.request_parameters.since(&old.request_parameters);
        for it in removed {
            let key = it.request_parameter_key;
            if set.iter().any(|it| it.request_parameter_key == key) {
                continue;
            }
            let call = client.delete_route_request_parameter().api_id(api).route_id(own);
            absent(call.request_parameter_key(key).send().await, MISSING)?;
        }
        let kind = changed(&old.authorization_type, &new.authorization_type);
        let models = changed(&old.request_models, &new.request_models);
        let scopes = changed(&old.authorization_scopes, &new.authorization_scopes);
        let selection = |it: &Inputs| it.route_response_selection_expression.clone();
        let mut call = client
            .update_route()
            .api_id(api)
            .route_id(own)
            .set_route_key(changed(&old.route_key, &new.route_key))
            .set_target(text(old.target.as_ref(), new.target.as_ref()))
            .set_api_key_required(changed(&old.api_key_required, &new.api_key_required))
            .set_authorization_type(kind.as_deref().map(AuthorizationType::from))
            .set_authorizer_id(text(old.authorizer_id.as_ref(), new.authorizer_id.as_ref()))
            .set_authorization_scopes(scopes.map(|it| it.0))
            .set_model_selection_expression(text(
                old.model_selection_expression.as_ref(),
                new.model_selection_expression.as_ref(),
            ))
            .set_operation_name(text(old.operation_name.as_ref(), new.operation_name.as_ref()))
            .set_request_models(models.map(|it| it.into_iter().collect()))
            .set_route_response_selection_expression(text(
                selection(old).as_ref(),
                selection(new).as_ref(),
            ));
        for it in &set {
            let (key, constraints) = parameter(it);
            call = call.request_parameters(key, constraints);
        }
        call.send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigatewayv2().delete_route().api_id(api).route_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    /// A second one of a key is refused; ours is as it was sent.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = routes(cx, inputs.api_id.clone()).await?.unwrap_or_default();
        let ours = |it: &Live| {
            it.route_key.as_ref() == Some(&inputs.route_key)
                && said(it.target.clone()) == inputs.target
                && said(it.authorizer_id.clone()) == inputs.authorizer_id
        };
        let found = all.into_iter().find(ours).and_then(|it| it.route_id);
        Ok(found.map(|id| format!("{}/{id}", inputs.api_id)))
    }
}

async fn routes(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigatewayv2().get_routes().api_id(api)))
}

fn parameter(wanted: &Parameter) -> (String, ParameterConstraints) {
    let constraints = ParameterConstraints::builder().required(wanted.required).build();
    (wanted.request_parameter_key.clone(), constraints)
}

fn outputs(api_id: String, live: Live) -> Outputs {
    let parameters = live.request_parameters.unwrap_or_default().into_iter();
    let parameters = parameters.map(|(request_parameter_key, it)| Parameter {
        request_parameter_key,
        required: it.required.unwrap_or_default(),
    });
    let inputs = Inputs {
        api_id,
        route_key: live.route_key.unwrap_or_default(),
        target: said(live.target),
        api_key_required: live.api_key_required.unwrap_or_default(),
        authorization_type: live.authorization_type.map_or_else(none, |it| it.as_str().to_owned()),
        authorizer_id: said(live.authorizer_id),
        authorization_scopes: Set(live.authorization_scopes.unwrap_or_default()),
        model_selection_expression: said(live.model_selection_expression),
        operation_name: said(live.operation_name),
        request_models: live.request_models.unwrap_or_default().into_iter().collect(),
        request_parameters: parameters.collect(),
        route_response_selection_expression: said(live.route_response_selection_expression),
    };
    Outputs { inputs }
}
