//! `aws:efs/mountTarget:MountTarget`. The id is the target's, `fsmt-…`.

use std::time::Duration;

use aws_sdk_efs::types::{LifeCycleState, MountTargetDescription as Live};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_FILE_SYSTEM, dns_name, file_system_arn};
use crate::{
    aws::error::{absent, seen},
    provider::*,
};

pub(super) struct MountTarget;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    file_system_id: String,
    #[schemars(extend("replace" = true, "computed" = true))]
    ip_address: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true, "enum" = [
        "IPV4_ONLY", "IPV6_ONLY", "DUAL_STACK",
    ]))]
    ip_address_type: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    ipv6_address: Option<String>,
    /// The VPC's default one, when left out.
    #[schemars(extend("computed" = true))]
    security_groups: Option<Set<String>>,
    #[schemars(extend("replace" = true))]
    subnet_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    availability_zone_id: Option<String>,
    availability_zone_name: Option<String>,
    dns_name: String,
    file_system_arn: String,
    mount_target_dns_name: String,
    network_interface_id: Option<String>,
    owner_id: Option<String>,
}

impl Resource for MountTarget {
    const TYPE: &'static str = "aws:efs/mountTarget:MountTarget";
    /// A zone has one.
    const KEY: &'static [&'static str] = &["fileSystemId", "subnetId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("efs:{}", inputs.file_system_id))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.efs().create_mount_target().file_system_id(&new.file_system_id);
        let reply = call
            .subnet_id(&new.subnet_id)
            .set_ip_address(new.ip_address.clone())
            .set_ip_address_type(new.ip_address_type.as_deref().map(Into::into))
            .set_ipv6_address(new.ipv6_address.clone())
            .set_security_groups(new.security_groups.as_ref().map(|it| it.0.clone()))
            .send()
            .await?;
        Ok(reply.mount_target_id)
    }

    /// It takes 1 to 3 minutes; HashiCorp's provider waits 30.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let live = one(cx, id).await?;
            match live.map(|it| it.life_cycle_state) {
                Some(LifeCycleState::Available) => Ok(Some(())),
                Some(LifeCycleState::Error) => Err(Error::failed("the mount target is in error")),
                _ => Ok(None),
            }
        };
        cx.wait("the mount target to be available", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        match one(cx, id).await?.filter(|it| !is_gone(it)) {
            Some(live) => outputs(cx, live).await.map(Some),
            None => Ok(None),
        }
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let changed = old.security_groups != new.security_groups;
        if let Some(groups) = new.security_groups.as_ref().filter(|_| changed) {
            let call = cx.aws.efs().modify_mount_target_security_groups().mount_target_id(id);
            call.set_security_groups(Some(groups.0.clone())).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.efs().delete_mount_target().mount_target_id(id).send().await, MISSING)?;
        Ok(())
    }

    /// Until then it holds the file system, its subnet and its groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(one(cx, id).await?.is_none().then_some(())) };
        cx.wait("the mount target to be gone", LIMIT, look).await
    }

    /// A file system has one in a subnet, and refuses a second one.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = cx.aws.efs().describe_mount_targets().file_system_id(&inputs.file_system_id);
        let found = absent(call.send().await, NO_FILE_SYSTEM)?.and_then(|it| it.mount_targets);
        let mut found = found.unwrap_or_default().into_iter();
        let there = found.find(|it| it.subnet_id == inputs.subnet_id && !is_gone(it));
        Ok(there.map(|it| it.mount_target_id))
    }
}

const MISSING: &[&str] = &["MountTargetNotFound"];

const LIMIT: Duration = Duration::from_secs(1800);

fn is_gone(live: &Live) -> bool {
    matches!(live.life_cycle_state, LifeCycleState::Deleting | LifeCycleState::Deleted)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let reply = cx.aws.efs().describe_mount_targets().mount_target_id(id).send().await;
    let found = absent(reply, MISSING)?.and_then(|it| it.mount_targets);
    Ok(found.and_then(|mut it| it.pop()))
}

async fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = &live.mount_target_id;
    let security_groups = if cx.asks("securityGroups") {
        let call = cx.aws.efs().describe_mount_target_security_groups().mount_target_id(id);
        Some(Set(seen(call.send().await, MISSING, "the mount target")?.security_groups))
    } else {
        None
    };
    let dns_name = dns_name(&cx.place, &live.file_system_id);
    let zone = live.availability_zone_name.clone().unwrap_or_default();
    Ok(Outputs {
        availability_zone_id: live.availability_zone_id,
        availability_zone_name: live.availability_zone_name,
        mount_target_dns_name: format!("{zone}.{dns_name}"),
        dns_name,
        file_system_arn: file_system_arn(&cx.place, &live.file_system_id),
        network_interface_id: live.network_interface_id,
        owner_id: live.owner_id,
        inputs: Inputs {
            file_system_id: live.file_system_id,
            ip_address: live.ip_address,
            ip_address_type: None,
            ipv6_address: live.ipv6_address,
            security_groups,
            subnet_id: live.subnet_id,
        },
    })
}
