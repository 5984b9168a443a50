//! Where the traffic is, how a shift goes, and how earlier ones went.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    Args, Common, Failure, Result, Runtime, Ui, of_name, open, opened, start, story, traffic, wait,
};
use crate::{
    cli::failure::code,
    rollout::{actions, guard::Condition, report},
    shift::preflight::{self, Survey},
    store::{ShiftRow, Stack, Store},
};

pub(super) async fn status(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let opened = opened(common, runtime, ui, false).await?;
    let store = &opened.session.workspace.store;
    let open = store.open_shifts(&opened.session.stack)?;
    if open.is_empty() {
        return idle(args, common, runtime, ui).await;
    }
    let row = of_name(&open, args.rollout.as_deref(), |it| &it.rollout, "open shift")?;
    let alive = !driver_gone(store, &opened.session.stack, row);
    if args.watch {
        return watch(args, &opened, store, row, ui).await;
    }
    let plan = open::plan_of(row)?;
    let events = store.shift_events(&row.id, 0)?;
    if ui.json {
        ui.document(&pretty(&json!({ "shift": shift_json(row, alive), "events": events.len() })));
        return Ok(());
    }
    ui.out_all(&story::headline(&plan, &row.plan_sha));
    ui.out_all(&story::progress(row, alive, &events));
    Ok(())
}

/// No shift is open: the routes and both colours, as they are.
async fn idle(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let opened = opened(common, runtime, ui, true).await?;
    let spec = start::rollout(args, &opened, ui)?;
    let wanted = start::wanted(args, &opened, spec, std::collections::BTreeSet::new(), runtime)?;
    let survey = preflight::survey(&traffic(&opened).await?, &wanted).await?;
    let blue = wanted.spec.colors.blue.target_group.id.as_str();
    let green = wanted.spec.colors.green.target_group.id.as_str();
    let routes = routes(&survey, [blue, green], &wanted.names);
    let groups = ["blue", "green"].map(|name| {
        let side = usize::from(name == "green");
        (name, Condition::of(&survey.targets[side]), [blue, green][side])
    });
    if ui.json {
        let routes: Vec<Json> = routes
            .iter()
            .map(|(name, arn, [blue, green])| {
                json!({ "route": name, "arn": arn, "weights": { "blue": blue, "green": green } })
            })
            .collect();
        let groups: serde_json::Map<String, Json> = groups
            .iter()
            .map(|(name, it, arn)| {
                let body = json!({ "arn": arn, "healthy": it.healthy, "targets": it.total });
                ((*name).to_owned(), body)
            })
            .collect();
        ui.document(&pretty(&json!({ "shift": null, "routes": routes, "groups": groups })));
        return Ok(());
    }
    for (name, _, [blue, green]) in &routes {
        ui.out(&format!("{name}: blue {blue} green {green}"));
    }
    for (name, condition, _) in &groups {
        ui.out(&format!("{name}: {}", condition.words()));
    }
    Ok(())
}

type RouteLine = (String, String, [u32; 2]);

fn routes(
    survey: &Survey,
    pair: [&str; 2],
    names: &std::collections::BTreeMap<String, String>,
) -> Vec<RouteLine> {
    let of = |(_, arn, live): &(_, String, Option<crate::rollout::cloud::LiveRoute>)| {
        let found = actions::forward(&live.as_ref()?.actions, pair)?;
        let name = names.get(arn).unwrap_or(arn).clone();
        Some((name, arn.clone(), found.weights))
    };
    survey.routes.iter().filter_map(of).collect()
}

/// Events as they come, until the shift is over.
async fn watch(
    args: &Args,
    opened: &super::Opened,
    store: &Store,
    row: &ShiftRow,
    ui: &Ui,
) -> Result<()> {
    let story = story::Story::new(ui, args.events.as_deref(), &open::plan_of(row)?)?;
    let mut seen = 0;
    loop {
        for event in store.shift_events(&row.id, seen)? {
            seen = event["seq"].as_i64().unwrap_or(seen);
            story.tell(&event);
            if event["type"] == "shift.finished" {
                return Ok(());
            }
        }
        if driver_gone(store, &opened.session.stack, row) {
            return Err(Failure::general("nobody is driving this shift any more").hint(
                "`orderinfra shift --resume` goes on with it, `--rollback` brings its traffic back",
            ));
        }
        wait(opened, Duration::from_millis(500)).await;
    }
}

/// Whether the process that drove a shift has ended.
pub(super) fn driver_gone(store: &Store, stack: &Stack, row: &ShiftRow) -> bool {
    let name = format!("{}.{}.shift", stack.name, row.rollout);
    store.holder(&stack.project, &name).is_none()
}

/// How a shift ended that another process drove.
pub(super) fn ended(event: &Json, args: &Args, ui: &Ui) -> Result<()> {
    let outcome = event["outcome"].as_str().unwrap_or_default();
    let back = args.rollback || args.abort;
    match (outcome, back) {
        ("done", false) | ("rolled-back" | "aborted", true) => return Ok(()),
        ("done", true) => {
            let message = "the shift was done before it could go back";
            let hint = "`orderinfra shift --rollback` once more takes it back";
            return Err(Failure::general(message).hint(hint));
        }
        _ => {}
    }
    let code = event["exitCode"].as_u64().and_then(|it| u8::try_from(it).ok());
    let reason = event["reason"].as_str().unwrap_or(outcome).to_owned();
    let message = if ui.json { String::new() } else { reason };
    Err(Failure::new(code.unwrap_or(code::GENERAL), message))
}

fn shift_json(row: &ShiftRow, alive: bool) -> Json {
    json!({
        "id": row.id,
        "rollout": row.rollout,
        "from": row.from,
        "to": row.to,
        "phase": row.phase,
        "step": row.step,
        "verifiedPercent": row.verified_permille.map(|it| f64::from(it) / 10.0),
        "planHash": row.plan_sha,
        "driven": alive,
        "outcome": row.outcome,
        "reason": row.reason,
        "created": row.created,
        "finished": row.finished,
    })
}

pub(super) fn history(
    args: &Args,
    most: u32,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let opened = unclaimed(common, runtime, ui)?;
    let store = &opened.session.workspace.store;
    let rows = store.shifts(&opened.session.stack, args.rollout.as_deref(), most)?;
    if ui.json {
        let rows: Vec<Json> = rows
            .iter()
            .map(|it| shift_json(it, !driver_gone(store, &opened.session.stack, it)))
            .collect();
        ui.document(&pretty(&Json::Array(rows)));
        return Ok(());
    }
    if rows.is_empty() {
        ui.say("No shift yet");
    }
    rows.iter().for_each(|it| ui.out(&story::row(it)));
    Ok(())
}

pub(super) fn report(id: &str, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let opened = unclaimed(common, runtime, ui)?;
    let store = &opened.session.workspace.store;
    let Some(row) = store.shift(&opened.session.stack, id)? else {
        return Err(Failure::usage(format!("there is no shift `{id}`"))
            .hint("`orderinfra shift --history` lists them"));
    };
    ui.exact(&report::html(&store.shift_events(&row.id, 0)?));
    Ok(())
}

/// For what AWS is not asked about.
fn unclaimed(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<super::Opened> {
    use super::{Direction, PlanArgs};
    super::Opened::new(&PlanArgs::default(), common, runtime, ui, Direction::Destroy)
}

fn pretty(value: &Json) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
