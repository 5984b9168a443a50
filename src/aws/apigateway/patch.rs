//! The changes of one thing, as API Gateway takes them: JSON patches whose
//! values are texts.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Op, PatchOperation};

/// Grows by what differs between two sides.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Patch(Vec<PatchOperation>);

impl Patch {
    fn with(mut self, op: Op, path: String, value: Option<String>) -> Self {
        self.0.push(PatchOperation::builder().op(op).path(path).set_value(value).build());
        self
    }

    pub(super) fn set(self, path: impl Into<String>, value: impl ToString) -> Self {
        self.with(Op::Replace, path.into(), Some(value.to_string()))
    }

    /// Back to nothing, where an empty text is no value.
    pub(super) fn unset(self, path: &str) -> Self {
        self.with(Op::Replace, path.to_owned(), None)
    }

    /// For parts of what is not there yet.
    pub(super) fn add(self, path: impl Into<String>, value: impl ToString) -> Self {
        self.with(Op::Add, path.into(), Some(value.to_string()))
    }

    pub(super) fn remove(self, path: impl Into<String>) -> Self {
        self.with(Op::Remove, path.into(), None)
    }

    /// A member of a list that is named by its value.
    pub(super) fn remove_member(self, path: &str, value: impl ToString) -> Self {
        self.with(Op::Remove, path.to_owned(), Some(value.to_string()))
    }

    pub(super) fn value<T: PartialEq + ToString>(self, path: &str, old: &T, new: &T) -> Self {
        if old == new { self } else { self.set(path, new.to_string()) }
    }

    /// An empty text takes it away.
    pub(super) fn option<T>(self, path: &str, old: Option<&T>, new: Option<&T>) -> Self
    where
        T: PartialEq + ToString,
    {
        match new {
            _ if old == new => self,
            Some(new) => self.set(path, new.to_string()),
            None => self.set(path, ""),
        }
    }

    /// The entries of a map, each with a path of its own.
    pub(super) fn map<T>(
        self,
        path: &str,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
    ) -> Self
    where
        T: PartialEq + ToString,
    {
        self.entries(&Op::Add, path, old, new)
    }

    /// The same for the variables of a stage, to which nothing is added: what
    /// is not there is replaced, too.
    pub(super) fn variables(
        self,
        path: &str,
        old: &BTreeMap<String, String>,
        new: &BTreeMap<String, String>,
    ) -> Self {
        self.entries(&Op::Replace, path, old, new)
    }

    fn entries<T>(
        self,
        adds: &Op,
        path: &str,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
    ) -> Self
    where
        T: PartialEq + ToString,
    {
        let at = |key: &str| format!("{path}/{}", escaped(key));
        let gone = old.keys().filter(|key| !new.contains_key(*key));
        let patch = gone.fold(self, |it, key| it.remove(at(key)));
        new.iter().fold(patch, |it, (key, value)| match old.get(key) {
            None => it.with(adds.clone(), at(key), Some(value.to_string())),
            Some(old) if old != value => it.set(at(key), value.to_string()),
            Some(_) => it,
        })
    }

    /// The members of a list, each with a path of its own.
    pub(super) fn keys(self, path: &str, old: &[String], new: &[String]) -> Self {
        let at = |key: &String| format!("{path}/{}", escaped(key));
        let patch = missing(old, new).fold(self, |it, key| it.remove(at(key)));
        missing(new, old).fold(patch, |it, key| it.with(Op::Add, at(key), None))
    }

    /// The members of a list, which are named by their values.
    pub(super) fn members(self, path: &str, old: &[String], new: &[String]) -> Self {
        let patch = missing(old, new).fold(self, |it, value| it.remove_member(path, value));
        missing(new, old).fold(patch, |it, value| it.add(path, value))
    }

    /// `None` when nothing differs.
    pub(super) fn operations(self) -> Option<Vec<PatchOperation>> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// Those of `all` that `others` lack.
fn missing<'a>(all: &'a [String], others: &'a [String]) -> impl Iterator<Item = &'a String> {
    all.iter().filter(|it| !others.contains(it))
}

/// A key as one part of a path.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(patch: Patch) -> Vec<String> {
        let text = |it: PatchOperation| {
            let op = it.op().map(Op::as_str).unwrap_or_default().to_owned();
            [Some(op), it.path, it.value].into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        patch.operations().unwrap_or_default().into_iter().map(text).collect()
    }

    #[test]
    fn what_differs_is_patched() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let list =
            |all: &[&str]| -> Vec<String> { all.iter().map(|it| (*it).to_owned()).collect() };
        let patch = Patch::default()
            .value("/same", &1, &1)
            .value("/flag", &false, &true)
            .option("/text", Some(&"a".to_owned()), None)
            .map("/map", &map(&[("a/b", "1"), ("c", "1")]), &map(&[("c", "2"), ("d", "3")]))
            .variables("/variables", &map(&[("a", "1")]), &map(&[("b", "2")]))
            .keys("/types", &list(&["image/png"]), &list(&["image/jpeg"]))
            .members("/scopes", &list(&["x"]), &list(&["y"]));
        let expected = [
            "replace /flag true",
            "replace /text ",
            "remove /map/a~1b",
            "replace /map/c 2",
            "add /map/d 3",
            "remove /variables/a",
            "replace /variables/b 2",
            "remove /types/image~1png",
            "add /types/image~1jpeg",
            "remove /scopes x",
            "add /scopes y",
        ];
        assert_eq!(written(patch), expected);
        assert_eq!(Patch::default().value("/a", &1, &1).operations(), None);
    }
}
