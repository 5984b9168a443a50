//! `orderinfra up`: preview, ask, and do exactly that.

use super::{
    ApplyArgs, Common, PlanArgs, Runtime, all,
    drive::{self, Direction, Opened},
    failure::Result,
    ui::Ui,
};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    apply: ApplyArgs,
    /// Every stack of every project below `stacks/`, in the order of their references; with
    /// `-s NAME` those of that name
    #[arg(long)]
    all: bool,
    /// Do not show the plan first
    #[arg(short = 'f', long)]
    skip_preview: bool,
    /// Give routes the weights that the program says, whatever a shift has made of them
    #[arg(long)]
    enforce_weights: bool,
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    if args.all {
        let flags =
            [("--skip-preview", args.skip_preview), ("--enforce-weights", args.enforce_weights)];
        let more = flags.into_iter().filter(|(_, said)| *said).map(|(flag, _)| flag).collect();
        let what = all::What { direction: Direction::Up, preview: false, plan: &args.plan, more };
        return all::run(&what, Some(&args.apply), common, runtime, ui).await;
    }
    let mut opened = Opened::new(&args.plan, common, runtime, ui, Direction::Up)?;
    opened.enforce_weights = args.enforce_weights;
    let applying = drive::Applying {
        plan: &args.plan,
        apply: &args.apply,
        show: !args.skip_preview,
        direction: Direction::Up,
    };
    drive::apply(&mut opened, &applying, runtime, ui).await
}
