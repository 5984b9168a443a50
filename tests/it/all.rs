//! Several stacks together: `--all`, and references between them.

use crate::env::TestEnv;

/// `network` has no needs, `app` uses it, `web` uses both, `alone` nobody; two
/// of them are nested in a folder that is no project.
fn world() -> TestEnv {
    let env = TestEnv::new("");
    std::fs::remove_file(env.path("Pulumi.yaml")).unwrap();
    std::fs::remove_file(env.path("Pulumi.dev.yaml")).unwrap();
    let project = |path: &str, body: &str| {
        let name = path.rsplit('/').next().unwrap();
        env.write(
            &format!("stacks/{path}/Pulumi.yaml"),
            &format!("name: {name}\nruntime: yaml\nresources:\n{body}"),
        );
        env.write(&format!("stacks/{path}/Pulumi.dev.yaml"), "");
    };
    let reference = |name: &str| {
        format!(
            "  {name}: {{ type: pulumi:pulumi:StackReference, properties: {{ name: 'organization/{name}/${{pulumi.stack}}' }} }}\n"
        )
    };
    let thing = |name: &str, text: &str| {
        format!(
            "  it: {{ type: fake:index:Thing, properties: {{ name: {name}, text: '{text}' }} }}\noutputs: {{ arn: '${{it.arn}}' }}\n"
        )
    };
    project("alone", &thing("alone", "x"));
    let app = format!("{}{}", reference("network"), thing("app", "${network.outputs[\"arn\"]}"));
    project("system/app", &app);
    project("system/network", &thing("network", "x"));
    let outputs = "${network.outputs[\"arn\"]} ${app.outputs[\"arn\"]}";
    project(
        "web",
        &format!("{}{}{}", reference("network"), reference("app"), thing("web", outputs)),
    );
    env
}

#[test]
fn stacks_come_up_in_the_order_of_their_references_and_go_in_reverse() {
    let env = world();
    let ran = env.ok("up --all --yes");
    let made = env.changes();
    let at = |name: &str| made.iter().position(|it| *it == format!("create {name}")).unwrap();
    assert!(at("network") < at("app") && at("app") < at("web"), "{made:?}");
    assert_eq!(env.thing("app").1["text"], "arn:aws:fake:us-east-1:000000000000:network");
    // Every line says whose it is, and one summary says how each ended.
    let told: Vec<&str> = ran.stderr.lines().skip_while(|it| *it != "Stacks:").collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
Stacks:
    alone/dev    done         1 created
    app/dev      done         1 created
    network/dev  done         1 created
    web/dev      done         1 created
"#);
    let (before, _) = ran.stderr.split_once("Stacks:").unwrap();
    let names = ["alone/dev", "app/dev", "network/dev", "web/dev"];
    let odd = before.lines().find(|it| !names.iter().any(|name| it.starts_with(name)));
    assert_eq!(odd, None, "{ran}");
    env.ok("preview --all --expect-no-changes").says("1 unchanged");

    env.ok("destroy --all --yes");
    let gone = env.changes();
    assert_eq!(gone.len(), 4, "{gone:?}");
    assert!(env.things().is_empty());
}

#[test]
fn a_folder_of_stacks_is_a_part_of_all() {
    let env = world();
    env.ok("up --all --yes -C stacks/system");
    assert_eq!(env.changes(), ["create network", "create app"]);
    env.ok("preview --all -C stacks/system --expect-no-changes").lacks("alone/dev");
    // A project's folder is no part: it is where one works.
    env.ok("preview --all -C stacks/system/app").says("alone/dev");
}

/// `network` and `app` have `dev` and `prod`; `alone` has what its configuration
/// files say, and what is in the state.
#[test]
fn every_stack_of_a_project_is_one_of_all() {
    let env = world();
    for (project, name) in [("system/network", "network"), ("system/app", "app")] {
        let path = format!("stacks/{project}/Pulumi.yaml");
        let text = std::fs::read_to_string(env.path(&path)).unwrap();
        let own =
            text.replace(&format!("name: {name},"), &format!("name: '{name}-${{pulumi.stack}}',"));
        assert_ne!(own, text);
        env.write(&path, &own);
        env.write(&format!("stacks/{project}/Pulumi.prod.yaml"), "");
    }
    env.write("stacks/bare/Pulumi.yaml", "name: bare\nruntime: yaml\n");
    std::fs::remove_dir_all(env.path("stacks/web")).unwrap();
    std::fs::remove_file(env.path("stacks/alone/Pulumi.dev.yaml")).unwrap();
    env.ok("stack init stage -C stacks/alone");
    // Which one is selected is of no importance.
    env.ok("stack select prod -C stacks/system/app");

    let ran = env.ok("up --all --yes").says("`bare` has no stack, and is left alone");
    let told: Vec<&str> = ran.stderr.lines().skip_while(|it| *it != "Stacks:").collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
Stacks:
    alone/stage   done         1 created
    app/dev       done         1 created
    app/prod      done         1 created
    network/dev   done         1 created
    network/prod  done         1 created
"#);
    let made = env.changes();
    let at = |name: &str| made.iter().position(|it| *it == format!("create {name}")).unwrap();
    assert!(at("network-dev") < at("app-dev") && at("network-prod") < at("app-prod"), "{made:?}");
    // Each uses its own.
    let uses = |name: &str| env.thing(name).1["text"].as_str().unwrap().to_owned();
    assert!(
        uses("app-dev").ends_with(":network-dev") && uses("app-prod").ends_with(":network-prod")
    );
    env.ok("preview --all --expect-no-changes");

    // What is deleted is told by its id.
    let [app, network] = ["app-dev", "network-dev"].map(|it| env.thing(it).0);
    let [last, first] = ["app-prod", "network-prod"].map(|it| env.thing(it).0);
    env.ok("destroy --all --yes -s dev").says("`alone` has no stack `dev`").lacks("prod");
    assert_eq!(env.changes(), [format!("delete {app}"), format!("delete {network}")]);
    env.ok("destroy --all --yes");
    let gone = env.changes();
    let at = |id: &str| gone.iter().position(|it| *it == format!("delete {id}")).unwrap();
    assert!(at(&last) < at(&first), "{gone:?}");
    assert!(env.things().is_empty());
}

#[test]
fn what_does_not_exist_yet_is_unknown_in_a_preview_and_named_in_up() {
    let env = world();
    env.run("up --yes -s app/dev").ends(1).says("there is no stack `network/dev`");
    env.ok("preview -s app/dev --diff").says("[unknown: network.outputs]");
    env.ok("preview --all").says("to create");
    env.ok("preview -s app/dev --diff").says("[unknown: the output arn of network/dev]");
    env.run("up --yes -s app/dev")
        .ends(1)
        .says("the stack `network/dev` has no output `arn`")
        .says("it has none: is it up?");
    assert!(env.things().is_empty());
}

#[test]
fn what_waits_for_a_failure_is_not_started() {
    let env = world();
    env.fault("create network", &["refuse"]);
    let ran = env.run("up --all --yes").ends(1);
    let told: Vec<&str> = ran.stderr.lines().skip_while(|it| *it != "Stacks:").collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
Stacks:
    alone/dev    done         1 created
    app/dev      not started  needs network/dev
    network/dev  failed       code 1
    web/dev      not started  needs app/dev
error: 3 of 4 stacks did not end well
"#);
    assert_eq!(env.things(), ["alone"]);
    env.ok("up --all --yes");
    assert_eq!(env.things().len(), 4);
}

#[test]
fn a_circle_is_refused_with_its_places() {
    let env = world();
    let text = std::fs::read_to_string(env.path("stacks/system/network/Pulumi.yaml")).unwrap();
    let text = text.replace(
        "resources:\n",
        "resources:\n  web: { type: pulumi:pulumi:StackReference, properties: { name: organization/web/dev } }\n",
    );
    env.write("stacks/system/network/Pulumi.yaml", &text);
    let ran = env.run("up --all --yes").ends(1);
    insta::assert_snapshot!(ran, @r#"
--- stderr
error: stacks use each other's outputs in a circle
  hint: `app/dev` uses `network/dev` at $DIR/stacks/system/app/Pulumi.yaml:4:3
  hint: `network/dev` uses `web/dev` at $DIR/stacks/system/network/Pulumi.yaml:4:3
  hint: `web/dev` uses `app/dev` at $DIR/stacks/web/Pulumi.yaml:5:3
--- exit 1
"#);
    assert!(env.things().is_empty());
}

#[test]
fn a_mistake_in_one_stops_all_before_anything_is_made() {
    let env = world();
    env.write(
        "stacks/alone/Pulumi.yaml",
        "name: alone\nruntime: yaml\nresources:\n  a: { type: fake:index:Thin }\n",
    );
    // Once, however many stacks have it.
    env.write("stacks/alone/Pulumi.prod.yaml", "");
    let ran = env.run("up --all --yes").ends(1);
    assert_eq!(ran.stderr.matches("stacks/alone/Pulumi.yaml:4:14").count(), 1, "{ran}");
    std::fs::remove_file(env.path("stacks/alone/Pulumi.prod.yaml")).unwrap();
    assert!(env.things().is_empty());
    env.run("up --all").ends(2).says("there is nobody to ask here");
    env.run("up --all --yes -t x").ends(2);
    env.run("preview --all -s app/dev").ends(2);
    env.run("preview --all -s prod").ends(6).says("`app` has no stack `prod`");
}

#[test]
fn a_stack_that_others_use_does_not_go_unnoticed() {
    let env = world();
    env.ok("up --all --yes");
    let warning = "outputs of this stack are used by app/dev, web/dev, which will not find them";
    env.ok("destroy -s network/dev --preview-only").says(warning);
    env.ok("destroy -s web/dev --yes").lacks("outputs of this stack");
    env.ok("destroy -s app/dev --yes").lacks("outputs of this stack");
    env.ok("destroy -s network/dev --yes").lacks("outputs of this stack");
    assert_eq!(env.things(), ["alone"]);
}

#[test]
fn results_of_all_are_one_document() {
    let env = world();
    let all = env.ok("up --all --yes --json").json();
    let stacks = all["stacks"].as_array().unwrap();
    assert_eq!(stacks.len(), 4);
    for stack in stacks {
        assert_eq!(stack["result"], "done", "{stack}");
        assert_eq!(stack["document"]["result"], "succeeded", "{stack}");
    }
    env.drift("network", |it| it["text"] = "drifted".into());
    let all = env.run("preview --all --json --expect-no-changes").ends(7).json();
    let codes: Vec<i64> =
        all["stacks"].as_array().unwrap().iter().map(|it| it["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 0, 7, 0]);
}
