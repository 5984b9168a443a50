//! Nothing to run yet: the library comes first.

fn main() {}
