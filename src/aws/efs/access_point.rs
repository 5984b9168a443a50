//! `aws:efs/accessPoint:AccessPoint`. The id is the point's, `fsap-…`.

use std::time::Duration;

use aws_sdk_efs::{
    error::BuildError,
    types::{
        AccessPointDescription as Live, CreationInfo as LiveInfo, LifeCycleState,
        PosixUser as LiveUser, RootDirectory as LiveRoot,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_FILE_SYSTEM, birth_tags, file_system_arn, pairs, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct AccessPoint;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    file_system_id: String,
    /// As whom everybody acts.
    #[schemars(extend("replace" = true))]
    posix_user: Option<PosixUser>,
    #[schemars(extend("replace" = true, "computed" = true))]
    root_directory: Option<RootDirectory>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PosixUser {
    gid: i64,
    #[serde(default)]
    secondary_gids: Set<i64>,
    uid: i64,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RootDirectory {
    /// Whose a directory is that is not there yet.
    #[schemars(extend("computed" = true))]
    creation_info: Option<CreationInfo>,
    #[schemars(extend("computed" = true))]
    path: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreationInfo {
    owner_gid: i64,
    owner_uid: i64,
    /// In octal.
    permissions: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    file_system_arn: String,
    owner_id: Option<String>,
}

impl Resource for AccessPoint {
    const TYPE: &'static str = "aws:efs/accessPoint:AccessPoint";
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let user = new.posix_user.as_ref().map(PosixUser::sent).transpose()?;
        let root = new.root_directory.as_ref().map(RootDirectory::sent).transpose()?;
        let call = cx.aws.efs().create_access_point().client_token(&cx.op);
        let reply = call
            .file_system_id(&new.file_system_id)
            .set_posix_user(user)
            .set_root_directory(root)
            .set_tags(Some(birth_tags(cx, &new.tags)?))
            .send()
            .await?;
        reply.access_point_id.ok_or(Error::missing("AccessPointId"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let live = one(cx, id).await?;
            match live.and_then(|it| it.life_cycle_state) {
                Some(LifeCycleState::Available) => Ok(Some(())),
                Some(LifeCycleState::Error) => Err(Error::failed("the access point is in error")),
                _ => Ok(None),
            }
        };
        cx.wait("the access point to be available", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let live = one(cx, id).await?.filter(|it| !is_gone(it));
        live.map(|it| outputs(cx, it)).transpose()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.efs().delete_access_point().access_point_id(id).send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(one(cx, id).await?.is_none().then_some(())) };
        cx.wait("the access point to be gone", LIMIT, look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = cx.aws.efs().describe_access_points().file_system_id(&inputs.file_system_id);
        let found: std::result::Result<Vec<Live>, _> =
            call.into_paginator().items().send().try_collect().await;
        let found = absent(found, NO_FILE_SYSTEM)?.unwrap_or_default();
        let ours = found.into_iter().find(|it| cx.made(pairs(it.tags())) && !is_gone(it));
        Ok(ours.and_then(|it| it.access_point_id))
    }
}

const MISSING: &[&str] = &["AccessPointNotFound"];

/// It takes seconds.
const LIMIT: Duration = Duration::from_secs(600);

fn invalid(error: BuildError) -> Error {
    Error::new(Kind::Broken, "", error.to_string())
}

impl PosixUser {
    fn sent(&self) -> Result<LiveUser> {
        let groups = (!self.secondary_gids.0.is_empty()).then(|| self.secondary_gids.0.clone());
        let user = LiveUser::builder().uid(self.uid).gid(self.gid).set_secondary_gids(groups);
        user.build().map_err(invalid)
    }
}

impl RootDirectory {
    fn sent(&self) -> Result<LiveRoot> {
        let info = |it: &CreationInfo| {
            let info = LiveInfo::builder().owner_gid(it.owner_gid).owner_uid(it.owner_uid);
            info.permissions(&it.permissions).build().map_err(invalid)
        };
        let info = self.creation_info.as_ref().map(info).transpose()?;
        Ok(LiveRoot::builder().set_path(self.path.clone()).set_creation_info(info).build())
    }
}

fn is_gone(live: &Live) -> bool {
    matches!(live.life_cycle_state, Some(LifeCycleState::Deleting | LifeCycleState::Deleted))
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let reply = cx.aws.efs().describe_access_points().access_point_id(id).send().await;
    let found = absent(reply, MISSING)?.and_then(|it| it.access_points);
    Ok(found.and_then(|mut it| it.pop()))
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let tags = Tags::live(pairs(live.tags()));
    let file_system_id = live.file_system_id.ok_or(Error::missing("FileSystemId"))?;
    let user = live.posix_user.map(|it| PosixUser {
        gid: it.gid,
        secondary_gids: Set(it.secondary_gids.unwrap_or_default()),
        uid: it.uid,
    });
    let root = live.root_directory.map(|it| RootDirectory {
        creation_info: it.creation_info.map(|it| CreationInfo {
            owner_gid: it.owner_gid,
            owner_uid: it.owner_uid,
            permissions: it.permissions,
        }),
        path: it.path,
    });
    Ok(Outputs {
        arn: live.access_point_arn.ok_or(Error::missing("AccessPointArn"))?,
        file_system_arn: file_system_arn(&cx.place, &file_system_id),
        owner_id: live.owner_id,
        inputs: Inputs { file_system_id, posix_user: user, root_directory: root, tags },
    })
}
