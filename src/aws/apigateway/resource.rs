//! `aws:apigateway/resource:Resource`, one part of a path. The id is
//! `api/resource`; programs read the resource's own.

use aws_sdk_apigateway::types::Resource as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, last, listed, patch::Patch, resources, serial, split};
use crate::{aws::error::absent, provider::*};

pub(super) struct Resource;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    parent_id: String,
    path_part: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    path: String,
}

impl crate::provider::Resource for Resource {
    const TYPE: &'static str = "aws:apigateway/resource:Resource";
    const KEY: &'static [&'static str] = &["restApi", "parentId", "pathPart"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.path_part.is_empty() || new.path_part.contains('/') {
            let rule = "is one part of a path, without `/`: each has a resource of its own";
            return Err(Error::invalid("pathPart", rule));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_resource().rest_api_id(&new.rest_api);
        let made = call.parent_id(&new.parent_id).path_part(&new.path_part).send().await?;
        Ok(format!("{}/{}", new.rest_api, made.id.ok_or(Error::missing("id"))?))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigateway().get_resource().rest_api_id(api).resource_id(own);
        let live = absent(call.send().await, MISSING)?;
        Ok(live.map(|it| outputs(api, it.parent_id, it.path_part, it.path)))
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let list = |api: String| async move { resources(cx, &api, false).await };
        let is = |it: &Live, id: &str| it.id.as_deref() == Some(id);
        let told = |(api, it): (String, Live)| outputs(&api, it.parent_id, it.path_part, it.path);
        Ok(listed(ids, list, is).await?.into_iter().map(|it| it.map(told)).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let patch = Patch::default().value("/parentId", &old.parent_id, &new.parent_id).value(
            "/pathPart",
            &old.path_part,
            &new.path_part,
        );
        if let Some(operations) = patch.operations() {
            let (api, own) = split(id)?;
            let call = cx.aws.apigateway().update_resource().rest_api_id(api).resource_id(own);
            call.set_patch_operations(Some(operations)).send().await?;
        }
        Ok(())
    }

    /// What is below goes with it.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, own) = split(id)?;
        let call = cx.aws.apigateway().delete_resource().rest_api_id(api).resource_id(own);
        absent(call.send().await, MISSING).map(drop)
    }

    /// A parent has no two children of one name.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let all = resources(cx, &inputs.rest_api, false).await?.unwrap_or_default();
        let ours = |it: &Live| {
            it.parent_id.as_ref() == Some(&inputs.parent_id)
                && it.path_part.as_ref() == Some(&inputs.path_part)
        };
        let found = all.into_iter().find(ours).and_then(|it| it.id);
        Ok(found.map(|id| format!("{}/{id}", inputs.rest_api)))
    }
}

fn outputs(
    api: &str,
    parent_id: Option<String>,
    path_part: Option<String>,
    path: Option<String>,
) -> Outputs {
    let inputs = Inputs {
        rest_api: api.to_owned(),
        parent_id: parent_id.unwrap_or_default(),
        path_part: path_part.unwrap_or_default(),
    };
    Outputs { inputs, path: path.unwrap_or_default() }
}
