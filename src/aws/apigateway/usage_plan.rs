//! `aws:apigateway/usagePlan:UsagePlan`. The id is the plan's.

use aws_sdk_apigateway::types::{
    ApiStage, QuotaPeriodType, QuotaSettings, ThrottleSettings, UsagePlan as Live,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, arn, birth_tags, every, patch::Patch, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct UsagePlan;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128))]
    name: String,
    description: Option<String>,
    #[serde(default)]
    api_stages: Set<Stage>,
    /// Of the AWS Marketplace.
    product_code: Option<String>,
    quota_settings: Option<Quota>,
    throttle_settings: Option<Throttle>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "UsagePlanApiStage")]
struct Stage {
    api_id: String,
    stage: String,
    #[serde(default)]
    throttles: Set<MethodThrottle>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "UsagePlanApiStageThrottle")]
struct MethodThrottle {
    /// `/orders/GET`
    path: String,
    #[serde(default)]
    burst_limit: i32,
    #[serde(default)]
    rate_limit: f64,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "UsagePlanQuotaSettings")]
struct Quota {
    #[schemars(range(min = 1))]
    limit: i32,
    #[serde(default)]
    offset: i32,
    #[schemars(extend("enum" = ["DAY", "WEEK", "MONTH"]))]
    period: String,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "UsagePlanThrottleSettings")]
struct Throttle {
    #[serde(default)]
    burst_limit: i32,
    #[serde(default)]
    rate_limit: f64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for UsagePlan {
    const TYPE: &'static str = "aws:apigateway/usagePlan:UsagePlan";
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let throttles = new.api_stages.0.iter().flat_map(|it| &it.throttles.0);
        for throttle in throttles {
            if !throttle.path.starts_with('/') || throttle.path.matches('/').count() < 2 {
                let rule = "a throttle's `path` is `/path/METHOD`";
                return Err(Error::invalid("apiStages", rule));
            }
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_usage_plan().name(&new.name);
        let quota = |it: &Quota| {
            QuotaSettings::builder()
                .limit(it.limit)
                .offset(it.offset)
                .period(QuotaPeriodType::from(it.period.as_str()))
                .build()
        };
        let throttle = new.throttle_settings.as_ref();
        let made = call
            .set_description(new.description.clone())
            .set_api_stages(Some(new.api_stages.0.iter().map(stage).collect()))
            .set_quota(new.quota_settings.as_ref().map(quota))
            .set_throttle(throttle.map(|it| limits(it.burst_limit, it.rate_limit)))
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        made.id.ok_or(Error::missing("id"))
    }

    /// A create takes no product code.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        match &new.product_code {
            Some(code) => patch(cx, id, Patch::default().set("/productCode", code)).await,
            None => Ok(()),
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut all = all(cx).await?;
        let mut told = |id: &String| {
            let at = all.iter().position(|it| it.id.as_ref() == Some(id))?;
            Some(outputs(cx, id, all.swap_remove(at)))
        };
        Ok(ids.iter().map(&mut told).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        patch(cx, id, changes(old, new)).await?;
        retag(cx, &path(id), &old.tags, &new.tags).await
    }

    /// A plan that has stages does not go.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let live = cx.aws.apigateway().get_usage_plan().usage_plan_id(id).send().await;
        let Some(live) = absent(live, MISSING)? else { return Ok(()) };
        let stages = live.api_stages.unwrap_or_default().into_iter().map(told_stage);
        let without =
            stages.fold(Patch::default(), |patch, it| patch.remove_member("/apiStages", key(&it)));
        patch(cx, id, without).await?;
        let call = cx.aws.apigateway().delete_usage_plan().usage_plan_id(id);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let made = |it: &Live| cx.made(it.tags.iter().flatten());
        Ok(all(cx).await?.into_iter().find(made).and_then(|it| it.id))
    }
}

fn path(id: &str) -> String {
    format!("usageplans/{id}")
}

async fn all(cx: &Cx) -> Result<Vec<Live>> {
    let all: Option<Vec<Live>> = every!(cx.aws.apigateway().get_usage_plans());
    Ok(all.unwrap_or_default())
}

async fn patch(cx: &Cx, id: &str, patch: Patch) -> Result<()> {
    if let Some(operations) = patch.operations() {
        let call = cx.aws.apigateway().update_usage_plan().usage_plan_id(id);
        call.set_patch_operations(Some(operations)).send().await?;
    }
    Ok(())
}

/// As patches name a stage.
fn key(stage: &Stage) -> String {
    format!("{}:{}", stage.api_id, stage.stage)
}

fn limits(burst: i32, rate: f64) -> ThrottleSettings {
    ThrottleSettings::builder().burst_limit(burst).rate_limit(rate).build()
}

fn stage(wanted: &Stage) -> ApiStage {
    let throttles = wanted.throttles.0.iter();
    let throttles =
        throttles.map(|it| (it.path.clone(), limits(it.burst_limit, it.rate_limit))).collect();
    ApiStage::builder()
        .api_id(&wanted.api_id)
        .stage(&wanted.stage)
        .set_throttle(Some(throttles).filter(|_| !wanted.throttles.0.is_empty()))
        .build()
}

/// A stage whose throttles differ is taken out and put in again, within the
/// one change: a throttle cannot be taken out alone.
fn changes(old: &Inputs, new: &Inputs) -> Patch {
    let code = |it: &Inputs| it.product_code.clone();
    let mut patch = Patch::default().value("/name", &old.name, &new.name).option(
        "/description",
        old.description.as_ref(),
        new.description.as_ref(),
    );
    patch = match (code(old), code(new)) {
        (Some(_), None) => patch.remove("/productCode"),
        (old, new) => patch.option("/productCode", old.as_ref(), new.as_ref()),
    };
    let (put_in, taken_out) = new.api_stages.since(&old.api_stages);
    for stage in &taken_out {
        patch = patch.remove_member("/apiStages", key(stage));
    }
    for stage in &put_in {
        patch = patch.add("/apiStages", key(stage));
        for throttle in &stage.throttles.0 {
            let at = format!("/apiStages/{}/throttle/{}", key(stage), throttle.path);
            patch = patch
                .set(format!("{at}/rateLimit"), throttle.rate_limit)
                .set(format!("{at}/burstLimit"), throttle.burst_limit);
        }
    }
    let throttle = |it: &Inputs| {
        let it = it.throttle_settings.as_ref()?;
        Some(vec![
            ("rateLimit", it.rate_limit.to_string()),
            ("burstLimit", it.burst_limit.to_string()),
        ])
    };
    let quota = |it: &Inputs| {
        let it = it.quota_settings.as_ref()?;
        Some(vec![
            ("limit", it.limit.to_string()),
            ("offset", it.offset.to_string()),
            ("period", it.period.clone()),
        ])
    };
    patch = group(patch, "/throttle", throttle(old), throttle(new));
    group(patch, "/quota", quota(old), quota(new))
}

type Group = Option<Vec<(&'static str, String)>>;

/// Values that are there together or not at all.
fn group(patch: Patch, path: &str, old: Group, new: Group) -> Patch {
    match (old, new) {
        (old, new) if old == new => patch,
        (_, None) => patch.remove(path),
        (None, Some(new)) => {
            new.into_iter().fold(patch, |it, (name, value)| it.add(format!("{path}/{name}"), value))
        }
        (Some(_), Some(new)) => {
            new.into_iter().fold(patch, |it, (name, value)| it.set(format!("{path}/{name}"), value))
        }
    }
}

fn told_stage(live: ApiStage) -> Stage {
    let throttles = live.throttle.unwrap_or_default().into_iter();
    let throttles = throttles.map(|(path, it)| MethodThrottle {
        path,
        burst_limit: it.burst_limit,
        rate_limit: it.rate_limit,
    });
    Stage {
        api_id: live.api_id.unwrap_or_default(),
        stage: live.stage.unwrap_or_default(),
        throttles: throttles.collect(),
    }
}

fn outputs(cx: &Cx, id: &str, live: Live) -> Outputs {
    let quota = live.quota.map(|it| Quota {
        limit: it.limit,
        offset: it.offset,
        period: it.period.map(|it| it.as_str().to_owned()).unwrap_or_default(),
    });
    let throttle =
        live.throttle.map(|it| Throttle { burst_limit: it.burst_limit, rate_limit: it.rate_limit });
    let inputs = Inputs {
        name: live.name.unwrap_or_default(),
        description: live.description.filter(|it| !it.is_empty()),
        api_stages: live.api_stages.unwrap_or_default().into_iter().map(told_stage).collect(),
        product_code: live.product_code.filter(|it| !it.is_empty()),
        quota_settings: quota,
        throttle_settings: throttle,
        tags: Tags::live(live.tags.unwrap_or_default()),
    };
    Outputs { inputs, arn: arn(&cx.place, &path(id)) }
}
