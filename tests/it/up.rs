//! The life of a stack: create, change, replace, repair, destroy.

use std::process::Stdio;

use orderinfra::model::Governed;

use crate::env::TestEnv;

const PAIR: &str = "
resources:
  a: { type: fake:index:Thing, properties: { name: a, size: 1 } }
  b: { type: fake:index:Thing, properties: { name: b, uses: '${a.id}' } }
outputs:
  id: ${b.id}
";

fn pair() -> TestEnv {
    let env = TestEnv::new(PAIR);
    env.ok("up --yes");
    drop(env.calls());
    env
}

#[test]
fn create_change_and_destroy_are_shown_as_they_are_done() {
    let env = TestEnv::new(PAIR);
    insta::assert_snapshot!(env.run("preview"), @r#"
Previewing update (demo/dev):
 +  fake:Thing  a  create
 +  fake:Thing  b  create
Outputs:
  + id: [unknown: b.id]
Resources:
    +  2 to create
--- stderr
Created stack `demo/dev`
"#);
    insta::assert_snapshot!(env.run("up --yes"), @r#"
id: fake-2
--- stderr
Previewing update (demo/dev):
 +  fake:Thing  a  create
 +  fake:Thing  b  create
Outputs:
  + id: [unknown: b.id]
Resources:
    +  2 to create
 +  fake:Thing a created
 +  fake:Thing b created
Outputs:
Resources: 2 created
Duration: 0s
"#);
    insta::assert_snapshot!(env.run("up --yes"), @r#"
id: fake-2
--- stderr
Previewing update (demo/dev):
Resources:
    2 unchanged
Outputs:
Resources: 2 unchanged
Duration: 0s
"#);
    env.edit("size: 1", "size: 2");
    insta::assert_snapshot!(env.run("up --yes"), @r#"
id: fake-2
--- stderr
Previewing update (demo/dev):
 ~  fake:Thing  a  update
      ~ size: 1 => 2
Resources:
    ~  1 to update
    1 unchanged
 ~  fake:Thing a updated
Outputs:
Resources: 1 updated, 1 unchanged
Duration: 0s
"#);
    insta::assert_snapshot!(env.run("destroy --yes"), @r#"
--- stderr
Previewing destroy (demo/dev):
 -  fake:Thing  b  delete
 -  fake:Thing  a  delete
Resources:
    -  2 to delete
 -  fake:Thing b deleted
 -  fake:Thing a deleted
Resources: 2 deleted
Duration: 0s
The stack `demo/dev` is empty; its configuration stays. `orderinfra stack rm dev` forgets it
"#);
    assert!(env.things().is_empty());
    assert!(env.snapshot().resources.is_empty());
}

/// The plan is the same text in `preview` and in `up`, and what is done.
#[test]
fn up_does_what_preview_says() {
    let env = pair();
    env.edit("size: 1", "size: 2, text: x");
    let preview = env.ok("preview");
    let plan = preview.stdout.lines().skip(1).collect::<Vec<_>>().join("\n");
    env.ok("up --yes").says(&plan);
}

#[test]
fn no_change_is_no_call() {
    let env = pair();
    env.ok("up --yes").says("2 unchanged");
    assert_eq!(env.calls(), ["read fake-1,fake-2"]);
    env.ok("preview --expect-no-changes --no-refresh");
    assert_eq!(env.calls(), [""; 0]);
}

#[test]
fn a_chosen_name_is_replaced_new_first() {
    let env = TestEnv::new(
        "resources:\n  a: { type: fake:index:Thing, properties: { fixed: x } }\n  b: { type: fake:index:Thing, properties: { name: b, uses: '${a.id}' } }\n",
    );
    env.ok("up --yes");
    let (old, thing) = env.thing("a");
    drop(env.calls());
    env.edit("fixed: x", "fixed: y");
    env.ok("up --yes").says("because of fixed; new one first");
    let (_, new) = env.thing("a");
    assert_ne!(new["name"], thing["name"]);
    let (b, _) = env.thing("b");
    // Its user moves over before the old one goes.
    let name = new["name"].as_str().unwrap();
    assert_eq!(
        env.changes(),
        [format!("create {name}"), format!("update {b}"), format!("delete {old}")]
    );
}

#[test]
fn a_given_name_is_replaced_old_first() {
    let env = TestEnv::new(
        "resources:\n  a: { type: fake:index:Thing, properties: { name: a, fixed: x } }\n",
    );
    env.ok("up --yes");
    drop(env.calls());
    env.edit("fixed: x", "fixed: y");
    env.ok("up --yes").says("because of fixed; deleted first");
    assert_eq!(env.changes(), ["delete fake-1", "create a"]);
}

#[test]
fn a_new_name_leaves_room_for_a_new_one_first() {
    let env =
        TestEnv::new("resources:\n  a: { type: fake:index:Thing, properties: { name: a } }\n");
    env.ok("up --yes");
    drop(env.calls());
    env.edit("name: a ", "name: z ");
    env.ok("up --yes").says("because of name; new one first");
    assert_eq!(env.changes(), ["create z", "delete fake-1"]);
}

#[test]
fn a_name_in_use_that_cannot_be_taken_twice_is_refused() {
    let env = TestEnv::new(
        "resources:\n  a: { type: fake:index:Named, properties: { name: a, fixed: x } }\n  b: { type: fake:index:Thing, properties: { uses: '${a.id}' } }\n",
    );
    env.ok("up --yes");
    drop(env.calls());
    env.edit("fixed: x", "fixed: y");
    for line in ["preview", "up --yes"] {
        env.run(line)
            .ends(1)
            .says("`a` must be replaced because of fixed, but `b` uses it")
            .says("give it another name together with this change");
    }
    assert_eq!(env.changes(), [""; 0]);
    // The advice works.
    env.edit("name: a,", "name: a2,");
    env.ok("up --yes");
    assert!(env.things().contains(&"a2".to_owned()) && env.things().len() == 2);
}

#[test]
fn deletions_go_backwards() {
    let env = TestEnv::new(
        "resources:\n  a: { type: fake:index:Thing, properties: { name: a } }\n  b: { type: fake:index:Thing, properties: { name: b, uses: '${a.id}' } }\n  c: { type: fake:index:Thing, properties: { name: c, uses: '${b.id}' } }\n",
    );
    env.ok("up --yes");
    assert_eq!(env.changes(), ["create a", "create b", "create c"]);
    env.ok("destroy --yes");
    assert_eq!(env.changes(), ["delete fake-3", "delete fake-2", "delete fake-1"]);
}

#[test]
fn exit_codes() {
    let env = TestEnv::new(PAIR);
    env.run("up").ends(2).says("there is nobody to ask here");
    env.run("destroy").ends(2);
    env.run("refresh").ends(2);
    env.run("up --bad").ends(2);
    env.run("preview -s nothing").ends(6).says("there is no stack `demo/nothing`");
    env.run("preview --expect-no-changes").ends(7).says("2 changes, and none were expected");
    env.run("up --yes --expect-no-changes").ends(7);
    assert_eq!(env.changes(), [""; 0]);
    env.ok("up --yes");
    env.ok("up --yes --expect-no-changes");
    env.fault("read", &["refuse"]);
    env.run("preview").ends(1).says("the fake cloud was told to refuse");
}

#[test]
fn json_is_one_document_on_stdout() {
    let env = TestEnv::new(PAIR);
    let plan = env.ok("preview --json").json();
    assert_eq!(plan["changeSummary"], serde_json::json!({ "create": 2 }));
    let ran = env.ok("up --yes --json").json();
    assert_eq!(ran["result"], "succeeded");
    assert_eq!(ran["outputs"]["id"], "fake-2");
    env.edit("size: 1", "size: 2");
    env.drift("a", |it| it["size"] = 5.into());
    let plan = env.ok("preview --json").json();
    let step = &plan["steps"][0];
    assert_eq!(step["drift"], true);
    assert_eq!(
        step["detailedDiff"]["size"],
        serde_json::json!({ "kind": "update", "applied": 1, "live": 5, "wanted": 2 })
    );
    env.fault("update", &["refuse"]);
    let failed = env.run("up --yes --json").ends(1).json();
    assert_eq!(failed["result"], "failed");
    assert_eq!(failed["steps"][0]["result"], "failed");
}

#[test]
fn a_closed_pipe_stops_the_output_and_not_the_run() {
    let env = TestEnv::new(PAIR);
    let mut child = env
        .command(&["up", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(env.things(), ["a", "b"]);
    // So may help be cut short.
    let mut child = env.command(&["--help"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    let env = TestEnv::new(PAIR);
    env.ok("preview").lacks("\u{1b}[");
    env.ok("preview --color always").says("\u{1b}[32m");
    env.ok("preview --color never").lacks("\u{1b}[");
    env.run_with(&["preview"], |it| {
        it.env("NO_COLOR", "1");
    })
    .ends(0)
    .lacks("\u{1b}[");
}

#[test]
fn targets_limit_a_run() {
    let env = TestEnv::new(PAIR);
    env.run("up --yes --target **::b").ends(1).says("target it as well");
    env.run("up --yes --target **::nothing").ends(2).says("names no resource");
    env.ok("up --yes --target **::a");
    assert_eq!(env.things(), ["a"]);
    env.ok("up --yes");
    drop(env.calls());
    env.edit("size: 1", "size: 2");
    env.edit("name: b,", "name: b, size: 3,");
    env.ok("up --yes --exclude **::a").says("not targeted");
    assert_eq!(env.changes(), ["update fake-2"]);
    env.ok("up --yes");
    assert_eq!(env.changes(), ["update fake-1"]);
    env.ok("up --yes --replace **::b").says("because of --replace");
    assert_eq!(env.changes(), ["delete fake-2", "create b"]);
    env.ok("destroy --yes --target **::b");
    assert_eq!(env.things(), ["a"]);
}

/// A target's deletion takes nobody's ground away.
#[test]
fn what_others_rest_on_is_not_destroyed_alone() {
    let env = pair();
    env.run("destroy --yes --target **::a").ends(1).says("`b`");
    assert_eq!(env.changes(), [""; 0]);
}

#[test]
fn one_at_a_time_if_asked() {
    let mut body = "resources:\n".to_owned();
    for n in 0..5 {
        body.push_str(&["  r", &n.to_string(), ": { type: fake:index:Thing }\n"].concat());
    }
    let env = TestEnv::new(&body);
    env.ok("up --yes --parallel 1");
    let calls = env.calls();
    let kinds: Vec<&str> = calls.iter().filter_map(|it| it.split(' ').next()).collect();
    assert_eq!(kinds, ["create", "finish", "read"].repeat(5), "{calls:?}");
    env.run("up --yes --parallel 0").ends(2);
}

#[test]
fn a_failure_stops_only_what_rests_on_it() {
    let env = TestEnv::new(
        "resources:
  a: { type: fake:index:Thing, properties: { name: a } }
  b: { type: fake:index:Thing, properties: { name: b, uses: '${a.id}' } }
  c: { type: fake:index:Thing, properties: { name: c } }
  d: { type: fake:index:Thing, properties: { name: d, uses: '${c.id}' } }
outputs: { b: '${b.id}', d: '${d.id}' }
",
    );
    env.fault("create a", &["refuse"]);
    insta::assert_snapshot!(env.run("up --yes"), @r#"
d: fake-2
--- stderr
Created stack `demo/dev`
Previewing update (demo/dev):
 +  fake:Thing  a  create
 +  fake:Thing  b  create
 +  fake:Thing  c  create
 +  fake:Thing  d  create
Outputs:
  + b: [unknown: b.id]
  + d: [unknown: d.id]
Resources:
    +  4 to create
 +  fake:Thing a creating failed Refused: the fake cloud was told to refuse
 +  fake:Thing c created
 +  fake:Thing d created
Outputs:
Resources: 2 created
Duration: 0s
Done: 2
Failed: 1
    create fake:Thing a: Refused: the fake cloud was told to refuse
Not started: 1
    create fake:Thing b
error: 1 step failed
  hint: `orderinfra up` goes on from here
--- exit 1
"#);
    assert_eq!(env.things(), ["c", "d"]);
    drop(env.calls());
    insta::assert_snapshot!(env.run("up --yes"), @r#"
b: fake-4
d: fake-2
--- stderr
Previewing update (demo/dev):
 +  fake:Thing  a  create
 +  fake:Thing  b  create
Outputs:
  + b: [unknown: b.id]
Resources:
    +  2 to create
    2 unchanged
 +  fake:Thing a created
 +  fake:Thing b created
Outputs:
Resources: 2 created, 2 unchanged
Duration: 0s
"#);
    assert_eq!(env.changes(), ["create a", "create b"]);
    env.check_fold();
}

#[test]
fn drift_is_shown_and_repaired() {
    let env = pair();
    env.drift("a", |it| it["size"] = 7.into());
    insta::assert_snapshot!(env.run("preview"), @r#"
Previewing update (demo/dev):
 ~  fake:Thing  a  update   [drift]
      ~ size: 7 => 1
          live is not what was last applied: 1
Resources:
    ~  1 to update
    1 unchanged
"#);
    env.ok("preview --expect-no-changes --no-refresh");
    env.run("preview --expect-no-changes").ends(7);
    env.ok("up --yes");
    assert_eq!(env.thing("a").1["size"], 1);
    env.ok("preview --expect-no-changes");
}

#[test]
fn what_the_program_never_set_is_no_change() {
    let env = pair();
    env.drift("a", |it| {
        it["text"] = "by hand".into();
        it["chosen"] = "otherwise".into();
    });
    env.ok("preview --expect-no-changes");
    env.edit("size: 1", "size: 2");
    env.ok("up --yes");
    assert_eq!(env.thing("a").1["text"], "by hand");
}

#[test]
fn what_vanished_is_made_again() {
    let env = pair();
    env.edit_cloud(|it| drop(it["things"].as_object_mut().unwrap().remove("fake-1")));
    env.ok("preview").says("gone from AWS");
    env.ok("up --yes");
    assert_eq!(env.changes(), ["create a", "update fake-2"]);
    assert_eq!(env.thing("b").1["uses"], "fake-3");
    env.check_fold();
    // A destroy does not stumble over it either.
    env.edit_cloud(|it| drop(it["things"].as_object_mut().unwrap().remove("fake-3")));
    env.ok("destroy --yes");
    assert!(env.things().is_empty() && env.snapshot().resources.is_empty());
}

#[test]
fn a_property_taken_out_of_the_program_is_taken_away() {
    let env = pair();
    env.edit(", size: 1", "");
    env.ok("up --yes").says("- size: 1");
    assert!(env.thing("a").1["size"].is_null());
    env.ok("preview --expect-no-changes");
}

#[test]
fn refresh_takes_what_is_live_into_the_state() {
    let env = pair();
    env.drift("a", |it| it["size"] = 7.into());
    env.ok("refresh --preview-only").says("size: 1 => 7");
    env.ok("refresh --yes").says("size: 1 => 7");
    assert_eq!(env.changes(), [""; 0]);
    env.ok("preview --no-refresh").says("size: 7 => 1");
    env.edit("size: 1", "size: 7");
    env.ok("preview --expect-no-changes");
}

#[test]
fn stacks_are_apart_in_one_file() {
    let env =
        TestEnv::new("resources:\n  a: { type: fake:index:Thing }\noutputs: { id: '${a.id}' }\n");
    env.write("Pulumi.prod.yaml", "");
    env.run("preview").ends(6).says("it is not clear which stack is meant").says("dev, prod");
    env.ok("up --yes -s dev");
    env.ok("up --yes -s demo/prod");
    assert_eq!(env.things().len(), 2);
    insta::assert_snapshot!(env.run("stack ls"), @r#"
NAME       LAST UPDATE           RESOURCES
demo/dev   2023-11-14T22:13:20Z  1
demo/prod  2023-11-14T22:13:20Z  1
"#);
    env.ok("destroy --yes -s prod");
    assert_eq!(env.things().len(), 1);
    env.ok("preview -s dev --expect-no-changes");
    assert_eq!(env.ok("stack output id -s dev").stdout, "fake-1\n");
}

#[test]
fn stacks_are_made_selected_and_removed() {
    let env = TestEnv::new(PAIR);
    env.ok("stack init test");
    env.run("stack init test").ends(1).says("exists already");
    env.ok("up --yes");
    assert!(env.store().stack("demo", "dev").is_err(), "`test` was selected");
    env.run("stack rm test --yes").ends(1).says("still has 2 resources");
    env.ok("stack").says("demo/test").says("Resources (2)");
    env.ok("stack --show-urns --show-ids").says("fake:index:Thing::a").says("fake-1");
    env.run("stack rm test").ends(2);
    env.ok("destroy --yes --remove");
    env.run("stack select test").ends(6);
    env.ok("stack select dev");
    env.run("stack output -s dev").ends(6);
}

#[test]
fn a_second_writer_is_refused_and_says_who_holds_the_lock() {
    let env = pair();
    let path = env.path("state/orderinfra.locks/demo.dev");
    let file = std::fs::OpenOptions::new().write(true).read(true).open(&path).unwrap();
    file.lock().unwrap();
    let owner = serde_json::json!({
        "pid": 42, "user": "eve", "host": "there", "command": "orderinfra up", "since": "noon",
    });
    std::fs::write(&path, owner.to_string()).unwrap();
    env.edit("size: 1", "size: 2");
    env.run("up --yes").ends(1).says("`orderinfra up` by eve@there, process 42, since noon");
    env.run("destroy --yes").ends(1);
    env.ok("preview");
    assert_eq!(env.changes(), [""; 0]);
    // Its owner died without letting go.
    drop(file);
    env.ok("up --yes").says("Took over the lock of `orderinfra up` (process 42");
    assert_eq!(env.changes(), ["update fake-1"]);
    env.ok("up --yes").lacks("Took over");
}

#[test]
fn config_is_set_shown_and_removed() {
    let env = TestEnv::new(
        "config: { size: { type: integer, default: 3 } }\nresources:\n  a: { type: fake:index:Thing, properties: { size: '${size}' } }\n",
    );
    env.ok("up --yes");
    assert_eq!(env.thing("a").1["size"], 3);
    env.ok("config set size 4");
    assert_eq!(env.ok("config get size").stdout, "4\n");
    env.ok("up --yes");
    assert_eq!(env.thing("a").1["size"], 4);
    env.ok("up --yes -c size=5");
    assert_eq!(env.thing("a").1["size"], 5);
    env.run("up --yes -c size=much").ends(1);
    env.ok("config set --secret word sesame-open");
    env.ok("config").says("[secret]").lacks("sesame");
    env.ok("config --show-secrets").says("sesame-open");
    assert_eq!(env.ok("config get word").stdout, "sesame-open\n");
    env.ok("config rm word");
    env.run("config get word").ends(1).says("`word` is not set");
    env.run("config rm word").ends(1);
}

#[test]
fn a_stack_reads_anothers_outputs() {
    let env = TestEnv::new("");
    let base = "name: base\nruntime: yaml\nresources:\n  a: { type: fake:index:Thing, properties: { name: base } }\noutputs: { arn: '${a.arn}' }\n";
    let user = "name: user\nruntime: yaml\nresources:\n  ref: { type: pulumi:pulumi:StackReference, properties: { name: organization/base/dev } }\n  b: { type: fake:index:Thing, properties: { name: user, text: '${ref.outputs[\"arn\"]}' } }\n";
    for (name, text) in [("base", base), ("user", user)] {
        env.write(&format!("stacks/{name}/Pulumi.yaml"), text);
        env.write(&format!("stacks/{name}/Pulumi.dev.yaml"), "");
    }
    std::fs::remove_file(env.path("Pulumi.yaml")).unwrap();
    env.run("up --yes -s user/dev").ends(1).says("there is no stack `base/dev`");
    env.ok("up --yes -s base/dev");
    env.ok("up --yes -s user/dev");
    assert_eq!(env.thing("user").1["text"], "arn:aws:fake:us-east-1:000000000000:base");
    env.run("preview").ends(2).says("base, user");
}

#[test]
fn all_mistakes_are_told_at_once_and_nothing_is_done() {
    let env = TestEnv::new(
        "resources:
  a: { type: fake:index:Thing, properties: { siez: 1, size: no } }
  b: { type: fake:index:Thin }
  c: { type: fake:index:Thing, properties: { text: '${nothing}' , refused: 1 } }
",
    );
    insta::assert_snapshot!(env.run("up --yes"), @r#"
--- stderr
Created stack `demo/dev`
error: Property siez does not exist on 'fake:index:Thing'
 --> $DIR/Pulumi.yaml:4:46
  |
4 |   a: { type: fake:index:Thing, properties: { siez: 1, size: no } }
  |                                              ^^^^
  |
  = hint: Existing properties are: size, fixed, list, uses, name and 5 others
error: `size` must be an integer, and this is a string
 --> $DIR/Pulumi.yaml:4:61
  |
4 |   a: { type: fake:index:Thing, properties: { siez: 1, size: no } }
  |                                                             ^^
error: unable to find resource type "fake:index:Thin" in resource provider "fake"
 --> $DIR/Pulumi.yaml:5:14
  |
5 |   b: { type: fake:index:Thin }
  |              ^^^^^^^^^^^^^^^
  |
  = hint: did you mean `fake:Thing`?
error: resource, variable, or config value "nothing" not found
 --> $DIR/Pulumi.yaml:6:53
  |
6 |   c: { type: fake:index:Thing, properties: { text: '${nothing}' , refused: 1 } }
  |                                                     ^^^^^^^^^^
error: Property refused of 'fake:index:Thing' is not supported
 --> $DIR/Pulumi.yaml:6:67
  |
6 |   c: { type: fake:index:Thing, properties: { text: '${nothing}' , refused: 1 } }
  |                                                                   ^^^^^^^
  |
  = hint: is refused for the tests
5 errors; nothing was changed
--- exit 1
"#);
    assert_eq!(env.calls(), [""; 0]);
}

#[test]
fn a_value_that_the_provider_refuses_is_refused_before_anything_is_done() {
    let env = TestEnv::new(
        "resources:\n  a: { type: fake:index:Thing }\n  b: { type: fake:index:Thing, properties: { size: -1 } }\n",
    );
    env.run("up --yes").ends(1).says("is not negative").says("Pulumi.yaml:5");
    assert_eq!(env.changes(), [""; 0]);
}

#[test]
fn what_is_still_unknown_says_where_it_comes_from() {
    let env = TestEnv::new(PAIR);
    env.ok("preview --diff").says("uses: [unknown: a.id]");
}

#[test]
fn get_reads_what_it_does_not_own() {
    let env = TestEnv::new(
        "resources:\n  there: { type: fake:index:Thing, get: { id: fake-9 } }\n  a: { type: fake:index:Thing, properties: { text: '${there.text}' } }\n",
    );
    env.run("up --yes").ends(1).says("there is no fake:index:Thing with the id `fake-9`");
    env.edit_cloud(|it| {
        it["things"]["fake-9"] = serde_json::json!({ "name": "there", "text": "found" });
    });
    env.ok("up --yes");
    assert_eq!(env.thing("a").1["text"], "found");
    env.ok("destroy --yes");
    assert_eq!(env.things(), ["there"]);
}

/// Another key and no alias: the old one and its name must go before the new
/// one can be, although others use it until they have moved on.
#[test]
fn a_name_passes_to_an_heir_that_others_move_to() {
    let program = |heir: &str, kind: &str| {
        format!(
            "resources:
  {heir}: {{ type: fake:index:{kind}, properties: {{ name: taken }} }}
  user: {{ type: fake:index:Thing, properties: {{ name: user, uses: '${{{heir}.id}}' }} }}
  child: {{ type: fake:index:Thing, properties: {{ fixed: '${{{heir}.id}}' }}, options: {{ parent: '${{{heir}}}' }} }}
"
        )
    };
    let env = TestEnv::new(&program("old", "Thing"));
    env.ok("up --yes");
    env.program(&program("new", "Thing"));
    env.ok("up --yes");
    assert_eq!(env.thing("user").1["uses"], env.thing("taken").0);
    assert_eq!(env.thing("child").1["fixed"], env.thing("taken").0);
    assert_eq!(env.things().len(), 3);
    env.ok("preview --expect-no-changes");
    // What refuses to go while it is used leaves no way at all.
    let env = TestEnv::new(&program("old", "Named"));
    env.ok("up --yes");
    drop(env.calls());
    env.program(&program("new", "Named"));
    env.run("up --yes")
        .ends(1)
        .says("`old` must be deleted before `user` can leave it")
        .says("`aliases`");
    assert_eq!(env.changes(), [""; 0]);
}

/// Tasks that a shift has added are neither drift nor taken away by the way,
/// when something else of the service changes.
#[test]
fn what_a_shift_has_scaled_stays_so() {
    let env = TestEnv::new(
        "resources: { a: { type: fake:index:Thing, properties: { name: a, size: 4, text: one } } }\n",
    );
    env.ok("up --yes");
    let store = env.store();
    let governed = Governed {
        urn: env.state("a").urn,
        groups: Default::default(),
        members: Default::default(),
        properties: vec!["size".to_owned()],
        rollout: Some("web".to_owned()),
        last: None,
    };
    store.govern(&store.stack("demo", "dev").unwrap(), &[governed]).unwrap();
    drop(store);
    env.drift("a", |it| it["size"] = 12.into());
    env.ok("preview --expect-no-changes")
        .says("size governed by rollout \"web\": live 12 (declared 4, not a change)");
    env.edit("text: one", "text: two");
    env.ok("up --yes");
    let thing = env.thing("a").1;
    assert_eq!((&thing["size"], &thing["text"]), (&12.into(), &"two".into()));
}

#[test]
fn a_rollout_is_checked_with_the_program() {
    let env = TestEnv::new(
        "resources: { a: { type: fake:index:Thing, properties: { name: a } } }
rollouts:
  web:
    colors:
      blue: { targetGroup: '${a}', service: '${nobody}' }
    strategy: { steps: [{ weight: 50 }, { weight: 25, bake: soon }] }
",
    );
    env.run("preview")
        .ends(1)
        .says("`rollouts.web.colors.blue.targetGroup` must be a target group, and `a` is fake:index:Thing")
        .says("\"nobody\" not found")
        .says("`rollouts.web.colors` has no `green`")
        .says("`rollouts.web.strategy.steps[1].bake`")
        .says("Pulumi.yaml:8:61");
}
