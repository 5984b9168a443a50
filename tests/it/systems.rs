//! Every order system as its users run it: up, nothing left to do, all figures,
//! names and ways of its document found in the cloud, destroyed, and the cloud
//! is empty. `tests/verify/` looks, and shares nothing with the program.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    harsh::{Climate, Harsh},
    world::{World, repository},
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
fn python() -> PathBuf {
    let set = |name| std::env::var(name).ok().map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|it| it.join(".cache")));
    let installed = std::fs::read_dir(cache.unwrap_or_default().join("orderinfra")).unwrap();
    let found = installed.flatten().map(|it| it.path().join("bin/python"));
    let age = |it: &Path| it.symlink_metadata().and_then(|it| it.modified()).ok();
    found.filter(|it| it.exists()).max_by_key(|it| age(it)).expect("the emulator is installed")
}
