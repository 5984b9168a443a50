//! AWS as a shift of traffic sees it: `rollout::cloud::Cloud` on the real
//! thing.

#[cfg(feature = "aws")]
mod actions;
#[cfg(feature = "aws")]
mod balancer;
#[cfg(feature = "aws")]
mod deadman;
#[cfg(feature = "aws")]
mod notify;
#[cfg(feature = "aws")]
mod probe;
#[cfg(feature = "aws")]
mod rules;
#[cfg(feature = "aws")]
mod services;
#[cfg(feature = "aws")]
mod watch;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    provider::{Cx, Result},
    rollout::{
        cloud::{
            Alarm, Answer, Cloud, Group, LiveRoute, LoadBalancer, Look, Request, RouteKind, Rule,
            Scaling, Service, Target, Write,
        },
        judge::Minute,
        spec::Notify,
    },
};

#[cfg(feature = "aws")]
mod here {
    use std::sync::OnceLock;

    use aws_sdk_elasticloadbalancingv2::operation::RequestId;
    use aws_smithy_http_client::Connector;

    use super::*;
    use crate::aws::clients::web;

    pub struct Traffic {
        /// For reads, which the SDK repeats.
        cx: Cx,
        /// For what counts: sent once, and whoever sent it looks what became
        /// of it.
        once: Cx,
        web: OnceLock<Connector>,
    }

    impl Traffic {
        pub fn new(cx: Cx) -> Self {
            Self { once: cx.once(), cx, web: OnceLock::new() }
        }
    }

    pub(super) fn request_id(reply: &impl RequestId) -> Option<String> {
        reply.request_id().map(str::to_owned)
    }

    impl Cloud for Traffic {
        async fn route(&self, kind: RouteKind, arn: &str) -> Result<Option<LiveRoute>> {
            balancer::route(&self.cx, kind, arn).await
        }

        async fn routes_to(
            &self,
            load_balancer: &str,
            groups: &[&str],
        ) -> Result<Vec<(RouteKind, String)>> {
            balancer::routes_to(&self.cx, load_balancer, groups).await
        }

        async fn rule_at(&self, listener: &str, priority: u32) -> Result<Option<Rule>> {
            rules::at(&self.cx, listener, priority).await
        }

        async fn targets(&self, group: &str) -> Result<Vec<Target>> {
            balancer::targets(&self.cx, group).await
        }

        async fn groups(&self, arns: &[&str]) -> Result<Vec<Group>> {
            balancer::groups(&self.cx, arns).await
        }

        async fn load_balancer(&self, arn: &str) -> Result<Option<LoadBalancer>> {
            balancer::load_balancer(&self.cx, arn).await
        }

        async fn service(&self, arn: &str) -> Result<Option<Service>> {
            services::service(&self.cx, arn).await
        }

        async fn scaling(&self, service: &Service) -> Result<Option<Scaling>> {
            services::scaling(&self.cx, service).await
        }

        async fn alarms(&self, names: &[String]) -> Result<Vec<Alarm>> {
            watch::alarms(&self.cx, names).await
        }

        async fn metrics(&self, look: &Look<'_>) -> Result<[Vec<Minute>; 2]> {
            watch::metrics(&self.cx, look).await
        }

        async fn tags(&self, group: &str) -> Result<BTreeMap<String, String>> {
            balancer::tags(&self.cx, group).await
        }

        async fn schedule_exists(&self, name: &str) -> Result<bool> {
            deadman::exists(&self.cx, name).await
        }

        async fn request(&self, request: &Request<'_>) -> std::result::Result<Answer, String> {
            probe::request(self.web.get_or_init(web), request).await
        }

        async fn invoke(
            &self,
            function: &str,
            payload: &Json,
        ) -> Result<std::result::Result<Json, String>> {
            probe::invoke(&self.once, function, payload).await
        }

        async fn notify(&self, whom: &Notify, event: &Json) -> std::result::Result<(), String> {
            match whom {
                Notify::Url(url) => {
                    probe::post(self.web.get_or_init(web), url, event.to_string()).await
                }
                Notify::Topic(topic) => notify::publish(&self.cx, &topic.id, event).await,
            }
        }

        async fn credentials_until(&self) -> Result<Option<i64>> {
            self.cx.aws.credentials_until().await
        }

        async fn send(&self, write: &Write) -> Result<Option<String>> {
            let cx = &self.once;
            match write {
                Write::ModifyListener { listener_arn, default_actions } => {
                    balancer::modify_listener(cx, listener_arn, default_actions).await
                }
                Write::ModifyRule { rule_arn, actions } => {
                    balancer::modify_rule(cx, rule_arn, actions).await
                }
                Write::CreateRule { listener_arn, priority, conditions, actions, tags } => {
                    let new = rules::New {
                        listener: listener_arn,
                        priority: *priority,
                        conditions,
                        actions,
                        tags,
                    };
                    new.create(cx).await
                }
                Write::DeleteRule { rule_arn } => rules::delete(cx, rule_arn).await,
                Write::AddTags { resource_arns, tags } => {
                    balancer::add_tags(cx, resource_arns, tags).await
                }
                Write::RemoveTags { resource_arns, tag_keys } => {
                    balancer::remove_tags(cx, resource_arns, tag_keys).await
                }
                Write::UpdateService { cluster, service, desired_count } => {
                    services::update_service(cx, cluster, service, *desired_count).await
                }
                Write::RegisterScalableTarget {
                    resource_id,
                    min_capacity: min,
                    max_capacity: max,
                    suspended_state: suspended,
                } => {
                    let (min, max) = (*min, *max);
                    services::register_scalable_target(cx, resource_id, min, max, *suspended).await
                }
                Write::CreateSchedule { name, at, role_arn: role, target, input } => {
                    let schedule = deadman::Schedule { name, at, role, target, input };
                    schedule.create(cx).await
                }
                Write::UpdateSchedule { name, at, role_arn: role, target, input } => {
                    let schedule = deadman::Schedule { name, at, role, target, input };
                    schedule.update(cx).await
                }
                Write::DeleteSchedule { name } => deadman::delete(cx, name).await,
            }
        }
    }
}

/// Without the `aws` feature there is no AWS.
#[cfg(not(feature = "aws"))]
mod here {
    use super::*;
    use crate::aws::clients::no_aws;

    pub struct Traffic;

    impl Traffic {
        pub fn new(_: Cx) -> Self {
            Self
        }
    }

    impl Cloud for Traffic {
        async fn route(&self, _: RouteKind, _: &str) -> Result<Option<LiveRoute>> {
            Err(no_aws())
        }
        async fn routes_to(&self, _: &str, _: &[&str]) -> Result<Vec<(RouteKind, String)>> {
            Err(no_aws())
        }
        async fn rule_at(&self, _: &str, _: u32) -> Result<Option<Rule>> {
            Err(no_aws())
        }
        async fn targets(&self, _: &str) -> Result<Vec<Target>> {
            Err(no_aws())
        }
        async fn groups(&self, _: &[&str]) -> Result<Vec<Group>> {
            Err(no_aws())
        }
        async fn load_balancer(&self, _: &str) -> Result<Option<LoadBalancer>> {
            Err(no_aws())
        }
        async fn service(&self, _: &str) -> Result<Option<Service>> {
            Err(no_aws())
        }
        async fn scaling(&self, _: &Service) -> Result<Option<Scaling>> {
            Err(no_aws())
        }
        async fn alarms(&self, _: &[String]) -> Result<Vec<Alarm>> {
            Err(no_aws())
        }
        async fn metrics(&self, _: &Look<'_>) -> Result<[Vec<Minute>; 2]> {
            Err(no_aws())
        }
        async fn tags(&self, _: &str) -> Result<BTreeMap<String, String>> {
            Err(no_aws())
        }
        async fn schedule_exists(&self, _: &str) -> Result<bool> {
            Err(no_aws())
        }
        async fn request(&self, _: &Request<'_>) -> std::result::Result<Answer, String> {
            Err(no_aws().message)
        }
        async fn invoke(&self, _: &str, _: &Json) -> Result<std::result::Result<Json, String>> {
            Err(no_aws())
        }
        async fn notify(&self, _: &Notify, _: &Json) -> std::result::Result<(), String> {
            Err(no_aws().message)
        }
        async fn credentials_until(&self) -> Result<Option<i64>> {
            Err(no_aws())
        }
        async fn send(&self, _: &Write) -> Result<Option<String>> {
            Err(no_aws())
        }
    }
}

pub use here::Traffic;
#[cfg(feature = "aws")]
use here::request_id;
