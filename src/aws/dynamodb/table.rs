//! `aws:dynamodb/table:Table`. The id is the table's name.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::{
    operation::update_table::builders::UpdateTableFluentBuilder,
    types::{
        self as sdk, AttributeDefinition, BillingMode, IndexStatus, KeyType, SseStatus,
        TableDescription, TableStatus,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, arn, described, expires_by, recovery,
    table_indexes::{Attribute, Global, Local, OnDemand, Warm, broken, key, only, throughput},
    tags,
};
use crate::{
    aws::error::{absent, if_seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct Table;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Those that keys are made of, and no others.
    #[serde(default)]
    pub(super) attributes: Set<Attribute>,
    #[serde(default = "provisioned")]
    #[schemars(extend("enum" = ["PROVISIONED", "PAY_PER_REQUEST"]))]
    pub(super) billing_mode: String,
    #[serde(default)]
    pub(super) deletion_protection_enabled: bool,
    #[serde(default)]
    pub(super) global_secondary_indexes: Set<Global>,
    #[schemars(extend("replace" = true))]
    pub(super) hash_key: Option<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    pub(super) local_secondary_indexes: Set<Local>,
    #[schemars(extend("autoname" = 255, "replace" = true))]
    pub(super) name: String,
    pub(super) on_demand_throughput: Option<OnDemand>,
    pub(super) point_in_time_recovery: Option<Recovery>,
    #[schemars(extend("replace" = true))]
    pub(super) range_key: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) read_capacity: Option<i64>,
    pub(super) server_side_encryption: Option<Encryption>,
    #[serde(default)]
    pub(super) stream_enabled: bool,
    #[schemars(extend("computed" = true))]
    pub(super) stream_view_type: Option<String>,
    #[serde(default = "standard")]
    #[schemars(extend("enum" = ["STANDARD", "STANDARD_INFREQUENT_ACCESS"]))]
    pub(super) table_class: String,
    #[serde(default)]
    pub(super) tags: Tags,
    pub(super) ttl: Option<Expiry>,
    #[schemars(extend("computed" = true))]
    pub(super) warm_throughput: Option<Warm>,
    #[schemars(extend("computed" = true))]
    pub(super) write_capacity: Option<i64>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Recovery {
    enabled: bool,
    #[schemars(range(min = 1, max = 35), extend("computed" = true))]
    recovery_period_in_days: Option<i32>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Encryption {
    enabled: bool,
    /// The key of AWS for DynamoDB, when none is given.
    #[schemars(extend("computed" = true))]
    kms_key_arn: Option<IdOrArn>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expiry {
    attribute_name: Option<String>,
    #[serde(default)]
    enabled: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
    #[schemars(extend("volatile" = true))]
    pub(super) stream_arn: Option<String>,
    #[schemars(extend("volatile" = true))]
    pub(super) stream_label: Option<String>,
}

fn provisioned() -> String {
    "PROVISIONED".to_owned()
}

fn standard() -> String {
    "STANDARD".to_owned()
}

/// An index of a large table fills for hours.
const SETTLES: Duration = Duration::from_secs(4 * 3600);

const RESTORED: &str = "makes a table out of data that is elsewhere, which nothing here can make again: restore it with AWS, and take it in with the `import` option";
const REPLICATED: &str =
    "makes tables in other regions, which could not be shown to work on the local emulator";

impl Resource for Table {
    const TYPE: &'static str = "aws:dynamodb/table:Table";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("globalTableWitness", REPLICATED),
        ("importTable", RESTORED),
        ("replicas", REPLICATED),
        ("restoreBackupArn", RESTORED),
        ("restoreDateTime", RESTORED),
        ("restoreSourceName", RESTORED),
        ("restoreSourceTableArn", RESTORED),
        ("restoreToLatestTime", RESTORED),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.hash_key.is_none() {
            return Err(Error::invalid("hashKey", "is what every table has"));
        }
        for it in &new.global_secondary_indexes.0 {
            if it.key_schemas.is_empty() == it.hash_key.is_none() {
                let rule = format!("`{}` needs either `hashKey` or `keySchemas`", it.name);
                return Err(Error::invalid("globalSecondaryIndexes", rule));
            }
        }
        let given: BTreeSet<&str> = new.attributes.0.iter().map(|it| &*it.name).collect();
        let used = keyed(new, &new.global_secondary_indexes.0);
        if let Some(it) = used.difference(&given).next() {
            let rule = format!("lack `{it}`, which a key is made of");
            return Err(Error::invalid("attributes", rule));
        }
        if let Some(it) = given.difference(&used).next() {
            let rule = format!("are those of keys only, and no key has `{it}`");
            return Err(Error::invalid("attributes", rule));
        }
        if is_provisioned(new) && (new.read_capacity.is_none() || new.write_capacity.is_none()) {
            let missing =
                if new.read_capacity.is_none() { "readCapacity" } else { "writeCapacity" };
            return Err(Error::invalid(
                missing,
                "is needed, unless `billingMode` is PAY_PER_REQUEST",
            ));
        }
        let given = |it: Option<i64>| it.is_some_and(|it| it > 0);
        if !is_provisioned(new) && (given(new.read_capacity) || given(new.write_capacity)) {
            let set = if given(new.read_capacity) { "readCapacity" } else { "writeCapacity" };
            return Err(Error::invalid(set, "is for the billing mode PROVISIONED"));
        }
        let viewed = new.stream_view_type.as_ref().is_some_and(|it| !it.is_empty());
        if new.stream_enabled != viewed {
            let rule = "belongs to `streamEnabled: true`, and that to it";
            return Err(Error::invalid("streamViewType", rule));
        }
        if new.ttl.as_ref().is_some_and(|it| it.enabled && it.attribute_name.is_none()) {
            return Err(Error::invalid("ttl", "needs the `attributeName` by which items expire"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(arn(place, name));
        Map::from([("id".to_owned(), Value::string(name)), ("arn".to_owned(), arn)])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("dynamodb:{}", inputs.name))
    }

    /// An expiry that is off is not told, and so neither is its attribute.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let on = wanted.get("enabled").and_then(Value::as_bool).unwrap_or_default();
        path == "ttl" && live.is_null() && !on
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let paid = is_provisioned(new);
        let hash = new.hash_key.as_deref().unwrap_or_default();
        let mut keys = vec![key(hash, KeyType::Hash)?];
        if let Some(range) = &new.range_key {
            keys.push(key(range, KeyType::Range)?);
        }
        let globals = new.global_secondary_indexes.0.iter().map(|it| it.sdk(paid));
        let locals = new.local_secondary_indexes.0.iter().map(|it| it.sdk(hash));
        let globals: Vec<_> = globals.collect::<Result<_>>()?;
        let locals: Vec<_> = locals.collect::<Result<_>>()?;
        let capacity = paid.then(|| throughput(new.read_capacity, new.write_capacity));
        let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build().map_err(broken);
        let tags = cx.birth_tags(&new.tags).into_iter().map(tag).collect::<Result<Vec<_>>>()?;
        let stream = new.stream_enabled.then(|| stream(new)).transpose()?;
        cx.aws
            .dynamodb()
            .create_table()
            .table_name(&new.name)
            .set_attribute_definitions(Some(definitions(new, &new.global_secondary_indexes.0)?))
            .set_key_schema(Some(keys))
            .set_global_secondary_indexes((!globals.is_empty()).then_some(globals))
            .set_local_secondary_indexes((!locals.is_empty()).then_some(locals))
            .billing_mode(new.billing_mode.as_str().into())
            .set_provisioned_throughput(capacity.transpose()?)
            .set_on_demand_throughput(new.on_demand_throughput.as_ref().map(OnDemand::sdk))
            .set_warm_throughput(new.warm_throughput.as_ref().map(Warm::sdk))
            .set_stream_specification(stream)
            .set_sse_specification(new.server_side_encryption.as_ref().map(Encryption::sdk))
            .table_class(new.table_class.as_str().into())
            .deletion_protection_enabled(new.deletion_protection_enabled)
            .set_tags(Some(tags))
            .send()
            .await?;
        Ok(new.name.clone())
    }

    /// What a table has to be there for.
    async fn finish(cx: &Cx, table: &str, new: &Inputs) -> Result<()> {
        if new.ttl.as_ref().is_none_or(|it| !it.enabled) && !recovers(new) {
            return Ok(());
        }
        settle(cx, table).await?;
        expire(cx, table, new).await?;
        if recovers(new) { recover(cx, table, new).await } else { Ok(()) }
    }

    async fn ready(cx: &Cx, table: &str, _: &Inputs) -> Result<()> {
        settle(cx, table).await
    }

    async fn read(cx: &Cx, table: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, table).await? else { return Ok(None) };
        if live.table_status == Some(TableStatus::Deleting) {
            return Ok(None);
        }
        let ttl = if cx.asks("ttl") { expires_by(cx, table).await? } else { None };
        let days = match cx.asks("pointInTimeRecovery") {
            true => recovery(cx, table).await?,
            false => None,
        };
        let tags = if cx.asks("tags") { tags(cx, table).await? } else { Vec::new() };
        outputs(live, ttl, days, Tags::live(tags)).map(Some)
    }

    async fn update(cx: &Cx, table: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        settle(cx, table).await?;
        if old.deletion_protection_enabled != new.deletion_protection_enabled {
            let call = changing(cx, table);
            let on = new.deletion_protection_enabled;
            changed(cx, table, call.deletion_protection_enabled(on)).await?;
        }
        drop_indexes(cx, table, new).await?;
        pay(cx, table, old, new).await?;
        add_indexes(cx, table, new).await?;
        restream(cx, table, old, new).await?;
        if old.server_side_encryption != new.server_side_encryption {
            let off = Encryption { enabled: false, kms_key_arn: None };
            let sse = new.server_side_encryption.as_ref().unwrap_or(&off).sdk();
            changed(cx, table, changing(cx, table).sse_specification(sse)).await?;
        }
        if old.table_class != new.table_class {
            let class = new.table_class.as_str().into();
            changed(cx, table, changing(cx, table).table_class(class)).await?;
        }
        if old.ttl != new.ttl {
            expire(cx, table, new).await?;
        }
        if old.point_in_time_recovery != new.point_in_time_recovery {
            recover(cx, table, new).await?;
        }
        retag(cx, table, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, table: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.dynamodb().delete_table().table_name(table).send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, table: &str) -> Result<()> {
        let look = || async { Ok(described(cx, table).await?.is_none().then_some(())) };
        cx.wait("the table to be gone", Duration::from_secs(1200), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        if described(cx, &inputs.name).await?.is_none() {
            return Ok(None);
        }
        let tags = if_seen(tags(cx, &inputs.name).await)?.unwrap_or_default();
        Ok(cx.made(tags).then(|| inputs.name.clone()))
    }
}

impl Encryption {
    fn sdk(&self) -> sdk::SseSpecification {
        let key = self.kms_key_arn.as_ref().filter(|_| self.enabled).map(|it| it.0.clone());
        sdk::SseSpecification::builder()
            .enabled(self.enabled)
            .set_sse_type(self.enabled.then_some(sdk::SseType::Kms))
            .set_kms_master_key_id(key)
            .build()
    }
}

fn is_provisioned(it: &Inputs) -> bool {
    it.billing_mode == BillingMode::Provisioned.as_str()
}

fn recovers(it: &Inputs) -> bool {
    it.point_in_time_recovery.as_ref().is_some_and(|it| it.enabled)
}

/// The attributes that the table's keys and those of its indexes are made of.
fn keyed<'a>(table: &'a Inputs, globals: &'a [Global]) -> BTreeSet<&'a str> {
    let own = table.hash_key.iter().chain(&table.range_key).map(String::as_str);
    let locals = table.local_secondary_indexes.0.iter().map(|it| &*it.range_key);
    let globals = globals.iter().flat_map(|it| it.keys()).map(|(name, _)| name);
    own.chain(locals).chain(globals).collect()
}

/// DynamoDB refuses attributes that no key has.
fn definitions(new: &Inputs, globals: &[Global]) -> Result<Vec<AttributeDefinition>> {
    let used = keyed(new, globals);
    let all = new.attributes.0.iter().filter(|it| used.contains(&*it.name));
    all.map(Attribute::sdk).collect()
}

fn stream(new: &Inputs) -> Result<sdk::StreamSpecification> {
    let view = new.stream_view_type.as_deref().filter(|_| new.stream_enabled);
    sdk::StreamSpecification::builder()
        .stream_enabled(new.stream_enabled)
        .set_stream_view_type(view.map(Into::into))
        .build()
        .map_err(broken)
}

fn changing(cx: &Cx, table: &str) -> UpdateTableFluentBuilder {
    cx.aws.dynamodb().update_table().table_name(table)
}

/// One change at a time: the next is refused until it is done.
async fn changed(cx: &Cx, table: &str, call: UpdateTableFluentBuilder) -> Result<()> {
    call.send().await?;
    settle(cx, table).await
}

async fn settle(cx: &Cx, table: &str) -> Result<()> {
    let look = || async {
        let live = described(cx, table).await?;
        let status = live.as_ref().and_then(|it| it.table_status.as_ref());
        if status == Some(&TableStatus::InaccessibleEncryptionCredentials) {
            return Err(Error::failed("DynamoDB may not use the table's key any more"));
        }
        Ok(live.is_some_and(|it| settled(&it)).then_some(()))
    };
    cx.wait("the table to be ready", SETTLES, look).await
}

fn settled(live: &TableDescription) -> bool {
    let indexes = live.global_secondary_indexes.as_deref().unwrap_or_default();
    let encrypting = live.sse_description.as_ref().and_then(|it| it.status.as_ref());
    live.table_status == Some(TableStatus::Active)
        && indexes.iter().all(|it| it.index_status == Some(IndexStatus::Active))
        && !matches!(encrypting, Some(SseStatus::Enabling | SseStatus::Updating))
}

/// As they are now: an update that was cut off has done a part of its work.
async fn live_indexes(cx: &Cx, table: &str) -> Result<Vec<Global>> {
    let live = described(cx, table).await?.ok_or_else(|| Error::unseen("the table"))?;
    let all = live.global_secondary_indexes.unwrap_or_default();
    Ok(all.into_iter().map(Global::live).collect())
}

async fn drop_indexes(cx: &Cx, table: &str, new: &Inputs) -> Result<()> {
    let wanted = &new.global_secondary_indexes.0;
    for it in live_indexes(cx, table).await? {
        if !wanted.iter().any(|new| new.name == it.name && new.is_same_index(&it)) {
            let call = changing(cx, table).global_secondary_index_updates(it.deletion()?);
            changed(cx, table, call).await?;
        }
    }
    Ok(())
}

async fn add_indexes(cx: &Cx, table: &str, new: &Inputs) -> Result<()> {
    let mut live = live_indexes(cx, table).await?;
    for it in &new.global_secondary_indexes.0 {
        if live.iter().any(|live| live.name == it.name) {
            continue;
        }
        live.push(it.clone());
        let call = changing(cx, table)
            .set_attribute_definitions(Some(definitions(new, &live)?))
            .global_secondary_index_updates(it.creation(is_provisioned(new))?);
        changed(cx, table, call).await?;
    }
    Ok(())
}

/// Billing and capacities, of the indexes too: a table that becomes
/// provisioned needs all of them in one call.
async fn pay(cx: &Cx, table: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let live = live_indexes(cx, table).await?;
    let paid = is_provisioned(new);
    let rebilled = old.billing_mode != new.billing_mode;
    let wanted = |live: &Global| {
        new.global_secondary_indexes.0.iter().find(|it| it.name == live.name).cloned()
    };
    if paid {
        let capacity = |it: &Inputs| (it.read_capacity, it.write_capacity);
        let own = rebilled || capacity(old) != capacity(new);
        let indexes = live.iter().filter_map(|live| Some((live, wanted(live)?)));
        let indexes = indexes.filter(|(live, new)| {
            let differs = |new: Option<i64>, live| new.is_some() && new != live;
            rebilled
                || differs(new.read_capacity, live.read_capacity)
                || differs(new.write_capacity, live.write_capacity)
        });
        let updates: Vec<_> = indexes.map(|(_, new)| new.capacities()).collect::<Result<_>>()?;
        if !own && updates.is_empty() {
            return Ok(());
        }
        let throughput = own.then(|| throughput(new.read_capacity, new.write_capacity));
        let call = changing(cx, table)
            .set_billing_mode(rebilled.then_some(BillingMode::Provisioned))
            .set_provisioned_throughput(throughput.transpose()?)
            .set_global_secondary_index_updates((!updates.is_empty()).then_some(updates));
        return changed(cx, table, call).await;
    }
    if rebilled {
        let call = changing(cx, table).billing_mode(BillingMode::PayPerRequest);
        changed(cx, table, call).await?;
    }
    if old.on_demand_throughput != new.on_demand_throughput {
        let limits = new.on_demand_throughput.clone().unwrap_or_else(OnDemand::none);
        let call = changing(cx, table).on_demand_throughput(limits.sdk());
        changed(cx, table, call).await?;
    }
    if old.warm_throughput != new.warm_throughput
        && let Some(warm) = &new.warm_throughput
    {
        changed(cx, table, changing(cx, table).warm_throughput(warm.sdk())).await?;
    }
    for it in &live {
        let Some(mut new) = wanted(it) else { continue };
        let warmed = new.warm_throughput.is_some() && new.warm_throughput != it.warm_throughput;
        let limited = new.on_demand_throughput != it.on_demand_throughput;
        if warmed || limited {
            new.on_demand_throughput.get_or_insert_with(OnDemand::none);
            let call = changing(cx, table).global_secondary_index_updates(new.limits()?);
            changed(cx, table, call).await?;
        }
    }
    Ok(())
}

/// What a stream shows cannot be changed: it ends, and another begins.
async fn restream(cx: &Cx, table: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let viewed = new.stream_enabled && old.stream_view_type != new.stream_view_type;
    if old.stream_enabled == new.stream_enabled && !viewed {
        return Ok(());
    }
    let live = described(cx, table).await?.and_then(|it| it.stream_specification);
    let running = live.as_ref().is_some_and(|it| it.stream_enabled);
    let wanted = new.stream_view_type.as_deref().filter(|_| new.stream_enabled);
    let view = live.as_ref().and_then(|it| it.stream_view_type.as_ref());
    if running && (!new.stream_enabled || wanted != view.map(|it| it.as_str())) {
        let off = sdk::StreamSpecification::builder().stream_enabled(false).build();
        let call = changing(cx, table).stream_specification(off.map_err(broken)?);
        changed(cx, table, call).await?;
    } else if running {
        return Ok(());
    }
    if new.stream_enabled {
        changed(cx, table, changing(cx, table).stream_specification(stream(new)?)).await?;
    }
    Ok(())
}

/// What is as it should be is left: DynamoDB takes one change an hour.
async fn expire(cx: &Cx, table: &str, new: &Inputs) -> Result<()> {
    let wanted = new.ttl.as_ref().filter(|it| it.enabled).and_then(|it| it.attribute_name.clone());
    let live = expires_by(cx, table).await?;
    if live == wanted {
        return Ok(());
    }
    for (attribute, on) in [(live, false), (wanted, true)] {
        let Some(attribute) = attribute else { continue };
        let it = sdk::TimeToLiveSpecification::builder().attribute_name(attribute).enabled(on);
        let call = cx.aws.dynamodb().update_time_to_live().table_name(table);
        call.time_to_live_specification(it.build().map_err(broken)?).send().await?;
    }
    Ok(())
}

async fn recover(cx: &Cx, table: &str, new: &Inputs) -> Result<()> {
    let days = new.point_in_time_recovery.as_ref().and_then(|it| it.recovery_period_in_days);
    let on = recovers(new);
    let it = sdk::PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(on)
        .set_recovery_period_in_days(days.filter(|_| on))
        .build()
        .map_err(broken)?;
    let call = cx.aws.dynamodb().update_continuous_backups().table_name(table);
    call.point_in_time_recovery_specification(it).send().await?;
    Ok(())
}

async fn retag(cx: &Cx, table: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    let arn = arn(&cx.place, table);
    if !set.is_empty() {
        let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build().map_err(broken);
        let tags = set.into_iter().map(tag).collect::<Result<Vec<_>>>()?;
        let call = cx.aws.dynamodb().tag_resource().resource_arn(&arn);
        call.set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.dynamodb().untag_resource().resource_arn(&arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

pub(super) fn outputs(
    live: TableDescription,
    expires_by: Option<String>,
    recovery: Option<i32>,
    tags: Tags,
) -> Result<Outputs> {
    let keys = live.key_schema.unwrap_or_default();
    let mode = live.billing_mode_summary.and_then(|it| it.billing_mode);
    let billing_mode = mode.map_or_else(provisioned, |it| it.as_str().to_owned());
    let paid = billing_mode == BillingMode::Provisioned.as_str();
    let capacity = live.provisioned_throughput.filter(|_| paid);
    let stream = live.stream_specification.filter(|it| it.stream_enabled);
    let globals = live.global_secondary_indexes.unwrap_or_default().into_iter().map(Global::live);
    let globals: Vec<Global> = globals.collect();
    let locals = live.local_secondary_indexes.unwrap_or_default().into_iter().map(Local::live);
    let locals: Vec<Local> = locals.collect();
    // Those of an index that is gone may be told on.
    let used = |name: &String| {
        keys.iter().any(|it| it.attribute_name == *name)
            || locals.iter().any(|it| it.range_key == *name)
            || globals.iter().any(|it| it.keys().iter().any(|(key, _)| key == name))
    };
    let attributes = live.attribute_definitions.unwrap_or_default();
    let attributes: Vec<Attribute> =
        attributes.iter().filter(|it| used(&it.attribute_name)).map(Attribute::live).collect();
    let sse = live.sse_description.filter(|it| {
        matches!(it.status, Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating))
    });
    let class = live.table_class_summary.and_then(|it| it.table_class);
    let inputs = Inputs {
        attributes: Set(attributes),
        billing_mode,
        deletion_protection_enabled: live.deletion_protection_enabled.unwrap_or_default(),
        global_secondary_indexes: Set(globals),
        hash_key: only(&keys, &KeyType::Hash),
        local_secondary_indexes: Set(locals),
        name: live.table_name.ok_or(Error::missing("TableName"))?,
        on_demand_throughput: live.on_demand_throughput.as_ref().and_then(OnDemand::live),
        point_in_time_recovery: Some(Recovery {
            enabled: recovery.is_some(),
            recovery_period_in_days: recovery,
        }),
        range_key: only(&keys, &KeyType::Range),
        read_capacity: capacity.as_ref().and_then(|it| it.read_capacity_units),
        server_side_encryption: sse.map(|it| Encryption {
            enabled: true,
            kms_key_arn: it.kms_master_key_arn.map(IdOrArn),
        }),
        stream_enabled: stream.is_some(),
        stream_view_type: stream
            .and_then(|it| it.stream_view_type)
            .map(|it| it.as_str().to_owned()),
        table_class: class.map_or_else(standard, |it| it.as_str().to_owned()),
        tags,
        ttl: expires_by.map(|it| Expiry { attribute_name: Some(it), enabled: true }),
        warm_throughput: live.warm_throughput.as_ref().map(Warm::live),
        write_capacity: capacity.and_then(|it| it.write_capacity_units),
    };
    Ok(Outputs {
        inputs,
        arn: live.table_arn.ok_or(Error::missing("TableArn"))?,
        stream_arn: live.latest_stream_arn,
        stream_label: live.latest_stream_label,
    })
}
