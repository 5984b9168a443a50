//! `aws:iam/serviceLinkedRole:ServiceLinkedRole`. The id is the role's ARN.

use std::time::Duration;

use aws_sdk_iam::types::{DeletionTaskStatusType as Task, Role};
use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all, date, pairs, retag, role};
use crate::{aws::error::absent, provider::*};

pub(super) struct ServiceLinkedRole;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// `elasticbeanstalk.amazonaws.com`
    #[schemars(extend("replace" = true))]
    aws_service_name: String,
    /// For services that take several.
    #[schemars(extend("replace" = true))]
    custom_suffix: Option<String>,
    #[schemars(extend("computed" = true))]
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
    create_date: String,
    name: String,
    path: String,
    unique_id: String,
}

impl Resource for ServiceLinkedRole {
    const TYPE: &'static str = "aws:iam/serviceLinkedRole:ServiceLinkedRole";
    const KEY: &'static [&'static str] = &["awsServiceName", "customSuffix"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !new.aws_service_name.contains('.') {
            let rule = "is the service's host, like `elasticbeanstalk.amazonaws.com`";
            return Err(Error::invalid("awsServiceName", rule));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-linked:{}", inputs.aws_service_name))
    }

    /// Services make these by themselves: one that is there is not ours.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if Self::find(cx, new).await?.is_some() {
            return Err(Error::not_ours("a role of this service"));
        }
        let call = cx.aws.iam().create_service_linked_role();
        let reply = call
            .aws_service_name(&new.aws_service_name)
            .set_custom_suffix(new.custom_suffix.clone())
            .set_description(new.description.clone())
            .send()
            .await?;
        reply.role.map(|it| it.arn).ok_or(Error::missing("Role"))
    }

    /// The create takes no tags.
    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        let (set, _) = retag(&Tags::default(), &new.tags)?;
        if set.is_some() {
            cx.aws.iam().tag_role().role_name(name(arn)).set_tags(set).send().await?;
        }
        Ok(())
    }

    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(role::live(cx, name(arn)).await?.map(drop)) };
        cx.wait("IAM to show the role", SETTLES, visible).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        role::live(cx, name(arn)).await?.map(outputs).transpose()
    }

    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        all(arns.iter().map(|arn| Self::read(cx, arn).boxed()).collect()).await
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        if old.description != new.description {
            let call = iam.update_role_description().role_name(name(arn));
            call.description(new.description.clone().unwrap_or_default()).send().await?;
        }
        let (set, removed) = retag(&old.tags, &new.tags)?;
        if set.is_some() {
            iam.tag_role().role_name(name(arn)).set_tags(set).send().await?;
        }
        if removed.is_some() {
            iam.untag_role().role_name(name(arn)).set_tag_keys(removed).send().await?;
        }
        Ok(())
    }

    /// The service is asked whether it still needs the role, which takes a
    /// while; only this task tells that it does.
    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        let reply = iam.delete_service_linked_role().role_name(name(arn)).send().await;
        let Some(reply) = absent(reply, MISSING)? else { return Ok(()) };
        let task = &reply.deletion_task_id;
        let look = || async {
            let call = iam.get_service_linked_role_deletion_status().deletion_task_id(task);
            // A task that ended long ago is forgotten.
            let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(Some(())) };
            match reply.status {
                Task::Succeeded => Ok(Some(())),
                Task::Failed => {
                    let why = reply.reason.and_then(|it| it.reason).unwrap_or_default();
                    Err(Error::failed(format!("the service still needs the role: {why}")))
                }
                _ => Ok(None),
            }
        };
        cx.wait("the service to let go of the role", Duration::from_secs(600), look).await
    }

    /// By the path that only this service's roles have.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let path = format!("/aws-service-role/{}/", inputs.aws_service_name);
        let pages = cx.aws.iam().list_roles().path_prefix(path).into_paginator();
        let found: Vec<Role> = pages.items().send().try_collect().await?;
        let wanted = inputs.custom_suffix.as_deref();
        let ours = found.into_iter().find(|it| suffix(&it.role_name) == wanted);
        Ok(ours.map(|it| it.arn))
    }
}

fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// `AWSServiceRoleForAutoScaling_orders`
fn suffix(name: &str) -> Option<&str> {
    name.split_once('_').map(|(_, suffix)| suffix)
}

fn outputs(role: Role) -> Result<Outputs> {
    let service = role.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let inputs = Inputs {
        aws_service_name: service.to_owned(),
        custom_suffix: suffix(&role.role_name).map(str::to_owned),
        description: role.description.filter(|it| !it.is_empty()),
        tags: Tags::live(pairs(role.tags.as_deref())),
    };
    Ok(Outputs {
        inputs,
        arn: role.arn,
        create_date: date(&role.create_date)?,
        name: role.role_name,
        path: role.path,
        unique_id: role.role_id,
    })
}
