//! `orderinfra shift`: all traffic from one colour to the other, on every
//! listener and rule that forwards to the two target groups.

use std::time::Duration;

use serde_json::json;

use super::{
    Common, PlanArgs, Runtime,
    audit::Audit,
    drive::{Direction, Opened},
    failure::{Failure, Result, code},
    ui::{GREEN, Ui, YELLOW},
};
use crate::{
    aws,
    model::{Governed, Value},
    provider::{AnyResource, Cx},
    rollout::{self, LISTENER, Pair, Phase, RULE, Route, Shift, Side, Weights},
    store::{Stack, Store},
};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub(super) struct Args {
    /// Move all traffic to this colour: blue or green
    #[arg(long, value_name = "COLOUR", group = "what", value_parser = ["blue", "green"])]
    to: Option<String>,
    /// Take the last shift back
    #[arg(long, group = "what")]
    rollback: bool,
    /// Show where the traffic goes
    #[arg(long, group = "what")]
    status: bool,
    /// Go on without asking
    #[arg(short, long)]
    yes: bool,
    /// How long to wait for the destination's targets to be healthy, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
}

/// What a shift works on.
struct Scene {
    pair: Pair,
    cx: Cx,
    /// Routes with their live inputs; `after` is as `before` until decided.
    routes: Vec<(Route, Value)>,
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let plan = PlanArgs::default();
    let mut opened = Opened::new(&plan, common, runtime, ui, Direction::Destroy)?;
    let owner = super::session::owner(runtime);
    let session = &opened.session;
    let lock = match args.status {
        true => None,
        false => Some(session.workspace.store.lock(
            &session.stack.project,
            &session.stack.name,
            &owner,
        )?),
    };
    if let Some(lock) = &lock {
        runtime.interrupts.holding(lock.letting_go());
    }
    opened.session.claim(false).await?;
    let scene = scene(&opened).await?;
    if args.status {
        return status(&scene, ui).await;
    }
    let session = &opened.session;
    let mut store = session.workspace.store.again()?;
    let stack = store.stack(&session.stack.project, &session.stack.name)?;
    let (to, after, takes_back) = decide(args, &store, &stack, &scene)?;
    let moving: Vec<&(Route, Value)> =
        scene.routes.iter().filter(|(route, _)| after(route) != route.before).collect();
    if moving.is_empty() {
        ui.say(&format!("All traffic goes to {} already", to.name()));
        store.govern(&stack, &governed(&scene))?;
        return Ok(());
    }
    for (route, _) in &moving {
        let (before, after) = (route.before, after(route));
        ui.say(&format!(
            "  {} blue {} green {}  =>  blue {} green {}",
            route.urn.name(),
            before.blue,
            before.green,
            after.blue,
            after.green
        ));
    }
    if !args.yes && ui.ask(&format!("Move this traffic to {}?", to.name()), &["yes", "no"])? == "no"
    {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    healthy(&scene, to, Duration::from_secs(args.wait), ui).await?;
    opened.back_up(runtime)?;
    let routes: Vec<Route> =
        moving.iter().map(|(route, _)| Route { after: after(route), ..route.clone() }).collect();
    let shift = Shift { to, pair: scene.pair.clone(), routes, phase: Phase::Moving, takes_back };
    let run = store.begin_run(&stack, "shift", &runtime.stamp())?;
    let audit = Audit::of(&store, run, opened.session.connections.calls.clone())?;
    let result = tokio::select! {
        result = carry_out(shift, &scene, &opened, &mut store, &stack, runtime, ui) => result,
        never = audit.keep() => match never {},
    };
    audit.close(&stack, ui);
    let outcome = if result.is_ok() { "done" } else { "failed" };
    let ended = store.end_run(run, outcome, &runtime.stamp());
    drop(lock);
    result?;
    Ok(ended?)
}

/// The routes of the state that forward to the pair, as they are now.
async fn scene(opened: &Opened) -> Result<Scene> {
    let session = &opened.session;
    let outputs = session.workspace.store.outputs(&session.stack)?;
    let pair = pair(&outputs)?;
    let cx = session.connections.cx(&session.settings).await?;
    let mut routes = Vec::new();
    for token in [LISTENER, RULE] {
        let states: Vec<_> =
            session.stack.snapshot.resources.iter().filter(|it| it.token == token).collect();
        let Some(kind) = session.registry.resource(token).filter(|_| !states.is_empty()) else {
            continue;
        };
        let ids: Vec<String> = states.iter().map(|it| it.id.clone()).collect();
        let live = kind.read_many(&cx, &ids).await?;
        for (state, live) in states.into_iter().zip(live) {
            let Some(live) = live else { continue };
            if let Some(before) = rollout::weights(&pair, token, &live) {
                let (urn, id) = (state.urn.clone(), state.id.clone());
                let route = Route { urn, id, token: token.to_owned(), before, after: before };
                routes.push((route, live));
            }
        }
    }
    if routes.is_empty() {
        return Err(Failure::general(
            "no listener or rule of this stack forwards to the two target groups",
        )
        .hint(
            "a route that can be shifted names both in `forward.targetGroups`, with their weights",
        ));
    }
    Ok(Scene { pair, cx, routes })
}

/// The two groups, by the stack's outputs.
fn pair(outputs: &[(String, Value)]) -> Result<Pair> {
    let of = |side: &str| {
        let name = format!("{side}TargetGroupArn");
        let found = outputs.iter().find(|(it, _)| *it == name);
        let text = found.and_then(|(_, it)| it.as_str().map(str::to_owned));
        text.ok_or_else(|| {
            Failure::usage(format!("the stack has no output `{name}`"))
                .hint("a shift finds its target groups by the outputs `blueTargetGroupArn` and `greenTargetGroupArn`")
        })
    };
    Ok(Pair { blue: of("blue")?, green: of("green")? })
}

type After = Box<dyn Fn(&Route) -> Weights>;

/// Where to, what each route becomes, and which shift is taken back.
fn decide(
    args: &Args,
    store: &Store,
    stack: &Stack,
    scene: &Scene,
) -> Result<(Side, After, Option<i64>)> {
    if let Some(to) = &args.to {
        let to = if to == "green" { Side::Green } else { Side::Blue };
        return Ok((to, Box::new(move |_| Weights::all_to(to)), None));
    }
    let shifts = store.shifts(stack)?;
    let Some((id, body)) = shifts.into_iter().next() else {
        return Err(Failure::general("there is no shift to take back"));
    };
    let last: Shift = serde_json::from_value(body).map_err(std::io::Error::from)?;
    if last.pair != scene.pair {
        return Err(Failure::general("the last shift moved between other target groups"));
    }
    if last.takes_back.is_some() && last.phase == Phase::Done {
        return Err(Failure::general("the last shift was taken back already")
            .hint("`orderinfra shift --to COLOUR` moves the traffic again"));
    }
    let to = last.routes.first().and_then(|it| it.before.winner()).unwrap_or(last.to.other());
    let before: Vec<Route> = last.routes;
    let after = move |route: &Route| {
        let old = before.iter().find(|it| it.urn == route.urn);
        old.map_or(route.before, |it| it.before)
    };
    Ok((to, Box::new(after), Some(id)))
}

fn governed(scene: &Scene) -> Vec<Governed> {
    let groups = || [scene.pair.blue.clone(), scene.pair.green.clone()];
    scene
        .routes
        .iter()
        .map(|(route, _)| Governed {
            urn: route.urn.clone(),
            groups: groups(),
            properties: Vec::new(),
            rollout: None,
        })
        .collect()
}

/// No traffic moves to targets that cannot take it.
async fn healthy(scene: &Scene, to: Side, limit: Duration, ui: &Ui) -> Result<()> {
    let arn = scene.pair.arn(to);
    let health = aws::target_health(&scene.cx, arn).await?;
    if !health.all_healthy() {
        ui.say(&format!("Waiting for the targets of {}: {}", to.name(), health.words()));
    }
    let look = || async {
        let health = aws::target_health(&scene.cx, arn).await?;
        Ok(health.all_healthy().then_some(()))
    };
    let waited = scene.cx.wait("its targets to be healthy", limit, look).await;
    if let Err(error) = waited {
        let health = aws::target_health(&scene.cx, arn).await?;
        return Err(Failure::general(format!(
            "{} does not take traffic: {} ({})",
            to.name(),
            health.words(),
            error.message
        ))
        .hint("nothing was changed; `orderinfra shift --status` shows both colours"));
    }
    Ok(())
}

async fn carry_out(
    mut shift: Shift,
    scene: &Scene,
    opened: &Opened,
    store: &mut Store,
    stack: &Stack,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let body = |shift: &Shift| serde_json::to_value(shift).map_err(std::io::Error::from);
    let (mut stops, mut told) = (runtime.interrupts.begin(), 0);
    // Governed from before the first write: whatever happens, `up` leaves it.
    store.govern(stack, &governed(scene))?;
    let id = store.begin_shift(stack, &body(&shift)?, &runtime.stamp())?;
    for (moved, route) in shift.routes.iter().enumerate() {
        if told > 0 || !stops.is_empty() {
            return Err(interrupted(moved, &shift));
        }
        let kind = opened.session.registry.resource(&route.token);
        let kind = kind.ok_or_else(|| Failure::general("this build has no load balancers"))?;
        let mut writing = std::pin::pin!(write(kind, scene, route));
        loop {
            tokio::select! {
                written = &mut writing => break written?,
                Some(()) = stops.recv() => told += 1,
            }
            // The first interrupt lets this write end, the second does not.
            if told > 1 {
                return Err(interrupted(moved, &shift));
            }
        }
        ui.say(&format!(
            " {} {} blue {} green {}",
            ui.paint(YELLOW, "~"),
            route.urn.name(),
            route.after.blue,
            route.after.green
        ));
    }
    shift.phase = Phase::Done;
    store.update_shift(id, &body(&shift)?, Some(&runtime.stamp()))?;
    let to = shift.to.name();
    if ui.json {
        ui.document(
            &serde_json::to_string_pretty(
                &json!({ "shift": id, "to": to, "routes": shift.routes }),
            )
            .unwrap_or_default(),
        );
    }
    ui.say(&ui.paint(GREEN, &format!("All traffic goes to {to}")));
    Ok(())
}

fn interrupted(moved: usize, shift: &Shift) -> Failure {
    let all = shift.routes.len();
    Failure::new(code::CANCELLED, format!("interrupted after {moved} of {all} routes")).hint(
        format!(
            "`orderinfra shift --to {}` goes on, `orderinfra shift --rollback` takes it back",
            shift.to.name()
        ),
    )
}

/// Writes one route's weights, if it is still as it was looked at.
async fn write(kind: &dyn AnyResource, scene: &Scene, route: &Route) -> Result<()> {
    let ids = [route.id.clone()];
    let live = kind.read_many(&scene.cx, &ids).await?.into_iter().next().flatten();
    let now = live.as_ref().and_then(|it| rollout::weights(&scene.pair, &route.token, it));
    let (Some(live), Some(now)) = (live, now) else {
        return Err(Failure::general(format!(
            "`{}` no longer forwards to the two target groups",
            route.urn.name()
        )));
    };
    if now != route.before {
        return Err(Failure::general(format!(
            "`{}` was changed by somebody else in the meantime: blue {} green {}",
            route.urn.name(),
            now.blue,
            now.green
        ))
        .hint("look at it with `orderinfra shift --status`, then decide again"));
    }
    let inputs = inputs_of(kind, &live);
    let wanted = rollout::with_weights(&scene.pair, &route.token, &inputs, route.after);
    scene.cx.persist(&route.token, || kind.update(&scene.cx, &route.id, &inputs, &wanted)).await?;
    Ok(())
}

/// The inputs among what was read.
fn inputs_of(kind: &dyn AnyResource, live: &Value) -> Value {
    let known = &kind.schema().inputs.properties;
    let map = live.as_map().into_iter().flatten();
    let map = map.filter(|(name, value)| known.contains_key(*name) && !value.is_null());
    Value::Map(map.map(|(name, value)| (name.clone(), value.clone())).collect())
}

async fn status(scene: &Scene, ui: &Ui) -> Result<()> {
    let blue = aws::target_health(&scene.cx, &scene.pair.blue).await?;
    let green = aws::target_health(&scene.cx, &scene.pair.green).await?;
    if ui.json {
        let routes: Vec<_> = scene
            .routes
            .iter()
            .map(|(it, _)| json!({ "urn": it.urn, "arn": it.id, "weights": it.before }))
            .collect();
        let groups = json!({
            "blue": { "arn": scene.pair.blue, "healthy": blue.healthy, "targets": blue.total },
            "green": { "arn": scene.pair.green, "healthy": green.healthy, "targets": green.total },
        });
        ui.document(
            &serde_json::to_string_pretty(&json!({ "routes": routes, "groups": groups }))
                .unwrap_or_default(),
        );
        return Ok(());
    }
    for (route, _) in &scene.routes {
        ui.out(&format!(
            "{}: blue {} green {}",
            route.urn.name(),
            route.before.blue,
            route.before.green
        ));
    }
    ui.out(&format!("blue: {}", blue.words()));
    ui.out(&format!("green: {}", green.words()));
    Ok(())
}
