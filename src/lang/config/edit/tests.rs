use insta::assert_snapshot;

use super::*;

const FILE: &str = r#"# Who may touch this: the shop team.
encryptionsalt: v1:abc

config:
  # Where it runs.
  aws:region: eu-west-1 # Ireland
  shop:size: "3"

  # The team's tags.
  shop:tags:
    team: web
    list:
      - a
      - b
  shop:config:old: x
environment: [a] # kept
"#;

fn plain(key: &str, value: &str) -> String {
    set(FILE, "shop", key, &New::Text(value), false).unwrap()
}

fn by_path(key: &str, value: &str) -> String {
    set(FILE, "shop", key, &New::Text(value), true).unwrap_or_else(|error| error)
}

/// Only the lines that changed.
fn diff(new: &str) -> String {
    let diff = similar::TextDiff::from_lines(FILE, new);
    let changes = diff.iter_all_changes().filter(|it| it.tag() != similar::ChangeTag::Equal);
    changes.map(|it| format!("{}{}", it.tag(), it.value())).collect()
}

#[test]
fn setting_touches_one_entry() {
    assert_snapshot!(diff(&plain("size", "4")), @r#"
    -  shop:size: "3"
    +  shop:size: '4'
    "#);
    assert_snapshot!(diff(&plain("shop:size", "four")), @r#"
    -  shop:size: "3"
    +  shop:size: four
    "#);
    assert_snapshot!(diff(&plain("aws:region", "us-east-1")), @r#"
    -  aws:region: eu-west-1 # Ireland
    +  aws:region: us-east-1
    "#);
    assert_snapshot!(diff(&plain("tags", "none")), @r#"
    -  shop:tags:
    -    team: web
    -    list:
    -      - a
    -      - b
    +  shop:tags: none
    "#);
    assert_snapshot!(diff(&plain("new", "multi\nline")), @r#"
    +  shop:new: |-
    +    multi
    +    line
    "#);
    assert_snapshot!(diff(&plain("old", "y")), @r#"
    -  shop:config:old: x
    +  shop:config:old: y
    "#);
    let secret = set(FILE, "shop", "size", &New::Secure("v1:n:c"), false).unwrap();
    assert_snapshot!(diff(&secret), @r#"
    -  shop:size: "3"
    +  shop:size:
    +    secure: v1:n:c
    "#);
}

#[test]
fn setting_by_path() {
    assert_snapshot!(diff(&by_path("tags.team", "shop")), @r#"
    -    team: web
    +    team: shop
    -      - a
    -      - b
    +    - a
    +    - b
    "#);
    assert_snapshot!(diff(&by_path("shop:tags.count", "3")), @r#"
    -      - a
    -      - b
    +    - a
    +    - b
    +    count: 3
    "#);
    assert_snapshot!(diff(&by_path("tags.list[2]", "true")), @r#"
    -      - a
    -      - b
    +    - a
    +    - b
    +    - true
    "#);
    assert_snapshot!(diff(&by_path("zones[0].name", "007")), @r#"
    +  shop:zones:
    +  - name: '007'
    "#);
    assert_snapshot!(diff(&by_path("map[\"a.b c\"].d", "x")), @r#"
    +  shop:map:
    +    a.b c:
    +      d: x
    "#);
    assert_snapshot!(by_path("tags.list[9]", "x"), @r#"
    index 9 cannot be set: there is no list, or it is shorter
    "#);
    assert_snapshot!(by_path("size.x", "x"), @r#"
    "x" cannot be set: what should hold it is not an object
    "#);
    assert_snapshot!(by_path("tags.secure", "x"), @r#"
    `secure` is what marks an encrypted value, and cannot be a key
    "#);
    assert_snapshot!(by_path("tags..x", "x"), @r#"
    invalid config key path "tags..x"
    "#);
    assert_snapshot!(by_path("[0]", "x"), @r#"
    invalid config key path "[0]": it must start with a name
    "#);
}

#[test]
fn setting_with_a_type() {
    let typed = |text, ty| set("", "shop", "x", &New::Typed(text, ty), false);
    assert_snapshot!(typed("3", Type::Integer).unwrap(), @r#"
    config:
      shop:x: 3
    "#);
    assert_snapshot!(typed("true", Type::Boolean).unwrap(), @r#"
    config:
      shop:x: true
    "#);
    assert_snapshot!(typed("3", Type::String).unwrap(), @r#"
    config:
      shop:x: '3'
    "#);
    assert_snapshot!(typed("[1, 2]", Type::Array(Box::new(Type::Integer))).unwrap(), @r#"
    config:
      shop:x:
      - 1
      - 2
    "#);
    assert_snapshot!(typed("x", Type::Integer).unwrap_err(), @r#"
    "x" is not of type 'integer'
    "#);
}

#[test]
fn removing() {
    let without = |key: &str, path| {
        let (text, removed) = remove(FILE, "shop", key, path).unwrap();
        format!("{removed}\n{}", diff(&text))
    };
    assert_snapshot!(without("size", false), @r#"
    true
    -  shop:size: "3"
    "#);
    assert_snapshot!(without("tags", false), @r#"
    true
    -  shop:tags:
    -    team: web
    -    list:
    -      - a
    -      - b
    "#);
    assert_snapshot!(without("tags.team", true), @r#"
    true
    -    team: web
    -      - a
    -      - b
    +    - a
    +    - b
    "#);
    assert_snapshot!(without("tags.list[0]", true), @r#"
    true
    -      - a
    -      - b
    +    - b
    "#);
    assert_snapshot!(without("old", false), @r#"
    true
    -  shop:config:old: x
    "#);
    assert_snapshot!(without("nothing", false), @r#"
    false
    "#);
    assert_snapshot!(without("tags.nothing", true), @r#"
    false
    "#);
}

#[test]
fn removing_the_last_value_removes_the_section() {
    let text = "# a\nencryptionsalt: v1:x\nconfig:\n  shop:a: b\n";
    assert_snapshot!(remove(text, "shop", "a", false).unwrap().0, @r#"
    # a
    encryptionsalt: v1:x
    "#);
    assert_eq!(remove("config: {a: b}", "shop", "a", false).unwrap().0, "");
}

#[test]
fn other_styles_are_written_anew() {
    let flow = "encryptionsalt: x\nconfig: {shop:a: 1, b: [1, 2]} # lost\n";
    assert_snapshot!(set(flow, "shop", "c", &New::Text("3"), false).unwrap(), @r#"
    encryptionsalt: x
    config:
      shop:a: 1
      b:
      - 1
      - 2
      shop:c: '3'
    "#);
    assert_snapshot!(set("{\"config\": {\"a\": 1}}", "shop", "a", &New::Text("x"), false).unwrap(), @r#"
    config:
      a: x
    "#);
    assert_snapshot!(set("config:\n", "shop", "a", &New::Text("x"), false).unwrap(), @r#"
    config:
      shop:a: x
    "#);
    assert_snapshot!(set("", "shop", "a", &New::Text("x"), false).unwrap(), @r#"
    config:
      shop:a: x
    "#);
    assert_snapshot!(set("a: [", "shop", "a", &New::Text("x"), false).unwrap_err(), @r#"
    the stack's file is not valid YAML: did not find expected node content at line 2 column 1, while parsing a flow node
    "#);
    assert_snapshot!(set("config: 3", "shop", "a", &New::Text("x"), false).unwrap_err(), @r#"
    `config` in the stack's file is not an object
    "#);
}

#[test]
fn top_level_texts() {
    assert_snapshot!(diff(&set_top(FILE, "encryptionsalt", Some("v1:new")).unwrap()), @r#"
    -encryptionsalt: v1:abc
    +encryptionsalt: v1:new
    "#);
    assert_snapshot!(diff(&set_top(FILE, "encryptionsalt", None).unwrap()), @r#"
    -encryptionsalt: v1:abc
    "#);
    assert_snapshot!(diff(&set_top(FILE, "secretsprovider", Some("passphrase")).unwrap()), @r#"
    +secretsprovider: passphrase
    "#);
    assert_eq!(set_top("", "encryptionsalt", Some("v1:x")).unwrap(), "encryptionsalt: v1:x\n");
}

#[test]
fn ciphertexts_are_replaced_where_they_stand() {
    let file = "config:\n  a: { secure: v1:one } # was v1:one\n  # kept\n  b:\n    list:\n      - secure: v1:two\n      - open\n      - secure: v1:one\n";
    let mut anew = |old: &str| Ok(format!("v1:new-{}", &old[3..]));
    assert_snapshot!(encrypt_anew(file, &mut anew).unwrap(), @r"
    config:
      a: { secure: v1:new-one } # was v1:new-one
      # kept
      b:
        list:
          - secure: v1:new-two
          - open
          - secure: v1:new-one
    ");
    assert_eq!(encrypt_anew("", &mut anew).unwrap(), "");
    let folded = "config:\n  a:\n    secure: >-\n      v1:one\n      two\n";
    assert!(encrypt_anew(folded, &mut anew).unwrap_err().contains("several lines"));
}
