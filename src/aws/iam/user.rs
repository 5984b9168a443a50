//! `aws:iam/user:User`. The id is the user's name.

use aws_sdk_iam::types::User as Live;
use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, SETTLES, all, birth_tags, check_name, check_path, managed_attachment, pairs, retag,
    root,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct User;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Another one renames the user.
    #[schemars(extend("autoname" = 64))]
    name: String,
    #[serde(default = "root")]
    path: String,
    permissions_boundary: Option<String>,
    /// Whether a delete takes away what others have given the user: keys,
    /// passwords, devices, policies and memberships.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    arn: String,
    unique_id: String,
}

impl Resource for User {
    const TYPE: &'static str = "aws:iam/user:User";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 64)?;
        check_path(&new.path)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let mut map = Map::from([("id".to_owned(), Value::string(name))]);
        if let Some(path) = inputs.get("path").map_or(Some("/"), Value::as_str) {
            let arn = place.global_arn("iam", &format!("user{path}{name}"));
            map.insert("arn".to_owned(), Value::String(arn));
        }
        map
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-user:{}", inputs.name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.iam().create_user().user_name(&new.name).path(&new.path);
        let call = call.set_permissions_boundary(new.permissions_boundary.clone());
        call.set_tags(Some(birth_tags(cx, &new.tags)?)).send().await?;
        Ok(new.name.clone())
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, name).await?.map(drop)) };
        cx.wait("IAM to show the user", SETTLES, visible).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        Ok(live(cx, name).await?.map(outputs))
    }

    async fn read_many(cx: &Cx, names: &[String]) -> Result<Vec<Option<Outputs>>> {
        all(names.iter().map(|name| Self::read(cx, name).boxed()).collect()).await
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        // An attempt before this one may have renamed it already.
        let name = if live(cx, name).await?.is_some() { name } else { &new.name };
        match &new.permissions_boundary {
            boundary if *boundary == old.permissions_boundary => {}
            Some(arn) => {
                let call = iam.put_user_permissions_boundary().user_name(name);
                call.permissions_boundary(arn).send().await?;
            }
            None => {
                let call = iam.delete_user_permissions_boundary().user_name(name);
                absent(call.send().await, MISSING)?;
            }
        }
        let (set, removed) = retag(&old.tags, &new.tags)?;
        if set.is_some() {
            iam.tag_user().user_name(name).set_tags(set).send().await?;
        }
        if removed.is_some() {
            iam.untag_user().user_name(name).set_tag_keys(removed).send().await?;
        }
        if name != new.name || old.path != new.path {
            let call = iam.update_user().user_name(name).new_path(&new.path);
            let renamed = (name != new.name).then(|| new.name.clone());
            call.set_new_user_name(renamed).send().await?;
        }
        Ok(())
    }

    async fn renamed(_: &Cx, _: &str, new: &Inputs) -> Result<String> {
        Ok(new.name.clone())
    }

    async fn delete(cx: &Cx, name: &str, last: &Inputs) -> Result<()> {
        if last.force_destroy && live(cx, name).await?.is_some() {
            strip(cx, name).await?;
        }
        absent(cx.aws.iam().delete_user().user_name(name).send().await, MISSING)?;
        Ok(())
    }

    async fn holders(cx: &Cx, name: &str) -> Result<Vec<String>> {
        let iam = cx.aws.iam();
        let mut found = managed_attachment::user::live(cx, name).await?;
        let groups = absent(iam.list_groups_for_user().user_name(name).send().await, MISSING)?;
        let groups = groups.map(|it| it.groups).unwrap_or_default();
        found.extend(groups.into_iter().map(|it| format!("group {}", it.group_name)));
        let keys = absent(iam.list_access_keys().user_name(name).send().await, MISSING)?;
        let keys = keys.map(|it| it.access_key_metadata).unwrap_or_default();
        let keys = keys.into_iter().filter_map(|it| it.access_key_id);
        found.extend(keys.map(|it| format!("access key {it}")));
        Ok(found)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let user = live(cx, &inputs.name).await?;
        Ok(user.filter(|it| cx.made(pairs(it.tags.as_deref()))).map(|it| it.user_name))
    }
}

pub(super) async fn live(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let reply = absent(cx.aws.iam().get_user().user_name(name).send().await, MISSING)?;
    Ok(reply.and_then(|it| it.user))
}

fn outputs(user: Live) -> Outputs {
    let inputs = Inputs {
        name: user.user_name,
        path: user.path,
        permissions_boundary: user.permissions_boundary.and_then(|it| it.permissions_boundary_arn),
        force_destroy: false,
        tags: Tags::live(pairs(user.tags.as_deref())),
    };
    Outputs { inputs, arn: user.arn, unique_id: user.user_id }
}

/// Everything that keeps IAM from deleting a user. No user has more of one
/// kind than a page holds.
async fn strip(cx: &Cx, name: &str) -> Result<()> {
    let iam = cx.aws.iam();
    for it in iam.list_access_keys().user_name(name).send().await?.access_key_metadata {
        let call = iam.delete_access_key().user_name(name);
        absent(call.set_access_key_id(it.access_key_id).send().await, MISSING)?;
    }
    absent(iam.delete_login_profile().user_name(name).send().await, MISSING)?;
    for it in iam.list_mfa_devices().user_name(name).send().await?.mfa_devices {
        let call = iam.deactivate_mfa_device().user_name(name).serial_number(&it.serial_number);
        absent(call.send().await, MISSING)?;
        // Hardware keys have no ARN, and nothing to delete.
        if it.serial_number.starts_with("arn:") {
            let call = iam.delete_virtual_mfa_device().serial_number(it.serial_number);
            absent(call.send().await, MISSING)?;
        }
    }
    let keys = iam.list_ssh_public_keys().user_name(name).send().await?.ssh_public_keys;
    for it in keys.unwrap_or_default() {
        let call = iam.delete_ssh_public_key().user_name(name);
        absent(call.ssh_public_key_id(it.ssh_public_key_id).send().await, MISSING)?;
    }
    for it in iam.list_signing_certificates().user_name(name).send().await?.certificates {
        let call = iam.delete_signing_certificate().user_name(name);
        absent(call.certificate_id(it.certificate_id).send().await, MISSING)?;
    }
    let reply = iam.list_service_specific_credentials().user_name(name).send().await?;
    for it in reply.service_specific_credentials.unwrap_or_default() {
        let call = iam.delete_service_specific_credential().user_name(name);
        let call = call.service_specific_credential_id(it.service_specific_credential_id);
        absent(call.send().await, MISSING)?;
    }
    for policy in iam.list_user_policies().user_name(name).send().await?.policy_names {
        let call = iam.delete_user_policy().user_name(name).policy_name(policy);
        absent(call.send().await, MISSING)?;
    }
    for arn in managed_attachment::user::live(cx, name).await? {
        let call = iam.detach_user_policy().user_name(name).policy_arn(arn);
        absent(call.send().await, MISSING)?;
    }
    for it in iam.list_groups_for_user().user_name(name).send().await?.groups {
        let call = iam.remove_user_from_group().user_name(name).group_name(it.group_name);
        absent(call.send().await, MISSING)?;
    }
    Ok(())
}
