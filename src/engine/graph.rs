//! Who must come before whom, as a petgraph.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::{algo::toposort, graph::DiGraph};

/// The positions `0..count` in an order in which nobody comes before what he
/// needs; `Err` names one of a cycle.
pub fn order(count: usize, needs: &BTreeMap<usize, BTreeSet<usize>>) -> Result<Vec<usize>, usize> {
    let mut graph = DiGraph::<usize, ()>::with_capacity(count, count);
    // Reversed, because the search that follows visits late nodes first.
    let nodes: BTreeMap<usize, _> = (0..count).rev().map(|at| (at, graph.add_node(at))).collect();
    for (at, before) in needs {
        for needed in before {
            graph.add_edge(nodes[needed], nodes[at], ());
        }
    }
    match toposort(&graph, None) {
        Ok(sorted) => Ok(sorted.into_iter().map(|it| graph[it]).collect()),
        Err(cycle) => Err(graph[cycle.node_id()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(edges: &[(usize, usize)]) -> BTreeMap<usize, BTreeSet<usize>> {
        let mut all = BTreeMap::<usize, BTreeSet<usize>>::new();
        for (at, needed) in edges {
            all.entry(*at).or_default().insert(*needed);
        }
        all
    }

    #[test]
    fn first_appearance_decides_among_equals() {
        assert_eq!(order(4, &needs(&[])), Ok(vec![0, 1, 2, 3]));
        assert_eq!(order(3, &needs(&[(0, 2)])), Ok(vec![1, 2, 0]));
        assert!(order(2, &needs(&[(0, 1), (1, 0)])).is_err());
    }
}
