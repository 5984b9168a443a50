//! A stack as a Pulumi deployment: out, in again, and from Pulumi.

use std::collections::BTreeSet;

use orderinfra::{lang::secure::Cipher, model::stack::Phase};
use serde_json::{Value as Json, json};

use crate::env::TestEnv;

const RICH: &str = "
resources:
  abroad: { type: 'pulumi:providers:fake', properties: { region: eu-west-1 } }
  base: { type: fake:index:Thing, properties: { size: 1, tags: { a: b } } }
  held:
    type: fake:index:Named
    properties: { name: held, text: '${base.arn}', members: [x, y] }
    options: { protect: true, parent: '${base}', customTimeouts: { create: 5m, read: 10s } }
  far:
    type: fake:index:Thing
    properties: { text: far }
    options: { provider: '${abroad}', dependsOn: ['${held}'], retainOnDelete: true }
  lot: { type: random:index/randomPassword:RandomPassword, properties: { length: 20 } }
  locked:
    type: fake:index:Thing
    properties: { password: '${lot.result}', tags: { deep: '${lot.result}' } }
    options: { additionalSecretOutputs: [arn], deleteBeforeReplace: true }
outputs:
  zebra: ${base.arn}
  apple: { inside: '${lot.result}' }
";

/// Without the key, which is drawn anew where the stack's file has none.
fn export(env: &TestEnv) -> Json {
    let mut document = env.ok("stack export --show-secrets").json();
    document["deployment"]["secrets_providers"] = Json::Null;
    document
}

fn resources(document: &Json) -> Vec<Json> {
    document["deployment"]["resources"].as_array().unwrap().clone()
}

fn find<'a>(all: &'a [Json], name: &str) -> &'a Json {
    let ends = |it: &&Json| it["urn"].as_str().is_some_and(|it| it.ends_with(&format!("::{name}")));
    all.iter().find(ends).unwrap_or_else(|| panic!("`{name}` is not in {all:#?}"))
}

/// Out, forgotten, and in again.
fn around(env: &TestEnv, flags: &str) {
    env.ok(&format!("stack export --file out.json{flags}"));
    env.ok("stack rm dev --force --yes");
    env.ok("stack import --file out.json --yes");
}

#[test]
fn an_own_export_comes_back_exactly() {
    for flags in ["", " --show-secrets"] {
        let env = TestEnv::new(RICH);
        env.ok("up --yes");
        let (before, document) = (env.snapshot(), export(&env));
        let outputs = env.ok("stack output --json --show-secrets").stdout;
        around(&env, flags);
        assert_eq!(env.snapshot(), before);
        assert_eq!(export(&env), document);
        assert_eq!(env.ok("stack output --json --show-secrets").stdout, outputs);
        env.check_fold();
        env.calls();
        env.ok("preview --expect-no-changes");
        env.ok("up --yes");
        assert_eq!(env.changes(), [""; 0]);
        // Over itself, too.
        env.ok("stack import --file out.json --yes");
        assert_eq!(env.snapshot().resources, before.resources);
        env.check_fold();
        env.ok("preview --expect-no-changes");
    }
}

#[test]
fn the_form_is_pulumis() {
    let env = TestEnv::new(RICH);
    env.ok("up --yes");
    let document = export(&env);
    assert_eq!(document["version"], 3);
    let manifest = &document["deployment"]["manifest"];
    assert_eq!(manifest["version"], "v3.259.0");
    assert_eq!(
        manifest["magic"],
        // printf v3.259.0 | sha256sum
        "ab35920a3077459b09dd1a3f7ddc28df4e3efc81b3240013bb6906688abc684d"
    );
    let all = resources(&document);
    assert_eq!(all[0]["type"], "pulumi:pulumi:Stack");
    assert_eq!(all[0]["urn"], "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev");
    assert_eq!(all[0]["custom"], false);
    let provider = |name: &str| {
        let it = find(&all, name);
        format!("{}::{}", it["urn"].as_str().unwrap(), it["id"].as_str().unwrap())
    };
    let (base, held, far) = (find(&all, "base"), find(&all, "held"), find(&all, "far"));
    assert_eq!(base["parent"], all[0]["urn"]);
    assert_eq!(held["parent"], base["urn"]);
    assert_eq!(held["protect"], true);
    assert_eq!(held["dependencies"], json!([base["urn"]]));
    assert_eq!(held["propertyDependencies"]["text"], json!([base["urn"]]));
    assert_eq!(held["customTimeouts"], json!({ "create": 300 }));
    assert_eq!(far["provider"], provider("abroad"));
    assert_eq!(far["retainOnDelete"], true);
    let default = all
        .iter()
        .find(|it| it["urn"] == "urn:pulumi:dev::demo::pulumi:providers:fake::default")
        .unwrap();
    let default =
        format!("{}::{}", default["urn"].as_str().unwrap(), default["id"].as_str().unwrap());
    assert_eq!(base["provider"], *default);
    assert_eq!(base["inputs"]["__defaults"], json!(["name"]));
    assert_eq!(held["inputs"]["__defaults"], json!([]));
    let locked = find(&all, "locked");
    assert_eq!(locked["additionalSecretOutputs"], json!(["arn"]));
    assert_eq!(
        locked["inputs"]["password"]["4dabf18193072939515e22adb298388d"],
        "1b47061264138c4ac30d75fd1eb44270"
    );
    let plain = locked["inputs"]["password"]["plaintext"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<String>(plain).unwrap().len(), 20);
    ordered(&all);
}

/// Everything that a resource refers to comes before it.
fn ordered(all: &[Json]) {
    let mut seen = BTreeSet::new();
    for it in all {
        let urn = it["urn"].as_str().unwrap().to_owned();
        let mut needs: Vec<String> = Vec::new();
        needs.extend(it["parent"].as_str().map(str::to_owned));
        let provider = it["provider"].as_str().and_then(|it| it.rsplit_once("::"));
        needs.extend(provider.map(|(urn, _)| urn.to_owned()));
        let list = it["dependencies"].as_array().into_iter().flatten();
        needs.extend(list.map(|it| it.as_str().unwrap().to_owned()));
        for need in needs {
            assert!(seen.contains(&need), "{urn} comes before {need}");
        }
        seen.insert(urn);
    }
}

#[test]
fn what_was_born_before_what_it_stands_on_is_put_after_it() {
    let env = TestEnv::new(
        "
resources:
  first: { type: fake:index:Thing, properties: { size: 1 } }
  second: { type: fake:index:Thing, properties: { size: 1 } }
",
    );
    env.ok("up --yes");
    env.edit(
        "first: { type: fake:index:Thing, properties: { size: 1 }",
        "first: { type: fake:index:Thing, properties: { text: '${second.arn}' }",
    );
    env.ok("up --yes");
    let before = env.snapshot();
    assert_eq!(before.resources[0].urn.name(), "first");
    let all = resources(&export(&env));
    ordered(&all);
    assert_eq!(find(&all, "first")["dependencies"], json!([find(&all, "second")["urn"]]));
    around(&env, "");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn the_passphrase_form_is_what_pulumi_reads() {
    let env = TestEnv::new(RICH);
    let with = |line: &str| {
        let args: Vec<&str> = line.split_whitespace().collect();
        env.run_with(&args, |it| {
            it.env("PULUMI_CONFIG_PASSPHRASE", "open sesame");
        })
    };
    with("up --yes").ends(0);
    let ran = with("stack export").ends(0).lacks("plaintext");
    let document = ran.json();
    let provider = &document["deployment"]["secrets_providers"];
    assert_eq!(provider["type"], "passphrase");
    let salt = provider["state"]["salt"].as_str().unwrap();
    let cipher = Cipher::from_passphrase("open sesame", salt).unwrap();
    let all = resources(&document);
    let sealed = find(&all, "locked")["inputs"]["password"]["ciphertext"].as_str().unwrap();
    let plain: String = serde_json::from_str(&cipher.decrypt(sealed).unwrap()).unwrap();
    assert_eq!(env.thing("locked").1["password"], *plain);
    env.write("out.json", &document.to_string());
    with("stack rm dev --force --yes").ends(0);
    env.run("stack import --file out.json --yes").ends(1).says("set PULUMI_CONFIG_PASSPHRASE");
    let wrong = env.run_with(&["stack", "import", "--file", "out.json", "--yes"], |it| {
        it.env("PULUMI_CONFIG_PASSPHRASE", "open barley");
    });
    wrong.ends(1).says("incorrect passphrase");
    with("stack import --file out.json --yes").ends(0);
    with("preview --expect-no-changes").ends(0);
}

/// Wherever a run was cut off, its export goes on from there.
#[test]
fn what_was_cut_off_comes_back_too() {
    let changed = RICH.replace("size: 1", "size: 2").replace("text: far", "text: near, fixed: x");
    let mut open = 0;
    let mut phases = BTreeSet::new();
    for after in 0..12 {
        let env = TestEnv::new(RICH);
        let first = env.crash("up --yes", after);
        if first.code.is_some() {
            env.program(&changed);
            drop(env.crash("up --yes", after));
        }
        let before = env.snapshot();
        open += before.open.len();
        phases.extend(before.resources.iter().map(|it| format!("{:?}", it.phase)));
        around(&env, "");
        let mut again = env.snapshot();
        // Creates go first; in which order they are looked for is all the same.
        again.open.sort_by_key(|it| it.op.clone());
        let mut before = before;
        before.open.sort_by_key(|it| it.op.clone());
        assert_eq!(again, before, "cut off after {after} writes");
        env.check_fold();
        env.ok("preview");
        env.ok("up --yes");
        env.ok("preview --expect-no-changes");
        let things = env.things().len();
        assert_eq!(things, if first.code.is_some() { 5 } else { 4 }.min(things), "{after}");
        env.check_fold();
    }
    assert!(open >= 5, "{open}");
    assert!(phases.contains("Unsettled"), "{phases:?}");
}

#[test]
fn condemned_and_unfinished_resources_come_back() {
    let env = TestEnv::new(
        "
resources:
  a: { type: fake:index:Thing, properties: { fixed: x } }
  b: { type: fake:index:Thing, properties: { fixed: x } }
  c: { type: fake:index:Thing, properties: { size: 1 } }
",
    );
    env.ok("up --yes");
    env.program(
        "
resources:
  a: { type: fake:index:Thing, properties: { fixed: y } }
  c: { type: fake:index:Thing, properties: { size: 1 } }
  d: { type: fake:index:Thing, properties: { size: 1 } }
",
    );
    env.fault("delete", &["refuse", "refuse"]);
    env.fault("finish", &["refuse", "refuse"]);
    env.run("up --yes").ends(1);
    let before = env.snapshot();
    let phase = |phase| before.resources.iter().filter(|it| it.phase == phase).count();
    assert!(phase(Phase::Unsettled) > 0, "{before:#?}");
    let all = resources(&export(&env));
    assert!(all.iter().any(|it| it["initErrors"][0] == "its creation was not finished"));
    around(&env, "");
    assert_eq!(env.snapshot(), before);
    env.fault("finish", &[]);
    env.fault("delete", &["refuse", "refuse"]);
    env.run("up --yes").ends(1);
    let before = env.snapshot();
    assert!(before.condemned().count() > 0, "{before:#?}");
    assert!(resources(&export(&env)).iter().any(|it| it["delete"] == true));
    around(&env, "");
    assert_eq!(env.snapshot(), before);
    env.check_fold();
    env.ok("up --yes");
    env.ok("preview --expect-no-changes");
    assert_eq!(env.things().len(), 3);
}

/// One that is to be deleted, and nothing has its URN any more.
#[test]
fn a_condemned_resource_without_a_successor_comes_back() {
    let env = TestEnv::new("resources: { a: { type: 'fake:index:Thing' } }\n");
    env.ok("up --yes");
    let mut document = export(&env);
    let all = document["deployment"]["resources"].as_array_mut().unwrap();
    let at = all.iter().position(|it| it["id"] == "fake-1").unwrap();
    all[at]["delete"] = true.into();
    env.write("out.json", &document.to_string());
    env.ok("stack import --file out.json --yes");
    assert_eq!(env.snapshot().resources[0].phase, Phase::Condemned);
    env.check_fold();
    env.ok("up --yes");
    assert_eq!(env.thing("a-").0, "fake-2");
    assert_eq!(env.things().len(), 1);
}

/// As Pulumi's AWS provider leaves it: defaults filled in and named, a plugin's
/// settings as texts, a resource that was only read, a half-done replacement.
#[test]
fn a_deployment_of_pulumis_own_is_taken_over() {
    let env = TestEnv::new(
        "
resources:
  abroad: { type: 'pulumi:providers:fake', properties: { region: eu-west-1 } }
  base: { type: fake:index:Thing, properties: { size: 1, password: hush } }
  user:
    type: fake:index:Thing
    properties: { uses: '${base.id}', tags: { a: b } }
    options: { provider: '${abroad}' }
outputs: { arn: '${base.arn}' }
",
    );
    env.ok("up --yes");
    let name = |prefix: &str| env.thing(prefix).1["name"].as_str().unwrap().to_owned();
    let urn = |token: &str, name: &str| format!("urn:pulumi:dev::demo::{token}::{name}");
    let thing = |it: &str| urn("fake:index:Thing", it);
    let (root, default, abroad) = (
        urn("pulumi:pulumi:Stack", "demo-dev"),
        urn("pulumi:providers:fake", "default_1_2_3"),
        urn("pulumi:providers:fake", "abroad"),
    );
    let secret = json!({
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": "\"hush\"",
    });
    let document = json!({ "version": 3, "deployment": {
        "manifest": { "time": "2024-01-01T00:00:00Z", "magic": "", "version": "" },
        "resources": [
            { "urn": root, "custom": false, "type": "pulumi:pulumi:Stack", "outputs": { "arn": "old" } },
            { "urn": default, "custom": true, "id": "d-1", "type": "pulumi:providers:fake",
              "inputs": { "version": "1.2.3" } },
            { "urn": abroad, "custom": true, "id": "p-1", "type": "pulumi:providers:fake", "parent": root,
              "inputs": { "region": "eu-west-1", "version": "1.2.3", "__internal": {} },
              "outputs": { "region": "eu-west-1", "version": "1.2.3" } },
            { "urn": thing("seen"), "custom": true, "external": true, "id": "vpc-1",
              "type": "fake:index:Thing", "parent": root, "provider": format!("{default}::d-1") },
            { "urn": thing("base"), "custom": true, "id": env.thing("base").0, "type": "fake:index:Thing",
              "inputs": { "__defaults": ["name", "text"], "name": name("base"), "size": 1, "text": "filled in",
                          "password": secret },
              "outputs": { "__meta": "{\"schema_version\":\"1\"}", "id": env.thing("base").0, "name": name("base"),
                           "size": 1, "unheardOf": 7, "password": secret },
              "parent": root, "dependencies": [thing("seen")], "provider": format!("{default}::d-1"),
              "sequenceNumber": 1, "sourcePosition": "project:///Pulumi.yaml#3,3" },
            { "urn": thing("gone"), "custom": true, "id": "fake-77", "type": "fake:index:Thing",
              "pendingReplacement": true, "parent": root, "provider": format!("{default}::d-1") },
            { "urn": thing("user"), "custom": true, "id": env.thing("user").0, "type": "fake:index:Thing",
              "inputs": { "__defaults": ["name"], "name": name("user"), "uses": env.thing("base").0,
                          "tags": { "__defaults": ["c"], "a": "b", "c": "filled in" } },
              "outputs": {}, "parent": root, "provider": format!("{abroad}::p-1"),
              "dependencies": [thing("base")], "propertyDependencies": { "uses": [thing("base")] } },
        ],
        "pending_operations": [
            { "type": "updating", "resource": { "urn": thing("base"), "custom": true, "type": "fake:index:Thing" } },
        ],
    } });
    env.write("pulumi.json", &document.to_string());
    env.ok("stack rm dev --force --yes");
    env.ok("stack import --file pulumi.json --yes")
        .says("interrupted while updating")
        .says("was deleted for its replacement")
        .says("3 resources");
    env.check_fold();
    let base = env.state("base");
    assert_eq!(base.meta.named, ["name"]);
    assert_eq!(base.inputs.get("text"), None, "nobody wished for that");
    assert!(base.inputs.as_map().unwrap()["password"].has_secret());
    assert_eq!(base.outputs.get("unheardOf"), None);
    assert_eq!(env.state("abroad").inputs.reveal(), json!({ "region": "eu-west-1" }));
    assert_eq!(env.state("user").inputs.get("tags").unwrap().reveal(), json!({ "a": "b" }));
    env.calls();
    env.ok("preview --expect-no-changes");
    env.ok("up --yes");
    assert_eq!(env.changes(), [""; 0]);
    assert_eq!(env.ok("stack output arn").stdout.trim(), env.thing("base").1["arn"]);
    env.ok("destroy --yes");
    assert_eq!(env.things().len(), 0);
}

#[test]
fn all_mistakes_are_told_at_once_and_nothing_is_changed() {
    let env = TestEnv::new("resources: { a: { type: 'fake:index:Thing' } }\n");
    env.ok("up --yes");
    let before = env.snapshot();
    let urn = |token: &str, name: &str| format!("urn:pulumi:dev::demo::{token}::{name}");
    let thing = |it: &str| urn("fake:index:Thing", it);
    let one = |name: &str, more: Json| {
        let mut it =
            json!({ "urn": thing(name), "custom": true, "id": "x", "type": "fake:index:Thing" });
        it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        it
    };
    let sealed = json!({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:AA:BB" });
    let document = json!({ "version": 3, "deployment": {
        "manifest": {},
        "secrets_providers": { "type": "awskms", "state": {} },
        "resources": [
            one("child", json!({ "parent": thing("late") })),
            one("late", json!({})),
            one("late", json!({})),
            one("lonely", json!({ "dependencies": [thing("nowhere")] })),
            one("served", json!({ "provider": format!("{}::p", urn("pulumi:providers:fake", "none")) })),
            one("nameless", json!({ "id": "" })),
            one("mixed", json!({ "type": "fake:index:Named" })),
            one("sealed", json!({ "inputs": { "text": sealed } })),
            one("open", json!({ "inputs": { "text": "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } })),
            one("timed", json!({ "customTimeouts": { "create": -1 } })),
            { "urn": urn("aws:foo/bar:Bar", "alien"), "custom": true, "id": "x", "type": "aws:foo/bar:Bar" },
            { "urn": urn("my:own:Part", "part"), "custom": false, "type": "my:own:Part" },
            { "urn": "urn:pulumi:prod::demo::fake:index:Thing::other", "custom": true, "id": "x", "type": "fake:index:Thing" },
            { "urn": "urn:pulumi:dev::demo::fake:index:Thing::\u{1b}[2Jclear", "custom": true, "id": "x", "type": "fake:index:Thing" },
            { "urn": "no urn at all" },
            { "custom": true },
        ],
        "pending_operations": [{ "type": "creating", "resource": one("half", json!({})) }],
    } });
    env.write("bad.json", &document.to_string());
    let ran = env.run("stack import --file bad.json --yes").ends(1).lacks("\u{1b}");
    for words in [
        "Thing::child: its parent `urn:pulumi:dev::demo::fake:index:Thing::late` is not there, or comes after it",
        "Thing::late: is there twice",
        "Thing::lonely: its dependency",
        "Thing::served: its provider",
        "Thing::nameless: has no `id`",
        "Thing::mixed: its `type` is `fake:index:Named`",
        "the secret `inputs.text`: the deployment is encrypted by the secrets provider `awskms`",
        "Thing::open: `inputs.text` is not known",
        "`customTimeouts.create` is no time",
        "aws:foo/bar:Bar::alien: there is no type",
        "belongs to the stack `demo/prod`",
        "control characters",
        "`no urn at all` is no URN",
        "a resource has no `urn`",
        "Thing::half: Pulumi was interrupted while creating it",
        "15 mistakes",
        "nothing was changed",
    ] {
        assert!(ran.to_string().contains(words), "`{words}` is not in:\n{ran}");
    }
    for (text, words) in [
        ("{", "not valid JSON"),
        ("{}", "no `version`"),
        ("{\"version\":2,\"deployment\":{}}", "version 2"),
        ("{\"version\":4,\"deployment\":{}}", "version 4"),
        ("{\"version\":3}", "no `deployment`"),
        ("{\"version\":3,\"deployment\":{\"resources\":{}}}", "`resources` is no list"),
        (&"[".repeat(100_000), "not valid JSON"),
    ] {
        env.write("bad.json", text);
        env.run("stack import --file bad.json --yes").ends(1).says(words);
    }
    env.run("stack import --file none.json --yes").ends(2).says("none.json");
    env.run("stack import").ends(2).says("nobody to ask");
    assert_eq!(env.snapshot(), before);
    env.ok("preview --expect-no-changes");
}

/// An edit of what Pulumi has a field for counts; a stranger's operation does
/// not.
#[test]
fn an_edited_export_is_taken_as_edited() {
    let env = TestEnv::new(
        "resources: { a: { type: 'fake:index:Thing' }, b: { type: 'fake:index:Thing' } }\n",
    );
    env.ok("up --yes");
    let mut document = export(&env);
    let own = document["deployment"]["resources"][0]["inputs"]["orderinfra"]["resources"].clone();
    assert_eq!(own[0]["op"], env.state("a").op, "the operation that made it, for Pulumi to keep");
    for it in document["deployment"]["resources"].as_array_mut().unwrap() {
        if it["urn"].as_str().unwrap().ends_with("::a") {
            it["protect"] = true.into();
        }
    }
    env.write("out.json", &document.to_string());
    env.ok("stack import --file out.json --yes");
    assert!(env.state("a").meta.protect);
    let side = "/deployment/resources/0/inputs/orderinfra/resources";
    let op = document.pointer(&format!("{side}/1/op")).unwrap().clone();
    *document.pointer_mut(&format!("{side}/0/op")).unwrap() = op;
    env.write("out.json", &document.to_string());
    env.run("stack import --file out.json --yes").ends(1).says("another resource's, too");
    *document.pointer_mut(&format!("{side}/0/op")).unwrap() = "a b\n".into();
    env.write("out.json", &document.to_string());
    env.run("stack import --file out.json --yes").ends(1).says("letters and digits");
}

#[test]
fn an_export_is_for_its_owner_only_and_an_import_is_backed_up() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new("resources: { a: { type: 'fake:index:Thing' } }\n");
    env.ok("up --yes");
    env.ok("stack export --file out.json");
    let mode = std::fs::metadata(env.path("out.json")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let before = env.files("state/backups").len();
    env.ok("stack import --file out.json --yes");
    assert_eq!(env.files("state/backups").len(), before + 1);
    env.ok("history").says("import").says("1 imported");
}
