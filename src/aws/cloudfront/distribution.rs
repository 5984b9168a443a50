//! `aws:cloudfront/distribution:Distribution`. The id is CloudFront's, `E…`.

use std::time::Duration;

use aws_sdk_cloudfront::{operation::get_distribution::GetDistributionOutput, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING,
    behavior::{DefaultBehavior, OrderedBehavior},
    counted::{Aliases, CacheBehaviors, CustomErrorResponses, OriginGroups, Origins, quantity},
    distribution_parts::{
        CacheTag, ConnectionFunction, Logging, Restrictions, ViewerCertificate, ViewerMtls,
    },
    every,
    origin::Origin,
    shown,
    tags::{born, retag, tags, tags_raw},
};
use crate::{
    aws::{
        error::{absent, if_seen},
        twin::{Built as _, Field, Moment, Twin as _, Word, kept},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Distribution;

/// It takes minutes; this is what HashiCorp's provider allows.
const LIMIT: Duration = Duration::from_secs(90 * 60);

/// The zone of all names of CloudFront.
const ZONE: &str = "Z2FDTNDATAQYW2";
const ZONE_OF_CHINA: &str = "Z3RFFRIM2A3IF5";

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    aliases: Option<Aliases>,
    anycast_ip_list_id: Option<String>,
    cache_tag_config: Option<CacheTag>,
    comment: Option<String>,
    connection_function_association: Option<ConnectionFunction>,
    #[schemars(extend("computed" = true))]
    continuous_deployment_policy_id: Option<String>,
    custom_error_responses: Option<CustomErrorResponses>,
    default_cache_behavior: DefaultBehavior,
    default_root_object: Option<String>,
    enabled: bool,
    #[serde(default = "http2")]
    http_version: Word<sdk::HttpVersion>,
    #[serde(default)]
    is_ipv6_enabled: bool,
    logging_config: Option<Logging>,
    /// The first whose pattern fits decides.
    ordered_cache_behaviors: Option<CacheBehaviors>,
    origin_groups: Option<OriginGroups>,
    origins: Origins,
    #[serde(default = "everywhere")]
    price_class: Word<sdk::PriceClass>,
    restrictions: Restrictions,
    /// Disables it in place of deleting it.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    retain_on_delete: bool,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    staging: bool,
    #[serde(default)]
    tags: Tags,
    viewer_certificate: ViewerCertificate,
    viewer_mtls_config: Option<ViewerMtls>,
    #[serde(default = "yes")]
    #[schemars(extend("writeOnly" = true))]
    wait_for_deployment: bool,
    /// An ARN of WAF, or an id of WAF Classic.
    web_acl_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    caller_reference: String,
    domain_name: String,
    #[schemars(extend("volatile" = true))]
    etag: Option<String>,
    hosted_zone_id: String,
    #[schemars(extend("volatile" = true))]
    in_progress_validation_batches: i32,
    #[schemars(extend("volatile" = true))]
    last_modified_time: Moment,
    #[schemars(extend("volatile" = true))]
    logging_v1_enabled: bool,
    #[schemars(extend("volatile" = true))]
    status: String,
    #[schemars(extend("volatile" = true))]
    trusted_key_groups: Vec<TrustedKeyGroup>,
    #[schemars(extend("volatile" = true))]
    trusted_signers: Vec<TrustedSigner>,
}

#[derive(Serialize, JsonSchema)]
struct TrustedKeyGroup {
    enabled: bool,
    items: Vec<KeyGroup>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct KeyGroup {
    key_group_id: Option<String>,
    key_pair_ids: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct TrustedSigner {
    enabled: bool,
    items: Vec<Signer>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Signer {
    aws_account_number: Option<String>,
    key_pair_ids: Vec<String>,
}

fn http2() -> Word<sdk::HttpVersion> {
    Word(sdk::HttpVersion::Http2)
}

fn everywhere() -> Word<sdk::PriceClass> {
    Word(sdk::PriceClass::PriceClassAll)
}

impl Resource for Distribution {
    const TYPE: &'static str = "aws:cloudfront/distribution:Distribution";
    const KEY: &'static [&'static str] = &["aliases"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        new.default_cache_behavior.check("defaultCacheBehavior")?;
        for it in new.ordered_cache_behaviors.iter().flat_map(|it| &it.0) {
            it.check("orderedCacheBehaviors")?;
        }
        new.origins.0.0.iter().try_for_each(Origin::check)?;
        if new.origins.0.0.is_empty() {
            return Err(Error::invalid("origins", "has one at least"));
        }
        new.viewer_certificate.check()?;
        let aliases = new.aliases.as_ref().is_some_and(|it| !it.0.0.is_empty());
        if aliases && new.viewer_certificate.cloudfront_default_certificate == Some(true) {
            let rule = "needs a certificate of these names in `viewerCertificate`";
            return Err(Error::invalid("aliases", rule));
        }
        let groups = new.origin_groups.iter().flat_map(|it| &it.0.0).map(|it| &it.origin_id);
        let known: Vec<&String> =
            new.origins.0.0.iter().map(|it| &it.origin_id).chain(groups).collect();
        let ordered = new.ordered_cache_behaviors.iter().flat_map(|it| &it.0);
        let ordered = ordered.map(|it| ("orderedCacheBehaviors", &it.target_origin_id));
        let first = ("defaultCacheBehavior", &new.default_cache_behavior.target_origin_id);
        match std::iter::once(first).chain(ordered).find(|(_, it)| !known.contains(it)) {
            Some((property, it)) => Err(Error::invalid(
                property,
                format!("names the origin `{it}`, which is not there"),
            )),
            None => Ok(()),
        }
    }

    fn predict(place: &Place, _: &Value) -> Map {
        Map::from([("hostedZoneId".to_owned(), Value::string(zone(place)))])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let config = sdk::DistributionConfigWithTags::builder()
            .distribution_config(config(new, cx.op.clone())?)
            .tags(born(cx, &new.tags)?)
            .build();
        let call = cx.aws.cloudfront().create_distribution_with_tags();
        match call.distribution_config_with_tags(config).send().await.map_err(Error::from) {
            Err(error) if error.is(&["DistributionAlreadyExists"]) => {
                let ours = Self::find(cx, new).await?;
                ours.ok_or(Error::unseen("the distribution of this operation"))
            }
            made => Ok(made?.distribution.ok_or(Error::missing("Distribution"))?.id),
        }
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if new.wait_for_deployment {
            return deployed(cx, id).await;
        }
        shown(cx, || live(cx, id)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let etag = live.e_tag;
        let live = live.distribution.ok_or(Error::missing("Distribution"))?;
        let config = live.distribution_config.ok_or(Error::missing("DistributionConfig"))?;
        let tags = tags(cx, &live.arn).await?;
        let pairs = |it: Option<sdk::KeyPairIds>| it.and_then(|it| it.items).unwrap_or_default();
        let groups = live.active_trusted_key_groups.map(|it| TrustedKeyGroup {
            enabled: it.enabled,
            items: it
                .items
                .unwrap_or_default()
                .into_iter()
                .map(|it| KeyGroup {
                    key_group_id: it.key_group_id,
                    key_pair_ids: pairs(it.key_pair_ids),
                })
                .collect(),
        });
        let signers = live.active_trusted_signers.map(|it| TrustedSigner {
            enabled: it.enabled,
            items: it
                .items
                .unwrap_or_default()
                .into_iter()
                .map(|it| Signer {
                    aws_account_number: it.aws_account_number,
                    key_pair_ids: pairs(it.key_pair_ids),
                })
                .collect(),
        });
        Ok(Some(Outputs {
            inputs: inputs(&config, tags)?,
            arn: live.arn,
            logging_v1_enabled: config.logging.as_ref().is_some_and(|it| it.enabled),
            caller_reference: config.caller_reference,
            domain_name: live.domain_name,
            etag,
            hosted_zone_id: zone(&cx.place).to_owned(),
            in_progress_validation_batches: live.in_progress_invalidation_batches,
            last_modified_time: Moment(live.last_modified_time),
            status: live.status,
            trusted_key_groups: groups.into_iter().collect(),
            trusted_signers: signers.into_iter().collect(),
        }))
    }

    /// The call replaces everything: what the program never said, and what this
    /// type does not know, is sent as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the distribution"))?;
        let etag = live.e_tag;
        let live = live.distribution.ok_or(Error::missing("Distribution"))?;
        if config(old, String::new())? != config(new, String::new())? {
            let told = live.distribution_config.ok_or(Error::missing("DistributionConfig"))?;
            let wanted = kept(&inputs(&told, Tags::default())?, old, new)?;
            let wanted = with_unknown(config(&wanted, told.caller_reference.clone())?, told);
            let call = cx.aws.cloudfront().update_distribution().id(id).set_if_match(etag);
            call.distribution_config(wanted).send().await?;
        }
        retag(cx, &live.arn, &old.tags, &new.tags).await
    }

    /// CloudFront deletes only what is disabled, everywhere.
    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let Some(it) = live(cx, id).await? else { return Ok(()) };
        let config = it.distribution.and_then(|it| it.distribution_config);
        let mut config = config.ok_or(Error::missing("DistributionConfig"))?;
        if config.enabled {
            config.enabled = false;
            let call = cx.aws.cloudfront().update_distribution().id(id).set_if_match(it.e_tag);
            call.distribution_config(config).send().await?;
        }
        if last.retain_on_delete {
            return Ok(());
        }
        deployed(cx, id).await?;
        let Some(it) = live(cx, id).await? else { return Ok(()) };
        let call = cx.aws.cloudfront().delete_distribution().id(id);
        absent(call.set_if_match(it.e_tag).send().await, MISSING).map(drop)
    }

    /// The list does not tell the reference: the tags do.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let comment = inputs.comment.as_deref().unwrap_or_default();
        let call = || cx.aws.cloudfront().list_distributions();
        let all = every!(call(), distribution_list);
        for it in all.into_iter().filter(|it| it.comment == comment) {
            let tags = if_seen(tags_raw(cx, &it.arn).await)?;
            if tags.is_some_and(|tags| cx.made(tags)) {
                return Ok(Some(it.id));
            }
        }
        Ok(None)
    }
}

pub(super) fn zone(place: &Place) -> &'static str {
    if place.partition == "aws-cn" { ZONE_OF_CHINA } else { ZONE }
}

/// Of what is not there, too, as after a delete.
async fn deployed(cx: &Cx, id: &str) -> Result<()> {
    let look = || async {
        let status = live(cx, id).await?.and_then(|it| it.distribution).map(|it| it.status);
        Ok(status.is_none_or(|it| it == "Deployed").then_some(()))
    };
    cx.wait("all edges to have the distribution", LIMIT, look).await
}

pub(super) async fn live(cx: &Cx, id: &str) -> Result<Option<GetDistributionOutput>> {
    absent(cx.aws.cloudfront().get_distribution().id(id).send().await, MISSING)
}

fn config(it: &Inputs, reference: String) -> Result<sdk::DistributionConfig> {
    let ordered = it.ordered_cache_behaviors.iter().flat_map(|it| &it.0);
    let ordered = ordered.map(OrderedBehavior::whole).collect::<Result<Vec<_>>>()?;
    let origins = it.origins.0.0.iter().map(Origin::whole).collect::<Result<Vec<_>>>()?;
    let behaviors = sdk::CacheBehaviors::builder().quantity(quantity(&ordered)?);
    let behaviors = behaviors.set_items(Some(ordered).filter(|it| !it.is_empty())).build();
    let origins = sdk::Origins::builder().quantity(quantity(&origins)?).set_items(Some(origins));
    let aliases = it.aliases.clone().unwrap_or_default();
    let responses = it.custom_error_responses.clone().unwrap_or_default();
    let groups = it.origin_groups.clone().unwrap_or_default();
    let policy = it.continuous_deployment_policy_id.clone().unwrap_or_default();
    sdk::DistributionConfig::builder()
        .caller_reference(reference)
        .aliases(aliases.to_sdk()?)
        .set_anycast_ip_list_id(it.anycast_ip_list_id.clone())
        .cache_behaviors(behaviors.built()?)
        .set_cache_tag_config(it.cache_tag_config.put()?)
        .comment(it.comment.clone().unwrap_or_default())
        .set_connection_function_association(it.connection_function_association.put()?)
        .continuous_deployment_policy_id(policy)
        .custom_error_responses(responses.to_sdk()?)
        .default_cache_behavior(it.default_cache_behavior.whole()?)
        .default_root_object(it.default_root_object.clone().unwrap_or_default())
        .enabled(it.enabled)
        .http_version(it.http_version.0.clone())
        .is_ipv6_enabled(it.is_ipv6_enabled)
        .logging(it.logging_config.clone().unwrap_or(Logging::off()).to_sdk()?)
        .origin_groups(groups.to_sdk()?)
        .origins(origins.build().built()?)
        .price_class(it.price_class.0.clone())
        .restrictions(it.restrictions.to_sdk()?)
        .set_staging(it.staging.then_some(true))
        .viewer_certificate(it.viewer_certificate.to_sdk()?)
        .set_viewer_mtls_config(it.viewer_mtls_config.put()?)
        .web_acl_id(it.web_acl_id.clone().unwrap_or_default())
        .build()
        .built()
}

/// With what Pulumi's schema has no words for, as it is.
fn with_unknown(
    mut wanted: sdk::DistributionConfig,
    live: sdk::DistributionConfig,
) -> sdk::DistributionConfig {
    let origins = live.origins.iter().flat_map(|it| &it.items);
    for it in wanted.origins.iter_mut().flat_map(|it| &mut it.items) {
        let same = origins.clone().find(|live| live.id == it.id);
        let bucket = same.and_then(|it| it.s3_origin_config.as_ref());
        if let (Some(wanted), Some(live)) = (&mut it.s3_origin_config, bucket) {
            wanted.origin_read_timeout = live.origin_read_timeout;
        }
    }
    let groups = live.origin_groups.iter().filter_map(|it| it.items.as_ref()).flatten();
    let wanted_groups = wanted.origin_groups.iter_mut().filter_map(|it| it.items.as_mut());
    for it in wanted_groups.flatten() {
        let same = groups.clone().find(|live| live.id == it.id);
        it.selection_criteria = same.and_then(|it| it.selection_criteria.clone());
    }
    wanted.tenant_config = live.tenant_config;
    wanted.connection_mode = live.connection_mode;
    wanted
}

fn inputs(live: &sdk::DistributionConfig, tags: Tags) -> Result<Inputs> {
    let some = |it: Option<&String>| it.filter(|it| !it.is_empty()).cloned();
    // Older distributions tell it in capitals.
    let http = live.http_version.as_ref().map(|it| it.as_str().to_lowercase());
    Ok(Inputs {
        aliases: Field::take(live.aliases.as_ref())?,
        anycast_ip_list_id: some(live.anycast_ip_list_id.as_ref()),
        cache_tag_config: Field::take(live.cache_tag_config.as_ref())?,
        comment: some(Some(&live.comment)),
        connection_function_association: Field::take(
            live.connection_function_association.as_ref(),
        )?,
        continuous_deployment_policy_id: some(live.continuous_deployment_policy_id.as_ref()),
        custom_error_responses: Field::take(live.custom_error_responses.as_ref())?,
        default_cache_behavior: Field::take(live.default_cache_behavior.as_ref())?,
        default_root_object: some(live.default_root_object.as_ref()),
        enabled: live.enabled,
        http_version: http.map_or_else(http2, |it| Word(it.as_str().into())),
        is_ipv6_enabled: live.is_ipv6_enabled.unwrap_or_default(),
        logging_config: Field::take(live.logging.as_ref())?,
        ordered_cache_behaviors: Field::take(live.cache_behaviors.as_ref())?,
        origin_groups: Field::take(live.origin_groups.as_ref())?,
        origins: Field::take(live.origins.as_ref())?,
        price_class: live.price_class.clone().map_or_else(everywhere, Word),
        restrictions: Field::take(live.restrictions.as_ref())?,
        retain_on_delete: false,
        staging: live.staging.unwrap_or_default(),
        tags,
        viewer_certificate: Field::take(live.viewer_certificate.as_ref())?,
        viewer_mtls_config: Field::take(live.viewer_mtls_config.as_ref())?,
        wait_for_deployment: true,
        web_acl_id: some(live.web_acl_id.as_ref()),
    })
}
