//! Questions to the new colour before it has traffic, and hooks: by HTTP, by a
//! command of the user's, or by a Lambda function with the contract of the
//! hooks of ECS deployments.

use std::{process::Stdio, time::Duration};

use serde_json::{Value as Json, json};

use super::{
    driver::{Driver, Stop, millis},
    plan::listener_of,
};
use crate::rollout::{
    cloud::{Cloud, Request, RouteKind},
    spec::{Exec, Http, Lambda, Probe, TestRoute, is_address},
};

/// How much of what a command wrote is told.
const TOLD: usize = 400;

impl<C: Cloud> Driver<'_, C> {
    /// Before traffic moves: hooks, then probes.
    pub(super) async fn test(&self) -> Result<(), Stop> {
        self.hooks("beforeShift", &self.plan.spec.hooks.before_shift).await?;
        let Some(test) = &self.plan.spec.test else { return Ok(()) };
        if self.plan.skip_probes {
            self.say("gate.passed", json!({ "gate": "probe", "text": "skipped, as asked" }));
            return Ok(());
        }
        let url = self.test_url().await?;
        for probe in &test.probes {
            self.ask("TEST_TRAFFIC_SHIFT", "probe", probe, &url).await?;
        }
        Ok(())
    }

    pub(super) async fn hooks(&self, stage: &str, hooks: &[Probe]) -> Result<(), Stop> {
        if hooks.is_empty() {
            return Ok(());
        }
        let url = self.test_url().await?;
        for hook in hooks {
            self.ask(stage, "hook", hook, &url).await?;
        }
        Ok(())
    }

    /// At the end: that one fails is told, and changes nothing about where the
    /// traffic is.
    pub(super) async fn last_hooks(&self, stage: &str, hooks: &[Probe]) -> Result<(), Stop> {
        match self.hooks(stage, hooks).await {
            Err(Stop::Back(_)) | Ok(()) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn ask(&self, stage: &str, gate: &str, probe: &Probe, url: &str) -> Result<(), Stop> {
        // None are asked where a stack has turned them off.
        if matches!(probe, Probe::Http(http) if http.count == 0) {
            return Ok(());
        }
        let asked = match probe {
            Probe::Http(http) => self.ask_http(http, url).await?,
            Probe::Exec(exec) => self.ask_command(exec, stage, url).await?,
            Probe::Lambda(lambda) => self.ask_function(lambda, stage).await?,
        };
        match asked {
            Ok(text) => {
                self.say("gate.passed", json!({ "gate": gate, "text": text }));
                Ok(())
            }
            Err(text) => {
                self.say("gate.failed", json!({ "gate": gate, "text": text }));
                Err(Stop::Back(text))
            }
        }
    }

    /// Where the destination answers whatever the weights are.
    async fn test_url(&self) -> Result<String, Stop> {
        let route = self.plan.spec.test.as_ref().and_then(|it| it.route.as_ref());
        let listener = match route {
            Some(TestRoute::Route(part) | TestRoute::Listener(part)) => listener_of(&part.id),
            Some(TestRoute::Header { .. }) => match self.plan.routes.first() {
                Some(route) => listener_of(&route.arn),
                None => return Ok(String::new()),
            },
            None => return Ok(String::new()),
        };
        let live = self.asking(|| self.cloud.route(RouteKind::Default, &listener)).await?;
        let live =
            live.ok_or_else(|| Stop::Back(format!("the test listener {listener} is gone")))?;
        let balancer = self.asking(|| self.cloud.load_balancer(&live.load_balancer)).await?;
        let host = balancer.map(|it| it.dns_name).unwrap_or_default();
        let scheme = if live.protocol.as_deref() == Some("HTTPS") { "https" } else { "http" };
        let port = live.port.map_or_else(String::new, |it| format!(":{it}"));
        Ok(format!("{scheme}://{host}{port}"))
    }

    async fn ask_http(&self, http: &Http, base: &str) -> Result<Result<String, String>, Stop> {
        let (url, headers) = match is_address(&http.path) {
            true => (http.path.clone(), http.headers.clone()),
            false => {
                let mut headers = self.plan.test_headers();
                headers.extend(http.headers.clone());
                (format!("{base}{}", http.path), headers)
            }
        };
        let until = self.now() + millis(http.within);
        let (mut good, mut slowest) = (0, Duration::ZERO);
        let mut last = String::new();
        while good < http.count {
            let left = until - self.now();
            if left <= 0 {
                return Ok(Err(format!(
                    "{url}: {good} of {} answers were right in time{last}",
                    http.count
                )));
            }
            let limit = Duration::from_millis(u64::try_from(left).unwrap_or(1));
            let request = Request { url: &url, headers: &headers, limit };
            let answer = self.unless_stopped(self.cloud.request(&request)).await?;
            let (wrong, right) = match answer {
                Ok(answer) => {
                    let slow = http.max_ms.is_some_and(|it| answer.took.as_millis() > it.into());
                    slowest = slowest.max(answer.took);
                    let status = u32::from(answer.status);
                    let text =
                        format!("; the last was {status} after {} ms", answer.took.as_millis());
                    (text, status == http.status && !slow)
                }
                Err(error) => (format!("; the last was no answer: {error}"), false),
            };
            if right {
                good += 1;
            } else {
                last = wrong;
                self.nap(Duration::from_secs(1)).await?;
            }
        }
        Ok(Ok(format!("{url}: {good} answers, the slowest after {} ms", slowest.as_millis())))
    }

    async fn ask_command(
        &self,
        exec: &Exec,
        stage: &str,
        url: &str,
    ) -> Result<Result<String, String>, Stop> {
        let Some((program, arguments)) = exec.command.split_first() else {
            return Ok(Ok("an empty command".to_owned()));
        };
        if !self.around.commands {
            return Ok(Err(format!("`{program}` may not be run without --allow-exec")));
        }
        let child = tokio::process::Command::new(program)
            .args(arguments)
            .env("ORDERINFRA_TEST_URL", url)
            .env("ORDERINFRA_TEST_HEADERS", self.plan.test_header_lines().join("\n"))
            .env("ORDERINFRA_COLOR", &self.plan.to().name)
            .env("ORDERINFRA_SHIFT_ID", &self.fence.shift)
            .env("ORDERINFRA_STAGE", stage)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let child = tokio::time::timeout(exec.within, child);
        let output = match self.unless_stopped(child).await? {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return Ok(Err(format!("`{program}`: {error}"))),
            Err(_) => return Ok(Err(format!("`{program}` did not end in time"))),
        };
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let text: String = text.trim().chars().take(TOLD).collect();
        Ok(match output.status.success() {
            true => Ok(format!("`{program}` ended with 0")),
            false => Err(format!("`{program}`: {}: {text}", output.status)),
        })
    }

    /// `hookStatus` is SUCCEEDED, FAILED, or IN_PROGRESS: then it is called
    /// again after `callBackDelay` seconds.
    async fn ask_function(
        &self,
        lambda: &Lambda,
        stage: &str,
    ) -> Result<Result<String, String>, Stop> {
        let function = &lambda.function.id;
        let until = self.now() + millis(lambda.within);
        let share = self.at.borrow().verified.unwrap_or(0);
        let payload = json!({
            "executionDetails": {
                "testTrafficWeights": { &self.plan.to().group: 100 },
                "productionTrafficWeights": {
                    &self.plan.from().group: f64::from(1000 - share) / 10.0,
                    &self.plan.to().group: f64::from(share) / 10.0,
                },
                "serviceArn": self.plan.to().service.as_ref().map(|it| &it.arn),
            },
            "executionId": self.fence.shift,
            "lifecycleStage": stage,
            "resourceArn": self.plan.to().group,
        });
        loop {
            let call = self.asking(|| self.cloud.invoke(function, &payload));
            let answer = self.unless_stopped(call).await??;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return Ok(Err(format!("{function}: {error}"))),
            };
            let delay = match answer["hookStatus"].as_str() {
                Some("SUCCEEDED") => return Ok(Ok(format!("{function} says SUCCEEDED"))),
                Some("IN_PROGRESS") => answer["callBackDelay"].as_u64().unwrap_or(30),
                Some(word) => return Ok(Err(format!("{function} says {word}"))),
                None => return Ok(Err(said_nothing(function, &answer))),
            };
            if self.now() >= until {
                return Ok(Err(format!("{function} was still in progress at the end of its time")));
            }
            self.nap(Duration::from_secs(delay.clamp(1, 3600))).await?;
        }
    }
}

fn said_nothing(function: &str, answer: &Json) -> String {
    let text: String = answer.to_string().chars().take(TOLD).collect();
    format!("{function} answered without a `hookStatus`: {text}")
}
