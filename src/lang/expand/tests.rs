use std::fmt::Write as _;

use super::*;
use crate::lang::{check::tests::fake, parse, syntax};

const NET: &str = "
name: net
runtime: yaml
components:
  Net:
    inputs:
      cidr: { type: string }
      zones: { type: array, items: { type: string }, default: [a, b] }
      hidden: { type: string, secret: true, default: x }
    variables:
      text: ${cidr}-${hidden}
    resources:
      vpc: { type: aws:ec2:Vpc, properties: { cidrBlock: '${cidr}' } }
      queue:
        type: aws:sqs:Queue
        properties: { name: '${text}-${each.value}' }
        options: { forEach: '${zones}', dependsOn: ['${vpc}'] }
    outputs:
      vpcId: ${vpc.id}
      queues: ${queue[*].id}
";

/// Every resource and variable of what a program becomes, and the mistakes.
fn expanded(program: &str, plugin: &str) -> String {
    let mut found = Vec::new();
    let root = syntax::read("Pulumi.yaml", program).expect("it is YAML");
    let parsed = parse::program(&root, &mut found);
    let root = syntax::read("net.yaml", plugin).expect("it is YAML");
    let components = parse::components(&root, "net", "/net", &mut found);
    let context = Context::default();
    let catalog = fake();
    let given = Given {
        program: &parsed,
        components: &components,
        catalog: &catalog,
        context: &context,
        config: &Map::from([("stage".to_owned(), Value::string("dev"))]),
    };
    let flat = checked(&given, &mut found);
    let mut text = String::new();
    for it in &flat.resources {
        let parent = it.options.parent.as_ref().map(|it| match &it.kind {
            ExprKind::Access(access) => format!(" in {}", access.root),
            _ => String::new(),
        });
        let mut needs = Vec::new();
        it.accesses(&mut |access| needs.push(access.root.clone()));
        needs.dedup();
        let line = format!("{} {:?}{}", it.key.value, it.name, parent.unwrap_or_default());
        writeln!(text, "{line}: {}", needs.join(", ")).expect("text");
    }
    for it in found {
        let place = it.span.map(|it| format!("{}:{}:{}", it.file, it.line, it.column));
        writeln!(text, "! {} {}", place.unwrap_or_default(), it.message).expect("text");
    }
    text
}

#[test]
fn a_plain_program_stays_as_it_is() {
    let text = "name: p\nruntime: yaml\nresources:\n  each: { type: aws:sqs:Queue }\n  b: { type: aws:sqs:Queue, properties: { name: '${each.id}' } }\n";
    insta::assert_snapshot!(expanded(text, "name: net\n"), @r#"
each "each": 
b "b": each
"#);
}

#[test]
fn a_component_becomes_its_parts() {
    let text = "name: p\nruntime: yaml\nresources:\n  main: { type: net:Net, properties: { cidr: 10.0.0.0/16 }, options: { dependsOn: '${before}' } }\n  before: { type: aws:sqs:Queue }\n  after: { type: aws:sqs:Queue, properties: { name: '${main.vpcId}' }, options: { dependsOn: ['${main}'] } }\n";
    insta::assert_snapshot!(expanded(text, NET), @r#"
main "main": before
main/vpc "main-vpc" in main: main/cidr, before, main
main/queue[a] "main-queue-a" in main: main/text, each of main/queue[a], main/vpc, before, main
main/queue[b] "main-queue-b" in main: main/text, each of main/queue[b], main/vpc, before, main
before "before": 
after "after": main.vpcId, main, main/vpc, main/queue[a], main/queue[b]
"#);
}

/// Each once, although the component is used twice.
#[test]
fn a_components_mistakes_are_its_own() {
    let text = "name: p\nruntime: yaml\nresources:\n  a: { type: net:Net, properties: { cidr: x } }\n  b: { type: net:Net, properties: { cidr: y } }\n";
    let plugin = NET.replace("cidrBlock: '${cidr}'", "cidrBlok: '${cird}'");
    insta::assert_snapshot!(expanded(text, &plugin), @r#"
a "a": 
a/vpc "a-vpc" in a: a/cird, a
a/queue[a] "a-queue-a" in a: a/text, each of a/queue[a], a/vpc, a
a/queue[b] "a-queue-b" in a: a/text, each of a/queue[b], a/vpc, a
b "b": 
b/vpc "b-vpc" in b: b/cird, b
b/queue[a] "b-queue-a" in b: b/text, each of b/queue[a], b/vpc, b
b/queue[b] "b-queue-b" in b: b/text, each of b/queue[b], b/vpc, b
! net.yaml:13:47 Property cidrBlok does not exist on 'aws:ec2/vpc:Vpc'
! net.yaml:13:58 resource, variable, or config value "cird" not found
"#);
}

#[test]
fn nothing_of_the_program_is_seen_in_a_component() {
    let text = "name: p\nruntime: yaml\nresources:\n  a: { type: net:Net, properties: { cidr: x } }\nvariables: { outer: 1 }\n";
    for name in ["outer", "stage", "a.id"] {
        let plugin = NET.replace("${cidr}-", &format!("${{{name}}}-"));
        let root = name.split('.').next().expect("it has one");
        let said = expanded(text, &plugin);
        let mistakes: Vec<&str> = said.lines().filter(|it| it.starts_with('!')).collect();
        let place = "net.yaml:11:13";
        let wanted = format!("! {place} resource, variable, or config value \"{root}\" not found");
        assert_eq!(mistakes, [wanted.as_str()], "{said}");
    }
}

#[test]
fn copies_in_copies_stop_in_time() {
    let text = "name: p\nruntime: yaml\nresources:\n  a: { type: net:A }\n";
    let level = |name: &str, inner: &str| {
        format!(
            "  {name}:\n    resources:\n      x: {{ type: {inner}, options: {{ forEach: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }} }}\n"
        )
    };
    let levels =
        [("A", "net:B"), ("B", "net:C"), ("C", "net:D"), ("D", "net:E"), ("E", "aws:sqs:Queue")];
    let all: String = levels.iter().map(|(name, inner)| level(name, inner)).collect();
    let said = expanded(text, &format!("name: net\nruntime: yaml\ncomponents:\n{all}"));
    assert!(said.contains("make more than 10000 resources"), "no limit");
}

#[test]
fn rollouts_name_what_becomes_of_the_resources() {
    let text = "name: p
runtime: yaml
resources:
  q: { type: aws:sqs:Queue, options: { forEach: [a, b] } }
  out: { type: aws:sqs:Queue, options: { when: false } }
  net: { type: net:Net, properties: { cidr: x } }
rollouts:
  web:
    routes: ['${q[\"a\"].arn}', '${out.arn}', '${net.vpcId}', '${q.arn}']
    alarms: '${q[*].arn}'
";
    let mut found = Vec::new();
    let root = syntax::read("Pulumi.yaml", text).expect("it is YAML");
    let parsed = parse::program(&root, &mut found);
    let root = syntax::read("net.yaml", NET).expect("it is YAML");
    let components = parse::components(&root, "net", "/net", &mut found);
    let given = Given {
        program: &parsed,
        components: &components,
        catalog: &fake(),
        context: &Context::default(),
        config: &Map::new(),
    };
    let flat = checked(&given, &mut found);
    let mut named = Vec::new();
    flat.rollouts[0].value.accesses(&mut |it| named.push(it.root.as_str()));
    assert_eq!(named, ["q[a]", "net.vpcId", "q[a]", "q[b]"]);
    let wrong: Vec<&str> = found.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(wrong, ["`rollouts.web` has no `colors`", "`q` has no copy \"arn\""]);
}
