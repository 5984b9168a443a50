//! `aws:ecr/repositoryPolicy:RepositoryPolicy`. The id is the repository's
//! name.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::foretold;
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct RepositoryPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    policy: Policy,
    #[schemars(extend("replace" = true))]
    repository: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    registry_id: String,
}

const MISSING: &[&str] = &["RepositoryPolicyNotFoundException", "RepositoryNotFoundException"];

impl Resource for RepositoryPolicy {
    const TYPE: &'static str = "aws:ecr/repositoryPolicy:RepositoryPolicy";
    const KEY: &'static [&'static str] = &["repository"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(place: &Place, inputs: &Value) -> Map {
        foretold(place, inputs)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("ecr:{}", inputs.repository))
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        match live(cx, &new.repository).await? {
            Some(live) if live.inputs.policy != new.policy => {
                return Err(Error::not_ours("a policy of this repository"));
            }
            Some(_) => {}
            None => put(cx, &new.repository, new).await?,
        }
        Ok(new.repository.clone())
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, id).await?.map(|_| ())) };
        cx.wait("ECR to show the policy", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        live(cx, id).await
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, id, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.ecr().delete_repository_policy().repository_name(id).send().await, MISSING)?;
        Ok(())
    }

    /// A repository has one policy: what says the same is ours.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.repository).await?;
        let ours = live.is_some_and(|it| it.inputs.policy == inputs.policy);
        Ok(ours.then(|| inputs.repository.clone()))
    }
}

async fn put(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let call = cx.aws.ecr().set_repository_policy().repository_name(id);
    call.policy_text(new.policy.to_string()).send().await?;
    Ok(())
}

async fn live(cx: &Cx, repository: &str) -> Result<Option<Outputs>> {
    let call = cx.aws.ecr().get_repository_policy().repository_name(repository);
    let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
    let text = live.policy_text.ok_or(Error::missing("policyText"))?;
    let inputs = Inputs { policy: Policy::parse(&text)?, repository: repository.to_owned() };
    let registry_id = live.registry_id.ok_or(Error::missing("registryId"))?;
    Ok(Some(Outputs { inputs, registry_id }))
}
