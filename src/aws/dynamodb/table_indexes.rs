//! The keys and indexes of a table, from and to the SDK's.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    self as sdk, AttributeDefinition, GlobalSecondaryIndexDescription, KeySchemaElement, KeyType,
    LocalSecondaryIndexDescription, Projection, ProvisionedThroughput,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Attribute {
    pub(super) name: String,
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["S", "N", "B"]))]
    pub(super) kind: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Global {
    /// `keySchemas` says the same, and can say more than one of a kind.
    #[schemars(extend("computed" = true))]
    pub(super) hash_key: Option<String>,
    #[serde(default)]
    #[schemars(extend("computed" = true))]
    pub(super) key_schemas: Vec<Key>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) non_key_attributes: Set<String>,
    pub(super) on_demand_throughput: Option<OnDemand>,
    #[schemars(extend("enum" = ["ALL", "INCLUDE", "KEYS_ONLY"]))]
    pub(super) projection_type: String,
    #[schemars(extend("computed" = true))]
    pub(super) range_key: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) read_capacity: Option<i64>,
    #[schemars(extend("computed" = true))]
    pub(super) warm_throughput: Option<Warm>,
    #[schemars(extend("computed" = true))]
    pub(super) write_capacity: Option<i64>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Key {
    pub(super) attribute_name: String,
    #[schemars(extend("enum" = ["HASH", "RANGE"]))]
    pub(super) key_type: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Local {
    pub(super) name: String,
    #[serde(default)]
    pub(super) non_key_attributes: Set<String>,
    #[schemars(extend("enum" = ["ALL", "INCLUDE", "KEYS_ONLY"]))]
    pub(super) projection_type: String,
    pub(super) range_key: String,
}

/// -1 is no limit.
#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OnDemand {
    #[schemars(extend("computed" = true))]
    pub(super) max_read_request_units: Option<i64>,
    #[schemars(extend("computed" = true))]
    pub(super) max_write_request_units: Option<i64>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Warm {
    #[schemars(extend("computed" = true))]
    pub(super) read_units_per_second: Option<i64>,
    #[schemars(extend("computed" = true))]
    pub(super) write_units_per_second: Option<i64>,
}

pub(super) fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Broken, "", error.to_string())
}

pub(super) fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(broken)
}

pub(super) fn throughput(read: Option<i64>, write: Option<i64>) -> Result<ProvisionedThroughput> {
    ProvisionedThroughput::builder()
        .read_capacity_units(read.unwrap_or(1))
        .write_capacity_units(write.unwrap_or(1))
        .build()
        .map_err(broken)
}

/// The keys of a kind, in order.
fn of_kind(keys: &[KeySchemaElement], kind: &KeyType) -> Vec<String> {
    keys.iter().filter(|it| it.key_type == *kind).map(|it| it.attribute_name.clone()).collect()
}

/// The only key of a kind.
pub(super) fn only(keys: &[KeySchemaElement], kind: &KeyType) -> Option<String> {
    match &of_kind(keys, kind)[..] {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn projection(kind: &str, others: &Set<String>) -> Projection {
    let others = (!others.0.is_empty()).then(|| others.0.clone());
    Projection::builder().projection_type(kind.into()).set_non_key_attributes(others).build()
}

fn projected(live: Option<Projection>) -> (String, Set<String>) {
    let kind = live.as_ref().and_then(|it| it.projection_type.as_ref());
    let kind = kind.map_or_else(String::new, |it| it.as_str().to_owned());
    (kind, Set(live.and_then(|it| it.non_key_attributes).unwrap_or_default()))
}

impl Attribute {
    pub(super) fn live(live: &AttributeDefinition) -> Self {
        Self { name: live.attribute_name.clone(), kind: live.attribute_type.as_str().to_owned() }
    }

    pub(super) fn sdk(&self) -> Result<AttributeDefinition> {
        AttributeDefinition::builder()
            .attribute_name(&self.name)
            .attribute_type(self.kind.as_str().into())
            .build()
            .map_err(broken)
    }
}

impl Global {
    pub(super) fn live(live: GlobalSecondaryIndexDescription) -> Self {
        let keys = live.key_schema.unwrap_or_default();
        let (projection_type, non_key_attributes) = projected(live.projection);
        let capacity = live.provisioned_throughput;
        let key = |it: &KeySchemaElement| Key {
            attribute_name: it.attribute_name.clone(),
            key_type: it.key_type.as_str().to_owned(),
        };
        Self {
            hash_key: only(&keys, &KeyType::Hash),
            key_schemas: keys.iter().map(key).collect(),
            name: live.index_name.unwrap_or_default(),
            non_key_attributes,
            on_demand_throughput: live.on_demand_throughput.as_ref().and_then(OnDemand::live),
            projection_type,
            range_key: only(&keys, &KeyType::Range),
            read_capacity: capacity.as_ref().and_then(|it| it.read_capacity_units),
            warm_throughput: live.warm_throughput.map(|it| Warm {
                read_units_per_second: it.read_units_per_second,
                write_units_per_second: it.write_units_per_second,
            }),
            write_capacity: capacity.and_then(|it| it.write_capacity_units),
        }
    }

    /// Name and kind of each attribute of the key.
    pub(super) fn keys(&self) -> Vec<(&str, KeyType)> {
        if !self.key_schemas.is_empty() {
            let keys = self.key_schemas.iter();
            return keys.map(|it| (&*it.attribute_name, it.key_type.as_str().into())).collect();
        }
        let hash = self.hash_key.iter().map(|it| (&**it, KeyType::Hash));
        hash.chain(self.range_key.iter().map(|it| (&**it, KeyType::Range))).collect()
    }

    /// What no update can change.
    pub(super) fn is_same_index(&self, other: &Self) -> bool {
        let others = |it: &Self| it.non_key_attributes.0.iter().cloned().collect::<BTreeSet<_>>();
        self.keys() == other.keys()
            && self.projection_type == other.projection_type
            && others(self) == others(other)
    }

    fn key_schema(&self) -> Result<Vec<KeySchemaElement>> {
        self.keys().into_iter().map(|(name, kind)| key(name, kind)).collect()
    }

    fn provisioned(&self, provisioned: bool) -> Result<Option<ProvisionedThroughput>> {
        let it = provisioned.then(|| throughput(self.read_capacity, self.write_capacity));
        it.transpose()
    }

    pub(super) fn sdk(&self, provisioned: bool) -> Result<sdk::GlobalSecondaryIndex> {
        sdk::GlobalSecondaryIndex::builder()
            .index_name(&self.name)
            .set_key_schema(Some(self.key_schema()?))
            .projection(projection(&self.projection_type, &self.non_key_attributes))
            .set_provisioned_throughput(self.provisioned(provisioned)?)
            .set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemand::sdk))
            .set_warm_throughput(self.warm_throughput.as_ref().map(Warm::sdk))
            .build()
            .map_err(broken)
    }

    pub(super) fn creation(&self, provisioned: bool) -> Result<sdk::GlobalSecondaryIndexUpdate> {
        let create = sdk::CreateGlobalSecondaryIndexAction::builder()
            .index_name(&self.name)
            .set_key_schema(Some(self.key_schema()?))
            .projection(projection(&self.projection_type, &self.non_key_attributes))
            .set_provisioned_throughput(self.provisioned(provisioned)?)
            .set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemand::sdk))
            .set_warm_throughput(self.warm_throughput.as_ref().map(Warm::sdk))
            .build()
            .map_err(broken)?;
        Ok(sdk::GlobalSecondaryIndexUpdate::builder().create(create).build())
    }

    pub(super) fn capacities(&self) -> Result<sdk::GlobalSecondaryIndexUpdate> {
        let update = sdk::UpdateGlobalSecondaryIndexAction::builder()
            .index_name(&self.name)
            .provisioned_throughput(throughput(self.read_capacity, self.write_capacity)?)
            .build()
            .map_err(broken)?;
        Ok(sdk::GlobalSecondaryIndexUpdate::builder().update(update).build())
    }

    /// The limits of an index that is paid by request.
    pub(super) fn limits(&self) -> Result<sdk::GlobalSecondaryIndexUpdate> {
        let update = sdk::UpdateGlobalSecondaryIndexAction::builder()
            .index_name(&self.name)
            .set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemand::sdk))
            .set_warm_throughput(self.warm_throughput.as_ref().map(Warm::sdk))
            .build()
            .map_err(broken)?;
        Ok(sdk::GlobalSecondaryIndexUpdate::builder().update(update).build())
    }

    pub(super) fn deletion(&self) -> Result<sdk::GlobalSecondaryIndexUpdate> {
        let delete = sdk::DeleteGlobalSecondaryIndexAction::builder().index_name(&self.name);
        let delete = delete.build().map_err(broken)?;
        Ok(sdk::GlobalSecondaryIndexUpdate::builder().delete(delete).build())
    }
}

impl Local {
    pub(super) fn live(live: LocalSecondaryIndexDescription) -> Self {
        let (projection_type, non_key_attributes) = projected(live.projection);
        let keys = live.key_schema.unwrap_or_default();
        Self {
            name: live.index_name.unwrap_or_default(),
            non_key_attributes,
            projection_type,
            range_key: only(&keys, &KeyType::Range).unwrap_or_default(),
        }
    }

    pub(super) fn sdk(&self, hash: &str) -> Result<sdk::LocalSecondaryIndex> {
        sdk::LocalSecondaryIndex::builder()
            .index_name(&self.name)
            .key_schema(key(hash, KeyType::Hash)?)
            .key_schema(key(&self.range_key, KeyType::Range)?)
            .projection(projection(&self.projection_type, &self.non_key_attributes))
            .build()
            .map_err(broken)
    }
}

impl OnDemand {
    pub(super) fn live(live: &sdk::OnDemandThroughput) -> Option<Self> {
        let limit = |it: Option<i64>| it.filter(|it| *it >= 0);
        let it = Self {
            max_read_request_units: limit(live.max_read_request_units),
            max_write_request_units: limit(live.max_write_request_units),
        };
        (it.max_read_request_units.is_some() || it.max_write_request_units.is_some()).then_some(it)
    }

    pub(super) fn sdk(&self) -> sdk::OnDemandThroughput {
        sdk::OnDemandThroughput::builder()
            .max_read_request_units(self.max_read_request_units.unwrap_or(-1))
            .max_write_request_units(self.max_write_request_units.unwrap_or(-1))
            .build()
    }

    pub(super) fn none() -> Self {
        Self { max_read_request_units: None, max_write_request_units: None }
    }
}

impl Warm {
    pub(super) fn live(live: &sdk::TableWarmThroughputDescription) -> Self {
        Self {
            read_units_per_second: live.read_units_per_second,
            write_units_per_second: live.write_units_per_second,
        }
    }

    pub(super) fn sdk(&self) -> sdk::WarmThroughput {
        sdk::WarmThroughput::builder()
            .set_read_units_per_second(self.read_units_per_second)
            .set_write_units_per_second(self.write_units_per_second)
            .build()
    }
}
