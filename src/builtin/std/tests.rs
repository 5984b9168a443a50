use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn call(name: &str, args: &Json) -> std::result::Result<Json, String> {
    let token = format!("std:index:{name}");
    let all = functions();
    let function = all.iter().find(|it| it.token() == token).expect(name);
    let answer = function.at_once(&Value::from_json(args)).expect("it is pure");
    let answer = answer.map_err(|it| it.to_string())?;
    Ok(answer.get("result").expect("it has one").reveal())
}

/// From Terraform's documentation.
#[test]
fn functions_answer_as_terraforms_do() {
    let all = [
        ("abs", json!({ "input": -12.4 }), json!(12.4)),
        ("ceil", json!({ "input": 5.1 }), json!(6)),
        ("floor", json!({ "input": 4.9 }), json!(4)),
        ("log", json!({ "input": 16, "base": 2 }), json!(4)),
        ("max", json!({ "input": [12, 54, 3] }), json!(54)),
        ("min", json!({ "input": [12, 54, 3] }), json!(3)),
        ("parseint", json!({ "input": "FF", "base": 16 }), json!(255)),
        ("pow", json!({ "base": 3, "exponent": 2 }), json!(9)),
        ("signum", json!({ "input": -13 }), json!(-1)),
        ("sum", json!({ "input": [10, 13, 6, 4.5] }), json!(33.5)),
        ("tobool", json!({ "input": "true" }), json!(true)),
        ("tonumber", json!({ "input": "1.50" }), json!(1.5)),
        ("tostring", json!({ "input": 1.0 }), json!("1")),
        ("basename", json!({ "input": "foo/bar/baz.txt" }), json!("baz.txt")),
        ("dirname", json!({ "input": "foo/bar/baz.txt" }), json!("foo/bar")),
        ("chomp", json!({ "input": "hello\r\n\n" }), json!("hello")),
        ("indent", json!({ "input": "[\n  foo\n]", "spaces": 2 }), json!("[\n    foo\n  ]")),
        ("regex", json!({ "pattern": "[a-z]+", "string": "53453aaa9" }), json!("aaa")),
        ("regex", json!({ "pattern": "(\\d+)-(\\d+)", "string": "x 1-23" }), json!(["1", "23"])),
        ("regex", json!({ "pattern": "(?P<y>\\d+)-", "string": "1-23" }), json!({ "y": "1" })),
        ("regexall", json!({ "pattern": "\\d", "string": "a1b2" }), json!(["1", "2"])),
        ("replace", json!({ "text": "1 + 2", "search": "+", "replace": "-" }), json!("1 - 2")),
        (
            "replace",
            json!({ "text": "hello world", "search": "/w(.*)d/", "replace": "$1" }),
            json!("hello orl"),
        ),
        ("substr", json!({ "input": "hello world", "offset": 1, "length": 4 }), json!("ello")),
        ("substr", json!({ "input": "hello world", "offset": -5, "length": -1 }), json!("world")),
        ("title", json!({ "input": "hello world" }), json!("Hello World")),
        ("trim", json!({ "input": "?!hello?!", "cutset": "!?" }), json!("hello")),
        ("strrev", json!({ "input": "a ☃" }), json!("☃ a")),
        ("chunklist", json!({ "input": [1, 2, 3], "size": 2 }), json!([[1, 2], [3]])),
        ("coalesce", json!({ "input": ["", null, "b"] }), json!("b")),
        ("compact", json!({ "input": ["a", "", "b"] }), json!(["a", "b"])),
        ("distinct", json!({ "input": ["a", "b", "a"] }), json!(["a", "b"])),
        ("element", json!({ "input": ["a", "b", "c"], "index": 3 }), json!("a")),
        ("flatten", json!({ "input": [["a"], [], [["b"], "c"]] }), json!(["a", "b", "c"])),
        ("keys", json!({ "input": { "b": 1, "a": 2 } }), json!(["a", "b"])),
        ("values", json!({ "input": { "b": 1, "a": 2 } }), json!([2, 1])),
        ("lookup", json!({ "map": { "a": 1 }, "key": "c", "default": "?" }), json!("?")),
        ("merge", json!({ "input": [{ "a": 1 }, { "a": 2, "b": 3 }] }), json!({ "a": 2, "b": 3 })),
        ("range", json!({ "limit": 3 }), json!([0, 1, 2])),
        ("range", json!({ "start": 1, "limit": -2 }), json!([1, 0, -1])),
        ("setintersection", json!({ "input": [[1, 2], [2, 3]] }), json!([2])),
        ("slice", json!({ "list": [1, 2, 3], "from": 1, "to": 2 }), json!([2])),
        (
            "transpose",
            json!({ "input": { "a": ["1", "2"], "b": ["2"] } }),
            json!({ "1": ["a"], "2": ["a", "b"] }),
        ),
        ("zipmap", json!({ "keys": ["a", "b"], "values": [1, 2] }), json!({ "a": 1, "b": 2 })),
        ("csvdecode", json!({ "input": "a,b\n1,\"x, y\"\n" }), json!([{ "a": "1", "b": "x, y" }])),
        (
            "jsonencode",
            json!({ "input": { "b": "<", "a": 1 } }),
            json!("{\"a\":1,\"b\":\"\\u003c\"}"),
        ),
        ("jsondecode", json!({ "input": "[1]" }), json!([1])),
        ("md5", json!({ "input": "hello world" }), json!("5eb63bbbe01eeed093cb22bb8f5acdc3")),
        ("base64decode", json!({ "input": "SGVsbG8=" }), json!("Hello")),
        (
            "timeadd",
            json!({ "timestamp": "2017-11-22T00:00:00Z", "duration": "10m" }),
            json!("2017-11-22T00:10:00Z"),
        ),
        (
            "timecmp",
            json!({ "timestampa": "2017-11-22T00:00:00Z", "timestampb": "2017-11-22T01:00:00+01:00" }),
            json!(0),
        ),
        ("urlencode", json!({ "input": "Hello World/?" }), json!("Hello+World%2F%3F")),
        ("cidrhost", json!({ "input": "10.12.112.0/20", "host": 16 }), json!("10.12.112.16")),
        ("cidrhost", json!({ "input": "10.0.0.0/24", "host": -1 }), json!("10.0.0.255")),
        (
            "cidrhost",
            json!({ "input": "fd00:fd12:3456:7890::/72", "host": 34 }),
            json!("fd00:fd12:3456:7890::22"),
        ),
        ("cidrnetmask", json!({ "input": "172.16.0.0/12" }), json!("255.240.0.0")),
        (
            "cidrsubnet",
            json!({ "input": "172.16.0.0/12", "newbits": 4, "netnum": 2 }),
            json!("172.18.0.0/16"),
        ),
        (
            "cidrsubnets",
            json!({ "input": "10.1.0.0/16", "newbits": [4, 4, 8, 4] }),
            json!(["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]),
        ),
        (
            "format",
            json!({ "input": "%s is %05.1f and %-4d|%q", "args": ["x", 2.25, 7, "a\"b"] }),
            json!("x is 002.2 and 7   |\"a\\\"b\""),
        ),
        (
            "formatlist",
            json!({ "input": "%s, %s!", "args": ["Hi", ["A", "B"]] }),
            json!(["Hi, A!", "Hi, B!"]),
        ),
    ];
    for (name, args, wanted) in all {
        assert_eq!(call(name, &args), Ok(wanted), "{name} of {args}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let all = [
        ("max", json!({ "input": [] })),
        ("cidrsubnet", json!({ "input": "10.0.0.0/30", "newbits": 4, "netnum": 0 })),
        ("cidrsubnet", json!({ "input": "10.0.0.0/16", "newbits": 2, "netnum": 4 })),
        ("cidrhost", json!({ "input": "10.0.0.0/33", "host": 0 })),
        ("cidrsubnets", json!({ "input": "10.0.0.0/30", "newbits": [1, 1, 1] })),
        ("pow", json!({ "base": 10, "exponent": 4000 })),
        ("range", json!({ "limit": 1e9 })),
        ("regex", json!({ "pattern": "(", "string": "" })),
        ("format", json!({ "input": "%s %s", "args": ["one"] })),
        ("format", json!({ "input": "%9999999999s", "args": ["one"] })),
        ("element", json!({ "input": [], "index": 0 })),
        ("timeadd", json!({ "timestamp": "yesterday", "duration": "1h" })),
        ("csvdecode", json!({ "input": "a,b\n1\n" })),
        ("indent", json!({ "input": "\n", "spaces": 1e12 })),
    ];
    for (name, args) in all {
        let why = call(name, &args).expect_err(name);
        assert!(!why.is_empty(), "{name}");
    }
}

/// Nothing that the package has is missing by accident.
#[test]
fn names_are_told_once() {
    let known: Vec<String> = functions().iter().map(|it| it.token().to_owned()).collect();
    let refused: Vec<String> = refused().into_iter().map(|(token, _)| token).collect();
    let all: BTreeSet<&String> = known.iter().chain(&refused).collect();
    assert_eq!(all.len(), known.len() + refused.len(), "a name is there twice");
    assert_eq!(all.len(), 96);
}
