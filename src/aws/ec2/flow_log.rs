//! `aws:ec2/flowLog:FlowLog`. The id is the log's, `fl-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{
    DestinationOptionsRequest, Filter, FlowLog as Live, FlowLogsResourceType as Kind, ResourceType,
    TagFieldSpecificationRequest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, born, by_birth, filter, in_order, live_tags, made, retag, unsuccessful,
};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct FlowLog;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    deliver_cross_account_role: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    destination_options: Option<DestinationOptions>,
    #[schemars(extend("replace" = true))]
    eni_id: Option<String>,
    #[schemars(extend("replace" = true))]
    iam_role_arn: Option<String>,
    /// The ARN of a log group, a bucket with an optional path, or a stream.
    #[schemars(extend("replace" = true))]
    log_destination: Option<String>,
    #[serde(default = "cloudwatch")]
    #[schemars(extend("replace" = true, "enum" = ["cloud-watch-logs", "s3", "kinesis-data-firehose"]))]
    log_destination_type: String,
    #[schemars(extend("replace" = true, "computed" = true))]
    log_format: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    max_aggregation_interval: Option<i32>,
    #[schemars(extend("replace" = true))]
    regional_nat_gateway_id: Option<String>,
    #[schemars(extend("replace" = true))]
    subnet_id: Option<String>,
    #[schemars(extend("replace" = true))]
    tag_field_specifications: Option<Set<TagField>>,
    #[serde(default)]
    tags: Tags,
    /// Not for transit gateways, whose logs have all traffic.
    #[schemars(extend("replace" = true, "enum" = ["ACCEPT", "REJECT", "ALL"]))]
    traffic_type: Option<String>,
    #[schemars(extend("replace" = true))]
    transit_gateway_attachment_id: Option<String>,
    #[schemars(extend("replace" = true))]
    transit_gateway_id: Option<String>,
    #[schemars(extend("replace" = true))]
    vpc_id: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DestinationOptions {
    #[serde(default = "plain_text")]
    #[schemars(extend("enum" = ["plain-text", "parquet"]))]
    file_format: String,
    #[serde(default)]
    hive_compatible_partitions: bool,
    #[serde(default)]
    per_hour_partition: bool,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TagField {
    resource_type: String,
    tag_keys: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

fn cloudwatch() -> String {
    "cloud-watch-logs".to_owned()
}

fn plain_text() -> String {
    "plain-text".to_owned()
}

impl Resource for FlowLog {
    const TYPE: &'static str = "aws:ec2/flowLog:FlowLog";
    /// What is logged where, of which AWS has one log only.
    const KEY: &'static [&'static str] = &[
        "eniId",
        "logDestination",
        "regionalNatGatewayId",
        "subnetId",
        "transitGatewayAttachmentId",
        "transitGatewayId",
        "vpcId",
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let (1, Some((kind, _))) = (new.sources().count(), new.sources().next()) else {
            let rule = "exactly one of `vpcId`, `subnetId`, `eniId`, `transitGatewayId`, \
                        `transitGatewayAttachmentId` and `regionalNatGatewayId` says what is logged";
            return Err(Error::invalid("vpcId", rule));
        };
        let transit = matches!(kind, Kind::TransitGateway | Kind::TransitGatewayAttachment);
        if transit == new.traffic_type.is_some() {
            let rule = "is needed, except for transit gateways, which do not take it";
            return Err(Error::invalid("trafficType", rule));
        }
        if new.log_destination.is_none() {
            return Err(Error::invalid("logDestination", "is needed"));
        }
        Ok(())
    }

    /// A log group may be named with `:*` behind it.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let bare = |it: &Value| it.as_str().map(|it| it.trim_end_matches(":*").to_owned());
        path == "logDestination" && bare(wanted).is_some_and(|it| Some(it) == bare(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let (kind, id) = new.sources().next().ok_or(Error::missing("source"))?;
        let destination = new.log_destination.as_ref();
        let options = new.destination_options.as_ref().map(|it| {
            DestinationOptionsRequest::builder()
                .file_format(it.file_format.as_str().into())
                .hive_compatible_partitions(it.hive_compatible_partitions)
                .per_hour_partition(it.per_hour_partition)
                .build()
        });
        let fields = new.tag_field_specifications.as_ref().map(|all| {
            let field = |it: &TagField| {
                TagFieldSpecificationRequest::builder()
                    .resource_type(it.resource_type.as_str().into())
                    .set_tag_keys(Some(it.tag_keys.0.clone()))
                    .build()
            };
            all.0.iter().map(field).collect()
        });
        let call = cx.aws.ec2().create_flow_logs().client_token(&cx.op);
        let reply = call
            .resource_type(kind)
            .resource_ids(id)
            .set_traffic_type(new.traffic_type.as_deref().map(Into::into))
            .log_destination_type(new.log_destination_type.as_str().into())
            .set_log_destination(destination.map(|it| it.trim_end_matches(":*").to_owned()))
            .set_deliver_logs_permission_arn(new.iam_role_arn.clone())
            .set_deliver_cross_account_role(new.deliver_cross_account_role.clone())
            .set_log_format(new.log_format.clone())
            .set_max_aggregation_interval(new.max_aggregation_interval)
            .set_destination_options(options)
            .set_tag_field_specifications(fields)
            .tag_specifications(born(cx, ResourceType::VpcFlowLog, &new.tags))
            .send()
            .await?;
        unsuccessful(reply.unsuccessful, &[])?;
        reply.flow_log_ids.and_then(|mut it| it.pop()).ok_or(Error::missing("FlowLogIds"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(one(cx, id).await?.map(drop)) };
        // It takes seconds.
        cx.wait("the flow log to be visible", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        one(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for live in describe(cx, filter("flow-log-id", ids)).await? {
                let id = live.flow_log_id.clone().ok_or(Error::missing("FlowLogId"))?;
                found.push((id, outputs(cx, live)?));
            }
        }
        Ok(in_order(ids, found))
    }

    /// AWS changes nothing but the tags.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().delete_flow_logs().flow_log_ids(id).send().await;
        let Some(reply) = absent(reply, MISSING)? else { return Ok(()) };
        unsuccessful(reply.unsuccessful, MISSING)
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, by_birth(cx)).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.flow_log_id))
    }
}

const MISSING: &[&str] = &["InvalidFlowLogId.NotFound"];

impl Inputs {
    /// What the program says is logged.
    fn sources(&self) -> impl Iterator<Item = (Kind, &String)> {
        let all = [
            (Kind::Vpc, &self.vpc_id),
            (Kind::Subnet, &self.subnet_id),
            (Kind::NetworkInterface, &self.eni_id),
            (Kind::TransitGateway, &self.transit_gateway_id),
            (Kind::TransitGatewayAttachment, &self.transit_gateway_attachment_id),
            (Kind::RegionalNatGateway, &self.regional_nat_gateway_id),
        ];
        all.into_iter().filter_map(|(kind, id)| Some((kind, id.as_ref()?)))
    }
}

async fn describe(cx: &Cx, filter: Filter) -> Result<Vec<Live>> {
    let pages = cx.aws.ec2().describe_flow_logs().filter(filter).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, filter("flow-log-id", [id])).await?.pop())
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.flow_log_id.ok_or(Error::missing("FlowLogId"))?;
    let source = live.resource_id.ok_or(Error::missing("ResourceId"))?;
    let of = |prefix: &str| source.starts_with(prefix).then(|| source.clone());
    let log_destination_type =
        live.log_destination_type.map_or_else(cloudwatch, |it| it.to_string());
    // One that was made by its group's name tells no destination.
    let group = live.log_group_name.map(|it| cx.place.arn("logs", &format!("log-group:{it}")));
    let options = live.destination_options.map(|it| DestinationOptions {
        file_format: it.file_format.map_or_else(plain_text, |it| it.to_string()),
        hive_compatible_partitions: it.hive_compatible_partitions.unwrap_or_default(),
        per_hour_partition: it.per_hour_partition.unwrap_or_default(),
    });
    let fields = live.tag_field_specifications.filter(|it| !it.is_empty()).map(|all| {
        let field = |it: aws_sdk_ec2::types::TagFieldSpecificationResponse| TagField {
            resource_type: it.resource_type.map(|it| it.to_string()).unwrap_or_default(),
            tag_keys: Set(it.tag_keys.unwrap_or_default()),
        };
        Set(all.into_iter().map(field).collect())
    });
    let inputs = Inputs {
        deliver_cross_account_role: live.deliver_cross_account_role,
        destination_options: options,
        eni_id: of("eni-"),
        iam_role_arn: live.deliver_logs_permission_arn,
        log_destination: live
            .log_destination
            .or(group)
            .map(|it| it.trim_end_matches(":*").to_owned()),
        log_destination_type,
        log_format: live.log_format,
        max_aggregation_interval: live.max_aggregation_interval,
        regional_nat_gateway_id: of("nat-"),
        subnet_id: of("subnet-"),
        tag_field_specifications: fields,
        tags: live_tags(live.tags),
        traffic_type: live.traffic_type.map(|it| it.to_string()),
        transit_gateway_attachment_id: of("tgw-attach-"),
        transit_gateway_id: of("tgw-").filter(|it| !it.starts_with("tgw-attach-")),
        vpc_id: of("vpc-"),
    };
    Ok(Outputs { inputs, arn: cx.place.arn("ec2", &format!("vpc-flow-log/{id}")) })
}
