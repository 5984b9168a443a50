//! `aws:iam/openIdConnectProvider:OpenIdConnectProvider`. The id is the
//! provider's ARN.

use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput as Live;
use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all, birth_tags, pairs, retag};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct OpenIdConnectProvider;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    client_id_lists: Set<String>,
    /// IAM finds out by itself for most issuers.
    #[schemars(extend("computed" = true))]
    thumbprint_lists: Option<Set<String>>,
    #[schemars(extend("replace" = true))]
    url: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for OpenIdConnectProvider {
    const TYPE: &'static str = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
    const KEY: &'static [&'static str] = &["url"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(url) = inputs.get("url").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(arn(place, url));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    /// IAM leaves `https://` away.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let host = |it: &Value| it.as_str().map(|it| bare(it).to_owned());
        path == "url" && host(wanted).is_some_and(|it| Some(it) == host(live))
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-oidc:{}", bare(&inputs.url)))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.iam().create_open_id_connect_provider();
        let reply = call
            .url(format!("https://{}", bare(&new.url)))
            .set_client_id_list(Some(new.client_id_lists.0.clone()))
            .set_thumbprint_list(new.thumbprint_lists.as_ref().map(|it| it.0.clone()))
            .set_tags(Some(birth_tags(cx, &new.tags)?))
            .send()
            .await?;
        reply.open_id_connect_provider_arn.ok_or(Error::missing("OpenIDConnectProviderArn"))
    }

    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, arn).await?.map(drop)) };
        cx.wait("IAM to show the provider", SETTLES, visible).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, arn).await? else { return Ok(None) };
        let inputs = Inputs {
            client_id_lists: Set(live.client_id_list.unwrap_or_default()),
            thumbprint_lists: live.thumbprint_list.map(Set),
            url: live.url.unwrap_or_default(),
            tags: Tags::live(pairs(live.tags.as_deref())),
        };
        Ok(Some(Outputs { inputs, arn: arn.to_owned() }))
    }

    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        all(arns.iter().map(|arn| Self::read(cx, arn).boxed()).collect()).await
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        let (add, remove) = new.client_id_lists.since(&old.client_id_lists);
        for client in add {
            let call = iam.add_client_id_to_open_id_connect_provider();
            call.open_id_connect_provider_arn(arn).client_id(client).send().await?;
        }
        for client in remove {
            let call = iam.remove_client_id_from_open_id_connect_provider();
            let call = call.open_id_connect_provider_arn(arn).client_id(client);
            absent(call.send().await, MISSING)?;
        }
        let prints = new.thumbprint_lists.as_ref();
        if let Some(prints) = prints.filter(|it| old.thumbprint_lists.as_ref() != Some(*it)) {
            let call = iam.update_open_id_connect_provider_thumbprint();
            let call = call.open_id_connect_provider_arn(arn);
            call.set_thumbprint_list(Some(prints.0.clone())).send().await?;
        }
        let (set, removed) = retag(&old.tags, &new.tags)?;
        if set.is_some() {
            let call = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            call.set_tags(set).send().await?;
        }
        if removed.is_some() {
            let call = iam.untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            call.set_tag_keys(removed).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.iam().delete_open_id_connect_provider();
        absent(call.open_id_connect_provider_arn(arn).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let arn = arn(&cx.place, &inputs.url);
        let live = live(cx, &arn).await?;
        Ok(live.filter(|it| cx.made(pairs(it.tags.as_deref()))).map(|_| arn))
    }
}

fn bare(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url)
}

fn arn(place: &Place, url: &str) -> String {
    place.global_arn("iam", &format!("oidc-provider/{}", bare(url)))
}

async fn live(cx: &Cx, arn: &str) -> Result<Option<Live>> {
    let call = cx.aws.iam().get_open_id_connect_provider().open_id_connect_provider_arn(arn);
    absent(call.send().await, MISSING)
}
