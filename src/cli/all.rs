//! `--all`: every stack of every project below `stacks/`, each after those whose
//! outputs it uses; a destroy goes the other way. Each is a process of its own, with its
//! own lock, journal and interrupts, and its lines are told apart by its name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
};

use super::{
    ApplyArgs, Colour, Common, PlanArgs, Runtime,
    drive::Direction,
    failure::{Failure, Result, code},
    references::{self, Mistakes, Reference},
    session::{Workspace, report},
    ui::{BOLD, GREEN, RED, Ui, YELLOW},
};
use crate::{engine::graph, lang::load};

/// How many stacks are worked on at a time.
const AT_ONCE: usize = 4;

/// What to do to each of them.
pub(super) struct What<'a> {
    pub(super) direction: Direction,
    /// Only look.
    pub(super) preview: bool,
    pub(super) plan: &'a PlanArgs,
    /// Flags that are the command's own.
    pub(super) more: Vec<&'static str>,
}

struct Member {
    /// `network/dev`
    name: String,
    dir: PathBuf,
    uses: Vec<Reference>,
}

/// How one of them ended.
enum Ended {
    Well,
    /// With this code; none if it was killed.
    Badly(Option<i32>),
    NotStarted(String),
}

struct Told {
    ended: Ended,
    /// What it said of its resources at the end.
    resources: String,
    document: Json,
}

pub(super) async fn run(
    what: &What<'_>,
    apply: Option<&ApplyArgs>,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let plan = what.plan;
    if !plan.target.is_empty() || !plan.exclude.is_empty() || !plan.replace.is_empty() {
        return Err(Failure::usage("URNs are of one stack, and `--all` means all of them")
            .hint("name the stack with `-s PROJECT/STACK` instead"));
    }
    let yes = apply.is_none_or(|it| it.yes);
    if !yes && !ui.interactive {
        return Err(Failure::usage("this changes things, and there is nobody to ask here")
            .hint("say `--yes` to go on without asking, or use `orderinfra preview --all`"));
    }
    let members = members(common, runtime, ui)?;
    let needs = needs(&members, what.direction == Direction::Destroy);
    if graph::order(members.len(), &needs).is_err() {
        return Err(circle(&members));
    }
    if common.local(runtime) {
        // Once, before several want it.
        let root = root_of(&members[0].dir);
        super::local::start(&root, runtime, ui)?;
    }
    let runner = Runner { what, members: &members, common, runtime, ui };
    if what.preview || !yes {
        let told = runner.run(&BTreeMap::new(), true, None).await;
        if what.preview {
            return runner.conclude(&told);
        }
        if told.iter().any(|it| !matches!(it.ended, Ended::Well)) {
            return runner.conclude(&told);
        }
        let question = match what.direction {
            Direction::Up => "Do you want to perform these updates?",
            Direction::Destroy => "Do you want to destroy all of this?",
        };
        if ui.ask(question, &["yes", "no"])? == "no" {
            return Err(Failure::new(code::CANCELLED, "nothing was changed"));
        }
    }
    let told = runner.run(&needs, false, apply.map(|it| (it, yes))).await;
    runner.conclude(&told)
}

/// Every stack of every project below `stacks/`, or below the folder in there
/// where the command is given; with `-s` those of that name alone. In the order
/// of their projects' paths.
fn members(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<Vec<Member>> {
    if common.stack.as_deref().is_some_and(|it| it.contains('/')) {
        return Err(Failure::usage("with `--all`, `-s` is the name of a stack of every project"));
    }
    let start = match &common.directory {
        Some(directory) => runtime.directory.join(directory),
        None => runtime.directory.clone(),
    };
    let around = stacks_of(&start);
    let is_part = start.starts_with(&around) && load::find_project(&start).is_none();
    let folder = if is_part { start } else { around };
    let mut members = Vec::new();
    let mut mistakes = Vec::new();
    for file in load::projects_under(&folder) {
        let dir = file.parent().unwrap_or(&folder).to_owned();
        let of = Common { directory: Some(dir.clone()), ..common.clone() };
        let workspace = Workspace::open(&of, runtime, ui)?;
        let project = &workspace.project.name;
        let mut stacks = workspace.known_stacks()?;
        if let Some(wanted) = &common.stack {
            stacks.retain(|it| it == wanted);
        }
        if stacks.is_empty() {
            let which = common.stack.as_ref().map(|it| format!(" `{it}`")).unwrap_or_default();
            ui.say(&format!("`{project}` has no stack{which}, and is left alone"));
        }
        for stack in stacks {
            let keyring = workspace.store.keyring();
            match references::of(&workspace.project, &stack, keyring, runtime) {
                Ok(uses) => {
                    let name = format!("{project}/{stack}");
                    members.push(Member { name, dir: dir.clone(), uses });
                }
                // Stacks of one program share most of its mistakes.
                Err(Mistakes { mut found, sources }) => {
                    found.retain(|it| !mistakes.contains(it));
                    drop(report(ui, &sources, &found));
                    mistakes.append(&mut found);
                }
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::said(code::GENERAL));
    }
    if members.is_empty() {
        let message = format!("there is no stack below {}", folder.display());
        return Err(Failure::new(code::NO_STACK, message)
            .hint("projects are folders with a Pulumi.yaml, stacks have a Pulumi.STACK.yaml"));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = members.iter().find(|it| !names.insert(&*it.name)) {
        return Err(Failure::general(format!("there are two projects with `{}`", twice.name)));
    }
    Ok(members)
}

/// `stacks/` below a folder, or around it.
pub(super) fn stacks_of(start: &Path) -> PathBuf {
    let below = start.join("stacks");
    if below.is_dir() {
        return below;
    }
    let around = start.ancestors().find(|it| it.file_name().is_some_and(|it| it == "stacks"));
    around.unwrap_or(start).to_owned()
}

fn root_of(dir: &Path) -> PathBuf {
    let stacks = stacks_of(dir);
    match stacks.file_name().is_some_and(|it| it == "stacks") {
        true => stacks.parent().unwrap_or(dir).to_owned(),
        false => dir.to_owned(),
    }
}

/// By place: whom each waits for.
fn needs(members: &[Member], reverse: bool) -> BTreeMap<usize, BTreeSet<usize>> {
    let place: BTreeMap<&str, usize> =
        members.iter().enumerate().map(|(at, it)| (&*it.name, at)).collect();
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        for used in member.uses.iter().filter_map(|it| place.get(&*it.stack).copied()) {
            let (from, to) = if reverse { (used, at) } else { (at, used) };
            if from != to {
                needs.entry(from).or_default().insert(to);
            }
        }
    }
    needs
}

/// Stacks that wait for each other, with the places where they say so.
fn circle(members: &[Member]) -> Failure {
    let find = |name: &str| members.iter().find(|it| it.name == name);
    // From each along every use, until one comes back.
    fn walk<'a>(
        at: &'a Member,
        path: &mut Vec<(&'a Member, &'a Reference)>,
        find: &dyn Fn(&str) -> Option<&'a Member>,
    ) -> bool {
        for used in &at.uses {
            let Some(next) = find(&used.stack).filter(|it| it.name != at.name) else { continue };
            path.push((at, used));
            let first = path[0].0;
            if first.name == next.name {
                return true;
            }
            if !path.iter().any(|(it, _)| it.name == next.name) && walk(next, path, find) {
                return true;
            }
            path.pop();
        }
        false
    }
    let mut path = Vec::new();
    let _ = members.iter().any(|it| {
        path.clear();
        walk(it, &mut path, &find)
    });
    let mut failure = Failure::general("stacks use each other's outputs in a circle");
    for (member, used) in path {
        let (span, name) = (&used.span, &member.name);
        let place = format!("{}:{}:{}", span.file, span.line, span.column);
        failure = failure.hint(format!("`{name}` uses `{}` at {place}", used.stack));
    }
    failure
}

struct Runner<'a> {
    what: &'a What<'a>,
    members: &'a [Member],
    common: &'a Common,
    runtime: &'a Runtime,
    ui: &'a Ui,
}

impl Runner<'_> {
    /// Each as soon as all that it waits for has ended well.
    async fn run(
        &self,
        needs: &BTreeMap<usize, BTreeSet<usize>>,
        preview: bool,
        apply: Option<(&ApplyArgs, bool)>,
    ) -> Vec<Told> {
        let count = self.members.len();
        let mut told: Vec<Option<Told>> = (0..count).map(|_| None).collect();
        let mut running = FuturesUnordered::new();
        let mut pids: BTreeMap<usize, u32> = BTreeMap::new();
        let mut stops = (!preview).then(|| self.runtime.interrupts.begin());
        let mut stopped = false;
        loop {
            for at in 0..count {
                let known = told[at].is_some() || pids.contains_key(&at);
                if known || running.len() >= AT_ONCE {
                    continue;
                }
                let needed = needs.get(&at);
                let needed: Vec<usize> = needed.into_iter().flatten().copied().collect();
                let failed = needed.iter().find(|it| {
                    told[**it].as_ref().is_some_and(|it| !matches!(it.ended, Ended::Well))
                });
                let why = match failed {
                    Some(failed) => format!("needs {}", self.members[*failed].name),
                    None if stopped => "interrupted".to_owned(),
                    None if needed.iter().all(|it| told[*it].is_some()) => {
                        match self.start(at, preview, apply) {
                            Ok(child) => {
                                pids.extend(child.id().map(|it| (at, it)));
                                running
                                    .push(self.follow(at, child, preview).map(move |it| (at, it)));
                                continue;
                            }
                            Err(error) => error.to_string(),
                        }
                    }
                    None => continue,
                };
                let ended = Ended::NotStarted(why);
                told[at] = Some(Told { ended, resources: String::new(), document: Json::Null });
            }
            if told.iter().all(Option::is_some) {
                return told.into_iter().flatten().collect();
            }
            let stop = async {
                match &mut stops {
                    Some(stops) => stops.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some((at, it)) = running.next() => {
                    pids.remove(&at);
                    told[at] = Some(it);
                }
                Some(()) = stop => {
                    // They are in groups of their own: told once, by us.
                    stopped = true;
                    for pid in pids.values() {
                        drop(std::process::Command::new("kill").args(["-INT", &pid.to_string()]).status());
                    }
                }
            }
        }
    }

    fn start(
        &self,
        at: usize,
        preview: bool,
        apply: Option<(&ApplyArgs, bool)>,
    ) -> std::io::Result<Child> {
        let member = &self.members[at];
        let mut command = Command::new(&self.runtime.executable);
        let verb = match (self.what.direction, preview) {
            (Direction::Up, true) => "preview",
            (Direction::Up, false) => "up",
            (Direction::Destroy, _) => "destroy",
        };
        command.arg(verb).arg("-C").arg(&member.dir).args(["-s", &member.name]);
        if preview && self.what.direction == Direction::Destroy {
            command.arg("--preview-only");
        }
        let plan = self.what.plan;
        let flags = [
            ("--no-refresh", plan.no_refresh),
            ("--expect-no-changes", plan.expect_no_changes),
            ("--diff", plan.diff),
            ("--show-secrets", plan.show_secrets),
            ("--json", self.ui.json),
            ("--local", self.common.local(self.runtime)),
        ];
        command.args(flags.iter().filter(|(_, given)| *given).map(|(flag, _)| flag));
        for pair in &plan.config {
            command.args(["-c", pair]);
        }
        if let Some(state) = &self.common.state {
            command.arg("--state").arg(self.runtime.directory.join(state));
        }
        let colour = if self.ui.colour { Colour::Always } else { Colour::Never };
        command.args(["--color", if colour == Colour::Always { "always" } else { "never" }]);
        if let Some((apply, previewed)) = apply.filter(|_| !preview) {
            command.arg("--yes").args(&self.what.more);
            if let Some(parallel) = apply.parallel {
                command.args(["--parallel", &parallel.to_string()]);
            }
            // It was shown before the question.
            if !previewed
                && self.what.direction == Direction::Up
                && !self.what.more.contains(&"--skip-preview")
            {
                command.arg("--skip-preview");
            }
        }
        command
            .env_clear()
            .envs(&self.runtime.environment)
            .current_dir(&self.runtime.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }

    /// Says its lines until it ends. What is only looked at is said in one
    /// piece.
    async fn follow(&self, at: usize, mut child: Child, preview: bool) -> Told {
        let name = &self.members[at].name;
        let width = self.members.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
        let pad = " ".repeat(width - name.chars().count());
        let label = format!("{} | ", self.ui.paint(BOLD, &format!("{name}{pad}")));
        let mut out = lines(child.stdout.take());
        let mut err = lines(child.stderr.take());
        let (mut document, mut kept, mut tail) = (String::new(), Vec::new(), Vec::new());
        loop {
            let (line, data) = tokio::select! {
                Some(line) = out.next() => (line, true),
                Some(line) = err.next() => (line, false),
                else => break,
            };
            if line.trim_start().starts_with("Resources:") {
                tail.clear();
            }
            tail.push(line.clone());
            if data && self.ui.json {
                document.push_str(&line);
                document.push('\n');
            } else if preview {
                kept.push((line, data));
            } else {
                self.say(&label, &line, data);
            }
        }
        for (line, data) in kept {
            self.say(&label, &line, data);
        }
        let status = child.wait().await;
        let code = status.ok().and_then(|it| it.code());
        let ended = if code == Some(0) { Ended::Well } else { Ended::Badly(code) };
        let document = serde_json::from_str(&document).unwrap_or_default();
        Told { ended, resources: resources(&tail), document }
    }

    /// It has made the text harmless itself; what is left of escapes is ours.
    fn say(&self, label: &str, line: &str, data: bool) {
        let line = format!("{label}{}", self.ui.trust(line));
        if data { self.ui.out(&line) } else { self.ui.say(&line) }
    }

    /// One summary, and the one code that says most.
    fn conclude(&self, told: &[Told]) -> Result<()> {
        let ui = self.ui;
        let words = |it: &Told| match &it.ended {
            Ended::Well => (GREEN, "done".to_owned(), it.resources.clone()),
            Ended::Badly(code) => {
                let code = code.map_or_else(|| "killed".to_owned(), |it| format!("code {it}"));
                (RED, "failed".to_owned(), code)
            }
            Ended::NotStarted(why) => (YELLOW, "not started".to_owned(), why.clone()),
        };
        if ui.json {
            let stacks: Vec<Json> = self
                .members
                .iter()
                .zip(told)
                .map(|(member, it)| {
                    let code = match it.ended {
                        Ended::Well => json!(0),
                        Ended::Badly(code) => json!(code),
                        Ended::NotStarted(_) => Json::Null,
                    };
                    json!({ "stack": member.name, "result": words(it).1, "code": code, "document": it.document })
                })
                .collect();
            ui.document(
                &serde_json::to_string_pretty(&json!({ "stacks": stacks })).unwrap_or_default(),
            );
        }
        ui.say(&ui.paint(BOLD, "Stacks:"));
        let width = self.members.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
        for (member, it) in self.members.iter().zip(told) {
            let (style, word, more) = words(it);
            let pad = " ".repeat(width - member.name.chars().count());
            let word = ui.paint(style, &format!("{word:11}"));
            ui.say(format!("    {}{pad}  {word}  {more}", member.name).trim_end());
        }
        let codes: BTreeSet<u8> = told
            .iter()
            .filter_map(|it| match &it.ended {
                Ended::Well => None,
                Ended::Badly(code) => Some(code.and_then(|it| u8::try_from(it).ok())),
                Ended::NotStarted(why) if why == "interrupted" => Some(Some(code::CANCELLED)),
                Ended::NotStarted(_) => None,
            })
            .map(|it| it.unwrap_or(code::GENERAL))
            .collect();
        let failed = told.iter().filter(|it| !matches!(it.ended, Ended::Well)).count();
        let code = match codes.iter().collect::<Vec<_>>()[..] {
            [] => return Ok(()),
            [one] => *one,
            _ => code::GENERAL,
        };
        Err(Failure::new(code, format!("{failed} of {} stacks did not end well", told.len())))
    }
}

/// What a run says last of its resources, on one line.
fn resources(tail: &[String]) -> String {
    let mut lines = tail.iter().map(|it| it.trim());
    let Some(first) = lines.next().and_then(|it| it.strip_prefix("Resources:")) else {
        return String::new();
    };
    let more = tail[1..].iter().take_while(|it| it.starts_with("    ")).map(|it| it.trim());
    let all = [first.trim()].into_iter().chain(more).filter(|it| !it.is_empty());
    all.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

/// Lines as they come, whatever bytes are in them. One pipe may end before the
/// other, and is asked again.
fn lines(
    pipe: Option<impl AsyncRead + Unpin + 'static>,
) -> impl futures_util::Stream<Item = String> + Unpin {
    let reader = pipe.map(BufReader::new);
    let lines = futures_util::stream::unfold(reader, |reader| async {
        let mut reader = reader?;
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                Some((text.trim_end_matches(['\r', '\n']).to_owned(), Some(reader)))
            }
        }
    });
    Box::pin(lines.fuse())
}
