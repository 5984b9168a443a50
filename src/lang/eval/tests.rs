//! Every case is one line of YAML and the value that it is. What is reported
//! and asked on the way follows on lines of their own.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::*;
use crate::{
    lang::{parse, syntax},
    model::value::{Asset, Source},
};

const PROGRAM: &str = r#"
name: shop
resources:
  vpc:
    type: aws:ec2/vpc:Vpc
  queue:
    type: aws:sqs/queue:Queue
  later:
    type: aws:ec2/subnet:Subnet
    name: subnet-1
  group:
    type: my:index:Group
  a.b:
    type: aws:ec2/vpc:Vpc
  west:
    type: pulumi:providers:aws
variables:
  list: [a, "${vpc.cidrBlock}", 3]
  object: {name: x, deep: {number: 7, none: null}}
  hidden: {fn::secret: {password: hunter2, port: 5432}}
  wrong: ${list[9]}
  uses: ["${wrong}", "${wrong.more}", "-${wrong}-"]
  circle: ${circle.x}
  network: ${vpc}
  waits: ${queue.arn}
  region: {fn::invoke: {function: aws:index/getRegion:getRegion}}
"#;

/// A context, a configuration and resources to name.
pub(in crate::lang) struct World {
    program: Program,
    context: Context,
    config: Map,
    resources: BTreeMap<String, Seen>,
    pub(in crate::lang) answers: Answers,
}

impl World {
    pub(in crate::lang) fn new(program: &str) -> Self {
        let root = syntax::read("Pulumi.yaml", program).expect("the test's YAML is valid");
        let mut found = Vec::new();
        let program = parse::program(&root, &mut found);
        assert_eq!(found, [], "the test's program is valid");
        let config = [
            ("size", Value::from(3)),
            ("shop:size", Value::from(3)),
            ("aws:region", "eu-west-1".into()),
            ("token", Value::secret("t0ken".into())),
        ];
        let context = Context {
            cwd: "/shop".into(),
            project: "shop".into(),
            stack: "dev".into(),
            organization: "organization".into(),
            root_directory: "/shop".into(),
        };
        Self {
            program,
            context,
            config: config.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            resources: seen(),
            answers: Answers::new(),
        }
    }

    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator::new(Scope {
            program: &self.program,
            context: &self.context,
            config: &self.config,
            resources: &self.resources,
            answers: &self.answers,
        })
    }

    /// Each expression by itself, in its own evaluation.
    pub(in crate::lang) fn eval_all(&self, expressions: &str) -> String {
        let mut out = String::new();
        for text in expressions.lines().map(str::trim).filter(|it| !it.is_empty()) {
            let evaluator = self.evaluator();
            let node = syntax::read("Pulumi.yaml", text).expect("the test's YAML is valid");
            let mut found = Vec::new();
            let expr = parse::expression(&node, &mut found);
            let value = evaluator.eval(&expr);
            writeln!(out, "{text}\n  = {}", show(&value)).unwrap();
            found.extend(evaluator.errors.into_inner());
            for it in found {
                let span = it.span.unwrap_or_default();
                writeln!(out, "  ! {}:{} {}", span.line, span.column, it.message).unwrap();
                it.hint.into_iter().for_each(|it| writeln!(out, "    {it}").unwrap());
            }
            for it in evaluator.open.into_inner() {
                writeln!(out, "  ? {it:?}").unwrap();
            }
        }
        out
    }
}

fn seen() -> BTreeMap<String, Seen> {
    let one = |key: &str, token: &str, id: Value, complete: bool, outputs: &str| {
        let outputs: serde_json::Value = serde_json::from_str(outputs).expect("a test's JSON");
        let mut outputs = Value::from_json(&outputs).as_map().cloned().unwrap_or_default();
        if key == "vpc" {
            outputs.insert("key".into(), Value::secret("s3cret".into()));
        }
        let urn = format!("urn:pulumi:dev::shop::{token}::{key}");
        let reference = Ref { urn, id };
        let it =
            Seen { reference, token: token.to_owned(), name: key.to_owned(), outputs, complete };
        (key.to_owned(), it)
    };
    let vpc = r#"{"cidrBlock": "10.0.0.0/16", "ids": ["a", "b"], "tags": {"Name": "main"}}"#;
    BTreeMap::from([
        one("vpc", "aws:ec2/vpc:Vpc", "vpc-1".into(), true, vpc),
        one("a.b", "aws:ec2/vpc:Vpc", "vpc-2".into(), true, "{}"),
        one("queue", "aws:sqs/queue:Queue", Value::unknown("queue.id"), false, r#"{"name": "q"}"#),
        one("group", "my:index:Group", Value::Null, true, "{}"),
        one("west", "pulumi:providers:aws", "p-1".into(), true, "{}"),
    ])
}

/// A value on one line, with its marks.
fn show(value: &Value) -> String {
    match value {
        Value::Secret(it) => format!("secret({})", show(&it.0)),
        Value::Unknown(it) => format!("unknown({})", it.from),
        Value::Ref(it) => format!("resource({}, {})", it.urn, show(&it.id)),
        Value::Asset(it) => format!("{:?} #{:.7}", it.source, it.hash),
        Value::List(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}: {}", show(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_state().to_string(),
    }
}

fn check(expressions: &str) -> String {
    World::new(PROGRAM).eval_all(expressions)
}

#[test]
fn literals() {
    assert_snapshot!(check(
        r#"
        null
        true
        1.5
        text
        a $${x} costs $5
        [1, {a: b}]
        {"${size}": 1}
        {"k-${size}": 1, "${token}": 2}
        "#
    ), @r#"
    null
      = null
    true
      = true
    1.5
      = 1.5
    text
      = "text"
    a $${x} costs $5
      = "a ${x} costs $5"
    [1, {a: b}]
      = [1, {a: "b"}]
    {"${size}": 1}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:2 an object's key must be a string, not a number
    {"k-${size}": 1, "${token}": 2}
      = secret({k-3: 1, t0ken: 2})
    "#);
}

#[test]
fn names() {
    assert_snapshot!(check(
        r#"
        ${size}
        ${shop:size}
        ${aws:region}
        ${token}
        ${object}
        ${nothing}
        ${nothing} and ${else}
        ${pulumi.stack}
        ${pulumi}
        ${pulumi["rootDirectory"]}
        ${pulumi.region}
        "#
    ), @r#"
    ${size}
      = 3
    ${shop:size}
      = 3
    ${aws:region}
      = "eu-west-1"
    ${token}
      = secret("t0ken")
    ${object}
      = {deep: {none: null, number: 7}, name: "x"}
    ${nothing}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 resource, variable, or config value "nothing" not found
    ${nothing} and ${else}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 resource, variable, or config value "nothing" not found
      ! 1:16 resource, variable, or config value "else" not found
    ${pulumi.stack}
      = "dev"
    ${pulumi}
      = {cwd: "/shop", organization: "organization", project: "shop", rootDirectory: "/shop", stack: "dev"}
    ${pulumi["rootDirectory"]}
      = "/shop"
    ${pulumi.region}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 `pulumi` has no "region"
        it has cwd, organization, project, rootDirectory, stack
    "#);
}

#[test]
fn resources() {
    assert_snapshot!(check(
        r#"
        ${vpc}
        ${vpc.id}
        ${vpc.urn}
        ${vpc.cidrBlock}
        ${vpc.tags.Name}
        ${vpc.ids[1]}
        ${vpc.key}
        ${vpc.nothing}
        ${vpc[0]}
        ${["a.b"].id}
        ${["a.b"]}
        ${queue}
        ${queue.id}
        ${queue.name}
        ${queue.arn}
        ${queue.arn.more[3]}
        ${later}
        ${later.id}
        ${group.id}
        ${group}
        ${network.cidrBlock}
        ${network.nothing.more}
        "#
    ), @r#"
    ${vpc}
      = resource(urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::vpc, "vpc-1")
    ${vpc.id}
      = "vpc-1"
    ${vpc.urn}
      = "urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::vpc"
    ${vpc.cidrBlock}
      = "10.0.0.0/16"
    ${vpc.tags.Name}
      = "main"
    ${vpc.ids[1]}
      = "b"
    ${vpc.key}
      = secret("s3cret")
    ${vpc.nothing}
      = null
    ${vpc[0]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 cannot access a resource's property using an integer index
    ${["a.b"].id}
      = "vpc-2"
    ${["a.b"]}
      = resource(urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::a.b, "vpc-2")
    ${queue}
      = resource(urn:pulumi:dev::shop::aws:sqs/queue:Queue::queue, unknown(queue.id))
    ${queue.id}
      = unknown(queue.id)
    ${queue.name}
      = "q"
    ${queue.arn}
      = unknown(queue.arn)
    ${queue.arn.more[3]}
      = unknown(queue.arn)
    ${later}
      = unknown(later)
    ${later.id}
      = unknown(later.id)
    ${group.id}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 resource "group" is a component, which has no id
    ${group}
      = resource(urn:pulumi:dev::shop::my:index:Group::group, null)
    ${network.cidrBlock}
      = "10.0.0.0/16"
    ${network.nothing.more}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 receiver must be a list or object, not nil
    "#);
}

#[test]
fn accesses() {
    assert_snapshot!(check(
        r#"
        ${list[1]}
        ${list[2]}
        ${list[3]}
        ${list[-1]}
        ${list.name}
        ${list["0"]}
        ${object[0]}
        ${object["deep"].number}
        ${object.none}
        ${object.deep.none}
        ${object.deep.none.x}
        ${object.name.x}
        ${hidden.password}
        ${hidden["port"]}
        ${hidden.other}
        ${hidden.password.x}
        "#
    ), @r#"
    ${list[1]}
      = "10.0.0.0/16"
    ${list[2]}
      = 3
    ${list[3]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 list index 3 out-of-bounds for list of length 3
    ${list[-1]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 list index -1 out-of-bounds for list of length 3
    ${list.name}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 cannot access a list element using a property name
    ${list["0"]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 cannot access a list element using a property name
    ${object[0]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 cannot access an object property using an integer index
    ${object["deep"].number}
      = 7
    ${object.none}
      = null
    ${object.deep.none}
      = null
    ${object.deep.none.x}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 receiver must be a list or object, not nil
    ${object.name.x}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 receiver must be a list or object, not a string
    ${hidden.password}
      = secret("hunter2")
    ${hidden["port"]}
      = secret(5432)
    ${hidden.other}
      = secret(null)
    ${hidden.password.x}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 receiver must be a list or object, not a string
    "#);
}

#[test]
fn mixed_text() {
    assert_snapshot!(check(
        r#"
        a-${vpc.cidrBlock}-b
        ${size}${size}
        n=${object.deep.none}
        l=${list}
        o=${object}
        r=${vpc} u=${group}
        s=${hidden.password}
        q=${queue.arn} ${later.id}
        m=${queue}
        "#
    ), @r#"
    a-${vpc.cidrBlock}-b
      = "a-10.0.0.0/16-b"
    ${size}${size}
      = "33"
    n=${object.deep.none}
      = "n=<nil>"
    l=${list}
      = "l=[a 10.0.0.0/16 3]"
    o=${object}
      = "o=map[deep:map[none:<nil> number:7] name:x]"
    r=${vpc} u=${group}
      = "r=vpc-1 u=urn:pulumi:dev::shop::my:index:Group::group"
    s=${hidden.password}
      = secret("s=hunter2")
    q=${queue.arn} ${later.id}
      = unknown(queue.arn)
    m=${queue}
      = unknown(queue.id)
    "#);
}

#[test]
fn numbers_in_text_are_plain() {
    let world =
        World::new("{name: shop, variables: {n: [123456789012, 1000000.0, 1.5, 0.00001, 1e30]}}");
    assert_snapshot!(world.eval_all("n=${n}"), @r#"
    n=${n}
      = "n=[123456789012 1000000 1.5 0.00001 1e+30]"
    "#);
}

#[test]
fn a_mistake_is_reported_once() {
    assert_snapshot!(check(
        r#"
        ["${uses}", "${wrong}", {fn::join: [",", "${uses}"]}]
        ${circle}
        ["${waits}", {fn::toJSON: "${waits}"}, "x${waits}"]
        "#
    ), @r#"
    ["${uses}", "${wrong}", {fn::join: [",", "${uses}"]}]
      = [[unknown(the failed expression at Pulumi.yaml:21), unknown(the failed expression at Pulumi.yaml:21), unknown(the failed expression at Pulumi.yaml:21)], unknown(the failed expression at Pulumi.yaml:21), unknown(the failed expression at Pulumi.yaml:21)]
      ! 21:10 list index 9 out-of-bounds for list of length 3
    ${circle}
      = unknown(circle)
    ["${waits}", {fn::toJSON: "${waits}"}, "x${waits}"]
      = [unknown(queue.arn), unknown(queue.arn), unknown(queue.arn)]
    "#);
}

#[test]
fn calls_of_providers() {
    assert_snapshot!(check(
        r#"
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: x}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: "${later.id}"}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: "${list}"}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {provider: "${west}"}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {provider: "${vpc}"}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {dependsOn: ["${vpc}"]}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {dependsOn: ["${queue}"]}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {parent: "${later}"}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {dependsOn: [x]}}}
        [{fn::invoke: {function: "a:b:c"}}, {fn::invoke: {function: "a:b:c"}}]
        "#
    ), @r#"
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: x}}}
      = unknown(aws:index/getRegion:getRegion)
      ? Invoke { token: "aws:index/getRegion:getRegion", arguments: "{\"name\":\"x\"}", provider: None }
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: "${later.id}"}}}
      = unknown(later.id)
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: "${list}"}}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:69 the arguments of aws:index/getRegion:getRegion must be an object, not a list
    {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {provider: "${west}"}}}
      = unknown(aws:index/getRegion:getRegion)
      ? Invoke { token: "aws:index/getRegion:getRegion", arguments: "{}", provider: Some("urn:pulumi:dev::shop::pulumi:providers:aws::west") }
    {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {provider: "${vpc}"}}}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:78 provider must name a provider resource, not urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::vpc
    {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {dependsOn: ["${vpc}"]}}}
      = unknown(aws:index/getRegion:getRegion)
      ? Invoke { token: "aws:index/getRegion:getRegion", arguments: "{}", provider: None }
    {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {dependsOn: ["${queue}"]}}}
      = unknown(queue)
    {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {parent: "${later}"}}}
      = unknown(later)
    {fn::invoke: {function: "aws:index/getRegion:getRegion", options: {dependsOn: [x]}}}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:79 dependsOn must name a resource, not a string
    [{fn::invoke: {function: "a:b:c"}}, {fn::invoke: {function: "a:b:c"}}]
      = [unknown(a:b:c), unknown(a:b:c)]
      ? Invoke { token: "a:b:c", arguments: "{}", provider: None }
    "#);
}

#[test]
fn a_default_provider_is_asked_by_calls_that_are_a_variable() {
    let program = PROGRAM.replace("providers:aws\n", "providers:aws\n    defaultProvider: true\n");
    let world = World::new(&program);
    assert_snapshot!(world.eval_all("${region}\n{fn::invoke: {function: 'aws:index/getRegion:getRegion'}}"), @r#"
    ${region}
      = unknown(aws:index/getRegion:getRegion)
      ? Invoke { token: "aws:index/getRegion:getRegion", arguments: "{}", provider: Some("urn:pulumi:dev::shop::pulumi:providers:aws::west") }
    {fn::invoke: {function: 'aws:index/getRegion:getRegion'}}
      = unknown(aws:index/getRegion:getRegion)
      ? Invoke { token: "aws:index/getRegion:getRegion", arguments: "{}", provider: None }
    "#);
}

#[test]
fn answers() {
    let mut world = World::new(PROGRAM);
    let mut answer = |arguments: &str, answer: Result<Value, String>| {
        let token = "aws:index/getRegion:getRegion".to_owned();
        let question = Question::Invoke { token, arguments: arguments.to_owned(), provider: None };
        world.answers.insert(question, answer);
    };
    let region = Map::from([("name".to_owned(), "eu-west-1".into())]);
    answer("{}", Ok(Value::Map(region)));
    answer(r#"{"name":"scalar"}"#, Ok(Value::from(4)));
    answer(r#"{"name":"bad"}"#, Err("no such region".to_owned()));
    let secret = Value::Map(Map::from([("name".to_owned(), Value::secret("t0ken".into()))]));
    answer(&secret.to_state().to_string(), Ok("answer".into()));
    assert_snapshot!(world.eval_all(
        r#"
        ${region.name}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", return: name}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", return: other}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: scalar}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: scalar}, return: x}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: bad}}}
        {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: "${token}"}}}
        "#
    ), @r#"
    ${region.name}
      = "eu-west-1"
    {fn::invoke: {function: "aws:index/getRegion:getRegion", return: name}}
      = "eu-west-1"
    {fn::invoke: {function: "aws:index/getRegion:getRegion", return: other}}
      = null
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: scalar}}}
      = 4
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: scalar}, return: x}}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:93 aws:index/getRegion:getRegion returns a single value, which has no property "x"
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: bad}}}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 no such region
    {fn::invoke: {function: "aws:index/getRegion:getRegion", arguments: {name: "${token}"}}}
      = secret("answer")
    "#);
}

#[test]
fn options_name_resources() {
    let world = World::new(PROGRAM);
    let check = |text: &str| {
        let evaluator = world.evaluator();
        let node = syntax::read("Pulumi.yaml", text).expect("the test's YAML is valid");
        let expr = parse::expression(&node, &mut Vec::new());
        match evaluator.references(&expr, "dependsOn") {
            Ok(found) => found.into_iter().map(|it| it.urn).collect::<Vec<_>>().join(" "),
            Err(it) => {
                let errors = evaluator.errors.into_inner();
                errors.first().map_or_else(|| it.from.clone(), |it| it.message.clone())
            }
        }
    };
    assert_eq!(check("${vpc}"), "urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::vpc");
    assert_eq!(check("['${vpc}', '${group}']").split(' ').count(), 2);
    assert_eq!(check("{aws: '${west}'}"), "urn:pulumi:dev::shop::pulumi:providers:aws::west");
    assert_eq!(check("null"), "");
    assert_eq!(check("['${later}']"), "later");
    assert_eq!(check("[vpc]"), "dependsOn must name a resource, not a string");
}

#[test]
fn assets_have_no_text() {
    let mut world = World::new("{name: shop, variables: {a: {fn::fileAsset: ./x}}}");
    world.config.insert("b".into(), Value::Asset(Asset::new(Source::Text("x".into()))));
    let file = Asset::new(Source::File("./x".into()));
    let asset = Value::Asset(file.clone()).to_state().to_string();
    let known = Asset { hash: "0123456789".into(), ..file };
    world.answers.insert(Question::Asset { asset }, Ok(Value::Asset(known)));
    assert_snapshot!(world.eval_all("a=${a}\nb=${b}\n${a}\n${a.path}"), @r#"
    a=${a}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:3 an asset cannot be in text
    b=${b}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:3 an asset cannot be in text
    ${a}
      = File("./x") #0123456
    ${a.path}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:1 receiver must be a list or object, not an asset
    "#);
}

/// What a program's outputs are, or the first mistake.
fn hostile(program: &str) -> String {
    let root = syntax::read("Pulumi.yaml", program).expect("it reads");
    let mut found = Vec::new();
    let program = parse::program(&root, &mut found);
    assert_eq!(found, []);
    let (context, config, resources, answers) =
        (Context::default(), Map::new(), BTreeMap::new(), Answers::new());
    let evaluator = Evaluator::new(Scope {
        program: &program,
        context: &context,
        config: &config,
        resources: &resources,
        answers: &answers,
    });
    // Nearly all was made already: the rest is quickly filled.
    evaluator.made.set(BYTES_MAX - (8 << 20));
    let known = evaluator.eval(&program.outputs[0].value).is_known();
    let errors = evaluator.errors.take();
    assert!(errors.iter().all(|it| it.span.is_some()), "each mistake has its place");
    assert_eq!(known, errors.is_empty());
    errors.first().map_or_else(String::new, |it| it.message.clone())
}

/// Variables, each made of the one before.
fn tower(floors: usize, first: &str, floor: &str) -> String {
    let mut text = format!("name: p\nruntime: yaml\nvariables:\n  v0: {first}\n");
    for it in 1..floors {
        let below = format!("${{v{}}}", it - 1);
        writeln!(text, "  v{it}: {}", floor.replace("BELOW", &below)).expect("a String takes all");
    }
    writeln!(text, "outputs: {{ out: '${{v{}}}' }}", floors - 1).expect("a String takes all");
    text
}

#[test]
fn what_grows_without_bounds_is_refused() {
    let too_much = "the values of the program take more than 256 MiB";
    let cases = [
        ("laughing text", tower(60, "haha", "BELOWBELOW"), too_much),
        ("laughing lists", tower(60, "[ha]", "['BELOW', 'BELOW', 'BELOW']"), too_much),
        ("laughing objects", tower(60, "{a: ha}", "{a: 'BELOW', b: 'BELOW'}"), too_much),
        ("joined", tower(60, "haha", "{fn::join: ['BELOW', ['BELOW', 'BELOW', x]]}"), too_much),
        ("escaped", tower(60, "'\"'", "{fn::toJSON: 'BELOWBELOW'}"), too_much),
        ("encoded", tower(60, "haha", "{fn::toBase64: 'BELOWBELOW'}"), too_much),
        (
            "split",
            tower(23, "haha", "BELOWBELOW")
                .replace("out: '${v22}'", "out: {fn::split: ['', '${v22}']}"),
            too_much,
        ),
        (
            "deep",
            tower(300, "[]", "['BELOW']"),
            "values are nested more than 200 levels deep, through variables",
        ),
        (
            "a long chain",
            tower(20_000, "x", "BELOW"),
            "expressions are nested more than 1000 levels deep, through variables",
        ),
        ("not so long", tower(400, "x", "BELOW"), ""),
    ];
    // With as much stack as the program has.
    let all = move || {
        for (what, program, expected) in cases {
            assert_eq!(hostile(&program), expected, "{what}");
        }
    };
    std::thread::Builder::new().stack_size(16 << 20).spawn(all).unwrap().join().unwrap();
}
