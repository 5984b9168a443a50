//! `aws:lambda/alias:Alias`. The id is `function/alias`.

use std::collections::BTreeMap;

use aws_sdk_lambda::types::AliasRoutingConfiguration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, change, function_arn, invoke_arn, name_of};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Alias;

#[derive(Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(default)]
    description: String,
    /// Name or ARN.
    #[schemars(extend("replace" = true))]
    function_name: IdOrArn,
    function_version: String,
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    routing_config: Option<Routing>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Routing {
    /// By version, the share of calls that it gets, from 0 to 1.
    #[serde(default)]
    additional_version_weights: BTreeMap<String, f64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    invoke_arn: String,
}

impl Resource for Alias {
    const TYPE: &'static str = "aws:lambda/alias:Alias";
    const KEY: &'static [&'static str] = &["functionName", "name"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let weights =
            new.routing_config.iter().flat_map(|it| it.additional_version_weights.values());
        if weights.into_iter().any(|it| !(0.0..=1.0).contains(it)) {
            let rule = "are shares from 0 to 1";
            return Err(Error::invalid("routingConfig.additionalVersionWeights", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(function), Some(name)) = (text("functionName"), text("name")) else {
            return Map::new();
        };
        let function = name_of(function);
        let arn = function_arn(place, &format!("{function}:{name}"));
        let all = [
            ("id", format!("{function}/{name}")),
            ("invokeArn", invoke_arn(place, &arn)),
            ("arn", arn),
        ];
        all.map(|(key, it)| (key.to_owned(), Value::String(it))).into()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        super::serial(&inputs.function_name.0)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.lambda().create_alias().function_name(&new.function_name.0);
        call.name(&new.name)
            .description(&new.description)
            .function_version(&new.function_version)
            .set_routing_config(new.routing_config.as_ref().map(Routing::sdk))
            .send()
            .await?;
        Ok(id(new))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some((function, name)) = id.split_once('/') else { return Ok(None) };
        let call = cx.aws.lambda().get_alias().function_name(function).name(name);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let inputs = Inputs {
            description: live.description.unwrap_or_default(),
            function_name: IdOrArn(function.to_owned()),
            function_version: live.function_version.unwrap_or_default(),
            name: live.name.ok_or(Error::missing("Name"))?,
            routing_config: live.routing_config.and_then(Routing::live),
        };
        let arn = live.alias_arn.ok_or(Error::missing("AliasArn"))?;
        Ok(Some(Outputs { inputs, invoke_arn: invoke_arn(&cx.place, &arn), arn }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let Some((function, name)) = id.split_once('/') else { return Ok(()) };
        let routing = change(
            Some(old.routing_config.as_ref()),
            new.routing_config.as_ref(),
            Routing::sdk,
            Routing { additional_version_weights: BTreeMap::new() }.sdk(),
        );
        let call = cx.aws.lambda().update_alias().function_name(function).name(name);
        call.description(&new.description)
            .function_version(&new.function_version)
            .set_routing_config(routing)
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some((function, name)) = id.split_once('/') else { return Ok(()) };
        let call = cx.aws.lambda().delete_alias().function_name(function).name(name);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// No two have its name, and one that was there would have been refused:
    /// it is ours if it says what we said.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = Self::read(cx, &id(inputs)).await?;
        let same = |it: &Outputs| {
            let it = &it.inputs;
            it.description == inputs.description
                && it.function_version == inputs.function_version
                && it.routing_config == inputs.routing_config
        };
        Ok(live.filter(same).map(|_| id(inputs)))
    }
}

fn id(inputs: &Inputs) -> String {
    format!("{}/{}", name_of(&inputs.function_name.0), inputs.name)
}

impl Routing {
    fn live(live: AliasRoutingConfiguration) -> Option<Self> {
        let weights = live.additional_version_weights.filter(|it| !it.is_empty())?;
        Some(Self { additional_version_weights: weights.into_iter().collect() })
    }

    fn sdk(&self) -> AliasRoutingConfiguration {
        let weights = self.additional_version_weights.clone().into_iter().collect();
        AliasRoutingConfiguration::builder().set_additional_version_weights(Some(weights)).build()
    }
}
