//! Every order system as its users run it: up, nothing left to do, all figures,
//! names and ways of its document found in the cloud, destroyed, and the cloud
//! is empty. `tests/verify/` looks, and shares nothing with the program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;

use crate::{
    harsh::{Climate, Harsh},
    world::{Census, World, repository},
};

#[test]
fn the_order_api_is_what_its_document_says() {
    system("order_api.py", &["order-api"]);
}

#[test]
fn the_order_processing_is_what_its_document_says() {
    // Each reads some of those before it.
    let stacks = ["network", "messaging", "database", "application", "waf"];
    let stacks = stacks.map(|it| format!("order-processing/{it}"));
    system("order_processing.py", &stacks.each_ref().map(String::as_str));
}

#[test]
fn the_order_workflow_is_what_its_document_says() {
    system("order_workflow.py", &["order-workflow"]);
}

#[test]
fn the_order_worker_is_what_its_document_says() {
    let (mut world, cloud) = made(&["order-worker"]);
    verify("order_worker.py", &world, &["--dummy", "true"]);
    // The first image has been pushed.
    run(&mut world, &cloud, "order-worker", "config set dummy false");
    run(&mut world, &cloud, "order-worker", "up --yes");
    settled(&mut world, &cloud, "order-worker");
    verify("order_worker.py", &world, &[]);
    destroyed("order_worker.py", world, &cloud, &["order-worker"]);
}

#[test]
fn the_serverless_orders_are_what_their_document_says() {
    system("orders_serverless.py", &["orders-serverless"]);
}

/// Every stack of the repository in three commands, `dev` and `prod` beside
/// each other.
#[test]
fn all_systems_come_up_stay_and_go_together() {
    let world = World::with_every_stack();
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    let before = world.cloud.census();
    let said = world.run(&cloud, "up --all --yes").ends(0).stderr;
    let told: Vec<&str> = said.lines().skip_while(|it| *it != "Stacks:").skip(1).collect();
    let files = stack_files(&repository().join("stacks"));
    assert_eq!(told.len(), files, "{told:#?}");
    assert!(told.iter().any(|it| it.contains("order-workflow/prod")), "{told:#?}");
    drop(world.run(&cloud, "preview --all --expect-no-changes").ends(0));
    let workflows = [("dev", "practice-dev"), ("prod", "practice")];
    for (stack, prefix) in workflows {
        verify("order_workflow.py", &world, &["--stack", stack, "--prefix", prefix]);
    }
    drop(world.run(&cloud, "destroy --all --yes").ends(0));
    for (stack, prefix) in workflows {
        verify("order_workflow.py", &world, &["--stack", stack, "--prefix", prefix, "--gone"]);
    }
    for script in ["order_api", "order_processing", "order_worker", "orders_serverless"] {
        verify(&format!("{script}.py"), &world, &["--gone"]);
    }
    assert_eq!(more(&before, &world.cloud.census()), [""; 0]);
}

/// What there is now, and was not before, beside what AWS has by itself and the
/// emulator makes when it is first asked for it.
fn more(before: &Census, now: &Census) -> Vec<String> {
    let known = |kind: &str, id: &String| before.get(kind).is_some_and(|it| it.contains(id));
    let by_itself = |kind: &str, id: &str| {
        matches!(kind, "apigateway.Account" | "iam.AWSManagedPolicy")
            || id.starts_with("/aws/service/")
            || id.ends_with(":event-bus/default")
    };
    let all = now.iter().flat_map(|(kind, ids)| ids.iter().map(move |id| (kind, id)));
    let new = all.filter(|(kind, id)| !known(kind, id) && !by_itself(kind, id));
    new.map(|(kind, id)| format!("{kind} {id}")).collect()
}

/// How many stacks there are below a folder, by their files.
fn stack_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|it| it.path());
    let count = |it: PathBuf| match it.is_dir() {
        true => stack_files(&it),
        false => {
            let name = it.file_name().unwrap_or_default().to_string_lossy().into_owned();
            usize::from(name.starts_with("Pulumi.") && name.matches('.').count() == 2)
        }
    };
    entries.map(count).sum()
}

#[test]
fn another_source_file_of_a_function_is_one_update_of_its_code() {
    let (mut world, cloud) = made(&["orders-serverless"]);
    let file = world.file("lambda/create-order/handler.mjs");
    let code = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{code}\n// Another line.\n")).unwrap();
    assert_eq!(changes(&world, &cloud), ["update create: code"]);

    let calls = cloud.log().len();
    run(&mut world, &cloud, "orders-serverless", "up --yes");
    let log = cloud.log();
    let sent: Vec<&str> =
        log[calls..].iter().filter(|it| it.change).map(|it| &*it.operation).collect();
    let upload = "PUT /2015-03-31/functions/orders-serverless-create-dev/code";
    assert_eq!(sent, [upload]);
    settled(&mut world, &cloud, "orders-serverless");
}

/// The queues move into a component, and then that gets another name; so does
/// the table.
#[test]
fn what_moves_into_a_component_or_is_renamed_is_not_replaced() {
    let (mut world, cloud) = made(&["orders-serverless"]);
    let before = world.cloud.census();
    let file = world.file("Pulumi.yaml");
    let text = fs::read_to_string(&file).unwrap();

    let (head, rest) = text.split_once("  deadOrders:\n").unwrap();
    let (queues, tail) = rest.split_once("  # ----------------").unwrap();
    let mut parts = format!("  deadOrders:\n{queues}").replace('\n', "\n    ");
    for name in ["deadOrders", "orders", "deadOrdersFrom"] {
        let plain = format!("  {name}:\n");
        assert!(parts.contains(&plain), "{parts}");
        let alias = format!("options: {{aliases: [{{name: {name}, noParent: true}}]}}");
        parts = parts.replace(&plain, &format!("{plain}        {alias}\n"));
    }
    fs::create_dir(world.file("queues")).unwrap();
    let plugin = format!(
        "name: queues
runtime: yaml
components:
  Queues:
    inputs:
      tags: {{type: object}}
    resources:
    {parts}
    outputs:
      arn: ${{orders.arn}}
      url: ${{orders.url}}
      name: ${{orders.name}}
      deadUrl: ${{deadOrders.url}}
      deadName: ${{deadOrders.name}}
"
    );
    fs::write(world.file("queues/PulumiPlugin.yaml"), plugin).unwrap();
    let head = head.replace("runtime: yaml\n", "runtime: yaml\npackages: {queues: ./queues}\n");
    let queues = "  queues: {type: 'queues:Queues', properties: {tags: \"${tags}\"}}\n";
    let tail = tail
        .replace("${orders.", "${queues.")
        .replace("${deadOrders.url}", "${queues.deadUrl}")
        .replace("${deadOrders.name}", "${queues.deadName}")
        .replace("\n  table:\n", "\n  store:\n    options: {aliases: [{name: table}]}\n")
        .replace("${table.", "${store.");
    let moved = format!("{head}{queues}  # ----------------{tail}");
    fs::write(&file, &moved).unwrap();
    // The component is a resource of the state, and of nobody's cloud.
    assert_eq!(changes(&world, &cloud), ["create queues: "]);
    let calls = cloud.log().len();
    run(&mut world, &cloud, "orders-serverless", "up --yes");

    let renamed = moved
        .replace(
            "  queues: {type: 'queues:Queues',",
            "  inbox: {type: 'queues:Queues', options: {aliases: [{name: queues}]},",
        )
        .replace("${queues.", "${inbox.");
    fs::write(&file, renamed).unwrap();
    assert_eq!(changes(&world, &cloud), [""; 0]);
    run(&mut world, &cloud, "orders-serverless", "up --yes");
    let log = cloud.log();
    let sent: Vec<&str> =
        log[calls..].iter().filter(|it| it.change).map(|it| &*it.operation).collect();
    assert_eq!(sent, [""; 0]);
    let after = world.cloud.census();
    assert_eq!([more(&before, &after), more(&after, &before)], [[""; 0]; 2]);
    let urns: Vec<String> = world
        .snapshot("orders-serverless")
        .resources
        .iter()
        .map(|it| it.urn.name().to_owned())
        .collect();
    for name in ["inbox", "inbox-orders", "inbox-deadOrders", "inbox-deadOrdersFrom", "store"] {
        assert!(urns.iter().any(|it| it == name), "{name} is not in {urns:?}");
    }
    settled(&mut world, &cloud, "orders-serverless");
    destroyed("orders_serverless.py", world, &cloud, &["orders-serverless"]);
}

/// What a preview would do, as `update NAME: PROPERTIES`.
#[track_caller]
fn changes(world: &World, cloud: &Harsh) -> Vec<String> {
    let plan = world.run(cloud, "preview --json").ends(0).json();
    let text = |it: &Json| it.as_str().unwrap_or_default().to_owned();
    let steps = plan["steps"].as_array().unwrap().iter().filter(|it| it["op"] != "same");
    let told = steps.map(|it| {
        let paths = it["detailedDiff"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let urn = text(&it["urn"]);
        let name = urn.rsplit("::").next().unwrap_or_default();
        format!("{} {name}: {}", text(&it["op"]), paths.join(", "))
    });
    told.collect()
}

/// `projects` in the order in which they need each other.
#[track_caller]
fn system(script: &str, projects: &[&str]) {
    let (world, cloud) = made(projects);
    verify(script, &world, &[]);
    destroyed(script, world, &cloud, projects);
}

fn made(projects: &[&str]) -> (World, Harsh) {
    let mut world = World::with_stacks(projects[0]);
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    for project in projects {
        run(&mut world, &cloud, project, "up --yes");
        settled(&mut world, &cloud, project);
    }
    (world, cloud)
}

fn settled(world: &mut World, cloud: &Harsh, project: &str) {
    run(world, cloud, project, "preview --expect-no-changes --diff");
}

#[track_caller]
fn destroyed(script: &str, mut world: World, cloud: &Harsh, projects: &[&str]) {
    for project in projects.iter().rev() {
        run(&mut world, cloud, project, "destroy --yes");
    }
    verify(script, &world, &["--gone"]);
}

#[track_caller]
fn run(world: &mut World, cloud: &Harsh, project: &str, line: &str) {
    world.go_to(project);
    let ran = world.run(cloud, line);
    assert_eq!(ran.code, Some(0), "{project}: {line}\n{ran}");
}

#[track_caller]
fn verify(script: &str, world: &World, arguments: &[&str]) {
    let output = Command::new(python())
        .arg("-B")
        .arg(repository().join("tests/verify").join(script))
        .arg(format!("http://127.0.0.1:{}", world.cloud.port))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let amiss: Vec<&str> = text.lines().filter(|it| it.starts_with("FAIL")).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {arguments:?}:\n{}\n{errors}", amiss.join("\n"));
}

/// The emulator's Python: boto3 is among its packages.
#[expect(clippy::disallowed_methods, reason = "where the emulator is installed")]
pub(crate) fn python() -> PathBuf {
    let set = |name| std::env::var(name).ok().map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|it| it.join(".cache")));
    let installed = std::fs::read_dir(cache.unwrap_or_default().join("orderinfra")).unwrap();
    let found = installed.flatten().map(|it| it.path().join("bin/python"));
    let age = |it: &Path| it.symlink_metadata().and_then(|it| it.modified()).ok();
    found.filter(|it| it.exists()).max_by_key(|it| age(it)).expect("the emulator is installed")
}
