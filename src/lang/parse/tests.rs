use std::fmt::Write as _;

use crate::lang::{
    ast::Program,
    diag::{Diagnostic, Severity},
    parse, syntax,
};

fn read(text: &str) -> (Program, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let root = syntax::read("p.yaml", text).expect("the YAML is good");
    (parse::program(&root, &mut found), found)
}

/// What is wrong with a program, one mistake per line.
fn wrong(text: &str) -> String {
    let mut out = String::new();
    for it in read(text).1 {
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

/// A resource with these lines, its own indentation added.
fn resource(lines: &str) -> String {
    let lines: String = lines.lines().map(|it| format!("    {it}\n")).collect();
    wrong(&format!("name: p\nresources:\n  a:\n{lines}"))
}

/// One variable with this value.
fn variable(value: &str) -> String {
    wrong(&format!("variables:\n  v: {value}\n"))
}

#[test]
fn a_whole_program() {
    let text = r#"
name: shop
runtime: yaml
description: d
pulumi: {requiredVersion: ">=3"}
config: {size: {type: integer}}
variables:
  zones:
    fn::aws:getAvailabilityZones: {}
  account:
    fn::invoke:
      function: aws:getCallerIdentity
      return: accountId
      options: {provider: "${east}"}
resources:
  east:
    type: pulumi:providers:aws
    defaultProvider: true
    properties: {region: us-east-1}
  queue:
    type: aws:sqs:Queue
    name: jobs
    condition: x
    metadata: {a: 1}
    properties:
      name: jobs-${pulumi.stack}
      tags: {"${zones[0]}": "$${x}"}
    options:
      dependsOn: ${east}
      protect: ${size}
      ignoreChanges: [tags.Name]
      customTimeouts: {create: 1h30m}
      import: abc
  old:
    type: aws:sqs:Queue
    get: {id: "${queue.id}", state: {name: x}}
outputs:
  url: ${queue.url}
"#;
    let (program, found) = read(text);
    assert_eq!(found, []);
    let resources: Vec<String> = program
        .resources
        .iter()
        .map(|it| {
            let mut accesses = Vec::new();
            it.accesses(&mut |access| accesses.push(access.root.clone()));
            format!("{} {} {} {accesses:?}", it.key.value, it.name, it.token.value)
        })
        .collect();
    insta::assert_snapshot!(resources.join("\n"), @r#"
    east east pulumi:providers:aws []
    queue jobs aws:sqs:Queue ["pulumi", "zones", "east", "size"]
    old old aws:sqs:Queue ["queue"]
    "#);
    assert_eq!(program.name, "shop");
    assert!(program.resources[0].default_provider);
    assert!(!program.required_versions.is_empty());
    assert_eq!(program.resources[1].options.ignore_changes, ["tags.Name"]);
    assert_eq!(program.variables.len(), 2);
    assert_eq!(program.outputs.len(), 1);
}

#[test]
fn top_level() {
    insta::assert_snapshot!(wrong("[]"), @"1:1 error: a program is a mapping, and this is a list [[]]");
    insta::assert_snapshot!(wrong(""), @"1:1 error: a program is a mapping, and this is null []");
    insta::assert_snapshot!(wrong("name: 5\nresource: {}\nVariables: {}\nvariables: {}\nblah: 1\n"), @r"
    3:1 warning: 'Variables' looks like a miscapitalization of 'variables' [Variables]
    4:1 error: `variables` was already given as `Variables` [variables]
      hint: the first is at line 3
    2:1 warning: unknown top-level key 'resource', which is ignored [resource]
      hint: did you mean `resources`?
    5:1 warning: unknown top-level key 'blah', which is ignored [blah]
    1:7 error: the project's name must be a string, and this is a number [5]
      hint: quote it
    ");
    insta::assert_snapshot!(wrong("components: {}\nnamespace: n\nversion: 1.0.0\n"), @r#"
1:1 error: components are only supported in plugins, not in programs [components]
  hint: put them into a `PulumiPlugin.yaml` of a folder, and name that under `packages`
2:1 warning: `namespace` belongs to plugins and is ignored in a program [namespace]
3:1 warning: `version` belongs to plugins and is ignored in a program [version]
"#);
    insta::assert_snapshot!(wrong("resources: []\nvariables: x\noutputs: 1\npulumi: x\n"), @r"
    4:9 error: `pulumi` must be a mapping, and this is a string [x]
    2:12 error: `variables` must be a mapping, and this is a string [x]
    1:12 error: `resources` must be a mapping, and this is a list [[]]
    3:10 error: `outputs` must be a mapping, and this is a number [1]
    ");
    insta::assert_snapshot!(wrong("resources:\nvariables:\noutputs:\nname: n\n"), @"");
    insta::assert_snapshot!(wrong("pulumi: {requiredversion: [], other: 1}\n"), @r"
    1:10 warning: 'requiredversion' looks like a miscapitalization of 'requiredVersion' [requiredversion]
    1:31 error: other does not exist on `pulumi` [other]
      hint: Existing fields are: requiredVersion
    1:27 error: `requiredVersion` must be a string, and this is a list [[]]
    ");
}

#[test]
fn names() {
    insta::assert_snapshot!(wrong("resources: {pulumi: {type: a:b:C}, a: {type: a:b:C}}\nvariables: {a: 1, pulumi: 2, '': 3}\n"), @r"
    1:13 error: resource pulumi uses the reserved name pulumi [pulumi]
    2:19 error: variable pulumi uses the reserved name pulumi [pulumi]
    2:30 error: a variable must have a name ['']
    2:13 error: variable a cannot have the same name as resource a [a]
      hint: the resource is at line 1
    2:19 error: variable pulumi cannot have the same name as resource pulumi [pulumi]
      hint: the resource is at line 1
    ");
}

#[test]
fn resources() {
    insta::assert_snapshot!(resource("properties: {}"), @r#"3:3 error: Required field 'type' is missing on resource "a" [a]"#);
    insta::assert_snapshot!(wrong("resources: {a: , b: x, c: {type: 5}, d: {type: \"${x}\"}}\n"), @r#"
    1:13 error: Required field 'type' is missing on resource "a" [a]
    1:21 error: resource b must be a mapping, and this is a string [x]
    1:34 error: `type` must be a string, and this is a number [5]
    1:48 error: `type` must be literal: it is needed before anything is evaluated ["${x}"]
    "#);
    insta::assert_snapshot!(resource("Type: a:b:C\nPROPERTIES: {}\nname: ${x}\ndefaultProvider: 'yes'"), @r"
    4:5 warning: 'Type' looks like a miscapitalization of 'type' [Type]
    5:5 warning: 'PROPERTIES' looks like a miscapitalization of 'properties' [PROPERTIES]
    6:11 error: `name` must be literal: it is needed before anything is evaluated [${x}]
    7:22 error: `defaultProvider` must be `true` or `false`, and this is a string ['yes']
    ");
    insta::assert_snapshot!(resource("type: a:b:C\nproperties: [x]\noptions: x\n"), @r"
    5:17 error: `properties` must be a mapping, and this is a list [[x]]
    6:14 error: `options` must be a mapping, and this is a string [x]
    ");
    insta::assert_snapshot!(resource("type: a:b:C\nproperties: ${x}\n"), @"");
    insta::assert_snapshot!(resource("type: a:b:C\nproperties: {fn::secret: {a: 1}}\n"), @"");
    insta::assert_snapshot!(resource("type: a:b:C\nproperties: {a: '${b', c: '${}'}\n"), @r"
    5:22 error: unterminated interpolation [${b]
    5:32 error: Property access expressions cannot be empty [${}]
      hint: write `$$` for a literal `$`
    ");
}

#[test]
fn get() {
    insta::assert_snapshot!(resource("type: a:b:C\nproperties: {a: 1}\nget: {id: x}\n"), @r"
    6:5 error: Resource fields properties and get are mutually exclusive [get]
      hint: `get` reads a resource that something else manages, `properties` manages it here
    ");
    insta::assert_snapshot!(resource("type: a:b:C\nget: {state: {}, idd: x}\n"), @r#"
    5:22 error: idd does not exist on `get` [idd]
      hint: Existing fields are: id, state
    5:10 error: Required field 'id' is missing on get of resource "a" [{state: {}, idd: x}]
    "#);
    insta::assert_snapshot!(resource("type: a:b:C\nget: x\n"), @r"
    5:10 error: `get` must be a mapping, and this is a string [x]
      hint: write `get: { id: … }`
    ");
}

#[test]
fn strays_are_kept_for_the_checker() {
    let (program, found) = read("resources: {a: {type: a:b:C, protect: true, size: 1}}\n");
    assert_eq!(found, []);
    let strays: Vec<&str> = program.strays.iter().map(|it| it.key.value.as_str()).collect();
    assert_eq!(strays, ["protect", "size"]);
}

#[test]
fn options() {
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {dependson: ['${b}'], protectt: true, retainOnDelete: 1}"), @r#"
5:15 warning: 'dependson' looks like a miscapitalization of 'dependsOn' [dependson]
5:36 error: protectt does not exist on resource options [protectt]
  hint: Existing fields are: protect, parent, provider, forEach, providers and 18 others
5:68 error: `retainOnDelete` must be `true` or `false`, and this is a number [1]
"#);
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {ignoreChanges: tags, deleteBeforeReplace: '${x}', import: 5, version: {}}"), @r"
    5:57 error: `deleteBeforeReplace` must be literal: it is needed before anything is evaluated ['${x}']
    5:30 error: `ignoreChanges` must be a list of strings, and this is a string [tags]
    5:73 error: `import` must be a string, and this is a number [5]
    5:85 error: `version` must be a string, and this is a mapping [{}]
    ");
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {replaceOnChanges: [1, '${x}', ok]}"), @r"
    5:34 error: `replaceOnChanges` must be a string, and this is a number [1]
    5:37 error: `replaceOnChanges` must be literal: it is needed before anything is evaluated ['${x}']
    ");
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {customTimeouts: {create: 5, update: 5x, read: 1.5h, delete: '${x}', make: 1m}}"), @r#"
    5:83 error: make does not exist on customTimeouts [make]
      hint: Existing fields are: create, read, update, delete
    5:40 error: a timeout must be a duration [5]
      hint: such as "30m" or "1h30m"
    5:51 error: a timeout must be a duration [5x]
      hint: such as "30m" or "1h30m"
    "#);
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {customTimeouts: 5m, aliases: x}"), @r"
    5:31 error: `customTimeouts` must be a mapping [5m]
    5:44 error: `aliases` must be a list [x]
    ");
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {aliases: [urn:x, {name: a, nme: b}, 5, {parent: '${a}', noParent: true}]}"), @r"
    5:42 error: nme does not exist on an alias [nme]
      hint: Existing fields are: name, type, urn, parent, stack and 2 others
    5:51 error: `an alias` must be a URN or a mapping [5]
    5:54 error: an alias has either `parent` or `noParent` [{parent: '${a}', noParent: true}]
    ");
    insta::assert_snapshot!(resource("type: a:b:C\noptions: {providers: {aws: '${p}'}, protect: , dependsOn: []}"), @"");
}

#[test]
fn calls() {
    insta::assert_snapshot!(variable("{Fn::ToJson: 1}"), @"2:7 warning: 'Fn::ToJson' looks like a miscapitalization of 'fn::toJSON' [Fn::ToJson]");
    insta::assert_snapshot!(variable("{fn::joim: [',', []]}"), @r"
    2:7 warning: 'fn::' is a reserved prefix, and there is no function 'fn::joim' [fn::joim]
      hint: did you mean `fn::join`?
    ");
    insta::assert_snapshot!(variable("{fn::join: [','], x: 1}"), @"2:7 warning: `fn::join` is a plain key here: a call stands alone in its mapping [fn::join]");
    insta::assert_snapshot!(variable("[{fn::join: [',']}, {fn::split: x}, {fn::select: {}}]"), @r#"
    2:18 error: the argument to fn::join must be a two-valued list [[',']]
      hint: `fn::join: [",", [a, b]]`
    2:38 error: the argument to fn::split must be a two-valued list [x]
      hint: `fn::split: [",", "a,b"]`
    2:55 error: the argument to fn::select must be a two-valued list [{}]
      hint: `fn::select: [0, [a, b]]`
    "#);
    insta::assert_snapshot!(variable("[{fn::length: 1}, {fn::length: abc}, {fn::length: {a: 1}}, {fn::singleOrNone: x}]"), @r"
    2:20 error: the argument to fn::length must be a list, a map or a string, and this is a number [1]
    2:84 error: the argument to fn::singleOrNone must be a list, and this is a string [x]
    ");
    insta::assert_snapshot!(variable("[{fn::toBase64: 5}, {fn::sha1: []}, {fn::readFile: }, {fn::secret: 5}]"), @r"
    2:22 error: the argument to fn::toBase64 must be a string, and this is a number [5]
    2:37 error: the argument to fn::sha1 must be a string, and this is a list [[]]
    2:55 error: the argument to fn::readFile must be a string, and this is null []
    ");
    insta::assert_snapshot!(variable("[{fn::pulumiResourceName: x}, {fn::pulumiResourceType: '${x}'}]"), @"2:32 error: the argument to fn::pulumiResourceName must be a resource, such as `${name}`, and this is a string [x]");
    insta::assert_snapshot!(variable("{fn::stringAsset: x, other: y}"), @r"
    2:7 error: fn::stringAsset must have its own object [fn::stringAsset]
      hint: put it alone into a mapping of its own
    ");
    insta::assert_snapshot!(variable("[{fn::assetArchive: x}, {fn::assetArchive: {a: b, c: {fn::fileAsset: d}, e: '${f}'}}]"), @r"
    2:26 error: the argument to fn::assetArchive must be an object [x]
    2:53 error: `a` must be an asset or an archive [b]
      hint: such as `fn::fileAsset: ./path`
    ");
    insta::assert_snapshot!(variable("[{fn::stackReference: ['${x}', y]}, {fn::stackReference: [x, y]}, {fn::stackReference: x}]"), @r#"
    2:8 warning: fn::stackReference is deprecated [fn::stackReference]
      hint: declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
    2:29 error: the first argument to fn::stackReference must be a string literal ['${x}']
    2:43 warning: fn::stackReference is deprecated [fn::stackReference]
      hint: declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
    2:73 warning: fn::stackReference is deprecated [fn::stackReference]
      hint: declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
    2:93 error: the argument to fn::stackReference must be a two-valued list [x]
      hint: `[stack, output]`
    "#);
}

#[test]
fn invokes() {
    insta::assert_snapshot!(variable("{fn::invoke: x}"), @"2:19 error: the argument to fn::invoke must be an object containing 'function', 'arguments', 'options', and 'return' [x]");
    insta::assert_snapshot!(variable("{fn::invoke: {arguments: [], Return: 5, retrun: x}}"), @r"
    2:35 warning: 'Return' looks like a miscapitalization of 'return' [Return]
    2:46 error: retrun does not exist on fn::invoke [retrun]
      hint: Existing fields are: return, options, function, arguments
    2:31 error: function arguments ('arguments') must be an object [[]]
    2:43 error: `return` must be a string, and this is a number [5]
    2:6 error: missing function name ('function') [{fn::invoke: {arguments: [], Return: 5, retrun: x}}]
    ");
    insta::assert_snapshot!(variable("{fn::invoke: {function: '${x}', options: {provider: '${p}', timeout: 5}}}"), @r"
    2:66 error: timeout does not exist on invoke options [timeout]
      hint: Existing fields are: parent, version, dependsOn, provider, pluginDownloadURL
    2:30 error: `function` must be literal: it is needed before anything is evaluated ['${x}']
    ");
    insta::assert_snapshot!(variable("[{fn::aws:getRegion: }, {fn::aws:ec2:getAmi: {owners: []}}, {fn::invoke: {function: aws:getRegion}}]"), @"");
}

#[test]
fn rollouts_belong_into_programs() {
    let plugin = "name: p\nrollouts: {}\ncomponents:\n  C: {rollouts: {web: {}}}\n";
    let mut found = Vec::new();
    let root = syntax::read("p.yaml", plugin).expect("the YAML is good");
    parse::components(&root, "p", "/p", &mut found);
    let told = found.iter().map(|it| {
        let line = it.span.as_ref().expect("a place").line;
        format!("{line}: {} ({})", it.message, it.hint.as_deref().unwrap_or_default())
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    2: rollouts belong into programs, not into plugins (a program names the parts of its components: `${web.listener}`)
    4: rollouts does not exist on a component (Existing fields are: outputs, inputs, pulumi, resources, variables and 1 other)
    ");
}
