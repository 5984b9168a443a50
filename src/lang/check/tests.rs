use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{NodeRef, dependencies, order};
use crate::{
    lang::{
        Catalog,
        ast::Program,
        diag::{Diagnostic, Severity},
        parse, syntax,
    },
    model::schema::{Format, Object, Property, Schema, Type},
};

/// A queue, a network and a firewall with nested rules; two functions.
pub(in crate::lang) struct Fake {
    resources: BTreeMap<&'static str, Schema>,
    functions: BTreeMap<&'static str, Schema>,
}

impl Catalog for Fake {
    fn canonical(&self, token: &str) -> Option<String> {
        let segments: Vec<&str> = token.split(':').collect();
        let (package, module, name) = match segments.as_slice() {
            [package, name] => (*package, "index", *name),
            [package, module, name] => (*package, module.split('/').next()?, *name),
            _ => return None,
        };
        let wanted = format!("{package}:{module}/{name}:{name}");
        let mut all = self.resources.keys().chain(self.functions.keys());
        all.find(|it| it.eq_ignore_ascii_case(&wanted)).map(|it| (*it).to_owned())
    }
    fn resource(&self, token: &str) -> Option<&Schema> {
        self.resources.get(token)
    }
    fn function(&self, token: &str) -> Option<&Schema> {
        self.functions.get(token)
    }
    fn resources(&self) -> Vec<String> {
        self.resources.keys().map(|it| (*it).to_owned()).collect()
    }
    fn functions(&self) -> Vec<String> {
        self.functions.keys().map(|it| (*it).to_owned()).collect()
    }
}

fn property(ty: Type) -> Property {
    Property {
        ty,
        required: false,
        default: None,
        replace: false,
        secret: false,
        computed: false,
        write_only: false,
        volatile: false,
        autoname: None,
        deprecated: None,
        doc: String::new(),
    }
}

fn text() -> Type {
    Type::String { allowed: Vec::new(), format: None }
}

fn list(item: Type) -> Type {
    Type::List(Box::new(item))
}

/// `!` makes a property required, `?` deprecated.
fn object(properties: Vec<(&str, Type)>) -> Object {
    let properties = properties.into_iter().map(|(name, ty)| {
        let bare = name.trim_end_matches(['!', '?']);
        let deprecated = name.ends_with('?').then(|| "use `name`".to_owned());
        let required = name.ends_with('!');
        (bare.to_owned(), Property { required, deprecated, ..property(ty) })
    });
    Object { properties: properties.collect() }
}

fn schema(token: &str, inputs: Vec<(&str, Type)>, outputs: Vec<(&str, Type)>) -> Schema {
    let rule = object(vec![
        ("port!", Type::Integer),
        ("cidrBlocks", list(text())),
        ("inner", Type::Object("Rule".to_owned())),
    ]);
    let mut all = object(inputs.clone());
    all.properties.extend(object(outputs).properties);
    Schema {
        token: token.to_owned(),
        inputs: object(inputs),
        outputs: all,
        types: BTreeMap::from([("Rule".to_owned(), rule)]),
        refused: BTreeMap::from([("legacyMode".to_owned(), "AWS has retired it".to_owned())]),
    }
}

pub(in crate::lang) fn fake() -> Fake {
    let tier = Type::String { allowed: vec!["small".into(), "large".into()], format: None };
    let policy = Type::String { allowed: Vec::new(), format: Some(Format::Policy) };
    let tags = || Type::Map(Box::new(text()));
    let rules = || list(Type::Object("Rule".to_owned()));
    let queue = vec![
        ("name", text()),
        ("queueName?", text()),
        ("delaySeconds", Type::Integer),
        ("fifoQueue", Type::Bool),
        ("policy", policy),
        ("tier", tier),
        ("tags", tags()),
        ("code", Type::Archive),
        ("file", Type::Asset),
    ];
    let wall = vec![
        ("vpcId!", text()),
        ("rules", rules()),
        ("rule", Type::Object("Rule".to_owned())),
        ("zones", Type::Set(Box::new(text()))),
    ];
    let resources = [
        schema("aws:sqs/queue:Queue", queue, vec![("arn", text()), ("url", text())]),
        schema("aws:ec2/vpc:Vpc", vec![("cidrBlock", text())], vec![("arn", text())]),
        schema("aws:ec2/wall:Wall", wall, vec![("size", Type::Number)]),
        schema("random:index/id:Id", vec![("length!", Type::Integer)], vec![("hex", text())]),
    ];
    let functions = [
        schema(
            "aws:index/getZones:getZones",
            vec![("state", text())],
            vec![("names", list(text()))],
        ),
        schema("aws:ec2/getAmi:getAmi", vec![("owner!", text())], vec![("rules", rules())]),
    ];
    let leak = |it: Schema| -> (&'static str, Schema) { (it.token.clone().leak(), it) };
    Fake {
        resources: resources.into_iter().map(leak).collect(),
        functions: functions.into_iter().map(leak).collect(),
    }
}

fn checked(text: &str) -> (Program, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let root = syntax::read("p.yaml", text).expect("the YAML is good");
    let mut program = parse::program(&root, &mut found);
    let config = BTreeSet::from(["size".to_owned(), "aws:region".to_owned()]);
    super::program(&mut program, &fake(), &config, &mut found);
    (program, found)
}

/// What is wrong with a program, one mistake per line.
fn wrong(text: &str) -> String {
    let mut out = String::new();
    for it in checked(text).1 {
        let span = it.span.expect("every mistake has its place");
        let severity = if it.severity == Severity::Error { "error" } else { "warning" };
        let source = text[span.start..span.end].replace('\n', "⏎");
        writeln!(out, "{}:{} {severity}: {} [{source}]", span.line, span.column, it.message)
            .expect("a string takes all");
        if let Some(hint) = it.hint {
            writeln!(out, "  hint: {hint}").expect("a string takes all");
        }
    }
    out
}

/// A resource of this type and these properties beside a network and a
/// variable of every kind.
fn with(token: &str, properties: &str) -> String {
    wrong(&format!("{BESIDE}  it: {{type: {token}, properties: {properties}}}\n"))
}

const BESIDE: &str = "\
variables:
  ami: {fn::aws:ec2:getAmi: {owner: self}}
  names: {fn::invoke: {function: aws:getZones, return: names}}
  pair: [a, 5]
  map: {port: 5, name: x}
  secret: {fn::secret: text}
resources:
  vpc: {type: aws:ec2:Vpc}
  wall: {type: aws:ec2:Wall, properties: {vpcId: '${vpc}'}}
";

fn queue(properties: &str) -> String {
    with("aws:sqs:Queue", properties)
}

fn firewall(properties: &str) -> String {
    with("aws:ec2:Wall", properties)
}

/// An output of this value.
fn output(value: &str) -> String {
    wrong(&format!("{BESIDE}outputs:\n  o: {value}\n"))
}

/// A queue with these options.
fn options(options: &str) -> String {
    wrong(&format!(
        "{BESIDE}  aws: {{type: pulumi:providers:aws}}\n  other: {{type: pulumi:providers:random}}\n  \
         it:\n    type: aws:sqs:Queue\n    options: {options}\n"
    ))
}

#[test]
fn tokens() {
    let (program, found) = checked(
        "variables: {z: [{fn::aws:getzones: {}}]}\nresources:\n  a: {type: aws:sqs:queue}\n  \
         b: {type: 'aws:sqs/queue:Queue'}\n  c: {type: pulumi:providers:aws}\n  \
         d: {type: 'pulumi:pulumi:StackReference'}\n  e: {type: pulumi:Stash, properties: {input: 1}}\n",
    );
    assert_eq!(found, []);
    let tokens: Vec<&str> = program.resources.iter().map(|it| it.token.value.as_str()).collect();
    insta::assert_snapshot!(tokens.join(" "), @"aws:sqs/queue:Queue aws:sqs/queue:Queue pulumi:providers:aws pulumi:pulumi:StackReference pulumi:index:Stash");
    insta::assert_snapshot!(wrong("resources: {a: {type: aws:sqs:Quue}, b: {type: gcp:a:B}, c: {type: x}, d: {type: 'a::b'}, e: {type: aws:ec2:Elephant}, f: {type: pulumi:providers:gcp}, g: {type: aws:getZones}}\n"), @r#"
    1:23 error: unable to find resource type "aws:sqs:Quue" in resource provider "aws" [aws:sqs:Quue]
      hint: did you mean `aws:sqs:Queue`?
    1:48 error: unable to find resource type "gcp:a:B" in resource provider "gcp" [gcp:a:B]
      hint: the supported packages are: aws, random
    1:68 error: invalid type token "x" [x]
      hint: a token has two or three parts, such as `aws:sqs:Queue`
    1:82 error: invalid type token "a::b" ['a::b']
      hint: a token has two or three parts, such as `aws:sqs:Queue`
    1:101 error: unable to find resource type "aws:ec2:Elephant" in resource provider "aws" [aws:ec2:Elephant]
      hint: Existing ones are: aws:ec2:Vpc, aws:ec2:Wall
    1:130 error: unable to find resource type "pulumi:providers:gcp" in resource provider "gcp" [pulumi:providers:gcp]
      hint: the supported packages are: aws, random
    1:163 error: unable to find resource type "aws:getZones" in resource provider "aws" [aws:getZones]
      hint: Existing ones are: aws:ec2:Vpc, aws:ec2:Wall, aws:sqs:Queue
    "#);
    insta::assert_snapshot!(output("[{fn::aws:getZonez: {}}, {fn::invoke: {function: aws:sqs:Queue}}, {fn::a:b:c:d: }]"), @r#"
    11:8 error: unable to find function "aws:getZonez" in resource provider "aws" [fn::aws:getZonez]
      hint: did you mean `aws:getZones`?
    11:55 error: unable to find function "aws:sqs:Queue" in resource provider "aws" [aws:sqs:Queue]
    11:73 error: invalid type token "a:b:c:d" [fn::a:b:c:d]
      hint: a token has two or three parts, such as `aws:sqs:Queue`
    "#);
}

#[test]
fn names() {
    insta::assert_snapshot!(output("['${vcp.id}', '${nothing}', '${size}', '${aws:region}', '${pulumi.stack}', 'x ${ vpc }']"), @r#"
    11:8 error: resource, variable, or config value "vcp" not found [${vcp.id}]
      hint: did you mean `vpc`?
    11:21 error: resource, variable, or config value "nothing" not found [${nothing}]
    11:84 error: resource, variable, or config value " vpc " not found [${ vpc }]
      hint: did you mean `vpc`?
    "#);
    insta::assert_snapshot!(output("['${pulumi.stak}', '${pulumi.stack.x}', '${aws:username}']"), @r#"
    11:8 error: Property stak does not exist on 'pulumi' [${pulumi.stak}]
      hint: Existing properties are: stack, cwd, project, organization, rootDirectory
    11:26 error: `pulumi.stack` is a string and has no property 'x' [${pulumi.stack.x}]
    11:47 error: resource, variable, or config value "aws:username" not found [${aws:username}]
      hint: write `$${aws:username}` for the text `${aws:username}`
    "#);
    insta::assert_snapshot!(wrong("variables: {size: 1}\nresources: {'aws:region': {type: aws:sqs:Queue}}\n"), @r"
    1:13 error: variable size cannot have the same name as config value size [size]
    2:13 error: resource aws:region cannot have the same name as config value aws:region ['aws:region']
    ");
}

#[test]
fn paths() {
    insta::assert_snapshot!(output("['${vpc.id}', '${vpc.urn}', '${vpc.arn}', '${vpc[\"arn\"]}', '${wall.rules[0].port}', '${ami.rules[0].cidrBlocks[1]}', '${names[0]}', '${map.nothing}']"), @"");
    insta::assert_snapshot!(output("['${vpc.arm}', '${vpc.legacyMode}', '${vpc[0]}', '${vpc.arn.x}', '${wall.rules.port}', '${wall.rules[0].prt}', '${wall.rules[-1]}']"), @r"
    11:8 error: Property arm does not exist on 'aws:ec2/vpc:Vpc' [${vpc.arm}]
      hint: Existing properties are: arn, urn, id, cidrBlock
    11:22 error: `vpc` has no output 'legacyMode': it is not supported [${vpc.legacyMode}]
      hint: AWS has retired it
    11:43 error: `vpc` is a resource and no list [${vpc[0]}]
    11:56 error: `vpc.arn` is a string and has no property 'x' [${vpc.arn.x}]
    11:72 error: `wall.rules` is a list and has no property 'port' [${wall.rules.port}]
      hint: choose an element: `${wall.rules[0].port}`
    11:94 error: Property prt does not exist on 'wall.rules[0]' [${wall.rules[0].prt}]
      hint: Existing properties are: port, inner, cidrBlocks
    11:118 error: list index -1 out-of-bounds [${wall.rules[-1]}]
    ");
    insta::assert_snapshot!(output("['${pair[2]}', '${pair.x}', '${ami.x}', '${ami[0]}', '${map[0]}', '${names[0][1]}', '${secret.x}']"), @r"
    11:8 error: list index 2 out-of-bounds for list of length 2 [${pair[2]}]
    11:22 error: `pair` is a list and has no property 'x' [${pair.x}]
      hint: choose an element: `${pair[0].x}`
    11:35 error: Property x does not exist on 'aws:ec2/getAmi:getAmi' [${ami.x}]
      hint: Existing properties are: owner, rules
    11:47 error: `ami` is a mapping and no list [${ami[0]}]
    11:60 error: `map` is a mapping and no list [${map[0]}]
    11:73 error: `names[0]` is a string and no list [${names[0][1]}]
    11:91 error: `secret` is a string and has no property 'x' [${secret.x}]
    ");
}

#[test]
fn properties() {
    insta::assert_snapshot!(queue("{nam: x, legacyMode: true, zzz: 1, queueName: y}"), @r"
    10:42 error: Property nam does not exist on 'aws:sqs/queue:Queue' [nam]
      hint: Existing properties are: name, tags, code, file, tier and 4 others
    10:50 error: Property legacyMode of 'aws:sqs/queue:Queue' is not supported [legacyMode]
      hint: AWS has retired it
    10:68 error: Property zzz does not exist on 'aws:sqs/queue:Queue' [zzz]
      hint: Existing properties are: code, file, name, tags, tier and 4 others
    10:76 warning: `queueName` is deprecated [queueName]
      hint: use `name`
    ");
    insta::assert_snapshot!(firewall("{rules: [{prt: 1}], vpcId: }"), @r"
    10:14 error: Missing required property 'vpcId' [aws:ec2:Wall]
      hint: it is a string
    10:49 error: Missing required property 'rules[0].port' [{prt: 1}]
      hint: it is an integer
    10:50 error: Property prt does not exist on 'Rule' [prt]
      hint: Existing properties are: port, inner, cidrBlocks
    ");
    insta::assert_snapshot!(with("pulumi:pulumi:Stack", "{}"), @r#"
    10:14 error: unable to find resource type "pulumi:pulumi:Stack" in resource provider "pulumi" [pulumi:pulumi:Stack]
      hint: the types of `pulumi` are: pulumi:pulumi:StackReference, pulumi:Stash, pulumi:providers:<package>
    "#);
    insta::assert_snapshot!(with("random:Id", "{}"), @r"
    10:14 error: Missing required property 'length' [random:Id]
      hint: it is an integer
    ");
    insta::assert_snapshot!(queue("[1]"), @"10:41 error: `properties` must be a mapping, and this is a list [[1]]");
    insta::assert_snapshot!(firewall("{vpcId: '${nope}', rules: '${wall.nope}'}"), @r#"
    10:49 error: resource, variable, or config value "nope" not found [${nope}]
    10:67 error: Property nope does not exist on 'aws:ec2/wall:Wall' [${wall.nope}]
      hint: Existing properties are: rule, size, zones, id, rules and 2 others
    "#);
    insta::assert_snapshot!(firewall("{vpcId: '${vpc', rules: []}"), @"10:49 error: unterminated interpolation [${vpc]");
}

#[test]
fn coercions() {
    insta::assert_snapshot!(queue("{name: 5, delaySeconds: 5.0, fifoQueue: '${size}', tags: {a: 1, b: true, c: '${vpc}', '${size}': x}}"), @"");
    insta::assert_snapshot!(queue("{policy: {Statement: []}, code: {fn::fileArchive: x}, file: {fn::fileAsset: x}}"), @"");
    insta::assert_snapshot!(queue("{policy: '{}', file: {fn::fileArchive: x}, tags: '${map}', delaySeconds: '${wall.size}'}"), @"");
    insta::assert_snapshot!(firewall("{vpcId: '${vpc}', zones: '${names}', rules: '${ami.rules}', rule: '${ami.rules[0]}'}"), @"");
}

#[test]
fn misfits() {
    insta::assert_snapshot!(queue("{name: [x], delaySeconds: '5', fifoQueue: 'true', tags: [a], policy: 'x y'}"), @r"
    10:48 error: `name` must be a string, and this is a list [[x]]
      hint: remove the brackets or the `- `: one is wanted, without a list
    10:67 error: `delaySeconds` must be an integer, and this is a string ['5']
      hint: remove the quotes: 5
    10:83 error: `fifoQueue` must be a boolean, and this is a string ['true']
      hint: remove the quotes: true
    10:97 error: `tags` must be a map of string, and this is a list [[a]]
      hint: remove the brackets or the `- `: one is wanted, without a list
    10:110 error: `policy` is not JSON: expected value at line 1 column 1 ['x y']
      hint: JSON may also be written as a plain YAML mapping
    ");
    insta::assert_snapshot!(queue("{name: {a: 1}, delaySeconds: 1.5, fifoQueue: 1, tags: {a: [1]}, tier: smal}"), @r#"
    10:48 error: `name` must be a string, and this is a mapping [{a: 1}]
    10:70 error: `delaySeconds` must be an integer, and this is 1.5 [1.5]
    10:86 error: `fifoQueue` must be a boolean, and this is a number [1]
    10:99 error: `tags.a` must be a string, and this is a list [[1]]
      hint: remove the brackets or the `- `: one is wanted, without a list
    10:111 error: `tier` cannot be "smal" [smal]
      hint: Allowed values are `small`, `large`
    "#);
    insta::assert_snapshot!(queue("{name: '${names}', delaySeconds: '${vpc}', fifoQueue: '${vpc.arn}', tags: '${names}', code: x, file: y}"), @r"
    10:48 error: `name` must be a string, and this is a list ['${names}']
      hint: choose an element: `${names[0]}`
    10:74 error: `delaySeconds` must be an integer, and this is a resource ['${vpc}']
      hint: name one of its outputs, such as `${vpc.id}`
    10:95 error: `fifoQueue` must be a boolean, and this is a string ['${vpc.arn}']
    10:115 error: `tags` must be a map of string, and this is a list ['${names}']
    10:133 error: `code` must be an archive, and this is a string [x]
      hint: such as `fn::fileArchive: ./path`
    10:142 error: `file` must be an asset, and this is a string [y]
      hint: such as `fn::fileAsset: ./path`
    ");
    insta::assert_snapshot!(queue("{name: {fn::split: [',', x]}, tier: '${vpc.arn}', code: {fn::fileAsset: x}}"), @r"
    10:48 error: `name` must be a string, and this is a list [{fn::split: [',', x]}]
    10:97 error: `code` must be an archive, and this is an asset [{fn::fileAsset: x}]
      hint: such as `fn::fileArchive: ./path`
    ");
    insta::assert_snapshot!(firewall("{vpcId: x, rules: {port: 1}, rule: [{port: 1}], zones: a}"), @r"
    10:58 error: `rules` must be a list of object, and this is a mapping [{port: 1}]
      hint: make it a list of one: begin with `- ` or put it into `[ ]`
    10:75 error: `rule` must be an object, and this is a list [[{port: 1}]]
      hint: remove the brackets or the `- `: one is wanted, without a list
    10:95 error: `zones` must be a list of string, and this is a string [a]
      hint: make it a list of one: begin with `- ` or put it into `[ ]`
    ");
    insta::assert_snapshot!(firewall("{vpcId: x, rule: {port: x, inner: {port: true}}, rules: [1, {port: 2, cidrBlocks: x}]}"), @r"
    10:64 error: `rule.port` must be an integer, and this is a string [x]
    10:81 error: `rule.inner.port` must be an integer, and this is a boolean [true]
    10:97 error: `rules[0]` must be an object, and this is a number [1]
    10:122 error: `rules[1].cidrBlocks` must be a list of string, and this is a string [x]
      hint: make it a list of one: begin with `- ` or put it into `[ ]`
    ");
    insta::assert_snapshot!(firewall("{vpcId: x, rule: '${map}', rules: '${pair}'}"), @r"
    10:57 error: `rule` must be an object, and this is a mapping ['${map}']
    10:74 error: `rules` must be a list of object, and this is a list ['${pair}']
      hint: `rules[0]` is a string, where an object is wanted
    ");
}

#[test]
fn computed_properties() {
    insta::assert_snapshot!(queue("'${map}'"), @r"
    10:41 error: these properties do not fit 'aws:sqs/queue:Queue' ['${map}']
      hint: there is no property 'port'
    ");
    insta::assert_snapshot!(queue("'${names}'"), @"10:41 error: `properties` must be a mapping, and this is a list ['${names}']");
    insta::assert_snapshot!(queue("'${size}'"), @"");
    insta::assert_snapshot!(queue("{fn::secret: {name: x}}"), @"");
}

#[test]
fn strays() {
    insta::assert_snapshot!(wrong("resources:\n  a:\n    type: aws:sqs:Queue\n    delaySeconds: 5\n    protect: true\n    propertes: {}\n    delaySecond: 5\n    dependOn: x\n    zzzzzzzz: 1\n"), @r"
    4:5 error: Resource aws:sqs/queue:Queue has invalid key 'delaySeconds' [delaySeconds]
      hint: 'delaySeconds' exists under properties; indent it:
        properties:
          delaySeconds: …
    5:5 error: Resource aws:sqs/queue:Queue has invalid key 'protect' [protect]
      hint: 'protect' exists under options; indent it:
        options:
          protect: …
    6:5 error: Resource aws:sqs/queue:Queue has invalid key 'propertes' [propertes]
      hint: did you mean `properties`?
    7:5 error: Resource aws:sqs/queue:Queue has invalid key 'delaySecond' [delaySecond]
      hint: Did you mean 'delaySeconds' under 'properties'?
    8:5 error: Resource aws:sqs/queue:Queue has invalid key 'dependOn' [dependOn]
      hint: Did you mean 'dependsOn' under 'options'?
    9:5 error: Resource aws:sqs/queue:Queue has invalid key 'zzzzzzzz' [zzzzzzzz]
      hint: Existing fields are: type, name, defaultProvider, properties, options, get
    ");
    insta::assert_snapshot!(wrong("resources: {a: {type: aws:sqs:Quee, delaySeconds: 5}, b: {x: 1}}\n"), @r#"
    1:23 error: unable to find resource type "aws:sqs:Quee" in resource provider "aws" [aws:sqs:Quee]
      hint: did you mean `aws:sqs:Queue`?
    1:37 error: Resource aws:sqs:Quee has invalid key 'delaySeconds' [delaySeconds]
      hint: Existing fields are: type, name, defaultProvider, properties, options, get
    1:55 error: Required field 'type' is missing on resource "b" [b]
    1:59 error: Resource b has invalid key 'x' [x]
      hint: Existing fields are: type, name, defaultProvider, properties, options, get
    "#);
}

#[test]
fn gets() {
    insta::assert_snapshot!(wrong("resources: {a: {type: aws:ec2:Wall, get: {id: x, state: {size: 1, vpcId: [], nope: 1}}}, b: {type: aws:ec2:Wall, get: x}, c: {type: aws:ec2:Wall, get: {id: [x]}}}\n"), @r"
    1:74 error: `vpcId` must be a string, and this is a list [[]]
    1:78 error: Property nope does not exist on 'aws:ec2/wall:Wall' [nope]
      hint: Existing properties are: rule, size, zones, rules, vpcId
    1:119 error: `get` must be a mapping, and this is a string [x]
      hint: write `get: { id: … }`
    1:157 error: `id` must be a string, and this is a list [[x]]
    ");
}

#[test]
fn resource_options() {
    insta::assert_snapshot!(options("{parent: '${vpc}', dependsOn: '${vpc}', provider: '${aws}', deletedWith: '${vpc}', replaceWith: ['${vpc}'], providers: {aws: '${aws}'}, protect: '${size}'}"), @"");
    insta::assert_snapshot!(options("{parent: vpc, dependsOn: [vpc, '${vpc.id}', '${vpc}'], provider: '${vpc}', deletedWith: 5, replaceWith: x, providers: ['${vpc}', x]}"), @r"
    14:23 error: `parent` must be a resource, and this is a string [vpc]
      hint: name the resource as `${vpc}`
    14:40 error: `dependsOn` must be a resource, and this is a string [vpc]
      hint: name the resource as `${vpc}`
    14:45 error: `dependsOn` must be a resource, and this is a string ['${vpc.id}']
      hint: name the resource itself: `${vpc}`
    14:79 error: `vpc` is no provider but a 'aws:ec2/vpc:Vpc' ['${vpc}']
      hint: a provider is a resource of type `pulumi:providers:aws`
    14:102 error: `deletedWith` must be a resource, and this is a number [5]
      hint: name the resource as `${name}`
    14:118 error: `replaceWith` must be a list of resources, and this is a string [x]
      hint: name the resource as `${x}`
    14:133 error: `vpc` is no provider but a 'aws:ec2/vpc:Vpc' ['${vpc}']
      hint: a provider is a resource of type `pulumi:providers:aws`
    14:143 error: `providers` must be a resource, and this is a string [x]
      hint: name the resource as `${x}`
    ");
    insta::assert_snapshot!(options("{provider: '${other}', dependsOn: '${names}', protect: '${vpc.arn}'}"), @r"
    14:25 error: a provider of 'random' cannot manage 'aws:sqs/queue:Queue' ['${other}']
    14:48 error: `dependsOn` must be a list of resources, and this is a list of other things ['${names}']
      hint: name the resource as `${name}`
    14:69 error: `protect` must be a boolean, and this is a string ['${vpc.arn}']
    ");
    insta::assert_snapshot!(options("{protect: '${wall.rules[0]}', aliases: [{parent: '${vpc}', name: [], noParent: x}]}"), @r"
    14:24 error: `protect` must be a boolean, and this is a mapping ['${wall.rules[0]}']
    14:54 error: an alias has either `parent` or `noParent` [{parent: '${vpc}', name: [], noParent: x}]
    14:79 error: `name` of an alias cannot be a list [[]]
    14:93 error: `noParent` of an alias cannot be a string [x]
    ");
    insta::assert_snapshot!(options("{ignoreChanges: [tags.Name, tag, 'tags[\"x\"]', '*'], replaceOnChanges: ['zzz']}"), @r"
    12:3 warning: `ignoreChanges` names 'tag', which 'aws:sqs/queue:Queue' does not have [it]
      hint: did you mean `tags`?
    12:3 warning: `replaceOnChanges` names 'zzz', which 'aws:sqs/queue:Queue' does not have [it]
    ");
    insta::assert_snapshot!(options("{parent: '${nope}', dependsOn: ['${nope.x}']}"), @r#"
    14:24 error: resource, variable, or config value "nope" not found [${nope}]
    14:47 error: resource, variable, or config value "nope" not found [${nope.x}]
    "#);
}

#[test]
fn default_providers() {
    insta::assert_snapshot!(wrong("resources:\n  a: {type: aws:sqs:Queue, defaultProvider: true}\n  b: {type: pulumi:providers:aws, defaultProvider: true, options: {version: 7.0.0}}\n  c: {type: pulumi:providers:aws, defaultProvider: true}\n  d: {type: aws:sqs:Queue, options: {version: 6.0.0}}\n  e: {type: aws:sqs:Queue, options: {version: 7.0.0}}\n"), @r"
    2:3 error: cannot set defaultProvider on non-provider resource [a]
    4:3 error: `b` is already the default provider of 'aws' [c]
      hint: it is at line 3
    5:3 error: `version` 6.0.0 conflicts with that of the default provider `b` [d]
    ");
    insta::assert_snapshot!(with("pulumi:providers:aws", "{region: x, allowedAccountIds: [5], assumeRoles: [{rolearn: x}], skipMetadataApiCheck: true, httpProxy: x, nope: 1, defaultTags: {tags: {a: b}}, endpoints: [{sqs: http://x}]}"), @r"
    10:98 error: Missing required property 'assumeRoles[0].roleArn' [{rolearn: x}]
      hint: it is a string
    10:99 error: Property rolearn does not exist on 'ProviderAssumeRole' [rolearn]
      hint: Existing properties are: roleArn, policy, policyArns, tags, duration and 4 others
    10:141 error: Property httpProxy of 'pulumi:providers:aws' is not supported [httpProxy]
      hint: set HTTP_PROXY instead
    10:155 error: Property nope does not exist on 'pulumi:providers:aws' [nope]
      hint: Existing properties are: token, profile, region, endpoints, accessKey and 13 others
    ");
}

#[test]
fn invokes() {
    insta::assert_snapshot!(output("{fn::invoke: {function: aws:ec2:getAmi, arguments: {ownr: x, legacyMode: 1}, return: rule}}"), @r"
    11:30 error: Missing required argument 'owner' [aws:ec2:getAmi]
    11:58 warning: Argument ownr does not exist on 'aws:ec2/getAmi:getAmi' and is ignored [ownr]
      hint: Existing arguments are: owner
    11:67 error: Argument legacyMode of 'aws:ec2/getAmi:getAmi' is not supported [legacyMode]
      hint: AWS has retired it
    11:91 error: `return` names 'rule', which 'aws:ec2/getAmi:getAmi' does not return [rule]
      hint: Existing properties are: rules, owner
    ");
    insta::assert_snapshot!(output("{fn::aws:ec2:getAmi: {owner: [x]}}"), @r"
    11:35 error: `owner` must be a string, and this is a list [[x]]
      hint: remove the brackets or the `- `: one is wanted, without a list
    ");
    insta::assert_snapshot!(output("{fn::invoke: {function: aws:ec2:getAmi, arguments: '${map}', options: {provider: '${vpc}', parent: x, dependsOn: ['${vpc.id}']}}}"), @r"
    11:57 error: these arguments do not fit 'aws:ec2/getAmi:getAmi' ['${map}']
    11:87 error: `vpc` is no provider but a 'aws:ec2/vpc:Vpc' ['${vpc}']
      hint: a provider is a resource of type `pulumi:providers:aws`
    11:105 error: `parent` must be a resource, and this is a string [x]
      hint: name the resource as `${x}`
    11:120 error: `dependsOn` must be a resource, and this is a string ['${vpc.id}']
      hint: name the resource itself: `${vpc}`
    ");
    insta::assert_snapshot!(output("{fn::invoke: {function: aws:ec2:getAmi, arguments: '${names}'}}"), @"11:57 error: `arguments` must be a mapping, and this is a list ['${names}']");
}

#[test]
fn builtins() {
    insta::assert_snapshot!(output("[{fn::join: [',', [a, 5, '${pair}', '${vpc}', '${size}']]}, {fn::join: [5, '${ami.rules}']}, {fn::join: [~, '${names}']}]"), @r#"
    11:28 error: fn::join wants a string, and this is a number [5]
      hint: quote it: "5"
    11:31 error: fn::join wants a string, and this is a list ['${pair}']
    11:78 error: fn::join wants a string, and this is a number [5]
      hint: quote it: "5"
    11:81 error: fn::join wants a list of strings, and this is a list ['${ami.rules}']
    "#);
    insta::assert_snapshot!(output("[{fn::split: [[], '${names}']}, {fn::length: '${wall.size}'}, {fn::length: '${map}'}]"), @r"
    11:20 error: fn::split wants a string, and this is a list [[]]
    11:24 error: fn::split wants a string, and this is a list ['${names}']
    11:51 error: fn::length wants a list, a mapping or a string, and this is a number ['${wall.size}']
    ");
    insta::assert_snapshot!(output("[{fn::select: [2, '${pair}']}, {fn::select: [-1, [a]]}, {fn::select: [1.5, [a]]}, {fn::select: [x, '${map}']}, {fn::select: ['${size}', '${names}']}]"), @r"
    11:7 error: list index 2 out-of-bounds for list of length 2 [{fn::select: [2, '${pair}']}]
    11:51 error: the index of fn::select must be a whole number from 0, and this is -1 [-1]
    11:76 error: the index of fn::select must be a whole number from 0, and this is 1.5 [1.5]
    11:102 error: fn::select wants a number as its index, and this is a string [x]
    11:105 error: fn::select wants a list, and this is a mapping ['${map}']
    ");
    insta::assert_snapshot!(output("[{fn::toBase64: '${names}'}, {fn::singleOrNone: '${secret}'}, {fn::pulumiResourceName: '${vpc.id}'}, {fn::pulumiResourceType: '${vpc}'}]"), @r"
    11:22 error: fn::toBase64 wants a string, and this is a list ['${names}']
    11:54 error: fn::singleOrNone wants a list, and this is a string ['${secret}']
    11:93 error: fn::pulumiResourceName wants a resource, and this is a string ['${vpc.id}']
    ");
    insta::assert_snapshot!(output("[{fn::assetArchive: {a: '${map}', b: {fn::secret: x}}}, {'${names}': 1}]"), @r"
    11:30 error: `a` must be an asset or an archive, and this is a mapping ['${map}']
    11:43 error: `b` must be an asset or an archive, and this is a string [{fn::secret: x}]
    11:63 error: a key must be a string, and this is a list ['${names}']
    ");
}

#[test]
fn cycles() {
    insta::assert_snapshot!(wrong("variables: {v: '${a.arn}', self: 'x ${self}'}\nresources:\n  a: {type: aws:sqs:Queue, properties: {name: '${b.arn}', tags: {x: '${b.url}'}}}\n  b: {type: aws:sqs:Queue, options: {ignoreChanges: [tags], deletedWith: '${c}'}}\n  c: {type: aws:sqs:Queue, properties: {name: '${v}'}}\n  d: {type: aws:sqs:Queue, properties: {name: '${c.arn}'}}\n"), @r"
    1:28 error: circular dependency of variable 'self' transitively on itself [self]
      hint: the circle is self -> self
    3:3 error: circular dependency of resource 'a' transitively on itself [a]
      hint: the circle is a -> b -> c -> v -> a
    ");
    insta::assert_snapshot!(wrong("resources:\n  p: {type: pulumi:providers:aws, defaultProvider: true, properties: {region: '${a.arn}'}}\n  a: {type: aws:sqs:Queue}\n"), @r"
    2:3 error: circular dependency of resource 'p' transitively on itself [p]
      hint: the circle is p -> a -> p
    ");
}

#[test]
fn order_and_dependencies() {
    let (program, found) = checked(
        "variables:\n  z: {fn::aws:getZones: {}}\n  y: '${a.arn} ${z.names[0]}'\n  x: '${y}'\nresources:\n  \
         b: {type: aws:sqs:Queue, properties: {name: '${x}'}}\n  \
         a: {type: aws:sqs:Queue, options: {provider: '${q}'}}\n  \
         p: {type: pulumi:providers:aws, defaultProvider: true}\n  q: {type: pulumi:providers:aws}\n  \
         r: {type: random:Id, properties: {length: 1}, options: {parent: '${b}'}}\n",
    );
    assert_eq!(found, []);
    let name = |node: &NodeRef| match *node {
        NodeRef::Resource(at) => program.resources[at].key.value.clone(),
        NodeRef::Variable(at) => format!("${}", program.variables[at].name.value),
    };
    let order = order(&program).expect("there is no circle");
    insta::assert_snapshot!(order.iter().map(name).collect::<Vec<_>>().join(" "), @"p $z q a $y $x b r");
    insta::assert_snapshot!(format!("{:?}", dependencies(&program)), @r#"{"a": {"q"}, "b": {"a", "p"}, "p": {}, "q": {}, "r": {"b"}}"#);
}

#[test]
fn a_long_chain_needs_no_deep_stack() {
    let mut text = "variables:\n  v0: 1\n".to_owned();
    for it in 1..3000 {
        writeln!(text, "  v{it}: ${{v{}}}", it - 1).expect("a string takes all");
    }
    assert_eq!(wrong(&text), "");
    let mut text = "variables:\n".to_owned();
    for it in 0..3000 {
        writeln!(text, "  v{it}: ${{v{}}}", it + 1).expect("a string takes all");
    }
    text.push_str("  v3000: [1]\noutputs: {o: '${v0[1]}'}\n");
    insta::assert_snapshot!(wrong(&text), @"3003:15 error: list index 1 out-of-bounds for list of length 1 [${v0[1]}]");
}

#[test]
fn variables_inside_variables_do_not_grow() {
    let mut text = "variables:\n  v0: [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for it in 1..30 {
        let below = format!("'${{v{}}}'", it - 1);
        writeln!(text, "  v{it}: [{}]", vec![below; 9].join(", ")).expect("a string takes all");
    }
    text.push_str(
        "resources: {a: {type: aws:sqs:Queue, properties: {name: '${v29}', tags: '${v29}'}}}\n",
    );
    insta::assert_snapshot!(wrong(&text), @r"
    32:57 error: `name` must be a string, and this is a list ['${v29}']
      hint: choose an element: `${v29[0]}`
    32:73 error: `tags` must be a map of string, and this is a list ['${v29}']
    ");
}

#[test]
fn mutations_never_panic() {
    let seed = format!(
        "{BESIDE}  it:\n    type: aws:sqs:Queue\n    properties: {{name: 'a ${{vpc.id}}', tags: {{a: '${{pair[0]}}'}}}}\n    \
         options: {{dependsOn: ['${{wall}}'], ignoreChanges: [tags.x]}}\n  got: {{type: aws:ec2:Wall, get: {{id: x}}}}\n\
         outputs: {{o: {{fn::join: [',', ['${{it.url}}']]}}, p: {{fn::select: [0, '${{pair}}']}}}}\n"
    );
    let alphabet: Vec<char> = "${}[]\"'.:,x0- \n~é".chars().collect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("it is below a usize")
    };
    let (fake, config) = (fake(), BTreeSet::new());
    for _ in 0..2000 {
        let mut text: Vec<char> = seed.chars().collect();
        for _ in 0..=draw(3) {
            let at = draw(text.len());
            match draw(3) {
                0 => text[at] = alphabet[draw(alphabet.len())],
                1 => text.insert(at, alphabet[draw(alphabet.len())]),
                _ => drop(text.remove(at)),
            }
        }
        let text: String = text.into_iter().collect();
        let Ok(root) = syntax::read("p.yaml", &text) else { continue };
        let mut found = Vec::new();
        let mut program = parse::program(&root, &mut found);
        super::program(&mut program, &fake, &config, &mut found);
        dependencies(&program);
        for it in found {
            let span = it.span.expect("every mistake has its place");
            assert!(text.get(span.start..span.end).is_some(), "{text:?} {span:?}");
        }
    }
}

/// A rollout beside a network and a variable of every kind.
fn rollout(section: &str) -> String {
    wrong(&format!("{BESIDE}rollouts:\n  web:\n{section}"))
}

#[test]
fn rollouts() {
    let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup";
    let colors = format!(
        "    colors:\n      blue: {{targetGroup: '{group}/a/1'}}\n      green: {{targetGroup: '${{map.name}}'}}\n"
    );
    // `off` is a word in YAML, not a boolean.
    let off = "    analysis: {compare: off}\n    capacity: {preScale: off}\n";
    insta::assert_snapshot!(rollout(&format!("{colors}{off}")), @"");
    insta::assert_snapshot!(rollout("    colors: ${pair}\n    strategy: ${size}\n    alarms: ['${map.name}']\n"), @"");
    insta::assert_snapshot!(rollout(&format!("{colors}    strategy:\n      steps:\n        - weight: 5\n          bake: soon\n        - {{weight: 5, wait: 1m}}\n        - ${{map.port}}\n    rutes: [x]\n    routes: ['${{vpc}}', '${{nobody.arn}}']\n    test: {{header: {{X-Canary.id: '${{map}}'}}}}\n    finalBake: 15\n")), @r#"
    18:17 error: `rollouts.web.strategy.steps[0].bake` is not right: `soon` is no span of time: write numbers with d, h, m, s or ms, such as 10m or 1h30m [soon]
    19:23 error: `rollouts.web.strategy.steps[1].wait` is not known here; there are weight, bake, pause [wait]
    21:5 error: `rollouts.web.rutes` is not known here; did you mean `routes`? [rutes]
    22:14 error: `rollouts.web.routes[0]` must be a listener or a rule, and `vpc` is aws:ec2/vpc:Vpc ['${vpc}']
    22:25 error: resource, variable, or config value "nobody" not found [${nobody.arn}]
    23:5 error: `rollouts.web.test` has no `priority` [test]
    24:16 error: `rollouts.web.finalBake` is not right: `15` has a number without a unit: write numbers with d, h, m, s or ms, such as 10m or 1h30m [15]
    "#);
    insta::assert_snapshot!(wrong("rollouts: {'a b': {}, 1a: 5, web: '${vpc'}\n"), @r"
    1:12 error: `a b` cannot name a rollout ['a b']
      hint: a name is letters, digits, `-` and `_`, and begins with a letter
    1:23 error: `1a` cannot name a rollout [1a]
      hint: a name is letters, digits, `-` and `_`, and begins with a letter
    1:27 error: `rollouts.1a` must be a mapping, and this is a number [5]
    1:36 error: unterminated interpolation [${vpc]
    ");
    insta::assert_snapshot!(wrong("rollouts: []\n"), @"1:11 error: `rollouts` must be a mapping, and this is a list [[]]");
}
