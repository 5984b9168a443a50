//! Changes to the text of a stack's file: `config set`, `config rm`, and the
//! encryption salt of a new stack. Pure: text in, text out.
//!
//! Only the lines of the changed entry are touched, so comments and order
//! stay. Should a file be written in a way that this does not understand (flow
//! style, JSON), it is written anew; its order stays then, its comments do not.

#[cfg(test)]
mod tests;

use serde_yaml::{Mapping, Value as Yaml};

use super::{Type, full_key};
use crate::{
    lang::syntax,
    model::{Map, Value},
};

/// What `config set` writes.
#[derive(Clone, Debug)]
pub enum New<'a> {
    /// A text, as it is: `config set` without a type.
    Text(&'a str),
    /// `--type integer`
    Typed(&'a str, Type),
    /// The ciphertext of a secret.
    Secure(&'a str),
}

/// One step of a path into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// The file with `key` set. With `path` the key may go on into the value, as
/// `tags.team` or `zones[0]`.
pub fn set(
    file: &str,
    project: &str,
    key: &str,
    new: &New<'_>,
    path: bool,
) -> Result<String, String> {
    let (key, steps) = if path { split_key(key)? } else { (key.to_owned(), vec![]) };
    let full = full_key(project, &key)?;
    let mut root = read(file)?;
    let config = config_of(&mut root)?;
    let at = spelling(config, project, &full).unwrap_or_else(|| Yaml::String(full));
    let value = match new {
        New::Secure(text) => {
            let mut map = Mapping::new();
            map.insert("secure".into(), (*text).into());
            Yaml::Mapping(map)
        }
        New::Typed(text, ty) => typed(text, ty)?,
        New::Text(text) if path => to_yaml(&typed_scalar(text)),
        New::Text(text) => Yaml::String((*text).to_owned()),
    };
    let entry = config.entry(at.clone()).or_insert(Yaml::Null);
    put_yaml(entry, &steps, value)?;
    let entry = entry.clone();
    let edited = edit_entry(file, &at, Some(&entry));
    finish(root, edited)
}

/// The file without `key`, and whether it was there.
pub fn remove(file: &str, project: &str, key: &str, path: bool) -> Result<(String, bool), String> {
    let (key, steps) = if path { split_key(key)? } else { (key.to_owned(), vec![]) };
    let full = full_key(project, &key)?;
    let mut root = read(file)?;
    let config = config_of(&mut root)?;
    let Some(at) = spelling(config, project, &full) else {
        return Ok((file.to_owned(), false));
    };
    let (rest, removed) = match config.get_mut(&at) {
        Some(entry) if !steps.is_empty() => {
            let removed = take_yaml(entry, &steps);
            (Some(entry.clone()), removed)
        }
        _ => {
            config.shift_remove(&at);
            (None, true)
        }
    };
    if !removed {
        return Ok((file.to_owned(), false));
    }
    let empty = config.is_empty();
    if let (true, Some(root)) = (empty, root.as_mapping_mut()) {
        root.shift_remove("config");
    }
    let edited = edit_entry(file, &at, rest.as_ref());
    Ok((finish(root, edited)?, true))
}

/// The file with a top-level text such as `encryptionsalt` set, or removed.
pub fn set_top(file: &str, key: &str, value: Option<&str>) -> Result<String, String> {
    let mut root = read(file)?;
    let map = root.as_mapping_mut().expect("`read` yields a map");
    let lines: Vec<&str> = file.lines().collect();
    let at = lines.iter().position(|it| it.strip_prefix(key).is_some_and(|it| it.starts_with(':')));
    let mut edited: Vec<String> = lines.iter().map(|&it| it.to_owned()).collect();
    if let Some(at) = at {
        edited.remove(at);
    }
    match value {
        None => {
            map.shift_remove(key);
        }
        Some(text) => {
            map.insert(key.into(), text.into());
            let line = render(&Yaml::String(key.to_owned()), &text.into());
            edited.splice(at.unwrap_or(0)..at.unwrap_or(0), line.lines().map(str::to_owned));
        }
    }
    finish(root, Some(edited.join("\n")))
}

/// The file with every encrypted value encrypted anew. Only the ciphertexts
/// change, wherever they stand: an old one in a comment goes, too.
pub fn encrypt_anew(
    file: &str,
    anew: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut text = file.to_owned();
    let mut expected = Vec::new();
    for old in ciphertexts(&read(file)?) {
        let new = anew(&old)?;
        text = text.replace(&old, &new);
        expected.push(new);
    }
    if ciphertexts(&read(&text)?) != expected {
        return Err("an encrypted value is written over several lines; write it on one".to_owned());
    }
    Ok(text)
}

/// Every `secure:` value, in order, each once.
fn ciphertexts(root: &Yaml) -> Vec<String> {
    fn walk(at: &Yaml, all: &mut Vec<String>) {
        match at {
            Yaml::Sequence(list) => list.iter().for_each(|it| walk(it, all)),
            Yaml::Mapping(map) => match (map.get("secure"), map.len()) {
                (Some(Yaml::String(text)), 1) => {
                    if !all.contains(text) {
                        all.push(text.clone());
                    }
                }
                _ => map.values().for_each(|it| walk(it, all)),
            },
            _ => {}
        }
    }
    let mut all = Vec::new();
    walk(root.get("config").unwrap_or(&Yaml::Null), &mut all);
    all
}

fn read(file: &str) -> Result<Yaml, String> {
    let root: Yaml = serde_yaml::from_str(file)
        .map_err(|error| format!("the stack's file is not valid YAML: {error}"))?;
    match root {
        Yaml::Null => Ok(Yaml::Mapping(Mapping::new())),
        Yaml::Mapping(_) => Ok(root),
        _ => Err("the stack's file is not an object".to_owned()),
    }
}

fn config_of(root: &mut Yaml) -> Result<&mut Mapping, String> {
    let root = root.as_mapping_mut().expect("`read` yields a map");
    let config = root.entry("config".into()).or_insert(Yaml::Null);
    if config.is_null() {
        *config = Yaml::Mapping(Mapping::new());
    }
    config
        .as_mapping_mut()
        .ok_or_else(|| "`config` in the stack's file is not an object".to_owned())
}

/// The key as the file spells it.
fn spelling(config: &Mapping, project: &str, full: &str) -> Option<Yaml> {
    let same = |key: &&Yaml| {
        key.as_str().and_then(|it| full_key(project, it).ok()).is_some_and(|it| it == full)
    };
    config.keys().find(same).cloned()
}

/// The edited text if it says what `root` does, else `root` written anew.
fn finish(root: Yaml, edited: Option<String>) -> Result<String, String> {
    if let Some(mut text) = edited
        && read(&text).is_ok_and(|it| it == root)
        && reads_back(&text, &root)
    {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        return Ok(text);
    }
    if root.as_mapping().is_some_and(Mapping::is_empty) {
        return Ok(String::new());
    }
    let text = serde_yaml::to_string(&root).map_err(|error| error.to_string())?;
    match reads_back(&text, &root) {
        true => Ok(text),
        false => Err("the stack's file would not be read back as it is meant; nothing was changed"
            .to_owned()),
    }
}

/// Whether the reader that reads the file afterwards finds every key. It is
/// another one than the one that writes, and stricter.
fn reads_back(text: &str, root: &Yaml) -> bool {
    let Ok(node) = syntax::read("", text) else { return false };
    let all = |node: Option<&syntax::Node>, yaml: Option<&Yaml>| {
        let keys = yaml.and_then(Yaml::as_mapping).into_iter().flat_map(Mapping::keys);
        let mut keys = keys.filter_map(Yaml::as_str).filter(|it| *it != "<<");
        keys.all(|key| node.is_some_and(|it| it.get(key).is_some()))
    };
    all(Some(&node), Some(root)) && all(node.get("config"), root.get("config"))
}

/// `config` with one entry's lines replaced, added or removed. What comes out
/// is checked by `finish`, so a guess may be wrong here.
fn edit_entry(file: &str, key: &Yaml, value: Option<&Yaml>) -> Option<String> {
    let lines: Vec<&str> = file.lines().collect();
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');

    let Some(header) = lines.iter().position(|it| it.trim_end() == "config:") else {
        let value = value?;
        let mut text = file.to_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        return Some(format!("{text}config:\n{}", indented(&render(key, value), 2)));
    };
    let body = header + 1..lines.len();
    let end = body.clone().find(|&it| !blank(lines[it]) && indent_of(lines[it]) == 0);
    let mut end = end.unwrap_or(lines.len());
    // Comments and blank lines before the next key belong to that key.
    while end > header + 1 && blank(lines[end - 1]) {
        end -= 1;
    }
    let first = (header + 1..end).find(|&it| !blank(lines[it]));
    let indent = first.map_or(2, |it| indent_of(lines[it]));
    let starts: Vec<usize> = (header + 1..end)
        .filter(|&it| !blank(lines[it]) && indent_of(lines[it]) == indent)
        .collect();

    let is_key = |&&at: &&usize| {
        let entry: Result<Mapping, _> = serde_yaml::from_str(&entry_text(&lines, at, &starts, end));
        entry.is_ok_and(|it| it.contains_key(key))
    };
    let at = starts.iter().find(is_key).copied();
    let rendered = value.map(|it| indented(&render(key, it), indent));
    let (from, to) = match at {
        Some(at) => {
            let mut to = starts.iter().copied().find(|&it| it > at).unwrap_or(end);
            while to > at + 1 && blank(lines[to - 1]) {
                to -= 1;
            }
            (at, to)
        }
        None => (end, end),
    };
    let only_entry = at.is_some() && starts.len() == 1 && rendered.is_none();
    let from = if only_entry { header } else { from };
    let new = rendered.as_deref().unwrap_or_default().lines();
    let edited: Vec<&str> =
        lines[..from].iter().copied().chain(new).chain(lines[to..].iter().copied()).collect();
    Some(edited.join("\n"))
}

fn entry_text(lines: &[&str], at: usize, starts: &[usize], end: usize) -> String {
    let to = starts.iter().copied().find(|&it| it > at).unwrap_or(end);
    lines[at..to].join("\n")
}

fn render(key: &Yaml, value: &Yaml) -> String {
    let mut map = Mapping::new();
    map.insert(key.clone(), value.clone());
    serde_yaml::to_string(&map).expect("keys are texts and values are plain data")
}

fn indented(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    text.lines().map(|it| format!("{pad}{it}\n")).collect()
}

/// `ns:tags.team[0]["a b"]` into the configuration key and the path.
pub fn split_key(key: &str) -> Result<(String, Vec<Step>), String> {
    let (namespace, path) = match key.rsplit_once(':') {
        // A colon inside `["..."]` is not a namespace's.
        Some((namespace, path)) if !namespace.contains('[') => (Some(namespace), path),
        _ => (None, key),
    };
    let mut steps = steps(path).ok_or_else(|| format!("invalid config key path {key:?}"))?;
    match steps.first() {
        Some(Step::Key(name)) if !name.is_empty() => {
            let name = namespace.map_or_else(|| name.clone(), |it| format!("{it}:{name}"));
            steps.remove(0);
            Ok((name, steps))
        }
        _ => Err(format!("invalid config key path {key:?}: it must start with a name")),
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]")?;
            steps.push(Step::Key(key.to_owned()));
            rest = after;
        } else if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = after;
        } else {
            let name = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    Some(steps)
}

/// What a text that is set by path is taken for: a flag, a whole number
/// without a leading zero, or a text.
pub fn typed_scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Value::from(number),
            _ => Value::string(text),
        },
    }
}

fn typed(text: &str, ty: &Type) -> Result<Yaml, String> {
    let value = ty.take(&Value::string(text));
    let value = value.ok_or_else(|| format!("{text:?} is not of type '{}'", ty.word()))?;
    Ok(to_yaml(&value))
}

fn to_yaml(value: &Value) -> Yaml {
    serde_yaml::to_value(value.reveal()).expect("JSON is YAML")
}

/// Sets what a path leads to, making maps and lists on the way.
pub fn put_value(at: &mut Value, path: &[Step], new: Value) -> Result<(), String> {
    if let Value::Secret(secret) = at
        && !path.is_empty()
    {
        return put_value(&mut secret.0, path, new);
    }
    let Some((first, rest)) = path.split_first() else {
        *at = new;
        return Ok(());
    };
    match (first, &mut *at) {
        (Step::Key(_), Value::Null) => *at = Value::Map(Map::new()),
        (Step::Index(_), Value::Null) => *at = Value::List(Vec::new()),
        _ => {}
    }
    match (first, at) {
        (Step::Key(key), Value::Map(map)) => {
            put_value(map.entry(key.clone()).or_default(), rest, new)
        }
        (Step::Index(index), Value::List(list)) if *index <= list.len() => {
            if *index == list.len() {
                list.push(Value::Null);
            }
            put_value(&mut list[*index], rest, new)
        }
        (step, _) => Err(misplaced(step)),
    }
}

fn put_yaml(at: &mut Yaml, path: &[Step], new: Yaml) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        *at = new;
        return Ok(());
    };
    match (first, &mut *at) {
        (Step::Key(_), Yaml::Null) => *at = Yaml::Mapping(Mapping::new()),
        (Step::Index(_), Yaml::Null) => *at = Yaml::Sequence(Vec::new()),
        _ => {}
    }
    match (first, at) {
        (Step::Key(key), Yaml::Mapping(map)) if key != "secure" => {
            put_yaml(map.entry(key.clone().into()).or_insert(Yaml::Null), rest, new)
        }
        (Step::Key(_), Yaml::Mapping(_)) => {
            Err("`secure` is what marks an encrypted value, and cannot be a key".to_owned())
        }
        (Step::Index(index), Yaml::Sequence(list)) if *index <= list.len() => {
            if *index == list.len() {
                list.push(Yaml::Null);
            }
            put_yaml(&mut list[*index], rest, new)
        }
        (step, _) => Err(misplaced(step)),
    }
}

fn misplaced(step: &Step) -> String {
    match step {
        Step::Key(key) => format!("{key:?} cannot be set: what should hold it is not an object"),
        Step::Index(index) => {
            format!("index {index} cannot be set: there is no list, or it is shorter")
        }
    }
}

fn take_yaml(at: &mut Yaml, path: &[Step]) -> bool {
    match (path, at) {
        ([Step::Key(key)], Yaml::Mapping(map)) => map.shift_remove(key.as_str()).is_some(),
        ([Step::Index(index)], Yaml::Sequence(list)) => {
            let there = *index < list.len();
            if there {
                list.remove(*index);
            }
            there
        }
        ([Step::Key(key), rest @ ..], Yaml::Mapping(map)) => {
            map.get_mut(key.as_str()).is_some_and(|it| take_yaml(it, rest))
        }
        ([Step::Index(index), rest @ ..], Yaml::Sequence(list)) => {
            list.get_mut(*index).is_some_and(|it| take_yaml(it, rest))
        }
        _ => false,
    }
}
