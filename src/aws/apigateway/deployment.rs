//! `aws:apigateway/deployment:Deployment`: an API's resources as they were. The
//! id is `api/deployment`; programs read the deployment's own.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::Deployment as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, bears_mark, date, every, last, listed, marked, patch::Patch, serial, split, unmarked,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct Deployment;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    description: Option<String>,
    /// Whatever changes in here calls for another deployment.
    #[serde(default)]
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    triggers: BTreeMap<String, String>,
    #[serde(default)]
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    variables: BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    created_date: Option<String>,
}

impl Resource for Deployment {
    const TYPE: &'static str = "aws:apigateway/deployment:Deployment";
    const HELD: bool = true;
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_deployment().rest_api_id(&new.rest_api);
        let variables = new.variables.clone().into_iter().collect();
        let made = call
            .description(marked(cx, new.description.as_deref()))
            .set_variables(Some(variables).filter(|_| !new.variables.is_empty()))
            .send()
            .await?;
        Ok(format!("{}/{}", new.rest_api, made.id.ok_or(Error::missing("id"))?))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &Live, id: &str| it.id.as_deref() == Some(id);
        let found = listed(ids, |api| deployments(cx, api), is).await?;
        let outputs = |(rest_api, live): (String, Live)| Outputs {
            inputs: Inputs {
                rest_api,
                description: unmarked(live.description.as_deref()),
                triggers: BTreeMap::new(),
                variables: BTreeMap::new(),
            },
            created_date: date(live.created_date.as_ref()),
        };
        Ok(found.into_iter().map(|it| it.map(outputs)).collect())
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let patch = Patch::default().set("/description", marked(cx, new.description.as_deref()));
        let call = cx.aws.apigateway().update_deployment().rest_api_id(api).deployment_id(own);
        call.set_patch_operations(patch.operations()).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigateway().delete_deployment().rest_api_id(api).deployment_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = deployments(cx, inputs.rest_api.clone()).await?.unwrap_or_default();
        let ours = |it: &Live| bears_mark(cx, it.description.as_deref());
        let found = all.into_iter().find(ours).and_then(|it| it.id);
        Ok(found.map(|id| format!("{}/{id}", inputs.rest_api)))
    }
}

async fn deployments(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigateway().get_deployments().rest_api_id(api)))
}
