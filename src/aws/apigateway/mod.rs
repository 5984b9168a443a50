//! API Gateway, REST APIs. What belongs to an API is found by the API's id and
//! its own: ids are Pulumi's import forms, `api/resource/METHOD`, and programs
//! read the last part. Changes are lists of patches.

mod account;
mod api_key;
mod authorizer;
mod deployment;
mod get_rest_api;
mod integration;
mod integration_response;
mod method;
mod method_response;
mod method_settings;
mod model;
mod patch;
mod request_validator;
mod resource;
mod rest_api;
mod stage;
mod usage_plan;
mod usage_plan_key;

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
};

use aws_sdk_apigateway::{
    operation::get_method::GetMethodOutput,
    primitives::{DateTime, DateTimeFormat},
    types::{Method, Resource},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::{
        AnyFunction, AnyResource, Cx, Error, OP_TAG, Place, Result, Tags, function,
        resource as erased,
    },
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        erased::<account::Account>(),
        erased::<api_key::ApiKey>(),
        erased::<authorizer::Authorizer>(),
        erased::<deployment::Deployment>(),
        erased::<integration::Integration>(),
        erased::<integration_response::IntegrationResponse>(),
        erased::<method::Method>(),
        erased::<method_response::MethodResponse>(),
        erased::<method_settings::MethodSettings>(),
        erased::<model::Model>(),
        erased::<request_validator::RequestValidator>(),
        erased::<resource::Resource>(),
        erased::<rest_api::RestApi>(),
        erased::<stage::Stage>(),
        erased::<usage_plan::UsagePlan>(),
        erased::<usage_plan_key::UsagePlanKey>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_rest_api::GetRestApi>()]
}

pub(in crate::aws) const MISSING: &[&str] = &["NotFoundException"];

/// How many items a page has at most.
const PAGE: i32 = 500;

/// Every item of a listing that comes in pages; `None` without its owner.
macro_rules! every {
    ($call:expr) => {{
        let (call, mut all, mut position) =
            ($call.limit($crate::aws::apigateway::PAGE), vec![], None);
        loop {
            let page = call.clone().set_position(position).send().await;
            let Some(page) = $crate::aws::error::absent(page, $crate::aws::apigateway::MISSING)?
            else {
                break None;
            };
            all.extend(page.items.unwrap_or_default());
            position = page.position;
            if position.is_none() {
                break Some(all);
            }
        }
    }};
}
use every;

/// API Gateway refuses two changes of one API at a time.
pub(in crate::aws) fn serial(api: &str) -> String {
    format!("apigw:{api}")
}

/// The API of an id, and what is behind it.
pub(in crate::aws) fn split(id: &str) -> Result<(&str, &str)> {
    let wrong = || Error::invalid("id", format!("`{id}` does not begin with an API's id and `/`"));
    id.split_once('/').filter(|(api, rest)| !api.is_empty() && !rest.is_empty()).ok_or_else(wrong)
}

/// What other things call it by.
pub(in crate::aws) fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// `arn:aws:apigateway:us-east-1::/restapis/a1b2c3`: without an account.
pub(in crate::aws) fn arn(place: &Place, path: &str) -> String {
    format!("arn:{}:apigateway:{}::/{path}", place.partition, place.region)
}

/// Where an API is called.
pub(in crate::aws) fn host(place: &Place, api: &str) -> String {
    let domain = match place.partition.as_str() {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    format!("{api}.execute-api.{}.{domain}", place.region)
}

/// Where a stage writes who called it.
#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "StageAccessLogSettings")]
pub(in crate::aws) struct AccessLog {
    destination_arn: String,
    pub(in crate::aws) format: String,
}

impl AccessLog {
    pub(in crate::aws) fn live(destination: Option<String>, format: Option<String>) -> Self {
        Self {
            destination_arn: destination.unwrap_or_default(),
            format: format.unwrap_or_default(),
        }
    }

    pub(in crate::aws) fn group(&self) -> &str {
        log_group(&self.destination_arn)
    }
}

/// CloudWatch Logs names a group with `:*` at the end; API Gateway without.
fn log_group(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}

/// Whether both name the same log group, for `Resource::same`.
pub(in crate::aws) fn same_log(path: &str, wanted: &Value, live: &Value) -> bool {
    path == "accessLogSettings.destinationArn"
        && wanted.as_str().map(log_group) == live.as_str().map(log_group)
}

/// The tags that an import of a document has taken away.
pub(in crate::aws) fn lost_tags(
    cx: &Cx,
    wanted: &Tags,
    live: Option<&HashMap<String, String>>,
) -> Tags {
    let born = cx.birth_tags(wanted).into_iter();
    Tags(born.filter(|(key, value)| live.and_then(|it| it.get(key)) != Some(value)).collect())
}

/// `2026-01-31T08:00:00Z`
pub(in crate::aws) fn date(at: Option<&DateTime>) -> Option<String> {
    at.and_then(|it| it.fmt(DateTimeFormat::DateTime).ok())
}

/// The id that the texts of some inputs make up, if all of them are known.
pub(in crate::aws) fn foretold(inputs: &Value, names: &[&str]) -> Option<String> {
    let texts: Option<Vec<&str>> =
        names.iter().map(|name| inputs.get(name).and_then(Value::as_str)).collect();
    texts.map(|it| it.join("/"))
}

/// The same as what `predict` answers.
fn foretold_id(inputs: &Value, names: &[&str]) -> Map {
    let id = foretold(inputs, names).map(|it| ("id".to_owned(), Value::String(it)));
    id.into_iter().collect()
}

/// Of each id (`api/key`) what its API lists under that key, with the API's
/// id. Each API is asked once, one after the other: all of an account share
/// ten calls a second.
pub(in crate::aws) async fn listed<T, F>(
    ids: &[String],
    list: impl Fn(String) -> F + Send,
    is: impl Fn(&T, &str) -> bool + Send,
) -> Result<Vec<Option<(String, T)>>>
where
    T: Clone + Send,
    F: Future<Output = Result<Option<Vec<T>>>> + Send,
{
    let mut lists: HashMap<&str, Vec<T>> = HashMap::new();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let (api, key) = split(id)?;
        if !lists.contains_key(api) {
            lists.insert(api, list(api.to_owned()).await?.unwrap_or_default());
        }
        let all = lists.get(api).map(Vec::as_slice).unwrap_or_default();
        found.push(all.iter().find(|it| is(it, key)).map(|it| (api.to_owned(), it.clone())));
    }
    Ok(found)
}

async fn resources(cx: &Cx, api: &str, methods: bool) -> Result<Option<Vec<Resource>>> {
    let call = cx.aws.apigateway().get_resources().rest_api_id(api);
    Ok(every!(call.set_embed(methods.then(|| vec!["methods".to_owned()]))))
}

/// The API, the resource and the method of an id, and what is behind them.
fn place_of(id: &str) -> Result<([&str; 3], &str)> {
    let mut parts = id.splitn(4, '/');
    let (Some(api), Some(resource), Some(method)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::invalid("id", format!("`{id}` is not `api/resource/METHOD`")));
    };
    Ok(([api, resource, method], parts.next().unwrap_or_default()))
}

/// The methods of these ids, with their responses and integrations. One is
/// asked for alone; several of an API come with its resources, in one listing.
async fn methods(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Method>>> {
    let mut wanted: BTreeMap<&str, Vec<[&str; 2]>> = BTreeMap::new();
    for id in ids {
        let ([api, resource, method], _) = place_of(id)?;
        let of = wanted.entry(api).or_default();
        if !of.contains(&[resource, method]) {
            of.push([resource, method]);
        }
    }
    let mut found: HashMap<[&str; 3], Method> = HashMap::new();
    for (api, keys) in wanted {
        if let [[resource, verb]] = keys[..] {
            if let Some(live) = method(cx, [api, resource, verb]).await? {
                found.insert([api, resource, verb], live);
            }
            continue;
        }
        let all = resources(cx, api, true).await?.unwrap_or_default();
        let mut all: HashMap<String, HashMap<String, Method>> = all
            .into_iter()
            .filter_map(|it| Some((it.id?, it.resource_methods.unwrap_or_default())))
            .collect();
        for [resource, verb] in keys {
            if let Some(live) = all.get_mut(resource).and_then(|it| it.remove(verb)) {
                found.insert([api, resource, verb], live);
            }
        }
    }
    ids.iter().map(|id| Ok(found.get(&place_of(id)?.0).cloned())).collect()
}

/// Of each id (`api/resource/METHOD/200`) what `pick` takes out of its method
/// under its status, with the parts of the id.
async fn responses<'a, T>(
    cx: &Cx,
    ids: &'a [String],
    pick: impl Fn(Method, &str) -> Option<T> + Send,
) -> Result<Vec<Option<([&'a str; 4], T)>>> {
    let methods = methods(cx, ids).await?.into_iter();
    let found = ids.iter().zip(methods).map(|(id, method)| {
        let ([api, resource, verb], status) = place_of(id)?;
        let live = method.and_then(|it| pick(it, status));
        Ok(live.map(|it| ([api, resource, verb, status], it)))
    });
    found.collect()
}

/// A call about the response of an id.
macro_rules! of_response {
    ($call:expr, $id:expr) => {{
        let ([api, resource, method], status) = $crate::aws::apigateway::place_of($id)?;
        $call.rest_api_id(api).resource_id(resource).http_method(method).status_code(status)
    }};
}
use of_response;

async fn method(cx: &Cx, [api, resource, verb]: [&str; 3]) -> Result<Option<Method>> {
    let call = cx.aws.apigateway().get_method().rest_api_id(api).resource_id(resource);
    let live = absent(call.http_method(verb).send().await, MISSING)?;
    Ok(live.map(|it: GetMethodOutput| {
        Method::builder()
            .set_http_method(it.http_method)
            .set_authorization_type(it.authorization_type)
            .set_authorizer_id(it.authorizer_id)
            .set_api_key_required(it.api_key_required)
            .set_request_validator_id(it.request_validator_id)
            .set_operation_name(it.operation_name)
            .set_request_parameters(it.request_parameters)
            .set_request_models(it.request_models)
            .set_method_responses(it.method_responses)
            .set_method_integration(it.method_integration)
            .set_authorization_scopes(it.authorization_scopes)
            .build()
    }))
}

fn birth_tags(cx: &Cx, tags: &Tags) -> HashMap<String, String> {
    cx.birth_tags(tags).into_iter().collect()
}

/// `path` is that of the tagged thing: `restapis/a1b2c3`.
async fn retag(cx: &Cx, path: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    let arn = arn(&cx.place, path);
    if !set.is_empty() {
        let tags = set.into_iter().collect();
        cx.aws.apigateway().tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.apigateway().untag_resource().resource_arn(&arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// A description that ends with the operation that made the thing: for what
/// bears no tags. Programs never see the end.
pub(in crate::aws) fn marked(cx: &Cx, text: Option<&str>) -> String {
    match text {
        Some(text) if !text.is_empty() => format!("{text} [{OP_TAG}={}]", cx.op),
        _ => format!("[{OP_TAG}={}]", cx.op),
    }
}

/// The description without its end.
pub(in crate::aws) fn unmarked(text: Option<&str>) -> Option<String> {
    let text = text?;
    let own = text.rfind(&format!("[{OP_TAG}=")).map_or(text, |at| text[..at].trim_end());
    (!own.is_empty()).then(|| own.to_owned())
}

/// Whether a description proves that this operation made the thing.
pub(in crate::aws) fn bears_mark(cx: &Cx, text: Option<&str>) -> bool {
    text.is_some_and(|it| it.ends_with(&format!("[{OP_TAG}={}]", cx.op)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_apart() {
        assert_eq!(split("a1/b2/GET"), Ok(("a1", "b2/GET")));
        assert!(split("a1").is_err() && split("/b2").is_err() && split("a1/").is_err());
        assert_eq!(place_of("a1/b2/GET/200"), Ok((["a1", "b2", "GET"], "200")));
        assert!(place_of("a1/b2").is_err());
        assert_eq!(last("a1/b2"), "b2");
    }

    #[test]
    fn marks_do_not_show() {
        assert_eq!(unmarked(Some("orders [orderinfra:op=0123]")), Some("orders".to_owned()));
        assert_eq!(unmarked(Some("[orderinfra:op=0123]")), None);
        assert_eq!(unmarked(Some("by hand")), Some("by hand".to_owned()));
        assert_eq!(unmarked(None), None);
    }
}
