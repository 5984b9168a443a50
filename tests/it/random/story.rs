//! Random programs, what becomes of them, and what goes wrong meanwhile: as
//! genes that proptest draws and shrinks, and as a model that is written as
//! YAML.

use std::fmt::Write as _;

use proptest::{collection::vec, option, prelude::*, sample::select};

/// A resource as it is drawn. Others are named by a number, taken modulo how
/// many come before it.
#[derive(Clone, Debug)]
pub(super) struct Gene {
    kind: Kind,
    named: bool,
    size: Option<u8>,
    fixed: Option<u8>,
    text: Option<(u8, u8)>,
    uses: Option<u8>,
    password: Option<u8>,
    depends: Vec<u8>,
    parent: Option<u8>,
    options: Vec<(Switch, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Thing,
    Named,
    /// A text that lives in the state only.
    Lot,
}

/// An option to be turned on or off.
#[derive(Clone, Copy, Debug)]
pub(super) enum Switch {
    Protect,
    DeleteFirst,
    Retain,
    DeletedWith(u8),
    Ignore(&'static str),
    ReplaceOn(&'static str),
}

/// One difference between a program and the next.
#[derive(Clone, Debug)]
pub(super) enum Mutation {
    Size(u8, Option<u8>),
    Fixed(u8, Option<u8>),
    Text(u8, Option<(u8, u8)>),
    Uses(u8, Option<u8>),
    Password(u8, Option<u8>),
    Depends(u8, Vec<u8>),
    Named(u8, bool),
    Switch(u8, Switch, bool),
    Drop(u8),
    Add(Gene),
    /// Another key, with or without an alias to the one before.
    Rename(u8, bool),
    Parent(u8, Option<u8>, bool),
    /// Dropped, and its name given to a new one.
    Heir(u8),
    /// Changed behind the stack's back.
    Drift(u8),
    /// Deleted behind the stack's back.
    Vanish(u8),
}

/// What goes wrong with calls of one operation, in order; nothing at all in
/// the empty ones.
pub(super) type Fault = (&'static str, &'static str);

/// The run ends with a write to the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// So many writes are done before.
    pub(super) after: u8,
    /// Whether the write itself is durable.
    pub(super) durable: bool,
}

/// A program's change and the runs that are to bring it about.
#[derive(Clone, Debug)]
pub(super) struct Chapter {
    pub(super) mutations: Vec<Mutation>,
    /// Runs before the one without any trouble.
    pub(super) troubles: Vec<Trouble>,
    pub(super) parallel: Option<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) faults: Vec<Fault>,
    pub(super) cut: Option<Cut>,
    /// An interrupt after so many events; two of them with the flag.
    pub(super) interrupt: Option<(u8, bool)>,
}

#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) genes: Vec<Gene>,
    pub(super) chapters: Vec<Chapter>,
    pub(super) destroy: Vec<Trouble>,
    pub(super) lots: u64,
}

const PROPERTIES: &[&str] = &["size", "fixed", "text", "uses", "tags"];

/// Not `uses`: whose change is ignored uses what is dropped for ever.
const IGNORED: &[&str] = &["size", "fixed", "text", "tags"];

fn switch() -> impl Strategy<Value = Switch> {
    prop_oneof![
        1 => Just(Switch::Protect),
        3 => Just(Switch::DeleteFirst),
        1 => Just(Switch::Retain),
        1 => any::<u8>().prop_map(Switch::DeletedWith),
        1 => select(IGNORED).prop_map(Switch::Ignore),
        1 => select(PROPERTIES).prop_map(Switch::ReplaceOn),
    ]
}

fn gene() -> impl Strategy<Value = Gene> {
    let kind = prop_oneof![5 => Just(Kind::Thing), 2 => Just(Kind::Named), 1 => Just(Kind::Lot)];
    let text = option::of((any::<u8>(), 0..5_u8));
    let links =
        (text, option::of(any::<u8>()), vec(any::<u8>(), 0..2), option::weighted(0.2, any::<u8>()));
    let values = (option::of(1..4_u8), option::of(1..4_u8), option::weighted(0.2, 1..4_u8));
    let options = vec((switch(), any::<bool>()), 0..2);
    (kind, option::weighted(0.3, Just(())), values, links, options).prop_map(
        |(kind, named, (size, fixed, password), (text, uses, depends, parent), options)| Gene {
            kind,
            named: named.is_some(),
            size,
            fixed,
            text,
            uses,
            password,
            depends,
            parent,
            options,
        },
    )
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let which = any::<u8>;
    let some = || option::of(1..4_u8);
    prop_oneof![
        2 => (which(), some()).prop_map(|(it, to)| Mutation::Size(it, to)),
        3 => (which(), some()).prop_map(|(it, to)| Mutation::Fixed(it, to)),
        2 => (which(), option::of((which(), 0..5_u8))).prop_map(|(it, to)| Mutation::Text(it, to)),
        2 => (which(), option::of(which())).prop_map(|(it, to)| Mutation::Uses(it, to)),
        1 => (which(), some()).prop_map(|(it, to)| Mutation::Password(it, to)),
        1 => (which(), vec(which(), 0..3)).prop_map(|(it, to)| Mutation::Depends(it, to)),
        1 => (which(), any::<bool>()).prop_map(|(it, to)| Mutation::Named(it, to)),
        3 => (which(), switch(), any::<bool>()).prop_map(|(it, to, on)| Mutation::Switch(it, to, on)),
        3 => which().prop_map(Mutation::Drop),
        2 => gene().prop_map(Mutation::Add),
        2 => (which(), any::<bool>()).prop_map(|(it, alias)| Mutation::Rename(it, alias)),
        1 => (which(), option::of(which()), any::<bool>())
            .prop_map(|(it, to, alias)| Mutation::Parent(it, to, alias)),
        1 => which().prop_map(Mutation::Heir),
        1 => which().prop_map(Mutation::Drift),
        1 => which().prop_map(Mutation::Vanish),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let operation = select(&["create", "update", "delete", "read", "find", "finish"][..]);
    let what = select(&["", "", "", "refuse", "throttle", "lose", "drop"][..]);
    let cut = (0..12_u8, any::<bool>()).prop_map(|(after, durable)| Cut { after, durable });
    let interrupt = option::weighted(0.2, (0..12_u8, any::<bool>()));
    (vec((operation, what), 0..6), option::of(cut), interrupt)
        .prop_map(|(faults, cut, interrupt)| Trouble { faults, cut, interrupt })
}

fn chapter() -> impl Strategy<Value = Chapter> {
    let parallel = option::weighted(0.2, 1..4_u8);
    (vec(mutation(), 0..5), vec(trouble(), 0..3), parallel)
        .prop_map(|(mutations, troubles, parallel)| Chapter { mutations, troubles, parallel })
}

pub(super) fn story() -> impl Strategy<Value = Story> {
    (vec(gene(), 2..12), vec(chapter(), 1..4), vec(trouble(), 0..2), 1..u64::MAX)
        .prop_map(|(genes, chapters, destroy, lots)| Story { genes, chapters, destroy, lots })
}

/// A resource of the program as it is to be.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// Stays through renaming; a tag of the thing says it.
    pub(super) me: u32,
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) size: Option<u8>,
    pub(super) fixed: Option<u8>,
    pub(super) text: Option<Text>,
    pub(super) uses: Option<u32>,
    pub(super) password: Option<u8>,
    depends: Vec<u32>,
    pub(super) parent: Option<u32>,
    pub(super) protect: bool,
    delete_first: bool,
    retain: bool,
    deleted_with: Option<u32>,
    pub(super) ignore: Vec<&'static str>,
    replace_on: Vec<&'static str>,
    aliases: Vec<Alias>,
}

/// What it was before this chapter.
#[derive(Clone, Debug, PartialEq)]
enum Alias {
    Name(String),
    Parent(Option<u32>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Text {
    Plain(u8),
    /// `${other.property}`
    Of(u32, &'static str),
}

impl Resource {
    /// All that it names.
    pub(super) fn needs(&self) -> Vec<u32> {
        let text = match self.text {
            Some(Text::Of(other, _)) => Some(other),
            _ => None,
        };
        let all = self.depends.iter().copied();
        all.chain(text).chain(self.uses).chain(self.parent).chain(self.deleted_with()).collect()
    }

    /// What is retained keeps what it uses and its name from going, for good:
    /// nobody could bring such a program about.
    pub(super) fn retained(&self) -> bool {
        self.retain && self.name.is_none() && self.uses.is_none()
    }

    pub(super) fn deleted_with(&self) -> Option<u32> {
        self.deleted_with.filter(|_| self.name.is_none() && self.uses.is_none())
    }
}

/// A program, and what was made out of its genes so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// Each names only those before it.
    pub(super) resources: Vec<Resource>,
    born: u32,
}

/// What a chapter does to the cloud itself.
#[derive(Default)]
pub(super) struct Meanwhile {
    pub(super) drifted: Vec<u32>,
    pub(super) vanished: Vec<u32>,
}

impl Model {
    pub(super) fn new(genes: &[Gene]) -> Self {
        let mut model = Self::default();
        for gene in genes {
            model.add(gene);
        }
        model
    }

    fn add(&mut self, gene: &Gene) {
        let at = self.resources.len();
        let me = self.born;
        self.born += 1;
        self.resources.push(Resource {
            me,
            key: format!("r{me}"),
            kind: gene.kind,
            name: None,
            size: gene.size,
            fixed: gene.fixed,
            text: None,
            uses: None,
            password: gene.password,
            depends: Vec::new(),
            parent: None,
            protect: false,
            delete_first: false,
            retain: false,
            deleted_with: None,
            ignore: Vec::new(),
            replace_on: Vec::new(),
            aliases: Vec::new(),
        });
        self.resources[at].text = gene.text.and_then(|it| self.text(at, it));
        self.resources[at].uses = gene.uses.and_then(|it| self.thing(at, it));
        self.resources[at].parent = gene.parent.and_then(|it| self.other(at, it));
        self.resources[at].depends = self.others(at, &gene.depends);
        for (switch, on) in &gene.options {
            self.switch(at, *switch, *on);
        }
        self.name(at, gene.named);
    }

    /// One of those before.
    fn other(&self, at: usize, number: u8) -> Option<u32> {
        (at > 0).then(|| self.resources[usize::from(number) % at].me)
    }

    fn others(&self, at: usize, numbers: &[u8]) -> Vec<u32> {
        let mut all: Vec<u32> = numbers.iter().filter_map(|it| self.other(at, *it)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// One of those before that is in the cloud.
    fn thing(&self, at: usize, number: u8) -> Option<u32> {
        self.other(at, number).filter(|it| self.of(*it).is_some_and(|it| it.kind != Kind::Lot))
    }

    fn text(&self, at: usize, (number, form): (u8, u8)) -> Option<Text> {
        if form > 2 {
            return Some(Text::Plain(form));
        }
        let other = self.of(self.other(at, number)?)?;
        let property = match other.kind {
            Kind::Lot => "result",
            _ => ["id", "arn", "chosen"][usize::from(form)],
        };
        Some(Text::Of(other.me, property))
    }

    fn name(&mut self, at: usize, named: bool) {
        let it = &mut self.resources[at];
        it.name = (named && it.kind != Kind::Lot).then(|| format!("name-{}", it.me));
    }

    fn switch(&mut self, at: usize, switch: Switch, on: bool) {
        let with = match switch {
            Switch::DeletedWith(number) if on => self.thing(at, number),
            _ => None,
        };
        let it = &mut self.resources[at];
        let toggle = |all: &mut Vec<&'static str>, property| {
            all.retain(|it| *it != property);
            all.extend(on.then_some(property));
        };
        match switch {
            Switch::Protect => it.protect = on,
            Switch::DeleteFirst => it.delete_first = on,
            Switch::Retain => it.retain = on,
            Switch::DeletedWith(_) => it.deleted_with = with,
            Switch::Ignore(property) => toggle(&mut it.ignore, property),
            Switch::ReplaceOn(property) => toggle(&mut it.replace_on, property),
        }
    }

    pub(super) fn of(&self, me: u32) -> Option<&Resource> {
        self.resources.iter().find(|it| it.me == me)
    }

    /// Protected by itself or by a parent.
    pub(super) fn protects(&self) -> bool {
        self.resources.iter().any(|it| it.protect)
    }

    pub(super) fn unprotected(&self) -> Self {
        let mut model = self.clone();
        model.resources.iter_mut().for_each(|it| it.protect = false);
        model
    }

    pub(super) fn mutate(&mut self, mutations: &[Mutation]) -> Meanwhile {
        let mut meanwhile = Meanwhile::default();
        for it in &mut self.resources {
            it.aliases.clear();
        }
        for mutation in mutations {
            self.one(mutation, &mut meanwhile);
        }
        meanwhile
    }

    fn one(&mut self, mutation: &Mutation, meanwhile: &mut Meanwhile) {
        if let Mutation::Add(gene) = mutation {
            return self.add(gene);
        }
        if self.resources.is_empty() {
            return;
        }
        let count = self.resources.len();
        let at = |number: &u8| usize::from(*number) % count;
        match mutation {
            Mutation::Size(it, to) => self.resources[at(it)].size = *to,
            Mutation::Fixed(it, to) => self.resources[at(it)].fixed = *to,
            Mutation::Text(it, to) => {
                self.resources[at(it)].text = to.and_then(|to| self.text(at(it), to));
            }
            Mutation::Uses(it, to) => {
                self.resources[at(it)].uses = to.and_then(|to| self.thing(at(it), to));
            }
            Mutation::Password(it, to) => self.resources[at(it)].password = *to,
            Mutation::Depends(it, to) => {
                self.resources[at(it)].depends = self.others(at(it), to);
            }
            Mutation::Named(it, to) => self.name(at(it), *to),
            Mutation::Switch(it, switch, on) => self.switch(at(it), *switch, *on),
            Mutation::Drop(it) => self.drop(at(it)),
            Mutation::Rename(it, alias) => self.rename(at(it), *alias),
            Mutation::Parent(it, to, alias) => {
                let to = to.and_then(|to| self.other(at(it), to));
                self.reparent(at(it), to, *alias);
            }
            Mutation::Heir(it) => self.heir(at(it)),
            Mutation::Drift(it) => meanwhile.drifted.push(self.resources[at(it)].me),
            Mutation::Vanish(it) => meanwhile.vanished.push(self.resources[at(it)].me),
            Mutation::Add(_) => {}
        }
    }

    fn drop(&mut self, at: usize) {
        let gone = self.resources.remove(at).me;
        for it in &mut self.resources {
            if matches!(it.text, Some(Text::Of(other, _)) if other == gone) {
                it.text = None;
            }
            it.uses = it.uses.filter(|it| *it != gone);
            it.parent = it.parent.filter(|it| *it != gone);
            it.deleted_with = it.deleted_with.filter(|it| *it != gone);
            it.depends.retain(|it| *it != gone);
        }
        self.lose(gone);
    }

    /// Without its former parent, nobody can say what something was.
    fn lose(&mut self, gone: u32) {
        let lost = Alias::Parent(Some(gone));
        while let Some(at) = self.resources.iter().position(|it| it.aliases.contains(&lost)) {
            self.reborn(at);
        }
    }

    /// Without an alias it is another resource, and the old one is dropped.
    fn rename(&mut self, at: usize, alias: bool) {
        let it = &mut self.resources[at];
        // With two kinds of alias at once, neither is the whole truth.
        if !alias || it.aliases.iter().any(|it| matches!(it, Alias::Parent(_))) {
            return self.reborn(at);
        }
        it.aliases.push(Alias::Name(it.key.clone()));
        it.key.push('x');
    }

    fn reparent(&mut self, at: usize, to: Option<u32>, alias: bool) {
        if self.resources[at].parent == to {
            return;
        }
        // Its children's URNs change with it, which aliases would have to
        // say for each of them.
        let me = self.resources[at].me;
        if self.resources.iter().any(|it| it.parent == Some(me)) {
            return;
        }
        let it = &mut self.resources[at];
        let old = std::mem::replace(&mut it.parent, to);
        if !alias || !it.aliases.is_empty() {
            return self.reborn(at);
        }
        it.aliases.push(Alias::Parent(old));
    }

    /// The same as another one, which others name from now on.
    fn reborn(&mut self, at: usize) {
        let (old, new) = (self.resources[at].me, self.born);
        self.born += 1;
        let it = &mut self.resources[at];
        it.me = new;
        it.key = format!("r{new}");
        it.aliases.clear();
        for it in &mut self.resources {
            if let Some(Text::Of(other, _)) = &mut it.text
                && *other == old
            {
                *other = new;
            }
            for other in it
                .uses
                .iter_mut()
                .chain(&mut it.parent)
                .chain(&mut it.deleted_with)
                .chain(&mut it.depends)
            {
                if *other == old {
                    *other = new;
                }
            }
        }
        self.lose(old);
    }

    fn heir(&mut self, at: usize) {
        let old = self.resources[at].clone();
        self.drop(at);
        let me = self.born;
        self.born += 1;
        self.resources.push(Resource {
            me,
            key: format!("r{me}"),
            text: None,
            uses: None,
            depends: Vec::new(),
            parent: None,
            deleted_with: None,
            aliases: Vec::new(),
            ..old
        });
    }

    pub(super) fn yaml(&self) -> String {
        let mut text = "name: demo\nruntime: yaml\nresources:\n".to_owned();
        for it in &self.resources {
            self.resource(it, &mut text).expect("a String takes all");
        }
        if self.resources.is_empty() {
            text = text.replace("resources:\n", "resources: {}\n");
        }
        text
    }

    fn resource(&self, it: &Resource, out: &mut String) -> std::fmt::Result {
        let key = |me: &u32| self.of(*me).map_or_else(String::new, |it| it.key.clone());
        let kind = match it.kind {
            Kind::Thing => "fake:index:Thing",
            Kind::Named => "fake:index:Named",
            Kind::Lot => "random:index/randomString:RandomString",
        };
        writeln!(out, "  {}:\n    type: {kind}\n    properties:", it.key)?;
        if it.kind == Kind::Lot {
            writeln!(out, "      length: {}", 10 + it.fixed.unwrap_or(0))?;
        } else {
            writeln!(out, "      tags: {{ me: '{}' }}", it.me)?;
            if let Some(name) = &it.name {
                writeln!(out, "      name: {name}")?;
            }
            if let Some(size) = it.size {
                writeln!(out, "      size: {size}")?;
            }
            if let Some(fixed) = it.fixed {
                writeln!(out, "      fixed: f{fixed}")?;
            }
            match &it.text {
                Some(Text::Plain(4)) => writeln!(out, "      text: {{ fn::secret: t4 }}")?,
                Some(Text::Plain(text)) => writeln!(out, "      text: t{text}")?,
                Some(Text::Of(other, property)) => {
                    writeln!(out, "      text: ${{{}.{property}}}", key(other))?;
                }
                None => {}
            }
            if let Some(other) = &it.uses {
                writeln!(out, "      uses: ${{{}.id}}", key(other))?;
            }
            if let Some(password) = it.password {
                writeln!(out, "      password: {{ fn::secret: secret{password} }}")?;
            }
        }
        // A lost answer's thing is looked for once, and not for a minute.
        writeln!(out, "    options:\n      customTimeouts: {{ create: 0s }}")?;
        if !it.depends.is_empty() {
            let all: Vec<String> =
                it.depends.iter().map(|it| format!("'${{{}}}'", key(it))).collect();
            writeln!(out, "      dependsOn: [{}]", all.join(", "))?;
        }
        if let Some(other) = &it.parent {
            writeln!(out, "      parent: ${{{}}}", key(other))?;
        }
        if let Some(other) = &it.deleted_with() {
            writeln!(out, "      deletedWith: ${{{}}}", key(other))?;
        }
        if it.protect {
            writeln!(out, "      protect: true")?;
        }
        if it.delete_first {
            writeln!(out, "      deleteBeforeReplace: true")?;
        }
        if it.retained() {
            writeln!(out, "      retainOnDelete: true")?;
        }
        for (option, all) in [("ignoreChanges", &it.ignore), ("replaceOnChanges", &it.replace_on)] {
            let all: Vec<&str> = all.iter().copied().filter(|_| it.kind != Kind::Lot).collect();
            if !all.is_empty() {
                writeln!(out, "      {option}: [{}]", all.join(", "))?;
            }
        }
        if !it.aliases.is_empty() {
            let one = |it: &Alias| match it {
                Alias::Name(name) => format!("{{ name: {name} }}"),
                Alias::Parent(Some(other)) => format!("{{ parent: '${{{}}}' }}", key(other)),
                Alias::Parent(None) => "{ noParent: true }".to_owned(),
            };
            let all: Vec<String> = it.aliases.iter().map(one).collect();
            writeln!(out, "      aliases: [{}]", all.join(", "))?;
        }
        Ok(())
    }
}
