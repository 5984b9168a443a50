//! Who uses what EC2 does not let go: the network interfaces of load
//! balancers, functions, gateways and tasks, and the rules of other groups.
//! The bare `DependencyViolation` names nobody.

use aws_sdk_ec2::types::{Filter, NetworkInterface};

use super::filter;
use crate::provider::{Cx, Result};

/// How many are named; the rest is counted.
const NAMED: usize = 4;

/// The network interfaces that a filter finds, and whose they are.
pub(super) async fn interfaces(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<String>> {
    let call = cx.aws.ec2().describe_network_interfaces().set_filters(Some(filters));
    let found = call.max_results(1000).send().await?.network_interfaces.unwrap_or_default();
    Ok(few(found.iter().map(words).collect()))
}

/// What holds a security group: interfaces, and rules of other groups that
/// name it.
pub(super) async fn of_group(cx: &Cx, group: &str) -> Result<Vec<String>> {
    let mut all = interfaces(cx, vec![filter("group-id", [group])]).await?;
    for name in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let call = cx.aws.ec2().describe_security_groups().filters(filter(name, [group]));
        let found = call.send().await?.security_groups.unwrap_or_default();
        let others = found.into_iter().filter_map(|it| it.group_id).filter(|it| it != group);
        all.extend(others.map(|it| format!("a rule of {it}")));
    }
    all.dedup();
    Ok(all)
}

/// What has a public address in a VPC, and so needs its internet gateway.
pub(super) async fn mapped(cx: &Cx, vpc: &str) -> Result<Vec<String>> {
    let filters = vec![filter("vpc-id", [vpc]), filter("association.public-ip", ["*"])];
    interfaces(cx, filters).await
}

/// What is left in a VPC beside what goes with it.
pub(super) async fn of_vpc(cx: &Cx, vpc: &str) -> Result<Vec<String>> {
    let within = || filter("vpc-id", [vpc]);
    let mut all = interfaces(cx, vec![within()]).await?;
    let ec2 = cx.aws.ec2();
    let subnets = ec2.describe_subnets().filters(within()).send().await?;
    all.extend(subnets.subnets.unwrap_or_default().into_iter().filter_map(|it| it.subnet_id));
    let groups = ec2.describe_security_groups().filters(within()).send().await?;
    let groups = groups.security_groups.unwrap_or_default().into_iter();
    let own = groups.filter(|it| it.group_name.as_deref() != Some("default"));
    all.extend(own.filter_map(|it| it.group_id));
    let gateways = ec2.describe_internet_gateways().filters(filter("attachment.vpc-id", [vpc]));
    let gateways = gateways.send().await?.internet_gateways.unwrap_or_default();
    all.extend(gateways.into_iter().filter_map(|it| it.internet_gateway_id));
    let endpoints = ec2.describe_vpc_endpoints().filters(within()).send().await?;
    let endpoints = endpoints.vpc_endpoints.unwrap_or_default();
    all.extend(endpoints.into_iter().filter_map(|it| it.vpc_endpoint_id));
    Ok(few(all))
}

/// `eni-1 (ELB app/orders/50dc, amazon-elb)`
fn words(interface: &NetworkInterface) -> String {
    let id = interface.network_interface_id().unwrap_or_default();
    let owner = interface
        .requester_id()
        .or_else(|| interface.attachment().and_then(|it| it.instance_owner_id()));
    let about = [interface.description(), owner];
    let about: Vec<&str> = about.into_iter().flatten().filter(|it| !it.is_empty()).collect();
    match about.is_empty() {
        true => id.to_owned(),
        false => format!("{id} ({})", about.join(", ")),
    }
}

fn few(mut all: Vec<String>) -> Vec<String> {
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_named_with_whose_they_are() {
        let of = |description: &str, requester: Option<&str>| {
            let interface = NetworkInterface::builder().network_interface_id("eni-1");
            let interface = interface.description(description);
            words(&interface.set_requester_id(requester.map(str::to_owned)).build())
        };
        assert_eq!(of("ELB app/a/b", Some("amazon-elb")), "eni-1 (ELB app/a/b, amazon-elb)");
        assert_eq!(of("", None), "eni-1");
        let many: Vec<String> = (0..6).map(|it| it.to_string()).collect();
        assert_eq!(few(many), ["0", "1", "2", "3", "2 more"]);
    }
}
