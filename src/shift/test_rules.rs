//! The rules that send requests with certain headers to the destination while
//! a shift is open: made before it is tried, and taken away at the end.

use std::time::Duration;

use serde_json::json;

use super::{
    driver::{Driver, SHOWN, Stop, millis},
    plan::{LEASE, Plan, leaseholder},
};
use crate::rollout::cloud::{Cloud, Write};

/// How often a rule is looked for that may have been made just before.
const LOOKS: u32 = 4;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

impl<C: Cloud> Driver<'_, C> {
    /// Nobody is tried before the rules are seen: requests would go to the
    /// source, and a delete would not find them.
    pub(super) async fn make_test_rules(&self) -> Result<(), Stop> {
        for planned in self.plan.test_rules(&self.fence.shift) {
            let Write::CreateRule { listener_arn: listener, priority, .. } = planned.write.clone()
            else {
                continue;
            };
            self.change(planned).await?;
            let deadline = self.now() + millis(self.around.pace.of(SHOWN));
            while self.test_rule(&listener, priority).await?.is_none() {
                if self.now() > deadline {
                    let reason = format!("the test rule of {listener} does not show");
                    return Err(Stop::Back(reason));
                }
                self.nap(PAUSE).await?;
            }
            let text = self.plan.test_words(&listener);
            self.say("testRule.made", json!({ "listener": listener, "text": text }));
        }
        Ok(())
    }

    /// Of all that were asked for: whether they were made, a look tells.
    pub(super) async fn drop_test_rules(&self) -> Result<(), Stop> {
        let ops = self.store.borrow().shift_ops(&self.fence.shift)?;
        for planned in self.plan.test_rules(&self.fence.shift) {
            let write = serde_json::to_value(&planned.write).unwrap_or_default();
            let Write::CreateRule { listener_arn: listener, priority, .. } = planned.write else {
                continue;
            };
            if ops.iter().all(|it| it.op.write != write) {
                continue;
            }
            let mut rule = self.test_rule(&listener, priority).await?;
            for _ in 1..LOOKS {
                if rule.is_some() {
                    break;
                }
                self.rest(PAUSE).await;
                rule = self.test_rule(&listener, priority).await?;
            }
            if let Some(rule) = rule {
                self.change(Plan::drop_test_rule(&rule)).await?;
            }
        }
        Ok(())
    }

    /// The rule that this shift has made there.
    async fn test_rule(&self, listener: &str, priority: u32) -> Result<Option<String>, Stop> {
        let found = self.asking(|| self.cloud.rule_at(listener, priority)).await?;
        let ours = found
            .filter(|it| it.tags.get(LEASE).is_some_and(|it| leaseholder(it) == self.fence.shift));
        Ok(ours.map(|it| it.arn))
    }
}
