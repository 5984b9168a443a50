//! The files of a project: finding them, reading them, and what the command
//! line's own rules say about them. The only IO of the language.

pub mod assets;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    ast::{Program, Span, Spanned},
    config::{self, Declared, StackFile},
    diag::{Diagnostic, Severity},
    eval::FileForm,
    parse,
    syntax::{self, Kind, Node},
};
use crate::model::Value;

/// In the order in which they are looked for.
const PROJECT_FILES: [&str; 3] = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];
const PROGRAM_FILES: [&str; 3] = ["Main.json", "Main.yaml", "Pulumi.yaml"];

/// A file that a program reads becomes a property of a resource: more than
/// this is a mistake, and would be copied several times.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A file to upload is in memory as long as its call takes.
const ASSET_BYTES_MAX: u64 = 256 << 20;

/// How deep `projects_under` looks.
const PROJECT_DEPTH_MAX: usize = 6;

/// A project file, as the command line understands it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder of the project file.
    pub dir: PathBuf,
    pub file: PathBuf,
    pub name: String,
    pub description: Option<String>,
    /// Where the program is, and what its paths are relative to.
    pub program_dir: PathBuf,
    /// Where the stacks' files are.
    pub stack_config_dir: PathBuf,
    /// `options: { refresh: always }`
    pub refresh: bool,
    pub root: Node,
    pub source: Source,
    pub warnings: Vec<Diagnostic>,
}

/// A file as it was read, for excerpts. `name` is what its spans say.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A program with its configuration's declarations.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub program: Program,
    pub declared: Vec<Declared>,
    pub source: Source,
    /// Mistakes do not stop the reading, so that a checker can add its own.
    pub found: Vec<Diagnostic>,
}

/// The nearest project file in `start` or a folder above it.
pub fn find_project(start: &Path) -> Option<PathBuf> {
    start.ancestors().find_map(project_in)
}

fn project_in(dir: &Path) -> Option<PathBuf> {
    PROJECT_FILES.iter().map(|it| dir.join(it)).find(|it| it.is_file())
}

/// Every project file below a folder, sorted by path. A project is not
/// searched for others.
pub fn projects_under(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect_projects(dir, PROJECT_DEPTH_MAX, &mut found);
    found.sort();
    found
}

fn collect_projects(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if let Some(file) = project_in(dir) {
        found.push(file);
        return;
    }
    if depth == 0 {
        return;
    }
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // Not through links: they may lead in a circle.
        let folder = entry.file_type().is_ok_and(|it| it.is_dir());
        if folder && !hidden && entry.file_name() != "node_modules" {
            collect_projects(&entry.path(), depth - 1, found);
        }
    }
}

/// Reads a project file by the command line's rules.
pub fn read_project(file: &Path) -> Result<Project, Vec<Diagnostic>> {
    let source = read_source(file).map_err(|it| vec![it])?;
    let root = syntax::read(&source.name, &source.text)?;
    let dir = match file.parent() {
        Some(dir) if dir != Path::new("") => dir.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut found = Vec::new();
    if !matches!(root.kind, Kind::Map(_)) {
        found.push(Diagnostic::error(&root.span, "expected project to be an object"));
        return Err(found);
    }
    let name = project_name(&root, &mut found);
    check_runtime(&root, &mut found);
    let mut project = Project {
        program_dir: dir.clone(),
        stack_config_dir: dir.clone(),
        refresh: refresh(&root, &mut found),
        description: text(&root, "description", &mut found).map(|it| it.1),
        dir,
        file: file.to_owned(),
        name,
        root,
        source,
        warnings: Vec::new(),
    };
    place_folders(&mut project, &mut found);
    if found.iter().any(|it| it.severity == Severity::Error) {
        return Err(found);
    }
    project.warnings = found;
    Ok(project)
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
}

/// A field as the language host finds it, which does not mind letters' case.
fn any_case<'n>(node: &'n Node, name: &str) -> Option<&'n (Spanned<String>, Node)> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|(key, _)| key.value.eq_ignore_ascii_case(name))
}

/// A top-level text, with its place. Null is as good as absent.
fn text(root: &Node, name: &str, found: &mut Vec<Diagnostic>) -> Option<(Span, String)> {
    let node = field(root, name)?;
    match &node.kind {
        Kind::String(text) => Some((node.span.clone(), text.clone())),
        Kind::Null => None,
        _ => {
            found.push(Diagnostic::error(&node.span, format!("#/{name}: expected string")));
            None
        }
    }
}

fn project_name(root: &Node, found: &mut Vec<Diagnostic>) -> String {
    let Some(node) = field(root, "name") else {
        found.push(missing_attribute(root, "name"));
        return String::new();
    };
    let name = match &node.kind {
        Kind::String(name) if !name.is_empty() => name,
        _ => {
            let message = "project is missing a non-empty string 'name' attribute";
            found.push(Diagnostic::error(&node.span, message));
            return String::new();
        }
    };
    let allowed = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if !name.chars().all(allowed) {
        let message = "project names may only contain alphanumerics, hyphens, underscores, and \
                       periods";
        found.push(Diagnostic::error(&node.span, message));
    } else if name.len() > 100 {
        let message = "project names are limited to 100 characters";
        found.push(Diagnostic::error(&node.span, message));
    }
    name.clone()
}

fn missing_attribute(root: &Node, name: &str) -> Diagnostic {
    let mut message = format!("project is missing a '{name}' attribute");
    let mut span = &root.span;
    if let Kind::Map(entries) = &root.kind {
        let distance = |key: &str| strsim::levenshtein(&name.to_lowercase(), &key.to_lowercase());
        let nearest = entries.iter().min_by_key(|(key, _)| (distance(&key.value), &key.value));
        if let Some((key, _)) = nearest.filter(|(key, _)| distance(&key.value) <= 2) {
            message = format!("{message}; found '{}' instead", key.value);
            span = &key.span;
        }
    }
    Diagnostic::error(span, message)
}

fn check_runtime(root: &Node, found: &mut Vec<Diagnostic>) {
    let Some(node) = field(root, "runtime") else {
        found.push(missing_attribute(root, "runtime"));
        return;
    };
    let name = match &node.kind {
        Kind::Map(_) => field(node, "name").map(|it| &it.kind),
        kind => Some(kind),
    };
    match name {
        Some(Kind::String(name)) if name == "yaml" => {}
        Some(Kind::String(name)) if !name.is_empty() => {
            let message = format!("runtime '{name}' is not supported");
            found.push(Diagnostic::error(&node.span, message).hint("programs are `runtime: yaml`"));
        }
        _ => {
            found.push(Diagnostic::error(&node.span, "project is missing a 'runtime' attribute"));
        }
    }
    let compiler = field(node, "options").and_then(|it| field(it, "compiler"));
    if let Some(compiler) = compiler {
        let found_one =
            Diagnostic::error(&compiler.span, "a compiler of programs is not supported");
        found.push(found_one.hint("run it yourself, and let `main` name the folder of its output"));
    }
}

fn refresh(root: &Node, found: &mut Vec<Diagnostic>) -> bool {
    let Some(node) = field(root, "options").and_then(|it| field(it, "refresh")) else {
        return false;
    };
    match &node.kind {
        Kind::String(text) if text == "always" => true,
        Kind::Null => false,
        _ => {
            let message = "#/options/refresh: value must be \"always\"";
            found.push(Diagnostic::error(&node.span, message));
            false
        }
    }
}

/// `main`, and `stackConfigDir` with its old spelling `config: <folder>`.
fn place_folders(project: &mut Project, found: &mut Vec<Diagnostic>) {
    if let Some((span, main)) = text(&project.root, "main", found) {
        project.program_dir = project.dir.join(&main);
        let inside = |it: &Path| {
            let root = project.dir.canonicalize();
            root.is_ok_and(|root| it.canonicalize().is_ok_and(|it| it.starts_with(root)))
        };
        if Path::new(&main).is_absolute() {
            found.push(Diagnostic::error(&span, "project 'main' must be a relative path"));
        } else if !project.program_dir.is_dir() {
            found.push(Diagnostic::error(&span, format!("there is no folder {main:?}")));
        } else if !inside(&project.program_dir) {
            found.push(Diagnostic::error(&span, "project 'main' must be a subfolder"));
        }
    }
    let new = text(&project.root, "stackConfigDir", found);
    let old = match field(&project.root, "config") {
        Some(Node { kind: Kind::String(folder), span }) => Some((span.clone(), folder.clone())),
        _ => None,
    };
    if let (Some(_), Some((span, _))) = (&new, &old) {
        let message = "Should not use both config and stackConfigDir to define the stack directory";
        found.push(Diagnostic::error(span, message));
    }
    if let Some((_, folder)) = new.or(old) {
        project.stack_config_dir = project.dir.join(folder);
    }
}

/// Reads a project's program. `Err` is a file that cannot be read at all.
pub fn read_program(project: &Project) -> Result<Loaded, Vec<Diagnostic>> {
    let candidates = PROGRAM_FILES.iter().map(|it| project.program_dir.join(it));
    // A project file of another name is a program too, beyond what Pulumi does.
    let own = (project.program_dir == project.dir).then(|| project.file.clone());
    let Some(file) = candidates.chain(own).find(|it| it.is_file()) else {
        let folder = project.program_dir.display();
        let span = Span::default();
        let message = format!("there is no {} in {folder}", PROGRAM_FILES.join(", "));
        return Err(vec![Diagnostic { span: None, ..Diagnostic::error(&span, message) }]);
    };
    let (source, root) = if file == project.file {
        (project.source.clone(), project.root.clone())
    } else {
        let source = read_source(&file).map_err(|it| vec![it])?;
        let root = syntax::read(&source.name, &source.text)?;
        (source, root)
    };
    let mut found = Vec::new();
    let mut program = parse::program(&root, &mut found);
    program.name.clone_from(&project.name);
    let declared = declarations(project, &root, &mut found);
    Ok(Loaded { program, declared, source, found })
}

/// What the project file and the program file declare: `config` before the
/// older `configuration`, and the project file first.
fn declarations(project: &Project, program: &Node, found: &mut Vec<Diagnostic>) -> Vec<Declared> {
    let mut sections = Vec::new();
    for name in ["config", "configuration"] {
        let of_project = any_case(&project.root, name);
        let of_program = any_case(program, name).filter(|it| Some(*it) != of_project);
        sections.extend(of_project.into_iter().chain(of_program));
    }
    for (key, _) in &sections {
        if key.value.eq_ignore_ascii_case("configuration") {
            let message = "root-level configuration field is deprecated; please use config instead";
            found.push(Diagnostic::warning(&key.span, message));
        }
    }
    let sections: Vec<&Node> = sections.into_iter().map(|(_, node)| node).collect();
    config::declarations(&project.name, &sections, found)
}

/// `Pulumi.<stack>.yaml`, with the project file's extension.
pub fn stack_config_path(project: &Project, stack: &str) -> PathBuf {
    let extension = project.file.extension().and_then(|it| it.to_str()).unwrap_or("yaml");
    let stack = stack.replace('/', "-");
    project.stack_config_dir.join(format!("Pulumi.{stack}.{extension}"))
}

/// The names of all stacks that have a file, sorted.
pub fn stacks_with_config(project: &Project) -> Vec<String> {
    let extension = project.file.extension().and_then(|it| it.to_str()).unwrap_or("yaml");
    let Ok(entries) = fs::read_dir(&project.stack_config_dir) else { return Vec::new() };
    let mut stacks: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let stack = name.strip_prefix("Pulumi.")?.strip_suffix(extension)?.strip_suffix('.')?;
            (!stack.is_empty() && entry.path().is_file()).then(|| stack.to_owned())
        })
        .collect();
    stacks.sort();
    stacks
}

/// A stack's file; a stack without one has an empty one. Warnings are in the
/// list beside it.
pub fn read_stack_config(
    project: &Project,
    stack: &str,
) -> Result<(StackFile, Source, Vec<Diagnostic>), Vec<Diagnostic>> {
    let path = stack_config_path(project, stack);
    if !path.exists() {
        return Ok(Default::default());
    }
    let source = read_source(&path).map_err(|it| vec![it])?;
    let root = syntax::read(&source.name, &source.text)?;
    let mut found = Vec::new();
    let file = config::stack_file(&project.name, &root, &mut found);
    if found.iter().any(|it| it.severity == Severity::Error) {
        return Err(found);
    }
    Ok((file, source, found))
}

/// The text of a project's file, within its limits.
pub fn text_of(file: &Path) -> Result<String, Diagnostic> {
    read_source(file).map(|it| it.text)
}

fn read_source(file: &Path) -> Result<Source, Diagnostic> {
    let name = file.display().to_string();
    let failed = |what: String| Diagnostic {
        span: None,
        ..Diagnostic::error(&Span::default(), format!("cannot read {name}: {what}"))
    };
    // A pipe would never end.
    if !file.is_file() {
        return Err(failed("it is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    let limit = syntax::BYTES_MAX as u64;
    let reader = File::open(file).and_then(|it| it.take(limit + 1).read_to_end(&mut bytes));
    reader.map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(failed(format!("it is larger than {} MiB", limit >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8 text".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Source { name, text })
}

/// What all files that a program reads may have together.
pub const FILES_BYTES_MAX: u64 = 256 << 20;

/// A file that a program names, relative to `base`, the program's folder. It
/// must lie in `root`, the project's folder: neither `..` nor a link leads out.
pub fn read_file(root: &Path, base: &Path, path: &str, form: FileForm) -> Result<Value, String> {
    let bytes = read_within(root, base, path, FILE_BYTES_MAX)?;
    match form {
        FileForm::Base64 => Ok(Value::String(BASE64_STANDARD.encode(bytes))),
        FileForm::Base64Sha256 => Ok(Value::String(BASE64_STANDARD.encode(Sha256::digest(bytes)))),
        FileForm::Text => String::from_utf8(bytes)
            .map(Value::String)
            .map_err(|_| format!("`{path}` is not UTF-8 text; `fn::filebase64` reads any file")),
    }
}

/// Where a path leads to, which must be in `root`.
fn inside(root: &Path, base: &Path, path: &str) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("cannot read `{path}`: {error}");
    let root = root.canonicalize().map_err(failed)?;
    let file = base.join(path).canonicalize().map_err(failed)?;
    if !file.starts_with(&root) {
        return Err(format!("`{path}` is outside of the project's folder"));
    }
    Ok(file)
}

fn read_within(root: &Path, base: &Path, path: &str, limit: u64) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot read `{path}`: {error}");
    let file = inside(root, base, path)?;
    if !file.is_file() {
        return Err(format!("`{path}` is not a file"));
    }
    // One byte more than allowed, to see that there is more: the size that the
    // system tells may be out of date.
    let mut bytes = Vec::new();
    let mut reader = File::open(&file).map_err(failed)?.take(limit + 1);
    reader.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(format!("`{path}` is larger than {} MiB", limit >> 20));
    }
    Ok(bytes)
}
