//! `orderinfra destroy`: everything that the stack owns goes, dependents
//! first.

use super::{
    ApplyArgs, Common, PlanArgs, Runtime, all,
    drive::{self, Direction, Opened},
    failure::Result,
    references,
    ui::Ui,
};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    apply: ApplyArgs,
    /// Every stack of every project below `stacks/`, against the order of their references; with
    /// `-s NAME` those of that name
    #[arg(long)]
    all: bool,
    /// Forget the stack too, once it is empty
    #[arg(long)]
    remove: bool,
    /// Show what would go, and stop
    #[arg(long)]
    preview_only: bool,
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let direction = Direction::Destroy;
    if args.all {
        let more = if args.remove { vec!["--remove"] } else { Vec::new() };
        let what = all::What { direction, preview: args.preview_only, plan: &args.plan, more };
        return all::run(&what, Some(&args.apply), common, runtime, ui).await;
    }
    let mut opened = Opened::new(&args.plan, common, runtime, ui, direction)?;
    let workspace = &opened.session.workspace;
    let users = references::users(workspace, &opened.session.stack.name, runtime);
    if !users.is_empty() {
        ui.warn(&format!(
            "outputs of this stack are used by {}, which will not find them any more",
            users.join(", ")
        ));
    }
    if args.preview_only {
        let planned = drive::plan(&mut opened, &args.plan, runtime, ui).await?;
        return super::preview::show(&opened, &planned, &args.plan, ui, direction);
    }
    let applying = drive::Applying { plan: &args.plan, apply: &args.apply, show: true, direction };
    drive::apply(&mut opened, &applying, runtime, ui).await?;
    if args.remove {
        opened.back_up(runtime)?;
    }
    let session = &opened.session;
    if args.remove {
        let store = &session.workspace.store;
        store.remove(&session.stack.project, &session.stack.name, false)?;
        ui.say(&format!("The stack `{}` is removed", session.stack.full_name()));
    } else if session.stack.snapshot.resources.is_empty() {
        ui.say(&format!(
            "The stack `{}` is empty; its configuration stays. `orderinfra stack rm {}` forgets it",
            session.stack.full_name(),
            session.stack.name
        ));
    }
    Ok(())
}
