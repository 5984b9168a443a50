//! `aws:wafv2/ipSet:IpSet`. The id is `uuid/name/scope`.

use aws_sdk_wafv2::{operation::get_ip_set::GetIpSetOutput, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    SERIAL, birth_tags, calls, check_name, id, made, parts, retag, right_region, tags, twin::Word,
};
use crate::{aws::kept, provider::*};

pub(super) struct IpSet;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    scope: Word<sdk::Scope>,
    #[schemars(extend("replace" = true))]
    ip_address_version: Word<sdk::IpAddressVersion>,
    /// Left alone while the program never says them.
    addresses: Option<Set<Cidr>>,
    description: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    lock_token: Option<String>,
}

impl Resource for IpSet {
    const TYPE: &'static str = "aws:wafv2/ipSet:IpSet";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        let all = new.addresses.iter().flat_map(|it| &it.0);
        for Cidr(address) in all {
            let everything = address.ends_with("/0");
            let v6 = new.ip_address_version.0 == sdk::IpAddressVersion::Ipv6;
            if everything || address.contains(':') != v6 {
                let version = &new.ip_address_version.0;
                let rule = format!("`{address}` is not an {version} block of /1 or longer");
                return Err(Error::invalid("addresses", rule));
            }
        }
        Ok(())
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some(SERIAL.to_owned())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        right_region(cx, &new.scope.0)?;
        let call = cx.aws.wafv2().create_ip_set().name(&new.name).scope(new.scope.0.clone());
        let call = call.ip_address_version(new.ip_address_version.0.clone());
        let call = call.set_addresses(Some(addresses(new).unwrap_or_default()));
        let call = call.set_description(new.description.clone().filter(|it| !it.is_empty()));
        let reply = call.set_tags(birth_tags(cx, &new.tags)?).send().await?;
        id(reply.summary.as_ref().and_then(|it| it.id()), &new.name, &new.scope.0)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (_, name, scope) = parts(id)?;
        let Some(reply) = live(cx, id).await? else { return Ok(None) };
        let set = reply.ip_set.ok_or(Error::missing("IPSet"))?;
        let inputs = Inputs {
            name: name.to_owned(),
            name_prefix: None,
            scope: Word(scope),
            ip_address_version: Word(set.ip_address_version),
            addresses: Some(Set(set.addresses.into_iter().map(Cidr).collect())),
            description: set.description.filter(|it| !it.is_empty()),
            tags: tags(cx, &set.arn).await?,
        };
        Ok(Some(Outputs { inputs, arn: set.arn, lock_token: reply.lock_token }))
    }

    /// The call replaces the whole set: what the program never said is sent
    /// as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (uuid, name, scope) = parts(id)?;
        let reply = live(cx, id).await?.ok_or(Error::unseen("the IP set"))?;
        let set = reply.ip_set.ok_or(Error::missing("IPSet"))?;
        if old.addresses != new.addresses || old.description != new.description {
            let wanted = kept(addresses(old), addresses(new), Some(set.addresses));
            let description =
                kept(old.description.clone(), new.description.clone(), set.description);
            let call = cx.aws.wafv2().update_ip_set().id(uuid).name(name).scope(scope);
            let call = call.set_addresses(Some(wanted.unwrap_or_default()));
            let call = call.set_description(description.filter(|it| !it.is_empty()));
            call.set_lock_token(reply.lock_token).send().await?;
        }
        retag(cx, &set.arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        delete(cx, id).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let scope = &inputs.scope.0;
        made(cx, listed(cx, scope).await?, scope, &inputs.name).await
    }
}

calls!(GetIpSetOutput: list_ip_sets ip_sets, get_ip_set, delete_ip_set);

fn addresses(inputs: &Inputs) -> Option<Vec<String>> {
    Some(inputs.addresses.as_ref()?.0.iter().map(|it| it.0.clone()).collect())
}
