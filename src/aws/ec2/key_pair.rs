//! `aws:ec2/keyPair:KeyPair`. The id is the key's name.

use std::time::Duration;

use aws_sdk_ec2::{
    primitives::Blob,
    types::{Filter, KeyPairInfo, ResourceType},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, born, filter, in_order, live_tags, made, retag};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct KeyPair;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    key_name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    key_name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    public_key: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    fingerprint: Option<String>,
    key_pair_id: String,
    key_type: Option<String>,
}

impl Resource for KeyPair {
    const TYPE: &'static str = "aws:ec2/keyPair:KeyPair";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if blob(&new.public_key).is_none() {
            let rule = "is a key as OpenSSH (`ssh-ed25519 AAAA…`) or RFC 4716 writes it";
            return Err(Error::invalid("publicKey", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("keyName").and_then(Value::as_str) else { return Map::new() };
        let arn = place.arn("ec2", &format!("key-pair/{name}"));
        Map::from([("arn".to_owned(), Value::String(arn)), ("id".to_owned(), Value::string(name))])
    }

    /// AWS keeps the key, and not the comment behind it.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let key = |it: &Value| it.reveal().as_str().and_then(blob);
        path == "publicKey"
            && wanted.is_known()
            && key(wanted).is_some_and(|it| Some(it) == key(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().import_key_pair().key_name(&new.key_name);
        call.public_key_material(Blob::new(new.public_key.as_bytes()))
            .tag_specifications(born(cx, ResourceType::KeyPair, &new.tags))
            .send()
            .await?;
        Ok(new.key_name.clone())
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(one(cx, name).await?.map(drop)) };
        // It takes seconds.
        cx.wait("the key to be visible", Duration::from_secs(120), look).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        one(cx, name).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, names: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for names in names.chunks(FILTER_VALUES) {
            for live in describe(cx, vec![filter("key-name", names)]).await? {
                let name = live.key_name.clone().ok_or(Error::missing("KeyName"))?;
                found.push((name, outputs(cx, live)?));
            }
        }
        Ok(in_order(names, found))
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = one(cx, name).await?.ok_or_else(|| Error::unseen("the key"))?;
        let id = live.key_pair_id.ok_or(Error::missing("KeyPairId"))?;
        retag(cx, &id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().delete_key_pair().key_name(name).send().await;
        absent(reply, &["InvalidKeyPair.NotFound"])?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = one(cx, &inputs.key_name).await?;
        Ok(live.filter(|it| made(cx, it.tags.as_deref())).and_then(|it| it.key_name))
    }
}

/// What all ways to write a public key have in common: the base64 text that
/// begins with the length of the key's type.
fn blob(key: &str) -> Option<String> {
    let body: String = if key.trim_start().starts_with("---- BEGIN SSH2 PUBLIC KEY") {
        let lines = key.lines().map(str::trim);
        lines.filter(|it| !it.starts_with("----") && !it.contains(':')).collect()
    } else {
        key.split_whitespace().find(|it| it.starts_with("AAAA"))?.to_owned()
    };
    body.starts_with("AAAA").then_some(body)
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<KeyPairInfo>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let call = cx.aws.ec2().describe_key_pairs().set_filters(filters);
    let call = call.include_public_key(cx.asks("publicKey"));
    Ok(call.send().await?.key_pairs.unwrap_or_default())
}

async fn one(cx: &Cx, name: &str) -> Result<Option<KeyPairInfo>> {
    Ok(describe(cx, vec![filter("key-name", [name])]).await?.pop())
}

pub(super) fn outputs(cx: &Cx, live: KeyPairInfo) -> Result<Outputs> {
    let key_name = live.key_name.ok_or(Error::missing("KeyName"))?;
    let arn = cx.place.arn("ec2", &format!("key-pair/{key_name}"));
    let inputs = Inputs {
        key_name,
        key_name_prefix: None,
        public_key: live.public_key.unwrap_or_default().trim().to_owned(),
        tags: live_tags(live.tags),
    };
    Ok(Outputs {
        inputs,
        arn,
        fingerprint: live.key_fingerprint,
        key_pair_id: live.key_pair_id.ok_or(Error::missing("KeyPairId"))?,
        key_type: live.key_type.map(|it| it.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::blob;

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 someone@somewhere\n";
        let ssh2 = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\nAAAAC3NzaC1l\nZDI1NTE5\n\
                    ---- END SSH2 PUBLIC KEY ----\n";
        assert_eq!(blob(line).as_deref(), Some("AAAAC3NzaC1lZDI1NTE5"));
        assert_eq!(blob(line), blob(ssh2));
        assert_eq!(blob("-----BEGIN PUBLIC KEY-----\nMIIB\n"), None);
    }
}
