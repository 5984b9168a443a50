//! AWS by hand: what is there, seen and changed by plain requests to the
//! emulator.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
};

use serde_json::{Value as Json, json};

pub(crate) struct Aws {
    pub(crate) port: u16,
}

/// A listener's default actions, or a rule.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// `:80`, or `:80 10` of the rule with that priority.
    pub(crate) name: String,
    pub(crate) arn: String,
    /// By the names of the target groups.
    pub(crate) groups: Vec<(String, u32)>,
    /// Seconds.
    pub(crate) sticky: Option<u32>,
    /// `forward`, `fixed-response`, …
    pub(crate) kinds: Vec<String>,
}

impl Route {
    fn weight(&self, group: &str) -> Option<u32> {
        self.groups.iter().find(|(name, _)| name == group).map(|(_, weight)| *weight)
    }

    /// `75/25`, of a route that has both colours.
    pub(crate) fn weights(&self) -> Option<String> {
        Some(format!("{}/{}", self.weight("blue")?, self.weight("green")?))
    }

    /// In percent.
    pub(crate) fn green(&self) -> Option<f64> {
        let (blue, green) = (f64::from(self.weight("blue")?), f64::from(self.weight("green")?));
        Some(green * 100.0 / (blue + green))
    }
}

impl Aws {
    pub(crate) fn routes(&self) -> Vec<Route> {
        let groups = self.groups();
        let balancer = self.elb("DescribeLoadBalancers", &[("Names.member.1", "shop")]);
        let balancer = balancer.text("LoadBalancerArn");
        let listeners = self.elb("DescribeListeners", &[("LoadBalancerArn", &balancer)]);
        let mut routes = Vec::new();
        for listener in listeners.members("Listeners") {
            let (port, arn) = (listener.text("Port"), listener.text("ListenerArn"));
            routes.push(route(format!(":{port}"), &arn, &listener, "DefaultActions", &groups));
            let rules = self.elb("DescribeRules", &[("ListenerArn", &arn)]);
            for rule in rules.members("Rules") {
                let (priority, arn) = (rule.text("Priority"), rule.text("RuleArn"));
                if priority != "default" {
                    let name = format!(":{port} {priority}");
                    routes.push(route(name, &arn, &rule, "Actions", &groups));
                }
            }
        }
        routes.sort_by(|one, other| one.name.cmp(&other.name));
        routes
    }

    #[track_caller]
    pub(crate) fn route(&self, name: &str) -> Route {
        let found = self.routes().into_iter().find(|it| it.name == name);
        found.unwrap_or_else(|| panic!("there is no route `{name}`"))
    }

    /// Names of target groups by ARN.
    fn groups(&self) -> Vec<(String, String)> {
        let groups = self.elb("DescribeTargetGroups", &[]);
        let groups = groups.members("TargetGroups").into_iter();
        groups.map(|it| (it.text("TargetGroupArn"), it.text("TargetGroupName"))).collect()
    }

    #[track_caller]
    pub(crate) fn group(&self, name: &str) -> String {
        let groups = self.groups();
        let found = groups.into_iter().find(|(_, it)| it == name);
        found.unwrap_or_else(|| panic!("there is no target group `{name}`")).0
    }

    /// Somebody gives a route other weights.
    pub(crate) fn set_weights(&self, route: &str, weights: &[(&str, u32)]) {
        let route = self.route(route);
        let mut forward = vec![("Type".to_owned(), "forward".to_owned())];
        for (place, (group, weight)) in weights.iter().enumerate() {
            let at = format!("ForwardConfig.TargetGroups.member.{}", place + 1);
            forward.push((format!("{at}.TargetGroupArn"), self.group(group)));
            forward.push((format!("{at}.Weight"), weight.to_string()));
        }
        self.set_action(&route, &forward);
    }

    /// Somebody puts a maintenance page in its place.
    pub(crate) fn set_page(&self, route: &str) {
        let page = [("Type", "fixed-response"), ("FixedResponseConfig.StatusCode", "503")];
        let page = page.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.set_action(&self.route(route), &page);
    }

    fn set_action(&self, route: &Route, action: &[(String, String)]) {
        let (operation, subject, list) = match route.arn.contains(":listener-rule/") {
            true => ("ModifyRule", "RuleArn", "Actions"),
            false => ("ModifyListener", "ListenerArn", "DefaultActions"),
        };
        let mut all = vec![(subject.to_owned(), route.arn.clone())];
        let fields = action.iter();
        all.extend(fields.map(|(name, it)| (format!("{list}.member.1.{name}"), it.clone())));
        let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        self.elb(operation, &all);
    }

    /// Somebody makes a target group.
    pub(crate) fn make_group(&self, name: &str) {
        let blue = self.group("blue");
        let told = self.elb("DescribeTargetGroups", &[("TargetGroupArns.member.1", &blue)]);
        let vpc = told.text("VpcId");
        let (kind, protocol) = (("TargetType", "ip"), ("Protocol", "HTTP"));
        let fields = [("Name", name), protocol, ("Port", "80"), kind, ("VpcId", &*vpc)];
        self.elb("CreateTargetGroup", &fields);
    }

    /// A tag on a target group.
    pub(crate) fn tag(&self, group: &str, key: &str, value: &str) {
        let group = self.group(group);
        let fields = [
            ("ResourceArns.member.1", &*group),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ];
        self.elb("AddTags", &fields);
    }

    pub(crate) fn delete_rule(&self, route: &str) {
        self.elb("DeleteRule", &[("RuleArn", &self.route(route).arn)]);
    }

    /// What a group's targets are from now on: `unhealthy`, with a reason.
    /// `*` is all of them, and no state makes it healthy again.
    pub(crate) fn set_health(&self, group: &str, target: &str, state: Option<(&str, &str)>) {
        let state = state.map(|(state, reason)| json!([state, reason]));
        let body = json!({ "group": self.group(group), "targets": { target: state } });
        let head =
            "POST /orderinfra-emulator/target-health HTTP/1.1\r\nContent-Type: text/plain\r\n";
        let (status, _) = self.request(head, &body.to_string());
        assert_eq!(status, 200);
    }

    /// All targets of a group leave it.
    pub(crate) fn drain(&self, group: &str) {
        let arn = self.group(group);
        let told = self.elb("DescribeTargetHealth", &[("TargetGroupArn", &arn)]);
        for target in told.members("TargetHealthDescriptions") {
            let target = target.child("Target");
            let fields = [
                ("TargetGroupArn", arn.clone()),
                ("Targets.member.1.Id", target.text("Id")),
                ("Targets.member.1.Port", target.text("Port")),
            ];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
            self.elb("DeregisterTargets", &fields);
        }
    }

    /// How many targets a group has.
    pub(crate) fn targets(&self, group: &str) -> usize {
        let arn = self.group(group);
        let told = self.elb("DescribeTargetHealth", &[("TargetGroupArn", &arn)]);
        told.members("TargetHealthDescriptions").len()
    }

    /// `blue orderinfra:shift=…`
    pub(crate) fn leases(&self) -> Vec<String> {
        let mut all = Vec::new();
        for group in ["blue", "green"] {
            let told = self.elb("DescribeTags", &[("ResourceArns.member.1", &self.group(group))]);
            for of in told.members("TagDescriptions") {
                for tag in of.members("Tags") {
                    if tag.text("Key") == "orderinfra:shift" {
                        all.push(format!("{group} {}", tag.text("Value")));
                    }
                }
            }
        }
        all
    }

    pub(crate) fn set_alarm(&self, name: &str, state: &str) {
        let fields = [("AlarmName", name), ("StateValue", state), ("StateReason", "a test")];
        self.query("monitoring", "2010-08-01", "SetAlarmState", &fields);
    }

    pub(crate) fn delete_alarm(&self, name: &str) {
        let fields = [("AlarmNames.member.1", name)];
        self.query("monitoring", "2010-08-01", "DeleteAlarms", &fields);
    }

    /// What the load balancer has counted of groups: group, metric, seconds
    /// since 1970 and value.
    pub(crate) fn put_metrics(&self, points: &[(&str, &str, i64, f64)]) {
        let suffix = |arn: &str| arn.split_once(":loadbalancer/").unwrap().1.to_owned();
        let balancer = self.elb("DescribeLoadBalancers", &[("Names.member.1", "shop")]);
        let balancer = suffix(&balancer.text("LoadBalancerArn"));
        let groups = self.groups();
        let mut fields = vec![("Namespace".to_owned(), "AWS/ApplicationELB".to_owned())];
        for (place, (group, metric, at, value)) in points.iter().enumerate() {
            let (arn, _) = groups.iter().find(|(_, name)| name == group).unwrap();
            let group = arn.rsplit(':').next().unwrap();
            let time = time::OffsetDateTime::from_unix_timestamp(*at).unwrap();
            let (date, clock) = (time.date(), time.time());
            let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
            let time = format!("{date}T{hour:02}:{minute:02}:{second:02}Z");
            let mut field = |name: &str, value: &str| {
                fields.push((format!("MetricData.member.{}.{name}", place + 1), value.to_owned()));
            };
            field("MetricName", metric);
            field("Timestamp", &time);
            field("Value", &value.to_string());
            field("Dimensions.member.1.Name", "TargetGroup");
            field("Dimensions.member.1.Value", group);
            field("Dimensions.member.2.Name", "LoadBalancer");
            field("Dimensions.member.2.Value", &balancer);
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (&**a, &**b)).collect();
        self.query("monitoring", "2010-08-01", "PutMetricData", &fields);
    }

    /// Of the dead-man's switches.
    pub(crate) fn schedules(&self) -> Vec<String> {
        let head = format!("GET /schedules HTTP/1.1\r\n{}", scope("scheduler"));
        let (status, body) = self.request(&head, "");
        assert_eq!(status, 200, "{body}");
        let told: Json = serde_json::from_str(&body).unwrap();
        let all = told["Schedules"].as_array().cloned().unwrap_or_default();
        all.iter().map(|it| it["Name"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn schedule(&self, name: &str) -> Json {
        let head = format!("GET /schedules/{name} HTTP/1.1\r\n{}", scope("scheduler"));
        let (status, body) = self.request(&head, "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn delete_schedule(&self, name: &str) {
        let head = format!("DELETE /schedules/{name} HTTP/1.1\r\n{}", scope("scheduler"));
        assert_eq!(self.request(&head, "").0, 200);
    }

    /// `desired` and `running` of a service of the cluster.
    pub(crate) fn tasks(&self, service: &str) -> [u64; 2] {
        let body = json!({ "cluster": "shop", "services": [service] });
        let target = "AmazonEC2ContainerServiceV20141113.DescribeServices";
        let told = self.json("ecs", target, &body);
        let of = |name: &str| told["services"][0][name].as_u64().unwrap();
        [of("desiredCount"), of("runningCount")]
    }

    pub(crate) fn set_desired(&self, service: &str, count: u32) {
        let body = json!({ "cluster": "shop", "service": service, "desiredCount": count });
        self.json("ecs", "AmazonEC2ContainerServiceV20141113.UpdateService", &body);
    }

    /// How a service is scaled: least, most, and whether it may shrink.
    pub(crate) fn scaling(&self, service: &str) -> (u64, u64, bool) {
        let body = json!({ "ServiceNamespace": "ecs" });
        let target = "AnyScaleFrontendService.DescribeScalableTargets";
        let told = self.json("application-autoscaling", target, &body);
        let all = told["ScalableTargets"].as_array().unwrap();
        let id = format!("service/shop/{service}");
        let it = all.iter().find(|it| it["ResourceId"] == *id).unwrap();
        let held = it["SuspendedState"]["DynamicScalingInSuspended"].as_bool().unwrap_or(false);
        (it["MinCapacity"].as_u64().unwrap(), it["MaxCapacity"].as_u64().unwrap(), !held)
    }

    pub(crate) fn create_topic(&self, name: &str) {
        self.query("sns", "2010-03-31", "CreateTopic", &[("Name", name)]);
    }

    // ------------------------------------------------------------- requests

    pub(crate) fn elb(&self, action: &str, fields: &[(&str, &str)]) -> Node {
        self.query("elasticloadbalancing", "2015-12-01", action, fields)
    }

    fn query(&self, service: &str, version: &str, action: &str, fields: &[(&str, &str)]) -> Node {
        let fields = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
        let body = format!("Action={action}&Version={version}{}", fields.collect::<String>());
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        let head = format!("POST / HTTP/1.1\r\n{kind}{}", scope(service));
        let (status, answer) = self.request(&head, &body);
        assert_eq!(status, 200, "{action}: {answer}");
        Node::read(&answer)
    }

    fn json(&self, service: &str, target: &str, body: &Json) -> Json {
        let kind =
            format!("Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {target}\r\n");
        let head = format!("POST / HTTP/1.1\r\n{kind}{}", scope(service));
        let (status, answer) = self.request(&head, &body.to_string());
        assert_eq!(status, 200, "{target}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    fn request(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let rest = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        stream.write_all(format!("{head}Host: localhost\r\n{rest}").as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }
}

/// By the credential's scope it is known which service is meant.
fn scope(service: &str) -> String {
    let credential = format!("hand/20260101/us-east-1/{service}/aws4_request");
    format!(
        "Authorization: AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0\r\n"
    )
}

fn encoded(text: &str) -> String {
    let safe = |it: u8| it.is_ascii_alphanumeric() || b"-_.~".contains(&it);
    let one = |it: u8| if safe(it) { char::from(it).to_string() } else { format!("%{it:02X}") };
    text.bytes().map(one).collect()
}

fn route(name: String, arn: &str, told: &Node, list: &str, names: &[(String, String)]) -> Route {
    let actions = told.members(list);
    let name_of = |arn: &str| {
        let found = names.iter().find(|(it, _)| it == arn);
        found.map_or_else(|| arn.to_owned(), |(_, name)| name.clone())
    };
    let (mut groups, mut sticky) = (Vec::new(), None);
    for action in &actions {
        let config = action.child("ForwardConfig");
        for group in config.members("TargetGroups") {
            let weight = group.text("Weight").parse().unwrap_or(1);
            groups.push((name_of(&group.text("TargetGroupArn")), weight));
        }
        if groups.is_empty() && action.text("Type") == "forward" {
            groups.push((name_of(&action.text("TargetGroupArn")), 1));
        }
        let config = config.child("TargetGroupStickinessConfig");
        if config.text("Enabled") == "true" {
            sticky = config.text("DurationSeconds").parse().ok();
        }
    }
    let kinds = actions.iter().map(|it| it.text("Type")).collect();
    Route { name, arn: arn.to_owned(), groups, sticky, kinds }
}

// ---------------------------------------------------------------------- XML

/// An element of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    name: String,
    text: String,
    children: Vec<Self>,
}

impl Node {
    fn read(xml: &str) -> Self {
        let mut open = vec![Self::default()];
        for piece in xml.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if tag.starts_with('/') {
                let ended = open.pop().unwrap();
                open.last_mut().unwrap().children.push(ended);
                continue;
            }
            let name = tag.trim_end_matches('/').split(' ').next().unwrap_or_default().to_owned();
            let node = Self { name, text: text.trim().to_owned(), children: Vec::new() };
            match tag.ends_with('/') {
                true => open.last_mut().unwrap().children.push(node),
                false => open.push(node),
            }
        }
        open.swap_remove(0)
    }

    /// The first of this name, however deep.
    fn find(&self, name: &str) -> Option<&Self> {
        let direct = self.children.iter().find(|it| it.name == name);
        direct.or_else(|| self.children.iter().find_map(|it| it.find(name)))
    }

    fn child(&self, name: &str) -> Self {
        self.find(name).cloned().unwrap_or_default()
    }

    fn members(&self, name: &str) -> Vec<Self> {
        self.find(name).map_or_else(Vec::new, |it| it.children.clone())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.find(name).map_or_else(String::new, |it| it.text.clone())
    }
}
