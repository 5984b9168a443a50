//! Killed at every journal write and at every boundary of every AWS call, in
//! a cloud as harsh as AWS: the next run goes on, and in the end there is
//! exactly what an undisturbed run makes.
//!
//! A program below `stacks/` is taken through a first `up`, an `up` that
//! updates and replaces, and a `destroy`. A bounded share of one stack is tried
//! by default; `ORDERINFRA_CRASH_STACK=all` tries every stack,
//! `ORDERINFRA_CRASH_POINTS=all` every point, and `ORDERINFRA_CRASH_SEED`
//! chooses another share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};

use serde_json::Value as Json;

use crate::{
    env::{Ran, number},
    harsh::{Climate, Harsh, Kill, Moment, mixed},
    lanes::in_lanes,
    world::{self, Census, HURRY, World},
};

/// How many are tried at a time: most of their time is waiting.
const LANES: u64 = 2;

/// How many kill points of each phase of each stack are tried by default.
const SHARE: usize = 6;

/// Where a run is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// After so many writes to the journal.
    Write(usize),
    Call(Kill),
}

impl fmt::Display for Point {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(number) => write!(to, "after journal write {number}"),
            Self::Call(kill) => {
                let kind = if kill.change { "change" } else { "read" };
                let moment = match kill.moment {
                    Moment::Before => "before AWS acts on",
                    Moment::Acted => "after AWS acted on",
                    Moment::Answered => "after the answer to",
                };
                write!(to, "{moment} {kind} {}", kill.number)
            }
        }
    }
}

/// One command on one world, and what there must be after it.
struct Phase {
    name: &'static str,
    project: String,
    base: World,
    line: String,
    census: Census,
    /// Of an undisturbed run: calls that change something, others, and rows
    /// of the journal, several of which may share a write.
    changes: usize,
    reads: usize,
    rows: usize,
}

#[expect(clippy::disallowed_methods, reason = "how much is tried is said from outside")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

fn seed() -> u64 {
    setting("ORDERINFRA_CRASH_SEED").and_then(|it| it.parse().ok()).unwrap_or(1)
}

/// The stack that is tried by default: the one with the most kinds of things.
pub(crate) const USUAL: &str = "order-api";

pub(crate) fn projects() -> Vec<String> {
    let mut all = world::projects();
    let wanted = setting("ORDERINFRA_CRASH_STACK");
    let wanted = wanted.as_deref().unwrap_or(USUAL);
    all.retain(|it| wanted == "all" || *it == wanted);
    assert!(!all.is_empty());
    all
}

fn harsh(world: &World, seed: u64, failing: u64) -> Harsh {
    Harsh::start(world.cloud.port, Climate::harsh(seed, HURRY, failing))
}

#[track_caller]
fn well(ran: Ran, when: &str) -> Ran {
    assert_eq!(ran.code, Some(0), "{when}:\n{ran}");
    ran
}

/// The phases of a stack, each with a world in which it begins; made once for
/// all tests that run at a time.
fn phases(project: &str) -> Arc<Vec<Phase>> {
    static SHARED: Mutex<BTreeMap<String, Weak<Vec<Phase>>>> = Mutex::new(BTreeMap::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = shared.entry(project.to_owned()).or_default();
    known.upgrade().unwrap_or_else(|| {
        let phases = Arc::new(new_phases(project));
        *known = Arc::downgrade(&phases);
        phases
    })
}

fn new_phases(project: &str) -> Vec<Phase> {
    let empty = World::with_stacks(project);
    empty.prepare(&Harsh::start(empty.cloud.port, Climate::default()), project);
    let phase = |name, base: &World, line: &str| {
        // What is right is what is made where nothing gets in the way.
        let plain = base.again();
        let mild = Harsh::start(plain.cloud.port, Climate::default());
        well(plain.run(&mild, line), &format!("{project}: {name} without weather"));
        let census = plain.cloud.census();
        let tried = base.again();
        let cloud = harsh(&tried, 0, 0);
        let before = tried.rows(project);
        let ran = well(tried.run(&cloud, line), &format!("{project}: an undisturbed {name}"));
        let log = cloud.log();
        let changes = log.iter().filter(|it| it.change).count();
        let reads = log.len() - changes;
        let rows = tried.rows(project) - before;
        let (base, line, project) = (base.again(), line.to_owned(), project.to_owned());
        let phase = Phase { name, project, base, line, census, changes, reads, rows };
        let mut amiss = Amiss::default();
        converged(&phase, &tried, &cloud, &ran, &mut amiss);
        assert_eq!(amiss.text, Vec::<String>::new(), "an undisturbed {name}");
        (phase, plain)
    };
    let (up, made) = phase("up", &empty, "up --yes");
    let made_again = made.again();
    let victims = victims(&made_again);
    tag(&made_again);
    let replace: Vec<String> = victims.iter().map(|it| format!("--replace {it}")).collect();
    let line = format!("up --yes {}", replace.join(" "));
    let (update, _) = phase("update", &made_again, &line);
    let (destroy, _) = phase("destroy", &made, "destroy --yes");
    vec![up, update, destroy]
}

/// Puts one tag more wherever the program has tags.
fn tag(world: &World) {
    fn walk(value: &mut Json) -> usize {
        let Json::Object(map) = value else {
            return value.as_array_mut().into_iter().flatten().map(walk).sum();
        };
        let mut count = 0;
        for (key, value) in map {
            match value {
                Json::Object(tags) if key == "tags" && tags.values().all(Json::is_string) => {
                    tags.insert("Changed".to_owned(), "yes".into());
                    count += 1;
                }
                other => count += walk(other),
            }
        }
        count
    }
    let file = world.file("Pulumi.yaml");
    let mut program: Json = serde_yaml::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let found = walk(&mut program);
    assert!(found > 0, "{}: nothing has tags", file.display());
    // JSON is YAML.
    fs::write(file, program.to_string()).unwrap();
}

/// The youngest resource whose replacement comes before the old one's end,
/// and the youngest where it comes after; each with little in its train.
fn victims(world: &World) -> Vec<String> {
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    let state = well(world.run(&cloud, "stack --json --show-urns"), "looking at the stack").json();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    // What is known of a type is not asked again of each of its kind.
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    for resource in state["resources"].as_array().unwrap().iter().rev() {
        let urn = resource["urn"].as_str().unwrap();
        let token = resource["type"].as_str().unwrap_or_default();
        if !token.starts_with("aws:") || known.get(token).is_some_and(|it| found.contains_key(it)) {
            continue;
        }
        let ran = world.run(&cloud, &format!("preview --json --replace {urn}"));
        if ran.code != Some(0) {
            continue;
        }
        let steps = ran.json()["steps"].as_array().cloned().unwrap_or_default();
        let ops = steps.iter().filter(|it| it["op"] != "same" && it["op"] != "read");
        let own = steps.iter().find(|it| it["urn"] == urn);
        let order = own.map(|it| it["op"].to_string()).filter(|it| it.contains("replace"));
        if let Some(order) = order {
            known.insert(token, order.clone());
            if ops.count() <= 6 {
                found.entry(order).or_insert_with(|| urn.to_owned());
            }
        }
        if found.len() == 2 {
            break;
        }
    }
    assert!(!found.is_empty(), "nothing can be replaced");
    found.into_values().collect()
}

/// All kill points of a phase. A read changes neither the cloud nor the
/// state: killed before it or after it is the same.
fn points(phase: &Phase) -> Vec<Point> {
    let writes = (0..phase.rows).map(Point::Write);
    let call = |change, number, moment| Point::Call(Kill { change, number, moment });
    let reads = (0..phase.reads).map(|it| call(false, it, Moment::Before));
    let moments = [Moment::Before, Moment::Acted, Moment::Answered];
    let changes = (0..phase.changes).flat_map(|it| moments.map(|moment| call(true, it, moment)));
    writes.chain(reads).chain(changes).collect()
}

/// A share of them, or all, in an order that the seed draws; or the one that a
/// failure has named.
fn share(all: Vec<Point>, seed: u64) -> Vec<Point> {
    if let Some(name) = setting("ORDERINFRA_CRASH_POINT") {
        return all.into_iter().filter(|it| it.to_string() == name).collect();
    }
    let number = |text: &str| text.parse().expect("a number of kill points");
    let (from, to) = match setting("ORDERINFRA_CRASH_POINTS").as_deref() {
        Some("all") => (0, usize::MAX),
        Some(count) => match count.split_once("..") {
            Some((from, to)) => (number(from), number(to)),
            None => (0, number(count)),
        },
        None => (0, SHARE),
    };
    let mut by_lot: Vec<(u64, Point)> = Vec::new();
    for (at, point) in all.into_iter().enumerate() {
        by_lot.push((mixed(seed.wrapping_add(at as u64)), point));
    }
    by_lot.sort_by_key(|(lot, _)| *lot);
    // Between two reads nothing changes, neither in the cloud nor in the state:
    // what is killed at them is a world that others leave, too.
    let read = |it: &Point| matches!(it, Point::Call(kill) if !kill.change);
    let (reads, others): (Vec<Point>, Vec<Point>) =
        by_lot.into_iter().map(|(_, point)| point).partition(read);
    let mut reads = reads.into_iter();
    let mut order: Vec<Point> = Vec::new();
    for three in others.chunks(3) {
        order.extend(three);
        order.extend(reads.next());
    }
    order.extend(reads);
    order.into_iter().take(to).skip(from).collect()
}

/// What is wrong after all has been done.
#[derive(Debug, Default)]
struct Amiss {
    tried: usize,
    orphans: usize,
    duplicates: usize,
    manual: usize,
    text: Vec<String>,
}

fn kill_and_go_on(phase: &Phase, point: Point, seed: u64) -> Amiss {
    let world = phase.base.again();
    let cloud = harsh(&world, seed, 0);
    let kill = if let Point::Call(kill) = point { Some(kill) } else { None };
    let ran = world.run_with(&cloud, &phase.line, kill, |it| {
        if let Point::Write(number) = point {
            it.env("ORDERINFRA_CRASH_AFTER", number.to_string());
        }
    });
    let mut amiss = Amiss { tried: 1, ..Amiss::default() };
    match ran.code {
        None => {}
        // The run had ended before it came to that point.
        Some(0) => return Amiss::default(),
        Some(_) => amiss.text.push(format!("it ended by itself:\n{ran}")),
    }
    let again = world.run(&cloud, &phase.line);
    converged(phase, &world, &cloud, &again, &mut amiss);
    if !amiss.text.is_empty() && again.code == Some(0) {
        amiss.text.push(format!("what the next run said:\n{again}"));
    }
    if let Some(call) = cloud.struck() {
        amiss.text.iter_mut().for_each(|it| *it = format!("killed at {call}: {it}"));
    }
    amiss
}

/// Exactly what an undisturbed run makes is in the cloud and in the state.
fn converged(phase: &Phase, world: &World, cloud: &Harsh, last: &Ran, amiss: &mut Amiss) {
    if last.code != Some(0) {
        amiss.manual += 1;
        amiss.text.push(format!("the next run did not end well:\n{last}"));
        return;
    }
    let snapshot = world.snapshot(&phase.project);
    if !snapshot.open.is_empty() {
        amiss.text.push(format!("still open: {:?}", snapshot.open));
    }
    let known: String = snapshot
        .resources
        .iter()
        .map(|it| format!("{} {}\n", it.id, it.outputs.reveal()))
        .collect();
    let after = world.cloud.census();
    for (kind, names) in &after {
        let usual = phase.census.get(kind).map_or(0, Vec::len);
        for name in names.iter().take(names.len().saturating_sub(usual)) {
            let unknown: Vec<&String> =
                names.iter().filter(|it| !known.contains(it.as_str())).collect();
            match unknown.is_empty() {
                true => amiss.duplicates += 1,
                false => amiss.orphans += 1,
            }
            amiss.text.push(format!("too many of {kind}, {usual} is right: {names:?} ({name})"));
        }
    }
    for (kind, names) in &phase.census {
        let found = after.get(kind).map_or(0, Vec::len);
        if found < names.len() {
            amiss.text.push(format!("{found} of {} {kind}", names.len()));
        }
    }
    if phase.name != "destroy" {
        if snapshot.resources.is_empty() {
            amiss.text.push("nothing is in the state".to_owned());
        }
        let line = "preview --expect-no-changes --diff";
        let ran = world.run(cloud, line);
        if ran.code != Some(0) {
            amiss.text.push(format!("there is something left to do:\n{ran}"));
        }
    } else if !snapshot.resources.is_empty() {
        amiss.text.push(format!("left in the state: {:?}", snapshot.resources));
    }
    let overlaps = cloud.overlaps();
    if !overlaps.is_empty() {
        amiss.text.push(format!("changes that came in each other's way: {overlaps:?}"));
    }
}

/// Does many things a few at a time; what went wrong, by what it was.
fn each<T: Sync>(
    all: &[T],
    name: impl Fn(&T) -> String + Sync,
    work: impl Fn(&T) -> Amiss + Sync,
) -> Amiss {
    let sum = Mutex::new(Amiss::default());
    let lanes = number("ORDERINFRA_CRASH_LANES").unwrap_or(LANES);
    in_lanes(lanes, all, |it| {
        let (name, began) = (name(it), Instant::now());
        // What panics or hangs is one failure: the others go on.
        let mut amiss = catch_unwind(AssertUnwindSafe(|| work(it))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.unwrap_or_else(|| "it panicked".to_owned());
            Amiss { tried: 1, text: vec![text], ..Amiss::default() }
        });
        amiss.text.iter_mut().for_each(|it| *it = format!("== {name}\n{it}"));
        // A long run tells at once.
        amiss.text.iter().for_each(|it| eprintln!("{it}"));
        note(&name, began, &amiss);
        let mut sum = sum.lock().unwrap();
        sum.tried += amiss.tried;
        sum.orphans += amiss.orphans;
        sum.duplicates += amiss.duplicates;
        sum.manual += amiss.manual;
        sum.text.extend(amiss.text);
    });
    sum.into_inner().unwrap()
}

/// Those that were tried and did not fail, as the file says that
/// `ORDERINFRA_CRASH_LOG` names: a run of hours goes on where the last one ended.
fn done() -> BTreeSet<String> {
    let file = setting("ORDERINFRA_CRASH_LOG");
    let text = file.and_then(|it| fs::read_to_string(it).ok()).unwrap_or_default();
    let name = |line: &str| {
        let rest = [SURVIVED, NOT_REACHED].iter().find_map(|it| line.strip_prefix(it))?;
        Some(rest.trim_start().rsplit_once(' ')?.0.to_owned())
    };
    text.lines().filter_map(name).collect()
}

const SURVIVED: &str = "survived";
const NOT_REACHED: &str = "not reached";

/// One line for each in the file that `ORDERINFRA_CRASH_LOG` names.
fn note(name: &str, began: Instant, amiss: &Amiss) {
    let Some(file) = setting("ORDERINFRA_CRASH_LOG") else { return };
    let outcome = match (amiss.text.len(), amiss.tried) {
        (0, 0) => NOT_REACHED,
        (0, _) => SURVIVED,
        _ => "FAILED",
    };
    let line = format!("{outcome} {name} {:.1}s\n", began.elapsed().as_secs_f32());
    let file = fs::OpenOptions::new().append(true).create(true).open(file);
    file.and_then(|mut it| it.write_all(line.as_bytes())).expect("the log of kill points");
}

fn report(what: &str, amiss: Amiss, failures: &mut Vec<String>) {
    eprintln!(
        "{what}: {} tried, orphans {}, duplicates {}, manual steps {}, failures {}",
        amiss.tried,
        amiss.orphans,
        amiss.duplicates,
        amiss.manual,
        amiss.text.len()
    );
    failures.extend(amiss.text);
}

#[test]
fn a_run_killed_anywhere_is_gone_on_with() {
    let mut failures = Vec::new();
    for project in projects() {
        let wanted = setting("ORDERINFRA_CRASH_PHASE");
        let phases = phases(&project);
        for phase in phases.iter().filter(|it| wanted.as_ref().is_none_or(|of| of == it.name)) {
            let all = points(phase);
            let of = all.len();
            let mut tried = share(all, seed());
            let seed = seed();
            let name = |it: &Point| format!("{project} {} killed `{it}`, seed {seed}", phase.name);
            let done = done();
            tried.retain(|it| !done.contains(&name(it)));
            let outcome = each(&tried, name, |point| kill_and_go_on(phase, *point, seed));
            report(&format!("{project} {} (of {of})", phase.name), outcome, &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Killed again and again at random boundaries, recoveries included, before it
/// is let through. By default a stack is tried in one phase, which the seed
/// draws.
#[test]
fn a_run_killed_many_times_is_gone_on_with() {
    let rounds = number("ORDERINFRA_CRASH_ROUNDS");
    let mut failures = Vec::new();
    for (project, lot) in projects().into_iter().zip(seed()..) {
        let phases = phases(&project);
        let drawn = usize::try_from(mixed(lot)).unwrap_or_default() % phases.len();
        for (at, phase) in phases.iter().enumerate() {
            if rounds.is_none() && at != drawn {
                continue;
            }
            let rounds = rounds.unwrap_or(1);
            let all: Vec<u64> = (0..rounds).map(|it| mixed(seed() ^ (it << 20))).collect();
            let name = |round: &u64| format!("{project} {}, round {round}", phase.name);
            let outcome = each(&all, name, |round| many_times(phase, *round));
            report(&format!("{project} {}, at random", phase.name), outcome, &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn many_times(phase: &Phase, seed: u64) -> Amiss {
    let world = phase.base.again();
    let cloud = harsh(&world, seed, 5);
    let mut amiss = Amiss { tried: 1, ..Amiss::default() };
    for kill in 0..5 {
        let dice = mixed(seed.wrapping_add(kill));
        let change = !dice.is_multiple_of(4);
        let of = if change { phase.changes } else { phase.reads };
        let number = usize::try_from(dice / 4).unwrap_or_default() % (of / 2).max(1);
        let moment = match (dice / 7) % 3 {
            0 => Moment::Before,
            1 => Moment::Acted,
            _ => Moment::Answered,
        };
        let kill = Kill { change, number, moment };
        let ran = world.run_with(&cloud, &phase.line, Some(kill), |_| {});
        if ran.code.is_some_and(|it| it != 0) {
            amiss.text.push(format!("ended by itself:\n{ran}"));
        }
    }
    let again = world.run(&cloud, &phase.line);
    converged(phase, &world, &cloud, &again, &mut amiss);
    amiss
}

/// Throttled, refused with 5xx, cut off before and after AWS acted: 30 of a
/// hundred calls. Nothing of it ends a run.
#[test]
fn a_third_of_all_calls_may_fail() {
    let mut failures = Vec::new();
    for project in projects() {
        let phases = phases(&project);
        let all: Vec<&Phase> = phases.iter().collect();
        let name = |phase: &&Phase| format!("{project} {}, a third fails", phase.name);
        let outcome = each(&all, name, |phase| {
            let world = phase.base.again();
            let cloud = harsh(&world, mixed(seed()), 30);
            let ran = world.run(&cloud, &phase.line);
            let mut amiss = Amiss { tried: 1, ..Amiss::default() };
            converged(phase, &world, &cloud, &ran, &mut amiss);
            // What is right stays so, whatever fails.
            let again = world.run(&cloud, phase.line.split(" --replace").next().unwrap());
            converged(phase, &world, &cloud, &again, &mut amiss);
            let log = cloud.log();
            let failed = log.iter().filter(|it| it.status != 200).count();
            eprintln!("{project} {}: {failed} of {} calls failed", phase.name, log.len());
            if failed * 5 < log.len() {
                amiss.text.push("hardly a call failed".to_owned());
            }
            amiss
        });
        report(&format!("{project}, a third fails"), outcome, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
