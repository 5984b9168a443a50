//! `aws:apigatewayv2/deployment:Deployment`: an API's routes as they were. The
//! id is `api/deployment`; programs read the deployment's own.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_apigatewayv2::types::{Deployment as Live, DeploymentStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, bears_mark, every, last, listed, marked, serial, split, unmarked};
use crate::{aws::error::absent, provider::*};

pub(super) struct Deployment;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    api_id: String,
    description: Option<String>,
    /// Whatever changes in here calls for another deployment.
    #[serde(default)]
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    triggers: BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    auto_deployed: bool,
}

impl Resource for Deployment {
    const TYPE: &'static str = "aws:apigatewayv2/deployment:Deployment";
    const HELD: bool = true;
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.api_id))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigatewayv2().create_deployment().api_id(&new.api_id);
        let made = call.description(marked(cx, new.description.as_deref())).send().await?;
        Ok(format!("{}/{}", new.api_id, made.deployment_id.ok_or(Error::missing("DeploymentId"))?))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let deployed = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            match live.deployment_status {
                Some(DeploymentStatus::Failed) => {
                    let why = live.deployment_status_message.unwrap_or_default();
                    Err(Error::failed(format!("the deployment failed: {why}")))
                }
                Some(DeploymentStatus::Pending) => Ok(None),
                _ => Ok(Some(())),
            }
        };
        cx.wait("the API to be deployed", Duration::from_secs(300), deployed).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = listed(ids, |api| deployments(cx, api), own).await?;
        let outputs = |(api_id, live): (String, Live)| Outputs {
            inputs: Inputs {
                api_id,
                description: unmarked(live.description.as_deref()),
                triggers: BTreeMap::new(),
            },
            auto_deployed: live.auto_deployed.unwrap_or_default(),
        };
        Ok(found.into_iter().map(|it| it.map(outputs)).collect())
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigatewayv2().update_deployment().api_id(api).deployment_id(own);
        call.description(marked(cx, new.description.as_deref())).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigatewayv2().delete_deployment().api_id(api).deployment_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = deployments(cx, inputs.api_id.clone()).await?.unwrap_or_default();
        let ours = |it: &Live| bears_mark(cx, it.description.as_deref());
        let found = all.into_iter().find(ours).and_then(|it| it.deployment_id);
        Ok(found.map(|id| format!("{}/{id}", inputs.api_id)))
    }
}

fn own(live: &Live, id: &str) -> bool {
    live.deployment_id.as_deref() == Some(id)
}

async fn deployments(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigatewayv2().get_deployments().api_id(api)))
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let found = listed(&[id.to_owned()], |api| deployments(cx, api), own).await?.pop().flatten();
    Ok(found.map(|(_, it)| it))
}
