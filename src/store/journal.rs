//! Rows and resources to JSON and back, with secrets encrypted.

use serde_json::{Value as Json, json};

use super::crypt::Crypt;
use crate::model::{
    Outcome, ResourceState, Row, Urn, Value,
    plan::Begun,
    stack::{Meta, Phase},
};

/// A row's kind and body.
pub(super) fn write_row(
    row: &Row,
    crypt: &Crypt,
    stack: &str,
) -> Result<(&'static str, Json), String> {
    match row {
        Row::Begun { op, what, seed, state } => {
            let seed = seed.as_ref().map(|it| Value::secret(Value::string(it)).to_state());
            let seed = seed.map(|it| crypt.seal_json(&it, &format!("{stack}|{op}|seed")));
            let state = write_state(state, crypt, stack)?;
            Ok(("begun", json!({ "what": what, "seed": seed.transpose()?, "state": state })))
        }
        Row::Named { id, .. } => Ok(("named", json!({ "id": id }))),
        Row::Ended { op, result } => {
            let body = match result {
                Ok(Outcome::Live { id, outputs }) => {
                    let at = format!("{stack}|{op}|outputs");
                    json!({ "live": { "id": id, "outputs": crypt.seal_json(&outputs.to_state(), &at)? } })
                }
                Ok(Outcome::Gone) => json!({ "gone": true }),
                Err(why) => json!({ "error": why }),
            };
            Ok(("ended", body))
        }
    }
}

pub(super) fn read_row(
    op: &str,
    kind: &str,
    body: &Json,
    crypt: &Crypt,
    stack: &str,
) -> Result<Row, String> {
    let op = op.to_owned();
    let text = |it: &Json| it.as_str().unwrap_or_default().to_owned();
    match kind {
        "begun" => {
            let what: Begun =
                serde_json::from_value(body["what"].clone()).map_err(|it| it.to_string())?;
            let seed = match &body["seed"] {
                Json::Null => None,
                sealed => {
                    let seed = crypt.open_json(sealed, &format!("{stack}|{op}|seed"))?;
                    Value::from_json(&seed).as_str().map(str::to_owned)
                }
            };
            let state = Box::new(read_state(&body["state"], crypt, stack)?);
            Ok(Row::Begun { op, what, seed, state })
        }
        "named" => Ok(Row::Named { op, id: text(&body["id"]) }),
        _ => {
            let result = if let Some(live) = body.get("live") {
                let outputs =
                    crypt.open_json(&live["outputs"], &format!("{stack}|{op}|outputs"))?;
                Ok(Outcome::Live { id: text(&live["id"]), outputs: Value::from_json(&outputs) })
            } else if body.get("gone").is_some() {
                Ok(Outcome::Gone)
            } else {
                Err(text(&body["error"]))
            };
            Ok(Row::Ended { op, result })
        }
    }
}

pub(super) fn write_state(
    state: &ResourceState,
    crypt: &Crypt,
    stack: &str,
) -> Result<Json, String> {
    let at = |side: &str| format!("{stack}|{}|{side}", state.urn);
    Ok(json!({
        "urn": state.urn,
        "type": state.token,
        "op": state.op,
        "id": state.id,
        "phase": state.phase,
        "meta": state.meta,
        "inputs": crypt.seal_json(&state.inputs.to_state(), &at("inputs"))?,
        "outputs": crypt.seal_json(&state.outputs.to_state(), &at("outputs"))?,
    }))
}

pub(super) fn read_state(body: &Json, crypt: &Crypt, stack: &str) -> Result<ResourceState, String> {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let urn = Urn(text("urn"));
    let at = |side: &str| format!("{stack}|{urn}|{side}");
    let meta: Meta = serde_json::from_value(body["meta"].clone()).map_err(|it| it.to_string())?;
    let phase: Phase =
        serde_json::from_value(body["phase"].clone()).map_err(|it| it.to_string())?;
    Ok(ResourceState {
        token: text("type"),
        op: text("op"),
        id: text("id"),
        inputs: Value::from_json(&crypt.open_json(&body["inputs"], &at("inputs"))?),
        outputs: Value::from_json(&crypt.open_json(&body["outputs"], &at("outputs"))?),
        meta,
        phase,
        urn,
    })
}
