//! What `rollouts:` may say, for editors.

use serde_json::{Map as JsonMap, Value as Json, json};

/// The definitions that start at `rollout`.
pub(super) fn definitions() -> JsonMap<String, Json> {
    let all = [
        ("rollout", rollout()),
        ("rolloutColor", color()),
        ("rolloutTest", test()),
        ("rolloutProbe", probe()),
        ("rolloutHooks", hooks()),
        ("rolloutStrategy", strategy()),
        ("rolloutStep", step()),
    ];
    all.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect()
}

fn expression() -> Json {
    json!({ "$ref": "#/definitions/expression" })
}

fn object(required: &[&str], properties: Json) -> Json {
    let shape = json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    });
    json!({ "anyOf": [shape, expression()] })
}

/// One of the shapes, or an expression.
fn either(doc: &str, shapes: &[Json]) -> Json {
    let mut any = shapes.to_vec();
    any.push(expression());
    json!({ "description": doc, "anyOf": any })
}

fn of(name: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn list(item: &Json) -> Json {
    json!({ "anyOf": [{ "type": "array", "items": item }, expression()] })
}

fn text(doc: &str) -> Json {
    either(doc, &[json!({ "type": "string" })])
}

fn flag(doc: &str) -> Json {
    either(doc, &[json!({ "type": "boolean" })])
}

fn number(doc: &str, least: u32) -> Json {
    either(doc, &[json!({ "type": "integer", "minimum": least })])
}

fn word(doc: &str, words: &[&str]) -> Json {
    either(doc, &[json!({ "enum": words })])
}

/// `10m`, `1h30m`, `500ms`, `0`
fn span(doc: &str) -> Json {
    let pattern = "^(0|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$";
    either(doc, &[json!({ "type": "string", "pattern": pattern }), json!({ "const": 0 })])
}

fn weight(doc: &str) -> Json {
    let number = json!({ "type": "number", "minimum": 0.1, "maximum": 100 });
    either(doc, &[number, json!({ "type": "string" })])
}

fn rollout() -> Json {
    let analysis = json!({
        "compare": word("Judge the destination against the source by the load balancer's metrics (auto)", &["auto", "off"]),
        "minRequests": number("Fewer requests say nothing (100)", 1),
        "onInconclusive": word("Without a verdict at the end (hold at a terminal, else rollback)", &["hold", "continue", "rollback"]),
        "maxBake": span("A bake without a verdict is made longer, up to this (30m)"),
        "period": span("Of the metrics (1m)"),
        "lag": span("How late metrics are (2m)"),
        "settle": span("What is left out after each change of weights (1m)"),
    });
    let health = json!({
        "minHealthy": either("Of the tasks that are wanted, as a percentage, or a number (100%)", &[json!({ "type": ["string", "integer"] })]),
        "requireAllZones": flag("Healthy targets in every zone of the source (true)"),
    });
    let capacity = json!({
        "preScale": either("The destination's tasks before traffic moves: as many as the source runs, a number, or off (match)", &[json!({ "enum": ["match", "off"] }), json!({ "type": "integer", "minimum": 1 })]),
        "headroom": either("How many times the source's tasks (1.1)", &[json!({ "type": "number", "minimum": 1, "maximum": 10 })]),
        "suspendScaleIn": flag("Keep autoscaling from taking tasks away meanwhile (true)"),
    });
    let dead_man = json!({
        "roleArn": text("The role by which EventBridge Scheduler takes the traffic back"),
        "grace": span("After how long without a sign of life (3m)"),
    });
    object(
        &["colors"],
        json!({
            "colors": object(&["blue", "green"], json!({ "blue": of("rolloutColor"), "green": of("rolloutColor") })),
            "routes": either("Listeners and rules; by default all that forward to both target groups", &[list(&json!({ "type": "string" }))]),
            "test": of("rolloutTest"),
            "strategy": of("rolloutStrategy"),
            "finalBake": span("How long both colours are watched once all traffic has moved (0)"),
            "alarms": either("CloudWatch alarms that roll the traffic back", &[list(&json!({ "type": "string" }))]),
            "analysis": object(&[], analysis),
            "health": object(&[], health),
            "capacity": object(&[], capacity),
            "stickiness": word("What becomes of sticky sessions (break-at-end)", &["break-at-end", "keep", "break"]),
            "onInterrupt": word("What Ctrl-C means below 100 % (rollback)", &["rollback", "hold"]),
            "onConflict": word("When somebody else has changed the weights (pause)", &["pause", "adopt", "overwrite", "rollback"]),
            "onSourceLoss": word("When the source's targets fail (hold)", &["hold", "advance"]),
            "maxBlind": span("Health, alarms or metrics that cannot be read for longer roll back (90s)"),
            "deadMan": object(&["roleArn"], dead_man),
            "hooks": of("rolloutHooks"),
            "timeout": span("A shift whose traffic has not all moved after this goes back"),
            "notify": either("Addresses and SNS topics that are told what a person must know", &[list(&json!({ "type": "string" }))]),
            "protectLive": flag("`up` refuses another task definition for the live colour (false)"),
            "retain": span("How long the old colour is kept before its end is proposed (24h)"),
        }),
    )
}

fn color() -> Json {
    object(
        &["targetGroup"],
        json!({
            "targetGroup": text("The target group, or its ARN"),
            "service": text("The ECS service of its targets, or its ARN"),
        }),
    )
}

fn test() -> Json {
    object(
        &[],
        json!({
            "route": text("A listener or rule to the destination"),
            "listener": text("A listener to the destination"),
            "header": { "type": "object", "description": "Requests with these headers go to the destination, by a rule that is made for the time of the shift" },
            "priority": number("Of that rule", 1),
            "probes": list(&of("rolloutProbe")),
        }),
    )
}

fn probe() -> Json {
    let within = || span("How long it may take");
    let http = json!({
        "path": text("Such as /healthz, or a whole address"),
        "headers": json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        "status": number("The right answer (200)", 100),
        "count": number("How many requests; 0 sends none (1)", 0),
        "within": within(),
        "maxMs": number("A slower answer is a wrong one", 1),
    });
    let exec =
        json!({ "command": list(&json!({ "type": ["string", "number"] })), "within": within() });
    let lambda =
        json!({ "function": text("The function, its name or its ARN"), "within": within() });
    let mut shape = object(
        &[],
        json!({
            "http": object(&["path"], http),
            "exec": { "anyOf": [list(&json!({ "type": ["string", "number"] })), object(&["command"], exec)] },
            "lambda": { "anyOf": [text("The function, its name or its ARN"), object(&["function"], lambda)] },
        }),
    );
    shape["anyOf"][0]["minProperties"] = 1.into();
    shape["anyOf"][0]["maxProperties"] = 1.into();
    shape
}

fn hooks() -> Json {
    let of =
        |doc: &str| json!({ "description": doc, "type": "array", "items": of("rolloutProbe") });
    object(
        &[],
        json!({
            "beforeShift": of("Before traffic moves; a failure ends the shift"),
            "afterStep": of("After each step's bake; a failure rolls back"),
            "onRollback": of("When the traffic goes back"),
            "onDone": of("When all is done"),
        }),
    )
}

fn strategy() -> Json {
    let bake = || span("How long it is watched before the next step");
    let shape = object(
        &[],
        json!({
            "steps": list(&of("rolloutStep")),
            "bake": span("Of the steps below 100 that say none"),
            "canary": object(&["weight", "bake"], json!({ "weight": weight("Percent at first"), "bake": bake() })),
            "linear": object(&["weight", "every"], json!({ "weight": weight("Percent more each time"), "every": bake() })),
        }),
    );
    let doc = "`all-at-once`, `canary:10/5m`, `linear:10/1m`, `5/10m,25/10m,100`, or a mapping (all-at-once)";
    either(doc, &[json!({ "type": "string" }), shape])
}

fn step() -> Json {
    let pause = object(
        &[],
        json!({
            "timeout": span("Until when somebody must decide"),
            "then": word("What follows otherwise (rollback)", &["rollback", "continue"]),
        }),
    );
    let shape = object(
        &["weight"],
        json!({
            "weight": weight("Percent of the traffic, from 0.1 to 100"),
            "bake": span("How long it is watched before the next step (0)"),
            "pause": { "description": "Somebody decides, after the bake", "anyOf": [{ "type": "boolean" }, pause] },
        }),
    );
    either("A weight, `5/10m`, or a mapping", &[json!({ "type": ["number", "string"] }), shape])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{spec, strategy};

    /// What the reader of the values knows, and nothing else.
    #[test]
    fn every_key_is_described() {
        let all = Json::Object(definitions());
        let cases: &[(&str, &[&str])] = &[
            ("/rollout", spec::ROLLOUT),
            ("/rollout/anyOf/0/properties/colors", spec::COLORS),
            ("/rollout/anyOf/0/properties/analysis", spec::ANALYSIS),
            ("/rollout/anyOf/0/properties/health", spec::HEALTH),
            ("/rollout/anyOf/0/properties/capacity", spec::CAPACITY),
            ("/rollout/anyOf/0/properties/deadMan", spec::DEAD_MAN),
            ("/rolloutColor", spec::COLOR),
            ("/rolloutTest", spec::TEST),
            ("/rolloutProbe", spec::PROBE),
            ("/rolloutProbe/anyOf/0/properties/http", spec::HTTP),
            ("/rolloutProbe/anyOf/0/properties/exec/anyOf/1", spec::EXEC),
            ("/rolloutProbe/anyOf/0/properties/lambda/anyOf/1", spec::LAMBDA),
            ("/rolloutHooks", spec::HOOKS),
            ("/rolloutStrategy/anyOf/1", strategy::STRATEGY),
            ("/rolloutStrategy/anyOf/1/anyOf/0/properties/canary", strategy::CANARY),
            ("/rolloutStrategy/anyOf/1/anyOf/0/properties/linear", strategy::LINEAR),
            ("/rolloutStep/anyOf/1", strategy::STEP),
            ("/rolloutStep/anyOf/1/anyOf/0/properties/pause/anyOf/1", strategy::PAUSE),
        ];
        for (at, known) in cases {
            let shape = all.pointer(&format!("{at}/anyOf/0"));
            let shape = shape.and_then(|it| it["properties"].as_object());
            let described: Vec<&String> = shape.into_iter().flatten().map(|(key, _)| key).collect();
            assert_eq!(described, known.iter().collect::<Vec<_>>(), "{at}");
        }
    }
}
