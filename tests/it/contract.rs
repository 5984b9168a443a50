//! What every resource type promises, shown on the emulator with the real
//! program: it is made once, nothing is changed twice, drift is seen and
//! repaired, updates and replacements do what the plan said, it is replaced as
//! it is, what vanished comes back, a lost create is found again, and nothing is
//! left behind.
//!
//! Each type has a program or several in `types/`, whose resource `it` is under test:
//!
//! ```yaml
//! contract:
//!   update: { ... }    # properties that change in place
//!   replace: { ... }   # properties that make a new one
//!   drift: { ... }     # what changes behind our back, if not `update`
//!   find: by key       # where a lost create is not found by its tags
//!   moto: { skip: [drift], because: what cannot be shown there }
//! ```
//!
//! `gone` is skipped for what is part of another thing and never goes without
//! it.

mod bench;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use bench::{Behind, Project, Result, Workspace, said};
use orderinfra::{
    engine::diff::{self, Sides},
    model::{ResourceState, Value},
    provider::{AnyResource, Cx, Pace},
};
use serde_json::{Map, Value as Json, json};

/// How many types are on trial at a time.
const LANES: usize = 4;

/// The SDK's unoptimised frames are large.
const STACK_BYTES: usize = 64 << 20;

/// Only what hangs takes so long, on the slowest machine too.
const TAKES_AT_MOST: Duration = Duration::from_mins(5);

const PARTS: [&str; 7] = ["drift", "update", "replace", "anew", "vanish", "find", "gone"];

fn pace() -> Pace {
    Pace::hurried(25)
}

/// One type's program and what is to be done with it.
struct Trial {
    /// Of the file, which begins with the type's.
    name: String,
    token: String,
    program: Json,
    update: Map<String, Json>,
    replace: Map<String, Json>,
    drift: Map<String, Json>,
    /// Its find goes by a key, not by tags.
    keyed: bool,
    skip: BTreeSet<String>,
}

#[test]
fn every_type_keeps_the_contract() {
    let trials = trials();
    let workspace = Workspace::start().unwrap_or_else(|why| panic!("{why}"));
    let (queue, broken) = (Mutex::new(trials), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            let work = || lane_of(&workspace, &queue, &broken);
            let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
            let lane = builder.name(format!("lane {lane}")).spawn_scoped(scope, work);
            lane.expect("a thread starts");
        }
    });
    drop(workspace);
    let broken = broken.into_inner().expect("no lane panics");
    let broken: Vec<String> =
        broken.into_iter().map(|(name, why)| format!("== {name}\n{why}")).collect();
    assert!(broken.is_empty(), "{} types break it:\n\n{}", broken.len(), broken.join("\n"));
}

/// The programs of all types, of which each must have one, or one for each way
/// in which it is made.
fn trials() -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/types");
    let registry = Behind::new("").registry;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the programs are there") {
        let path = entry.expect("the folder can be listed").path();
        let text = fs::read_to_string(&path).expect("a program can be read");
        let name = path.file_stem().and_then(|it| it.to_str()).expect("a name").to_owned();
        let trial = Trial::parse(name, &text, |token| registry.canonical(token).map(str::to_owned));
        found.push(trial.unwrap_or_else(|why| panic!("{}: {why}", path.display())));
    }
    let all = registry.resource_tokens().filter(|it| !it.starts_with("pulumi:"));
    let tried: BTreeSet<&str> = found.iter().map(|it| &*it.token).collect();
    let missing: Vec<&str> = all.filter(|it| !tried.contains(it)).collect();
    assert!(missing.is_empty(), "without a program in tests/it/types: {}", missing.join(", "));
    #[expect(clippy::disallowed_methods, reason = "to try some types only, while working on them")]
    let only = std::env::var("ORDERINFRA_CONTRACT").unwrap_or_default();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.retain(|it| {
        only.split(',').any(|only| it.token.to_lowercase().contains(&only.to_lowercase()))
    });
    found
}

impl Trial {
    fn parse(name: String, text: &str, canonical: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut program: Json = serde_yaml::from_str(text).map_err(said)?;
        let token = program["resources"]["it"]["type"].as_str().ok_or("there is no `it`")?;
        let token = canonical(token).ok_or_else(|| format!("there is no type `{token}`"))?;
        let mut contract = program
            .as_object_mut()
            .and_then(|it| it.remove("contract"))
            .and_then(|it| it.as_object().cloned())
            .unwrap_or_default();
        let mut take = |name: &str| match contract.remove(name) {
            Some(Json::Object(map)) => Ok(map),
            Some(other) => Err(format!("contract.{name} is no map: {other}")),
            None => Ok(Map::new()),
        };
        let (update, replace, drift) = (take("update")?, take("replace")?, take("drift")?);
        let moto = take("moto")?;
        let keyed = contract.remove("find") == Some(json!("by key"));
        if let Some(odd) = contract.keys().next() {
            return Err(format!("contract.{odd} means nothing"));
        }
        let skip = moto.get("skip").and_then(Json::as_array).cloned().unwrap_or_default();
        let skip: BTreeSet<String> =
            skip.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        if let Some(odd) = skip.iter().find(|it| !PARTS.contains(&it.as_str())) {
            return Err(format!("there is no part `{odd}` to skip"));
        }
        if !skip.is_empty() && !moto.get("because").is_some_and(Json::is_string) {
            return Err("a part is skipped without a `because`".to_owned());
        }
        let drift = if drift.is_empty() { update.clone() } else { drift };
        Ok(Self { name, token, program, update, replace, drift, keyed, skip })
    }

    /// The program with other properties of `it`.
    fn with(&self, changes: &[&Map<String, Json>]) -> Json {
        let mut program = self.program.clone();
        for (name, value) in changes.iter().copied().flatten() {
            program["resources"]["it"]["properties"][name] = value.clone();
        }
        program
    }

    fn does(&self, part: &str) -> bool {
        !self.skip.contains(part)
    }
}

/// Takes one type after the other until none is left.
fn lane_of(
    workspace: &Workspace,
    queue: &Mutex<Vec<Trial>>,
    broken: &Mutex<BTreeMap<String, String>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let behind = Behind::new(&workspace.url);
    loop {
        let next = queue.lock().expect("no lane panics").pop();
        let Some(trial) = next else { return };
        let began = Instant::now();
        let result = runtime.block_on(try_out(workspace, &behind, &trial));
        let how = if result.is_ok() { "kept" } else { "broken" };
        eprintln!("{how} {} {:.1}s", trial.name, began.elapsed().as_secs_f32());
        if let Err(why) = result {
            broken.lock().expect("no lane panics").insert(trial.name, why);
        }
    }
}

async fn try_out(workspace: &Workspace, behind: &Behind, trial: &Trial) -> Result<()> {
    let project = Project::new(workspace, &trial.name.to_lowercase())?;
    let kind = behind.registry.resource(&trial.token).ok_or("it is not registered")?;
    let case = Case { behind, trial, project: &project, kind };
    let result = match tokio::time::timeout(TAKES_AT_MOST, case.live()).await {
        Ok(result) => result,
        Err(_) => Err("it takes too long".to_owned()),
    };
    if result.is_err() {
        // Names that others want are free again.
        drop(project.run(&["destroy", "--yes"]));
    }
    result
}

struct Case<'a> {
    behind: &'a Behind,
    trial: &'a Trial,
    project: &'a Project<'a>,
    kind: &'a dyn AnyResource,
}

impl Case<'_> {
    async fn live(&self) -> Result<()> {
        let (trial, project) = (self.trial, self.project);
        project.write(&trial.program)?;
        project.up().map_err(at("up"))?;
        project.nothing_to_do().map_err(at("after up"))?;
        self.found_again().await.map_err(at("find"))?;
        if !self.kind.is_local() && trial.does("drift") && !trial.drift.is_empty() {
            self.drift().await.map_err(at("drift"))?;
        }
        let mut program = trial.program.clone();
        if trial.does("update") && !trial.update.is_empty() {
            program = trial.with(&[&trial.update]);
            self.update(&program).map_err(at("update"))?;
            self.found_again().await.map_err(at("find after update"))?;
        }
        if trial.does("replace") && !trial.replace.is_empty() {
            program = trial.with(&[&trial.update, &trial.replace]);
            self.replace(&program).await.map_err(at("replace"))?;
        }
        if trial.does("anew") {
            self.anew().map_err(at("anew"))?;
        }
        if !self.kind.is_local() && trial.does("vanish") {
            self.vanish().await.map_err(at("vanish"))?;
        }
        drop(program);
        self.destroy().await.map_err(at("destroy"))
    }

    async fn cx(&self, op: &str) -> Result<Cx> {
        self.behind.cx(self.project, op).await
    }

    /// Everything is changed behind our back that an update could change.
    async fn drift(&self) -> Result<()> {
        let (project, trial) = (self.project, self.trial);
        // What the program would make of the new values says the plan.
        project.write(&trial.with(&[&trial.drift]))?;
        let (_, step) = project.preview()?;
        let wanted = Value::from_json(&step["newInputs"]);
        project.write(&trial.program)?;
        let it = project.it()?;
        let sides = Sides { applied: &it.inputs, live: Some(&it.outputs), wanted: &wanted };
        let (old, new) = diff::for_update(self.kind, &sides);
        let cx = self.cx(&it.op).await?;
        self.kind.update(&cx, &it.id, &old, &new).await.map_err(said)?;
        let id = self.kind.renamed(&cx, &it.id, &new).await.map_err(said)?;
        self.kind.ready(&cx, &id, &new).await.map_err(said)?;

        let properties = &self.kind.schema().inputs.properties;
        let seen = |name: &String| {
            it.inputs.get(name).is_some() && properties.get(name).is_some_and(|it| !it.write_only)
        };
        let expected: BTreeSet<String> = changed(&step).into_iter().filter(seen).collect();
        let (others, step) = project.preview()?;
        still(&others)?;
        let found = changed(&step);
        if found != expected {
            return Err(format!("seen: {found:?}, done: {expected:?}"));
        }
        if !found.is_empty() && step["drift"] != json!(true) {
            return Err(format!("it is not called drift: {step}"));
        }
        project.up()?;
        project.nothing_to_do()
    }

    fn update(&self, program: &Json) -> Result<()> {
        let project = self.project;
        let before = project.it()?;
        project.write(program)?;
        let (others, step) = project.preview()?;
        if step["op"] != "update" {
            return Err(format!("planned is {}: {}", step["op"], step["detailedDiff"]));
        }
        still(&others)?;
        project.up()?;
        project.nothing_to_do()?;
        let after = project.it()?;
        if before.op != after.op {
            return Err("it was born again".to_owned());
        }
        Ok(())
    }

    async fn replace(&self, program: &Json) -> Result<()> {
        let project = self.project;
        let before = project.it()?;
        project.write(program)?;
        let (others, step) = project.preview()?;
        if step["op"] != "replace" && step["op"] != "delete-replace" {
            return Err(format!("planned is {}: {}", step["op"], step["detailedDiff"]));
        }
        still(&others)?;
        project.up()?;
        project.nothing_to_do()?;
        let after = project.it()?;
        if before.op == after.op {
            return Err("it was not born again".to_owned());
        }
        if before.id != after.id && self.trial.does("gone") {
            self.is_gone(&before).await?;
        }
        Ok(())
    }

    /// Replaced by one that is the same in all: where the cloud cannot have both,
    /// the old one goes first, and never takes the new one with it.
    fn anew(&self) -> Result<()> {
        let project = self.project;
        let before = project.it()?;
        project.run(&["up", "--yes", "--replace", &before.urn.0])?;
        project.nothing_to_do()?;
        if project.it()?.op == before.op {
            return Err("it was not born again".to_owned());
        }
        Ok(())
    }

    async fn vanish(&self) -> Result<()> {
        let project = self.project;
        let before = project.it()?;
        let cx = self.cx(&before.op).await?;
        self.kind.delete(&cx, &before.id, &before.inputs).await.map_err(said)?;
        self.kind.gone(&cx, &before.id).await.map_err(said)?;
        self.is_gone(&before).await?;
        self.kind.delete(&cx, &before.id, &before.inputs).await.map_err(at("deleting again"))?;
        project.up()?;
        project.nothing_to_do()?;
        if project.it()?.op == before.op {
            return Err("it was not made again".to_owned());
        }
        Ok(())
    }

    /// As after a lost answer to its create: by its own operation and, unless
    /// a key that nobody else can have proves it, by no other.
    async fn found_again(&self) -> Result<()> {
        if self.kind.is_local() || !self.trial.does("find") {
            return Ok(());
        }
        let it = self.project.it()?;
        let found = self.kind.find(&self.cx(&it.op).await?, &it.inputs).await.map_err(said)?;
        if found.as_deref() != Some(it.id.as_str()) {
            return Err(format!("found: {found:?}, it is {:?}", it.id));
        }
        if self.kind.schema().inputs.properties.contains_key("tags") && !self.trial.keyed {
            let other = self.cx("0123456789abcdef0123456789abcdef").await?;
            let found = self.kind.find(&other, &it.inputs).await.map_err(said)?;
            if found.is_some() {
                return Err("what another operation made was taken for its own".to_owned());
            }
        }
        Ok(())
    }

    async fn destroy(&self) -> Result<()> {
        let before = self.project.it()?;
        self.project.run(&["destroy", "--yes"])?;
        let left = self.project.stack()?.snapshot.resources;
        if !left.is_empty() {
            let left: Vec<&str> = left.iter().map(|it| it.urn.name()).collect();
            return Err(format!("left in the state: {}", left.join(", ")));
        }
        if !self.trial.does("gone") {
            return Ok(());
        }
        self.is_gone(&before).await
    }

    async fn is_gone(&self, it: &ResourceState) -> Result<()> {
        if self.kind.is_local() {
            return Ok(());
        }
        let cx = self.cx("").await?;
        let ids = [it.id.clone()];
        match &self.kind.read_many(&cx, &ids).await.map_err(said)?[..] {
            [None] => Ok(()),
            other => Err(format!("{} is still there: {other:?}", it.id)),
        }
    }
}

fn at<E: std::fmt::Display>(part: &str) -> impl Fn(E) -> String {
    move |why| format!("{part}: {why}")
}

/// The properties that a step changes.
fn changed(step: &Json) -> BTreeSet<String> {
    let details = step["detailedDiff"].as_object();
    let paths = details.into_iter().flat_map(Map::keys);
    paths.map(|it| it.split(['.', '[']).next().unwrap_or(it).to_owned()).collect()
}

/// Nothing but `it` is touched.
fn still(others: &[Json]) -> Result<()> {
    match others.iter().find(|it| it["op"] != "same" && it["op"] != "read") {
        Some(step) => {
            Err(format!("{} is to {}: {}", step["urn"], step["op"], step["detailedDiff"]))
        }
        None => Ok(()),
    }
}
