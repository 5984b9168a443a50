//! Stacks whose secrets are locked with a key of AWS KMS.

use std::fs;

use crate::{
    env::Ran,
    harsh::{Climate, Harsh, Scripted, Trouble},
    world::World,
};

const PLAIN: &str = "xyzzy-plugh-4711";

/// The key is of the same cloud, which no user should imitate: it is only
/// there so that there is one.
const PROGRAM: &str = "
name: demo
runtime: yaml
config: { pass: { type: string, secret: true, default: none } }
resources:
  key: { type: 'aws:kms:Key', properties: { deletionWindowInDays: 7 } }
  lot: { type: 'random:index/randomPassword:RandomPassword', properties: { length: 24 } }
outputs: { key: '${key.keyId}', pass: '${pass}', drawn: '${lot.result}' }
";

fn mild(world: &World) -> Harsh {
    Harsh::start(world.cloud.port, Climate::default())
}

fn refusing(world: &World, operation: &'static str) -> Harsh {
    let what = Trouble::Refused {
        code: "AccessDeniedException",
        message: "User: arn:aws:iam::123456789012:user/x is not authorized to perform: kms",
    };
    let script = vec![Scripted { service: "kms", operation, times: u32::MAX, what }];
    Harsh::start(world.cloud.port, Climate { script, ..Climate::default() })
}

/// A world with a key in it, and what names the key.
fn with_key() -> (World, Harsh, String) {
    let world = World::with_program(PROGRAM);
    let cloud = mild(&world);
    drop(world.run(&cloud, "up --yes").ends(0));
    let id = world.run(&cloud, "stack output key").ends(0).stdout;
    let url = format!("awskms://{}?region=us-east-1&context_team=orders", id.trim());
    (world, cloud, url)
}

fn config(world: &World) -> String {
    fs::read_to_string(world.file("Pulumi.dev.yaml")).unwrap()
}

/// Without it, nothing that the key file locks can be opened.
fn lose_key_file(world: &World) {
    fs::remove_file(world.folder().join("home/.config/orderinfra/key")).unwrap();
}

fn on(world: &World, cloud: &Harsh, line: &str) -> Ran {
    world.run(cloud, line).ends(0)
}

#[test]
fn a_stack_changes_to_a_key_of_kms_and_back() {
    let (world, cloud, url) = with_key();
    drop(on(&world, &cloud, &format!("config set --secret pass {PLAIN}")));
    drop(on(&world, &cloud, "up --yes"));
    drop(on(&world, &cloud, &format!("stack change-secrets-provider {url}")).says("another key"));
    let text = config(&world);
    assert!(text.contains(&format!("secretsprovider: {url}")), "{text}");
    lose_key_file(&world);
    drop(on(&world, &cloud, "stack output pass --show-secrets").says(PLAIN));
    drop(on(&world, &cloud, "config get pass").says(PLAIN));
    drop(on(&world, &cloud, "preview --expect-no-changes"));
    drop(on(&world, &cloud, "config set --secret more another-secret"));
    drop(on(&world, &cloud, "config get more").says("another-secret"));
    assert!(!config(&world).contains("another-secret"));
    // Its calls are in the audit like all others.
    drop(on(&world, &cloud, "config set --plaintext plain x"));
    drop(on(&world, &cloud, "up --yes"));
    drop(on(&world, &cloud, "history --calls").says("Decrypt"));
    drop(on(&world, &cloud, "stack change-secrets-provider keyfile"));
    assert!(config(&world).contains("secretsprovider: orderinfra"));
    let calls = cloud.log().len();
    drop(on(&world, &cloud, "stack output pass --show-secrets").says(PLAIN));
    assert_eq!(cloud.log().len(), calls, "AWS is not asked any more");
}

#[test]
fn a_key_that_cannot_be_used_changes_nothing() {
    let (world, cloud, url) = with_key();
    let before = world.snapshot("demo");
    let change = format!("stack change-secrets-provider {url}");
    // Who may not open what was sealed would be locked out.
    for operation in ["Encrypt", "Decrypt"] {
        let ran = world.run(&refusing(&world, operation), &change).ends(1);
        drop(ran.says("AccessDeniedException").says("AWS KMS"));
    }
    assert_eq!(world.snapshot("demo"), before);
    drop(on(&world, &cloud, &change));
    let ran = world.run(&refusing(&world, "Decrypt"), "stack output drawn --show-secrets").ends(1);
    drop(ran.says("AccessDeniedException").says("AWS KMS"));
    drop(on(&world, &cloud, "preview --expect-no-changes"));
    // The emulator is not where the key is.
    drop(world.run(&cloud, "preview --local").ends(2).says("`--local` never asks AWS"));
    for (wrong, why) in [
        ("awskms://", "an id, an alias or an ARN"),
        ("awskms://a?regoin=x", "`regoin` means nothing"),
        ("gcpkms://a", "`gcpkms` is not supported"),
    ] {
        let change = format!("stack change-secrets-provider {wrong}");
        drop(world.run(&cloud, &change).ends(2).says(why));
    }
}

#[test]
fn a_new_stack_begins_with_a_key_of_kms() {
    let (world, cloud, url) = with_key();
    let init = format!("stack init prod --secrets-provider {url}");
    drop(on(&world, &cloud, &init));
    lose_key_file(&world);
    drop(on(&world, &cloud, "-s prod up --yes"));
    drop(on(&world, &cloud, &format!("-s prod config set --secret pass {PLAIN}")));
    drop(on(&world, &cloud, "-s prod up --yes"));
    let text = fs::read_to_string(world.file("Pulumi.prod.yaml")).unwrap();
    assert!(text.contains("encryptedkey") && !text.contains(PLAIN), "{text}");
    // It moves as Pulumi's own does.
    let export = on(&world, &cloud, "-s prod stack export").json();
    let provider = &export["deployment"]["secrets_providers"];
    assert_eq!(
        (provider["type"].as_str(), provider["state"]["url"].as_str()),
        (Some("cloud"), Some(&*url))
    );
    fs::write(world.file("export.json"), export.to_string()).unwrap();
    drop(on(&world, &cloud, "-s prod stack import --yes --file export.json"));
    drop(on(&world, &cloud, "-s prod stack output pass --show-secrets").says(PLAIN));
    drop(world.run(&cloud, &init).ends(2).says("is encrypted already"));
    // Its configuration file is enough for a colleague's state.
    fs::remove_dir_all(world.folder().join("state")).unwrap();
    drop(on(&world, &cloud, "-s prod config get pass").says(PLAIN));
    drop(on(&world, &cloud, "-s prod preview"));
    assert!(!world.folder().join("home/.config/orderinfra/key").exists());
}
