//! What nearly every command begins with: which project, which stack, its
//! program, its configuration and its state.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use super::{
    Common, Runtime, excerpt,
    failure::{Failure, Result, code},
    kms::Kms,
    local, secrets,
    ui::Ui,
};
use crate::{
    aws, builtin,
    engine::connect::Connections,
    lang::{
        ast::Program,
        check,
        config::{self, Config, Override},
        diag::{Diagnostic, Severity},
        eval::{Answers, Context, Evaluator, FileForm, Scope},
        expand,
        load::{self, Loaded, Project, assets},
    },
    model::Value,
    provider::{Assets, Calls, Pace, Registry, Settings},
    store::{Keyring, Owner, Stack, Store},
};

/// A project that was found, and the store beside it.
pub(super) struct Workspace {
    pub(super) project: Project,
    pub(super) store: Store,
    /// Where `state/` is.
    pub(super) root: PathBuf,
    /// What the command asks AWS, from its first call on.
    calls: Calls,
}

/// A project that was found, and where its state is.
pub(super) struct Found {
    pub(super) project: Project,
    root: PathBuf,
    pub(super) state: PathBuf,
}

/// A stack of it, ready for a run.
pub(super) struct Session {
    pub(super) workspace: Workspace,
    pub(super) stack: Stack,
    pub(super) loaded: Loaded,
    pub(super) config: Config,
    pub(super) context: Context,
    pub(super) registry: Registry,
    pub(super) settings: Settings,
    pub(super) connections: Connections,
    /// Source texts by name, for excerpts.
    pub(super) sources: BTreeMap<String, String>,
    pub(super) dependencies: BTreeMap<String, BTreeSet<String>>,
    /// Bytes of all files that the program has read.
    files_read: Cell<u64>,
}

/// What a command asks for.
pub(super) struct Wish<'a> {
    pub(super) overrides: &'a [Override],
    /// Without its program: `destroy` needs the state only.
    pub(super) program: bool,
}

fn keyring(common: &Common, runtime: &Runtime, calls: &Calls) -> Result<Keyring> {
    let home = runtime.var("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = home.or_else(|| runtime.var("HOME").map(|it| Path::new(it).join(".config")));
    let home = home.unwrap_or_else(|| runtime.directory.clone());
    let service = Kms::new(common.local(runtime), pace(runtime), calls);
    Ok(Keyring {
        key_file: home.join("orderinfra").join("key"),
        passphrase: passphrase(runtime)?,
        service: Some(Arc::new(service)),
    })
}

pub(super) fn passphrase(runtime: &Runtime) -> Result<Option<Zeroizing<String>>> {
    if let Some(text) = runtime.var("PULUMI_CONFIG_PASSPHRASE").filter(|it| !it.is_empty()) {
        return Ok(Some(Zeroizing::new(text.to_owned())));
    }
    let Some(path) = runtime.var("PULUMI_CONFIG_PASSPHRASE_FILE") else { return Ok(None) };
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|it| Failure::usage(format!("PULUMI_CONFIG_PASSPHRASE_FILE: {path}: {it}")))?;
    Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

impl Workspace {
    /// `-C DIR`; else the nearest `Pulumi.yaml` upward; else the one below
    /// `./stacks/` that the stack's name says.
    pub(super) fn find(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<Found> {
        let start = match &common.directory {
            Some(directory) => runtime.directory.join(directory),
            None => runtime.directory.clone(),
        };
        let file = match load::find_project(&start) {
            Some(file) => file,
            None => Self::below(&start, common)?,
        };
        let project = load::read_project(&file)
            .map_err(|found| wrong(ui, &BTreeMap::new(), &found, &file))?;
        // However deep below `stacks/`: all projects there share a state.
        let mut around = project.dir.ancestors().skip(1);
        let stacks = around.find(|it| it.file_name().is_some_and(|it| it == "stacks"));
        let root = stacks.and_then(Path::parent).unwrap_or(&project.dir).to_owned();
        let state = match common
            .state
            .as_deref()
            .or_else(|| runtime.var("ORDERINFRA_STATE").map(Path::new))
        {
            Some(path) => runtime.directory.join(path),
            None => root.join("state").join("orderinfra.db"),
        };
        Ok(Found { project, root, state })
    }

    /// Finds the project, and opens the state.
    pub(super) fn open(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<Self> {
        let Found { project, root, state } = Self::find(common, runtime, ui)?;
        let number = |name: &str| runtime.var(name).and_then(|it| it.parse().ok());
        let crash = number("ORDERINFRA_CRASH_AFTER").map(u64::from);
        let calls = Calls::new(runtime.clock());
        let store = Store::open(&state, keyring(common, runtime, &calls)?, crash)?;
        let store = store.with_most_pages(number("ORDERINFRA_TEST_PAGES"))?;
        let mut workspace = Self { project, store, root, calls };
        let project = &workspace.project.name;
        let stacks = workspace.store.stacks()?.into_iter().filter(|it| it.project == *project);
        for stack in stacks.collect::<Vec<_>>() {
            super::rotate::finish(&mut workspace, &stack.name, ui)?;
        }
        super::guard::tell(&workspace, common, ui)?;
        Ok(workspace)
    }

    fn below(start: &Path, common: &Common) -> Result<PathBuf> {
        let wanted = common.stack.as_deref().and_then(|it| it.split_once('/')).map(|(it, _)| it);
        let found = load::projects_under(&start.join("stacks"));
        let name = |it: &PathBuf| load::read_project(it).map(|it| it.name).unwrap_or_default();
        let named: Vec<&PathBuf> =
            found.iter().filter(|it| wanted.is_none_or(|wanted| name(it) == wanted)).collect();
        match (&named[..], found.is_empty()) {
            ([one], _) => Ok((*one).clone()),
            (_, true) => Err(Failure::usage(format!(
                "there is no Pulumi.yaml in {} or above, and no project below ./stacks",
                start.display()
            ))
            .hint("say where it is, with `-C DIR`")),
            _ => {
                let names: Vec<String> = found.iter().map(name).collect();
                Err(Failure::usage(match wanted {
                    Some(wanted) => format!("there is no project `{wanted}` below ./stacks"),
                    None => "it is not clear which project is meant".to_owned(),
                })
                .hint(format!("say which, with `-s PROJECT/STACK`: {}", names.join(", "))))
            }
        }
    }

    /// `-s`; else the selected one; else the only one.
    pub(super) fn stack_name(&self, common: &Common) -> Result<String> {
        let project = &self.project.name;
        if let Some(given) = &common.stack {
            let name = given.strip_prefix("organization/").unwrap_or(given);
            return match name.split_once('/') {
                Some((of, name)) if of == project => Ok(name.to_owned()),
                Some((of, _)) => Err(Failure::new(
                    code::NO_STACK,
                    format!("`{of}` is not the project here, which is `{project}`"),
                )),
                None => Ok(name.to_owned()),
            };
        }
        if let Some(name) = self.store.selected(project)? {
            return Ok(name);
        }
        let known = self.known_stacks()?;
        match &known[..] {
            [one] => Ok(one.clone()),
            [] => Err(Failure::new(
                code::NO_STACK,
                format!("the project `{project}` has no stack yet"),
            )
            .hint("`orderinfra stack init dev` makes one")),
            many => Err(Failure::new(code::NO_STACK, "it is not clear which stack is meant").hint(
                format!(
                    "say which, with `-s STACK` or `orderinfra stack select STACK`: {}",
                    many.join(", ")
                ),
            )),
        }
    }

    /// Stacks of the state, and those that only have a configuration file.
    pub(super) fn known_stacks(&self) -> Result<Vec<String>> {
        let stacks = self.store.stacks()?.into_iter();
        let mut names: BTreeSet<String> =
            stacks.filter(|it| it.project == self.project.name).map(|it| it.name).collect();
        names.extend(load::stacks_with_config(&self.project));
        Ok(names.into_iter().collect())
    }

    /// The stack, made at its first use when it has a configuration file.
    pub(super) fn stack(&self, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<Stack> {
        let name = self.stack_name(common)?;
        let project = &self.project.name;
        if !self.store.exists(project, &name)? {
            if !load::stack_config_path(&self.project, &name).exists() {
                let known = self.known_stacks()?;
                let failure =
                    Failure::new(code::NO_STACK, format!("there is no stack `{project}/{name}`"));
                return Err(match known.is_empty() {
                    true => failure.hint(format!("`orderinfra stack init {name}` makes it")),
                    false => failure
                        .hint(format!("there are: {}", known.join(", ")))
                        .hint(format!("`orderinfra stack init {name}` makes it")),
                });
            }
            let path = load::stack_config_path(&self.project, &name);
            let (file, _, _) = load::read_stack_config(&self.project, &name)
                .map_err(|found| wrong(ui, &BTreeMap::new(), &found, &path))?;
            let lock = secrets::lock_of(&file, self.store.keyring());
            self.store.init(project, &name, &lock, &runtime.stamp())?;
            ui.say(&format!("Created stack `{project}/{name}`"));
        }
        Ok(self.store.stack(project, &name)?)
    }
}

impl Session {
    pub(super) fn open(
        common: &Common,
        runtime: &Runtime,
        ui: &Ui,
        wish: &Wish<'_>,
    ) -> Result<Self> {
        let workspace = Workspace::open(common, runtime, ui)?;
        let stack = workspace.stack(common, runtime, ui)?;
        let project = &workspace.project;
        let mut loaded = load::read_program(project)
            .map_err(|found| wrong(ui, &BTreeMap::new(), &found, &project.file))?;
        let more = loaded.more_sources.iter().map(|it| (it.name.clone(), it.text.clone()));
        let mut sources: BTreeMap<_, _> = more.collect();
        sources.extend([
            (project.source.name.clone(), project.source.text.clone()),
            (loaded.source.name.clone(), loaded.source.text.clone()),
        ]);
        let config_path = load::stack_config_path(project, &stack.name);
        let (file, source, warnings) = load::read_stack_config(project, &stack.name)
            .map_err(|found| wrong(ui, &sources, &found, &config_path))?;
        sources.insert(source.name, source.text);
        let context = context(project, &stack.name);
        let mut found = project.warnings.clone();
        found.append(&mut loaded.found);
        found.extend(warnings);
        let decrypt = secrets::decrypter(&file, workspace.store.keyring());
        let given = config::Given {
            context: &context,
            declared: &loaded.declared,
            file: &file,
            overrides: wish.overrides,
            decrypt: &decrypt,
        };
        let mut config_found = Vec::new();
        let config = config::resolve(&given, &mut config_found);
        if wish.program {
            found.append(&mut config_found);
        }
        let mut registry = registry(runtime);
        let states = stack.snapshot.resources.iter();
        registry.know_components(states.filter(|it| it.meta.component).map(|it| it.token.clone()));
        let mut dependencies = BTreeMap::new();
        if wish.program {
            let given = expand::Given {
                program: &loaded.program,
                components: &loaded.components,
                catalog: &registry,
                context: &context,
                config: &config.scope,
            };
            loaded.program = expand::checked(&given, &mut found);
            let components = loaded.program.components.iter();
            registry.know_components(components.map(|it| it.token.clone()));
            default_providers(&loaded.program, &config, &mut found);
            dependencies = check::dependencies(&loaded.program);
            report(ui, &sources, &found)?;
            required_versions(&loaded.program, &context, &config, ui, &sources)?;
        } else {
            loaded.program = Program::default();
        }
        let settings = settings(&config, common, runtime, &workspace, ui)?;
        let young_since = super::rfc3339(runtime.time() - time::Duration::minutes(5));
        let calls = workspace.calls.clone();
        let connector = connector(runtime, &calls);
        let (name, pace) = (stack.full_name(), pace(runtime));
        let (roots, base) = (roots(project, &loaded), project.program_dir.clone());
        let assets = Assets::new(move |asset| assets::read(&roots, &base, asset));
        let connections = Connections::new(connector, calls, assets, name, pace, young_since);
        Ok(Self {
            workspace,
            stack,
            loaded,
            config,
            context,
            registry,
            settings,
            connections,
            sources,
            dependencies,
            files_read: Cell::default(),
        })
    }

    /// The configuration alone: no program, no emulator, no AWS.
    pub(super) fn configuration(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<Config> {
        let workspace = Workspace::open(common, runtime, ui)?;
        let stack = workspace.stack_name(common)?;
        let project = &workspace.project;
        let loaded = load::read_program(project)
            .map_err(|found| wrong(ui, &BTreeMap::new(), &found, &project.file))?;
        let path = load::stack_config_path(project, &stack);
        let (file, _, _) = load::read_stack_config(project, &stack)
            .map_err(|found| wrong(ui, &BTreeMap::new(), &found, &path))?;
        let context = context(project, &stack);
        let decrypt = secrets::decrypter(&file, workspace.store.keyring());
        let given = config::Given {
            context: &context,
            declared: &loaded.declared,
            file: &file,
            overrides: &[],
            decrypt: &decrypt,
        };
        // What is missing for a run does not stop a look at what is there.
        Ok(config::resolve(&given, &mut Vec::new()))
    }

    /// Refuses another account or region than the one that the stack was
    /// made in.
    pub(super) async fn claim(&mut self, may_settle: bool) -> Result<()> {
        let uses_aws =
            self.loaded.program.resources.iter().any(|it| it.token.value.starts_with("aws:"))
                || self.stack.snapshot.resources.iter().any(|it| it.token.starts_with("aws:"));
        if !uses_aws {
            return Ok(());
        }
        let (_, place) = self.connections.get(&self.settings).await?;
        match &self.stack.place {
            Some(made) if made.account != place.account || made.region != place.region => {
                Err(Failure::general(format!(
                    "the stack `{}` was made in account {} and region {}, and these credentials are for account {} and region {}",
                    self.stack.full_name(), made.account, made.region, place.account, place.region
                ))
                .hint("use the credentials and region that it was made with, or make another stack"))
            }
            Some(_) => Ok(()),
            None if may_settle => Ok(self.workspace.store.settle(&mut self.stack, &place)?),
            None => Ok(()),
        }
    }

    /// In which folders the program's files must be.
    pub(super) fn roots(&self) -> Vec<PathBuf> {
        roots(&self.workspace.project, &self.loaded)
    }

    pub(super) fn read_file(
        &self,
        path: &str,
        form: FileForm,
    ) -> std::result::Result<Value, String> {
        let project = &self.workspace.project;
        let value = load::read_file(&self.roots(), &project.program_dir, path, form)?;
        let bytes = value.as_str().map_or(0, |it| it.len() as u64);
        self.files_read.set(self.files_read.get().saturating_add(bytes));
        if self.files_read.get() > load::FILES_BYTES_MAX {
            let limit = load::FILES_BYTES_MAX >> 20;
            return Err(format!("the files that the program reads have more than {limit} MiB"));
        }
        Ok(value)
    }

    /// The outputs of another stack, for a stack reference.
    pub(super) fn other_outputs(&self, name: &str) -> std::result::Result<Value, String> {
        let full = super::references::full_name(name, &self.workspace.project.name);
        let Some((project, stack)) = full.as_deref().and_then(|it| it.split_once('/')) else {
            return Err(format!("`{name}` is no name of a stack: organization/PROJECT/STACK"));
        };
        let store = &self.workspace.store;
        if !store.exists(project, stack).map_err(|it| it.to_string())? {
            return Ok(Value::unknown(format!("the stack {project}/{stack}")));
        }
        let other = store.stack(project, stack).map_err(|it| it.to_string())?;
        let outputs = store.outputs(&other).map_err(|it| it.to_string())?;
        Ok(Value::Map(outputs.into_iter().collect()))
    }
}

/// `pulumi:disable-default-providers`: resources must name their provider.
fn default_providers(program: &Program, config: &Config, found: &mut Vec<Diagnostic>) {
    let disabled = &config.disabled_default_providers;
    let chosen = program.resources.iter().any(|it| it.default_provider);
    let component = |token: &str| program.components.iter().any(|it| it.token == token);
    for resource in program.resources.iter().filter(|it| !component(&it.token.value)) {
        let package = resource.token.value.split(':').next().unwrap_or_default();
        let off = disabled.iter().any(|it| it == "*" || it == package);
        if off && package != "pulumi" && resource.options.provider.is_none() && !chosen {
            let message = format!(
                "the default provider of `{package}` is disabled by pulumi:disable-default-providers"
            );
            found.push(
                Diagnostic::error(&resource.key.span, message)
                    .hint("name a provider resource with the option `provider`"),
            );
        }
    }
}

/// The Pulumi release whose language this program implements.
const LANGUAGE: semver::Version = semver::Version::new(3, 259, 0);

/// The project's folder, and those of the components that it uses.
fn roots(project: &Project, loaded: &Loaded) -> Vec<PathBuf> {
    let components = loaded.components.iter().map(|it| PathBuf::from(&it.folder));
    [project.dir.clone()].into_iter().chain(components).collect()
}

fn required_versions(
    program: &Program,
    context: &Context,
    config: &Config,
    ui: &Ui,
    sources: &BTreeMap<String, String>,
) -> Result<()> {
    let (resources, answers) = (BTreeMap::new(), Answers::new());
    let evaluator = Evaluator::new(Scope {
        program,
        context,
        config: &config.scope,
        resources: &resources,
        answers: &answers,
    });
    for wanted in &program.required_versions {
        let value = evaluator.eval(wanted);
        report(ui, sources, &evaluator.errors.take())?;
        let text = value.as_str().unwrap_or_default();
        let message = match in_range(text, &LANGUAGE) {
            Ok(true) => continue,
            Ok(false) => format!(
                "the program requires Pulumi {text}, and orderinfra speaks the language of {LANGUAGE}"
            ),
            Err(why) => format!("`{text}` is no range of versions: {why}"),
        };
        report(ui, sources, &[Diagnostic::error(&wanted.span, message)])?;
    }
    Ok(())
}

/// `>=3.0.0 !3.1.2 || >=4.0.0`
fn in_range(range: &str, version: &semver::Version) -> std::result::Result<bool, String> {
    let mut any = false;
    for part in range.split("||") {
        let mut all = true;
        for comparator in part.split_whitespace() {
            let (no, text) = match comparator.strip_prefix('!') {
                Some(rest) => (true, format!("={}", rest.trim_start_matches('='))),
                None if comparator.starts_with(|it: char| it.is_ascii_digit()) => {
                    (false, format!("={comparator}"))
                }
                None => (false, comparator.to_owned()),
            };
            let requirement = semver::VersionReq::parse(&text).map_err(|it| it.to_string())?;
            all &= requirement.matches(version) != no;
        }
        any |= all;
    }
    Ok(any)
}

pub(super) fn context(project: &Project, stack: &str) -> Context {
    Context {
        cwd: project.program_dir.display().to_string(),
        project: project.name.clone(),
        stack: stack.to_owned(),
        organization: "organization".to_owned(),
        root_directory: project.dir.display().to_string(),
    }
}

/// Who takes a lock, for whoever meets it.
pub(super) fn owner(runtime: &Runtime) -> Owner {
    let var = |name: &str| runtime.var(name).unwrap_or("unknown").to_owned();
    let host = std::fs::read_to_string("/etc/hostname");
    let arguments = runtime.arguments.iter().skip(1).map(|it| it.to_string_lossy());
    // Not the values of `-c key=value`: they may be secret.
    let arguments: Vec<_> = arguments.filter(|it| !it.contains('=')).collect();
    Owner {
        pid: std::process::id(),
        user: var("USER"),
        host: host.map_or_else(|_| var("HOSTNAME"), |it| it.trim().to_owned()),
        command: format!("orderinfra {}", arguments.join(" ")),
        since: runtime.stamp(),
    }
}

/// After so many mistakes of a kind, nobody reads on.
const SHOWN_MAX: usize = 100;

/// Shows what was found; errors end the command.
pub(super) fn report(
    ui: &Ui,
    sources: &BTreeMap<String, String>,
    found: &[Diagnostic],
) -> Result<()> {
    let mut all: Vec<&Diagnostic> = found.iter().collect();
    all.sort_by_key(|it| {
        (it.severity != Severity::Warning, it.span.as_ref().map(|it| (it.line, it.column)))
    });
    for (severity, noun) in [(Severity::Warning, "warnings"), (Severity::Error, "errors")] {
        let of: Vec<_> = all.iter().filter(|it| it.severity == severity).collect();
        for diagnostic in of.iter().take(SHOWN_MAX) {
            let text = ui.trust(excerpt::render(diagnostic, sources, ui.colour).trim_end());
            text.lines().for_each(|it| ui.say(it));
        }
        if of.len() > SHOWN_MAX {
            ui.say(&format!("and {} more {noun}", of.len() - SHOWN_MAX));
        }
    }
    let errors = all.iter().filter(|it| it.severity == Severity::Error).count();
    match errors {
        0 => Ok(()),
        1 => Err(Failure::said(code::GENERAL)),
        many => {
            ui.say(&format!("{many} errors; nothing was changed"));
            Err(Failure::said(code::GENERAL))
        }
    }
}

pub(super) fn wrong(
    ui: &Ui,
    sources: &BTreeMap<String, String>,
    found: &[Diagnostic],
    file: &Path,
) -> Failure {
    let mut sources = sources.clone();
    if let Ok(text) = load::text_of(file) {
        sources.insert(file.display().to_string(), text);
    }
    report(ui, &sources, found).err().unwrap_or_else(|| Failure::said(code::GENERAL))
}

/// Every type and function of this build.
pub(super) fn registry(runtime: &Runtime) -> Registry {
    let mut resources = aws::types();
    resources.extend(builtin::types());
    let mut functions = aws::functions();
    functions.extend(builtin::functions());
    if let Some(path) = runtime.var("ORDERINFRA_FAKE_CLOUD") {
        resources.extend(crate::provider::fake::types(Path::new(path)));
    }
    let mut registry = Registry::new(resources, functions);
    registry.refuse(builtin::refused());
    registry
}

fn settings(
    config: &Config,
    common: &Common,
    runtime: &Runtime,
    workspace: &Workspace,
    ui: &Ui,
) -> Result<Settings> {
    let aws = config.providers.get("aws").cloned().unwrap_or_default();
    let mut settings = Settings::from_inputs(&Value::Map(aws));
    if common.local(runtime) {
        let url = local::start(&workspace.root, runtime, ui)?;
        settings.profile = None;
        settings.assume_roles.clear();
        settings.endpoints = BTreeMap::from([(String::new(), url)]);
        settings.region.get_or_insert_with(|| "us-east-1".to_owned());
        settings.emulator = true;
    }
    Ok(settings)
}

/// AWS's own pace, save in tests.
fn pace(runtime: &Runtime) -> Pace {
    let hurry = runtime.var("ORDERINFRA_TEST_HURRY").and_then(|it| it.parse().ok());
    match (hurry, runtime.var("ORDERINFRA_FAKE_CLOUD")) {
        (Some(hurry), _) => Pace::hurried(hurry),
        (None, Some(_)) => Pace::hurried(500),
        (None, None) => Pace::AWS,
    }
}

fn connector(runtime: &Runtime, calls: &Calls) -> crate::engine::connect::Connect {
    if let Some(path) = runtime.var("ORDERINFRA_FAKE_CLOUD").map(PathBuf::from) {
        return Box::new(move |settings| {
            let place = crate::provider::fake::connect(&path, &settings);
            Box::pin(async { Ok((aws::Clients::offline(), place)) })
        });
    }
    let (pace, calls) = (pace(runtime), calls.clone());
    Box::new(move |settings| {
        let calls = calls.clone();
        Box::pin(async move { aws::connect(&settings, pace, &calls).await })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_versions() {
        let inside = |range| in_range(range, &semver::Version::new(3, 5, 1));
        assert_eq!(inside(">=3.0.0 <4.0.0"), Ok(true));
        assert_eq!(inside(">=3.0.0 !3.5.1"), Ok(false));
        assert_eq!(inside(">=4.0.0 || 3.5.1"), Ok(true));
        assert_eq!(inside("<3"), Ok(false));
        assert!(inside("three").is_err());
    }
}
