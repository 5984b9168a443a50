//! Types that need no cloud: they live in the state only, and are made from
//! their inputs and a lot drawn at plan time.

mod random;
mod std;
mod stream;
mod tls;

use crate::{
    lang::providers,
    provider::{AnyFunction, AnyResource, Echo},
};

pub use self::std::refused;

pub fn types() -> Vec<Box<dyn AnyResource>> {
    [random::types(), tls::types(), pulumi()].into_iter().flatten().collect()
}

pub fn functions() -> Vec<Box<dyn AnyFunction>> {
    self::std::functions()
}

/// The language's own resources.
fn pulumi() -> Vec<Box<dyn AnyResource>> {
    let packages = ["aws", "random", "tls"];
    let providers = packages.into_iter().map(|it| Echo::boxed(providers::provider(it), None));
    providers.chain([Echo::boxed(providers::stash(), Some(("input", "output")))]).collect()
}
