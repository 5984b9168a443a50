//! What a shift asks of AWS and does there, as plain data. `aws/traffic/` does
//! it for real, the tests in memory.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{judge::Minute, spec::Notify};
use crate::provider::Result;

/// Where it is decided which target group a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// A listener's default actions.
    Default,
    Rule,
}

/// A route as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRoute {
    /// As AWS tells them, in its own names.
    pub actions: Vec<Json>,
    pub load_balancer: String,
    /// Of a listener.
    pub protocol: Option<String>,
    pub port: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub id: String,
    pub port: Option<i32>,
    pub zone: Option<String>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, …
    pub state: String,
    /// `Target.Timeout`, …
    pub reason: Option<String>,
    /// The load balancer finds that it behaves unlike the others.
    pub anomalous: bool,
    /// A zonal shift keeps traffic away from it.
    pub overridden: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub arn: String,
    pub name: String,
    pub protocol: String,
    /// `ip`, `instance`, `lambda`
    pub target_type: String,
    pub load_balancers: Vec<String>,
    /// `stickiness.enabled`, `slow_start.duration_seconds`, …
    pub attributes: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    pub arn: String,
    pub name: String,
    pub dns_name: String,
    /// `application`, `network`, `gateway`
    pub kind: String,
    pub zones: Vec<String>,
}

/// An ECS service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub arn: String,
    pub cluster: String,
    pub name: String,
    pub status: String,
    pub desired: i32,
    pub running: i32,
    pub pending: i32,
    pub deployments: usize,
    /// `ECS`, `CODE_DEPLOY`, `EXTERNAL`
    pub controller: String,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`
    pub strategy: Option<String>,
    pub task_definition: String,
    pub tasks: Vec<Task>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    pub task_definition: String,
    /// The private addresses of its interfaces.
    pub addresses: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    pub name: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`
    pub state: String,
    /// Milliseconds since 1970.
    pub changed: Option<i64>,
}

/// How a service is scaled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// `service/cluster/name`
    pub resource: String,
    pub min: i32,
    pub max: i32,
    pub suspended: Suspended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Suspended {
    pub dynamic_scaling_in_suspended: bool,
    pub dynamic_scaling_out_suspended: bool,
    pub scheduled_scaling_suspended: bool,
}

/// A rule of a listener, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub arn: String,
    pub tags: BTreeMap<String, String>,
}

/// A look at the load balancer's own metrics.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    pub load_balancer: &'a str,
    /// The ARNs of the two target groups.
    pub groups: [&'a str; 2],
    /// Seconds since 1970; complete periods only.
    pub from: i64,
    pub until: i64,
    pub period: i64,
}

/// A request to a colour, to see whether it answers.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub url: &'a str,
    pub headers: &'a BTreeMap<String, String>,
    pub limit: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub took: Duration,
}

/// Everything that a shift changes in AWS. A plan lists these, the journal
/// keeps them, and nothing else is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "api", content = "params", rename_all_fields = "PascalCase")]
pub enum Write {
    ModifyListener {
        listener_arn: String,
        default_actions: Vec<Json>,
    },
    ModifyRule {
        rule_arn: String,
        actions: Vec<Json>,
    },
    CreateRule {
        listener_arn: String,
        priority: u32,
        conditions: Vec<Json>,
        actions: Vec<Json>,
        tags: BTreeMap<String, String>,
    },
    DeleteRule {
        rule_arn: String,
    },
    AddTags {
        resource_arns: Vec<String>,
        tags: BTreeMap<String, String>,
    },
    RemoveTags {
        resource_arns: Vec<String>,
        tag_keys: Vec<String>,
    },
    UpdateService {
        cluster: String,
        service: String,
        desired_count: i32,
    },
    RegisterScalableTarget {
        resource_id: String,
        min_capacity: i32,
        max_capacity: i32,
        suspended_state: Suspended,
    },
    CreateSchedule {
        name: String,
        at: String,
        role_arn: String,
        target: String,
        input: Json,
    },
    UpdateSchedule {
        name: String,
        at: String,
        role_arn: String,
        target: String,
        input: Json,
    },
    DeleteSchedule {
        name: String,
    },
}

impl Write {
    /// As AWS calls it.
    pub fn api(&self) -> &'static str {
        match self {
            Self::ModifyListener { .. } => "ModifyListener",
            Self::ModifyRule { .. } => "ModifyRule",
            Self::CreateRule { .. } => "CreateRule",
            Self::DeleteRule { .. } => "DeleteRule",
            Self::AddTags { .. } => "AddTags",
            Self::RemoveTags { .. } => "RemoveTags",
            Self::UpdateService { .. } => "UpdateService",
            Self::RegisterScalableTarget { .. } => "RegisterScalableTarget",
            Self::CreateSchedule { .. } => "CreateSchedule",
            Self::UpdateSchedule { .. } => "UpdateSchedule",
            Self::DeleteSchedule { .. } => "DeleteSchedule",
        }
    }

    /// The IAM action that it needs.
    pub fn permission(&self) -> String {
        let service = match self {
            Self::ModifyListener { .. }
            | Self::ModifyRule { .. }
            | Self::CreateRule { .. }
            | Self::DeleteRule { .. }
            | Self::AddTags { .. }
            | Self::RemoveTags { .. } => "elasticloadbalancing",
            Self::UpdateService { .. } => "ecs",
            Self::RegisterScalableTarget { .. } => "application-autoscaling",
            Self::CreateSchedule { .. }
            | Self::UpdateSchedule { .. }
            | Self::DeleteSchedule { .. } => "scheduler",
        };
        format!("{service}:{}", self.api())
    }

    /// It changes where requests go.
    pub fn moves_traffic(&self) -> bool {
        matches!(self, Self::ModifyListener { .. } | Self::ModifyRule { .. })
    }
}

/// AWS, as far as a shift is concerned. Each call is one attempt: who calls
/// decides what is said again. All writes may be said twice, also rules and
/// schedules: a creation of what exists and a deletion of what is gone are well.
#[expect(async_fn_in_trait, reason = "one loop owns every future, and none is sent elsewhere")]
pub trait Cloud {
    /// `None` for what is gone.
    async fn route(&self, kind: RouteKind, arn: &str) -> Result<Option<LiveRoute>>;
    /// Rules of the load balancer's listeners and their default actions that
    /// forward to one of the groups: kind and ARN.
    async fn routes_to(
        &self,
        load_balancer: &str,
        groups: &[&str],
    ) -> Result<Vec<(RouteKind, String)>>;
    /// The rule of a listener that has this priority.
    async fn rule_at(&self, listener: &str, priority: u32) -> Result<Option<Rule>>;
    async fn targets(&self, group: &str) -> Result<Vec<Target>>;
    async fn groups(&self, arns: &[&str]) -> Result<Vec<Group>>;
    async fn load_balancer(&self, arn: &str) -> Result<Option<LoadBalancer>>;
    async fn service(&self, arn: &str) -> Result<Option<Service>>;
    async fn scaling(&self, service: &Service) -> Result<Option<Scaling>>;
    /// Those that exist, metric and composite.
    async fn alarms(&self, names: &[String]) -> Result<Vec<Alarm>>;
    /// Of both groups, in their order.
    async fn metrics(&self, look: &Look<'_>) -> Result<[Vec<Minute>; 2]>;
    async fn tags(&self, group: &str) -> Result<BTreeMap<String, String>>;
    async fn schedule_exists(&self, name: &str) -> Result<bool>;
    /// Any status is an answer; an error is that none came.
    async fn request(&self, request: &Request<'_>) -> std::result::Result<Answer, String>;
    /// A synchronous call of a Lambda function; its answer, or its error.
    async fn invoke(
        &self,
        function: &str,
        payload: &Json,
    ) -> Result<std::result::Result<Json, String>>;
    /// One attempt to tell somebody of an event; an error is why it failed.
    async fn notify(&self, whom: &Notify, event: &Json) -> std::result::Result<(), String>;
    /// When the credentials end, in seconds since 1970.
    async fn credentials_until(&self) -> Result<Option<i64>>;
    /// Answers the request's id.
    async fn send(&self, write: &Write) -> Result<Option<String>>;
}
