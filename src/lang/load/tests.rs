use insta::assert_snapshot;
use tempfile::TempDir;

use super::*;

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    dir
}

fn messages(found: &[Diagnostic]) -> String {
    let one = |it: &Diagnostic| {
        let at = it.span.as_ref().map(|it| format!("{}:{} ", it.line, it.column));
        let hint = it.hint.as_ref().map(|it| format!("\n  {it}"));
        format!("{}{}{}", at.unwrap_or_default(), it.message, hint.unwrap_or_default())
    };
    found.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn project(text: &str) -> String {
    let dir = folder(&[("Pulumi.yaml", text), ("src/x", "")]);
    match read_project(&dir.path().join("Pulumi.yaml")) {
        Err(found) => messages(&found),
        Ok(it) => {
            let inside =
                |path: &Path| path.strip_prefix(dir.path()).expect("inside").display().to_string();
            format!(
                "{} {:?} program: {:?} stacks: {:?} refresh: {}",
                it.name,
                it.description,
                inside(&it.program_dir),
                inside(&it.stack_config_dir),
                it.refresh
            )
        }
    }
}

#[test]
fn projects() {
    assert_snapshot!(project("name: shop\nruntime: yaml\n"), @r#"
    shop None program: "" stacks: "" refresh: false
    "#);
    let all = "\u{feff}name: shop\nruntime: {name: yaml}\ndescription: A shop\nmain: src\n\
               stackConfigDir: stacks\noptions: {refresh: always}\n";
    assert_snapshot!(project(all), @r#"
    shop Some("A shop") program: "src" stacks: "stacks" refresh: true
    "#);
    assert_snapshot!(project("name: shop\nruntime: yaml\nconfig: conf\n"), @r#"
    shop None program: "" stacks: "conf" refresh: false
    "#);
}

#[test]
fn bad_projects() {
    assert_snapshot!(project("- a"), @r#"
    1:1 expected project to be an object
    "#);
    assert_snapshot!(project(""), @r#"
    1:1 expected project to be an object
    "#);
    assert_snapshot!(project("runtime: yaml"), @r#"
    1:1 project is missing a 'name' attribute
    "#);
    assert_snapshot!(project("nam: shop\nruntim: yaml"), @r#"
    1:1 project is missing a 'name' attribute; found 'nam' instead
    2:1 project is missing a 'runtime' attribute; found 'runtim' instead
    "#);
    assert_snapshot!(project("name: ''\nruntime: yaml"), @r#"
    1:7 project is missing a non-empty string 'name' attribute
    "#);
    assert_snapshot!(project("name: a b\nruntime: nodejs"), @r#"
    1:7 project names may only contain alphanumerics, hyphens, underscores, and periods
    2:10 runtime 'nodejs' is not supported
      programs are `runtime: yaml`
    "#);
    assert_snapshot!(project("name: shop\nruntime: {name: yaml, options: {compiler: make}}"), @r#"
    2:43 a compiler of programs is not supported
      run it yourself, and let `main` name the folder of its output
    "#);
    let many = "name: shop\nruntime: yaml\nmain: nowhere\nconfig: a\nstackConfigDir: b\n\
                options: {refresh: never}\ndescription: [1]";
    assert_snapshot!(project(many), @r#"
    6:20 #/options/refresh: value must be "always"
    7:14 #/description: expected string
    3:7 there is no folder "nowhere"
    4:9 Should not use both config and stackConfigDir to define the stack directory
    "#);
}

#[test]
fn the_nearest_project_is_found() {
    let dir = folder(&[("Pulumi.yml", ""), ("a/Pulumi.json", ""), ("a/b/c/x", ""), ("d/x", "")]);
    let root = dir.path();
    assert_eq!(find_project(&root.join("a/b/c")), Some(root.join("a/Pulumi.json")));
    assert_eq!(find_project(&root.join("d")), Some(root.join("Pulumi.yml")));
}

#[test]
fn projects_below_a_folder() {
    let dir = folder(&[
        ("stacks/b/Pulumi.yaml", ""),
        ("stacks/a/x/Pulumi.yaml", ""),
        ("stacks/b/nested/Pulumi.yaml", ""),
        ("stacks/.git/Pulumi.yaml", ""),
        ("stacks/node_modules/y/Pulumi.yaml", ""),
    ]);
    let stacks = dir.path().join("stacks");
    let expected = vec![stacks.join("a/x/Pulumi.yaml"), stacks.join("b/Pulumi.yaml")];
    assert_eq!(projects_under(&stacks), expected);
    assert!(projects_under(&dir.path().join("nothing")).is_empty());
}

const PROJECT: (&str, &str) =
    ("Pulumi.yaml", "name: shop\nruntime: yaml\nvariables: {from: project}\n");

fn program(files: &[(&str, &str)]) -> String {
    let dir = folder(files);
    let project = read_project(&dir.path().join(files[0].0)).expect("a valid project");
    match read_program(&project) {
        Err(found) => messages(&found).replace(&dir.path().display().to_string(), "DIR"),
        Ok(it) => {
            let name = it.source.name.rsplit('/').next().unwrap_or_default();
            let declared: Vec<_> = it.declared.iter().map(|it| it.full.as_str()).collect();
            let variables = it.program.variables.len();
            let found = messages(&it.found);
            format!("{name} {} variables: {variables} {declared:?}\n{found}", it.program.name)
        }
    }
}

#[test]
fn the_program_file() {
    let yaml = ("Main.yaml", "config: {a: 1}\nvariables: {x: 1, y: 2}");
    let json = ("Main.json", "{\"name\": \"other\", \"variables\": {}}");
    assert_snapshot!(program(&[PROJECT]), @r#"
    Pulumi.yaml shop variables: 1 []
    "#);
    assert_snapshot!(program(&[PROJECT, yaml]), @r#"
    Main.yaml shop variables: 2 ["shop:a"]
    "#);
    assert_snapshot!(program(&[PROJECT, yaml, json]), @r#"
    Main.json shop variables: 0 []
    "#);
    assert_snapshot!(program(&[("Pulumi.yml", "name: shop\nruntime: yaml\n")]), @r#"
    Pulumi.yml shop variables: 0 []
    "#);
    let elsewhere = ("Pulumi.yaml", "name: shop\nruntime: yaml\nmain: src\nconfig: {b: 1}\n");
    let older = "configuration: {b: {default: 2}, c: {type: String}}";
    assert_snapshot!(program(&[elsewhere, ("src/x", "")]), @r#"
    there is no Main.json, Main.yaml, Pulumi.yaml in DIR/src
    "#);
    assert_snapshot!(program(&[elsewhere, ("src/Main.yaml", older)]), @r#"
    Main.yaml shop variables: 0 ["shop:b", "shop:c"]
    1:1 root-level configuration field is deprecated; please use config instead
    "#);
}

#[test]
fn stack_files() {
    let dir = folder(&[
        ("Pulumi.yaml", "name: shop\nruntime: yaml\nstackConfigDir: conf\n"),
        ("conf/Pulumi.prod.yaml", "config:\n  a: 1\nenvironment: [x]\n"),
        ("conf/Pulumi.a.b.yaml", "config:\n  a:b:c: 1\n"),
        ("conf/Pulumi.yaml", ""),
        ("conf/Pulumi.other.yml", ""),
    ]);
    let project = read_project(&dir.path().join("Pulumi.yaml")).unwrap();
    assert_eq!(stacks_with_config(&project), ["a.b", "prod"]);
    let path = stack_config_path(&project, "org/dev");
    assert_eq!(path, dir.path().join("conf/Pulumi.org-dev.yaml"));

    let (file, source, found) = read_stack_config(&project, "prod").unwrap();
    assert_eq!(file.config.keys().collect::<Vec<_>>(), ["shop:a"]);
    assert!(source.text.starts_with("config:"));
    assert_snapshot!(messages(&found), @r#"
    3:1 environments of Pulumi ESC are not read
      put their values under `config`
    "#);
    assert_snapshot!(messages(&read_stack_config(&project, "a.b").unwrap_err()), @r#"
    2:3 could not parse a:b:c as a configuration key (configuration keys should be of the form `<namespace>:<name>`)
    "#);
    assert!(read_stack_config(&project, "none").unwrap().0.config.is_empty());
}

#[test]
fn files_of_a_program() {
    let dir = folder(&[("shop/a.txt", "hello"), ("shop/src/b.txt", "b"), ("outside.txt", "no")]);
    let root = dir.path().join("shop");
    let src = root.join("src");
    fs::write(root.join("binary"), [0xff, 0xfe]).unwrap();
    let read = |path: &str, form| match read_file(std::slice::from_ref(&root), &src, path, form) {
        Ok(value) => value.as_str().unwrap_or_default().to_owned(),
        Err(message) => format!("! {}", message.replace(&dir.path().display().to_string(), "DIR")),
    };
    assert_eq!(read("b.txt", FileForm::Text), "b");
    assert_eq!(read("../a.txt", FileForm::Text), "hello");
    assert_eq!(read(&root.join("a.txt").display().to_string(), FileForm::Base64), "aGVsbG8=");
    assert_eq!(
        read("../a.txt", FileForm::Base64Sha256),
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    );
    assert_eq!(read("../binary", FileForm::Base64), "//4=");
    let refused = [
        read("../binary", FileForm::Text),
        read("../../outside.txt", FileForm::Text),
        read(&dir.path().join("outside.txt").display().to_string(), FileForm::Text),
        read("nothing", FileForm::Text),
        read("..", FileForm::Text),
    ];
    assert_snapshot!(refused.join("\n"), @r#"
    ! `../binary` is not UTF-8 text; `fn::filebase64` reads any file
    ! `../../outside.txt` is outside of the project's folder
    ! `DIR/outside.txt` is outside of the project's folder
    ! cannot read `nothing`: No such file or directory (os error 2)
    ! `..` is not a file
    "#);
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out() {
    let dir = folder(&[("shop/x", "x"), ("outside.txt", "no")]);
    let root = dir.path().join("shop");
    std::os::unix::fs::symlink("../outside.txt", root.join("link")).unwrap();
    std::os::unix::fs::symlink("x", root.join("inner")).unwrap();
    let read = |path| read_file(std::slice::from_ref(&root), &root, path, FileForm::Text);
    assert_eq!(read("inner"), Ok("x".into()));
    assert_eq!(read("link").unwrap_err(), "`link` is outside of the project's folder");
}

#[test]
fn a_file_may_not_be_huge() {
    let dir = folder(&[]);
    let file = File::create(dir.path().join("huge")).unwrap();
    file.set_len(FILE_BYTES_MAX + 1).unwrap();
    let error =
        read_file(&[dir.path().to_owned()], dir.path(), "huge", FileForm::Base64).unwrap_err();
    assert_eq!(error, "`huge` is larger than 64 MiB");
}

#[test]
fn a_program_stays_in_its_folder() {
    assert_snapshot!(project("name: shop\nruntime: yaml\nmain: ..\n"), @"3:7 project 'main' must be a subfolder");
    assert_snapshot!(project("name: shop\nruntime: yaml\nmain: /etc\n"), @"3:7 project 'main' must be a relative path");
}

#[test]
fn files_that_are_none_or_have_no_end_are_refused() {
    let dir = folder(&[("Pulumi.yaml", "name: shop\nruntime: yaml\n"), ("folder/x", "")]);
    let read = |name: &str| read_source(&dir.path().join(name)).expect_err("it is refused").message;
    assert!(read("folder").ends_with("it is not a file"));
    let huge = File::create(dir.path().join("huge")).expect("a file");
    huge.set_len(1 << 40).expect("it has holes");
    assert!(read("huge").ends_with("it is larger than 8 MiB"));
    let found = read_file(&[dir.path().to_owned()], dir.path(), "huge", FileForm::Base64);
    assert_eq!(found, Err("`huge` is larger than 64 MiB".to_owned()));
    let out = |path: &str| read_file(&[dir.path().to_owned()], dir.path(), path, FileForm::Text);
    assert!(out("/dev/zero").is_err_and(|it| it.contains("is outside of")));
    assert!(out("../../../../../../../etc/hostname").is_err_and(|it| it.contains("is outside of")));
}
