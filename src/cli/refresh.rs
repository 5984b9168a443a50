//! `orderinfra refresh`: takes what is live into the state. Changes nothing
//! in AWS.

use super::{
    Common, PlanArgs, Runtime,
    drive::{self, Direction, Opened},
    failure::Result,
    ui::Ui,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Go on without asking
    #[arg(short, long)]
    yes: bool,
    /// Only show what differs
    #[arg(long)]
    preview_only: bool,
    /// End with exit code 7 if anything differs
    #[arg(long)]
    expect_no_changes: bool,
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    // The state alone says what to look at: no program is needed.
    let plan = PlanArgs { expect_no_changes: args.expect_no_changes, ..PlanArgs::default() };
    let mut opened = Opened::new(&plan, common, runtime, ui, Direction::Destroy)?;
    let how = drive::Refreshing {
        yes: args.yes,
        preview_only: args.preview_only,
        expect_no_changes: args.expect_no_changes,
    };
    drive::refresh(&mut opened, &how, runtime, ui).await
}
