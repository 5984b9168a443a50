//! Components, repetition and conditions: what they make, and what they refuse.

use crate::env::TestEnv;

const PLUGIN: &str = "
name: parts
runtime: yaml
components:
  Pair:
    description: Two things, the second of which uses the first.
    inputs:
      size: { type: integer }
      text: { type: string, default: plain }
    variables:
      doubled: ${text}-${text}
    resources:
      first: { type: fake:index:Thing, properties: { size: '${size}', text: '${doubled}' } }
      second: { type: fake:index:Thing, properties: { uses: '${first.id}' } }
    outputs:
      id: ${second.id}
      text: ${first.text}
";

/// A program that uses components of `parts`.
fn using(body: &str) -> TestEnv {
    let env = TestEnv::new(&format!("packages: {{ parts: ./parts }}\n{body}"));
    env.write("parts/PulumiPlugin.yaml", PLUGIN);
    env
}

const ONE: &str = "
resources:
  a: { type: parts:Pair, properties: { size: 1 } }
  user: { type: fake:index:Thing, properties: { uses: '${a.id}' } }
outputs:
  id: ${a.id}
  text: ${a.text}
";

#[test]
fn a_component_is_shown_with_its_parts_which_bear_its_name() {
    let env = using(ONE);
    insta::assert_snapshot!(env.run("preview"), @r#"
Previewing update (demo/dev):
 +  parts:Pair  a           create
 +  fake:Thing    a-first   create
 +  fake:Thing    a-second  create
 +  fake:Thing  user        create
Outputs:
  + id: [unknown: a/second.id]
  + text: "plain-plain"
Resources:
    +  4 to create
--- stderr
Created stack `demo/dev`
"#);
    insta::assert_snapshot!(env.run("up --yes"), @r#"
id: fake-2
text: plain-plain
--- stderr
Previewing update (demo/dev):
 +  parts:Pair  a           create
 +  fake:Thing    a-first   create
 +  fake:Thing    a-second  create
 +  fake:Thing  user        create
Outputs:
  + id: [unknown: a/second.id]
  + text: "plain-plain"
Resources:
    +  4 to create
 +  parts:Pair a created
 +  fake:Thing a-first created
 +  fake:Thing a-second created
 +  fake:Thing user created
Outputs:
Resources: 4 created
Duration: 0s
"#);
    let urns: Vec<String> =
        env.snapshot().resources.iter().map(|it| it.urn.as_str().to_owned()).collect();
    insta::assert_snapshot!(urns.join("\n"), @r"
    urn:pulumi:dev::demo::parts:index:Pair::a
    urn:pulumi:dev::demo::parts:index:Pair$fake:index:Thing::a-first
    urn:pulumi:dev::demo::parts:index:Pair$fake:index:Thing::a-second
    urn:pulumi:dev::demo::fake:index:Thing::user
    ");
    env.ok("preview --expect-no-changes");
    env.check_fold();
    // What changes is shown below the component, which itself does not.
    env.edit("size: 1", "size: 2");
    insta::assert_snapshot!(env.run("up --yes"), @r#"
id: fake-2
text: plain-plain
--- stderr
Previewing update (demo/dev):
    parts:Pair  a
 ~  fake:Thing    a-first  update
      ~ size: 1 => 2
Resources:
    ~  1 to update
    3 unchanged
 ~  fake:Thing a-first updated
Outputs:
Resources: 1 updated, 3 unchanged
Duration: 0s
"#);
    insta::assert_snapshot!(env.run("destroy --yes"), @r#"
--- stderr
Previewing destroy (demo/dev):
 -  fake:Thing  user        delete
 -  parts:Pair  a           delete
 -  fake:Thing    a-second  delete
 -  fake:Thing    a-first   delete
Resources:
    -  4 to delete
 -  fake:Thing user deleted
 -  fake:Thing a-second deleted
 -  fake:Thing a-first deleted
 -  parts:Pair a deleted
Resources: 4 deleted
Duration: 0s
The stack `demo/dev` is empty; its configuration stays. `orderinfra stack rm dev` forgets it
"#);
    assert!(env.things().is_empty());
    assert!(env.snapshot().resources.is_empty());
}

/// All mistakes at once, each where it is made.
#[test]
fn mistakes_are_found_where_they_are() {
    let env = using(
        "
resources:
  a: { type: parts:Pair, properties: { size: big, colour: red } }
  b: { type: parts:Part, properties: {} }
  c: { type: 'parts:index:Pair' }
outputs:
  x: ${a.nothing}
  y: ${a.first}
",
    );
    env.write(
        "parts/PulumiPlugin.yaml",
        &PLUGIN
            .replace("uses: '${first.id}'", "uses: '${frist.id}'")
            .replace("size: '${size}'", "size: '${text}', extra: 1"),
    );
    insta::assert_snapshot!(env.run("preview").ends(1), @r#"
--- stderr
Created stack `demo/dev`
error: `size` must be an integer, and this is a string
 --> $DIR/Pulumi.yaml:6:46
  |
6 |   a: { type: parts:Pair, properties: { size: big, colour: red } }
  |                                              ^^^
error: Property colour does not exist on 'parts:index:Pair'
 --> $DIR/Pulumi.yaml:6:51
  |
6 |   a: { type: parts:Pair, properties: { size: big, colour: red } }
  |                                                   ^^^^^^
  |
  = hint: Existing properties are: size, text
error: the package `parts` has no component `Part`
 --> $DIR/Pulumi.yaml:7:14
  |
7 |   b: { type: parts:Part, properties: {} }
  |              ^^^^^^^^^^
  |
  = hint: it has Pair
error: Missing required property 'size'
 --> $DIR/Pulumi.yaml:8:14
  |
8 |   c: { type: 'parts:index:Pair' }
  |              ^^^^^^^^^^^^^^^^^^
  |
  = hint: it is an integer
error: Property nothing does not exist on 'parts:index:Pair'
  --> $DIR/Pulumi.yaml:10:6
   |
10 |   x: ${a.nothing}
   |      ^^^^^^^^^^^^
   |
   = hint: Existing properties are: id, text, urn
error: Property first does not exist on 'parts:index:Pair'
  --> $DIR/Pulumi.yaml:11:6
   |
11 |   y: ${a.first}
   |      ^^^^^^^^^^
   |
   = hint: Existing properties are: id, text, urn
error: `size` must be an integer, and this is a string
  --> $DIR/parts/PulumiPlugin.yaml:13:60
   |
13 |       first: { type: fake:index:Thing, properties: { size: '${text}', extra: 1, text: '${doubled}' } }
   |                                                            ^^^^^^^^^
error: Property extra does not exist on 'fake:index:Thing'
  --> $DIR/parts/PulumiPlugin.yaml:13:71
   |
13 |       first: { type: fake:index:Thing, properties: { size: '${text}', extra: 1, text: '${doubled}' } }
   |                                                                       ^^^^^
   |
   = hint: Existing properties are: text, fixed, list, members, name and 5 others
error: resource, variable, or config value "frist" not found
  --> $DIR/parts/PulumiPlugin.yaml:14:62
   |
14 |       second: { type: fake:index:Thing, properties: { uses: '${frist.id}' } }
   |                                                              ^^^^^^^^^^^
   |
   = hint: did you mean `first`?
9 errors; nothing was changed
--- exit 1
"#);
    assert!(env.things().is_empty());
}

#[test]
fn a_component_must_be_where_it_is_said_to_be() {
    let env = TestEnv::new("packages: { parts: ./nowhere, other: ../x }\nresources: {}\n");
    env.run("preview").ends(1).says("there is no PulumiPlugin.yaml in $DIR/nowhere");
    let env = using("resources: {}\n");
    env.edit("parts: ./parts", "pieces: ./parts");
    env.run("preview").ends(1).says("the package in $DIR/parts is `parts`");
    let env = using(ONE);
    env.write("parts/more.yaml", "resources: {}\ncomponents: { Pair: { outputs: { a: 1 } } }\n");
    env.run("preview")
        .ends(1)
        .says("`resources` belongs into a component, not beside it")
        .says("the component `parts:index:Pair` is there twice");
}

#[test]
fn components_nest_and_a_component_in_itself_is_refused() {
    let env = using(
        "resources:\n  outer: { type: parts:Both, properties: { size: 3 } }\noutputs: { ids: '${outer.ids}' }\n",
    );
    let both = "
components:
  Both:
    inputs: { size: { type: integer } }
    resources:
      left: { type: parts:Pair, properties: { size: '${size}' } }
      right: { type: parts:Pair, properties: { size: '${size}', text: '${left.text}' } }
    outputs:
      ids: ['${left.id}', '${right.id}']
";
    env.write("parts/both.yaml", both);
    env.ok("up --yes");
    let urns: Vec<String> =
        env.snapshot().resources.iter().map(|it| it.urn.as_str().to_owned()).collect();
    insta::assert_snapshot!(urns.join("\n"), @r#"
urn:pulumi:dev::demo::parts:index:Both::outer
urn:pulumi:dev::demo::parts:index:Both$parts:index:Pair::outer-left
urn:pulumi:dev::demo::parts:index:Both$parts:index:Pair::outer-right
urn:pulumi:dev::demo::parts:index:Both$parts:index:Pair$fake:index:Thing::outer-left-first
urn:pulumi:dev::demo::parts:index:Both$parts:index:Pair$fake:index:Thing::outer-right-first
urn:pulumi:dev::demo::parts:index:Both$parts:index:Pair$fake:index:Thing::outer-left-second
urn:pulumi:dev::demo::parts:index:Both$parts:index:Pair$fake:index:Thing::outer-right-second
"#);
    env.write("parts/both.yaml", &both.replace("type: parts:Pair", "type: parts:Both"));
    env.run("preview").ends(1).says("the component `parts:index:Both` contains itself");
}

#[test]
fn secrets_and_unknowns_go_through_inputs_and_outputs() {
    let env = using(
        "
resources:
  before: { type: fake:index:Thing, properties: { name: before } }
  a:
    type: parts:Pair
    properties: { size: 1, text: { fn::secret: '${before.id}-hidden' } }
outputs: { text: '${a.text}' }
",
    );
    env.ok("preview").says("text: [unknown").lacks("hidden");
    let ran = env.ok("up --yes").lacks("hidden");
    assert_eq!(ran.stdout, "text: [secret]\n");
    env.ok("stack output text --show-secrets").says("fake-1-hidden-fake-1-hidden");
    let state = std::fs::read(env.database()).unwrap();
    assert!(!state.windows(6).any(|it| it == b"hidden"));
}

#[test]
fn options_of_a_component_are_those_of_its_parts() {
    let env = using(
        "
resources:
  late: { type: fake:index:Thing, properties: { name: late } }
  a:
    type: parts:Pair
    properties: { size: 1 }
    options: { dependsOn: '${late}', protect: true, retainOnDelete: true, ignoreChanges: [size] }
  after:
    type: fake:index:Thing
    properties: { name: after }
    options: { dependsOn: ['${a}'] }
",
    );
    env.ok("up --yes").says("`ignoreChanges` has no effect on a component");
    let changes = env.changes();
    assert_eq!((changes.len(), &*changes[0], &*changes[3]), (4, "create late", "create after"));
    assert!(env.state("a-first").meta.protect && env.state("a-second").meta.protect);
    env.run("destroy --yes").ends(1).says("is protected and would be deleted");
    env.edit("protect: true", "protect: false");
    env.ok("up --yes");
    env.ok("destroy --yes");
    // Retained: the parts are still there.
    assert_eq!(env.things().len(), 2);
}

/// The provider of a component is that of its parts, and of their calls.
#[test]
fn a_provider_is_handed_on() {
    let env = using(
        "
resources:
  west: { type: pulumi:providers:fake, properties: {} }
  a:
    type: parts:Pair
    properties: { size: 1 }
    options: { provider: '${west}' }
  b:
    type: parts:Pair
    properties: { size: 1 }
    options: { providers: { fake: '${west}' } }
",
    );
    env.ok("up --yes");
    for part in ["a-first", "a-second", "b-first", "b-second"] {
        let provider = env.state(part).meta.provider.unwrap();
        assert_eq!(provider.name(), "west");
    }
    assert!(env.state("a").meta.provider.is_none());
}

#[test]
fn a_resource_moves_into_a_component_and_a_component_is_renamed() {
    let env = TestEnv::new(
        "resources:\n  first: { type: fake:index:Thing, properties: { size: 1, text: plain-plain } }\n",
    );
    env.ok("up --yes");
    drop(env.calls());
    let alias = "type: fake:index:Thing, options: { aliases: [{ name: first, noParent: true }] }, properties: { size";
    let plugin = PLUGIN.replace("type: fake:index:Thing, properties: { size", alias);
    env.write("parts/PulumiPlugin.yaml", &plugin);
    let body = "packages: { parts: ./parts }\nresources:\n  a: { type: parts:Pair, properties: { size: 1 } }\n";
    env.program(body);
    env.ok("up --yes");
    let changes = env.changes();
    assert!(changes.len() == 1 && changes[0].starts_with("create a-second"), "{changes:?}");
    // The whole component by another name: its parts follow.
    env.program(&body.replace("  a: {", "  b: { options: { aliases: [{ name: a }] },"));
    env.ok("preview --expect-no-changes");
    env.ok("up --yes");
    assert_eq!(env.changes(), [""; 0]);
    assert_eq!(
        env.state("b-second").urn.as_str(),
        "urn:pulumi:dev::demo::parts:index:Pair$fake:index:Thing::b-second"
    );
    env.check_fold();
}

#[test]
fn a_component_goes_out_to_a_deployment_and_comes_back() {
    let env = using(ONE);
    env.ok("up --yes");
    let export = env.ok("stack export --show-secrets").json();
    let all = export["deployment"]["resources"].as_array().unwrap();
    let component = all.iter().find(|it| it["type"] == "parts:index:Pair").unwrap();
    assert_eq!(component["custom"], false);
    assert!(component.get("id").is_none() && component.get("provider").is_none());
    env.write("out.json", &export.to_string());
    let before = env.snapshot();
    env.ok("stack import --yes --file out.json");
    let urns = |it: &orderinfra::model::Snapshot| -> Vec<_> {
        it.resources.iter().map(|it| (it.urn.clone(), it.meta.clone())).collect()
    };
    assert_eq!(urns(&env.snapshot()), urns(&before));
    env.ok("preview --expect-no-changes");
    // Without the program the state knows what is a component.
    env.ok("destroy --yes");
    assert!(env.things().is_empty());
}

#[test]
fn a_resource_is_repeated_over_a_list_or_a_mapping() {
    let env = TestEnv::new(
        "
config:
  zones: { type: array, items: { type: string }, default: [a, b] }
resources:
  net: { type: fake:index:Thing, properties: { name: net } }
  part:
    type: fake:index:Thing
    properties: { name: 'part-${each.value}', uses: '${net.id}' }
    options: { forEach: '${zones}' }
  sized:
    type: fake:index:Thing
    properties: { name: 'sized-${each.key}', size: '${each.value.size}', text: '${each.value.text}' }
    options:
      forEach:
        small: { size: 1, text: '${part.a.id}' }
        large: { size: 9, text: '${part[\"b\"].id}' }
outputs:
  all: ${part[*].id}
  one: ${part.a.id}
  sizes: ${sized[*].size}
",
    );
    insta::assert_snapshot!(env.run("up --yes"), @r#"
all: ["fake-2","fake-3"]
one: fake-2
sizes: [9,1]
--- stderr
Created stack `demo/dev`
Previewing update (demo/dev):
 +  fake:Thing  net          create
 +  fake:Thing  part-a       create
 +  fake:Thing  part-b       create
 +  fake:Thing  sized-large  create
 +  fake:Thing  sized-small  create
Outputs:
  + all: ["[unknown]","[unknown]"]
  + one: [unknown: part[a].id]
  + sizes: [9,1]
Resources:
    +  5 to create
 +  fake:Thing net created
 +  fake:Thing part-a created
 +  fake:Thing part-b created
 +  fake:Thing sized-large created
 +  fake:Thing sized-small created
Outputs:
Resources: 5 created
Duration: 0s
"#);
    env.ok("preview --expect-no-changes");
    // Copies are named by their keys: the others stay as they are.
    drop(env.calls());
    env.ok("up --yes -c zones=[\"c\",\"a\",\"b\"]");
    assert_eq!(env.changes(), ["create part-c"]);
    env.run("up --yes -c zones=[\"a\"]").ends(1).says("`part` has no copy \"b\"");
}

#[test]
fn what_is_left_out_is_null_and_in_no_list() {
    let env = TestEnv::new(
        "
config:
  dummy: { type: boolean, default: true }
resources:
  real:
    type: fake:index:Thing
    properties: { name: real }
    options: { unless: '${dummy}' }
  dummy-only:
    type: fake:index:Thing
    properties: { name: dummy }
    options: { when: '${dummy}' }
  user:
    type: fake:index:Thing
    properties: { name: user, uses: '${real.id}' }
    options: { dependsOn: ['${real}', '${dummy-only}'] }
outputs:
  real: ${real.id}
  both: ['${real.name}', '${dummy-only.name}']
",
    );
    insta::assert_snapshot!(env.run("up --yes"), @r#"
real: null
both: ["dummy"]
--- stderr
Created stack `demo/dev`
Previewing update (demo/dev):
 +  fake:Thing  dummy-only  create
 +  fake:Thing  user        create
Outputs:
  + real: null
  + both: ["dummy"]
Resources:
    +  2 to create
 +  fake:Thing dummy-only created
 +  fake:Thing user created
Outputs:
Resources: 2 created
Duration: 0s
"#);
    insta::assert_snapshot!(env.run("up --yes -c dummy=false"), @r#"
real: fake-3
both: ["real"]
--- stderr
Previewing update (demo/dev):
 +  fake:Thing  real        create
 ~  fake:Thing  user        update
      + uses: [unknown: real.id]
 -  fake:Thing  dummy-only  delete
Outputs:
  ~ real: null => [unknown: real.id]
  ~ both: ["dummy"] => ["real"]
Resources:
    +  1 to create
    ~  1 to update
    -  1 to delete
    3 changes
 +  fake:Thing real created
 ~  fake:Thing user updated
 -  fake:Thing dummy-only deleted
Outputs:
Resources: 1 created, 1 updated, 1 deleted
Duration: 0s
"#);
    env.edit("dependsOn: ['${real}', '${dummy-only}']", "parent: '${real}'");
    env.run("preview").ends(1).says("`real` is left out here, and must not be missing");
    env.edit("real: ${real.id}", "real: is ${real.id}");
    env.run("preview").ends(1).says("`real` is left out here, and cannot be in text");
}

#[test]
fn what_decides_how_many_there_are_must_be_known() {
    let env = TestEnv::new(
        "
resources:
  a: { type: fake:index:Thing, properties: { name: a } }
  b:
    type: fake:index:Thing
    properties: { name: '${each.value}' }
    options: { forEach: ['${a.id}'] }
  c:
    type: fake:index:Thing
    options: { when: '${a.id}' }
  d:
    type: fake:index:Thing
    options: { forEach: [x, x, { y: 1 }] }
  e:
    type: fake:index:Thing
    properties: { name: '${each.key}' }
  f: { type: fake:index:Thing, options: { forEach: [x] } }
outputs:
  x: ${f.id}
  y: ${a[*].id}
  z: ${f[0].id}
",
    );
    insta::assert_snapshot!(env.run("preview").ends(1), @r#"
--- stderr
Created stack `demo/dev`
error: `forEach` must be known before anything is asked of AWS
 --> $DIR/Pulumi.yaml:9:25
  |
9 |     options: { forEach: ['${a.id}'] }
  |                         ^^^^^^^^^^^
  |
  = hint: it waits for `a.id`; take it from the configuration, as how many resources there are must not change by itself
error: `when` must be known before anything is asked of AWS
  --> $DIR/Pulumi.yaml:12:22
   |
12 |     options: { when: '${a.id}' }
   |                      ^^^^^^^^^
   |
   = hint: it waits for `a.id`; take it from the configuration, as how many resources there are must not change by itself
error: `forEach` has an object in its list
  --> $DIR/Pulumi.yaml:15:25
   |
15 |     options: { forEach: [x, x, { y: 1 }] }
   |                         ^^^^^^^^^^^^^^^^
   |
   = hint: a list has texts, which name the copies; use a mapping for other values
error: resource, variable, or config value "each" not found
  --> $DIR/Pulumi.yaml:18:26
   |
18 |     properties: { name: '${each.key}' }
   |                          ^^^^^^^^^^^
error: `f` has no copy "id"
  --> $DIR/Pulumi.yaml:21:6
   |
21 |   x: ${f.id}
   |      ^^^^^^^
   |
   = hint: it has x
error: `a` has no copies
  --> $DIR/Pulumi.yaml:22:6
   |
22 |   y: ${a[*].id}
   |      ^^^^^^^^^^
   |
   = hint: `[*]` comes right after the name of a resource with `forEach`
error: `f` has copies: say which, or all
  --> $DIR/Pulumi.yaml:23:6
   |
23 |   z: ${f[0].id}
   |      ^^^^^^^^^^
   |
   = hint: `${f["key"]}` or `${f[*]}`
7 errors; nothing was changed
--- exit 1
"#);
}

#[test]
fn a_component_is_repeated_and_repeats() {
    let env = TestEnv::new(
        "packages: { parts: ./parts }
resources:
  net:
    type: parts:Net
    properties: { zones: '${each.value}', prefix: '${each.key}' }
    options: { forEach: { east: [a, b], west: [c] } }
outputs:
  east: ${net.east.ids}
  all: ${net[*].ids}
",
    );
    env.write(
        "parts/PulumiPlugin.yaml",
        "
name: parts
runtime: yaml
components:
  Net:
    inputs:
      zones: { type: array, items: { type: string } }
      prefix: { type: string }
    resources:
      subnet:
        type: fake:index:Thing
        properties: { name: '${prefix}-${each.value}' }
        options: { forEach: '${zones}' }
    outputs:
      ids: ${subnet[*].name}
",
    );
    insta::assert_snapshot!(env.run("up --yes"), @r#"
east: ["east-a","east-b"]
all: [["east-a","east-b"],["west-c"]]
--- stderr
Created stack `demo/dev`
Previewing update (demo/dev):
 +  parts:Net   net-east             create
 +  fake:Thing    net-east-subnet-a  create
 +  fake:Thing    net-east-subnet-b  create
 +  parts:Net   net-west             create
 +  fake:Thing    net-west-subnet-c  create
Outputs:
  + east: ["east-a","east-b"]
  + all: [["east-a","east-b"],["west-c"]]
Resources:
    +  5 to create
 +  parts:Net net-east created
 +  parts:Net net-west created
 +  fake:Thing net-east-subnet-a created
 +  fake:Thing net-east-subnet-b created
 +  fake:Thing net-west-subnet-c created
Outputs:
Resources: 5 created
Duration: 0s
"#);
}

/// Components read the files beside them, and no others.
#[test]
fn a_component_reads_its_own_files() {
    let env =
        TestEnv::new("packages: { parts: ../parts }\nresources:\n  a: { type: parts:File }\n");
    env.write("project/Pulumi.yaml", &crate::env::program("packages: { parts: ../parts }\nresources:\n  a: { type: parts:File }\noutputs: { text: '${a.text}' }\n"));
    env.write("project/Pulumi.dev.yaml", "");
    env.write("parts/words.txt", "hello");
    let plugin = |path: &str| {
        format!(
            "name: parts\nruntime: yaml\ncomponents:\n  File:\n    variables: {{ read: {{ fn::readFile: {path} }} }}\n    outputs: {{ text: '${{read}}' }}\n"
        )
    };
    env.write("parts/PulumiPlugin.yaml", &plugin("./words.txt"));
    env.ok("up --yes -C project").says("text: hello");
    env.write("parts/PulumiPlugin.yaml", &plugin("../Pulumi.yaml"));
    env.run("preview -C project").ends(1).says("is outside of the project's folder");
}
