//! `orderinfra stack change-secrets-provider`: another key for a stack's state
//! and for its configuration file.
//!
//! The two are changed together: the new text of the file is written to the
//! state in the transaction that gives the state its new key. If the process
//! ends before the file is written, the next command writes it.

use std::{collections::BTreeMap, fs, io::BufRead as _, path::PathBuf};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    Common, Runtime, config,
    failure::{Failure, Result},
    kms, secrets, session,
    session::Workspace,
    ui::Ui,
};
use crate::{
    engine::name::hex,
    lang::load,
    store::{NewLock, Unwritten},
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// `keyfile`, `passphrase`, or a key of AWS KMS: `awskms://alias/NAME?region=eu-central-1`
    provider: String,
}

pub(super) fn run(
    args: &Args,
    workspace: &mut Workspace,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let name = workspace.stack_name(common)?;
    let project = workspace.project.name.clone();
    let lock = match &*args.provider {
        "passphrase" => NewLock::Passphrase(new_passphrase(runtime, ui)?),
        other => lock(other)?,
    };
    let owner = session::owner(runtime);
    let _lock = workspace.store.lock(&project, &name, &owner)?;
    // Opened before anything is asked of the file: it proves the old key.
    let stack = workspace.store.stack(&project, &name)?;
    let unwritten = rewritten(workspace, &name, &lock, ui)?;
    workspace.store.back_up(&runtime.stamp())?;
    let wiped = workspace.store.rotate(&stack, &lock, unwritten.as_ref())?;
    finish(workspace, &name, ui)?;
    ui.say(&format!("The secrets of `{}` are encrypted with another key", stack.full_name()));
    if !wiped {
        ui.warn("old ciphertexts are still in the state file, because somebody was reading it; say the same again when nobody is");
    }
    ui.say("Backups from before still open with the old one: delete them if it is known to others");
    if matches!(lock, NewLock::Passphrase(_)) {
        ui.say("From now on PULUMI_CONFIG_PASSPHRASE must be the new passphrase");
    }
    Ok(())
}

/// What a secrets provider that needs no question locks with.
pub(super) fn lock(provider: &str) -> Result<NewLock> {
    match provider {
        "keyfile" => Ok(NewLock::KeyFile),
        url if kms::is_url(url) => {
            kms::check(url).map_err(Failure::usage)?;
            Ok(NewLock::Service(url.to_owned()))
        }
        other => {
            let scheme = other.split(':').next().unwrap_or(other).escape_debug();
            let message = format!("the secrets provider `{scheme}` is not supported");
            Err(Failure::usage(message).hint(
                "there are `keyfile`, `passphrase`, and a key of AWS KMS: `awskms://alias/NAME?region=eu-central-1`",
            ))
        }
    }
}

/// The stack's configuration file under the new key; `None` when it has no
/// secrets and no key.
fn rewritten(
    workspace: &Workspace,
    name: &str,
    lock: &NewLock,
    ui: &Ui,
) -> Result<Option<Unwritten>> {
    let path = load::stack_config_path(&workspace.project, name);
    let (file, _, _) = load::read_stack_config(&workspace.project, name)
        .map_err(|found| session::wrong(ui, &BTreeMap::new(), &found, &path))?;
    if file.encryption_salt.is_none() && file.encrypted_key.is_none() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)?;
    let anew = secrets::encrypt_anew(&text, &file, workspace.store.keyring(), lock)
        .map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
    Ok(Some(Unwritten { over: digest(&text), text: anew }))
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Writes the configuration file that a change of keys has left in the state.
pub(super) fn finish(workspace: &mut Workspace, name: &str, ui: &Ui) -> Result<()> {
    if workspace.store.is_read_only() {
        return Ok(());
    }
    let project = workspace.project.name.clone();
    let Some(unwritten) = workspace.store.unwritten(&project, name)? else { return Ok(()) };
    let path = load::stack_config_path(&workspace.project, name);
    let there = fs::read_to_string(&path).unwrap_or_default();
    if there == unwritten.text {
        // Written, and then cut off.
    } else if digest(&there) == unwritten.over {
        config::replace(&path, &unwritten.text)?;
    } else {
        // Not by a name that would be a stack's.
        let beside = PathBuf::from(format!("{}.new-key", path.display()));
        config::replace(&beside, &unwritten.text)?;
        ui.warn(&format!(
            "{} was changed while its secrets were given another key; as they are now, they are in {}",
            path.display(),
            beside.display()
        ));
    }
    Ok(workspace.store.set_written(&project, name)?)
}

/// From PULUMI_CONFIG_PASSPHRASE_NEW; else asked for twice; else, as Pulumi
/// does it, a line of standard input.
fn new_passphrase(runtime: &Runtime, ui: &Ui) -> Result<Zeroizing<String>> {
    let given = runtime.var("PULUMI_CONFIG_PASSPHRASE_NEW").map(|it| Zeroizing::new(it.to_owned()));
    let text = match given {
        Some(text) => text,
        None if ui.interactive => {
            let first = ui.ask_secret("Enter your new passphrase to protect config/secrets")?;
            let again = ui.ask_secret("Re-enter your new passphrase to confirm")?;
            if first != again {
                return Err(Failure::usage(
                    "the passphrases are not the same; nothing was changed",
                ));
            }
            first
        }
        None => {
            let mut line = Zeroizing::new(String::new());
            std::io::stdin().lock().read_line(&mut line)?;
            Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned())
        }
    };
    if text.is_empty() {
        return Err(Failure::usage("there is no new passphrase")
            .hint("set PULUMI_CONFIG_PASSPHRASE_NEW, or give it as a line of standard input"));
    }
    Ok(text)
}
