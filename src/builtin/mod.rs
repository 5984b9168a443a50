//! Types that need no cloud: they live in the state only, and are made from
//! their inputs and a lot drawn at plan time.

mod provider;
mod random;
mod std;
mod stream;
mod tls;

use crate::{
    lang::providers,
    provider::{AnyFunction, AnyResource},
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
    let providers = [
        ("pulumi:providers:aws", "aws"),
        ("pulumi:providers:random", "random"),
        ("pulumi:providers:tls", "tls"),
    ];
    let providers = providers
        .into_iter()
        .map(|(token, package)| provider::Echo::boxed(token, providers::provider(package), None));
    let stash =
        provider::Echo::boxed(providers::STASH, providers::stash(), Some(("input", "output")));
    providers.chain([stash]).collect()
}
