//! `aws:iam/getSessionContext:getSessionContext`: the role behind a session,
//! which an ARN of STS does not tell as IAM does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::role::live;
use crate::provider::*;

pub(super) struct GetSessionContext;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    arn: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    issuer_arn: String,
    issuer_id: String,
    issuer_name: String,
    session_name: String,
}

impl Function for GetSessionContext {
    const TOKEN: &'static str = "aws:iam/getSessionContext:getSessionContext";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let arn = args.arn.clone();
        let Some((role, session)) = assumed(&arn) else {
            // A user, or a role itself: whoever acts is who issued it.
            let nothing = String::new;
            return Ok(Output {
                id: arn.clone(),
                issuer_arn: arn.clone(),
                issuer_id: nothing(),
                issuer_name: nothing(),
                session_name: nothing(),
                arn,
            });
        };
        let none = || Error::invalid("arn", format!("there is no role `{role}`"));
        let issuer = live(cx, role).await?.ok_or_else(none)?;
        Ok(Output {
            id: arn.clone(),
            issuer_arn: issuer.arn,
            issuer_id: issuer.role_id,
            issuer_name: issuer.role_name,
            session_name: session.to_owned(),
            arn,
        })
    }
}

/// `arn:aws:sts::123456789012:assumed-role/name/session`
fn assumed(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':').skip(2);
    if parts.next()? != "sts" {
        return None;
    }
    parts.nth(2)?.strip_prefix("assumed-role/")?.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::assumed;

    #[test]
    fn only_sessions_have_an_issuer() {
        let session = "arn:aws:sts::123456789012:assumed-role/deploy/me@example.com";
        assert_eq!(assumed(session), Some(("deploy", "me@example.com")));
        assert_eq!(assumed("arn:aws:iam::123456789012:role/deploy"), None);
        assert_eq!(assumed("arn:aws:sts::123456789012:federated-user/me"), None);
    }
}
