//! One-shot schedules: what AWS does by itself if nobody comes to stop it.

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::request_id;
use crate::{
    aws::{error::absent, scheduler::MISSING, twin::Built as _},
    provider::{Cx, Error, Result},
};

/// Who keeps at it longer might undo what a person has done since.
const KEEPS_AT_IT_SECS: i32 = 300;

/// What a schedule does, and when.
pub(super) struct Schedule<'a> {
    pub(super) name: &'a str,
    pub(super) at: &'a str,
    pub(super) role: &'a str,
    pub(super) target: &'a str,
    pub(super) input: &'a Json,
}

impl Schedule<'_> {
    /// AWS takes a time without its zone, and UTC if it is told none.
    fn expression(&self) -> String {
        format!("at({})", self.at.strip_suffix('Z').unwrap_or(self.at))
    }

    /// The same request has the same one, and no other has it.
    fn token(&self, verb: &str) -> String {
        let input = self.input.to_string();
        let said = [verb, self.name, self.at, self.role, self.target, &*input].join("\n");
        URL_SAFE_NO_PAD.encode(Sha256::digest(said))
    }

    fn target(&self) -> Result<Target> {
        let retries = RetryPolicy::builder().maximum_event_age_in_seconds(KEEPS_AT_IT_SECS);
        let target = Target::builder().arn(self.target).role_arn(self.role);
        target.input(self.input.to_string()).retry_policy(retries.build()).build().built()
    }

    pub(super) async fn create(&self, cx: &Cx) -> Result<Option<String>> {
        let call = cx.aws.scheduler().create_schedule().client_token(self.token("create"));
        let call = call
            .name(self.name)
            .schedule_expression(self.expression())
            .flexible_time_window(sharp()?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target()?);
        match call.send().await.map_err(Error::from) {
            Ok(reply) => Ok(request_id(&reply)),
            // The code has other meanings, too.
            Err(error) if error.is(&["ConflictException"]) && exists(cx, self.name).await? => {
                Ok(error.request_id)
            }
            Err(error) => Err(error),
        }
    }

    /// AWS takes what an update does not say for the default.
    pub(super) async fn update(&self, cx: &Cx) -> Result<Option<String>> {
        let call = cx.aws.scheduler().update_schedule().client_token(self.token("update"));
        let call = call
            .name(self.name)
            .schedule_expression(self.expression())
            .flexible_time_window(sharp()?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target()?);
        Ok(request_id(&call.send().await?))
    }
}

fn sharp() -> Result<FlexibleTimeWindow> {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().built()
}

pub(super) async fn delete(cx: &Cx, name: &str) -> Result<Option<String>> {
    let reply = cx.aws.scheduler().delete_schedule().name(name).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| request_id(&it)))
}

pub(super) async fn exists(cx: &Cx, name: &str) -> Result<bool> {
    let reply = cx.aws.scheduler().get_schedule().name(name).send().await;
    absent(reply, MISSING).map(|it| it.is_some())
}
