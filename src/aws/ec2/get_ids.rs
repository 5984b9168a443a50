//! The functions that answer the ids of all that match: `getSubnets` and its
//! like. EC2 answers in any order; a program's inputs must not change by it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query, arn, filter, hop::tables, instance_read, looked_for, queries, rules::groups, subnet, vpc,
};
use crate::provider::*;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    ids: Vec<String>,
    filters: Vec<Query>,
    tags: Tags,
}

impl Args {
    fn output(&self, cx: &Cx, ids: impl Iterator<Item = String>) -> Output {
        let (filters, tags) = (self.filters.clone(), self.tags.clone());
        Output { id: cx.place.region.clone(), ids: sorted(ids), filters, tags }
    }
}

fn sorted(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids
}

pub(super) struct GetSubnets;

impl Function for GetSubnets {
    const TOKEN: &'static str = "aws:ec2/getSubnets:getSubnets";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let filters = queries(&args.filters, &args.tags).unwrap_or_default();
        let found = subnet::describe(cx, filters).await?;
        Ok(args.output(cx, found.into_iter().filter_map(|it| it.subnet_id)))
    }
}

pub(super) struct GetVpcs;

impl Function for GetVpcs {
    const TOKEN: &'static str = "aws:ec2/getVpcs:getVpcs";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let filters = queries(&args.filters, &args.tags).unwrap_or_default();
        let found = vpc::describe(cx, filters).await?;
        Ok(args.output(cx, found.into_iter().filter_map(|it| it.vpc_id)))
    }
}

pub(super) struct GetRouteTables;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ArgsOfVpc {
    vpc_id: Option<String>,
    #[serde(default)]
    filters: Vec<Query>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputOfVpc {
    id: String,
    ids: Vec<String>,
    vpc_id: Option<String>,
    filters: Vec<Query>,
    tags: Tags,
}

impl Function for GetRouteTables {
    const TOKEN: &'static str = "aws:ec2/getRouteTables:getRouteTables";
    type Args = ArgsOfVpc;
    type Output = OutputOfVpc;

    async fn call(cx: &Cx, args: &ArgsOfVpc) -> Result<OutputOfVpc> {
        let filters = looked_for([("vpc-id", &args.vpc_id)], &args.filters, &args.tags);
        let found = tables(cx, filters).await?;
        Ok(OutputOfVpc {
            id: cx.place.region.clone(),
            ids: sorted(found.into_iter().filter_map(|it| it.route_table_id)),
            vpc_id: args.vpc_id.clone(),
            filters: args.filters.clone(),
            tags: args.tags.clone(),
        })
    }
}

pub(super) struct GetSecurityGroups;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Groups {
    #[serde(flatten)]
    output: Output,
    arns: Vec<String>,
    /// In the order of `ids`.
    vpc_ids: Vec<String>,
}

impl Function for GetSecurityGroups {
    const TOKEN: &'static str = "aws:ec2/getSecurityGroups:getSecurityGroups";
    type Args = Args;
    type Output = Groups;

    async fn call(cx: &Cx, args: &Args) -> Result<Groups> {
        let filters = queries(&args.filters, &args.tags).unwrap_or_default();
        let mut found = groups(cx, filters).await?;
        found.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        let arns = found.iter().filter_map(|it| {
            let id = format!("security-group/{}", it.group_id()?);
            Some(arn(cx, it.owner_id().unwrap_or(&cx.place.account), &id))
        });
        let arns = arns.collect();
        let vpc_ids = found.iter().map(|it| it.vpc_id.clone().unwrap_or_default()).collect();
        let output = args.output(cx, found.into_iter().filter_map(|it| it.group_id));
        Ok(Groups { output, arns, vpc_ids })
    }
}

pub(super) struct GetInstances;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ArgsOfInstances {
    #[serde(default)]
    filters: Vec<Query>,
    /// Those that run, when left out.
    instance_state_names: Option<Set<String>>,
    #[serde(default)]
    instance_tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instances {
    id: String,
    ids: Vec<String>,
    filters: Vec<Query>,
    instance_state_names: Option<Set<String>>,
    instance_tags: Tags,
    ipv6_addresses: Vec<String>,
    private_ips: Vec<String>,
    public_ips: Vec<String>,
}

impl Function for GetInstances {
    const TOKEN: &'static str = "aws:ec2/getInstances:getInstances";
    type Args = ArgsOfInstances;
    type Output = Instances;

    async fn call(cx: &Cx, args: &ArgsOfInstances) -> Result<Instances> {
        let mut filters = queries(&args.filters, &args.instance_tags).unwrap_or_default();
        let running = Set(vec!["running".to_owned()]);
        let states = args.instance_state_names.as_ref().unwrap_or(&running);
        filters.push(filter("instance-state-name", &states.0));
        let mut found = instance_read::describe(cx, filters).await?;
        found.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
        let all = |of: fn(&aws_sdk_ec2::types::Instance) -> &Option<String>| {
            found.iter().filter_map(|it| of(it).clone()).collect::<Vec<_>>()
        };
        Ok(Instances {
            id: cx.place.region.clone(),
            ids: all(|it| &it.instance_id),
            filters: args.filters.clone(),
            instance_state_names: args.instance_state_names.clone(),
            instance_tags: args.instance_tags.clone(),
            ipv6_addresses: all(|it| &it.ipv6_address),
            private_ips: all(|it| &it.private_ip_address),
            public_ips: all(|it| &it.public_ip_address),
        })
    }
}
