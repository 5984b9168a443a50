//! Evaluated values of a program, read with all mistakes at once, each with
//! its path.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    str::FromStr,
    time::Duration,
};

use serde::de::DeserializeOwned;

use super::strategy;
use crate::model::Value;

/// What is wrong, and where: `rollouts.web.strategy.steps[1].bake`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub path: String,
    pub message: String,
    /// The key is wrong, not its value.
    pub key: bool,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "`{}` {}", self.path, self.message)
    }
}

/// What was found on the way.
#[derive(Default)]
pub(super) struct Found {
    pub(super) wrong: RefCell<Vec<Wrong>>,
    /// Something is not known yet, and could not be looked at.
    pub(super) unknown: Cell<bool>,
}

/// A value at its place. What cannot be read is told once and is `None`.
#[derive(Clone)]
pub(super) struct Node<'a> {
    path: String,
    value: &'a Value,
    found: &'a Found,
}

/// A mapping of which every key is known.
pub(super) struct Fields<'a> {
    own: Node<'a>,
    known: &'static [&'static str],
}

impl<'a> Node<'a> {
    pub(super) fn root(path: String, value: &'a Value, found: &'a Found) -> Self {
        Self { path, value: value.bare(), found }.plain(value)
    }

    /// What a rollout says is shown in its plan and kept with it.
    fn plain(self, whole: &Value) -> Self {
        if matches!(whole, Value::Secret(_)) {
            self.wrong("is secret, and a rollout's plan shows all that it says; `fn::unsecret` makes it plain");
        }
        self
    }

    fn child(&self, path: String, value: &'a Value) -> Self {
        Self { path, value: value.bare(), found: self.found }.plain(value)
    }

    pub(super) fn wrong(&self, message: impl Into<String>) {
        let wrong = Wrong { path: self.path.clone(), message: message.into(), key: false };
        self.found.wrong.borrow_mut().push(wrong);
    }

    /// The last part of its path.
    pub(super) fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, Value::String(_))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    pub(super) fn is_bool(&self) -> bool {
        matches!(self.value, Value::Bool(_))
    }

    /// Whether there is something to read.
    fn is_known(&self) -> bool {
        let known = !matches!(self.value, Value::Unknown(_));
        if !known {
            self.unknown();
        }
        known
    }

    pub(super) fn unknown(&self) {
        self.found.unknown.set(true);
    }

    /// Tells what would be right, unless nobody knows yet what it is.
    pub(super) fn instead<T>(&self, wanted: &str) -> Option<T> {
        if self.is_known() {
            self.wrong(format!("must be {wanted}, and this is {}", word(self.value)));
        }
        None
    }

    pub(super) fn map(&self, known: &'static [&'static str]) -> Option<Fields<'a>> {
        let Value::Map(map) = self.value else { return self.instead("a mapping") };
        for key in map.keys().filter(|it| !known.contains(&it.as_str())) {
            let nearest = known.iter().min_by_key(|it| strsim::osa_distance(key, it));
            let nearest = nearest.filter(|it| strsim::osa_distance(key, it) <= 2);
            let message = match nearest {
                Some(nearest) => format!("is not known here; did you mean `{nearest}`?"),
                None => format!("is not known here; there are {}", known.join(", ")),
            };
            let wrong = Wrong { path: format!("{}.{key}", self.path), message, key: true };
            self.found.wrong.borrow_mut().push(wrong);
        }
        Some(Fields { own: self.clone(), known })
    }

    /// Elements that are null were left out by a condition.
    pub(super) fn list(&self) -> Option<Vec<Self>> {
        let Value::List(items) = self.value else { return self.instead("a list") };
        let items = items.iter().enumerate().filter(|(_, it)| !it.is_null());
        Some(items.map(|(at, it)| self.child(format!("{}[{at}]", self.path), it)).collect())
    }

    /// Every element by `each`; all are looked at, whatever is wrong.
    pub(super) fn all<T>(&self, each: impl FnMut(&Self) -> Option<T>) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = self.list()?.iter().map(each).collect();
        read.into_iter().collect()
    }

    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) if text.is_empty() => {
                self.wrong("is empty");
                None
            }
            Value::String(text) => Some(text.clone()),
            _ => self.instead("a text"),
        }
    }

    /// A text, or a number that is read as one.
    pub(super) fn parsed<T>(&self, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return self.instead("a text or a number"),
        };
        parse(&text).map_err(|why| self.wrong(format!("is not right: {why}"))).ok()
    }

    pub(super) fn texts(&self) -> Option<BTreeMap<String, String>> {
        let Value::Map(map) = self.value else { return self.instead("a mapping of texts") };
        let read: Vec<_> = map
            .iter()
            .map(|(key, it)| {
                Some((key.clone(), self.child(format!("{}.{key}", self.path), it).text()?))
            })
            .collect();
        read.into_iter().collect()
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => self.instead("`true` or `false`"),
        }
    }

    pub(super) fn whole(&self, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let wanted = || match *range.end() {
            u32::MAX => format!("a whole number from {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        let Value::Number(_) = self.value else { return self.instead(&wanted()) };
        let number = self.value.as_i64().and_then(|it| u32::try_from(it).ok());
        let number = number.filter(|it| range.contains(it));
        if number.is_none() {
            self.wrong(format!("must be {}", wanted()));
        }
        number
    }

    pub(super) fn duration(&self) -> Option<Duration> {
        self.parsed(strategy::duration)
    }

    /// A span that is not nothing.
    pub(super) fn period(&self) -> Option<Duration> {
        let span = self.duration()?;
        if span.is_zero() {
            self.wrong("must be longer than nothing");
        }
        Some(span)
    }

    pub(super) fn permille(&self) -> Option<u32> {
        self.parsed(strategy::permille)
    }

    /// One of the words of an enumeration.
    pub(super) fn choice<T: FromStr<Err = String>>(&self) -> Option<T> {
        let Value::String(text) = self.value else { return self.instead("a word") };
        text.parse().map_err(|why: String| self.wrong(why)).ok()
    }
}

impl<'a> Fields<'a> {
    /// Null is as good as absent.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        debug_assert!(self.known.contains(&key), "{key} is refused as unknown");
        let Value::Map(map) = self.own.value else { return None };
        let value = map.get(key).filter(|it| !it.is_null())?;
        Some(self.own.child(format!("{}.{key}", self.own.path), value))
    }

    pub(super) fn need(&self, key: &str) -> Option<Node<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.own.wrong(format!("has no `{key}`"));
        }
        found
    }

    /// What is there, or the default where it is not.
    pub(super) fn or<T>(
        &self,
        key: &str,
        default: T,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<T> {
        self.get(key).map_or(Some(default), |it| read(&it))
    }

    /// `None` inside where it is not there.
    pub(super) fn maybe<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        self.or(key, None, |it| read(it).map(Some))
    }

    /// The only one of some keys that exclude each other.
    pub(super) fn one_of(&self, keys: &[&str]) -> Option<Node<'a>> {
        let mut found: Vec<Node<'a>> = keys.iter().filter_map(|it| self.get(it)).collect();
        let last = found.pop();
        match (found.is_empty(), &last) {
            (_, None) => self.own.wrong(format!("needs one of {}", keys.join(", "))),
            (false, Some(last)) => {
                last.wrong(format!("cannot stand beside `{}`", found[0].key()));
                return None;
            }
            _ => {}
        }
        last
    }
}

/// Enumerations of words, as programs and flags write them; the first is the
/// default.
macro_rules! words {
    ($($name:ident { $first:ident $(, $other:ident)* })*) => {$(
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { #[default] $first $(, $other)* }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                $crate::rollout::read::one_of_words(text)
            }
        }
    )*};
}
pub(super) use words;

/// By serde, which knows the words.
pub(super) fn one_of_words<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|why| {
        let why = why.to_string();
        let (_, words) = why.split_once("expected ").unwrap_or_default();
        format!("cannot be `{text}`: it is {words}")
    })
}

fn word(value: &Value) -> &'static str {
    match value.bare() {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
        Value::Asset(_) => "an asset",
        Value::Ref(_) => "a resource",
        Value::Secret(_) | Value::Unknown(_) => "a value",
    }
}
