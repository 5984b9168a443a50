//! Random programs, changed at random, while calls fail and the process dies
//! at random: properties that hold whatever happens. The engine runs in this
//! process, on a cloud in memory, so that thousands of stories take seconds.
//!
//! A failure is shrunk and printed as YAML with what was done to it and with
//! the seed that brings it back: see `docs/testing.md`.

mod story;
mod world;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use orderinfra::{
    model::{Action, ResourceState, Snapshot, Step, stack::Phase},
    provider::fake::Acted,
};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::{Value as Json, json};

use crate::env::number;
use story::{Chapter, Kind, Model, Resource, Story, Text, Trouble};
use world::{End, World, outline};

/// As many stories as a bounded share of a test run allows.
const STORIES: u64 = 200;
/// Of these, one in so many has its journal on the disk.
const ON_DISK: u64 = 10;

#[test]
fn any_program_converges_whatever_happens() {
    let seed = number("ORDERINFRA_RANDOM_SEED");
    let stories = number("ORDERINFRA_RANDOM_STORIES").unwrap_or(match seed {
        Some(_) => 1,
        None => STORIES,
    });
    for seed in (0..stories).map(|it| seed.unwrap_or(1) + it) {
        one(seed);
    }
}

fn one(seed: u64) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config =
        Config { cases: 1, max_shrink_iters: 2000, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    let on_disk = seed.is_multiple_of(ON_DISK);
    let told = |story: &Story| {
        let log = RefCell::new(String::new());
        let told =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tell(story, on_disk, &log)));
        let why = match told {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(why),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                Some(
                    text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()))
                        .unwrap_or_default(),
                )
            }
        };
        (why, log.into_inner())
    };
    let result = runner.run(&story::story(), |story| match told(&story).0 {
        None => Ok(()),
        Some(why) => Err(TestCaseError::fail(why)),
    });
    if let Err(TestError::Fail(_, story)) = &result {
        let (why, log) = told(story);
        panic!(
            "{}\n\n{log}\nORDERINFRA_RANDOM_SEED={seed} brings this back",
            why.unwrap_or_else(|| "it does not fail twice".to_owned())
        );
    }
    result.unwrap();
}

type Told = Result<(), String>;

macro_rules! say {
    ($log:expr, $($text:tt)*) => { writeln!($log.borrow_mut(), $($text)*).unwrap() };
}

/// What is known of a stack that has converged.
#[derive(Default)]
struct Known {
    model: Model,
    /// Cloud ids of the resources, by `me`.
    ids: BTreeMap<u32, String>,
    /// Left in the cloud for good reason.
    left: BTreeSet<String>,
}

fn tell(story: &Story, on_disk: bool, log: &RefCell<String>) -> Told {
    let mut world = World::new(story.lots, on_disk);
    let mut known = Known::default();
    let first = Chapter { mutations: Vec::new(), troubles: Vec::new(), parallel: None };
    let mut model = Model::new(&story.genes);
    let chapters = std::iter::once(&first).chain(&story.chapters);
    for (number, chapter) in chapters.enumerate() {
        let meanwhile = model.mutate(&chapter.mutations);
        say!(log, "# chapter {number}: {:?}\n{}", chapter.mutations, model.yaml());
        let living = world.cloud.with(|cloud| {
            // What the program never set is no drift.
            let set = |me: &&u32| known.model.of(**me).is_some_and(|it| it.size.is_some());
            for me in meanwhile.drifted.iter().filter(set) {
                if let Some(thing) = known.ids.get(me).and_then(|id| cloud.things.get_mut(id)) {
                    thing["size"] = json!(77);
                }
            }
            for me in &meanwhile.vanished {
                if let Some(id) = known.ids.get(me) {
                    cloud.things.remove(id);
                }
            }
            cloud.things.keys().cloned().collect::<BTreeSet<String>>()
        });
        model = bring_about(&mut world, &known, model, chapter, log)?;
        known = settled(&world, known, model.clone(), &living)?;
    }
    end(&mut world, &known, &story.destroy, log)
}

/// Runs until the cloud is as the model says. Answers the model that came to
/// be: what cannot be is left.
fn bring_about(
    world: &mut World,
    known: &Known,
    mut model: Model,
    chapter: &Chapter,
    log: &RefCell<String>,
) -> Result<Model, String> {
    let mut yaml = model.yaml();
    for trouble in &chapter.troubles {
        let end = observed(world, Some(&yaml), Some(trouble), chapter.parallel, &model)?;
        say!(log, "# up with {trouble:?}: {end:?}");
    }
    for _ in 0..3 {
        match calm(world, Some(&yaml), chapter.parallel, &model, log)? {
            End::Well(_) => return Ok(model),
            End::Refused(why)
                if why.contains("is protected") && (known.model.protects() || model.protects()) =>
            {
                model = model.unprotected();
                let before = known.model.unprotected();
                say!(log, "# unprotected first:\n{}", before.yaml());
                must(calm(world, Some(&before.yaml()), None, &before, log)?)?;
                yaml = model.yaml();
            }
            // Neither order works, and it says so.
            End::Refused(why)
                if why.contains("its name is taken as long as it is there")
                    || why.contains("neither order works") =>
            {
                model = known.model.unprotected();
                yaml = model.yaml();
                say!(log, "# back to:\n{yaml}");
            }
            other => return Err(format!("a run without any trouble: {other:?}")),
        }
    }
    Err("it is refused again and again".to_owned())
}

fn must(end: End) -> Told {
    match end {
        End::Well(_) => Ok(()),
        other => Err(format!("a run without any trouble: {other:?}")),
    }
}

/// A run without any trouble does what preview has shown, and then there is
/// nothing left to do.
fn calm(
    world: &mut World,
    yaml: Option<&str>,
    parallel: Option<u8>,
    model: &Model,
    log: &RefCell<String>,
) -> Result<End, String> {
    world.cloud.with(|it| it.faults.clear());
    let before = world.cloud.with(|it| (it.things.clone(), it.acted.len()));
    let shown = world.preview(yaml);
    let after = world.cloud.with(|it| (it.things.clone(), it.acted.len()));
    if before != after {
        return Err("preview has changed something".to_owned());
    }
    let acted = after.1;
    let end = observed(world, yaml, None, parallel, model)?;
    match (&shown, &end) {
        (Ok(shown), End::Well(done)) => {
            if outline(shown) != outline(&done.steps) {
                return Err(format!(
                    "preview has shown {:#?}\nand up did {:#?}",
                    outline(shown),
                    outline(&done.steps)
                ));
            }
            as_planned(world, &done.steps, acted)?;
            let again = world.preview(yaml)?;
            if !again.is_empty() {
                return Err(format!("planned again: {:#?}", outline(&again)));
            }
        }
        (Err(shown), End::Refused(why)) if shown == why => {}
        (shown, end) => {
            let shown = shown.as_ref().map(|it| outline(it));
            return Err(format!("preview has shown {shown:#?}\nand up ended with {end:#?}"));
        }
    }
    say!(log, "# up without trouble: {}", matches!(end, End::Well(_)));
    Ok(end)
}

/// What the cloud has seen is what the steps say.
fn as_planned(world: &World, steps: &[Step], since: usize) -> Told {
    let seen = world.cloud.with(|it| it.acted[since..].to_vec());
    let of = |operation: &str| -> Vec<&Acted> {
        seen.iter().filter(|it| it.operation == operation).collect()
    };
    let local = |it: &&Step| it.token.starts_with("fake:");
    let creates = steps.iter().filter(local).filter(|it| it.action == Action::Create).count();
    if of("create").len() != creates {
        return Err(format!("{creates} to create, and {:#?} were", of("create")));
    }
    let to_delete: BTreeSet<&String> = steps
        .iter()
        .filter(local)
        .filter_map(|it| match &it.action {
            Action::Delete { id } => Some(id),
            _ => None,
        })
        .collect();
    let deleted: BTreeSet<&String> = of("delete").iter().map(|it| &it.id).collect();
    if to_delete != deleted {
        return Err(format!("{to_delete:?} to delete, and {deleted:?} were"));
    }
    let to_update: BTreeSet<&String> = steps
        .iter()
        .filter_map(|it| match &it.action {
            Action::Update { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    let wrong = of("update").into_iter().find(|it| !to_update.contains(&it.id));
    wrong.map_or(Ok(()), |it| Err(format!("{it:?} was not to be updated")))
}

/// A run, whose calls came in an order that the cloud can bear.
fn observed(
    world: &mut World,
    yaml: Option<&str>,
    trouble: Option<&Trouble>,
    parallel: Option<u8>,
    model: &Model,
) -> Result<End, String> {
    let (things, since) = world.cloud.with(|it| (it.things.clone(), it.acted.len()));
    let snapshot = world.snapshot.clone();
    let end = world.run(yaml, trouble, parallel);
    let acted = world.cloud.with(|it| it.acted[since..].to_vec());
    if matches!(end, End::Refused(_)) && !acted.is_empty() {
        return Err(format!("{end:?}, but first: {acted:#?}"));
    }
    ordered(things, &snapshot, &acted, model)?;
    Ok(end)
}

/// Nothing is made before what it refers to, nothing deleted while something
/// that the stack keeps refers to it.
fn ordered(
    mut living: BTreeMap<String, Json>,
    snapshot: &Snapshot,
    acted: &[Acted],
    model: &Model,
) -> Told {
    // What may be left where it is refers to what it likes.
    let leaves = |it: &ResourceState| it.meta.retain_on_delete || it.meta.deleted_with.is_some();
    let kept = snapshot.resources.iter().filter(|it| !leaves(it));
    let mut kept: BTreeSet<String> = kept.map(|it| it.id.clone()).collect();
    let last = |id: &str| acted.iter().position(|it| it.operation == "delete" && it.id == id);
    for (at, it) in acted.iter().enumerate() {
        let named = |thing: &Json| -> Vec<String> {
            let resource = me(thing).and_then(|it| model.of(it));
            let names = ["uses", "text"].into_iter();
            let names = names.filter(|name| resource.is_none_or(|it| !it.ignore.contains(name)));
            names.filter_map(|name| thing[name].as_str()).map(str::to_owned).collect()
        };
        match it.operation {
            "create" | "update" => {
                for name in named(&it.thing) {
                    let there =
                        |(id, thing): (&String, &Json)| *id == name || thing["arn"] == *name;
                    let reference = name.starts_with("fake-") || name.starts_with("arn:");
                    if reference && it.operation == "create" && !living.iter().any(there) {
                        return Err(format!("{it:?} before `{name}` is there: {acted:#?}"));
                    }
                }
                let resource = me(&it.thing).and_then(|it| model.of(it));
                for other in resource.iter().flat_map(|it| it.needs()).filter_map(|it| model.of(it))
                {
                    let there = living.values().any(|it| me(it) == Some(other.me));
                    if it.operation == "create" && other.kind != Kind::Lot && !there {
                        return Err(format!("{it:?} before {} is there: {acted:#?}", other.key));
                    }
                }
                living.insert(it.id.clone(), it.thing.clone());
                kept.insert(it.id.clone());
            }
            _ => {
                living.remove(&it.id);
                let arn = &it.thing["arn"];
                let again = living.values().any(|other| other["arn"] == *arn);
                let same = |other: &&Json| me(other) == me(&it.thing);
                // Deleted first, to be made again: what refers to it follows.
                let replaced = me(&it.thing).is_some_and(|it| model.of(it).is_some())
                    && !living.values().any(|it| same(&it));
                // Another is to have its name.
                let name = it.thing["name"].as_str();
                let first = replaced || model.resources.iter().any(|it| it.name.as_deref() == name);
                let user = living.iter().find(|(id, other)| {
                    let names = named(other);
                    kept.contains(*id)
                        && (names.contains(&it.id)
                            || (!again
                                && arn
                                    .as_str()
                                    .is_some_and(|arn| names.iter().any(|it| it == arn))))
                });
                let forced =
                    it.thing["type"] != "fake:index:Named" && on_shaky_ground(snapshot, &it.id);
                if let Some(user) = user.filter(|_| !first && !forced) {
                    return Err(format!("{it:?} while {user:?} refers to it: {acted:#?}"));
                }
                before_its_ground(snapshot, it, &|id| last(id).is_some_and(|other| other > at))?;
            }
        }
    }
    Ok(())
}

/// Whether it rests on something that may have to be deleted first: then it
/// goes before that, and its users cannot leave it earlier.
fn on_shaky_ground(snapshot: &Snapshot, id: &str) -> bool {
    let mut open: Vec<&ResourceState> =
        snapshot.resources.iter().filter(|it| it.id == id).collect();
    let mut seen = BTreeSet::new();
    while let Some(state) = open.pop() {
        let named = state.inputs.get("name").is_some() && state.meta.named.is_empty();
        if state.id != id && (named || state.meta.delete_before_replace) {
            return true;
        }
        if seen.insert(&state.op) {
            let meta = &state.meta;
            let ground = |it: &&ResourceState| {
                meta.dependencies.contains(&it.urn) || meta.parent.as_ref() == Some(&it.urn)
            };
            open.extend(snapshot.resources.iter().filter(ground));
        }
    }
    false
}

/// What rested on a thing, and goes in the same run, went before it.
fn before_its_ground(snapshot: &Snapshot, gone: &Acted, later: &dyn Fn(&str) -> bool) -> Told {
    let state = snapshot.resources.iter().find(|it| it.id == gone.id);
    let Some(state) = state.filter(|it| it.phase != Phase::Condemned) else { return Ok(()) };
    let rests = |it: &&ResourceState| {
        it.meta.dependencies.contains(&state.urn) || it.meta.parent.as_ref() == Some(&state.urn)
    };
    match snapshot.resources.iter().filter(rests).find(|it| later(&it.id)) {
        Some(user) => Err(format!("{gone:?} went before {}, which rests on it", user.urn)),
        None => Ok(()),
    }
}

fn me(thing: &Json) -> Option<u32> {
    thing["tags"]["me"].as_str()?.parse().ok()
}

/// Exact things are in the cloud, once each, and the state knows them.
fn settled(
    world: &World,
    before: Known,
    model: Model,
    living: &BTreeSet<String>,
) -> Result<Known, String> {
    let snapshot = &world.snapshot;
    if let Some(open) = snapshot.open.first() {
        return Err(format!("{open:?} is open"));
    }
    let mut things = world.cloud.with(|it| it.things.clone());
    let mut ids = BTreeMap::new();
    for resource in &model.resources {
        let states: Vec<&ResourceState> =
            snapshot.resources.iter().filter(|it| it.urn.name() == resource.key).collect();
        let [state] = states[..] else {
            return Err(format!("`{}` is in the state {} times", resource.key, states.len()));
        };
        if state.phase != Phase::Live {
            return Err(format!("`{}` is {:?}", resource.key, state.phase));
        }
        if resource.kind == Kind::Lot {
            continue;
        }
        ids.insert(resource.me, state.id.clone());
    }
    if snapshot.resources.len() != model.resources.len() {
        return Err(format!("the state has more than the program: {:#?}", snapshot.resources));
    }
    for resource in model.resources.iter().filter(|it| it.kind != Kind::Lot) {
        exact(resource, &model, &ids, &things, snapshot)?;
    }
    let left = left_over(before, &ids, &mut things, living)?;
    let expected: BTreeSet<&String> = ids.values().chain(&left).collect();
    let there: BTreeSet<&String> = things.keys().collect();
    if expected != there {
        return Err(format!("{there:?} are in the cloud, and {expected:?} should be"));
    }
    world.cloud.with(|it| it.things.retain(|id, _| things.contains_key(id)));
    Ok(Known { model, ids, left })
}

/// What the stack let go of and left there.
fn left_over(
    before: Known,
    ids: &BTreeMap<u32, String>,
    things: &mut BTreeMap<String, Json>,
    living: &BTreeSet<String>,
) -> Result<BTreeSet<String>, String> {
    let mut left = before.left;
    let still: BTreeSet<&String> = ids.values().collect();
    for (me, id) in before.ids.iter().filter(|(_, id)| !still.contains(id) && living.contains(*id))
    {
        let resource = before.model.of(*me).expect("it had an id");
        let holder = resource.deleted_with().and_then(|it| before.ids.get(&it));
        if resource.retained() {
            left.insert(id.clone());
        } else if holder.is_some_and(|it| !still.contains(it)) {
            // It went with what held it, which this cloud does not know.
            things.remove(id);
        }
    }
    Ok(left)
}

/// The thing is what the program says of it.
fn exact(
    resource: &Resource,
    model: &Model,
    ids: &BTreeMap<u32, String>,
    things: &BTreeMap<String, Json>,
    snapshot: &Snapshot,
) -> Told {
    let Some(thing) = things.get(&ids[&resource.me]) else {
        return Err(format!("`{}` is not in the cloud", resource.key));
    };
    let prefixed = |prefix: &str, it: Option<u8>| it.map(|it| json!(format!("{prefix}{it}")));
    let text = match &resource.text {
        Some(Text::Plain(text)) => prefixed("t", Some(*text)),
        Some(Text::Of(other, "id")) => Some(json!(ids[other])),
        Some(Text::Of(other, "result")) => {
            let key = &model.of(*other).expect("it is named").key;
            let state = snapshot.resources.iter().find(|it| it.urn.name() == *key);
            state.and_then(|it| Some(it.outputs.get("result")?.reveal()))
        }
        Some(Text::Of(other, property)) => Some(things[&ids[other]][*property].clone()),
        None => None,
    };
    let wanted = [
        ("size", resource.size.map(|it| json!(it))),
        ("fixed", prefixed("f", resource.fixed)),
        ("text", text),
        ("uses", resource.uses.map(|it| json!(ids[&it]))),
        ("password", prefixed("secret", resource.password)),
        ("tags", Some(json!({ "me": resource.me.to_string() }))),
    ];
    for (name, wanted) in wanted.into_iter().filter(|(name, _)| !resource.ignore.contains(name)) {
        let there = thing.get(name).filter(|it| !it.is_null());
        if there != wanted.as_ref() {
            return Err(format!("`{}.{name}` is {there:?} and should be {wanted:?}", resource.key));
        }
    }
    if resource.name.as_ref().is_some_and(|name| thing["name"] != **name) {
        return Err(format!("`{}` has the name {}", resource.key, thing["name"]));
    }
    match thing["finished"] == true {
        true => Ok(()),
        false => Err(format!("the creation of `{}` was not finished", resource.key)),
    }
}

/// Destroyed, only what was to be left is left.
fn end(world: &mut World, known: &Known, troubles: &[Trouble], log: &RefCell<String>) -> Told {
    let none = Model::default();
    let mut model = known.model.clone();
    if model.protects() {
        let End::Refused(why) = calm(world, None, None, &none, log)? else {
            return Err("what is protected was destroyed".to_owned());
        };
        assert!(why.contains("is protected"), "{why}");
        model = model.unprotected();
        say!(log, "# unprotected for the end");
        must(calm(world, Some(&model.yaml()), None, &model, log)?)?;
    }
    let living = world.cloud.with(|it| it.things.keys().cloned().collect());
    for trouble in troubles {
        let end = observed(world, None, Some(trouble), None, &none)?;
        say!(log, "# destroy with {trouble:?}: {end:?}");
    }
    must(calm(world, None, None, &none, log)?)?;
    let before = Known { model, ids: known.ids.clone(), left: known.left.clone() };
    settled(world, before, none, &living).map(drop)
}
