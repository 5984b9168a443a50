//! `orderinfra up`: preview, ask, and do exactly that.

use super::{
    ApplyArgs, Common, PlanArgs, Runtime,
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
    /// Do not show the plan first
    #[arg(short = 'f', long)]
    skip_preview: bool,
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let mut opened = Opened::new(&args.plan, common, runtime, ui, Direction::Up)?;
    let applying = drive::Applying {
        plan: &args.plan,
        apply: &args.apply,
        show: !args.skip_preview,
        direction: Direction::Up,
    };
    drive::apply(&mut opened, &applying, runtime, ui).await
}
