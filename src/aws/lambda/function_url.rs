//! `aws:lambda/functionUrl:FunctionUrl`. The id is the function's name, and
//! `/qualifier` for an alias.

use aws_sdk_lambda::types::Cors as SdkCors;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, change, name_of};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct FunctionUrl;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("enum" = ["AWS_IAM", "NONE"]))]
    authorization_type: String,
    cors: Option<Cors>,
    /// Name or ARN.
    #[schemars(extend("replace" = true))]
    function_name: IdOrArn,
    #[serde(default = "buffered")]
    #[schemars(extend("enum" = ["BUFFERED", "RESPONSE_STREAM"]))]
    invoke_mode: String,
    /// An alias.
    #[schemars(extend("replace" = true))]
    qualifier: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cors {
    #[serde(default)]
    allow_credentials: bool,
    #[serde(default)]
    allow_headers: Set<String>,
    #[serde(default)]
    allow_methods: Set<String>,
    #[serde(default)]
    allow_origins: Set<String>,
    #[serde(default)]
    expose_headers: Set<String>,
    /// In seconds.
    #[serde(default)]
    #[schemars(range(max = 86_400))]
    max_age: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    function_arn: String,
    function_url: String,
    /// The first part of its host.
    url_id: String,
}

fn buffered() -> String {
    "BUFFERED".to_owned()
}

impl Resource for FunctionUrl {
    const TYPE: &'static str = "aws:lambda/functionUrl:FunctionUrl";
    const KEY: &'static [&'static str] = &["functionName", "qualifier"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.qualifier.as_deref() == Some("$LATEST") {
            return Err(Error::invalid("qualifier", "is an alias; without one it is $LATEST"));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let known = |name| inputs.get(name).is_none_or(|it| it.as_str().is_some());
        let Some(function) = inputs.get("functionName").and_then(Value::as_str) else {
            return Map::new();
        };
        if !known("qualifier") {
            return Map::new();
        }
        let id = id(function, inputs.get("qualifier").and_then(Value::as_str));
        Map::from([("id".to_owned(), Value::String(id))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        super::serial(&inputs.function_name.0)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.lambda().create_function_url_config();
        call.function_name(name_of(&new.function_name.0))
            .set_qualifier(new.qualifier.clone())
            .auth_type(new.authorization_type.as_str().into())
            .set_cors(new.cors.as_ref().map(Cors::sdk))
            .invoke_mode(new.invoke_mode.as_str().into())
            .send()
            .await?;
        Ok(id(&new.function_name.0, new.qualifier.as_deref()))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (function, qualifier) = parts(id);
        let call = cx.aws.lambda().get_function_url_config().function_name(function);
        let call = call.set_qualifier(qualifier.map(str::to_owned));
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let inputs = Inputs {
            authorization_type: live.auth_type.as_str().to_owned(),
            cors: live.cors.and_then(Cors::live),
            function_name: IdOrArn(function.to_owned()),
            invoke_mode: live.invoke_mode.map_or_else(buffered, |it| it.as_str().to_owned()),
            qualifier: qualifier.map(str::to_owned),
        };
        let host = live.function_url.trim_start_matches("https://");
        let url_id = host.split('.').next().unwrap_or_default().to_owned();
        let function_arn = live.function_arn;
        Ok(Some(Outputs { inputs, function_arn, function_url: live.function_url, url_id }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (function, qualifier) = parts(id);
        let none = SdkCors::builder().build();
        let call = cx.aws.lambda().update_function_url_config().function_name(function);
        call.set_qualifier(qualifier.map(str::to_owned))
            .auth_type(new.authorization_type.as_str().into())
            .set_cors(change(Some(old.cors.as_ref()), new.cors.as_ref(), Cors::sdk, none))
            .invoke_mode(new.invoke_mode.as_str().into())
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (function, qualifier) = parts(id);
        let call = cx.aws.lambda().delete_function_url_config().function_name(function);
        absent(call.set_qualifier(qualifier.map(str::to_owned)).send().await, MISSING)?;
        Ok(())
    }

    /// A function has one at most, and one that was there would have been
    /// refused: it is ours if it says what we said.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(&inputs.function_name.0, inputs.qualifier.as_deref());
        let live = Self::read(cx, &id).await?;
        let same = |it: &Outputs| {
            it.inputs.authorization_type == inputs.authorization_type
                && it.inputs.invoke_mode == inputs.invoke_mode
        };
        Ok(live.filter(same).map(|_| id))
    }
}

fn id(function: &str, qualifier: Option<&str>) -> String {
    let name = name_of(function);
    qualifier.map_or_else(|| name.to_owned(), |it| format!("{name}/{it}"))
}

fn parts(id: &str) -> (&str, Option<&str>) {
    id.split_once('/').map_or((id, None), |(name, it)| (name, Some(it)))
}

impl Cors {
    fn live(live: SdkCors) -> Option<Self> {
        let list = |it: Option<Vec<String>>| Set(it.unwrap_or_default());
        let it = Self {
            allow_credentials: live.allow_credentials.unwrap_or_default(),
            allow_headers: list(live.allow_headers),
            allow_methods: list(live.allow_methods),
            allow_origins: list(live.allow_origins),
            expose_headers: list(live.expose_headers),
            max_age: live.max_age.unwrap_or_default(),
        };
        let lists = [&it.allow_headers, &it.allow_methods, &it.allow_origins, &it.expose_headers];
        let set = it.allow_credentials || it.max_age > 0;
        (set || lists.into_iter().any(|it| !it.0.is_empty())).then_some(it)
    }

    fn sdk(&self) -> SdkCors {
        let list = |it: &Set<String>| Some(it.0.clone());
        SdkCors::builder()
            .allow_credentials(self.allow_credentials)
            .set_allow_headers(list(&self.allow_headers))
            .set_allow_methods(list(&self.allow_methods))
            .set_allow_origins(list(&self.allow_origins))
            .set_expose_headers(list(&self.expose_headers))
            .max_age(self.max_age)
            .build()
    }
}
