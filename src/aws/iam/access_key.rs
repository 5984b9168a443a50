//! `aws:iam/accessKey:AccessKey`. The id is the key's, `AKIA…`.
//!
//! IAM tells the secret once, and a create can be marked by nothing: no name,
//! no token, no tag. So the user is tagged with the keys that were there
//! before the first attempt. A key that came by an attempt whose answer was
//! lost is of no use: it is deleted, and another one made.

use aws_sdk_iam::types::{AccessKeyMetadata, StatusType};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{MISSING, date, tag, user};
use crate::{aws::error::absent, provider::*};

pub(super) struct AccessKey;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(default = "active")]
    #[schemars(extend("enum" = ["Active", "Inactive"]))]
    status: String,
    #[schemars(extend("replace" = true))]
    user: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    create_date: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    secret: Option<Secret<String>>,
    /// For the region that the stack is in.
    #[serde(rename = "sesSmtpPasswordV4")]
    #[schemars(extend("writeOnly" = true))]
    ses_smtp_password: Option<Secret<String>>,
}

fn active() -> String {
    "Active".to_owned()
}

const PGP: &str = "the secret is encrypted in the state, and shown to nobody: no PGP key is needed";

impl Resource for AccessKey {
    const TYPE: &'static str = "aws:iam/accessKey:AccessKey";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("encryptedSecret", PGP),
        ("encryptedSesSmtpPasswordV4", PGP),
        ("keyFingerprint", PGP),
        ("pgpKey", PGP),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-user:{}", inputs.user))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        Ok(Self::create_told(cx, new).await?.ok_or(Error::missing("AccessKey"))?.0)
    }

    async fn create_told(cx: &Cx, new: &Inputs) -> Result<Option<(String, Outputs)>> {
        if new.status != "Active" {
            let rule = "a new key is active: set `Inactive` once it is there";
            return Err(Error::invalid("status", rule));
        }
        if !withdraw(cx, &new.user).await? {
            let before: Vec<String> =
                keys(cx, &new.user).await?.into_iter().filter_map(id).collect();
            // A tag's value cannot be empty everywhere, and has no commas.
            let value = format!("before: {}", before.join(" "));
            let mark = tag((mark(cx), value))?;
            cx.aws.iam().tag_user().user_name(&new.user).tags(mark).send().await?;
        }
        let reply = cx.aws.iam().create_access_key().user_name(&new.user).send().await?;
        let key = reply.access_key.ok_or(Error::missing("AccessKey"))?;
        let password = smtp_password(&key.secret_access_key, &cx.place.region);
        let outputs = Outputs {
            inputs: Inputs { status: active(), user: new.user.clone() },
            create_date: key.create_date.as_ref().map(date).transpose()?,
            secret: Some(Secret(key.secret_access_key)),
            ses_smtp_password: Some(Secret(password)),
        };
        Ok(Some((key.access_key_id, outputs)))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let reply = cx.aws.iam().get_access_key_last_used().access_key_id(id).send().await;
        // IAM denies access to a key that it does not know.
        let reply = absent(reply, &["NoSuchEntity", "AccessDenied"])?;
        let Some(user) = reply.and_then(|it| it.user_name) else { return Ok(None) };
        let key = keys(cx, &user).await?.into_iter().find(|it| it.access_key_id() == Some(id));
        key.map(|it| outputs(user, &it)).transpose()
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let call = cx.aws.iam().update_access_key().user_name(&new.user).access_key_id(id);
        call.status(StatusType::from(new.status.as_str())).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let call = cx.aws.iam().delete_access_key().user_name(&last.user).access_key_id(id);
        absent(call.send().await, MISSING)?;
        let call = cx.aws.iam().untag_user().user_name(&last.user).tag_keys(mark(cx));
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// What a lost answer told is lost: the key goes.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        withdraw(cx, &inputs.user).await?;
        Ok(None)
    }
}

/// Of the operation that makes the key.
fn mark(cx: &Cx) -> String {
    format!("{OP_TAG}:{}", cx.op)
}

fn id(key: AccessKeyMetadata) -> Option<String> {
    key.access_key_id
}

async fn keys(cx: &Cx, user: &str) -> Result<Vec<AccessKeyMetadata>> {
    let reply = cx.aws.iam().list_access_keys().user_name(user).send().await;
    Ok(absent(reply, MISSING)?.map(|it| it.access_key_metadata).unwrap_or_default())
}

/// Deletes the keys that are there since this operation's first attempt. Says
/// whether there was one.
async fn withdraw(cx: &Cx, user: &str) -> Result<bool> {
    let Some(live) = user::live(cx, user).await? else { return Ok(false) };
    let tags = live.tags.unwrap_or_default();
    let Some(tag) = tags.iter().find(|it| it.key() == mark(cx)) else { return Ok(false) };
    let before: Vec<&str> = tag.value().split_whitespace().skip(1).collect();
    for key in keys(cx, user).await?.into_iter().filter_map(id) {
        if !before.contains(&key.as_str()) {
            let call = cx.aws.iam().delete_access_key().user_name(user).access_key_id(key);
            absent(call.send().await, MISSING)?;
        }
    }
    Ok(true)
}

fn outputs(user: String, key: &AccessKeyMetadata) -> Result<Outputs> {
    let status = key.status().map_or_else(active, ToString::to_string);
    Ok(Outputs {
        inputs: Inputs { status, user },
        create_date: key.create_date.as_ref().map(date).transpose()?,
        secret: None,
        ses_smtp_password: None,
    })
}

/// The password that Amazon SES takes for this secret, version 4.
fn smtp_password(secret: &str, region: &str) -> String {
    let sign = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length of key will do");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let start = sign(format!("AWS4{secret}").as_bytes(), "11111111");
    let steps = [region, "ses", "aws4_request", "SendRawEmail"];
    let signature = steps.iter().fold(start, |key, text| sign(&key, text));
    STANDARD.encode([&[4], &signature[..]].concat())
}

#[cfg(test)]
mod tests {
    use super::smtp_password;

    /// As Amazon's own script computes it.
    #[test]
    fn a_secret_becomes_a_password_for_mail() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let password = "BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9";
        assert_eq!(smtp_password(secret, "us-east-1"), password);
    }
}
