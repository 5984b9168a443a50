//! `aws:lb/loadBalancer:LoadBalancer`. The id is the load balancer's ARN.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::Filter;
use aws_sdk_elasticloadbalancingv2::types;
use futures_util::future;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attributes, MISSING, batched, birth_tags, changed, made, plain_name, retag, suffix, tags,
};
use crate::{
    aws::error::{absent, seen},
    provider::*,
};

pub(super) struct LoadBalancer;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 32, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    internal: bool,
    #[serde(default = "application")]
    #[schemars(extend("replace" = true, "enum" = ["application", "network", "gateway"]))]
    load_balancer_type: String,
    #[schemars(extend("computed" = true, "enum" = [
        "ipv4", "dualstack", "dualstack-without-public-ipv4",
    ]))]
    ip_address_type: Option<String>,
    #[schemars(extend("replace" = true))]
    customer_owned_ipv4_pool: Option<String>,
    ipam_pools: Option<IpamPools>,
    /// The VPC's default group when the program gives none.
    #[schemars(extend("computed" = true))]
    security_groups: Option<Set<String>>,
    /// AWS tells the zones both as `subnets` and as `subnetMappings`.
    #[schemars(extend("computed" = true))]
    subnets: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    subnet_mappings: Option<Set<SubnetMapping>>,
    #[schemars(extend("computed" = true, "enum" = ["on", "off"]))]
    enable_prefix_for_ipv6_source_nat: Option<String>,
    #[schemars(extend("computed" = true, "enum" = ["on", "off"]))]
    enforce_security_group_inbound_rules_on_private_link_traffic: Option<String>,
    minimum_load_balancer_capacity: Option<MinimumCapacity>,
    access_logs: Option<Logs>,
    connection_logs: Option<Logs>,
    health_check_logs: Option<Logs>,
    #[schemars(range(min = 60, max = 604_800))]
    client_keep_alive: Option<i32>,
    #[schemars(extend("enum" = ["monitor", "defensive", "strictest"]))]
    desync_mitigation_mode: Option<String>,
    #[schemars(extend("enum" = [
        "any_availability_zone", "availability_zone_affinity",
        "partial_availability_zone_affinity",
    ]))]
    dns_record_client_routing_policy: Option<String>,
    drop_invalid_header_fields: Option<bool>,
    /// Always on for an Application Load Balancer.
    #[schemars(extend("computed" = true))]
    enable_cross_zone_load_balancing: Option<bool>,
    enable_deletion_protection: Option<bool>,
    enable_http2: Option<bool>,
    enable_tls_version_and_cipher_suite_headers: Option<bool>,
    enable_waf_fail_open: Option<bool>,
    enable_xff_client_port: Option<bool>,
    enable_zonal_shift: Option<bool>,
    #[schemars(range(min = 1, max = 4000))]
    idle_timeout: Option<i32>,
    preserve_host_header: Option<bool>,
    /// AWS never takes any away again.
    #[schemars(extend("computed" = true), range(min = 0, max = 7))]
    secondary_ips_auto_assigned_per_subnet: Option<i32>,
    #[schemars(extend("enum" = ["append", "preserve", "remove"]))]
    xff_header_processing_mode: Option<String>,
    #[serde(default)]
    tags: Tags,
}

fn application() -> String {
    "application".to_owned()
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubnetMapping {
    subnet_id: String,
    allocation_id: Option<String>,
    ipv6_address: Option<String>,
    private_ipv4_address: Option<String>,
    /// Follows from the subnet.
    #[schemars(extend("computed" = true))]
    outpost_id: Option<String>,
}

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IpamPools {
    ipv4_ipam_pool_id: String,
}

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MinimumCapacity {
    #[schemars(range(min = 0))]
    capacity_units: i32,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Logs {
    bucket: String,
    #[serde(default)]
    enabled: bool,
    prefix: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    arn_suffix: String,
    dns_name: String,
    vpc_id: Option<String>,
    zone_id: Option<String>,
}

impl Resource for LoadBalancer {
    const TYPE: &'static str = "aws:lb/loadBalancer:LoadBalancer";
    const ALIASES: &'static [&'static str] = &[
        "aws:alb/loadBalancer:LoadBalancer",
        "aws:elasticloadbalancingv2/loadBalancer:LoadBalancer",
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !plain_name(&new.name) || new.name.starts_with("internal-") {
            let rule = "has 1 to 32 letters, digits and hyphens, no hyphen at either end, and does not start with `internal-`";
            return Err(Error::invalid("name", rule));
        }
        let subnets = new.subnets.as_ref().map_or(0, |it| it.0.len());
        let mappings = new.subnet_mappings.as_ref().map_or(0, |it| it.0.len());
        match (subnets, mappings) {
            (0, 0) => return Err(Error::invalid("subnets", "or `subnetMappings` is needed")),
            (1.., 1..) => return Err(Error::invalid("subnets", "excludes `subnetMappings`")),
            _ => {}
        }
        let kind = new.load_balancer_type.as_str();
        if kind == "gateway" && new.internal {
            let rule = "is not for a Gateway Load Balancer, which has no scheme";
            return Err(Error::invalid("internal", rule));
        }
        for (property, set, of) in [
            ("clientKeepAlive", new.client_keep_alive.is_some(), "application"),
            ("connectionLogs", new.connection_logs.is_some(), "application"),
            ("desyncMitigationMode", new.desync_mitigation_mode.is_some(), "application"),
            (
                "dropInvalidHeaderFields",
                new.drop_invalid_header_fields == Some(true),
                "application",
            ),
            ("healthCheckLogs", new.health_check_logs.is_some(), "application"),
            ("idleTimeout", new.idle_timeout.is_some(), "application"),
            (
                "dnsRecordClientRoutingPolicy",
                new.dns_record_client_routing_policy.is_some(),
                "network",
            ),
        ] {
            if set && kind != of {
                let rule = format!("is for load balancers of type `{of}` only");
                return Err(Error::invalid(property, rule));
            }
        }
        Ok(())
    }

    fn serial(new: &Inputs) -> Option<String> {
        Some(format!("lb:{}", new.name))
    }

    /// While logs are off, AWS remembers no bucket.
    fn same(path: &str, _: &crate::model::Value, live: &crate::model::Value) -> bool {
        let forgets = ["Logs.bucket", "Logs.prefix"].iter().any(|end| path.ends_with(end));
        forgets && live.as_str().is_none_or(str::is_empty)
    }

    /// Creating one that exists with the same settings succeeds: look first,
    /// so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(arn) = by_name(cx, &new.name).await? {
            let ours = made(cx, &arn).await?;
            let taken = Error::not_ours("a load balancer of this name");
            return if ours { Ok(arn) } else { Err(taken) };
        }
        let kind = new.load_balancer_type.as_str();
        let scheme = if new.internal { "internal" } else { "internet-facing" };
        let ipv6_source_nat = new.enable_prefix_for_ipv6_source_nat.as_deref();
        let call = cx.aws.lb().create_load_balancer();
        let reply = call
            .name(&new.name)
            .r#type(kind.into())
            .set_scheme((kind != "gateway").then(|| scheme.into()))
            .set_ip_address_type(new.ip_address_type.as_deref().map(Into::into))
            .set_subnets(new.subnets.as_ref().map(|it| it.0.clone()))
            .set_subnet_mappings(mappings(new))
            .set_security_groups(new.security_groups.as_ref().map(|it| it.0.clone()))
            .set_customer_owned_ipv4_pool(new.customer_owned_ipv4_pool.clone())
            .set_ipam_pools(new.ipam_pools.as_ref().map(IpamPools::sdk))
            .set_enable_prefix_for_ipv6_source_nat(ipv6_source_nat.map(Into::into))
            .set_tags(birth_tags(cx, &new.tags))
            .send()
            .await?;
        let made = reply.load_balancers.unwrap_or_default().into_iter().next();
        made.and_then(|it| it.load_balancer_arn).ok_or(Error::missing("LoadBalancerArn"))
    }

    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        set_attributes(cx, arn, attributes(new)).await?;
        if new.enforce_security_group_inbound_rules_on_private_link_traffic.is_some() {
            set_security_groups(cx, arn, new).await?;
        }
        if let Some(it) = &new.minimum_load_balancer_capacity {
            reserve(cx, arn, Some(it)).await?;
        }
        Ok(())
    }

    /// 2 to 4 minutes; nothing documented goes beyond 10.
    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let active = || async {
            let Some(state) = describe(cx, arn).await?.and_then(|it| it.state) else {
                return Ok(None);
            };
            match state.code {
                // Impaired: it routes, but lacks addresses to grow.
                Some(
                    types::LoadBalancerStateEnum::Active
                    | types::LoadBalancerStateEnum::ActiveImpaired,
                ) => Ok(Some(())),
                Some(types::LoadBalancerStateEnum::Failed) => {
                    let reason = state.reason.unwrap_or_default();
                    Err(Error::failed(format!("the load balancer could not be set up: {reason}")))
                }
                _ => Ok(None),
            }
        };
        cx.wait("the load balancer to become active", Duration::from_secs(600), active).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[arn.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = batched(arns, |arns| async {
            let call = cx.aws.lb().describe_load_balancers().set_load_balancer_arns(Some(arns));
            let reply = absent(call.send().await, MISSING)?;
            Ok(reply.map(|it| it.load_balancers.unwrap_or_default()))
        })
        .await?;
        let mut found: HashMap<String, types::LoadBalancer> =
            found.into_iter().filter_map(|it| Some((it.load_balancer_arn.clone()?, it))).collect();
        let there: Vec<String> = found.keys().cloned().collect();
        let mut tags = tags(cx, &there).await?;
        let extras = found.iter().map(|(arn, live)| async move {
            let attributes = live_attributes(cx, arn).await?;
            let capacity = live_capacity(cx, arn, live).await?;
            Result::Ok((arn.clone(), Extra { attributes, capacity }))
        });
        let mut extras: HashMap<String, Extra> =
            future::try_join_all(extras).await?.into_iter().collect();
        let read = |arn: &String| {
            let extra = extras.remove(arn).unwrap_or_default();
            let tags = tags.remove(arn).unwrap_or_default();
            found.remove(arn).map(|it| outputs(arn, it, extra, tags))
        };
        Ok(arns.iter().map(read).collect())
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let subnets = moved(old.subnets.as_ref(), new.subnets.as_ref());
        let mapped = moved(old.subnet_mappings.as_ref(), new.subnet_mappings.as_ref());
        let source_nat = &new.enable_prefix_for_ipv6_source_nat;
        let source_nat = source_nat
            .as_deref()
            .filter(|it| old.enable_prefix_for_ipv6_source_nat.as_deref() != Some(*it));
        let address_type = new.ip_address_type.as_deref();
        let address_type = address_type.filter(|it| old.ip_address_type.as_deref() != Some(*it));
        if subnets || mapped || source_nat.is_some() {
            let by_mapping = mapped && !subnets;
            let ids = new.subnets.as_ref().filter(|_| !by_mapping).map(|it| it.0.clone());
            let call = cx.aws.lb().set_subnets().load_balancer_arn(arn);
            call.set_subnets(ids)
                .set_subnet_mappings(if by_mapping { mappings(new) } else { None })
                .set_ip_address_type(address_type.map(Into::into))
                .set_enable_prefix_for_ipv6_source_nat(source_nat.map(Into::into))
                .send()
                .await?;
        } else if let Some(kind) = address_type {
            let call = cx.aws.lb().set_ip_address_type().load_balancer_arn(arn);
            call.ip_address_type(kind.into()).send().await?;
        }
        if moved(old.security_groups.as_ref(), new.security_groups.as_ref())
            || old.enforce_security_group_inbound_rules_on_private_link_traffic
                != new.enforce_security_group_inbound_rules_on_private_link_traffic
        {
            set_security_groups(cx, arn, new).await?;
        }
        if old.ipam_pools != new.ipam_pools {
            let call = cx.aws.lb().modify_ip_pools().load_balancer_arn(arn);
            let call = match &new.ipam_pools {
                Some(it) => call.ipam_pools(it.sdk()),
                None => call.remove_ipam_pools(types::RemoveIpamPoolEnum::Ipv4),
            };
            call.send().await?;
        }
        if old.minimum_load_balancer_capacity != new.minimum_load_balancer_capacity {
            reserve(cx, arn, new.minimum_load_balancer_capacity.as_ref()).await?;
        }
        set_attributes(cx, arn, changed(&attributes(old), &attributes(new), DEFAULTS)).await?;
        retag(cx, arn, &old.tags, &new.tags).await
    }

    /// Protection is refused here too: not everything that speaks this API
    /// minds it.
    async fn delete(cx: &Cx, arn: &str, last: &Inputs) -> Result<()> {
        if last.enable_deletion_protection == Some(true) {
            let call = cx.aws.lb().describe_load_balancer_attributes().load_balancer_arn(arn);
            let reply = absent(call.send().await, MISSING)?;
            let live = reply.and_then(|it| it.attributes).unwrap_or_default();
            let on = live
                .iter()
                .any(|it| it.key() == Some(DELETION_PROTECTION) && it.value() == Some("true"));
            if on {
                let message =
                    "deletion protection is on; set `enableDeletionProtection` to false first";
                return Err(Error::new(Kind::Service, "OperationNotPermitted", message));
            }
        }
        let call = cx.aws.lb().delete_load_balancer().load_balancer_arn(arn);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// Its network interfaces hold its subnets and security groups for some
    /// minutes more: 5 is usual for a Network Load Balancer.
    async fn gone(cx: &Cx, arn: &str) -> Result<()> {
        let description = format!("ELB {}", suffix(arn));
        let gone = || async {
            if describe(cx, arn).await?.is_some() {
                return Ok(None);
            }
            let filter = Filter::builder().name("description").values(&description).build();
            let reply = cx.aws.ec2().describe_network_interfaces().filters(filter).send().await;
            match reply.map_err(Error::from) {
                Ok(it) => Ok(it.network_interfaces().is_empty().then_some(())),
                // Whoever may not look has to take what the next delete says.
                Err(error) if error.is(&["UnauthorizedOperation"]) => Ok(Some(())),
                Err(error) => Err(error),
            }
        };
        cx.wait("its network interfaces to go", Duration::from_secs(600), gone).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(arn) = by_name(cx, &inputs.name).await? else { return Ok(None) };
        Ok(made(cx, &arn).await?.then_some(arn))
    }
}

const DELETION_PROTECTION: &str = "deletion_protection.enabled";
const ACCESS_LOGS: [&str; 3] =
    ["access_logs.s3.enabled", "access_logs.s3.bucket", "access_logs.s3.prefix"];
const CONNECTION_LOGS: [&str; 3] =
    ["connection_logs.s3.enabled", "connection_logs.s3.bucket", "connection_logs.s3.prefix"];
const HEALTH_CHECK_LOGS: [&str; 3] =
    ["health_check_logs.s3.enabled", "health_check_logs.s3.bucket", "health_check_logs.s3.prefix"];

/// What an attribute is when a program no longer says it.
const DEFAULTS: &[(&str, &str)] = &[
    (ACCESS_LOGS[0], "false"),
    (ACCESS_LOGS[2], ""),
    ("client_keep_alive.seconds", "3600"),
    (CONNECTION_LOGS[0], "false"),
    (CONNECTION_LOGS[2], ""),
    (DELETION_PROTECTION, "false"),
    ("dns_record.client_routing_policy", "any_availability_zone"),
    (HEALTH_CHECK_LOGS[0], "false"),
    (HEALTH_CHECK_LOGS[2], ""),
    ("idle_timeout.timeout_seconds", "60"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("routing.http2.enabled", "true"),
    ("waf.fail_open.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// The properties that only `DescribeLoadBalancerAttributes` tells.
const ATTRIBUTE_PROPERTIES: &[&str] = &[
    "accessLogs",
    "clientKeepAlive",
    "connectionLogs",
    "desyncMitigationMode",
    "dnsRecordClientRoutingPolicy",
    "dropInvalidHeaderFields",
    "enableCrossZoneLoadBalancing",
    "enableDeletionProtection",
    "enableHttp2",
    "enableTlsVersionAndCipherSuiteHeaders",
    "enableWafFailOpen",
    "enableXffClientPort",
    "enableZonalShift",
    "healthCheckLogs",
    "idleTimeout",
    "preserveHostHeader",
    "secondaryIpsAutoAssignedPerSubnet",
    "xffHeaderProcessingMode",
];

fn attributes(it: &Inputs) -> Attributes {
    let flag = |it: Option<bool>| it.map(|it| it.to_string());
    let number = |it: Option<i32>| it.map(|it| it.to_string());
    let cross_zone = it.enable_cross_zone_load_balancing;
    let tls_headers = it.enable_tls_version_and_cipher_suite_headers;
    let secondary = it.secondary_ips_auto_assigned_per_subnet;
    let given = [
        ("client_keep_alive.seconds", number(it.client_keep_alive)),
        (DELETION_PROTECTION, flag(it.enable_deletion_protection)),
        ("dns_record.client_routing_policy", it.dns_record_client_routing_policy.clone()),
        ("idle_timeout.timeout_seconds", number(it.idle_timeout)),
        ("load_balancing.cross_zone.enabled", flag(cross_zone)),
        ("routing.http.desync_mitigation_mode", it.desync_mitigation_mode.clone()),
        ("routing.http.drop_invalid_header_fields.enabled", flag(it.drop_invalid_header_fields)),
        ("routing.http.preserve_host_header.enabled", flag(it.preserve_host_header)),
        ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", flag(tls_headers)),
        ("routing.http.xff_client_port.enabled", flag(it.enable_xff_client_port)),
        ("routing.http.xff_header_processing.mode", it.xff_header_processing_mode.clone()),
        ("routing.http2.enabled", flag(it.enable_http2)),
        ("secondary_ips.auto_assigned.per_subnet", number(secondary)),
        ("waf.fail_open.enabled", flag(it.enable_waf_fail_open)),
        ("zonal_shift.config.enabled", flag(it.enable_zonal_shift)),
    ];
    let given = given.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let logs = [
        (it.access_logs.as_ref(), ACCESS_LOGS),
        (it.connection_logs.as_ref(), CONNECTION_LOGS),
        (it.health_check_logs.as_ref(), HEALTH_CHECK_LOGS),
    ];
    let mut all: Attributes = given.collect();
    for (logs, [enabled, bucket, prefix]) in logs {
        let Some(logs) = logs else { continue };
        all.insert(enabled, logs.enabled.to_string());
        if logs.enabled {
            all.insert(bucket, logs.bucket.clone());
            all.insert(prefix, logs.prefix.clone().unwrap_or_default());
        }
    }
    all
}

async fn set_attributes(cx: &Cx, arn: &str, attributes: Attributes) -> Result<()> {
    if attributes.is_empty() {
        return Ok(());
    }
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| types::LoadBalancerAttribute::builder().key(key).value(value).build());
    let call = cx.aws.lb().modify_load_balancer_attributes().load_balancer_arn(arn);
    call.set_attributes(Some(attributes.collect())).send().await?;
    Ok(())
}

async fn set_security_groups(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
    let enforce = new.enforce_security_group_inbound_rules_on_private_link_traffic.as_deref();
    let groups = new.security_groups.as_ref().map(|it| it.0.clone()).unwrap_or_default();
    let call = cx.aws.lb().set_security_groups().load_balancer_arn(arn);
    call.set_security_groups(Some(groups))
        .set_enforce_security_group_inbound_rules_on_private_link_traffic(enforce.map(Into::into))
        .send()
        .await?;
    Ok(())
}

async fn reserve(cx: &Cx, arn: &str, capacity: Option<&MinimumCapacity>) -> Result<()> {
    let call = cx.aws.lb().modify_capacity_reservation().load_balancer_arn(arn);
    let call = match capacity {
        Some(it) => {
            let units = it.capacity_units;
            let it = types::MinimumLoadBalancerCapacity::builder().capacity_units(units).build();
            call.minimum_load_balancer_capacity(it)
        }
        None => call.reset_capacity_reservation(true),
    };
    call.send().await?;
    Ok(())
}

fn moved<T: Clone + PartialEq>(old: Option<&Set<T>>, new: Option<&Set<T>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => new.since(old) != (Vec::new(), Vec::new()),
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

fn mappings(new: &Inputs) -> Option<Vec<types::SubnetMapping>> {
    let mappings = new.subnet_mappings.as_ref()?.0.iter().map(|it| {
        types::SubnetMapping::builder()
            .subnet_id(&it.subnet_id)
            .set_allocation_id(it.allocation_id.clone())
            .set_ipv6_address(it.ipv6_address.clone())
            .set_private_ipv4_address(it.private_ipv4_address.clone())
            .build()
    });
    Some(mappings.collect())
}

impl IpamPools {
    fn sdk(&self) -> types::IpamPools {
        types::IpamPools::builder().ipv4_ipam_pool_id(&self.ipv4_ipam_pool_id).build()
    }
}

pub(super) async fn by_name(cx: &Cx, name: &str) -> Result<Option<String>> {
    let reply = cx.aws.lb().describe_load_balancers().names(name).send().await;
    let found = absent(reply, MISSING)?.and_then(|it| it.load_balancers).unwrap_or_default();
    let named = |it: &types::LoadBalancer| it.load_balancer_name() == Some(name);
    Ok(found.into_iter().find(named).and_then(|it| it.load_balancer_arn))
}

async fn describe(cx: &Cx, arn: &str) -> Result<Option<types::LoadBalancer>> {
    let reply = cx.aws.lb().describe_load_balancers().load_balancer_arns(arn).send().await;
    let found = absent(reply, MISSING)?.and_then(|it| it.load_balancers).unwrap_or_default();
    Ok(found.into_iter().find(|it| it.load_balancer_arn() == Some(arn)))
}

/// What the describing call leaves out.
#[derive(Default)]
struct Extra {
    attributes: HashMap<String, String>,
    capacity: Option<MinimumCapacity>,
}

async fn live_attributes(cx: &Cx, arn: &str) -> Result<HashMap<String, String>> {
    if !ATTRIBUTE_PROPERTIES.iter().any(|it| cx.asks(it)) {
        return Ok(HashMap::new());
    }
    let call = cx.aws.lb().describe_load_balancer_attributes().load_balancer_arn(arn);
    let reply = seen(call.send().await, MISSING, "the load balancer")?;
    let all = reply.attributes.unwrap_or_default().into_iter();
    Ok(all.filter_map(|it| Some((it.key?, it.value?))).filter(|it| !it.1.is_empty()).collect())
}

async fn live_capacity(
    cx: &Cx,
    arn: &str,
    live: &types::LoadBalancer,
) -> Result<Option<MinimumCapacity>> {
    let gateway = live.r#type == Some(types::LoadBalancerTypeEnum::Gateway);
    if gateway || !cx.asks("minimumLoadBalancerCapacity") {
        return Ok(None);
    }
    let call = cx.aws.lb().describe_capacity_reservation().load_balancer_arn(arn);
    let reply = seen(call.send().await, MISSING, "the load balancer")?;
    let units = reply.minimum_load_balancer_capacity.and_then(|it| it.capacity_units);
    Ok(units.map(|capacity_units| MinimumCapacity { capacity_units }))
}

fn outputs(arn: &str, live: types::LoadBalancer, extra: Extra, tags: Tags) -> Outputs {
    let text = |key: &str| extra.attributes.get(key).cloned();
    let flag = |key: &str| extra.attributes.get(key).map(|it| it == "true");
    let number = |key: &str| extra.attributes.get(key)?.parse().ok();
    // AWS tells all of them, or was not asked.
    let logs = |[enabled, bucket, prefix]: [&str; 3]| {
        (!extra.attributes.is_empty()).then(|| Logs {
            bucket: text(bucket).unwrap_or_default(),
            enabled: flag(enabled).unwrap_or_default(),
            prefix: text(prefix),
        })
    };
    let zones = live.availability_zones.unwrap_or_default();
    let mappings = zones.into_iter().filter_map(|zone| {
        let address = zone.load_balancer_addresses.unwrap_or_default().into_iter().next();
        let address = address.unwrap_or_else(|| types::LoadBalancerAddress::builder().build());
        Some(SubnetMapping {
            subnet_id: zone.subnet_id?,
            allocation_id: address.allocation_id,
            ipv6_address: address.ipv6_address,
            private_ipv4_address: address.private_ipv4_address,
            outpost_id: zone.outpost_id,
        })
    });
    let mappings: Vec<SubnetMapping> = mappings.collect();
    let ipv6_source_nat = live.enable_prefix_for_ipv6_source_nat;
    let ipam_pool = live.ipam_pools.and_then(|it| it.ipv4_ipam_pool_id);
    let inputs = Inputs {
        name: live.load_balancer_name.unwrap_or_default(),
        name_prefix: None,
        internal: live.scheme == Some(types::LoadBalancerSchemeEnum::Internal),
        load_balancer_type: live.r#type.map_or_else(application, |it| it.as_str().to_owned()),
        ip_address_type: live.ip_address_type.map(|it| it.as_str().to_owned()),
        customer_owned_ipv4_pool: live.customer_owned_ipv4_pool,
        ipam_pools: ipam_pool.map(|ipv4_ipam_pool_id| IpamPools { ipv4_ipam_pool_id }),
        security_groups: live.security_groups.map(Set),
        subnets: Some(mappings.iter().map(|it| it.subnet_id.clone()).collect()),
        subnet_mappings: Some(Set(mappings)),
        enable_prefix_for_ipv6_source_nat: ipv6_source_nat.map(|it| it.as_str().to_owned()),
        enforce_security_group_inbound_rules_on_private_link_traffic: live
            .enforce_security_group_inbound_rules_on_private_link_traffic,
        minimum_load_balancer_capacity: extra.capacity,
        access_logs: logs(ACCESS_LOGS),
        connection_logs: logs(CONNECTION_LOGS),
        health_check_logs: logs(HEALTH_CHECK_LOGS),
        client_keep_alive: number("client_keep_alive.seconds"),
        desync_mitigation_mode: text("routing.http.desync_mitigation_mode"),
        dns_record_client_routing_policy: text("dns_record.client_routing_policy"),
        drop_invalid_header_fields: flag("routing.http.drop_invalid_header_fields.enabled"),
        enable_cross_zone_load_balancing: flag("load_balancing.cross_zone.enabled"),
        enable_deletion_protection: flag(DELETION_PROTECTION),
        enable_http2: flag("routing.http2.enabled"),
        enable_tls_version_and_cipher_suite_headers: flag(
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        ),
        enable_waf_fail_open: flag("waf.fail_open.enabled"),
        enable_xff_client_port: flag("routing.http.xff_client_port.enabled"),
        enable_zonal_shift: flag("zonal_shift.config.enabled"),
        idle_timeout: number("idle_timeout.timeout_seconds"),
        preserve_host_header: flag("routing.http.preserve_host_header.enabled"),
        secondary_ips_auto_assigned_per_subnet: number("secondary_ips.auto_assigned.per_subnet"),
        xff_header_processing_mode: text("routing.http.xff_header_processing.mode"),
        tags,
    };
    Outputs {
        inputs,
        arn: arn.to_owned(),
        arn_suffix: suffix(arn),
        dns_name: live.dns_name.unwrap_or_default(),
        vpc_id: live.vpc_id,
        zone_id: live.canonical_hosted_zone_id,
    }
}
