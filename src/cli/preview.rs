//! `orderinfra preview`: what `up` would do, from the program, the state and
//! live AWS. Changes nothing, waits for nobody's lock.

use super::{
    Common, PlanArgs, Runtime, all,
    drive::{self, Direction, Opened},
    failure::{Failure, Result, code},
    render,
    ui::Ui,
};
use crate::engine::plan::Planned;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Every stack of every project below `stacks/`; with `-s NAME` those of that name
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    if args.all {
        let (direction, more) = (Direction::Up, Vec::new());
        let what = all::What { direction, preview: true, plan: &args.plan, more };
        return all::run(&what, None, common, runtime, ui).await;
    }
    let mut opened = Opened::new(&args.plan, common, runtime, ui, Direction::Up)?;
    let planned = drive::plan(&mut opened, &args.plan, runtime, ui).await?;
    show(&opened, &planned, &args.plan, ui, Direction::Up)
}

/// Says a plan on stdout, and holds it against `--expect-no-changes`.
pub(super) fn show(
    opened: &Opened,
    planned: &Planned,
    args: &PlanArgs,
    ui: &Ui,
    direction: Direction,
) -> Result<()> {
    let view = render::View::of(&opened.session, args, ui, direction);
    if ui.json {
        ui.document(&render::plan_json(&planned.plan, &view));
    } else {
        ui.out_all(&render::plan_text(&planned.plan, &view));
    }
    let changes = render::changes(&planned.plan);
    if args.expect_no_changes && changes > 0 {
        return Err(Failure::new(
            code::CHANGES,
            format!("{changes} changes, and none were expected"),
        ));
    }
    Ok(())
}
