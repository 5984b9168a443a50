//! Foreign text of every kind, mutated at random: nothing panics, hangs or
//! takes much memory, and every mistake has its place.
//!
//! Seeds are in `tests/it/corpus/<target>/`, real ones and those that once
//! found a bug: see `docs/testing.md`. A new target is one function here and
//! one folder there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use orderinfra::{
    builtin,
    engine::{
        deployment::{self, Reading},
        name::Draws,
    },
    lang::{
        ast::{ExprKind, Part, Span},
        check,
        config::{self, edit},
        diag::Diagnostic,
        eval::{Answers, Context, Evaluator, Scope},
        interpolate, parse,
        secure::Cipher,
        syntax,
    },
    model::{Map, Snapshot},
    provider::{Registry, fake},
};

use crate::env::number;

/// Inputs per target; a second or two each.
const ROUNDS: u64 = 6000;
/// Far above what any of them takes on a slow and busy machine.
const LONGEST: Duration = Duration::from_secs(10);
/// Mutants do not grow for ever.
const BYTES_MAX: usize = 16 << 10;

/// Pieces that mean something to a reader of ours.
const WORDS: &[&str] = &[
    "${",
    "}",
    "$$",
    "${a.b}",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    ": ",
    "- ",
    "? ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!Ref ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "#",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{1b}[2J",
    "\u{0}",
    "\u{202e}",
    "🦀",
    "é",
    "fn::join: ",
    "fn::secret: ",
    "fn::toJSON: ",
    "fn::invoke: ",
    "fn::select: ",
    "fn::split: ",
    "resources:\n",
    "variables:\n",
    "outputs:\n",
    "config:\n",
    "properties:\n",
    "options:\n",
    "type: fake:index:Thing\n",
    "dependsOn: ",
    "parent: ",
    "aliases: ",
    "customTimeouts: {create: 1e999h}",
    "secure: ",
    "v1:",
    "null",
    "~",
    "-0",
    "1e400",
    "0x7fffffffffffffff",
    "18446744073709551616",
    ".inf",
    "pulumi",
];

struct Lots(u64);

impl Lots {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count.max(1) as u64).unwrap()
    }

    fn mutant(&mut self, seeds: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].1.clone();
        for _ in 0..=self.below(6) {
            self.mutate(&mut bytes, seeds);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, seeds: &[(PathBuf, Vec<u8>)]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(64)).min(bytes.len());
        match self.below(8) {
            0 if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] ^= 1 << self.below(8);
            }
            1 => drop(bytes.drain(at..end)),
            2 => bytes.truncate(at),
            3 => {
                let piece = bytes[at..end].repeat(1 + self.below(4));
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = &seeds[self.below(seeds.len())].1;
                let from = self.below(other.len() + 1);
                let to = (from + self.below(256)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            5 => {
                let open = ["[", "{a: ", "- ", "${a[", "? ", "{fn::secret: "][self.below(6)];
                bytes.splice(at..at, open.repeat(1 + self.below(300)).bytes());
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                bytes.splice(at..at, word.bytes());
            }
        }
    }
}

fn seeds(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|it| panic!("{}: {it}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|it| it.unwrap().path()).filter(|it| it.is_file()).collect();
    files.sort();
    files.into_iter().map(|it| (it.clone(), fs::read(it).unwrap())).collect()
}

/// Every seed as it is, and then mutants of them.
fn fuzz(target: &str, more: &[&str], one: impl Fn(&str)) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut all = seeds(&tests.join("corpus").join(target));
    for folder in more {
        all.extend(seeds(&tests.join(folder)));
    }
    assert!(!all.is_empty());
    let seed = number("ORDERINFRA_FUZZ_SEED").unwrap_or(1).max(1);
    let rounds = number("ORDERINFRA_FUZZ_ROUNDS").unwrap_or(ROUNDS);
    let mut lots = Lots(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let originals = all.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>();
    let mutants = (0..rounds).map(|_| lots.mutant(&all));
    for bytes in originals.into_iter().chain(mutants) {
        let text = String::from_utf8_lossy(&bytes);
        let started = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| one(&text)));
        let took = started.elapsed();
        if ended.is_err() || took > LONGEST {
            let path = std::env::temp_dir().join(format!("orderinfra-fuzz-{target}"));
            fs::write(&path, text.as_bytes()).unwrap();
            panic!(
                "{target}: this took {took:?} or panicked (seed {seed}; it is in {}):\n{text}",
                path.display()
            );
        }
    }
}

/// Each mistake can be shown in the text.
fn placed(text: &str, found: &[Diagnostic]) {
    for it in found {
        let span = it.span.as_ref().unwrap_or_else(|| panic!("no place: {it:?}"));
        assert!(text.get(span.start..span.end).is_some(), "{span:?} is not in the text: {it:?}");
        assert!(span.line > 0 && span.column > 0, "{it:?}");
        assert!(!it.message.is_empty());
    }
}

#[test]
fn programs() {
    let cloud = fake::Cloud::in_memory();
    let mut types = fake::types_on(&cloud);
    types.extend(builtin::types());
    let registry = Registry::new(types, Vec::new());
    fuzz("program", &["types"], |text| {
        let root = match syntax::read("Pulumi.yaml", text) {
            Ok(root) => root,
            Err(found) => {
                assert!(!found.is_empty());
                return placed(text, &found);
            }
        };
        let mut found = Vec::new();
        let mut program = parse::program(&root, &mut found);
        check::program(&mut program, &registry, &BTreeSet::new(), &mut found);
        placed(text, &found);
        drop(check::dependencies(&program));
        // Also of what is wrong: the evaluator must not rely on the checker.
        let (context, config) = (Context::default(), Map::new());
        let (resources, answers) = (BTreeMap::new(), Answers::new());
        let scope = Scope {
            program: &program,
            context: &context,
            config: &config,
            resources: &resources,
            answers: &answers,
        };
        let evaluator = Evaluator::new(scope);
        for it in &program.resources {
            drop(evaluator.eval(&it.properties));
        }
        for it in &program.outputs {
            drop(evaluator.eval(&it.value));
        }
        placed(text, &evaluator.errors.take());
    });
}

#[test]
fn interpolations() {
    fuzz("interpolation", &[], |text| {
        let span = Span { file: "f".into(), line: 1, column: 1, start: 0, end: text.len() };
        let mut found = Vec::new();
        let kind = interpolate::parse(text, &span, &mut found);
        placed(text, &found);
        let nothing = matches!(kind, ExprKind::Null);
        assert_eq!(found.is_empty(), !nothing, "nothing half-read is used");
        let mut plain = 0;
        if let ExprKind::Mixed(parts) = &kind {
            let texts = parts.iter().filter_map(|it| match it {
                Part::Text(text) => Some(text.len()),
                Part::Access(_) => None,
            });
            plain = texts.sum();
        }
        assert!(plain <= text.len());
    });
}

#[test]
fn configurations() {
    fuzz("config", &[], |text| {
        let root = match syntax::read("Pulumi.dev.yaml", text) {
            Ok(root) => root,
            Err(found) => return placed(text, &found),
        };
        let mut found = Vec::new();
        drop(config::stack_file("shop", &root, &mut found));
        placed(text, &found);
        if !found.is_empty() {
            return;
        }
        // What is set is read back, and taken out again leaves the rest.
        let Ok(with) = edit::set(text, "shop", "added", &edit::New::Text("x: 'y' # z"), false)
        else {
            return;
        };
        let entry = |text: &str| {
            let root = syntax::read("Pulumi.dev.yaml", text).unwrap();
            let entries = root.get("config").map(|it| it.entries().to_vec()).unwrap_or_default();
            let found =
                entries.iter().find(|(key, _)| matches!(&*key.value, "shop:added" | "added"));
            let value = found.map(|(_, it)| it.kind.clone());
            (value, entries.len())
        };
        let (value, count) = entry(&with);
        assert_eq!(value, Some(syntax::Kind::String("x: 'y' # z".to_owned())), "{with}");
        let (without, removed) = edit::remove(&with, "shop", "added", false).unwrap();
        assert!(removed);
        assert_eq!(entry(&without), (None, count - 1), "{without}");
    });
}

#[test]
fn configuration_keys() {
    let file = "config:\n  shop:deep: { a: [1, { b: x }] }\n";
    fuzz("key", &[], |key| {
        for path in [false, true] {
            if let Ok(text) = edit::set(file, "shop", key, &edit::New::Text("value"), path) {
                assert!(text.len() < 1 << 20, "one setting became {} bytes", text.len());
                syntax::read("f", &text).unwrap_or_else(|it| panic!("{it:?}:\n{text}"));
            }
            drop(edit::remove(file, "shop", key, path));
        }
    });
}

#[test]
fn encrypted_values() {
    let cipher = Cipher::from_key([7; 32]);
    let sealed = cipher.encrypt("plain", [1; 12]);
    fuzz("secure", &[], |text| {
        if text != sealed {
            let opened = cipher.decrypt(text);
            assert!(opened.is_err(), "{opened:?} is not what was sealed");
        }
    });
}

/// Pulumi's deployments, its checkpoints, and what people make of them.
#[test]
fn deployments() {
    let cloud = fake::Cloud::in_memory();
    let mut types = fake::types_on(&cloud);
    types.extend(builtin::types());
    let registry = Registry::new(types, Vec::new());
    let draws = Draws { seed: [7; 32] };
    let cipher = Cipher::from_key([7; 32]);
    fuzz("deployment", &[], |text| {
        let open =
            |_: &serde_json::Value, text: &str| cipher.decrypt(text).map_err(|it| it.to_string());
        let reading = Reading {
            project: "demo",
            stack: "dev",
            registry: &registry,
            draws: &draws,
            open: &open,
        };
        match deployment::import(text, &reading) {
            // What is taken over can be kept: the journal folds to it.
            Ok(imported) => {
                let known = |_: &str| false;
                let mut snapshot = Snapshot::default();
                for row in deployment::rows(&Snapshot::default(), &imported, &draws, &known) {
                    snapshot.apply(&row).unwrap();
                }
                assert_eq!(snapshot.resources.len(), imported.resources.len());
            }
            Err(wrong) => {
                assert!(!wrong.is_empty() && wrong.iter().all(|it| !it.is_empty()));
            }
        }
    });
}
