//! Rollouts of a program over the state alone: what they name is there already,
//! or nothing can be moved. AWS is not asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    lang::{
        ast::{Access, Expr, ExprKind, Program, Resource, Rollout},
        check,
        diag::Diagnostic,
        eval::{Answers, Context, Evaluator, Question, Scope, Seen},
    },
    model::{Map, ResourceState, Snapshot, Urn, Value, stack::Phase, value::Ref},
    provider::Registry,
    rollout::spec::{Spec, Wrong},
};

/// What rollouts are read from.
pub struct Given<'a> {
    /// Expanded and checked.
    pub program: &'a Program,
    pub snapshot: &'a Snapshot,
    pub context: &'a Context,
    pub config: &'a Map,
    pub registry: &'a Registry,
}

/// Each rollout of the program by its name, or all that is wrong with it: one
/// that is not up yet does not keep the others from moving.
pub fn rollouts(given: &Given<'_>) -> Vec<(String, Result<Spec, Vec<Diagnostic>>)> {
    let resources = given.seen();
    let rollouts = given.program.rollouts.iter();
    rollouts.map(|it| (it.name.value.clone(), given.rollout(it, &resources))).collect()
}

impl<'a> Given<'a> {
    fn seen(&self) -> BTreeMap<String, Seen> {
        let resources = self.program.resources.iter().filter_map(|decl| {
            let state = self.state(decl)?;
            let id = self.registry.shown_id(&state.token, Value::string(&state.id));
            let seen = Seen {
                reference: Ref {
                    urn: state.urn.0.clone(),
                    id: if state.meta.component { Value::Null } else { id },
                },
                token: state.token.clone(),
                name: state.urn.name().to_owned(),
                outputs: state.outputs.as_map().cloned().unwrap_or_default(),
                complete: state.phase == Phase::Live,
            };
            Some((decl.key.value.clone(), seen))
        });
        resources.collect()
    }

    /// The state's entry of a resource. Those of the same type and name differ
    /// in their parents.
    fn state(&self, decl: &Resource) -> Option<&'a ResourceState> {
        let there = |it: &&ResourceState| !matches!(it.phase, Phase::Condemned | Phase::Sent);
        let named = |it: &&ResourceState| {
            it.token == decl.token.value && it.urn.name() == decl.name && there(it)
        };
        let mut all = self.snapshot.resources.iter().filter(named);
        let first = all.next()?;
        if all.next().is_none() {
            return Some(first);
        }
        let urn = self.urn(decl, self.program.resources.len());
        self.snapshot.current(&urn).filter(there)
    }

    /// `limit` ends a circle of parents, which the check has reported.
    fn urn(&self, decl: &Resource, limit: usize) -> Urn {
        let parent = decl.options.parent.as_ref().and_then(|it| match &it.kind {
            ExprKind::Access(access) if access.path.is_empty() && limit > 0 => {
                let parent = resource(self.program, &access.root)?;
                Some(self.urn(parent, limit - 1))
            }
            _ => None,
        });
        let Context { stack, project, .. } = self.context;
        Urn::new(stack, project, parent.as_ref(), &decl.token.value, &decl.name)
    }

    fn rollout(
        &self,
        rollout: &Rollout,
        resources: &BTreeMap<String, Seen>,
    ) -> Result<Spec, Vec<Diagnostic>> {
        let mut found = self.missing(&rollout.value, resources);
        let answers = Answers::new();
        let evaluator = Evaluator::new(Scope {
            program: self.program,
            context: self.context,
            config: self.config,
            resources,
            answers: &answers,
        });
        let value = evaluator.eval(&rollout.value);
        found.extend(evaluator.errors.take());
        for question in evaluator.open.take() {
            let message =
                format!("a rollout is read from the state alone, and {}", asks(&question));
            found.push(Diagnostic::error(&rollout.name.span, message));
        }
        if !found.is_empty() {
            return Err(found);
        }
        let wrong = |it: &Wrong| check::wrong(rollout, it);
        let read = Spec::read(&rollout.name.value, &value);
        let mut spec = read.map_err(|all| all.iter().map(wrong).collect::<Vec<_>>())?;
        // Named by its ARN it is the stack's own all the same.
        for part in spec.parts_mut().filter(|it| it.urn.is_none() && it.id.starts_with("arn:")) {
            let mut owned = self.snapshot.resources.iter();
            let owned = owned.find(|it| it.id == part.id && it.phase != Phase::Condemned);
            part.urn = owned.map(|it| it.urn.clone());
        }
        Ok(spec)
    }

    /// What an expression names, through variables too, and the state does not
    /// have.
    fn missing(&self, expr: &Expr, resources: &BTreeMap<String, Seen>) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut variables = BTreeSet::new();
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            let mut accesses: Vec<&Access> = Vec::new();
            expr.accesses(&mut |it| accesses.push(it));
            for access in accesses {
                let root = access.root.as_str();
                let variable = self.program.variables.iter().find(|it| it.name.value == root);
                if let Some(variable) = variable.filter(|_| variables.insert(root)) {
                    open.push(&variable.value);
                }
                if resource(self.program, root).is_some() && !resources.contains_key(root) {
                    let message = format!("`{root}` is not in the state: run up first");
                    let missing = Diagnostic::error(&access.span, message);
                    if !found.contains(&missing) {
                        found.push(missing);
                    }
                }
            }
        }
        found
    }
}

fn resource<'a>(program: &'a Program, key: &str) -> Option<&'a Resource> {
    program.resources.iter().find(|it| it.key.value == key)
}

fn asks(question: &Question) -> String {
    match question {
        Question::Invoke { token, .. } => format!("`{token}` would ask AWS"),
        Question::File { path, .. } => format!("`{path}` would be read"),
        Question::Asset { .. } => "an asset would be read".to_owned(),
        Question::Stack { name } => format!("the stack `{name}` would be read"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        lang::{parse, syntax},
        model::stack::Meta,
        rollout::spec::{GROUP, SERVICE},
    };

    const PROGRAM: &str = "
name: shop
runtime: yaml
variables:
  colors:
    blue: { targetGroup: '${blue}', service: '${blueService.id}' }
    green: { targetGroup: '${green.arn}', service: '${greenService}' }
resources:
  blue: { type: 'aws:lb/targetGroup:TargetGroup' }
  green: { type: 'aws:lb/targetGroup:TargetGroup' }
  blueService: { type: 'aws:ecs/service:Service' }
  greenService: { type: 'aws:ecs/service:Service' }
  alarm: { type: 'aws:cloudwatch/metricAlarm:MetricAlarm', name: errors }
rollouts:
  web:
    colors: ${colors}
    alarms: ['${alarm}', 'also-${alarm.name}-${pulumi.stack}-${size}']
    finalBake: ${bake}
  asking:
    colors: ${colors}
    alarms: { fn::readFile: ./alarms }
";

    fn state(token: &str, name: &str) -> ResourceState {
        let id = match token {
            GROUP => format!("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/{name}/1"),
            SERVICE => format!("arn:aws:ecs:eu-west-1:1:service/main/{name}"),
            _ => format!("{name}-1"),
        };
        ResourceState {
            urn: Urn::new("dev", "shop", None, token, name),
            token: token.to_owned(),
            op: name.to_owned(),
            outputs: Value::from_json(&json!({ "arn": id, "name": id })),
            id,
            inputs: Value::Null,
            meta: Meta::default(),
            phase: Phase::Live,
        }
    }

    /// Each rollout in a line or more.
    fn settled(resources: Vec<ResourceState>, bake: &str) -> String {
        let mut found = Vec::new();
        let root = syntax::read("Pulumi.yaml", PROGRAM).expect("it is YAML");
        let program = parse::program(&root, &mut found);
        assert_eq!(found, []);
        let context =
            Context { stack: "dev".to_owned(), project: "shop".to_owned(), ..Context::default() };
        let config = [("size", "big"), ("bake", bake)];
        let given = Given {
            program: &program,
            snapshot: &Snapshot { resources, open: Vec::new() },
            context: &context,
            config: &config.map(|(key, it)| (key.to_owned(), Value::string(it))).into(),
            registry: &Registry::default(),
        };
        let shown = |(name, read): (String, Result<Spec, Vec<Diagnostic>>)| match read {
            Ok(spec) => {
                let colors = serde_json::to_string(&spec.colors).expect("JSON");
                let alarms = serde_json::to_string(&spec.alarms).expect("JSON");
                format!("{name}: {colors}\n  {alarms} {:?}\n", spec.final_bake)
            }
            Err(wrong) => wrong.iter().fold(format!("{name}:\n"), |text, it| {
                let span = it.span.as_ref().expect("a place");
                format!("{text}  {}:{} {}\n", span.line, span.column, it.message)
            }),
        };
        rollouts(&given).into_iter().map(shown).collect()
    }

    fn all() -> Vec<ResourceState> {
        let alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
        let parts = [
            (GROUP, "blue"),
            (GROUP, "green"),
            (SERVICE, "blueService"),
            (SERVICE, "greenService"),
            (alarm, "errors"),
        ];
        parts.map(|(token, name)| state(token, name)).into()
    }

    #[test]
    fn a_rollout_is_what_the_state_has() {
        insta::assert_snapshot!(settled(all(), "5m"), @r#"
        web: {"blue":{"targetGroup":{"id":"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blue/1","urn":"urn:pulumi:dev::shop::aws:lb/targetGroup:TargetGroup::blue"},"service":{"id":"arn:aws:ecs:eu-west-1:1:service/main/blueService","urn":"urn:pulumi:dev::shop::aws:ecs/service:Service::blueService"}},"green":{"targetGroup":{"id":"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/green/1","urn":"urn:pulumi:dev::shop::aws:lb/targetGroup:TargetGroup::green"},"service":{"id":"arn:aws:ecs:eu-west-1:1:service/main/greenService","urn":"urn:pulumi:dev::shop::aws:ecs/service:Service::greenService"}}}
          [{"id":"errors-1","urn":"urn:pulumi:dev::shop::aws:cloudwatch/metricAlarm:MetricAlarm::errors"},{"id":"also-errors-1-dev-big","urn":null}] 300s
        asking:
          19:3 a rollout is read from the state alone, and `./alarms` would be read
        "#);
    }

    #[test]
    fn what_is_not_there_is_told_with_its_place() {
        let mut some = all();
        some.retain(|it| it.token != SERVICE);
        some[1].phase = Phase::Sent;
        insta::assert_snapshot!(settled(some, "5m"), @r"
        web:
          6:47 `blueService` is not in the state: run up first
          7:28 `green` is not in the state: run up first
          7:53 `greenService` is not in the state: run up first
        asking:
          6:47 `blueService` is not in the state: run up first
          7:28 `green` is not in the state: run up first
          7:53 `greenService` is not in the state: run up first
          19:3 a rollout is read from the state alone, and `./alarms` would be read
        ");
        insta::assert_snapshot!(settled(all(), "soon"), @r"
        web:
          18:16 `rollouts.web.finalBake` is not right: `soon` is no span of time: write numbers with d, h, m, s or ms, such as 10m or 1h30m
        asking:
          19:3 a rollout is read from the state alone, and `./alarms` would be read
        ");
    }

    #[test]
    fn one_name_below_two_parents_is_two_resources() {
        let mut twice = all();
        let parent = Urn::new("dev", "shop", None, "net:index:Net", "net");
        let mut other = state(GROUP, "blue");
        other.urn = Urn::new("dev", "shop", Some(&parent), GROUP, "blue");
        other.id = "arn:other:targetgroup/x".to_owned();
        twice.insert(0, other);
        assert_eq!(settled(twice, "5m"), settled(all(), "5m"));
    }
}
