//! Every resource option takes effect.

use crate::env::TestEnv;

const THING: &str = "type: fake:index:Thing";

/// One resource `a` with these properties and options.
fn one(properties: &str, options: &str) -> String {
    format!(
        "resources:\n  a:\n    {THING}\n    properties: {{ {properties} }}\n    options: {{ {options} }}\n"
    )
}

fn made(properties: &str, options: &str) -> TestEnv {
    let env = TestEnv::new(&one(properties, options));
    env.ok("up --yes").lacks("warning");
    drop(env.calls());
    env
}

#[test]
fn additional_secret_outputs_are_hidden() {
    let env = TestEnv::new(&format!(
        "{}outputs: {{ chosen: '${{a.chosen}}' }}\n",
        one("size: 1", "additionalSecretOutputs: [chosen]")
    ));
    let ran = env.ok("up --yes").lacks("by the cloud");
    assert_eq!(ran.stdout, "chosen: [secret]\n");
    env.ok("stack output chosen --show-secrets").says("by the cloud");
    // Kept by a later run that reads it again.
    env.ok("up --yes").lacks("by the cloud");
}

#[test]
fn an_alias_of_a_new_name_changes_nothing_in_the_cloud() {
    let env = made("size: 1", "protect: false");
    let before = env.things();
    env.program(&one("size: 1", "aliases: [{ name: a }]").replace("  a:\n", "  b:\n"));
    env.ok("preview --expect-no-changes");
    env.ok("up --yes");
    assert_eq!(env.changes(), [""; 0]);
    assert_eq!(env.things(), before);
    assert_eq!(env.state("b").urn.as_str(), "urn:pulumi:dev::demo::fake:index:Thing::b");
    // Once recorded, the alias may go.
    env.edit("aliases: [{ name: a }]", "");
    env.ok("preview --expect-no-changes");
}

#[test]
fn an_alias_may_be_a_urn() {
    let env = made("size: 1", "");
    let urn = "urn:pulumi:dev::demo::fake:index:Thing::a";
    env.program(&one("size: 1", &format!("aliases: ['{urn}']")).replace("  a:\n", "  b:\n"));
    env.ok("up --yes");
    assert_eq!(env.changes(), [""; 0]);
}

#[test]
fn an_alias_of_a_child_has_the_childs_parent_unless_it_says_otherwise() {
    let body = |key: &str, options: &str| {
        format!(
            "resources:\n  p: {{ {THING} }}\n  {key}:\n    {THING}\n    options: {{ {options} }}\n"
        )
    };
    let env = TestEnv::new(&body("a", ""));
    env.ok("up --yes");
    drop(env.calls());
    env.program(&body("a", "parent: '${p}', aliases: [{ noParent: true }]"));
    env.ok("up --yes");
    env.program(&body("b", "parent: '${p}', aliases: [{ name: a }]"));
    env.ok("up --yes");
    assert_eq!(env.changes(), [""; 0]);
    assert_eq!(env.things().len(), 2);
}

#[test]
fn custom_timeouts_are_checked_and_kept() {
    let env = TestEnv::new(&one("size: 1", "customTimeouts: { create: soon }"));
    env.run("up --yes").ends(1).says("a timeout must be a duration");
    assert!(env.things().is_empty());
    env.program(&one("size: 1", "customTimeouts: { create: 1h30m, delete: 90s }"));
    env.ok("up --yes");
    let timeouts = env.state("a").meta.timeouts;
    assert_eq!(
        timeouts.into_iter().collect::<Vec<_>>(),
        [("create".to_owned(), 5400), ("delete".to_owned(), 90)]
    );
}

#[test]
fn delete_before_replace_decides_the_order() {
    let env = made("fixed: x", "deleteBeforeReplace: true");
    env.edit("fixed: x", "fixed: y");
    env.ok("up --yes").says("deleted first");
    let calls = env.changes();
    assert!(calls[0].starts_with("delete") && calls[1].starts_with("create"), "{calls:?}");

    // Explicitly not, although the name collides: the cloud then refuses.
    let env = made("name: n, fixed: x", "deleteBeforeReplace: false");
    env.edit("fixed: x", "fixed: y");
    env.run("up --yes").ends(1).says("`n` exists");
    assert_eq!(env.things(), ["n"]);
}

#[test]
fn depends_on_orders_creation_and_deletion() {
    for depends in ["'${b}'", "['${b}']"] {
        let env = TestEnv::new(&format!(
            "resources:\n  a:\n    {THING}\n    properties: {{ name: a }}\n    options: {{ dependsOn: {depends} }}\n  b:\n    {THING}\n    properties: {{ name: b }}\n"
        ));
        env.ok("up --yes");
        assert_eq!(env.changes(), ["create b", "create a"]);
        let (a, b) = (env.thing("a").0, env.thing("b").0);
        env.ok("destroy --yes");
        assert_eq!(env.changes(), [format!("delete {a}"), format!("delete {b}")]);
    }
}

#[test]
fn ignored_changes_are_no_changes() {
    let env = made("text: one, tags: { a: x, b: y }", "ignoreChanges: [text, tags.b]");
    env.edit("text: one", "text: two");
    env.edit("b: y", "b: z");
    env.drift("a", |it| it["text"] = "drifted".into());
    env.ok("preview --expect-no-changes");
    // What is not ignored changes, and nothing else with it.
    env.edit("a: x", "a: w");
    env.ok("up --yes");
    let (_, thing) = env.thing("a");
    assert_eq!(thing["text"], "drifted");
    assert_eq!(thing["tags"], serde_json::json!({ "a": "w", "b": "y" }));
}

#[test]
fn import_takes_over_and_corrects() {
    let env = TestEnv::new(&one("name: old, size: 2", "import: fake-77"));
    env.edit_cloud(|it| {
        it["things"]["fake-77"] = serde_json::json!({
            "type": "fake:index:Thing", "op": "", "name": "old", "size": 1, "version": 1, "arn": "x",
        });
    });
    env.ok("preview").says("import").says("size: 1 => 2");
    env.ok("up --yes");
    assert_eq!(env.changes(), ["update fake-77"]);
    assert_eq!(env.things(), ["old"]);
    env.ok("preview --expect-no-changes");
    // What is not there cannot be.
    let env = TestEnv::new(&one("name: old", "import: fake-78"));
    env.run("up --yes").ends(1).says("there is no fake:index:Thing with the id `fake-78`");
    assert!(env.changes().is_empty());
}

#[test]
fn import_of_what_cannot_become_the_program_is_refused() {
    let env = TestEnv::new(&one("name: old, fixed: y", "import: fake-77"));
    env.edit_cloud(|it| {
        it["things"]["fake-77"] = serde_json::json!({
            "type": "fake:index:Thing", "op": "", "name": "old", "fixed": "x", "version": 1, "arn": "x",
        });
    });
    env.run("up --yes").ends(1).says("cannot be imported: it differs from the program in fixed");
    assert!(env.changes().is_empty());
}

#[test]
fn a_parent_is_in_the_urn_and_passes_protection_on() {
    let env = TestEnv::new(&format!(
        "resources:\n  p:\n    {THING}\n    options: {{ protect: true }}\n  a:\n    {THING}\n    options: {{ parent: '${{p}}' }}\n"
    ));
    env.ok("up --yes");
    let state = env.state("a");
    assert_eq!(state.urn.as_str(), "urn:pulumi:dev::demo::fake:index:Thing$fake:index:Thing::a");
    assert!(state.meta.protect);
    assert_eq!(state.meta.parent, Some(env.state("p").urn));
}

#[test]
fn protected_things_are_neither_destroyed_nor_replaced_nor_dropped() {
    let env = made("name: n, fixed: x", "protect: true");
    env.run("destroy --yes").ends(1).says("is protected and would be deleted");
    env.edit("fixed: x", "fixed: y");
    env.run("up --yes").ends(1).says("is protected and would be replaced because of fixed");
    env.program("resources: {}\n");
    env.run("up --yes").ends(1).says("is protected and would be deleted");
    assert_eq!(env.changes(), [""; 0]);
    env.program(&one("name: n, fixed: x", ""));
    env.ok("up --yes");
    env.ok("destroy --yes");
    assert!(env.things().is_empty());
}

const PROVIDER: &str =
    "  prov:\n    type: pulumi:providers:fake\n    properties: { region: eu-west-1 }\n";

#[test]
fn an_explicit_provider_is_used() {
    let env = TestEnv::new(&format!("{}{PROVIDER}", one("name: n", "provider: '${prov}'")));
    env.ok("up --yes");
    assert_eq!(env.thing("n").1["arn"], "arn:aws:fake:eu-west-1:000000000000:n");
    assert_eq!(env.state("a").meta.provider, Some(env.state("prov").urn));
    // It is also used when only the state knows the resource.
    env.ok("destroy --yes");
    assert!(env.things().is_empty());
}

#[test]
fn children_use_the_providers_of_their_parent() {
    for providers in ["['${prov}']", "{ fake: '${prov}' }"] {
        let env = TestEnv::new(&format!(
            "resources:\n{PROVIDER}  p:\n    {THING}\n    properties: {{ name: p }}\n    options: {{ providers: {providers} }}\n  a:\n    {THING}\n    properties: {{ name: n }}\n    options: {{ parent: '${{p}}' }}\n"
        ));
        env.ok("up --yes");
        assert_eq!(env.thing("n").1["arn"], "arn:aws:fake:eu-west-1:000000000000:n");
        env.ok("preview --expect-no-changes");
    }
}

#[test]
fn replace_on_changes_replaces_what_could_be_updated() {
    let env = made("name: n, text: one", "replaceOnChanges: [text]");
    env.edit("text: one", "text: two");
    env.ok("up --yes").says("because of text");
    let calls = env.changes();
    assert_eq!(calls[1], "create n", "{calls:?}");
    assert_eq!(env.things(), ["n"]);
}

#[test]
fn what_is_retained_leaves_the_state_only() {
    let env = made("name: n", "retainOnDelete: true");
    env.program("resources: {}\n");
    env.ok("up --yes");
    assert_eq!(env.things(), ["n"]);
    assert!(env.snapshot().resources.is_empty());
    assert_eq!(env.changes(), [""; 0]);
}

#[test]
fn replace_with_follows_a_replacement() {
    let env = TestEnv::new(&format!(
        "resources:\n  a:\n    {THING}\n    properties: {{ fixed: x }}\n  b:\n    {THING}\n    options: {{ replaceWith: ['${{a}}'] }}\n"
    ));
    env.ok("up --yes");
    drop(env.calls());
    env.edit("fixed: x", "fixed: y");
    env.ok("up --yes").says("because of replaceWith");
    assert_eq!(env.changes().len(), 4);
    assert_eq!(env.things().len(), 2);
}

#[test]
fn what_goes_with_another_is_not_deleted_by_itself() {
    let env = TestEnv::new(&format!(
        "resources:\n  a:\n    {THING}\n    properties: {{ name: a }}\n  b:\n    {THING}\n    properties: {{ name: b }}\n    options: {{ deletedWith: '${{a}}' }}\n"
    ));
    env.ok("up --yes");
    drop(env.calls());
    let (a, _) = env.thing("a");
    env.ok("destroy --yes");
    assert_eq!(env.changes(), [format!("delete {a}")]);
    assert!(env.snapshot().resources.is_empty());
}

#[test]
fn hidden_diffs_are_not_shown_but_made() {
    let env = made("text: one, size: 1", "hideDiffs: [text]");
    env.edit("text: one", "text: two");
    env.ok("preview --diff").says("update").says("hidden: text").lacks("two");
    env.edit("size: 1", "size: 2");
    env.ok("up --yes").says("size: 1 => 2").lacks("two");
    assert_eq!(env.thing("a").1["text"], "two");
}

#[test]
fn a_new_replacement_trigger_replaces() {
    let env = made("size: 1", "replacementTrigger: one");
    env.ok("preview --expect-no-changes");
    env.edit("replacementTrigger: one", "replacementTrigger: two");
    env.ok("up --yes").says("because of replacementTrigger");
    assert_eq!(env.changes().len(), 2);
    env.ok("preview --expect-no-changes");
}

#[test]
fn version_and_download_url_are_accepted() {
    let env = made("size: 1", "version: 1.2.3, pluginDownloadURL: 'https://example.com'");
    env.ok("preview --expect-no-changes");
}

#[test]
fn environment_variables_are_mapped_for_a_provider() {
    let env = TestEnv::new(&format!(
        "{}  prov:\n    type: pulumi:providers:fake\n    options: {{ envVarMappings: {{ MY_REGION: AWS_REGION }} }}\n",
        one("name: n", "provider: '${prov}'")
    ));
    env.run_with(&["up", "--yes"], |it| {
        it.env("MY_REGION", "eu-north-1");
    })
    .ends(0)
    .lacks("warning");
    assert_eq!(env.thing("n").1["arn"], "arn:aws:fake:eu-north-1:000000000000:n");
}

/// Most services ignore the changes of a value that is made in the same run:
/// the task definition that deployments move.
#[test]
fn what_is_made_anew_ignores_nothing() {
    let env = TestEnv::new(
        "resources:
  a: { type: fake:index:Thing, properties: { name: a } }
  b:
    type: fake:index:Thing
    properties: { name: b, text: '${a.id}' }
    options: { ignoreChanges: [text] }
",
    );
    env.ok("up --yes");
    assert_eq!(env.thing("b").1["text"], "fake-1");
    env.edit("text: '${a.id}'", "text: other");
    env.ok("preview --expect-no-changes");
    // A replacement is made anew, too.
    env.edit("name: a", "name: other");
    env.edit("name: b, text: other", "name: c, text: '${a.id}'");
    env.ok("up --yes");
    assert_eq!(env.thing("c").1["text"], env.thing("other").0);
}
