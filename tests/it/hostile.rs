//! What others write can make a terminal do nothing.

use crate::env::{Ran, TestEnv};

/// A blinking word, a cleared screen, a title, a line of its own, the 8-bit
/// form of an escape, and letters that run backwards.
const BAD: &str = r"\e[5mX\e[2J\e]0;title\a\nerror: made up\r\u009b2J\u202Eback\u2028";

/// The same as bytes.
const BYTES: &str =
    "\u{1b}[5mX\u{1b}[2J\u{1b}]0;title\u{7}\nerror: made up\r\u{9b}2J\u{202e}back\u{2028}";

fn env() -> TestEnv {
    let env = TestEnv::new(&program());
    env.write("Pulumi.dev.yaml", &format!("config: {{ 'demo:bad': \"{BAD}\" }}\n"));
    env
}

fn program() -> String {
    format!(
        "description: \"{BAD}\"
config: {{ bad: {{ type: string }} }}
resources:
  \"key{BAD}\":
    type: fake:index:Thing
    properties: {{ name: \"name{BAD}\", text: \"${{bad}}\", tags: {{ \"tag{BAD}\": \"{BAD}\" }}, list: [\"{BAD}\"] }}
outputs: {{ \"out{BAD}\": \"{BAD}\", plain: \"{BAD}\" }}
"
    )
}

/// Only what we colour ourselves is an escape, and no line is made up.
#[track_caller]
fn harmless(ran: Ran) -> Ran {
    for text in [&ran.stdout, &ran.stderr] {
        let mut rest = text.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            let end = rest[at..].find('m').map_or(rest.len(), |it| at + it + 1);
            let ours = [
                "0", "1", "2", "22", "31", "32", "33", "34", "35", "36", "91", "92", "93", "94",
                "95", "96",
            ];
            let codes = rest[at..end].strip_prefix("\u{1b}[").and_then(|it| it.strip_suffix('m'));
            let ok = codes.is_some_and(|it| it.split(';').all(|it| ours.contains(&it)));
            assert!(ok, "{:?} in {text:?}", &rest[at..end]);
            rest = &rest[end..];
        }
        let obeyed = |it: char| {
            (it.is_control() && it != '\n' && it != '\u{1b}')
                || ('\u{2028}'..='\u{202e}').contains(&it)
        };
        assert!(!text.contains(obeyed), "{text:?}");
        assert!(!text.lines().any(|it| it.starts_with("error: made up")), "{text}");
    }
    ran
}

#[test]
fn no_text_of_others_reaches_the_terminal_as_it_is() {
    for colour in ["always", "never"] {
        let env = env();
        let line = |command: &str| harmless(env.run(&format!("{command} --color {colour}")));
        line("preview").ends(0).says(r"key\u{1b}[5mX\u{1b}[2J");
        line("preview --diff").ends(0).says(r"\u{202e}back");
        line("up --yes").ends(0).says(r"title\u{7}\nerror: made up\r\u{9b}2J");
        line("up --yes").ends(0);
        line("stack").ends(0).says(r"key\u{1b}[5mX");
        line("stack --show-urns --show-ids").ends(0);
        line("stack output").ends(0).says(r"plain").says(r"\u{1b}[2J");
        line("stack output nothing").ends(1);
        line("config").ends(0).says(r"\u{1b}[2J");
        env.drift("name", |it| it["text"] = BYTES.replace('X', "Y").into());
        line("preview").ends(0).says("[drift]");
        line("refresh --yes").ends(0);
        env.edit("fake:index:Thing", "fake:index:Thong");
        line("up --yes").ends(1);
        env.edit("fake:index:Thong", "fake:index:Thing");
        env.edit("${bad}", "${bad.x[0]}");
        line("up --yes").ends(1);
        env.edit("${bad.x[0]}", "other");
        env.fault("update", &["refuse"]);
        line("up --yes").ends(1);
        line("up --yes --target **::nothing").ends(2);
        line("destroy --yes").ends(0);
    }
}

#[test]
fn a_clouds_words_are_shown_and_not_obeyed() {
    let env = TestEnv::new(&format!(
        "resources:\n  a: {{ type: fake:index:Thing, properties: {{ name: \"{BAD}\" }} }}\n  b: {{ type: fake:index:Thing, properties: {{ name: \"{BAD}\" }} }}\n"
    ));
    harmless(env.run("up --yes --color always")).ends(1).says("AlreadyExists").says(r"\u{1b}[5mX");
}

#[test]
fn json_and_single_values_are_what_they_are() {
    let env = env();
    let read = |line: &str| {
        let ran = env.ok(line);
        let text = ran.stdout.replace('\n', "");
        assert!(!text.contains(char::is_control), "{text:?}");
        ran.json()
    };
    let plan = read("preview --json");
    assert_eq!(plan["outputs"]["plain"], BYTES);
    let done = read("up --yes --json");
    assert_eq!(done["outputs"]["plain"], BYTES);
    assert_eq!(read("stack output --json")["plain"], BYTES);
    assert_eq!(read("config --json")["demo:bad"]["value"], BYTES);
    assert_eq!(read("stack output plain --json"), BYTES);
    // A program reads a value to the byte.
    assert_eq!(env.ok("stack output plain").stdout, format!("{BYTES}\n"));
    assert_eq!(env.ok("config get bad").stdout, format!("{BYTES}\n"));
}

/// It is somebody's work, whatever is wrong with it.
#[test]
fn a_configuration_that_cannot_be_read_is_not_overwritten() {
    let env = TestEnv::new("");
    env.ok("stack init dev");
    let path = env.path("Pulumi.dev.yaml");
    std::fs::write(&path, b"config: { demo:name: M\xfcller }\n").unwrap();
    env.run("config set size 1").ends(1).says("it is not UTF-8 text");
    env.run("config rm name").ends(1).says("it is not UTF-8 text");
    assert_eq!(std::fs::read(&path).unwrap(), b"config: { demo:name: M\xfcller }\n");
}

/// What a stack file can make us read, and how much of it.
#[test]
fn a_program_reads_nothing_outside_of_its_folder_and_nothing_without_end() {
    let read = |path: &str| {
        let env = TestEnv::new(&format!("outputs: {{ text: {{ fn::readFile: '{path}' }} }}\n"));
        env.write("inside.txt", "fine");
        std::os::unix::fs::symlink("/etc/hostname", env.path("link")).unwrap();
        std::os::unix::fs::symlink("/etc", env.path("folder")).unwrap();
        std::fs::File::create(env.path("huge")).unwrap().set_len(1 << 40).unwrap();
        env.run("up --yes")
    };
    read("inside.txt").ends(0).says("text: fine");
    for path in [
        "/etc/hostname",
        "link",
        "folder/hostname",
        "../../../../../../../etc/hostname",
        "/dev/zero",
    ] {
        read(path).ends(1).says("is outside of the project's folder").says("Pulumi.yaml:3");
    }
    read("huge").ends(1).says("is larger than 64 MiB");
    read(".").ends(1).says("is not a file");
}

/// What a stack file can have uploaded.
#[test]
fn an_archive_takes_nothing_from_outside_of_the_project() {
    let read = |function: &str, path: &str| {
        let env = TestEnv::new(&format!("outputs: {{ it: {{ {function}: '{path}' }} }}\n"));
        std::fs::create_dir(env.path("app")).unwrap();
        env.write("app/main.py", "fine");
        std::fs::create_dir(env.path("leak")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", env.path("leak/link")).unwrap();
        std::fs::File::create(env.path("huge")).unwrap().set_len(1 << 40).unwrap();
        env.run("up --yes")
    };
    read("fn::fileArchive", "app").ends(0).says("archive(file:").says("{ app }");
    read("fn::fileAsset", "app/main.py").ends(0).says("asset(file:");
    for (function, path) in [
        ("fn::fileArchive", "leak"),
        ("fn::fileArchive", "/etc"),
        ("fn::fileArchive", "../../../../../../../etc"),
        ("fn::fileAsset", "/etc/hostname"),
        ("fn::fileAsset", "leak/link"),
    ] {
        read(function, path)
            .ends(1)
            .says("is outside of the project's folder")
            .says("Pulumi.yaml:3");
    }
    read("fn::fileAsset", "huge").ends(1).says("is larger than 256 MiB");
    read("fn::fileArchive", "huge").ends(1).says("is larger than 256 MiB");
    read("fn::fileAsset", "app").ends(1).says("is not a file");
    for function in ["fn::remoteAsset", "fn::remoteArchive"] {
        read(function, "https://example.com/x.zip").ends(1).says("is not fetched");
    }
}

#[test]
fn what_is_too_much_is_refused_with_its_limit() {
    let refused = |text: &str, limit: &str| {
        let env = TestEnv::new("");
        env.write("Pulumi.yaml", text);
        env.run("preview").ends(1).says(limit);
    };
    refused(&" ".repeat(9 << 20), "larger than 8 MiB");
    let nested = format!(
        "name: demo\nruntime: yaml\nvariables: {{ a: {}{} }}\n",
        "[".repeat(200),
        "]".repeat(200)
    );
    refused(&nested, "nested more than 100 levels deep");
    let mut laughs = "name: demo\nruntime: yaml\nvariables:\n  v0: ha\n".to_owned();
    for it in 1..60 {
        let below = it - 1;
        laughs.push_str(
            &[
                "  v",
                &it.to_string(),
                ": ${v",
                &below.to_string(),
                "}${v",
                &below.to_string(),
                "}\n",
            ]
            .concat(),
        );
    }
    refused(&format!("{laughs}outputs: {{ out: '${{v59}}' }}\n"), "take more than 256 MiB");
    let env = TestEnv::new("");
    env.write("Pulumi.dev.yaml", &" ".repeat(9 << 20));
    env.run("preview").ends(1).says("larger than 8 MiB");
}

/// Mistakes by the thousand, on one line: told in no time, and not all.
#[test]
fn very_many_mistakes_are_counted() {
    let wrong: Vec<String> = (0..20_000).map(|it| format!("'${{x{it}}}'")).collect();
    let env = TestEnv::new(&format!("variables: {{ a: [{}] }}\n", wrong.join(", ")));
    let ran = env.run("preview").ends(1);
    assert!(ran.stderr.len() < 100_000, "{} bytes", ran.stderr.len());
    ran.says(r#"value "x99" not found"#)
        .lacks(r#"value "x100" not found"#)
        .says("and 19900 more errors")
        .says("20000 errors; nothing was changed");
}
