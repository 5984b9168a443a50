//! Amazon DynamoDB.

mod get_table;
mod table;
mod table_indexes;
mod table_item;

use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus};

use crate::{
    aws::error::{absent, seen},
    provider::{AnyFunction, AnyResource, Cx, Error, Place, Result, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<table::Table>(), resource::<table_item::TableItem>()]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_table::GetTable>()]
}

const MISSING: &[&str] = &["ResourceNotFoundException"];

fn arn(place: &Place, table: &str) -> String {
    place.arn("dynamodb", &format!("table/{table}"))
}

async fn described(cx: &Cx, table: &str) -> Result<Option<TableDescription>> {
    let reply = cx.aws.dynamodb().describe_table().table_name(table).send().await;
    match absent(reply, MISSING)? {
        Some(it) => it.table.map(Some).ok_or(Error::missing("Table")),
        None => Ok(None),
    }
}

async fn tags(cx: &Cx, table: &str) -> Result<Vec<(String, String)>> {
    let arn = arn(&cx.place, table);
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let call = cx.aws.dynamodb().list_tags_of_resource().resource_arn(&arn);
        let reply = seen(call.set_next_token(next).send().await, MISSING, "the table")?;
        all.extend(reply.tags.unwrap_or_default().into_iter().map(|it| (it.key, it.value)));
        next = reply.next_token.filter(|it| !it.is_empty());
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// The attribute by which items expire.
async fn expires_by(cx: &Cx, table: &str) -> Result<Option<String>> {
    let reply = cx.aws.dynamodb().describe_time_to_live().table_name(table).send().await;
    let live = seen(reply, MISSING, "the table")?.time_to_live_description;
    let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
    let live = live.filter(|it| it.time_to_live_status.as_ref().is_some_and(|it| on.contains(it)));
    Ok(live.and_then(|it| it.attribute_name))
}

/// For how many days the table can be put back to any second, if it can.
async fn recovery(cx: &Cx, table: &str) -> Result<Option<i32>> {
    const DEFAULT: i32 = 35;
    let reply = cx.aws.dynamodb().describe_continuous_backups().table_name(table).send().await;
    let missing = &["ResourceNotFoundException", "TableNotFoundException"];
    let live = seen(reply, missing, "the table")?.continuous_backups_description;
    let live = live.and_then(|it| it.point_in_time_recovery_description);
    let on = |it: &PointInTimeRecoveryStatus| *it == PointInTimeRecoveryStatus::Enabled;
    let live = live.filter(|it| it.point_in_time_recovery_status.as_ref().is_some_and(on));
    Ok(live.map(|it| it.recovery_period_in_days.unwrap_or(DEFAULT)))
}
