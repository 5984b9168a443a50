//! In which order resources and variables can be evaluated, and what depends
//! on what.

use std::collections::{BTreeMap, BTreeSet};

use crate::lang::{
    ast::{Call, ExprKind, Program, Resource, Span, Variable},
    diag::Diagnostic,
    providers::{PROVIDER_PREFIX, package},
};

/// A resource or variable, by its index in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeRef {
    Resource(usize),
    Variable(usize),
}

/// Everything after what it depends on, otherwise in the order of the file.
/// The mistakes are cycles, one for each.
pub fn order(program: &Program) -> Result<Vec<NodeRef>, Vec<Diagnostic>> {
    let (order, cycles) = sorted(program);
    if cycles.is_empty() { Ok(order) } else { Err(cycles) }
}

/// With cycles the order holds all nodes nevertheless.
pub(super) fn sorted(program: &Program) -> (Vec<NodeRef>, Vec<Diagnostic>) {
    let graph = Graph::new(program);
    let mut nodes: Vec<NodeRef> = graph.needs.keys().copied().collect();
    nodes.sort_by_key(|it| graph.place(*it).start);
    let marks = BTreeMap::new();
    let mut walk = Walk { graph: &graph, marks, order: Vec::new(), cycles: Vec::new() };
    nodes.into_iter().for_each(|it| walk.from(it));
    let cycles = walk.cycles.iter().map(|cycle| graph.report(cycle)).collect();
    (walk.order, cycles)
}

/// For every resource the resources that it needs directly: those that it
/// names, itself or through variables, and its default provider.
pub fn dependencies(program: &Program) -> BTreeMap<String, BTreeSet<String>> {
    let graph = Graph::new(program);
    let key = |index: usize| program.resources[index].key.value.clone();
    let entry = |index: usize| {
        let mut needs = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![NodeRef::Resource(index)];
        while let Some(node) = open.pop() {
            for next in &graph.needs[&node] {
                match next {
                    NodeRef::Resource(it) => {
                        needs.insert(key(*it));
                    }
                    NodeRef::Variable(_) if seen.insert(*next) => open.push(*next),
                    NodeRef::Variable(_) => {}
                }
            }
        }
        (key(index), needs)
    };
    (0..program.resources.len()).map(entry).collect()
}

/// By package. Of two for one package the first counts; that there are two is
/// reported elsewhere.
pub(super) fn default_providers(program: &Program) -> BTreeMap<&str, &Resource> {
    let providers = program
        .resources
        .iter()
        .filter(|it| it.default_provider && it.token.value.starts_with(PROVIDER_PREFIX));
    providers.rev().map(|it| (package(&it.token.value), it)).collect()
}

struct Graph<'a> {
    program: &'a Program,
    /// Of a node, in the order in which it names them.
    needs: BTreeMap<NodeRef, Vec<NodeRef>>,
}

impl<'a> Graph<'a> {
    fn new(program: &'a Program) -> Self {
        let resources = program.resources.iter().enumerate();
        let resources = resources.map(|(at, it)| (it.key.value.as_str(), NodeRef::Resource(at)));
        let variables = program.variables.iter().enumerate();
        let variables = variables.map(|(at, it)| (it.name.value.as_str(), NodeRef::Variable(at)));
        // A resource wins over a variable of its name, as in every lookup.
        let names: BTreeMap<&str, NodeRef> = variables.chain(resources).collect();
        let providers = default_providers(program);
        let provider = |token: &str| {
            let provider = providers.get(package(token))?;
            names.get(provider.key.value.as_str()).copied()
        };
        let mut needs = BTreeMap::new();
        for (at, resource) in program.resources.iter().enumerate() {
            let mut all: Vec<NodeRef> = Vec::new();
            resource.accesses(&mut |it| all.extend(names.get(it.root.as_str())));
            if uses_default(resource) {
                all.extend(provider(&resource.token.value));
            }
            needs.insert(NodeRef::Resource(at), all);
        }
        for (at, variable) in program.variables.iter().enumerate() {
            let mut all: Vec<NodeRef> = Vec::new();
            variable.value.accesses(&mut |it| all.extend(names.get(it.root.as_str())));
            all.extend(own_invoke(variable).and_then(provider));
            needs.insert(NodeRef::Variable(at), all);
        }
        Self { program, needs }
    }

    fn report(&self, cycle: &[NodeRef]) -> Diagnostic {
        let first = cycle[0];
        let what = match first {
            NodeRef::Resource(_) => "resource",
            NodeRef::Variable(_) => "variable",
        };
        let name = self.name(first);
        let message = format!("circular dependency of {what} '{name}' transitively on itself");
        let path: Vec<&str> = cycle.iter().chain([&first]).map(|it| self.name(*it)).collect();
        Diagnostic::error(self.place(first), message)
            .hint(format!("the circle is {}", path.join(" -> ")))
    }

    fn place(&self, node: NodeRef) -> &'a Span {
        match node {
            NodeRef::Resource(at) => &self.program.resources[at].key.span,
            NodeRef::Variable(at) => &self.program.variables[at].name.span,
        }
    }

    fn name(&self, node: NodeRef) -> &'a str {
        match node {
            NodeRef::Resource(at) => &self.program.resources[at].key.value,
            NodeRef::Variable(at) => &self.program.variables[at].name.value,
        }
    }
}

fn uses_default(resource: &Resource) -> bool {
    resource.options.provider.is_none() && !resource.token.value.starts_with(PROVIDER_PREFIX)
}

/// The function of an invoke that is directly the variable's value: only such
/// a one uses the default provider.
fn own_invoke(variable: &Variable) -> Option<&str> {
    let ExprKind::Call(call) = &variable.value.kind else { return None };
    match &**call {
        Call::Invoke(it) if it.options.provider.is_none() => Some(&it.function.value),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Open,
    Done,
}

struct Walk<'a> {
    graph: &'a Graph<'a>,
    marks: BTreeMap<NodeRef, Mark>,
    order: Vec<NodeRef>,
    cycles: Vec<Vec<NodeRef>>,
}

impl Walk<'_> {
    /// Depth first, with its own stack: a chain may be as long as the program.
    fn from(&mut self, root: NodeRef) {
        if self.marks.contains_key(&root) {
            return;
        }
        self.marks.insert(root, Mark::Open);
        let mut path = vec![(root, 0)];
        while let Some((node, at)) = path.last_mut() {
            let node = *node;
            let Some(next) = self.graph.needs[&node].get(*at).copied() else {
                self.marks.insert(node, Mark::Done);
                self.order.push(node);
                path.pop();
                continue;
            };
            *at += 1;
            match self.marks.get(&next) {
                None => {
                    self.marks.insert(next, Mark::Open);
                    path.push((next, 0));
                }
                Some(Mark::Open) => {
                    let nodes = path.iter().map(|(it, _)| *it);
                    self.cycle(nodes.skip_while(|it| *it != next).collect());
                }
                Some(Mark::Done) => {}
            }
        }
    }

    /// A resource that is named twice closes the same circle twice.
    fn cycle(&mut self, mut nodes: Vec<NodeRef>) {
        let first = (0..nodes.len()).min_by_key(|at| nodes[*at]).unwrap_or_default();
        nodes.rotate_left(first);
        if !self.cycles.contains(&nodes) {
            self.cycles.push(nodes);
        }
    }
}
