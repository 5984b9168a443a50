//! `aws:cloudfront/function:Function`. The id is the function's name.

use aws_sdk_cloudfront::{
    operation::describe_function::DescribeFunctionOutput, primitives::Blob, types as sdk,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING,
    counted::KeyValueStoreAssociations,
    holders, shown,
    tags::{born, retag, tags, tags_raw},
};
use crate::{
    aws::{
        error::{absent, if_seen},
        kept,
        twin::{Built as _, Field, Twin, Word},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Function;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    code: String,
    comment: Option<String>,
    key_value_store_associations: Option<KeyValueStoreAssociations>,
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    /// Without it, distributions go on with what was published before.
    #[serde(default = "yes")]
    publish: bool,
    runtime: Word<sdk::FunctionRuntime>,
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
    etag: Option<String>,
    #[schemars(extend("volatile" = true))]
    live_stage_etag: Option<String>,
    #[schemars(extend("volatile" = true))]
    status: Option<String>,
}

/// A store, by its ARN.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct KeyValueStore(String);

impl Twin for KeyValueStore {
    type Sdk = sdk::KeyValueStoreAssociation;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        sdk::KeyValueStoreAssociation::builder().key_value_store_arn(&self.0).build().built()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        Ok(Self(sdk.key_value_store_arn.clone()))
    }
}

impl Resource for Function {
    const TYPE: &'static str = "aws:cloudfront/function:Function";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = place.global_arn("cloudfront", &format!("function/{name}"));
        Map::from([("id".to_owned(), Value::string(name)), ("arn".to_owned(), Value::String(arn))])
    }

    /// What is published stays so.
    fn same(path: &str, wanted: &Value, _: &Value) -> bool {
        path == "publish" && wanted.as_bool() == Some(false)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.cloudfront().create_function().name(&new.name);
        let call = call
            .function_config(config(new)?)
            .function_code(Blob::new(new.code.as_bytes()))
            .tags(born(cx, &new.tags)?);
        match call.send().await.map_err(Error::from) {
            Err(error) if error.is(&["FunctionAlreadyExists"]) => {
                let ours = Self::find(cx, new).await?;
                ours.ok_or(Error::not_ours("a function of this name"))
            }
            made => made.map(|_| new.name.clone()),
        }
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        if new.publish { publish(cx, name).await } else { Ok(()) }
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        shown(cx, || described(cx, name, sdk::FunctionStage::Development)).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        let stage = sdk::FunctionStage::Development;
        let Some(draft) = described(cx, name, stage.clone()).await? else { return Ok(None) };
        let live = described(cx, name, sdk::FunctionStage::Live).await?;
        let code = code(cx, name, stage).await?.ok_or(Error::unseen("the function's code"))?;
        let publish = match &live {
            Some(live) => set(live) == set(&draft) && code_is_live(cx, name, &code).await?,
            None => false,
        };
        let etag = draft.e_tag;
        let it = draft.function_summary.ok_or(Error::missing("FunctionSummary"))?;
        let config = it.function_config.ok_or(Error::missing("FunctionConfig"))?;
        let arn = it.function_metadata.ok_or(Error::missing("FunctionMetadata"))?.function_arn;
        Ok(Some(Outputs {
            inputs: Inputs {
                code,
                comment: Some(config.comment).filter(|it| !it.is_empty()),
                key_value_store_associations: Field::take(
                    config.key_value_store_associations.as_ref(),
                )?,
                name: it.name,
                publish,
                runtime: Word(config.runtime),
                tags: tags(cx, &arn).await?,
            },
            arn,
            etag,
            live_stage_etag: live.and_then(|it| it.e_tag),
            status: it.status,
        }))
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let stage = sdk::FunctionStage::Development;
        let draft = described(cx, name, stage).await?.ok_or(Error::unseen("the function"))?;
        let told = set(&draft).cloned().ok_or(Error::missing("FunctionConfig"))?;
        if old.code != new.code || config(old)? != config(new)? {
            let mut wanted = config(new)?;
            wanted.comment = kept(old.comment.clone(), new.comment.clone(), Some(told.comment))
                .unwrap_or_default();
            wanted.key_value_store_associations = kept(
                old.key_value_store_associations.put()?,
                wanted.key_value_store_associations,
                told.key_value_store_associations,
            );
            let call = cx.aws.cloudfront().update_function().name(name).set_if_match(draft.e_tag);
            let call = call.function_code(Blob::new(new.code.as_bytes()));
            call.function_config(wanted).send().await?;
        }
        if new.publish {
            publish(cx, name).await?;
        }
        retag(cx, &arn(&cx.place, name), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let stage = sdk::FunctionStage::Development;
        let Some(draft) = described(cx, name, stage).await? else { return Ok(()) };
        let call = cx.aws.cloudfront().delete_function().name(name).set_if_match(draft.e_tag);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn holders(cx: &Cx, name: &str) -> Result<Vec<String>> {
        holders::of_function(cx, &arn(&cx.place, name)).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let stage = sdk::FunctionStage::Development;
        if described(cx, &inputs.name, stage).await?.is_none() {
            return Ok(None);
        }
        let tags = if_seen(tags_raw(cx, &arn(&cx.place, &inputs.name)).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| inputs.name.clone()))
    }
}

fn arn(place: &Place, name: &str) -> String {
    place.global_arn("cloudfront", &format!("function/{name}"))
}

fn config(it: &Inputs) -> Result<sdk::FunctionConfig> {
    sdk::FunctionConfig::builder()
        .comment(it.comment.clone().unwrap_or_default())
        .runtime(it.runtime.0.clone())
        .set_key_value_store_associations(it.key_value_store_associations.put()?)
        .build()
        .built()
}

fn set(it: &DescribeFunctionOutput) -> Option<&sdk::FunctionConfig> {
    it.function_summary.as_ref()?.function_config.as_ref()
}

/// Makes what is in development live.
async fn publish(cx: &Cx, name: &str) -> Result<()> {
    let stage = sdk::FunctionStage::Development;
    let draft = described(cx, name, stage).await?.ok_or(Error::unseen("the function"))?;
    let call = cx.aws.cloudfront().publish_function().name(name);
    call.set_if_match(draft.e_tag).send().await?;
    Ok(())
}

async fn described(
    cx: &Cx,
    name: &str,
    stage: sdk::FunctionStage,
) -> Result<Option<DescribeFunctionOutput>> {
    absent(cx.aws.cloudfront().describe_function().name(name).stage(stage).send().await, MISSING)
}

async fn code(cx: &Cx, name: &str, stage: sdk::FunctionStage) -> Result<Option<String>> {
    let reply = cx.aws.cloudfront().get_function().name(name).stage(stage).send().await;
    let code = absent(reply, MISSING)?.and_then(|it| it.function_code);
    Ok(code.map(|it| String::from_utf8_lossy(it.as_ref()).into_owned()))
}

async fn code_is_live(cx: &Cx, name: &str, draft: &str) -> Result<bool> {
    Ok(code(cx, name, sdk::FunctionStage::Live).await?.as_deref() == Some(draft))
}
