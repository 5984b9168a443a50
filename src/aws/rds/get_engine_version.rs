//! `aws:rds/getEngineVersion:getEngineVersion`: the one version of an engine
//! that the arguments describe. The id is the version.

use aws_sdk_rds::types::{CharacterSet, DbEngineVersion, Filter, UpgradeTarget};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PAGE, version_order};
use crate::provider::*;

pub(super) struct GetEngineVersion;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Query {
    name: String,
    values: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    engine: String,
    /// The one that AWS takes when none is named.
    default_only: Option<bool>,
    filters: Option<Vec<Query>>,
    has_major_target: Option<bool>,
    has_minor_target: Option<bool>,
    /// With those that no new database can have.
    include_all: Option<bool>,
    /// The highest of those that match.
    latest: Option<bool>,
    parameter_group_family: Option<String>,
    preferred_major_targets: Option<Vec<String>>,
    preferred_upgrade_targets: Option<Vec<String>>,
    /// The first of these that is there.
    preferred_versions: Option<Vec<String>>,
    /// Whole, or its beginning: `16`.
    version: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    default_character_set: Option<String>,
    default_only: Option<bool>,
    engine: String,
    engine_description: Option<String>,
    exportable_log_types: Vec<String>,
    filters: Option<Vec<Query>>,
    has_major_target: Option<bool>,
    has_minor_target: Option<bool>,
    include_all: Option<bool>,
    latest: Option<bool>,
    parameter_group_family: Option<String>,
    preferred_major_targets: Option<Vec<String>>,
    preferred_upgrade_targets: Option<Vec<String>>,
    preferred_versions: Option<Vec<String>>,
    status: Option<String>,
    supported_character_sets: Vec<String>,
    supported_feature_names: Vec<String>,
    supported_modes: Vec<String>,
    supported_timezones: Vec<String>,
    supports_certificate_rotation_without_restart: bool,
    supports_global_databases: bool,
    supports_integrations: bool,
    supports_limitless_database: bool,
    supports_local_write_forwarding: bool,
    supports_log_exports_to_cloudwatch: bool,
    supports_parallel_query: bool,
    supports_read_replica: bool,
    valid_major_targets: Vec<String>,
    valid_minor_targets: Vec<String>,
    valid_upgrade_targets: Vec<String>,
    version: String,
    version_actual: String,
    version_description: Option<String>,
    region: String,
}

impl Function for GetEngineVersion {
    const TOKEN: &'static str = "aws:rds/getEngineVersion:getEngineVersion";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let live = chosen(args, listed(cx, args).await?)?;
        output(cx, args, live)
    }
}

fn text(version: &DbEngineVersion) -> &str {
    version.engine_version.as_deref().unwrap_or_default()
}

/// The one that the arguments describe.
fn chosen(args: &Args, mut found: Vec<DbEngineVersion>) -> Result<DbEngineVersion> {
    found.retain(|it| fits(it, args));
    if let Some(preferred) = first(&found, args.preferred_versions.as_deref()) {
        found.retain(|it| it.engine_version.as_ref() == Some(&preferred));
    } else if args.preferred_versions.is_some() {
        return Err(Error::invalid("preferredVersions", "none of them matches"));
    }
    // Targets are in the order of preference, too.
    for (preferred, major) in
        [(&args.preferred_upgrade_targets, None), (&args.preferred_major_targets, Some(true))]
    {
        let Some(preferred) = preferred else { continue };
        let has = |it: &DbEngineVersion, target: &String| targets(it, major).contains(target);
        let target = preferred.iter().find(|target| found.iter().any(|it| has(it, target)));
        found.retain(|it| target.is_some_and(|target| has(it, target)));
    }
    found.sort_by_key(|it| version_order(text(it)));
    if found.len() > 1 && args.latest != Some(true) {
        let rule = format!(
            "{} versions match, and one is asked for: `latest: true` takes the highest",
            found.len()
        );
        return Err(Error::invalid("version", rule));
    }
    found.pop().ok_or_else(|| Error::invalid("version", "no version of the engine matches"))
}

async fn listed(cx: &Cx, args: &Args) -> Result<Vec<DbEngineVersion>> {
    let filter =
        |it: &Query| Filter::builder().name(&it.name).set_values(Some(it.values.clone())).build();
    let filters = args.filters.as_ref().map(|it| it.iter().map(filter).collect());
    let call = cx.aws.rds().describe_db_engine_versions().engine(&args.engine).max_records(PAGE);
    // AWS takes the one that it calls the default where nothing else is said.
    let by_default = args.default_only.unwrap_or(
        args.version.is_none() && args.latest.is_none() && args.preferred_versions.is_none(),
    );
    let call = call
        .set_filters(filters)
        .set_engine_version(args.version.clone())
        .set_db_parameter_group_family(args.parameter_group_family.clone())
        .default_only(by_default)
        .set_include_all(args.include_all)
        .list_supported_character_sets(true)
        .list_supported_timezones(true);
    Ok(call.into_paginator().items().send().try_collect().await?)
}

/// Versions that can follow it: all, or the major or minor ones only.
fn targets(version: &DbEngineVersion, major: Option<bool>) -> Vec<String> {
    let all = version.valid_upgrade_target.iter().flatten();
    let kind = |it: &&UpgradeTarget| {
        major.is_none_or(|major| it.is_major_version_upgrade.unwrap_or_default() == major)
    };
    all.filter(kind).filter_map(|it| it.engine_version.clone()).collect()
}

fn fits(version: &DbEngineVersion, args: &Args) -> bool {
    let has = |major| !targets(version, Some(major)).is_empty();
    args.has_major_target.is_none_or(|wanted| has(true) == wanted)
        && args.has_minor_target.is_none_or(|wanted| has(false) == wanted)
}

/// The first of the preferred versions that is there.
fn first(found: &[DbEngineVersion], preferred: Option<&[String]>) -> Option<String> {
    let there = |it: &&String| found.iter().any(|found| text(found) == it.as_str());
    preferred?.iter().find(there).cloned()
}

fn output(cx: &Cx, args: &Args, live: DbEngineVersion) -> Result<Output> {
    let version = live.engine_version.clone().ok_or(Error::missing("EngineVersion"))?;
    let name = |it: CharacterSet| it.character_set_name;
    let zones = live.supported_timezones.clone().unwrap_or_default().into_iter();
    Ok(Output {
        id: version.clone(),
        valid_major_targets: targets(&live, Some(true)),
        valid_minor_targets: targets(&live, Some(false)),
        valid_upgrade_targets: targets(&live, None),
        default_character_set: live.default_character_set.and_then(name),
        default_only: args.default_only,
        engine: args.engine.clone(),
        engine_description: live.db_engine_description,
        exportable_log_types: live.exportable_log_types.unwrap_or_default(),
        filters: args.filters.clone(),
        has_major_target: args.has_major_target,
        has_minor_target: args.has_minor_target,
        include_all: args.include_all,
        latest: args.latest,
        parameter_group_family: live.db_parameter_group_family,
        preferred_major_targets: args.preferred_major_targets.clone(),
        preferred_upgrade_targets: args.preferred_upgrade_targets.clone(),
        preferred_versions: args.preferred_versions.clone(),
        status: live.status,
        supported_character_sets: live
            .supported_character_sets
            .unwrap_or_default()
            .into_iter()
            .filter_map(name)
            .collect(),
        supported_feature_names: live.supported_feature_names.unwrap_or_default(),
        supported_modes: live.supported_engine_modes.unwrap_or_default(),
        supported_timezones: zones.filter_map(|it| it.timezone_name).collect(),
        supports_certificate_rotation_without_restart: live
            .supports_certificate_rotation_without_restart
            .unwrap_or_default(),
        supports_global_databases: live.supports_global_databases.unwrap_or_default(),
        supports_integrations: live.supports_integrations.unwrap_or_default(),
        supports_limitless_database: live.supports_limitless_database.unwrap_or_default(),
        supports_local_write_forwarding: live.supports_local_write_forwarding.unwrap_or_default(),
        supports_log_exports_to_cloudwatch: live
            .supports_log_exports_to_cloudwatch_logs
            .unwrap_or_default(),
        supports_parallel_query: live.supports_parallel_query.unwrap_or_default(),
        supports_read_replica: live.supports_read_replica.unwrap_or_default(),
        version_actual: version.clone(),
        version,
        version_description: live.db_engine_version_description,
        region: cx.place.region.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version, and what it can become: major versions and minor ones.
    fn version(text: &str, major: &[&str], minor: &[&str]) -> DbEngineVersion {
        let target = |text: &&str, major| {
            let target = UpgradeTarget::builder().engine_version(*text);
            target.is_major_version_upgrade(major).build()
        };
        let major = major.iter().map(|it| target(it, true));
        let targets = major.chain(minor.iter().map(|it| target(it, false))).collect();
        let version = DbEngineVersion::builder().engine_version(text);
        version.set_valid_upgrade_target(Some(targets)).build()
    }

    #[test]
    fn one_version_is_chosen_and_several_are_a_mistake() {
        let all = || {
            vec![
                version("15.10", &["16.6"], &["15.12"]),
                version("15.9", &["16.4", "16.6"], &["15.10", "15.12"]),
                version("16.6", &[], &[]),
            ]
        };
        let choose = |more: serde_json::Value| {
            let mut args = serde_json::json!({ "engine": "postgres" });
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let args: Args = serde_json::from_value(args).unwrap();
            chosen(&args, all()).map(|it| text(&it).to_owned())
        };
        let is = |more, wanted: &str| assert_eq!(choose(more), Ok(wanted.to_owned()));
        is(serde_json::json!({ "latest": true }), "16.6");
        // By number, not by letter.
        is(serde_json::json!({ "latest": true, "hasMajorTarget": true }), "15.10");
        is(serde_json::json!({ "preferredVersions": ["17.1", "15.9", "16.6"] }), "15.9");
        is(serde_json::json!({ "preferredMajorTargets": ["16.4", "16.6"] }), "15.9");
        is(serde_json::json!({ "preferredUpgradeTargets": ["15.10"] }), "15.9");
        is(serde_json::json!({ "hasMinorTarget": false }), "16.6");
        let several = choose(serde_json::json!({})).unwrap_err();
        assert!(several.message.contains("3 versions match"), "{several}");
        assert!(choose(serde_json::json!({ "preferredVersions": ["9.6"] })).is_err());
    }
}
