//! Every call to AWS that changes something.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    html::{Html, table},
    read::{Shift, text},
    tables::{badge, time},
    words::{count, lasted},
};

struct Call<'a> {
    at: Option<f64>,
    intent: Option<&'a Value>,
    answer: Option<&'a Value>,
    outcome: &'static str,
    took: Option<f64>,
}

/// Every answer is a call; so is an intent that was never answered.
fn calls<'a>(shift: &Shift<'a>) -> Vec<Call<'a>> {
    let mut calls: Vec<Call<'a>> = Vec::new();
    let key = |it: &'a Value| ["op", "api", "route"].map(|key| text(it, key));
    let mut intents = HashMap::new();
    for event in &shift.events {
        let mut call =
            Call { at: event.at, intent: None, answer: Some(event.json), outcome: "", took: None };
        call.outcome = match event.kind {
            "op.intended" => {
                intents.insert(key(event.json), calls.len());
                (call.intent, call.answer) = (Some(event.json), None);
                "no answer"
            }
            "op.confirmed" => "confirmed",
            "op.failed" => "failed",
            _ => continue,
        };
        let begun = call.answer.and_then(|it| calls.get_mut(*intents.get(&key(it))?));
        call.intent = call.intent.or(begun.as_ref().and_then(|it| it.intent));
        match begun.filter(|it| it.answer.is_none()) {
            Some(begun) => {
                call.took = event.at.zip(begun.at).map(|(end, begin)| 1000.0 * (end - begin));
                call.at = begun.at;
                *begun = call;
            }
            // An intent, or one that is tried again.
            None => calls.push(call),
        }
    }
    calls
}

pub(super) fn table_of_calls(h: &mut Html, shift: &Shift<'_>) {
    let rows = calls(shift);
    if rows.is_empty() {
        h.raw("<p>No call that changes something was made.</p>");
        return;
    }
    let failed = rows.iter().filter(|it| it.outcome == "failed").count();
    let silent = rows.iter().filter(|it| it.outcome == "no answer").count();
    let all = count(rows.len(), "call");
    h.tag("p", "", format_args!("{all}; {failed} failed, {silent} without an answer."));
    let heads = &["Time (UTC)", "Call", "Route", "Attempt", "Outcome", "Took", "Request id"];
    table(h, "Calls to AWS", heads, &rows, |h, call| {
        let either =
            |key| call.answer.and_then(|it| text(it, key)).or_else(|| text(call.intent?, key));
        time(h, shift, call.at);
        h.el("td", &[], |h| {
            h.tag("b", "", either("api").unwrap_or("?".into()));
            let params = |it: Option<&Value>| {
                it.and_then(|it| it.get("params")).filter(|it| !it.is_null()).cloned()
            };
            if let Some(params) = params(call.answer).or_else(|| params(call.intent)) {
                h.el("details", &[], |h| {
                    h.raw("<summary>params</summary>");
                    h.tag("pre", "", format_args!("{params:#}"));
                });
            }
        });
        h.tag("td", "", either("route").unwrap_or("–".into()));
        h.tag("td", "num", either("attempt").unwrap_or("–".into()));
        h.el("td", &[], |h| {
            badge(h, call.outcome);
            if let Some(error) = call.answer.and_then(|it| text(it, "error")) {
                h.tag("div", "bad", error);
            }
        });
        h.tag("td", "num", call.took.map_or("–".to_owned(), lasted));
        h.el("td", &[], |h| h.tag("code", "", either("requestId").unwrap_or("–".into())));
    });
}
