//! What a program wants against what is there, property by property. Pure.

use super::{compare, path};
use crate::{
    model::{
        ChangeKind, Map, Schema, Value,
        plan::Detail,
        schema::{Property, Type},
    },
    provider::AnyResource,
};

/// The three sides of a resource.
pub struct Sides<'a> {
    /// What was last applied: the state's inputs.
    pub applied: &'a Value,
    /// What AWS says; `None` when it was not asked.
    pub live: Option<&'a Value>,
    pub wanted: &'a Value,
}

/// Every property in which the wanted side differs from what is there.
pub fn details(kind: &dyn AnyResource, sides: &Sides<'_>) -> Vec<Detail> {
    let schema = kind.schema();
    let mut walk = Walk { kind, schema, replaces: false, found: Vec::new() };
    for (name, property) in &schema.inputs.properties {
        let applied = sides.applied.get(name);
        let wanted = sides.wanted.get(name);
        if applied.is_none() && wanted.is_none() {
            continue;
        }
        if same_version(schema, sides, name) {
            continue;
        }
        walk.replaces = property.replace;
        let live = match sides.live {
            Some(live) if !property.write_only => Some(live.get(name).unwrap_or(&Value::Null)),
            _ => None,
        };
        walk.property(name, property, applied, live, wanted);
    }
    walk.found
}

/// A write-only secret (`passwordWo`) counts as changed only when its version
/// (`passwordWoVersion`) is.
fn same_version(schema: &Schema, sides: &Sides<'_>, name: &str) -> bool {
    let version = format!("{name}Version");
    let versioned = name.ends_with("Wo") && schema.inputs.properties.contains_key(&version);
    let of = |side: &Value| side.get(&version).cloned();
    versioned
        && sides.applied.get(name).is_some()
        && sides.wanted.get(name).is_some()
        && of(sides.applied) == of(sides.wanted)
}

struct Walk<'a> {
    kind: &'a dyn AnyResource,
    schema: &'a Schema,
    replaces: bool,
    found: Vec<Detail>,
}

impl Walk<'_> {
    fn property(
        &mut self,
        at: &str,
        property: &Property,
        applied: Option<&Value>,
        live: Option<&Value>,
        wanted: Option<&Value>,
    ) {
        let there = live.or(applied).unwrap_or(&Value::Null);
        match wanted {
            Some(wanted) => self.value(at, &property.ty, applied, live, there, wanted),
            None if property.computed || compare::is_nothing(there) => {}
            // Back to the default: no change if that is what is there.
            None if property.default.as_ref().is_some_and(|default| {
                let default = Value::from_json(default);
                compare::meets(self.schema, &property.ty, &default, there)
            }) => {}
            None => self.add(at, ChangeKind::Delete, applied, live, Value::Null),
        }
    }

    fn value(
        &mut self,
        at: &str,
        ty: &Type,
        applied: Option<&Value>,
        live: Option<&Value>,
        there: &Value,
        wanted: &Value,
    ) {
        let met = compare::meets(self.schema, ty, wanted, there);
        if met && !loses(self.schema, ty, applied, there, wanted) {
            return;
        }
        if wanted.is_known() && there.is_known() && self.kind.same(at, wanted.bare(), there.bare())
        {
            return;
        }
        let secret =
            matches!(wanted, Value::Secret(_)) || matches!(applied, Some(Value::Secret(_)));
        match (ty, wanted.bare(), there.bare()) {
            _ if secret => {}
            (Type::Map(item), Value::Map(new), Value::Map(_) | Value::Null) => {
                let item = |_: &str| Some((**item).clone());
                return self.entries(at, &item, applied, live, there, new);
            }
            (Type::Object(name), Value::Map(new), Value::Map(_)) => {
                let object = self.schema.types.get(name).cloned().unwrap_or_default();
                let item = |key: &str| object.properties.get(key).map(|it| it.ty.clone());
                return self.entries(at, &item, applied, live, there, new);
            }
            (Type::List(item), Value::List(new), Value::List(old)) if new.len() == old.len() => {
                for (place, wanted) in new.iter().enumerate() {
                    let at = path::index(at, place);
                    let applied = applied.and_then(|it| it.as_list()?.get(place));
                    let live = live.and_then(|it| it.as_list()?.get(place));
                    self.value(&at, item, applied, live, &old[place], wanted);
                }
                return;
            }
            (Type::Set(item), Value::List(new), Value::List(old)) if !met => {
                return self.members(at, item, applied, live, old, new);
            }
            _ => {}
        }
        let kind = if compare::is_nothing(there) { ChangeKind::Add } else { ChangeKind::Update };
        self.add(at, kind, applied, live, wanted.clone());
    }

    /// The entries of a map or an object: those wanted, and those that were
    /// applied and are no longer.
    fn entries(
        &mut self,
        at: &str,
        ty: &dyn Fn(&str) -> Option<Type>,
        applied: Option<&Value>,
        live: Option<&Value>,
        there: &Value,
        wanted: &Map,
    ) {
        let empty = Map::new();
        let there = there.as_map().unwrap_or(&empty);
        let was = applied.and_then(Value::as_map).unwrap_or(&empty);
        for (key, wanted) in wanted.iter().filter(|(_, it)| !it.is_null()) {
            let at = path::key(at, key);
            let live = live.map(|it| it.get(key).unwrap_or(&Value::Null));
            let there = there.get(key).unwrap_or(&Value::Null);
            let ty = ty(key).unwrap_or(Type::Any);
            self.value(&at, &ty, was.get(key), live, there, wanted);
        }
        for (key, applied) in was {
            let gone = wanted.get(key).is_none_or(Value::is_null);
            let there = there.get(key).unwrap_or(&Value::Null);
            if gone && !compare::is_nothing(there) && !compare::is_nothing(applied) {
                let at = path::key(at, key);
                let live = live.map(|it| it.get(key).unwrap_or(&Value::Null));
                self.add(&at, ChangeKind::Delete, Some(applied), live, Value::Null);
            }
        }
    }

    /// The members of a set: those missing and those too many.
    fn members(
        &mut self,
        at: &str,
        ty: &Type,
        applied: Option<&Value>,
        live: Option<&Value>,
        old: &[Value],
        new: &[Value],
    ) {
        let (missing, extra) = compare::matching(self.schema, ty, new, old);
        let known = |item: &Value| {
            let applied = applied.and_then(Value::as_list).unwrap_or_default();
            applied.iter().find(|it| compare::meets(self.schema, ty, it, item)).cloned()
        };
        let dropped: Vec<(usize, Option<Value>)> =
            extra.into_iter().map(|place| (place, known(&old[place]))).collect();
        for place in missing {
            let was = known(&new[place]);
            let live = live.map(|_| &Value::Null);
            self.add(
                &path::index(at, place),
                ChangeKind::Add,
                was.as_ref(),
                live,
                new[place].clone(),
            );
        }
        for (place, was) in dropped {
            let at = path::index(at, place);
            match live {
                // Never applied, although the set was: somebody else's.
                Some(_) if was.is_none() && applied.is_some() => self.found.push(Detail {
                    path: at,
                    kind: ChangeKind::Delete,
                    old: Value::Null,
                    live: Some(old[place].clone()),
                    new: Value::Null,
                    replaces: self.replaces,
                }),
                _ => {
                    let live = live.map(|_| &old[place]);
                    self.add(&at, ChangeKind::Delete, was.as_ref(), live, Value::Null);
                }
            }
        }
    }

    fn add(
        &mut self,
        at: &str,
        kind: ChangeKind,
        applied: Option<&Value>,
        live: Option<&Value>,
        new: Value,
    ) {
        let old = applied.cloned().unwrap_or_default();
        // Live is worth a word only where it is not what was applied.
        let live = live.filter(|it| {
            let nothing = compare::is_nothing(it) && compare::is_nothing(&old);
            !nothing && !self.agrees(at, &old, it)
        });
        let live = match (live, &old, &new) {
            (Some(live), Value::Secret(_), _) | (Some(live), _, Value::Secret(_)) => {
                Some(Value::secret(live.clone()))
            }
            (live, _, _) => live.cloned(),
        };
        self.found.push(Detail {
            path: at.to_owned(),
            kind,
            old,
            live,
            new,
            replaces: self.replaces,
        });
    }

    fn agrees(&self, at: &str, old: &Value, live: &Value) -> bool {
        let parts: Vec<String> = path::parse(at)
            .into_iter()
            .map(|it| match it {
                path::Part::Key(key) => key,
                path::Part::Index(place) => format!("[{place}]"),
                path::Part::Any => "*".to_owned(),
            })
            .collect();
        let ty = self.schema.type_at(&parts).cloned().unwrap_or(Type::Any);
        compare::meets(self.schema, &ty, old, live)
            || (old.is_known() && self.kind.same(at, old.bare(), live.bare()))
    }
}

/// Whether something that was applied and is still there is no longer wanted,
/// deeper inside.
fn loses(
    schema: &Schema,
    ty: &Type,
    applied: Option<&Value>,
    there: &Value,
    wanted: &Value,
) -> bool {
    let Some(applied) = applied else { return false };
    if let (Some(applied), Some(there), Some(wanted)) =
        (applied.as_list(), there.as_list(), wanted.as_list())
    {
        return match ty {
            Type::List(item) if applied.len() == there.len() && there.len() == wanted.len() => {
                let sides = applied.iter().zip(there).zip(wanted);
                sides.into_iter().any(|((applied, there), wanted)| {
                    loses(schema, item, Some(applied), there, wanted)
                })
            }
            Type::Set(item) => wanted.iter().any(|wanted| {
                let mut fits =
                    there.iter().filter(|it| compare::meets(schema, item, wanted, it)).peekable();
                fits.peek().is_some()
                    && fits.all(|there| member_loses(schema, item, applied, there, wanted))
            }),
            _ => false,
        };
    }
    let (Some(applied), Some(there), Some(wanted)) =
        (applied.as_map(), there.as_map(), wanted.as_map())
    else {
        return false;
    };
    applied.iter().any(|(key, applied)| {
        let Some(there) = there.get(key).filter(|it| !compare::is_nothing(it)) else {
            return false;
        };
        let property = match ty {
            Type::Object(name) => schema.types.get(name).and_then(|it| it.properties.get(key)),
            _ => None,
        };
        if property.is_some_and(|it| it.write_only) {
            return false;
        }
        let ty = match ty {
            Type::Map(item) => Some(&**item),
            _ => property.map(|it| &it.ty),
        };
        match wanted.get(key).filter(|it| !it.is_null()) {
            Some(wanted) => ty.is_some_and(|ty| loses(schema, ty, Some(applied), there, wanted)),
            None => !compare::is_nothing(applied) && !property.is_some_and(|it| it.computed),
        }
    })
}

/// The same for a member of a set, which may be any of those applied.
fn member_loses(
    schema: &Schema,
    item: &Type,
    applied: &[Value],
    there: &Value,
    wanted: &Value,
) -> bool {
    applied.iter().any(|applied| {
        compare::meets(schema, item, applied, there)
            && loses(schema, item, Some(applied), there, wanted)
    })
}

/// The live inputs as an update wants its `old` side: what the program or the
/// state set, in the program's own words wherever it means the same; computed
/// properties as they are. Answers `(old, new)`.
pub fn for_update(kind: &dyn AnyResource, sides: &Sides<'_>) -> (Value, Value) {
    let schema = kind.schema();
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, property) in &schema.inputs.properties {
        let applied = sides.applied.get(name);
        let wanted = sides.wanted.get(name);
        let live = match sides.live {
            Some(live) if !property.write_only => live.get(name),
            _ => applied,
        };
        if let Some(wanted) = wanted {
            new.insert(name.clone(), wanted.clone());
        }
        let before = match (applied, wanted, live) {
            (None, None, Some(live)) | (Some(_), None, Some(live)) if property.computed => {
                new.insert(name.clone(), live.clone());
                Some(live.clone())
            }
            (None, None, _) => None,
            (_, Some(wanted), Some(live)) => {
                Some(align(kind, schema, name, &property.ty, applied, wanted, live))
            }
            (Some(applied), None, Some(live)) => {
                Some(align(kind, schema, name, &property.ty, Some(applied), applied, live))
            }
            // Without it the old side could not even be read.
            (applied, wanted, None) if property.required => applied.or(wanted).cloned(),
            _ => None,
        };
        if let Some(before) = before {
            old.insert(name.clone(), before);
        }
    }
    (old.into(), new.into())
}

/// `live`, with every part that meets the wanted one replaced by it, and maps
/// cut to the keys that somebody set.
fn align(
    kind: &dyn AnyResource,
    schema: &Schema,
    at: &str,
    ty: &Type,
    applied: Option<&Value>,
    wanted: &Value,
    live: &Value,
) -> Value {
    let known = wanted.is_known() && live.is_known();
    if known && kind.same(at, wanted.bare(), live.bare()) {
        return wanted.clone();
    }
    match (ty, wanted.bare(), live.bare()) {
        (Type::Map(item), Value::Map(new), Value::Map(there)) => {
            let was = applied.and_then(Value::as_map);
            let set =
                |key: &String| new.contains_key(key) || was.is_some_and(|it| it.contains_key(key));
            let entries = there.iter().filter(|(key, _)| set(key)).map(|(key, live)| {
                let wanted = new.get(key).unwrap_or(live);
                let applied = was.and_then(|it| it.get(key));
                (key.clone(), align(kind, schema, &path::key(at, key), item, applied, wanted, live))
            });
            Value::Map(entries.collect())
        }
        (Type::Set(item), Value::List(new), Value::List(there)) => {
            let mut free: Vec<&Value> = new.iter().collect();
            let was = applied.and_then(Value::as_list).unwrap_or_default();
            let members = there.iter().map(|live| {
                let place = free.iter().position(|it| {
                    compare::meets(schema, item, it, live)
                        && !member_loses(schema, item, was, live, it)
                });
                place.map_or_else(|| live.clone(), |place| free.remove(place).clone())
            });
            Value::List(members.collect())
        }
        _ if compare::meets(schema, ty, wanted, live)
            && !loses(schema, ty, applied, live, wanted) =>
        {
            wanted.clone()
        }
        (Type::List(item), Value::List(new), Value::List(there)) if new.len() == there.len() => {
            let items = new.iter().zip(there).enumerate().map(|(place, (wanted, live))| {
                let applied = applied.and_then(|it| it.as_list()?.get(place));
                align(kind, schema, &path::index(at, place), item, applied, wanted, live)
            });
            Value::List(items.collect())
        }
        _ => live.clone(),
    }
}
