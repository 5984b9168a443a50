//! Calls of builtin functions: a map of one key that begins with `fn::`.

use super::{
    expression,
    fields::{Fields, warn_case},
    options,
};
use crate::lang::{
    ast::{Call, Expr, ExprKind, Invoke, InvokeOptions, Span, Spanned},
    diag::Diagnostic,
    nearest,
    syntax::{Kind, Node},
};

const PREFIX: &str = "fn::";

/// How a call with one argument is made of it.
type Unary = fn(Expr) -> Call;

const UNARY: &[(&str, Unary)] = &[
    ("fn::length", Call::Length),
    ("fn::singleOrNone", Call::SingleOrNone),
    ("fn::toJSON", Call::ToJson),
    ("fn::toBase64", Call::ToBase64),
    ("fn::fromBase64", Call::FromBase64),
    ("fn::sha1", Call::Sha1),
    ("fn::readFile", Call::ReadFile),
    ("fn::filebase64", Call::FileBase64),
    ("fn::filebase64sha256", Call::FileBase64Sha256),
    ("fn::secret", Call::Secret),
    ("fn::unsecret", Call::Unsecret),
    ("fn::stringAsset", Call::StringAsset),
    ("fn::fileAsset", Call::FileAsset),
    ("fn::remoteAsset", Call::RemoteAsset),
    ("fn::fileArchive", Call::FileArchive),
    ("fn::remoteArchive", Call::RemoteArchive),
    ("fn::pulumiResourceName", Call::ResourceName),
    ("fn::pulumiResourceType", Call::ResourceType),
];

const OTHER: &[&str] = &[
    "fn::invoke",
    "fn::join",
    "fn::split",
    "fn::select",
    "fn::assetArchive",
    "fn::stackReference",
];

/// These are values and not texts: a map with more keys would lose them.
const ASSETS: &[&str] = &[
    "fn::stringAsset",
    "fn::fileAsset",
    "fn::remoteAsset",
    "fn::fileArchive",
    "fn::remoteArchive",
    "fn::assetArchive",
];

/// None when the map is a plain one. After a mistake in a call it is `Null`.
pub(super) fn call(
    entries: &[(Spanned<String>, Node)],
    span: &Span,
    found: &mut Vec<Diagnostic>,
) -> Option<ExprKind> {
    let [(key, argument)] = entries else {
        return refuse_company(entries, found).then_some(ExprKind::Null);
    };
    if !is_call(&key.value) {
        return None;
    }
    let Some(name) = builtin(&key.value) else {
        return other_package(key, argument, span, found);
    };
    warn_case(key, name, found);
    let call = match name {
        "fn::invoke" => invoke(argument, span, found),
        "fn::join" => {
            pair(name, argument, found).map(|(delimiter, list)| Call::Join { delimiter, list })
        }
        "fn::split" => {
            pair(name, argument, found).map(|(delimiter, text)| Call::Split { delimiter, text })
        }
        "fn::select" => {
            pair(name, argument, found).map(|(index, list)| Call::Select { index, list })
        }
        "fn::assetArchive" => asset_archive(argument, found),
        "fn::stackReference" => stack_reference(key, argument, found),
        _ => unary(name, argument, found),
    };
    Some(call.map_or(ExprKind::Null, |it| ExprKind::Call(Box::new(it))))
}

fn is_call(key: &str) -> bool {
    key.get(..PREFIX.len()).is_some_and(|it| it.eq_ignore_ascii_case(PREFIX))
}

fn builtin(key: &str) -> Option<&'static str> {
    let names = UNARY.iter().map(|(name, _)| name).chain(OTHER);
    names.copied().find(|it| it.eq_ignore_ascii_case(key))
}

/// All of them, as they are spelled.
#[cfg(test)]
pub(in crate::lang) fn builtins() -> Vec<&'static str> {
    UNARY.iter().map(|(name, _)| *name).chain(OTHER.iter().copied()).collect()
}

/// A call beside other keys is none; of an asset nobody can want that.
fn refuse_company(entries: &[(Spanned<String>, Node)], found: &mut Vec<Diagnostic>) -> bool {
    let mut refused = false;
    for (key, _) in entries.iter().filter(|(key, _)| is_call(&key.value)) {
        match builtin(&key.value) {
            Some(name) if ASSETS.contains(&name) => {
                let message = format!("{name} must have its own object");
                let hint = "put it alone into a mapping of its own";
                found.push(Diagnostic::error(&key.span, message).hint(hint));
                refused = true;
            }
            _ => {
                let message = format!(
                    "`{}` is a plain key here: a call stands alone in its mapping",
                    key.value
                );
                found.push(Diagnostic::warning(&key.span, message));
            }
        }
    }
    refused
}

/// `fn::aws:ec2:getAmi`, the short form of an invoke.
fn other_package(
    key: &Spanned<String>,
    argument: &Node,
    span: &Span,
    found: &mut Vec<Diagnostic>,
) -> Option<ExprKind> {
    let token = &key.value[PREFIX.len()..];
    if !token.contains(':') {
        let names = UNARY.iter().map(|(name, _)| name).chain(OTHER).copied();
        let message =
            format!("'fn::' is a reserved prefix, and there is no function '{}'", key.value);
        let hint = nearest::did_you_mean(&key.value, names);
        found.push(Diagnostic { hint, ..Diagnostic::warning(&key.span, message) });
        return None;
    }
    let arguments = match argument.kind {
        Kind::Map(_) => expression(argument, found),
        _ => Expr { span: span.clone(), kind: ExprKind::Map(Vec::new()) },
    };
    Some(ExprKind::Call(Box::new(Call::Invoke(Invoke {
        function: Spanned { span: key.span.clone(), value: token.to_owned() },
        arguments: Some(arguments),
        options: InvokeOptions::default(),
        field: None,
    }))))
}

fn invoke(argument: &Node, span: &Span, found: &mut Vec<Diagnostic>) -> Option<Call> {
    const INVOKE: &[&str] = &["function", "arguments", "options", "return"];
    if !matches!(argument.kind, Kind::Map(_)) {
        let message = "the argument to fn::invoke must be an object containing 'function', \
                       'arguments', 'options', and 'return'";
        found.push(Diagnostic::error(&argument.span, message));
        return None;
    }
    let fields = Fields::read(argument, INVOKE, found);
    fields.refuse_unknown("fn::invoke", INVOKE, found);
    let arguments = fields.expression("arguments", found);
    if let Some(it) = &arguments
        && matches!(
            it.kind,
            ExprKind::Bool(_)
                | ExprKind::Number(_)
                | ExprKind::Text(_)
                | ExprKind::Mixed(_)
                | ExprKind::List(_)
        )
    {
        let message = "function arguments ('arguments') must be an object";
        found.push(Diagnostic::error(&it.span, message));
    }
    let options = fields.get("options").map(|it| options::invoke_options(it, found));
    let field = fields.text("return", found);
    if fields.get("function").is_none() {
        found.push(Diagnostic::error(span, "missing function name ('function')"));
    }
    let function = fields.text("function", found)?;
    Some(Call::Invoke(Invoke { function, arguments, options: options.unwrap_or_default(), field }))
}

fn pair(name: &str, argument: &Node, found: &mut Vec<Diagnostic>) -> Option<(Expr, Expr)> {
    if let Kind::List(items) = &argument.kind
        && let [first, second] = items.as_slice()
    {
        return Some((expression(first, found), expression(second, found)));
    }
    let message = format!("the argument to {name} must be a two-valued list");
    let hint = match name {
        "fn::join" => "`fn::join: [\",\", [a, b]]`",
        "fn::split" => "`fn::split: [\",\", \"a,b\"]`",
        "fn::select" => "`fn::select: [0, [a, b]]`",
        _ => "`[stack, output]`",
    };
    found.push(Diagnostic::error(&argument.span, message).hint(hint));
    None
}

fn asset_archive(argument: &Node, found: &mut Vec<Diagnostic>) -> Option<Call> {
    let Kind::Map(entries) = &argument.kind else {
        let message = "the argument to fn::assetArchive must be an object";
        found.push(Diagnostic::error(&argument.span, message));
        return None;
    };
    let mut parts = Vec::new();
    for (path, value) in entries {
        let before = found.len();
        let value = expression(value, found);
        let asset = match &value.kind {
            ExprKind::Call(call) => !matches!(
                **call,
                Call::Join { .. } | Call::Split { .. } | Call::Length(_) | Call::ToJson(_)
            ),
            // A variable may hold an asset.
            ExprKind::Access(_) => true,
            _ => found.len() > before,
        };
        if !asset {
            let message = format!("`{}` must be an asset or an archive", path.value);
            let hint = "such as `fn::fileAsset: ./path`";
            found.push(Diagnostic::error(&value.span, message).hint(hint));
        }
        parts.push((path.value.clone(), value));
    }
    Some(Call::AssetArchive(parts))
}

fn stack_reference(
    key: &Spanned<String>,
    argument: &Node,
    found: &mut Vec<Diagnostic>,
) -> Option<Call> {
    let hint = "declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs[\"name\"]}`";
    found.push(Diagnostic::warning(&key.span, "fn::stackReference is deprecated").hint(hint));
    let (stack, output) = pair("fn::stackReference", argument, found)?;
    let ExprKind::Text(stack) = stack.kind else {
        let message = "the first argument to fn::stackReference must be a string literal";
        found.push(Diagnostic::error(&stack.span, message));
        return None;
    };
    Some(Call::StackReference { stack, output })
}

fn unary(name: &str, argument: &Node, found: &mut Vec<Diagnostic>) -> Option<Call> {
    let make = UNARY.iter().find(|(it, _)| *it == name).map(|(_, make)| make)?;
    let before = found.len();
    let value = expression(argument, found);
    let wanted = match name {
        "fn::length" => (!wanted_any(&value, true, true)).then_some("a list, a map or a string"),
        "fn::singleOrNone" => (!wanted_any(&value, true, false)).then_some("a list"),
        "fn::toJSON" | "fn::secret" | "fn::unsecret" => None,
        "fn::pulumiResourceName" | "fn::pulumiResourceType" => {
            let other = !matches!(value.kind, ExprKind::Access(_) | ExprKind::Call(_));
            other.then_some("a resource, such as `${name}`")
        }
        _ => (!wanted_any(&value, false, true)).then_some("a string"),
    };
    if let Some(wanted) = wanted.filter(|_| found.len() == before) {
        let message =
            format!("the argument to {name} must be {wanted}, and this is {}", argument.word());
        found.push(Diagnostic::error(&argument.span, message));
        return None;
    }
    Some(make(value))
}

/// Whether a literal has one of the shapes; what is computed may have any.
fn wanted_any(value: &Expr, list: bool, text: bool) -> bool {
    match value.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => false,
        ExprKind::Text(_) | ExprKind::Mixed(_) => text,
        ExprKind::List(_) => list,
        ExprKind::Map(_) => list && text,
        ExprKind::Access(_) | ExprKind::Call(_) => true,
    }
}
