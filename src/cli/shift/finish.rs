//! The idle colour, once nothing comes to it any more: scaled to nothing, as
//! long as the next shift does not scale it up again.

use serde_json::json;

use super::{
    Args, Common, Failure, Result, Runtime, Ui, governed, lock, now, opened, start, traffic,
};
use crate::{
    cli::{audit::Audit, failure::code, session},
    provider::Cx,
    rollout::cloud::{Cloud as _, Look, Scaling, Write},
    shift::preflight::{self, Survey, Wanted},
};

/// So long nothing may have come.
const QUIET: i64 = 5 * 60;
/// Of a target group that says nothing else.
const DRAINING: i64 = 300;

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let mut opened = opened(common, runtime, ui, true).await?;
    let spec = start::rollout(args, &opened, ui)?;
    let wanted = start::wanted(args, &opened, spec, std::collections::BTreeSet::new(), runtime)?;
    let store = opened.session.workspace.store.again()?;
    let held = lock(&store, &opened.session.stack, &wanted.spec.name, &session::owner(runtime))?;
    if store.open_shift(&opened.session.stack, &wanted.spec.name)?.is_some() {
        return Err(Failure::general("a shift is open")
            .hint("`orderinfra shift --status` shows it; it must end first"));
    }
    let traffic = traffic(&opened).await?;
    let survey = preflight::survey(&traffic, &wanted).await?;
    let side = idle(&survey, &wanted)?;
    let name = ["blue", "green"][side];
    let Some(service) = survey.services[side].clone() else {
        return Err(Failure::usage(format!("the rollout names no service of {name}"))
            .hint("there is nothing that could be scaled"));
    };
    if service.desired == 0 {
        ui.say(&format!("{name} has no tasks already"));
        return Ok(());
    }
    let look = look(&survey, &wanted, runtime);
    let requests = match &look {
        Some(look) => traffic.metrics(look).await?,
        None => [Vec::new(), Vec::new()],
    };
    proved(&survey, side, &requests, &store.shifts(&opened.session.stack, None, 1)?, runtime)?;
    let question = format!("Scale {name} from {} tasks to none?", service.desired);
    if !args.yes && ui.ask(&question, &["yes", "no"])? == "no" {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    opened.back_up(runtime)?;
    let session = &opened.session;
    store.govern(
        &session.stack,
        &governed::by_finish(&opened, &wanted, side, survey.scaling[side].as_ref()),
    )?;
    let run = store.begin_run(&session.stack, "shift", &runtime.stamp())?;
    let audit = Audit::of(&store, run, session.connections.calls.clone())?;
    let cx = session.connections.cx(&session.settings).await?;
    let result = scale(&cx, &traffic, &service, survey.scaling[side].as_ref()).await;
    audit.close(&session.stack, ui);
    store.end_run(run, if result.is_ok() { "done" } else { "failed" }, &runtime.stamp())?;
    drop(held);
    result?;
    if ui.json {
        ui.document(
            &json!({ "finished": name, "tasks": 0, "before": service.desired }).to_string(),
        );
    }
    ui.say(&format!("{name} is scaled to nothing; the next shift scales it up again"));
    Ok(())
}

/// The smallest number first: scaling would bring the tasks back. Both may be
/// said twice.
async fn scale(
    cx: &Cx,
    traffic: &crate::aws::traffic::Traffic,
    service: &crate::rollout::cloud::Service,
    scaling: Option<&Scaling>,
) -> Result<()> {
    if let Some(scaling) = scaling {
        let write = Write::RegisterScalableTarget {
            resource_id: scaling.resource.clone(),
            min_capacity: 0,
            max_capacity: scaling.max,
            suspended_state: scaling.suspended,
        };
        cx.persist("", || traffic.send(&write)).await?;
    }
    let write = Write::UpdateService {
        cluster: service.cluster.clone(),
        service: service.name.clone(),
        desired_count: 0,
    };
    cx.persist("", || traffic.send(&write)).await?;
    Ok(())
}

fn idle(survey: &Survey, wanted: &Wanted) -> Result<usize> {
    for side in 0..2 {
        if preflight::all_there(survey, &wanted.spec, 1 - side) {
            return Ok(side);
        }
    }
    Err(Failure::general("no colour is idle: both have traffic")
        .hint("`orderinfra shift --to COLOUR` moves all of it first"))
}

fn look<'a>(survey: &'a Survey, wanted: &'a Wanted, runtime: &Runtime) -> Option<Look<'a>> {
    let balancer = survey.balancer.as_ref()?;
    let colors = &wanted.spec.colors;
    let until = (now(runtime) / 1000).div_euclid(60) * 60;
    Some(Look {
        load_balancer: &balancer.arn,
        groups: [&colors.blue.target_group.id, &colors.green.target_group.id],
        from: until - QUIET,
        until,
        period: 60,
    })
}

/// Nothing comes any more, and what came has had the time to end.
fn proved(
    survey: &Survey,
    side: usize,
    requests: &[Vec<crate::rollout::judge::Minute>; 2],
    last: &[crate::store::ShiftRow],
    runtime: &Runtime,
) -> Result<()> {
    let name = ["blue", "green"][side];
    let count: f64 = requests[side].iter().filter_map(|it| it.requests).sum();
    if count > 0.0 {
        return Err(Failure::general(format!(
            "{name} still had {count} requests in the last {} min",
            QUIET / 60
        ))
        .hint(
            "sticky clients, or a route that forwards to it alone: `orderinfra shift --status`",
        ));
    }
    let attribute = survey.groups[side].as_ref().and_then(|it| {
        it.attributes.get("deregistration_delay.timeout_seconds")?.parse::<i64>().ok()
    });
    let delay = attribute.unwrap_or(DRAINING) * 1000;
    let since = last.first().and_then(|it| it.finished).map(|at| now(runtime) - at);
    match since {
        Some(since) if since < delay => Err(Failure::general(format!(
            "connections to {name} have {} s more to end",
            (delay - since) / 1000 + 1
        ))),
        _ => Ok(()),
    }
}
