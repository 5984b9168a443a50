//! Code out of a folder, with the real program: planned by its hash, uploaded
//! when it changes and only then.

use std::fs;

use serde_json::Value as Json;

use crate::{
    harsh::{Climate, Harsh},
    world::World,
};

const PROGRAM: &str = r#"
name: demo
runtime: yaml
resources:
  role:
    type: aws:iam:Role
    properties:
      name: demo
      assumeRolePolicy: '{"Version":"2012-10-17","Statement":[]}'
  function:
    type: aws:lambda:Function
    properties:
      name: demo
      role: ${role.arn}
      handler: main.handler
      runtime: python3.13
      code: { fn::fileArchive: app }
"#;

/// Programs and folders as they are; what is there stays.
fn world() -> (World, Harsh) {
    let world = World::with_program(PROGRAM);
    fs::create_dir(world.file("app")).unwrap();
    fs::write(world.file("app/main.py"), "def handler(event, context): return 1").unwrap();
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    (world, cloud)
}

fn uploads(cloud: &Harsh) -> usize {
    cloud.log().iter().filter(|it| it.operation.ends_with("/code")).count()
}

#[test]
fn code_is_uploaded_when_its_contents_change_and_only_then() {
    let (world, cloud) = world();
    world.run(&cloud, "up --yes").ends(0);
    // A build writes the same file anew.
    let text = fs::read(world.file("app/main.py")).unwrap();
    fs::write(world.file("app/main.py"), text).unwrap();
    world.run(&cloud, "preview --expect-no-changes --diff").ends(0);

    fs::write(world.file("app/main.py"), "def handler(event, context): return 2").unwrap();
    let ran = world.run(&cloud, "preview --diff").ends(0);
    drop(ran.says("code: archive(file:").says("=> archive(file:").says("{ app }"));
    world.run(&cloud, "up --yes").ends(0);
    assert_eq!(uploads(&cloud), 1);
    world.run(&cloud, "preview --expect-no-changes --diff").ends(0);
}

#[test]
fn the_state_keeps_a_hash_in_the_form_of_pulumi() {
    let (world, cloud) = world();
    world.run(&cloud, "up --yes").ends(0);
    let exported = world.run(&cloud, "stack export").ends(0);
    let exported: Json = serde_json::from_str(&exported.stdout).unwrap();
    let resources = exported["deployment"]["resources"].as_array().unwrap();
    let function =
        resources.iter().find(|it| it["type"] == "aws:lambda/function:Function").unwrap();
    for side in ["inputs", "outputs"] {
        let code = &function[side]["code"];
        assert_eq!(code["4dabf18193072939515e22adb298388d"], "0def7320c3a5731c473e5ecbe6d01bc7");
        assert_eq!(code["path"], "app", "{side}");
        assert_eq!(code["hash"].as_str().map(str::len), Some(64), "{side}");
    }
    // What was uploaded is deleted without its folder.
    fs::remove_dir_all(world.file("app")).unwrap();
    world.run(&cloud, "destroy --yes").ends(0);
}

#[test]
fn code_that_is_gone_is_told_before_anything_is_made() {
    let (world, cloud) = world();
    fs::remove_dir_all(world.file("app")).unwrap();
    drop(world.run(&cloud, "up --yes").ends(1).says("cannot read `app`"));
    assert_eq!(world.snapshot("demo").resources, []);
}
