//! Builds and frees a binary tree, node by node: bound by the allocator.

use bench_core::prelude::*;

use crate::work;

/// The number of levels of the tree.
pub const LEVELS: u32 = 11;
/// The number of nodes, with one allocation each.
pub const NODES: usize = work((1 << LEVELS) - 1);

/// A node of the tree, as in the benchmark "binary trees" (Ellis, Kovac and Boehm, 1997).
pub struct Node {
    children: Option<[Box<Node>; 2]>,
}

impl Node {
    /// Builds a tree of `levels` levels, at least one.
    #[inline(never)]
    pub fn tree(levels: u32) -> Box<Node> {
        let children = (levels > 1).then(|| [Node::tree(levels - 1), Node::tree(levels - 1)]);
        Box::new(Node { children })
    }

    /// Returns the number of nodes of this tree.
    pub fn count(&self) -> usize {
        1 + self.children.iter().flatten().map(|child| child.count()).sum::<usize>()
    }
}

/// Returns a closure that builds, counts and frees a tree; for [more work](crate), also small trees of 40 nodes in
/// total.
pub fn prepared() -> impl FnMut() -> usize {
    const SMALL: &[u32] = if work(50) > 50 { &[5, 3, 1, 1] } else { &[] };
    || {
        let levels = [&[LEVELS], SMALL].into_iter().flatten();
        levels.map(|levels| Node::tree(black_box(*levels)).count()).sum()
    }
}

#[benchmark(category = "unit", name = "kernel_allocation", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.count("nodes", NODES).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_full() {
        assert_eq!(Node::tree(1).count(), 1);
        assert_eq!(prepared()(), NODES);
    }
}
