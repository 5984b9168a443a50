//! `aws:ssm/parameter:Parameter`. The id is the parameter's name.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ssm::{
    operation::put_parameter::builders::PutParameterFluentBuilder,
    types::{Parameter as Live, ParameterMetadata, ParameterStringFilter, ParameterTier},
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, add_tags, retag, tag_list, tags};
use crate::{
    aws::error::{absent, if_seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct Parameter;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 1011, "replace" = true))]
    name: String,
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["String", "StringList", "SecureString"]))]
    kind: String,
    value: Option<Secret<String>>,
    /// Shown in previews and kept in clear, unlike `value`.
    insecure_value: Option<String>,
    /// Sent, but never read back; a new value is sent when `valueWoVersion`
    /// changes.
    #[schemars(extend("writeOnly" = true))]
    value_wo: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    value_wo_version: Option<i64>,
    description: Option<String>,
    allowed_pattern: Option<String>,
    #[schemars(extend("computed" = true))]
    data_type: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["Standard", "Advanced", "Intelligent-Tiering"]))]
    tier: Option<String>,
    /// `alias/aws/ssm` for a `SecureString` that names none.
    #[schemars(extend("computed" = true))]
    key_id: Option<IdOrArn>,
    /// Told by AWS; Pulumi has it among the inputs too.
    #[schemars(extend("computed" = true))]
    arn: Option<String>,
    /// Whether a parameter that exists already may be taken over.
    #[schemars(extend("writeOnly" = true))]
    overwrite: Option<bool>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    version: i64,
    /// Not known to AWS.
    has_value_wo: Option<bool>,
}

const INTELLIGENT: &str = "Intelligent-Tiering";
/// How many names `GetParameters` and `DescribeParameters` take.
const VALUES: usize = 10;
const METADATA: usize = 50;
/// How many calls for tags run at a time.
const TAG_READS: usize = 8;

/// Told apart by the table of what passes.
const FREED: &str = "the parameter of this name was deleted a moment ago";

impl Resource for Parameter {
    const TYPE: &'static str = "aws:ssm/parameter:Parameter";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let allowed = |it: char| it.is_ascii_alphanumeric() || "/_.-".contains(it);
        if new.name.is_empty() || !new.name.chars().all(allowed) || new.name.contains("//") {
            return Err(Error::invalid("name", "is letters, digits and `/_.-`, without `//`"));
        }
        if new.name.contains('/') && !new.name.starts_with('/') {
            return Err(Error::invalid("name", "begins with `/` when there is a `/` in it"));
        }
        let first = new.name.trim_start_matches('/').to_ascii_lowercase();
        if first.starts_with("aws") || first.starts_with("ssm") {
            return Err(Error::invalid("name", "does not begin with `aws` or `ssm`"));
        }
        let given = [new.value.is_some(), new.insecure_value.is_some(), new.value_wo.is_some()];
        if given.into_iter().filter(|it| *it).count() != 1 {
            let rule = "is one of three ways to give the value: set exactly one of `value`, `insecureValue`, `valueWo`";
            return Err(Error::invalid("value", rule));
        }
        if new.kind == "SecureString" && new.insecure_value.is_some() {
            return Err(Error::invalid("insecureValue", "excludes the type `SecureString`"));
        }
        if new.kind != "SecureString" && new.key_id.is_some() {
            return Err(Error::invalid("keyId", "is for the type `SecureString` only"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        Map::from([
            ("id".to_owned(), Value::string(name)),
            ("arn".to_owned(), Value::String(arn(place, name))),
        ])
    }

    /// Two writers of one parameter make one fail.
    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("ssm:{}", inputs.name))
    }

    /// AWS chooses the tier of an intelligent one, and says which.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        match path {
            "tier" => wanted.as_str() == Some(INTELLIGENT) && !live.is_null(),
            "valueWo" => true,
            _ => false,
        }
    }

    /// Tags are taken only together with `Overwrite=false`; what is taken
    /// over gets them afterwards.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = put(cx, &new.name, new)
            .set_description(new.description.clone())
            .set_allowed_pattern(new.allowed_pattern.clone())
            .set_data_type(new.data_type.clone())
            .set_tier(new.tier.as_deref().map(ParameterTier::from));
        let fresh =
            call.clone().overwrite(false).set_tags(Some(tag_list(cx.birth_tags(&new.tags))?));
        match fresh.send().await.map_err(Error::from) {
            Err(error) if error.is(&["ParameterAlreadyExists"]) && new.overwrite == Some(true) => {
                call.overwrite(true).send().await?;
            }
            // For half a minute a freed name is taken and shows nothing.
            Err(error)
                if error.is(&["ParameterAlreadyExists"])
                    && values(cx, std::slice::from_ref(&new.name)).await?.is_empty() =>
            {
                return Err(Error { message: FREED.to_owned(), ..error });
            }
            reply => drop(reply?),
        }
        Ok(new.name.clone())
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        if new.overwrite == Some(true) {
            add_tags(cx, name, cx.birth_tags(&new.tags)).await?;
        }
        Ok(())
    }

    /// A new parameter may be unknown to the next call for some seconds.
    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let names = [name.to_owned()];
        let visible = || async {
            Ok((values(cx, &names).await?.len() + metadata(cx, &names).await?.len() == 2)
                .then_some(()))
        };
        cx.wait("the parameter to be visible", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[name.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// The value in one call for ten, what surrounds it in one for fifty, and
    /// the tags in one each.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let told_apart = ["description", "allowedPattern", "tier", "keyId"];
        let mut names = ids.to_vec();
        names.sort_unstable();
        names.dedup();
        let valued = cx.asks("value") || cx.asks("insecureValue");
        let surrounded = !valued || told_apart.iter().any(|it| cx.asks(it));
        let values = if valued { values(cx, &names).await? } else { HashMap::new() };
        if valued {
            names.retain(|it| values.contains_key(it));
        }
        let metadata = if surrounded { metadata(cx, &names).await? } else { HashMap::new() };
        if !valued {
            names.retain(|it| metadata.contains_key(it));
        }
        let tags: HashMap<String, Tags> = if cx.asks("tags") {
            let read = |name: String| async move {
                let tags = Tags::live(tags(cx, &name).await?);
                Ok::<_, Error>((name, tags))
            };
            stream::iter(names.clone()).map(read).buffer_unordered(TAG_READS).try_collect().await?
        } else {
            HashMap::new()
        };
        let one = |name: &String| -> Result<Option<Outputs>> {
            if !names.contains(name) {
                return Ok(None);
            }
            let tags = tags.get(name).cloned().unwrap_or_default();
            outputs(cx, name, values.get(name), metadata.get(name), tags).map(Some)
        };
        ids.iter().map(one).collect()
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.tier.as_deref() == Some("Advanced") && new.tier.as_deref() == Some("Standard") {
            let rule = "cannot go back from `Advanced` to `Standard`; make the parameter anew with the `replaceOnChanges` option";
            return Err(Error::invalid("tier", rule));
        }
        let valued = |it: &Inputs| {
            (it.value.clone(), it.insecure_value.clone(), it.value_wo_version, it.kind.clone())
        };
        let extra = |it: &Inputs| {
            (it.description.clone(), it.allowed_pattern.clone(), it.data_type.clone())
        };
        // Which tier an intelligent one has now is AWS's choice.
        let intelligent = new.tier.as_deref() == Some(INTELLIGENT);
        let moved = !intelligent && old.tier != new.tier;
        let same = valued(old) == valued(new)
            && extra(old) == extra(new)
            && old.key_id == new.key_id
            && !moved;
        if !same {
            let mut call = put(cx, name, new).overwrite(true);
            // An empty text takes the value away.
            if old.description != new.description {
                call = call.description(new.description.clone().unwrap_or_default());
            }
            if new.allowed_pattern.is_some() || old.allowed_pattern.is_some() {
                call = call.allowed_pattern(new.allowed_pattern.clone().unwrap_or_default());
            }
            call.set_tier(new.tier.as_deref().map(ParameterTier::from))
                .set_data_type(new.data_type.clone())
                .send()
                .await?;
        }
        retag(cx, name, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.ssm().delete_parameter().name(name).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let tags = if_seen(tags(cx, &inputs.name).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| inputs.name.clone()))
    }
}

/// The slash that a name begins with is there once only.
fn arn(place: &Place, name: &str) -> String {
    place.arn("ssm", &format!("parameter/{}", name.strip_prefix('/').unwrap_or(name)))
}

/// What every writing call sends.
fn put(cx: &Cx, name: &str, new: &Inputs) -> PutParameterFluentBuilder {
    let secret = new.value.as_ref().or(new.value_wo.as_ref());
    let value = secret.map(|it| it.0.clone()).or_else(|| new.insecure_value.clone());
    let key = new.key_id.as_ref().filter(|_| new.kind == "SecureString");
    cx.aws
        .ssm()
        .put_parameter()
        .name(name)
        .r#type(new.kind.as_str().into())
        .set_value(value)
        .set_key_id(key.map(|it| it.0.clone()))
}

fn outputs(
    cx: &Cx,
    name: &str,
    value: Option<&Live>,
    about: Option<&ParameterMetadata>,
    tags: Tags,
) -> Result<Outputs> {
    let kind = value.and_then(|it| it.r#type.as_ref()).or(about.and_then(|it| it.r#type.as_ref()));
    let kind = kind.ok_or(Error::missing("Type"))?.as_str().to_owned();
    let text = value.and_then(|it| it.value.clone());
    let data_type = value.and_then(|it| it.data_type.clone());
    let told = value.and_then(|it| it.arn.clone()).or_else(|| about.and_then(|it| it.arn.clone()));
    let given = |it: &Option<String>| it.clone().filter(|it| !it.is_empty());
    let inputs = Inputs {
        name: name.to_owned(),
        // In clear only to whom it is not a secret and who wants to see it.
        insecure_value: text.clone().filter(|_| kind != "SecureString" && cx.asks("insecureValue")),
        value: text.map(Secret),
        value_wo: None,
        value_wo_version: None,
        description: about.and_then(|it| given(&it.description)),
        allowed_pattern: about.and_then(|it| given(&it.allowed_pattern)),
        data_type: data_type.or_else(|| about.and_then(|it| it.data_type.clone())),
        tier: about.and_then(|it| it.tier.as_ref()).map(|it| it.as_str().to_owned()),
        key_id: about.and_then(|it| given(&it.key_id)).map(IdOrArn),
        arn: told.or_else(|| Some(arn(&cx.place, name))),
        overwrite: None,
        tags,
        kind,
    };
    let version = value.map(|it| it.version).or(about.map(|it| it.version)).unwrap_or_default();
    Ok(Outputs { inputs, version, has_value_wo: None })
}

async fn values(cx: &Cx, names: &[String]) -> Result<HashMap<String, Live>> {
    let mut all = HashMap::new();
    for some in names.chunks(VALUES) {
        let call = cx.aws.ssm().get_parameters().set_names(Some(some.to_vec()));
        // What is missing is listed apart, in an answer that is no error.
        let reply = call.with_decryption(true).send().await?;
        let found = reply.parameters.unwrap_or_default();
        all.extend(found.into_iter().filter_map(|it| Some((it.name.clone()?, it))));
    }
    Ok(all)
}

async fn metadata(cx: &Cx, names: &[String]) -> Result<HashMap<String, ParameterMetadata>> {
    let mut all = HashMap::new();
    for some in names.chunks(METADATA) {
        let filter = ParameterStringFilter::builder().key("Name").option("Equals");
        let filter = filter.set_values(Some(some.to_vec())).build();
        let filter = filter.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))?;
        let call = cx.aws.ssm().describe_parameters().parameter_filters(filter);
        let mut pages = call.max_results(50).into_paginator().send();
        while let Some(page) = pages.next().await {
            let found = page?.parameters.unwrap_or_default();
            all.extend(found.into_iter().filter_map(|it| Some((it.name.clone()?, it))));
        }
    }
    Ok(all)
}
