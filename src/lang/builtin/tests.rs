use insta::assert_snapshot;

use crate::{
    lang::eval::{FileForm, Question, tests::World},
    model::{
        Value,
        value::{Asset, Source},
    },
};

const PROGRAM: &str = r#"
name: shop
resources:
  vpc:
    type: aws:ec2/vpc:Vpc
  later:
    type: aws:ec2/subnet:Subnet
    name: subnet-1
variables:
  list: [a, b]
  network: ${vpc}
"#;

fn check(expressions: &str) -> String {
    World::new(PROGRAM).eval_all(expressions)
}

#[test]
fn join() {
    assert_snapshot!(check(
        r#"
        {fn::join: [", ", [a, b, c]]}
        {fn::join: [null, [a, b]]}
        {fn::join: ["-", "${list}"]}
        {fn::join: ["-", []]}
        {fn::join: ["-", [a, "${vpc}"]]}
        {fn::join: ["-", [a, 1, true, null]]}
        {fn::join: [1, [a]]}
        {fn::join: ["-", text]}
        {fn::join: ["-", ["${token}", a]]}
        {fn::join: ["-", ["${later.id}", a]]}
        {fn::join: ["${nothing}", "${nothing2}"]}
        "#
    ), @r#"
    {fn::join: [", ", [a, b, c]]}
      = "a, b, c"
    {fn::join: [null, [a, b]]}
      = "ab"
    {fn::join: ["-", "${list}"]}
      = "a-b"
    {fn::join: ["-", []]}
      = ""
    {fn::join: ["-", [a, "${vpc}"]]}
      = "a-vpc-1"
    {fn::join: ["-", [a, 1, true, null]]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:18 the second argument of fn::join must be a list of strings, found a number at index 1
      ! 1:18 the second argument of fn::join must be a list of strings, found a boolean at index 2
      ! 1:18 the second argument of fn::join must be a list of strings, found nil at index 3
    {fn::join: [1, [a]]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:13 the delimiter of fn::join must be a string, not a number
    {fn::join: ["-", text]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:18 the second argument of fn::join must be a list, not a string
    {fn::join: ["-", ["${token}", a]]}
      = secret("t0ken-a")
    {fn::join: ["-", ["${later.id}", a]]}
      = unknown(later.id)
    {fn::join: ["${nothing}", "${nothing2}"]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:14 resource, variable, or config value "nothing" not found
      ! 1:28 resource, variable, or config value "nothing2" not found
    "#);
}

#[test]
fn split() {
    assert_snapshot!(check(
        r#"
        {fn::split: [",", "a,b,,c"]}
        {fn::split: ["", "aé"]}
        {fn::split: [",", ""]}
        {fn::split: [",", "${token}"]}
        {fn::split: [",", 3]}
        {fn::split: [null, a]}
        "#
    ), @r#"
    {fn::split: [",", "a,b,,c"]}
      = ["a", "b", "", "c"]
    {fn::split: ["", "aé"]}
      = ["a", "é"]
    {fn::split: [",", ""]}
      = [""]
    {fn::split: [",", "${token}"]}
      = secret(["t0ken"])
    {fn::split: [",", 3]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:19 the second argument of fn::split must be a string, not a number
    {fn::split: [null, a]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:14 the delimiter of fn::split must be a string, not nil
    "#);
}

#[test]
fn select() {
    assert_snapshot!(check(
        r#"
        {fn::select: [1, [a, b]]}
        {fn::select: ["${size}", [a, b, c, d]]}
        {fn::select: [1.0, [a, b]]}
        {fn::select: [2, [a, b]]}
        {fn::select: [-1, [a, b]]}
        {fn::select: [0.5, [a, b]]}
        {fn::select: ["1", [a, b]]}
        {fn::select: [0, text]}
        {fn::select: [0, [a, "${later.id}", "${token}"]]}
        {fn::select: [1, [a, "${later.id}"]]}
        {fn::select: [0, {fn::secret: [a, b]}]}
        {fn::select: ["${later.id}", [a]]}
        "#
    ), @r#"
    {fn::select: [1, [a, b]]}
      = "b"
    {fn::select: ["${size}", [a, b, c, d]]}
      = "d"
    {fn::select: [1.0, [a, b]]}
      = "b"
    {fn::select: [2, [a, b]]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:18 list index 2 out-of-bounds for list of length 2
    {fn::select: [-1, [a, b]]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:15 the index of fn::select must be a whole number of at least 0, not -1
    {fn::select: [0.5, [a, b]]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:15 the index of fn::select must be a whole number of at least 0, not 0.5
    {fn::select: ["1", [a, b]]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:15 the index of fn::select must be a number, not a string
    {fn::select: [0, text]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:18 the second argument of fn::select must be a list, not a string
    {fn::select: [0, [a, "${later.id}", "${token}"]]}
      = "a"
    {fn::select: [1, [a, "${later.id}"]]}
      = unknown(later.id)
    {fn::select: [0, {fn::secret: [a, b]}]}
      = secret("a")
    {fn::select: ["${later.id}", [a]]}
      = unknown(later.id)
    "#);
}

#[test]
fn lengths() {
    assert_snapshot!(check(
        r#"
        {fn::length: [a, b]}
        {fn::length: {a: 1}}
        {fn::length: "e\u0301\U0001F468\u200D\U0001F469\u200D\U0001F467"}
        {fn::length: 3}
        {fn::length: null}
        {fn::length: ["${later.id}"]}
        {fn::length: "${later.id}"}
        {fn::length: "${token}"}
        {fn::singleOrNone: []}
        {fn::singleOrNone: [a]}
        {fn::singleOrNone: [a, b]}
        {fn::singleOrNone: text}
        {fn::singleOrNone: ["${token}"]}
        "#
    ), @r#"
    {fn::length: [a, b]}
      = 2
    {fn::length: {a: 1}}
      = 1
    {fn::length: "e\u0301\U0001F468\u200D\U0001F469\u200D\U0001F467"}
      = 2
    {fn::length: 3}
      = null
      ! 1:14 the argument to fn::length must be a list, a map or a string, and this is a number
    {fn::length: null}
      = null
      ! 1:14 the argument to fn::length must be a list, a map or a string, and this is null
    {fn::length: ["${later.id}"]}
      = 1
    {fn::length: "${later.id}"}
      = unknown(later.id)
    {fn::length: "${token}"}
      = secret(5)
    {fn::singleOrNone: []}
      = null
    {fn::singleOrNone: [a]}
      = "a"
    {fn::singleOrNone: [a, b]}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:20 fn::singleOrNone expects a list of at most one item, found 2
    {fn::singleOrNone: text}
      = null
      ! 1:20 the argument to fn::singleOrNone must be a list, and this is a string
    {fn::singleOrNone: ["${token}"]}
      = secret("t0ken")
    "#);
}

#[test]
fn json() {
    assert_snapshot!(check(
        r#"
        {fn::toJSON: {b: 1, a: [null, true, 1.0, 1.5, -3], A: "x"}}
        {fn::toJSON: "<a> & \"b\" \u2028 \n \x01 é"}
        {fn::toJSON: [1e20, 1e21, 1.5e300, 0.000001, 0.0000001, 123456789012]}
        {fn::toJSON: {id: "${vpc}"}}
        {fn::toJSON: {x: "${token}"}}
        {fn::toJSON: {x: "${later.id}"}}
        {fn::toJSON: {x: {fn::stringAsset: y}}}
        "#
    ), @r#"
    {fn::toJSON: {b: 1, a: [null, true, 1.0, 1.5, -3], A: "x"}}
      = "{\"A\":\"x\",\"a\":[null,true,1,1.5,-3],\"b\":1}"
    {fn::toJSON: "<a> & \"b\" \u2028 \n \x01 é"}
      = "\"\\u003ca\\u003e \\u0026 \\\"b\\\" \\u2028 \\n \\u0001 é\""
    {fn::toJSON: [1e20, 1e21, 1.5e300, 0.000001, 0.0000001, 123456789012]}
      = "[100000000000000000000,1e+21,1.5e+300,0.000001,1e-7,123456789012]"
    {fn::toJSON: {id: "${vpc}"}}
      = "{\"id\":\"vpc-1\"}"
    {fn::toJSON: {x: "${token}"}}
      = secret("{\"x\":\"t0ken\"}")
    {fn::toJSON: {x: "${later.id}"}}
      = unknown(later.id)
    {fn::toJSON: {x: {fn::stringAsset: y}}}
      = unknown(fn::stringAsset)
      ? Asset { asset: "{\"4dabf18193072939515e22adb298388d\":\"c44067f5952c0a294b673a41bacd8c17\",\"text\":\"y\"}" }
    "#);
}

#[test]
fn encodings() {
    assert_snapshot!(check(
        r#"
        {fn::toBase64: "héllo"}
        {fn::toBase64: 3}
        {fn::toBase64: "${token}"}
        {fn::fromBase64: aMOpbGxv}
        {fn::fromBase64: "aMOp\nbGxv"}
        {fn::fromBase64: "not base64"}
        {fn::fromBase64: "//8="}
        {fn::sha1: hello}
        {fn::sha1: null}
        "#
    ), @r#"
    {fn::toBase64: "héllo"}
      = "aMOpbGxv"
    {fn::toBase64: 3}
      = null
      ! 1:16 the argument to fn::toBase64 must be a string, and this is a number
    {fn::toBase64: "${token}"}
      = secret("dDBrZW4=")
    {fn::fromBase64: aMOpbGxv}
      = "héllo"
    {fn::fromBase64: "aMOp\nbGxv"}
      = "héllo"
    {fn::fromBase64: "not base64"}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:18 the argument of fn::fromBase64 is not base64
    {fn::fromBase64: "//8="}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:18 the result of fn::fromBase64 is not UTF-8 text
    {fn::sha1: hello}
      = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
    {fn::sha1: null}
      = null
      ! 1:12 the argument to fn::sha1 must be a string, and this is null
    "#);
}

#[test]
fn secrets() {
    assert_snapshot!(check(
        r#"
        {fn::secret: [1, a]}
        {fn::secret: {fn::secret: a}}
        {fn::secret: "${later.id}"}
        {fn::unsecret: "${token}"}
        {fn::unsecret: [a, "${token}", {fn::secret: {b: "${token}"}}]}
        {fn::unsecret: {x: "${later.id}"}}
        "#
    ), @r#"
    {fn::secret: [1, a]}
      = secret([1, "a"])
    {fn::secret: {fn::secret: a}}
      = secret("a")
    {fn::secret: "${later.id}"}
      = unknown(later.id)
    {fn::unsecret: "${token}"}
      = "t0ken"
    {fn::unsecret: [a, "${token}", {fn::secret: {b: "${token}"}}]}
      = ["a", "t0ken", {b: "t0ken"}]
    {fn::unsecret: {x: "${later.id}"}}
      = {x: unknown(later.id)}
    "#);
}

/// What is in an asset is asked for, and an archive after its parts.
#[test]
fn assets_are_asked_for() {
    assert_snapshot!(check(
        r#"
        {fn::stringAsset: "hello ${size}"}
        {fn::fileAsset: ./index.html}
        {fn::fileArchive: ./app}
        {fn::stringAsset: [a]}
        {fn::fileAsset: "${later.id}"}
        {fn::assetArchive: {a.txt: {fn::stringAsset: "${later.id}"}}}
        {fn::assetArchive: {}}
        "#
    ), @r#"
    {fn::stringAsset: "hello ${size}"}
      = unknown(fn::stringAsset)
      ? Asset { asset: "{\"4dabf18193072939515e22adb298388d\":\"c44067f5952c0a294b673a41bacd8c17\",\"text\":\"hello 3\"}" }
    {fn::fileAsset: ./index.html}
      = unknown(fn::fileAsset)
      ? Asset { asset: "{\"4dabf18193072939515e22adb298388d\":\"c44067f5952c0a294b673a41bacd8c17\",\"path\":\"./index.html\"}" }
    {fn::fileArchive: ./app}
      = unknown(fn::fileArchive)
      ? Asset { asset: "{\"4dabf18193072939515e22adb298388d\":\"0def7320c3a5731c473e5ecbe6d01bc7\",\"path\":\"./app\"}" }
    {fn::stringAsset: [a]}
      = null
      ! 1:19 the argument to fn::stringAsset must be a string, and this is a list
    {fn::fileAsset: "${later.id}"}
      = unknown(later.id)
    {fn::assetArchive: {a.txt: {fn::stringAsset: "${later.id}"}}}
      = unknown(later.id)
    {fn::assetArchive: {}}
      = unknown(fn::assetArchive)
      ? Asset { asset: "{\"4dabf18193072939515e22adb298388d\":\"0def7320c3a5731c473e5ecbe6d01bc7\",\"assets\":{}}" }
    "#);
}

#[test]
fn an_asset_made_of_a_secret_is_secret() {
    let mut world = World::new(PROGRAM);
    let known = |source: Source, hash: &str| Asset { source, hash: hash.to_owned() };
    let asked = |source: Source| Question::Asset {
        asset: Value::Asset(Asset::new(source)).to_state().to_string(),
    };
    let text = Source::Text("t0ken".to_owned());
    let part = known(text.clone(), "1111111111");
    let whole = Source::Archive([("a.txt".to_owned(), part.clone())].into());
    world.answers.insert(asked(text), Ok(Value::Asset(part)));
    world.answers.insert(asked(whole.clone()), Ok(Value::Asset(known(whole, "2222222222"))));
    assert_snapshot!(world.eval_all(
        r#"
        {fn::stringAsset: "${token}"}
        {fn::assetArchive: {a.txt: {fn::stringAsset: "${token}"}}}
        "#
    ), @r#"
    {fn::stringAsset: "${token}"}
      = secret(Text("t0ken") #1111111)
    {fn::assetArchive: {a.txt: {fn::stringAsset: "${token}"}}}
      = secret(Archive({"a.txt": Asset { source: Text("t0ken"), hash: "1111111111" }}) #2222222)
    "#);
}

#[test]
fn files_and_stacks_are_asked_for() {
    assert_snapshot!(check(
        r#"
        {fn::readFile: ./a.txt}
        {fn::filebase64: "${aws:region}.bin"}
        {fn::filebase64sha256: a}
        {fn::readFile: 3}
        {fn::readFile: "${later.id}"}
        {fn::stackReference: [organization/net/dev, vpcId]}
        "#
    ), @r#"
    {fn::readFile: ./a.txt}
      = unknown(./a.txt)
      ? File { path: "./a.txt", form: Text }
    {fn::filebase64: "${aws:region}.bin"}
      = unknown(eu-west-1.bin)
      ? File { path: "eu-west-1.bin", form: Base64 }
    {fn::filebase64sha256: a}
      = unknown(a)
      ? File { path: "a", form: Base64Sha256 }
    {fn::readFile: 3}
      = null
      ! 1:16 the argument to fn::readFile must be a string, and this is a number
    {fn::readFile: "${later.id}"}
      = unknown(later.id)
    {fn::stackReference: [organization/net/dev, vpcId]}
      = unknown(organization/net/dev)
      ! 1:2 fn::stackReference is deprecated
        declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
      ? Stack { name: "organization/net/dev" }
    "#);
}

#[test]
fn files_and_stacks_answer() {
    let mut world = World::new(PROGRAM);
    let file = |path: &str| Question::File { path: path.to_owned(), form: FileForm::Text };
    world.answers.insert(file("a.txt"), Ok("content".into()));
    world.answers.insert(file("t0ken"), Ok("content".into()));
    world.answers.insert(file("none"), Err("cannot read `none`: not found".to_owned()));
    let outputs = [("vpcId", "vpc-9".into()), ("key", Value::secret("k".into()))];
    let outputs = outputs.map(|(key, value): (&str, Value)| (key.to_owned(), value));
    let stack = Question::Stack { name: "organization/net/dev".to_owned() };
    world.answers.insert(stack, Ok(Value::Map(outputs.into_iter().collect())));
    assert_snapshot!(world.eval_all(
        r#"
        {fn::readFile: a.txt}
        {fn::readFile: "${token}"}
        {fn::readFile: none}
        {fn::stackReference: [organization/net/dev, vpcId]}
        {fn::stackReference: [organization/net/dev, key]}
        {fn::stackReference: [organization/net/dev, nothing]}
        "#
    ), @r#"
{fn::readFile: a.txt}
  = "content"
{fn::readFile: "${token}"}
  = secret("content")
{fn::readFile: none}
  = unknown(the failed expression at Pulumi.yaml:1)
  ! 1:1 cannot read `none`: not found
{fn::stackReference: [organization/net/dev, vpcId]}
  = "vpc-9"
  ! 1:2 fn::stackReference is deprecated
    declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
{fn::stackReference: [organization/net/dev, key]}
  = secret("k")
  ! 1:2 fn::stackReference is deprecated
    declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
{fn::stackReference: [organization/net/dev, nothing]}
  = unknown(the output nothing of organization/net/dev)
  ! 1:2 fn::stackReference is deprecated
    declare a resource of type `pulumi:pulumi:StackReference` and read `${it.outputs["name"]}`
"#);
}

#[test]
fn resources_tell_their_name_and_type() {
    assert_snapshot!(check(
        r#"
        {fn::pulumiResourceName: "${vpc}"}
        {fn::pulumiResourceType: "${vpc}"}
        {fn::pulumiResourceName: "${later}"}
        {fn::pulumiResourceType: "${later}"}
        {fn::pulumiResourceName: "${network}"}
        {fn::pulumiResourceType: "${network}"}
        {fn::pulumiResourceName: "${vpc.id}"}
        "#
    ), @r#"
    {fn::pulumiResourceName: "${vpc}"}
      = "vpc"
    {fn::pulumiResourceType: "${vpc}"}
      = "aws:ec2/vpc:Vpc"
    {fn::pulumiResourceName: "${later}"}
      = "subnet-1"
    {fn::pulumiResourceType: "${later}"}
      = "aws:ec2/subnet:Subnet"
    {fn::pulumiResourceName: "${network}"}
      = "vpc"
    {fn::pulumiResourceType: "${network}"}
      = "aws:ec2/vpc:Vpc"
    {fn::pulumiResourceName: "${vpc.id}"}
      = unknown(the failed expression at Pulumi.yaml:1)
      ! 1:26 the argument of fn::pulumiResourceName must be a resource, not a string
    "#);
}
