//! Who may import whom, and where a word may stand: over the source text.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Of each layer, what of ours it may import beside itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("lang", &["model", "rollout"]),
    ("rollout", &["model", "provider"]),
    ("shift", &["model", "provider", "rollout", "store"]),
    ("store", &["model"]),
    // The clients ride in `Cx`: see `only_cx_reaches_back`.
    ("provider", &["model", "aws"]),
    ("builtin", &["model", "provider", "lang"]),
    ("engine", &["model", "provider", "lang", "rollout", "store"]),
    ("aws", &["model", "provider", "rollout"]),
];

fn sources() -> Vec<(String, String)> {
    fn walk(at: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(&path, all),
                false => all.push(path),
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let text = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|it| !it.trim_start().starts_with("//"));
        (name, code.collect::<Vec<_>>().join("\n"))
    };
    let all: Vec<_> = files
        .into_iter()
        .filter(|it| it.extension().is_some_and(|it| it == "rs"))
        .map(text)
        .collect();
    assert!(all.len() > 100, "the sources were not found");
    all
}

/// The first names after every `crate::`, also of a group in braces.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
    };
    let mut all = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            all.insert(word(rest));
            continue;
        };
        let (mut depth, mut fresh) = (1, true);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                _ if letter.is_whitespace() => {}
                _ if fresh && depth == 1 => {
                    all.insert(word(&group[at..]));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    all
}

#[test]
fn groups_of_imports_are_read() {
    let found = imports("use crate::{\n    a::{b, c},\n    d,\n};\nlet x = crate::e::f();");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "d", "e"]);
}

#[test]
fn layers_import_downward_only() {
    let layer = |name: &str| name.split(['/', '.']).next().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    for (name, code) in sources() {
        let own = layer(&name);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(it, _)| *it == own) else { continue };
        for import in imports(&code) {
            let known = MAY_IMPORT.iter().any(|(it, _)| *it == import) || import == "cli";
            if known && import != own && !allowed.contains(&&*import) {
                wrong.push(format!("{name} imports {import}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn only_cx_reaches_back_to_the_clients() {
    let back = sources()
        .into_iter()
        .filter(|(name, code)| name.starts_with("provider/") && imports(code).contains("aws"));
    assert_eq!(back.map(|(name, _)| name).collect::<Vec<_>>(), ["provider/cx.rs"]);
}

#[test]
fn some_words_have_one_place() {
    let rules: &[(&str, &[&str])] = &[
        ("aws_sdk_", &["aws/"]),
        ("rusqlite", &["store/"]),
        ("clap::", &["cli/"]),
        ("tokio::spawn", &[]),
        ("println!", &[]),
        ("print!(", &[]),
        ("std::env::", &["main.rs", "cli/", "aws/clients.rs"]),
        ("tokio::time::sleep", &["provider/cx.rs", "shift/driver.rs", "cli/"]),
    ];
    let mut wrong = Vec::new();
    for (name, code) in sources() {
        for (word, places) in rules {
            if code.contains(word) && !places.iter().any(|it| name.starts_with(it)) {
                wrong.push(format!("`{word}` in {name}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
