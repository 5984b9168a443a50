//! The code of the stacks' functions, tested in its own language: `node --test`
//! and Python's `unittest`, with nothing installed beside them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn stacks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks")
}

/// All folders `tests` below `stacks/` with a file whose name is like this.
fn folders(like: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![stacks()];
    while let Some(folder) = open.pop() {
        let entries = || std::fs::read_dir(&folder).unwrap().flatten();
        let is_meant = entries().any(|it| like(&it.file_name().to_string_lossy()));
        open.extend(entries().map(|it| it.path()).filter(|it| it.is_dir()));
        if folder.ends_with("tests") && is_meant {
            found.push(folder);
        }
    }
    found.sort();
    found
}

/// What a test run said, which must have ended well.
#[track_caller]
fn said(program: &str, version: &str, command: &mut Command) -> String {
    let output = match command.current_dir(stacks()).output() {
        Ok(output) => output,
        Err(error) => panic!(
            "`{program}` was not found ({error}). The functions of the stacks are tested with it: \
             install {version} or newer. Nothing else needs it"
        ),
    };
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}:\n{text}");
    text
}

#[test]
fn functions_in_javascript_do_what_they_should() {
    let folders = folders(|it| it.ends_with(".test.mjs"));
    assert!(!folders.is_empty());
    let text = said("node", "Node.js 20", Command::new("node").arg("--test").args(&folders));
    // A run of no tests ends well too.
    let passed =
        text.lines().find_map(|it| it.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix("pass "));
    let passed: usize = passed.and_then(|it| it.parse().ok()).unwrap_or_default();
    assert!(passed > 50, "{passed} passed:\n{text}");
}

#[test]
fn functions_in_python_do_what_they_should() {
    let folders = folders(|it| it.starts_with("test_") && it.ends_with(".py"));
    assert!(!folders.is_empty());
    for folder in folders {
        let mut command = Command::new("python3");
        command.args(["-B", "-m", "unittest", "discover", "-s"]).arg(&folder);
        let text = said("python3", "Python 3.11", &mut command);
        let ran = text.lines().find_map(|it| it.strip_prefix("Ran "));
        assert!(ran.is_some_and(|it| !it.starts_with("0 ")), "{}:\n{text}", folder.display());
    }
}
