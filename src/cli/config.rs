//! `orderinfra config`: the values of a stack's file.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
};

use serde_json::{Map as JsonMap, Value as Json};

use super::{
    Common, Runtime,
    failure::{Failure, Result},
    secrets,
    session::{self, Session, Workspace},
    ui::Ui,
};
use crate::{
    lang::{
        config::{Type, edit},
        load,
    },
    model::Value,
};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    /// Show secret values in clear
    #[arg(long)]
    show_secrets: bool,
}

#[derive(clap::Subcommand)]
enum Sub {
    /// Set a value; without one it is read from standard input
    Set {
        key: String,
        value: Option<String>,
        /// Encrypt it
        #[arg(long)]
        secret: bool,
        /// Keep it in clear, even if it looks like a secret
        #[arg(long, conflicts_with = "secret")]
        plaintext: bool,
        /// The key is a path into a value: `tags.team`, `zones[0]`
        #[arg(long)]
        path: bool,
        /// What it is: string, bool, int or float
        #[arg(long = "type", value_name = "TYPE", value_parser = ["string", "bool", "int", "float"])]
        kind: Option<String>,
    },
    /// Show one value, as it is
    Get { key: String },
    /// Take a value away
    #[command(visible_alias = "remove")]
    Rm {
        key: String,
        #[arg(long)]
        path: bool,
    },
}

pub(super) fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    match &args.command {
        None => list(args.show_secrets, common, runtime, ui),
        Some(Sub::Get { key }) => get(key, common, runtime, ui),
        Some(Sub::Set { key, value, secret, plaintext, path, kind }) => {
            let text = match value {
                Some(value) => value.clone(),
                None => stdin()?,
            };
            if !secret && !plaintext && looks_secret(key, &text) {
                ui.warn(&format!("`{key}` looks like a secret; `--secret` encrypts it"));
            }
            let new =
                Setting { key, text: &text, secret: *secret, path: *path, kind: kind.as_deref() };
            set(&new, common, runtime, ui)
        }
        Some(Sub::Rm { key, path }) => remove(key, *path, common, runtime, ui),
    }
}

struct Setting<'a> {
    key: &'a str,
    text: &'a str,
    secret: bool,
    path: bool,
    kind: Option<&'a str>,
}

fn set(new: &Setting<'_>, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let workspace = Workspace::open(common, runtime, ui)?;
    let stack = workspace.stack_name(common)?;
    let path = load::stack_config_path(&workspace.project, &stack);
    let mut text = text_of(&path)?;
    let project = &workspace.project.name;
    let sealed;
    let value = if new.secret {
        let (file, _, _) = load::read_stack_config(&workspace.project, &stack)
            .map_err(|found| unreadable(ui, &found, &path))?;
        let keyring = workspace.store.keyring();
        let (cipher, entries) = secrets::begin(&file, keyring).map_err(Failure::usage)?;
        for (name, value) in entries {
            text = edit::set_top(&text, name, Some(&value)).map_err(Failure::usage)?;
        }
        sealed = cipher.encrypt(new.text, secrets::nonce().map_err(Failure::general)?);
        edit::New::Secure(&sealed)
    } else {
        match new.kind {
            None | Some("string") => edit::New::Text(new.text),
            Some("bool") => edit::New::Typed(new.text, Type::Boolean),
            Some("int") => edit::New::Typed(new.text, Type::Integer),
            Some(_) => edit::New::Typed(new.text, Type::Number),
        }
    };
    let text = edit::set(&text, project, new.key, &value, new.path).map_err(Failure::usage)?;
    replace(&path, &text)?;
    Ok(())
}

/// A file's text, to be changed. One that cannot be read must not be taken
/// for an empty one, and be overwritten.
pub(super) fn text_of(path: &Path) -> Result<String> {
    match path.exists() {
        true => load::text_of(path).map_err(|it| Failure::general(it.message)),
        false => Ok(String::new()),
    }
}

fn remove(key: &str, deep: bool, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let workspace = Workspace::open(common, runtime, ui)?;
    let stack = workspace.stack_name(common)?;
    let path = load::stack_config_path(&workspace.project, &stack);
    let text = text_of(&path)?;
    let (text, removed) =
        edit::remove(&text, &workspace.project.name, key, deep).map_err(Failure::usage)?;
    if !removed {
        return Err(Failure::general(format!("`{key}` is not set in {}", path.display())));
    }
    replace(&path, &text)?;
    Ok(())
}

fn values(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<crate::model::Map> {
    Ok(Session::configuration(common, runtime, ui)?.all)
}

fn get(key: &str, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let values = values(common, runtime, ui)?;
    let workspace = Workspace::open(common, runtime, ui)?;
    let full =
        crate::lang::config::full_key(&workspace.project.name, key).map_err(Failure::usage)?;
    let Some(value) = values.get(&full) else {
        return Err(Failure::general(format!("`{key}` is not set")));
    };
    ui.exact(&plain(&value.reveal()));
    Ok(())
}

fn list(secrets: bool, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let values = values(common, runtime, ui)?;
    let shown = |value: &Value| if secrets { value.reveal() } else { value.to_display() };
    if ui.json {
        let map: JsonMap<String, Json> = values
            .iter()
            .map(|(key, value)| {
                let secret = value.has_secret();
                let mut entry = serde_json::json!({ "secret": secret });
                if !secret || secrets {
                    entry["value"] = shown(value);
                }
                (key.clone(), entry)
            })
            .collect();
        ui.document(&serde_json::to_string_pretty(&map).unwrap_or_default());
        return Ok(());
    }
    let width = values.keys().map(|it| it.chars().count()).max().unwrap_or(0).max(3);
    ui.out(&format!("{:width$}  VALUE", "KEY"));
    for (key, value) in &values {
        ui.out(&format!("{key:width$}  {}", plain(&shown(value))));
    }
    Ok(())
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn stdin() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A long text of many different characters, or a telling key.
fn looks_secret(key: &str, text: &str) -> bool {
    let key = key.to_lowercase();
    let telling = ["password", "secret", "token", "apikey", "api_key", "privatekey"];
    let varied = || {
        let kinds = [
            text.chars().any(|it| it.is_ascii_lowercase()),
            text.chars().any(|it| it.is_ascii_uppercase()),
            text.chars().any(|it| it.is_ascii_digit()),
        ];
        text.len() >= 20 && !text.contains([' ', '/', ':', '.']) && kinds.iter().all(|it| *it)
    };
    telling.iter().any(|it| key.contains(it)) || varied()
}

/// Whole or not at all, and durable.
pub(super) fn replace(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension(format!("yaml.{}", std::process::id()));
    let mut file = fs::File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

fn unreadable(ui: &Ui, found: &[crate::lang::diag::Diagnostic], path: &Path) -> Failure {
    session::wrong(ui, &std::collections::BTreeMap::new(), found, path)
}
