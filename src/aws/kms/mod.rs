//! AWS KMS.

mod alias;
mod get_alias;
mod get_key;
mod key;
mod key_policy;

use crate::{
    aws::error::absent,
    provider::{AnyFunction, AnyResource, Cx, Policy, Result, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<alias::Alias>(), resource::<key::Key>(), resource::<key_policy::KeyPolicy>()]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_alias::GetAlias>(), function::<get_key::GetKey>()]
}

const MISSING: &[&str] = &["NotFoundException"];

/// A key has one policy, whose name is this.
const POLICY: &str = "default";

/// `None` when there is no such key: every key has a policy.
async fn policy_of(cx: &Cx, key: &str) -> Result<Option<Policy>> {
    let call = cx.aws.kms().get_key_policy().key_id(key).policy_name(POLICY);
    let text = absent(call.send().await, MISSING)?.and_then(|it| it.policy);
    text.map(|it| Policy::parse(&it)).transpose()
}

async fn put_policy(cx: &Cx, key: &str, policy: &Policy, unsafely: bool) -> Result<()> {
    let call = cx.aws.kms().put_key_policy().key_id(key).policy_name(POLICY);
    let call = call.policy(policy.to_string()).bypass_policy_lockout_safety_check(unsafely);
    call.send().await?;
    Ok(())
}
