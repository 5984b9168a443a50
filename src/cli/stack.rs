//! `orderinfra stack`: the stacks of a project.

use std::collections::BTreeMap;

use serde_json::{Map as JsonMap, Value as Json, json};

use super::{
    Common, Runtime, config, deployment,
    failure::{Failure, Result, code},
    render, rotate, secrets, session,
    session::Workspace,
    ui::Ui,
};
use crate::{
    lang::{config::edit, load},
    model::{Urn, Value},
    store::NewLock,
};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    /// Show the resources' ids
    #[arg(short = 'i', long)]
    show_ids: bool,
    /// Show the resources' URNs
    #[arg(short = 'u', long)]
    show_urns: bool,
    /// Show secret outputs in clear
    #[arg(long)]
    show_secrets: bool,
}

#[derive(clap::Subcommand)]
enum Sub {
    /// List the stacks
    #[command(visible_alias = "list")]
    Ls {
        /// Those of all projects in this state
        #[arg(short, long)]
        all: bool,
    },
    /// Make a stack, and select it
    #[command(visible_alias = "new")]
    Init {
        name: Option<String>,
        /// Leave the selection as it is
        #[arg(long)]
        no_select: bool,
        /// What encrypts its secrets: `keyfile`, `passphrase` (that of
        /// PULUMI_CONFIG_PASSPHRASE), or a key of AWS KMS:
        /// `awskms://alias/NAME?region=eu-central-1`
        #[arg(long, value_name = "PROVIDER")]
        secrets_provider: Option<String>,
    },
    /// Use this stack when none is named
    Select { name: String },
    /// Show outputs, or one as it is
    Output {
        name: Option<String>,
        /// Show secret values in clear
        #[arg(long)]
        show_secrets: bool,
    },
    /// Write the state as a Pulumi deployment of version 3
    Export(deployment::ExportArgs),
    /// Replace the state by a Pulumi deployment of version 3
    Import(deployment::ImportArgs),
    /// Encrypt the secrets of the stack with another key
    ChangeSecretsProvider(rotate::Args),
    /// Forget an empty stack
    #[command(visible_alias = "remove")]
    Rm {
        name: Option<String>,
        /// Even if it has resources: they stay in AWS and are forgotten
        #[arg(short, long)]
        force: bool,
        /// Go on without asking
        #[arg(short, long)]
        yes: bool,
    },
}

pub(super) fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let mut workspace = Workspace::open(common, runtime, ui)?;
    match &args.command {
        Some(Sub::Export(args)) => deployment::export(args, &workspace, common, runtime, ui),
        Some(Sub::ChangeSecretsProvider(args)) => {
            rotate::run(args, &mut workspace, common, runtime, ui)
        }
        Some(Sub::Import(args)) => deployment::import(args, &mut workspace, common, runtime, ui),
        None => show(args, &workspace, common, ui),
        Some(Sub::Ls { all }) => list(*all, &workspace, ui),
        Some(Sub::Init { name, no_select, secrets_provider }) => {
            let name = own_name(name.as_deref(), &workspace, common)?;
            init(&name, !no_select, secrets_provider.as_deref(), &workspace, runtime, ui)
        }
        Some(Sub::Select { name }) => {
            let name = own_name(Some(name), &workspace, common)?;
            if !workspace.known_stacks()?.contains(&name) {
                return Err(no_stack(&workspace, &name));
            }
            workspace.store.select(&workspace.project.name, &name)?;
            ui.say(&format!("`{}/{name}` is selected", workspace.project.name));
            Ok(())
        }
        Some(Sub::Output { name, show_secrets }) => {
            outputs(name.as_deref(), *show_secrets, &workspace, common, ui)
        }
        Some(Sub::Rm { name, force, yes }) => {
            remove(name.as_deref(), *force, *yes, &workspace, common, runtime, ui)
        }
    }
}

fn no_stack(workspace: &Workspace, name: &str) -> Failure {
    Failure::new(code::NO_STACK, format!("there is no stack `{}/{name}`", workspace.project.name))
        .hint(format!("`orderinfra stack init {name}` makes it"))
}

/// A stack named on the command line, or by `-s`.
fn own_name(given: Option<&str>, workspace: &Workspace, common: &Common) -> Result<String> {
    let Some(given) = given else { return workspace.stack_name(common) };
    let project = &workspace.project.name;
    match given.strip_prefix("organization/").unwrap_or(given).split_once('/') {
        Some((of, name)) if of == project => Ok(name.to_owned()),
        Some((of, _)) => {
            Err(Failure::usage(format!("`{of}` is not the project here, which is `{project}`")))
        }
        None => Ok(given.to_owned()),
    }
}

fn init(
    name: &str,
    select: bool,
    secrets_provider: Option<&str>,
    workspace: &Workspace,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let valid = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    if name.is_empty() || name.len() > 100 || !name.chars().all(valid) {
        return Err(Failure::usage(format!(
            "`{name}` is no name for a stack: at most 100 letters, digits, `-`, `_` and `.`"
        )));
    }
    let project = &workspace.project.name;
    let lock = lock_of_new(name, secrets_provider, workspace, ui)?;
    workspace.store.init(project, name, &lock, &runtime.stamp())?;
    if select {
        workspace.store.select(project, name)?;
    }
    ui.say(&format!("Created stack `{project}/{name}`"));
    Ok(())
}

/// What a new stack is locked with. A key of AWS KMS is noted in its file, so
/// that the file's secrets are encrypted with it too.
fn lock_of_new(
    name: &str,
    secrets_provider: Option<&str>,
    workspace: &Workspace,
    ui: &Ui,
) -> Result<NewLock> {
    let (keyring, path) =
        (workspace.store.keyring(), load::stack_config_path(&workspace.project, name));
    let (file, _, _) = load::read_stack_config(&workspace.project, name)
        .map_err(|found| session::wrong(ui, &BTreeMap::new(), &found, &path))?;
    let Some(provider) = secrets_provider else { return Ok(secrets::lock_of(&file, keyring)) };
    if file.encryption_salt.is_some() || file.encrypted_key.is_some() {
        return Err(Failure::usage(format!("{} is encrypted already", path.display())).hint(
            "leave `--secrets-provider` out, and `orderinfra stack change-secrets-provider` afterwards",
        ));
    }
    let lock = match (provider, keyring.usual_lock()) {
        ("passphrase", lock @ NewLock::Passphrase(_)) => lock,
        ("passphrase", _) => {
            return Err(Failure::usage("there is no passphrase")
                .hint("set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"));
        }
        (other, _) => rotate::lock(other)?,
    };
    if let NewLock::Service(url) = &lock {
        let text = config::text_of(&path)?;
        let text = edit::set_top(&text, "secretsprovider", Some(url)).map_err(Failure::usage)?;
        config::replace(&path, &text)?;
    }
    Ok(lock)
}

fn list(all: bool, workspace: &Workspace, ui: &Ui) -> Result<()> {
    let project = &workspace.project.name;
    let stacks = workspace.store.stacks()?;
    let stacks: Vec<_> = stacks.into_iter().filter(|it| all || it.project == *project).collect();
    let selected = workspace.store.selected(project)?;
    let current = |name: &str, of: &str| of == project && selected.as_deref() == Some(name);
    if ui.json {
        let rows: Vec<Json> = stacks
            .iter()
            .map(|it| {
                json!({
                    "name": format!("{}/{}", it.project, it.name),
                    "current": current(&it.name, &it.project),
                    "resourceCount": it.resources,
                    "lastUpdate": it.last_update,
                })
            })
            .collect();
        ui.document(&serde_json::to_string_pretty(&rows).unwrap_or_default());
        return Ok(());
    }
    let name = |it: &crate::store::Listed| {
        let mark = if current(&it.name, &it.project) { "*" } else { "" };
        format!("{}/{}{mark}", it.project, it.name)
    };
    let width = stacks.iter().map(|it| name(it).chars().count()).max().unwrap_or(0).max(4);
    ui.out(&format!("{:width$}  {:20}  RESOURCES", "NAME", "LAST UPDATE"));
    for it in &stacks {
        let update = it.last_update.as_deref().unwrap_or("never");
        ui.out(&format!("{:width$}  {update:20}  {}", name(it), it.resources));
    }
    Ok(())
}

fn outputs(
    name: Option<&str>,
    secrets: bool,
    workspace: &Workspace,
    common: &Common,
    ui: &Ui,
) -> Result<()> {
    let stack = workspace.store.stack(&workspace.project.name, &workspace.stack_name(common)?)?;
    let outputs = workspace.store.outputs(&stack)?;
    let shown = |value: &Value| if secrets { value.reveal() } else { value.to_display() };
    let plain = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some(name) = name {
        let Some((_, value)) = outputs.iter().find(|(it, _)| it == name) else {
            let names: Vec<&str> = outputs.iter().map(|(it, _)| &**it).collect();
            let failure = Failure::general(format!("the stack has no output `{name}`"));
            return Err(failure.hint(format!("it has: {}", names.join(", "))));
        };
        let value = shown(value);
        match ui.json {
            true => ui.document(&value.to_string()),
            false => ui.exact(&plain(&value)),
        }
        return Ok(());
    }
    if ui.json {
        let map: JsonMap<String, Json> =
            outputs.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
        ui.document(&serde_json::to_string_pretty(&map).unwrap_or_default());
        return Ok(());
    }
    let width = outputs.iter().map(|(it, _)| it.chars().count()).max().unwrap_or(0);
    for (name, value) in &outputs {
        ui.out(&format!("{name:width$}  {}", plain(&shown(value))));
    }
    Ok(())
}

fn remove(
    name: Option<&str>,
    force: bool,
    yes: bool,
    workspace: &Workspace,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let name = own_name(name, workspace, common)?;
    let project = &workspace.project.name;
    if !workspace.store.exists(project, &name)? {
        return Err(no_stack(workspace, &name));
    }
    if !yes && ui.ask(&format!("Forget the stack `{project}/{name}`?"), &["yes", "no"])? == "no" {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    let owner = super::session::owner(runtime);
    let _lock = workspace.store.lock(project, &name, &owner)?;
    workspace.store.back_up(&runtime.stamp())?;
    workspace.store.remove(project, &name, force)?;
    ui.say(&format!("The stack `{project}/{name}` is removed"));
    Ok(())
}

/// The stack itself: where it is, what it owns, what it tells.
fn show(args: &Args, workspace: &Workspace, common: &Common, ui: &Ui) -> Result<()> {
    let name = workspace.stack_name(common)?;
    let stack = workspace.store.stack(&workspace.project.name, &name)?;
    if ui.json {
        return show_json(args, &stack, workspace, ui);
    }
    ui.out(&format!("Stack {}", stack.full_name()));
    if let Some(place) = &stack.place {
        ui.out(&format!("  account {}, region {}", place.account, place.region));
    }
    ui.out(&format!("Resources ({}):", stack.snapshot.resources.len()));
    let resources = &stack.snapshot.resources;
    let width = resources.iter().map(|it| render::short(&it.token).len()).max().unwrap_or(0);
    for it in resources {
        let Urn(urn) = &it.urn;
        let mut line = format!("  {:width$}  {}", render::short(&it.token), it.urn.name());
        if args.show_ids {
            line = format!("{line}  {}", it.id);
        }
        if args.show_urns {
            line = format!("{line}  {urn}");
        }
        ui.out(&line);
    }
    ui.out("Outputs:");
    outputs(None, args.show_secrets, workspace, common, ui)
}

fn show_json(
    args: &Args,
    stack: &crate::store::Stack,
    workspace: &Workspace,
    ui: &Ui,
) -> Result<()> {
    let shown = |value: &Value| if args.show_secrets { value.reveal() } else { value.to_display() };
    let outputs = workspace.store.outputs(stack)?;
    let outputs: JsonMap<String, Json> =
        outputs.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
    let resources: Vec<Json> = stack
        .snapshot
        .resources
        .iter()
        .map(|it| json!({ "urn": it.urn.as_str(), "type": it.token, "id": it.id }))
        .collect();
    let place = stack.place.as_ref();
    let document = json!({
        "stack": stack.full_name(),
        "account": place.map(|it| &it.account),
        "region": place.map(|it| &it.region),
        "resources": resources,
        "outputs": outputs,
    });
    ui.document(&serde_json::to_string_pretty(&document).unwrap_or_default());
    Ok(())
}
