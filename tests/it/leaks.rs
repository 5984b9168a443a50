//! Every secret value of a program below `stacks/` (of the order API, or those
//! that `ORDERINFRA_CRASH_STACK` names), looked for in all that is written: state,
//! journal, backups, audit, outputs, refusals.

use std::{fs, path::Path};

use crate::{
    everywhere::{USUAL, projects},
    harsh::{Climate, Harsh, Scripted, Trouble},
    world::World,
};

/// What a program itself says in clear, or tells as an output, is no secret:
/// also where it stands in a property that may hold one.
fn said(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(list) => list.iter().for_each(|it| said(it, into)),
        serde_json::Value::Object(map) => map.values().for_each(|it| said(it, into)),
        _ => {}
    }
}

/// Shorter values are in everything by chance.
const TELLING: usize = 6;

fn secrets(world: &World, project: &str) -> Vec<String> {
    let (mut all, mut clear) = (Vec::new(), Vec::new());
    for resource in world.snapshot(project).resources {
        resource.inputs.secret_texts(&mut all);
        resource.outputs.secret_texts(&mut all);
        said(&resource.inputs.to_display(), &mut clear);
    }
    let store = world.store();
    if let Ok(stack) = store.stack(project, "dev") {
        for (_, value) in store.outputs(&stack).unwrap() {
            said(&value.to_display(), &mut clear);
        }
    }
    all.retain(|it| it.len() >= TELLING && !clear.contains(it));
    all.sort();
    all.dedup();
    all
}

/// No file holds any of them, as it is or as JSON writes it.
fn clean(folder: &Path, secrets: &[String], seen: &mut usize) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            clean(&path, secrets, seen);
            continue;
        }
        *seen += 1;
        let bytes = fs::read(&path).unwrap();
        for secret in secrets {
            let json = serde_json::Value::from(secret.as_str()).to_string();
            for form in [secret.as_str(), json.trim_matches('"')] {
                let found = bytes.windows(form.len()).any(|it| it == form.as_bytes());
                assert!(!found, "a secret of {} letters is in {}", secret.len(), path.display());
            }
        }
    }
}

#[test]
fn no_secret_of_any_stack_is_written_in_clear() {
    let mut all = 0;
    for project in projects() {
        let world = World::with_stacks(&project);
        let refused = Trouble::Refused { code: "Refused", message: "no" };
        let refusing = |service, operation| {
            let what = refused.clone();
            let script = vec![Scripted { service, operation, times: 1, what }];
            Harsh::start(world.cloud.port, Climate { script, ..Climate::default() })
        };
        let mild = Harsh::start(world.cloud.port, Climate::default());
        world.prepare(&mild, &project);
        // What a cut-off run leaves, WAL and all, is looked at too.
        drop(world.run_with(&mild, "up --yes", None, |it| {
            it.env("ORDERINFRA_CRASH_AFTER", "60");
        }));
        let mut lines = vec!["up --yes --diff --json"];
        lines.extend(["preview --diff --json --replace **", "stack --json", "stack output --json"]);
        lines.extend(["history --calls --json", "stack export", "refresh --yes --json"]);
        let mut scanned = 0;
        for line in lines {
            drop(world.run(&mild, line));
            let secrets = secrets(&world, &project);
            clean(world.folder(), &secrets, &mut scanned);
        }
        let kept = secrets(&world, &project);
        assert!(scanned > 20, "{project}: {} in {scanned}", kept.len());
        all += kept.len();
        // A refusal in the middle of a run.
        drop(world.run(&refusing("secretsmanager", "DescribeSecret"), "destroy --yes"));
        clean(world.folder(), &kept, &mut scanned);
        drop(world.run(&mild, "destroy --yes"));
        clean(world.folder(), &kept, &mut scanned);
    }
    // Not every stack has one.
    assert!(all > 0 || !projects().iter().any(|it| it == USUAL), "no stack has a secret");
}
