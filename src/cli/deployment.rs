//! `orderinfra stack export` and `stack import`: the state as a Pulumi
//! deployment, to and from a file.

use std::{
    cell::RefCell,
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use serde_json::Value as Json;

use super::{
    Common, Runtime,
    failure::{Failure, Result, code},
    secrets,
    session::{self, Workspace},
    ui::Ui,
};
use crate::{
    engine::{
        deployment::{self, Exported, Reading},
        name::Draws,
    },
    lang::{load, secure::Cipher},
    store::Replacement,
};

#[derive(clap::Args)]
pub(super) struct ExportArgs {
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write secret values in clear
    #[arg(long)]
    show_secrets: bool,
}

#[derive(clap::Args)]
pub(super) struct ImportArgs {
    /// Read this file instead of stdin
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Go on without asking
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn export(
    args: &ExportArgs,
    workspace: &Workspace,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let name = workspace.stack_name(common)?;
    let stack = workspace.store.stack(&workspace.project.name, &name)?;
    let path = load::stack_config_path(&workspace.project, &name);
    let (file, _, _) = load::read_stack_config(&workspace.project, &name)
        .map_err(|found| session::wrong(ui, &std::collections::BTreeMap::new(), &found, &path))?;
    let (cipher, entries) =
        secrets::begin(&file, workspace.store.keyring()).map_err(Failure::usage)?;
    let secrets_provider = secrets::for_deployment(&file, &entries);
    let sealed = |text: &str| -> std::result::Result<_, String> {
        match args.show_secrets {
            true => Ok(("plaintext", text.to_owned())),
            false => Ok(("ciphertext", cipher.encrypt(text, secrets::nonce()?))),
        }
    };
    let document = deployment::export(&Exported {
        project: &stack.project,
        stack: &stack.name,
        snapshot: &stack.snapshot,
        outputs: &workspace.store.outputs(&stack)?,
        governed: &workspace.store.governed(&stack)?,
        place: stack.place.as_ref(),
        now: &runtime.stamp(),
        secrets_provider,
        seal: &sealed,
    })
    .map_err(Failure::general)?;
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    match &args.file {
        None => ui.document(&text),
        Some(file) => {
            let path = runtime.directory.join(file);
            write(&path, &text)
                .map_err(|it| Failure::general(format!("{}: {it}", path.display())))?;
            ui.say(&format!("`{}` is in {}", stack.full_name(), path.display()));
        }
    }
    Ok(())
}

/// Whole or not at all, for its owner only.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let written = crate::store::private_file(&draft).and_then(|mut file| {
        writeln!(file, "{text}")?;
        file.sync_all()?;
        fs::rename(&draft, path)
    });
    if written.is_err() {
        drop(fs::remove_file(&draft));
    }
    written
}

/// The text of a deployment, up to a size that no stack has.
fn read(args: &ImportArgs, runtime: &Runtime) -> Result<String> {
    const MOST: u64 = 256 << 20;
    let (name, source): (String, Box<dyn std::io::Read>) = match &args.file {
        None => ("standard input".to_owned(), Box::new(std::io::stdin())),
        Some(file) => {
            let path = runtime.directory.join(file);
            let name = path.display().to_string();
            let file = fs::File::open(path);
            (name.clone(), Box::new(file.map_err(|it| Failure::usage(format!("{name}: {it}")))?))
        }
    };
    let mut text = String::new();
    source
        .take(MOST + 1)
        .read_to_string(&mut text)
        .map_err(|it| Failure::usage(format!("{name}: {it}")))?;
    if text.len() as u64 > MOST {
        return Err(Failure::usage(format!("{name} is larger than the limit of 256 MB")));
    }
    Ok(text)
}

pub(super) fn import(
    args: &ImportArgs,
    workspace: &mut Workspace,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    if !args.yes && (args.file.is_none() || !ui.interactive) {
        return Err(Failure::usage(
            "`orderinfra stack import` replaces the state, and there is nobody to ask here",
        )
        .hint("say `--yes` to go on without asking"));
    }
    let text = read(args, runtime)?;
    let name = workspace.stack_name(common)?;
    let draws = Draws { seed: runtime.seed()? };
    let keyring = workspace.store.keyring().clone();
    let cipher: RefCell<Option<std::result::Result<Cipher, String>>> = RefCell::default();
    let open = |provider: &Json, sealed: &str| {
        let mut cipher = cipher.borrow_mut();
        let cipher = cipher.get_or_insert_with(|| secrets::of_deployment(provider, &keyring));
        cipher.as_ref().map_err(Clone::clone)?.decrypt(sealed).map_err(|it| it.to_string())
    };
    let registry = session::registry(runtime);
    let reading = Reading {
        project: &workspace.project.name,
        stack: &name,
        registry: &registry,
        draws: &draws,
        open: &open,
    };
    let imported = deployment::import(&text, &reading).map_err(|wrong| refused(&wrong, ui))?;
    drop(text);
    // Nothing is written before this: not even a stack that is new.
    let owner = session::owner(runtime);
    let stack = workspace.stack(common, runtime, ui)?;
    let _lock = workspace.store.lock(&stack.project, &stack.name, &owner)?;
    let mut stack = workspace.store.stack(&stack.project, &stack.name)?;
    for note in &imported.notes {
        ui.say(&format!("  {note}"));
    }
    let counts = (stack.snapshot.resources.len(), imported.resources.len());
    let question = format!(
        "Replace the {} resources in the state of `{}` by these {}? AWS is not changed.",
        counts.0,
        stack.full_name(),
        counts.1
    );
    if !args.yes && ui.ask(&question, &["yes", "no"])? == "no" {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    let known = |op: &str| workspace.store.knows(&stack, op).unwrap_or(true);
    let rows = deployment::rows(&stack.snapshot, &imported, &draws, &known);
    workspace.store.back_up(&runtime.stamp())?;
    let run = workspace.store.begin_run(&stack, "import", &runtime.stamp())?;
    let replacement = Replacement {
        rows,
        outputs: imported.outputs,
        governed: imported.governed,
        place: imported.place,
    };
    workspace.store.replace(&mut stack, run, &replacement)?;
    workspace.store.end_run(run, "done", &runtime.stamp())?;
    ui.say(&format!("`{}` has {} resources now", stack.full_name(), counts.1));
    ui.say("`orderinfra preview` compares them with the program and with what is live");
    Ok(())
}

/// All mistakes, each on its line.
fn refused(wrong: &[String], ui: &Ui) -> Failure {
    for it in wrong {
        ui.say(&format!("  {it}"));
    }
    let count = wrong.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    Failure::general(format!("the deployment cannot be imported: {count} {noun}"))
        .hint("nothing was changed")
}
