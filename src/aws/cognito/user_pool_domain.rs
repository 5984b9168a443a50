//! `aws:cognito/userPoolDomain:UserPoolDomain`. The id is the domain: a prefix
//! of Amazon's own, or a whole name.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::types::{
    CustomDomainConfigType, DomainDescriptionType, DomainStatusType as Status,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::twin::Built as _,
    model::{Map, Value},
    provider::*,
};

pub(super) struct UserPoolDomain;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    domain: String,
    #[schemars(extend("replace" = true))]
    user_pool_id: String,
    /// Of ACM in us-east-1, for a whole name.
    certificate_arn: Option<String>,
    /// 1 is the classic hosted UI, 2 is managed login.
    #[schemars(extend("computed" = true), range(min = 1, max = 2))]
    managed_login_version: Option<i32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    aws_account_id: Option<String>,
    cloudfront_distribution: Option<String>,
    cloudfront_distribution_arn: Option<String>,
    cloudfront_distribution_zone_id: String,
    s3_bucket: Option<String>,
    #[schemars(extend("volatile" = true))]
    version: Option<String>,
}

/// The zone of all names of CloudFront.
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";

impl Resource for UserPoolDomain {
    const TYPE: &'static str = "aws:cognito/userPoolDomain:UserPoolDomain";
    const KEY: &'static [&'static str] = &["domain"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.domain.contains('.') != new.certificate_arn.is_some() {
            let rule = "goes with a whole name as `domain`, and with no prefix";
            return Err(Error::invalid("certificateArn", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let zone = "cloudfrontDistributionZoneId".to_owned();
        let mut told = Map::from([(zone, Value::string(CLOUDFRONT_ZONE))]);
        if let Some(domain) = inputs.get("domain").and_then(Value::as_str) {
            told.insert("id".to_owned(), Value::string(domain));
        }
        told
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("cognito:{}", inputs.user_pool_id))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.cognito().create_user_pool_domain().domain(&new.domain);
        call.user_pool_id(&new.user_pool_id)
            .set_managed_login_version(new.managed_login_version)
            .set_custom_domain_config(custom(new)?)
            .send()
            .await?;
        Ok(new.domain.clone())
    }

    /// A whole name gets a distribution of CloudFront, which takes up to an
    /// hour.
    async fn ready(cx: &Cx, domain: &str, new: &Inputs) -> Result<()> {
        let active = || async {
            match live(cx, domain).await?.and_then(|it| it.status) {
                Some(Status::Active) => Ok(Some(())),
                Some(Status::Failed) => Err(Error::failed("Cognito says that the domain failed")),
                _ => Ok(None),
            }
        };
        let minutes = if new.certificate_arn.is_some() { 60 } else { 5 };
        cx.wait("the domain to be active", Duration::from_secs(minutes * 60), active).await
    }

    async fn read(cx: &Cx, domain: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, domain).await? else { return Ok(None) };
        Ok(Some(Outputs {
            inputs: Inputs {
                domain: domain.to_owned(),
                user_pool_id: live.user_pool_id.unwrap_or_default(),
                certificate_arn: live
                    .custom_domain_config
                    .map(|it| it.certificate_arn)
                    .filter(|it| !it.is_empty()),
                managed_login_version: live.managed_login_version,
            },
            aws_account_id: live.aws_account_id,
            cloudfront_distribution: live.cloud_front_distribution.clone(),
            // Pulumi's word for the same name.
            cloudfront_distribution_arn: live.cloud_front_distribution,
            cloudfront_distribution_zone_id: CLOUDFRONT_ZONE.to_owned(),
            s3_bucket: live.s3_bucket,
            version: live.version,
        }))
    }

    async fn update(cx: &Cx, domain: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, domain).await?.ok_or(Error::unseen("the domain"))?;
        let call = cx.aws.cognito().update_user_pool_domain().domain(domain);
        call.user_pool_id(&new.user_pool_id)
            .set_managed_login_version(new.managed_login_version.or(live.managed_login_version))
            .set_custom_domain_config(custom(new)?)
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx, domain: &str, _: &Inputs) -> Result<()> {
        let Some(live) = live(cx, domain).await? else { return Ok(()) };
        let call = cx.aws.cognito().delete_user_pool_domain().domain(domain);
        match call.set_user_pool_id(live.user_pool_id).send().await.map_err(Error::from) {
            Err(error) if is_missing(&error) => Ok(()),
            reply => reply.map(drop),
        }
    }

    /// Until then its pool cannot be deleted.
    async fn gone(cx: &Cx, domain: &str) -> Result<()> {
        let look = || async { Ok(described(cx, domain).await?.is_none().then_some(())) };
        cx.wait("the domain to be gone", Duration::from_secs(900), look).await
    }

    /// Nobody else can give this domain to this pool.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.domain).await?;
        let ours = live.is_some_and(|it| it.user_pool_id.as_ref() == Some(&inputs.user_pool_id));
        Ok(ours.then(|| inputs.domain.clone()))
    }
}

fn is_missing(error: &Error) -> bool {
    let unknown = error.is(&["InvalidParameterException"]);
    error.is(super::MISSING) || (unknown && error.message.contains("No such domain"))
}

fn custom(it: &Inputs) -> Result<Option<CustomDomainConfigType>> {
    let config = |arn: &String| CustomDomainConfigType::builder().certificate_arn(arn).build();
    it.certificate_arn.as_ref().map(config).map(|it| it.built()).transpose()
}

/// One that is being deleted is gone.
async fn live(cx: &Cx, domain: &str) -> Result<Option<DomainDescriptionType>> {
    Ok(described(cx, domain).await?.filter(|it| it.status != Some(Status::Deleting)))
}

/// Cognito describes a domain that nobody has, as nothing.
async fn described(cx: &Cx, domain: &str) -> Result<Option<DomainDescriptionType>> {
    let reply = cx.aws.cognito().describe_user_pool_domain().domain(domain).send().await;
    match reply.map_err(Error::from) {
        Err(error) if is_missing(&error) => Ok(None),
        reply => Ok(reply?.domain_description.filter(|it| it.user_pool_id.is_some())),
    }
}
