//! Which stacks use the outputs of which: read out of programs, without a run.

use std::{collections::BTreeMap, path::Path};

use super::{Runtime, all, secrets, session, session::Workspace};
use crate::{
    lang::{
        ast::{Call, Program, Span},
        config::{self, Config},
        diag::{Diagnostic, Severity},
        eval::{Answers, Context, Evaluator, Scope},
        expand,
        load::{self, Project},
        providers::STACK_REFERENCE,
    },
    store::Keyring,
};

/// A use of another stack's outputs.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// `network/dev`
    pub(super) stack: String,
    pub(super) span: Span,
}

/// Why a program could not be read.
pub(super) struct Mistakes {
    pub(super) found: Vec<Diagnostic>,
    pub(super) sources: BTreeMap<String, String>,
}

/// The stacks that a project's stack uses.
pub(super) fn of(
    project: &Project,
    stack: &str,
    keyring: &Keyring,
    runtime: &Runtime,
) -> Result<Vec<Reference>, Mistakes> {
    let mut sources = BTreeMap::from([(project.source.name.clone(), project.source.text.clone())]);
    let read = load::read_program(project)
        .and_then(|loaded| Ok((loaded, load::read_stack_config(project, stack)?)));
    let (loaded, (file, source, _)) = match read {
        Ok(read) => read,
        Err(found) => return Err(Mistakes { found, sources }),
    };
    let more = loaded.more_sources.iter().chain([&loaded.source, &source]);
    sources.extend(more.map(|it| (it.name.clone(), it.text.clone())));
    let context = session::context(project, stack);
    let decrypt = secrets::decrypter(&file, keyring);
    let given = config::Given {
        context: &context,
        declared: &loaded.declared,
        file: &file,
        overrides: &[],
        decrypt: &decrypt,
    };
    // What is missing or cannot be opened the run itself tells.
    let config = config::resolve(&given, &mut Vec::new());
    let registry = session::registry(runtime);
    let mut found = loaded.found;
    let program = expand::checked(
        &expand::Given {
            program: &loaded.program,
            components: &loaded.components,
            catalog: &registry,
            context: &context,
            config: &config.scope,
        },
        &mut found,
    );
    found.retain(|it| it.severity == Severity::Error);
    if !found.is_empty() {
        return Err(Mistakes { found, sources });
    }
    Ok(references(&program, project, &context, &config))
}

fn references(
    program: &Program,
    project: &Project,
    context: &Context,
    config: &Config,
) -> Vec<Reference> {
    let (resources, answers) = (BTreeMap::new(), Answers::new());
    let evaluator = Evaluator::new(Scope {
        program,
        context,
        config: &config.scope,
        resources: &resources,
        answers: &answers,
    });
    let mut all = Vec::new();
    let mut add = |name: &str, span: &Span| {
        if let Some(stack) = full_name(name, &project.name) {
            all.push(Reference { stack, span: span.clone() });
        }
    };
    for resource in &program.resources {
        if resource.token.value == STACK_REFERENCE {
            let properties = evaluator.eval(&resource.properties);
            let name = properties.get("name").and_then(|it| it.as_str()).unwrap_or(&resource.name);
            add(name, &resource.key.span);
        }
    }
    program.calls(&mut |span, call| {
        if let Call::StackReference { stack, .. } = call {
            add(stack, span);
        }
    });
    all
}

/// `network/dev` for `organization/network/dev`, and `app/dev` for `dev`.
pub(super) fn full_name(name: &str, project: &str) -> Option<String> {
    match name.split('/').collect::<Vec<_>>()[..] {
        [stack] => Some(format!("{project}/{stack}")),
        [project, stack] | [_, project, stack] => Some(format!("{project}/{stack}")),
        _ => None,
    }
}

/// The stacks below `stacks/` that own something and use this one's outputs. A
/// program that cannot be read is none that anybody relies on now.
pub(super) fn users(workspace: &Workspace, stack: &str, runtime: &Runtime) -> Vec<String> {
    let folder: &Path = &all::stacks_of(&workspace.root);
    let wanted = format!("{}/{stack}", workspace.project.name);
    let known = workspace.store.stacks().unwrap_or_default();
    let mut users = Vec::new();
    for file in load::projects_under(folder) {
        let Ok(project) = load::read_project(&file) else { continue };
        for it in known.iter().filter(|it| it.project == project.name && it.resources > 0) {
            let name = format!("{}/{}", it.project, it.name);
            let uses =
                of(&project, &it.name, workspace.store.keyring(), runtime).unwrap_or_default();
            if name != wanted && uses.iter().any(|it| it.stack == wanted) {
                users.push(name);
            }
        }
    }
    users
}
