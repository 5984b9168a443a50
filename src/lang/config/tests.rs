use std::fmt::Write as _;

use insta::assert_snapshot;

use super::*;
use crate::lang::syntax;

/// What a project's `config:` and a stack's `config:` come to.
struct Case<'a> {
    project: &'a str,
    stack: &'a str,
    overrides: &'a [(&'a str, &'a str)],
}

fn check(project: &str, stack: &str) -> String {
    run(&Case { project, stack, overrides: &[] })
}

fn run(case: &Case<'_>) -> String {
    let mut found = Vec::new();
    let project = syntax::read("Pulumi.yaml", case.project).expect("the test's YAML is valid");
    let declared = declarations("shop", &[&project], &mut found);
    let stack = syntax::read("Pulumi.dev.yaml", case.stack).expect("the test's YAML is valid");
    let file = stack_file("shop", &stack, &mut found);
    let overrides: Vec<Override> = case
        .overrides
        .iter()
        .map(|(key, value)| Override {
            key: key.trim_start_matches("path:").to_owned(),
            value: (*value).to_owned(),
            path: key.starts_with("path:"),
        })
        .collect();
    let context = Context { project: "shop".into(), stack: "dev".into(), ..Context::default() };
    let config = resolve(
        &Given {
            context: &context,
            declared: &declared,
            file: &file,
            overrides: &overrides,
            decrypt: &|text| match text.strip_prefix("v1:") {
                Some(plain) => Ok(plain.to_owned()),
                None => Err("incorrect passphrase".to_owned()),
            },
        },
        &mut found,
    );
    let mut out = String::new();
    for (key, value) in &config.scope {
        let secret = if value.has_secret() { "secret " } else { "" };
        writeln!(out, "{key} = {secret}{}", opened(value).to_display()).unwrap();
    }
    for (package, settings) in &config.providers {
        let settings = opened(&Value::Map(settings.clone()));
        writeln!(out, "provider {package}: {}", settings.to_display()).unwrap();
    }
    if config.autonaming != Autonaming::default() {
        writeln!(out, "{:?}", config.autonaming).unwrap();
    }
    if !config.disabled_default_providers.is_empty() {
        writeln!(out, "disabled: {:?}", config.disabled_default_providers).unwrap();
    }
    for it in found {
        let at = it.span.map(|it| format!("{}:{}:{}", it.file, it.line, it.column));
        writeln!(out, "{:?} {} {}", it.severity, at.unwrap_or_default(), it.message).unwrap();
        it.hint.into_iter().for_each(|it| writeln!(out, "  {it}").unwrap());
    }
    out
}

#[test]
fn keys() {
    assert_eq!(full_key("shop", "size").unwrap(), "shop:size");
    assert_eq!(full_key("shop", "aws:region").unwrap(), "aws:region");
    assert_eq!(full_key("shop", "aws:config:region").unwrap(), "aws:region");
    assert_snapshot!(full_key("shop", "a:b:c").unwrap_err(), @"could not parse a:b:c as a configuration key (configuration keys should be of the form `<namespace>:<name>`)");
    assert!(full_key("shop", "").is_err());
    assert!(full_key("shop", "a:").is_err());
    assert!(full_key("shop", "a:b:c:d").is_err());
}

#[test]
fn undeclared_values_are_typed_by_their_look() {
    assert_snapshot!(check("", r#"
config:
  shop:size: 3
  account: "123456789012"
  zip: "01234"
  zero: "0"
  ratio: "0.5"
  big: "99999999999999999999"
  flag: "true"
  letter: t
  version: "1.10"
  list: '["a", 1]'
  object: {a: "1", b: [x]}
  word: hello
  inf: inf
  empty:
  ns:config:old: x
  aws:region: eu-west-1
"#), @r#"
account = 123456789012
aws:region = "eu-west-1"
big = 1e+20
empty = ""
flag = true
inf = "inf"
letter = true
list = ["a",1]
ns:old = "x"
object = {"a":"1","b":["x"]}
ratio = 0.5
shop:account = 123456789012
shop:big = 1e+20
shop:empty = ""
shop:flag = true
shop:inf = "inf"
shop:letter = true
shop:list = ["a",1]
shop:object = {"a":"1","b":["x"]}
shop:ratio = 0.5
shop:size = 3
shop:version = 1.1
shop:word = "hello"
shop:zero = 0
shop:zip = "01234"
size = 3
version = 1.1
word = "hello"
zero = 0
zip = "01234"
provider aws: {"region":"eu-west-1"}
provider ns: {"old":"x"}
Warning Pulumi.dev.yaml:16:8 configuration key 'shop:empty' is null, which counts as ""
"#);
}

#[test]
fn declared_values_are_typed_by_their_declaration() {
    assert_snapshot!(check(r#"
text: {type: string}
count: {type: integer}
ratio: {type: Number}
flag: {type: boolean}
object: {type: object}
list: {type: array, items: {type: integer}}
deep: {type: array, items: {type: array, items: {type: string}}}
old: {type: List<String>}
inferred: {default: "x"}
inferredList: {default: [1, 2]}
json: {type: object}
jsonList: {type: array, items: {type: string}}
"#, r#"
config:
  shop:text: 3
  shop:count: "007"
  shop:ratio: "1.50"
  shop:flag: "true"
  shop:object: {a: 1}
  shop:list: ["1", 2, 3.0]
  shop:deep: [[a], [b, c]]
  shop:old: [a]
  shop:inferred: "42"
  shop:inferredList: ["3"]
  shop:json: '{"a": [1]}'
  shop:jsonList: '["a"]'
"#), @r#"
count = 7
deep = [["a"],["b","c"]]
flag = true
inferred = "42"
inferredList = [3]
json = {"a":[1]}
jsonList = ["a"]
list = [1,2,3]
object = {"a":1}
old = ["a"]
ratio = 1.5
shop:count = 7
shop:deep = [["a"],["b","c"]]
shop:flag = true
shop:inferred = "42"
shop:inferredList = [3]
shop:json = {"a":[1]}
shop:jsonList = ["a"]
shop:list = [1,2,3]
shop:object = {"a":1}
shop:old = ["a"]
shop:ratio = 1.5
shop:text = "3"
text = "3"
"#);
}

#[test]
fn values_of_the_wrong_type() {
    assert_snapshot!(check(r#"
text: {type: string}
count: {type: integer}
flag: {type: boolean}
object: {type: object}
list: {type: array, items: {type: string}}
number: {default: 4}
"#, r#"
config:
  shop:text: [a]
  shop:count: 1.5
  shop:flag: "1"
  shop:object: text
  shop:list: [[a]]
  shop:number: x
"#), @r#"
count = 1.5
flag = 1
list = [["a"]]
number = "x"
object = "text"
shop:count = 1.5
shop:flag = 1
shop:list = [["a"]]
shop:number = "x"
shop:object = "text"
shop:text = ["a"]
text = ["a"]
Error Pulumi.dev.yaml:3:14 Stack 'dev' with configuration key 'text' must be of type 'string'
Error Pulumi.dev.yaml:4:15 Stack 'dev' with configuration key 'count' must be of type 'integer'
Error Pulumi.dev.yaml:5:14 Stack 'dev' with configuration key 'flag' must be of type 'boolean'
Error Pulumi.dev.yaml:6:16 Stack 'dev' with configuration key 'object' must be of type 'object'
Error Pulumi.dev.yaml:7:14 Stack 'dev' with configuration key 'list' must be of type 'array<string>'
Error Pulumi.dev.yaml:8:16 Stack 'dev' with configuration key 'number' must be of type 'number'
"#);
}

#[test]
fn defaults_and_values() {
    assert_snapshot!(check(r#"
size: 3
name: {default: shop}
zones: [a, b]
half: 0.5
secret: {default: hunter2, secret: true}
computed: {default: {fn::join: ["-", [a, "${pulumi.stack}"]]}}
typed: {type: integer, default: 3.0}
shop:full: x
value: {value: 4}
aws:region: us-west-2
aws:profile: {value: dev}
pulumi:tags: {value: {a: b}}
"#, "config: {size: 5, 'aws:region': eu-west-1}"), @r#"
aws:profile = "dev"
aws:region = "eu-west-1"
computed = "a-dev"
full = "x"
half = 0.5
name = "shop"
pulumi:tags = {"a":"b"}
secret = secret "hunter2"
shop:computed = "a-dev"
shop:full = "x"
shop:half = 0.5
shop:name = "shop"
shop:secret = secret "hunter2"
shop:size = 5
shop:typed = 3
shop:value = 4
shop:zones = ["a","b"]
size = 5
typed = 3
value = 4
zones = ["a","b"]
provider aws: {"profile":"dev","region":"eu-west-1"}
"#);
}

#[test]
fn all_missing_values_are_one_error() {
    assert_snapshot!(check("a: {type: string}", ""), @r#"
    Error Pulumi.yaml:1:1 Stack 'dev' is missing configuration value 'a'
      set it with `orderinfra config set a <value> --stack dev`
    "#);
    assert_snapshot!(check("{b: {type: string}, a: {type: string}}", ""), @r#"
    Error Pulumi.yaml:1:2 Stack 'dev' is missing configuration values 'a' and 'b'
      set it with `orderinfra config set b <value> --stack dev`
    "#);
    assert_snapshot!(check("{b: {type: string}, c: {type: string}, a: {type: string}, d: 1}", ""), @r#"
    d = 1
    shop:d = 1
    Error Pulumi.yaml:1:2 Stack 'dev' is missing configuration values 'a', 'b' and 'c'
      set it with `orderinfra config set b <value> --stack dev`
    "#);
}

#[test]
fn bad_declarations() {
    assert_snapshot!(check(r#"
nothing: {}
bare:
both: {default: 1, value: 2}
list: {type: array}
nested: {type: array, items: {type: array}}
type: {type: strnig}
attribute: {typ: string, default: 1}
other: {colour: red, default: 1}
wrong: {type: integer, default: x}
mixed: {default: [1, a]}
empty: {default: []}
unknown: {default: "${nothing}"}
file: {default: {fn::readFile: a}}
flag: {secret: yes, default: 1}
aws:region: {type: string}
aws:profile: {default: x}
aws:nothing: {description: x}
a:b:c: x
"#, ""), @r#"
attribute = 1
aws:profile = "x"
both = 2
empty = []
flag = 1
mixed = [1,"a"]
other = 1
shop:attribute = 1
shop:both = 2
shop:empty = []
shop:flag = 1
shop:mixed = [1,"a"]
shop:other = 1
provider aws: {"profile":"x"}
Error Pulumi.yaml:2:1 unable to infer type: either 'default' or 'type' is required
Error Pulumi.yaml:3:1 unable to infer type: either 'default' or 'type' is required
Error Pulumi.yaml:4:1 project config 'both' cannot have both a 'default' and 'value' attribute
Error Pulumi.yaml:5:14 The configuration key 'list' declares an array but does not specify the underlying type via the 'items' attribute
Error Pulumi.yaml:6:37 The configuration key 'nested' declares an array but does not specify the underlying type via the 'items' attribute
Error Pulumi.yaml:7:14 unexpected configuration type 'strnig': valid types are string, integer, boolean, number, array and object
Error Pulumi.yaml:8:13 configuration key 'attribute' has no attribute 'typ'
  did you mean 'type'?
Error Pulumi.yaml:9:9 configuration key 'other' has no attribute 'colour'
  its attributes are default, description, items, name, secret, type, value
Error Pulumi.yaml:15:16 secret must be true or false
Error Pulumi.yaml:16:1 Configuration key 'aws:region' is not namespaced by the project and should not define a type
Error Pulumi.yaml:17:1 Configuration key 'aws:profile' is not namespaced by the project and should not define a default value. Did you mean to use the 'value' attribute instead of 'default'?
Error Pulumi.yaml:18:1 Configuration key 'aws:nothing' is namespaced and must provide an attribute 'value'
Error Pulumi.yaml:19:1 could not parse a:b:c as a configuration key (configuration keys should be of the form `<namespace>:<name>`)
Error Pulumi.yaml:10:33 The default value specified for configuration key 'wrong' is not of the expected type 'integer'
Error Pulumi.yaml:11:18 heterogeneous typed lists are not allowed: found types number and string
Error Pulumi.yaml:12:18 unable to infer type: cannot infer type of empty list, please specify type
Error Pulumi.yaml:13:21 resource, variable, or config value "nothing" not found
Error Pulumi.yaml:14:17 the default of configuration key 'file' may not read files or call provider functions
"#);
}

#[test]
fn secrets() {
    assert_snapshot!(check(r#"
must: {type: string, secret: true}
untyped: {default: x, secret: true}
mustNot: {type: string, secret: false}
count: {type: integer}
"#, r#"
config:
  shop:must: plain
  shop:untyped: plain
  shop:mustNot: {secure: "v1:a"}
  shop:count: {secure: "v1:42"}
  shop:number: {secure: "v1:42"}
  shop:deep: {a: [{secure: "v1:b"}, c], d: {secure: "v1:e"}}
  shop:broken: {secure: "v2:x"}
  shop:shape: {secure: [x]}
  aws:secretKey: {secure: "v1:k"}
"#), @r#"
aws:secretKey = secret "k"
broken = "[unknown]"
count = secret 42
deep = secret {"a":["b","c"],"d":"e"}
must = secret "plain"
mustNot = secret "a"
number = secret 42
shape = ""
shop:broken = "[unknown]"
shop:count = secret 42
shop:deep = secret {"a":["b","c"],"d":"e"}
shop:must = secret "plain"
shop:mustNot = secret "a"
shop:number = secret 42
shop:shape = ""
shop:untyped = secret "plain"
untyped = secret "plain"
provider aws: {"secretKey":"k"}
Error Pulumi.dev.yaml:9:25 incorrect passphrase
Error Pulumi.dev.yaml:10:24 the value of `secure` must be an encrypted string
Error Pulumi.dev.yaml:3:14 Stack 'dev' with configuration key 'must' must be encrypted as it's secret
  encrypt it with `orderinfra config set must --secret`
Error Pulumi.yaml:4:1 Cannot mark a configuration value as not secret if the associated config value is secret
"#);
}

#[test]
fn name_renames_the_key() {
    assert_snapshot!(check("size: {type: integer, name: amount}", "config: {amount: 4}"), @r#"
    amount = 4
    shop:amount = 4
    size = 4
    "#);
}

#[test]
fn overrides() {
    let case = Case {
        project: "{size: 3, tags: {type: object}, key: {type: string, secret: true}}",
        stack: "config: {tags: {a: x}, plain: y}",
        overrides: &[
            ("size", "9"),
            ("path:tags.team", "web"),
            ("path:tags.count", "3"),
            ("path:new[0].a", "true"),
            ("key", "k"),
            ("aws:region", "eu-west-1"),
            ("path:plain.x", "1"),
            ("a:b:c", "1"),
        ],
    };
    assert_snapshot!(run(&case), @r#"
    aws:region = "eu-west-1"
    key = secret "k"
    new = [{"a":true}]
    plain = "y"
    shop:key = secret "k"
    shop:new = [{"a":true}]
    shop:plain = "y"
    shop:size = 9
    shop:tags = {"a":"x","count":3,"team":"web"}
    size = 9
    tags = {"a":"x","count":3,"team":"web"}
    provider aws: {"region":"eu-west-1"}
    Error  "x" cannot be set: what should hold it is not an object
    Error  could not parse a:b:c as a configuration key (configuration keys should be of the form `<namespace>:<name>`)
    "#);
}

#[test]
fn settings_of_the_engine() {
    assert_snapshot!(check("", r#"
config:
  aws:region: eu-west-1
  aws:skipMetadataApiCheck: true
  aws:maxRetries: 3
  aws:defaultTags: {tags: {a: b}}
  aws:allowedAccountIds: '["123456789012"]'
  pulumi:disable-default-providers: ["aws"]
  pulumi:autonaming:
    pattern: ${name}-${hex(4)}
    enforce: true
    providers:
      aws:
        mode: verbatim
        resources:
          aws:sqs/queue:Queue: {mode: disabled}
"#), @r#"
aws:allowedAccountIds = ["123456789012"]
aws:defaultTags = {"tags":{"a":"b"}}
aws:maxRetries = 3
aws:region = "eu-west-1"
aws:skipMetadataApiCheck = true
pulumi:autonaming = {"enforce":true,"pattern":"${name}-${hex(4)}","providers":{"aws":{"mode":"verbatim","resources":{"aws:sqs/queue:Queue":{"mode":"disabled"}}}}}
pulumi:disable-default-providers = ["aws"]
provider aws: {"allowedAccountIds":["123456789012"],"defaultTags":{"tags":{"a":"b"}},"maxRetries":"3","region":"eu-west-1","skipMetadataApiCheck":"true"}
Autonaming { rule: Some(Pattern { pattern: "${name}-${hex(4)}", enforce: true }), narrower: {"aws": Verbatim, "aws:sqs/queue:Queue": Disabled} }
disabled: ["aws"]
"#);
    assert_snapshot!(check("", "config: {'pulumi:autonaming': {mode: loud}}"), @r#"
    pulumi:autonaming = {"mode":"loud"}
    Error Pulumi.dev.yaml:1:31 pulumi:autonaming: invalid mode "loud": it is default, verbatim or disabled
    "#);
}

#[test]
fn the_narrowest_naming_rule_wins() {
    let yaml = "{mode: verbatim, providers: {aws: {pattern: '${name}', resources: {'aws:a:B': {mode: disabled}}}}}";
    let node = syntax::read("x", yaml).unwrap();
    let all = autonaming(&plain(&node, &|_| Err(String::new()), &mut Vec::new())).unwrap();
    assert_eq!(all.of("aws:a:B"), Naming::Disabled);
    let pattern = Naming::Pattern { pattern: "${name}".to_owned(), enforce: false };
    assert_eq!(all.of("aws:a:C"), pattern);
    assert_eq!(all.of("gcp:a:C"), Naming::Verbatim);
    assert_eq!(Autonaming::default().of("aws:a:B"), Naming::Default);
}

#[test]
fn stack_files() {
    let mut found = Vec::new();
    let text = "secretsprovider: passphrase\nencryptionsalt: v1:x\nencryptedkey: y\nenvironment: [a]\nconfig: {a: 1, 'shop:a': 2, 'x:y:z': 3}\n";
    let node = syntax::read("Pulumi.dev.yaml", text).unwrap();
    let file = stack_file("shop", &node, &mut found);
    assert_eq!(file.secrets_provider.as_deref(), Some("passphrase"));
    assert_eq!(file.encryption_salt.as_deref(), Some("v1:x"));
    assert_eq!(file.encrypted_key.as_deref(), Some("y"));
    let messages: Vec<String> = found.into_iter().map(|it| it.message).collect();
    assert_snapshot!(messages.join("\n"), @r#"
    environments of Pulumi ESC are not read
    configuration key 'shop:a' is given twice
    could not parse x:y:z as a configuration key (configuration keys should be of the form `<namespace>:<name>`)
    "#);
}
