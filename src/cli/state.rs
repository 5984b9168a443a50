//! `orderinfra state`: backups of the state file, and how to put one back.
//! Works on a state that nothing else can open.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::{
    Common, Runtime,
    failure::{Failure, Result, code},
    session::{self, Found, Workspace},
    ui::Ui,
};
use crate::store::backup::{self, Backup};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(clap::Subcommand)]
enum Sub {
    /// List the backups, the newest first
    Backups,
    /// Put a backup in the place of the state; what is replaced is backed up
    Restore {
        /// A file, or the name of a backup
        #[arg(default_value = "latest")]
        file: PathBuf,
        /// Go on without asking
        #[arg(short, long)]
        yes: bool,
    },
}

pub(super) fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let found = Workspace::find(common, runtime, ui)?;
    match &args.command {
        Sub::Backups => list(&found, ui),
        Sub::Restore { file, yes } => restore(file, *yes, &found, runtime, ui),
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn list(found: &Found, ui: &Ui) -> Result<()> {
    let backups = backup::list(&found.state)?;
    if ui.json {
        let one = |it: &Backup| json!({ "file": it.path, "taken": it.taken, "run": it.run, "bytes": it.bytes });
        let all: Vec<Json> = backups.iter().map(one).collect();
        ui.document(&serde_json::to_string_pretty(&all).unwrap_or_default());
        return Ok(());
    }
    if backups.is_empty() {
        ui.say("There is no backup yet: one is taken before each run that changes something");
        return Ok(());
    }
    let width = backups.iter().map(|it| name(&it.path).len()).max().unwrap_or(0);
    ui.out(&format!("{:width$}  {:16}  {:>10}  RUN", "BACKUP", "TAKEN", "BYTES"));
    for it in &backups {
        let file = name(&it.path);
        ui.out(&format!("{file:width$}  {:16}  {:>10}  {}", it.taken, it.bytes, it.run));
    }
    Ok(())
}

/// The backup that is meant: a path, the name of one, or `latest`.
fn chosen(file: &Path, found: &Found, runtime: &Runtime) -> Result<PathBuf> {
    if file == Path::new("latest") {
        let newest = backup::list(&found.state)?.into_iter().next();
        return newest.map(|it| it.path).ok_or_else(|| {
            Failure::general(format!(
                "there is no backup in {}",
                backup::folder(&found.state).display()
            ))
        });
    }
    let here = runtime.directory.join(file);
    let kept = backup::folder(&found.state).join(file);
    Ok(if here.is_file() || !kept.is_file() { here } else { kept })
}

fn restore(file: &Path, yes: bool, found: &Found, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let from = chosen(file, found, runtime)?;
    let same = |a: &Path, b: &Path| {
        a.canonicalize().ok().is_some_and(|it| b.canonicalize().ok() == Some(it))
    };
    if same(&from, &found.state) {
        return Err(Failure::usage("this is the state itself, not a backup of it"));
    }
    let stacks = backup::inspect(&from)?;
    let there = backup::stacks_if_readable(&found.state);
    ui.say(&format!("{} holds", from.display()));
    for it in &stacks {
        let update = it.last_update.as_deref().unwrap_or("never");
        ui.say(&format!(
            "  {}/{}: {} resources, last changed {update}",
            it.project, it.name, it.resources
        ));
    }
    let question = "Put it in the place of the state? What was made since is not in it.";
    if !yes && ui.ask(question, &["yes", "no"])? == "no" {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    let owner = session::owner(runtime);
    let all: Vec<_> = stacks.into_iter().chain(there).collect();
    let locks = backup::lock_all(&found.state, &all, &owner)?;
    let kept = backup::restore(&found.state, &from, &runtime.stamp())?;
    drop(locks);
    ui.say("The state is restored");
    if let Some(kept) = kept {
        ui.say(&format!("What it was before is in {}", kept.display()));
    }
    ui.say("`orderinfra preview` compares it with what is live");
    Ok(())
}
