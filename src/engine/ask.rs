//! Questions of expressions, answered.

use super::{connect::Connections, halt::Trouble};
use crate::{
    lang::eval::{FileForm, Question},
    model::Value,
    provider::{AnyFunction, Registry, Settings},
};

use super::inputs::{self, coerce};

/// Where answers come from, beside AWS.
pub struct Sources<'a> {
    pub file: &'a dyn Fn(&str, FileForm) -> Result<Value, String>,
    /// Outputs of another stack, as a map.
    pub stack: &'a dyn Fn(&str) -> Result<Value, String>,
}

pub async fn answer(
    question: &Question,
    settings: &Settings,
    connections: &Connections,
    registry: &Registry,
    sources: &Sources<'_>,
) -> Result<Value, Trouble> {
    match question {
        Question::File { path, form } => Ok((sources.file)(path, *form)?),
        Question::Asset { asset } => {
            let json = serde_json::from_str(asset).map_err(|it| it.to_string())?;
            match Value::from_json(&json) {
                Value::Asset(it) => Ok(connections.assets.hashed(it).await.map(Value::Asset)?),
                other => Ok(other),
            }
        }
        Question::Stack { name } => Ok((sources.stack)(name)?),
        Question::Invoke { token, arguments, .. } => {
            let function = registry
                .function(token)
                .ok_or_else(|| format!("there is no function `{token}`"))?;
            let arguments = self::arguments(function, arguments)?;
            let cx = if token.starts_with("aws:") && !function.is_pure() {
                connections.cx(settings).await?
            } else {
                connections.offline()
            };
            let call = cx.persist(token, || function.call(&cx, &arguments)).await;
            let answer = call.map_err(|it| Trouble::from(it).during(token))?;
            // As with resources, the schema says what is secret.
            Ok(inputs::taint(function.schema(), &arguments, answer, &[]))
        }
    }
}

/// Those of a question, as the function takes them.
pub(super) fn arguments(function: &dyn AnyFunction, text: &str) -> Result<Value, String> {
    let json = serde_json::from_str(text).map_err(|it| it.to_string())?;
    shaped(function.schema(), Value::from_json(&json))
}

/// Arguments in their schema's types; unknown ones were warned about.
fn shaped(schema: &crate::model::Schema, arguments: Value) -> Result<Value, String> {
    let Value::Map(map) = arguments else { return Ok(arguments) };
    let entries = map.into_iter().filter_map(|(name, value)| {
        if let Some(why) = schema.refused.get(&name) {
            return Some(Err(format!("`{name}`: {why}")));
        }
        let property = schema.inputs.properties.get(&name)?;
        let value = coerce(schema, &property.ty, value).map_err(|why| format!("`{name}`: {why}"));
        Some(value.map(|value| (name, value)))
    });
    entries.collect::<Result<_, _>>().map(Value::Map)
}
