//! `orderinfra history`: the runs of a stack, and their calls to AWS.

use serde_json::{Value as Json, json};

use super::{
    Common, Runtime,
    failure::{Failure, Result},
    session::Workspace,
    ui::Ui,
};
use crate::{
    model::Call,
    store::{Counts, RunRecord, Stack},
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Every call to AWS instead, in order; the last 20 runs keep theirs
    #[arg(long)]
    calls: bool,
    /// Only this run
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Only what went wrong
    #[arg(long)]
    failed: bool,
}

pub(super) fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let workspace = Workspace::open(common, runtime, ui)?;
    let stack = workspace.store.stack(&workspace.project.name, &workspace.stack_name(common)?)?;
    let mut runs = workspace.store.runs(&stack)?;
    if let Some(run) = args.run {
        runs.retain(|it| it.id == run);
        if runs.is_empty() {
            let failure = Failure::usage(format!("`{}` has no run {run}", stack.full_name()));
            return Err(failure.hint("`orderinfra history` lists them"));
        }
    }
    if args.calls {
        return calls(args, &workspace, &stack, ui);
    }
    if args.failed {
        runs.retain(|it| !went_well(it));
    }
    if ui.json {
        let runs: Vec<Json> = runs.iter().map(run_json).collect();
        ui.document(&serde_json::to_string_pretty(&runs).unwrap_or_default());
        return Ok(());
    }
    let rows = runs.iter().map(|it| {
        let duration = it.seconds.map_or_else(String::new, |it| format!("{it}s"));
        let outcome = it.outcome.as_deref().unwrap_or("not ended");
        let (run, started) = (it.id.to_string(), it.started.clone());
        [run, it.kind.clone(), started, duration, outcome.to_owned(), words(it.counts)]
    });
    table(&["RUN", "KIND", "STARTED", "DURATION", "OUTCOME", "CHANGES"], rows.collect(), ui);
    Ok(())
}

fn went_well(run: &RunRecord) -> bool {
    matches!(run.outcome.as_deref(), Some("done" | "recovered"))
}

fn calls(args: &Args, workspace: &Workspace, stack: &Stack, ui: &Ui) -> Result<()> {
    let mut calls = workspace.store.calls(stack, args.run)?;
    if args.failed {
        calls.retain(|(_, it)| it.error.is_some());
    }
    if ui.json {
        let calls: Vec<Json> = calls.iter().map(|(run, it)| call_json(*run, it)).collect();
        ui.document(&serde_json::to_string_pretty(&calls).unwrap_or_default());
        return Ok(());
    }
    let rows = calls.into_iter().map(|(run, it)| {
        let outcome = it.error.unwrap_or_else(|| "ok".to_owned());
        let outcome =
            if it.attempts > 1 { format!("{outcome} ({}x)", it.attempts) } else { outcome };
        let call = format!("{}:{}", it.service, it.operation);
        let request = it.request_id.unwrap_or_default();
        [run.to_string(), it.at, it.region, call, format!("{}ms", it.millis), outcome, request]
    });
    table(&["RUN", "AT", "REGION", "CALL", "TOOK", "OUTCOME", "REQUEST ID"], rows.collect(), ui);
    Ok(())
}

/// Columns as wide as their widest entry.
fn table<const N: usize>(titles: &[&str; N], rows: Vec<[String; N]>, ui: &Ui) {
    let titles = titles.map(str::to_owned);
    let rows: Vec<[String; N]> = std::iter::once(titles).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|it| it[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(it, width)| format!("{it:width$}"));
        ui.out(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn words(counts: Counts) -> String {
    let all = [
        (counts.created, "created"),
        (counts.updated, "updated"),
        (counts.deleted, "deleted"),
        (counts.imported, "imported"),
        (counts.failed, "failed"),
    ];
    let told = all.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, word)| format!("{count} {word}")).collect();
    told.join(", ")
}

fn run_json(run: &RunRecord) -> Json {
    let counts = run.counts;
    json!({
        "run": run.id,
        "kind": run.kind,
        "started": run.started,
        "ended": run.ended,
        "durationSeconds": run.seconds,
        "outcome": run.outcome,
        "steps": {
            "created": counts.created,
            "updated": counts.updated,
            "deleted": counts.deleted,
            "imported": counts.imported,
            "failed": counts.failed,
        },
        "calls": counts.calls,
        "failedCalls": counts.failed_calls,
    })
}

fn call_json(run: i64, call: &Call) -> Json {
    json!({
        "run": run,
        "at": call.at,
        "service": call.service,
        "operation": call.operation,
        "region": call.region,
        "requestId": call.request_id,
        "millis": call.millis,
        "attempts": call.attempts,
        "error": call.error,
    })
}
