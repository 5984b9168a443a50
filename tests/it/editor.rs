//! `schema`, and the functions of `std`.

use crate::env::TestEnv;

#[test]
fn the_schema_knows_types_functions_and_options() {
    let env = TestEnv::new("resources: {}\n");
    let schema = env.ok("schema").json();
    let definitions = &schema["definitions"];
    let thing = &definitions["fake:index:Thing"];
    assert_eq!(thing["properties"]["size"]["anyOf"][0]["type"], "integer");
    assert!(
        thing["properties"]["refused"]["description"].as_str().unwrap().contains("not supported")
    );
    assert_eq!(thing["additionalProperties"], false);
    assert!(definitions["options"]["properties"]["forEach"].is_object());
    let types =
        definitions["resource"]["properties"]["type"]["anyOf"][0]["enum"].as_array().unwrap();
    assert!(types.iter().any(|it| it == "random:RandomPet"));
    let calls = &definitions["expression"]["anyOf"][1]["properties"];
    assert!(calls["fn::std:cidrsubnet"].is_object() && calls["fn::join"].is_object());
}

#[test]
fn std_functions_are_built_in() {
    let env = TestEnv::new(
        "
config: { network: 10.0.0.0/16, zones: { type: array, items: { type: string }, default: [a, b] } }
variables:
  second:
    fn::invoke:
      function: std:cidrsubnet
      arguments: { input: '${network}', newbits: 8, netnum: 1 }
      return: result
resources:
  part:
    type: fake:index:Thing
    properties: { name: 'part-${each.key}', text: '${second}' }
    options:
      forEach: { fn::invoke: { function: std:index:distinct, arguments: { input: '${zones}' }, return: result } }
outputs:
  secret: { fn::invoke: { function: std:upper, arguments: { input: { fn::secret: hidden } }, return: result } }
  merged:
    fn::invoke: { function: std:merge, arguments: { input: [{ a: 1 }, { b: 2 }] }, return: result }
",
    );
    let ran = env.ok("up --yes");
    assert_eq!(ran.stdout, "secret: [secret]\nmerged: {\"a\":1,\"b\":2}\n");
    assert_eq!(env.things(), ["part-a", "part-b"]);
    assert_eq!(env.thing("part-a").1["text"], "10.0.1.0/24");
}

#[test]
fn std_functions_that_are_not_pure_are_refused_by_name() {
    let env = TestEnv::new(
        "
variables:
  now: { fn::invoke: { function: std:timestamp, return: result } }
  text: { fn::invoke: { function: std:file, arguments: { input: ./x }, return: result } }
  wrong: { fn::invoke: { function: std:cidrsubnet, arguments: { input: 10.0.0.0/16, newbits: 8 } } }
resources: {}
",
    );
    env.run("preview")
        .ends(1)
        .says("the function 'std:timestamp' is not supported")
        .says("use `fn::readFile`")
        .says("Missing required argument 'netnum'");
}

#[cfg(feature = "aws")]
#[test]
fn coverage_is_counted_against_pulumis_types() {
    let env = TestEnv::new("resources: {}\n");
    let coverage = env.ok("schema --coverage --json").json();
    let types = coverage["types"].as_array().unwrap();
    let queue = types.iter().find(|it| it["token"] == "aws:sqs/queue:Queue").unwrap();
    assert_eq!(queue["supported"], queue["inputs"]);
    assert_eq!(queue["refused"], 0);
    let text = env.ok("schema --coverage");
    assert!(text.stdout.contains("aws:sqs:Queue"), "{text}");
    // It is a schema for editors of all that is there.
    let schema = env.ok("schema").json();
    assert!(schema["definitions"].as_object().unwrap().len() > types.len());
}
