//! Application Auto Scaling.

mod metric;
mod policy;
mod scheduled_action;
mod target;

use std::fmt;

use aws_sdk_applicationautoscaling::error::BuildError;

use crate::provider::{AnyResource, Error, Kind, Result, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<policy::Policy>(),
        resource::<scheduled_action::ScheduledAction>(),
        resource::<target::Target>(),
    ]
}

/// What scales: neither the resource nor the dimension alone says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Scalable {
    namespace: String,
    resource: String,
    dimension: String,
}

impl fmt::Display for Scalable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.namespace, self.resource, self.dimension)
    }
}

impl Scalable {
    /// Splits `ecs/service/main/web/ecs:service:DesiredCount/cpu`: resource
    /// and policy name may hold slashes, a dimension begins with its
    /// namespace. Answers what follows the dimension, too.
    fn parse(id: &str) -> Result<(Self, &str)> {
        let broken = || {
            let shape = "is `<namespace>/<resource id>/<dimension>`, for a policy with `/<name>`";
            Error::invalid("id", shape)
        };
        let (namespace, rest) = id.split_once('/').ok_or_else(broken)?;
        let mark = format!("/{namespace}:");
        let (resource, tail) = rest.split_once(&mark).ok_or_else(broken)?;
        let (dimension, name) = tail.split_once('/').unwrap_or((tail, ""));
        let scalable = Self {
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            dimension: format!("{namespace}:{dimension}"),
        };
        Ok((scalable, name))
    }

    fn check(&self) -> Result<()> {
        let prefix = format!("{}:", self.namespace);
        if !self.dimension.starts_with(&prefix) {
            let rule = format!("begins with `{prefix}`, as the service namespace says");
            return Err(Error::invalid("scalableDimension", rule));
        }
        Ok(())
    }
}

/// Whether the service means that there is nothing to delete. An older code
/// for the same is known by its words.
fn is_gone(error: &Error) -> bool {
    error.is(&["ObjectNotFoundException"])
        || (error.is(&["ValidationException"]) && error.message.starts_with("No scal"))
}

/// A part of a request; it fails only when a required field was left out.
fn built<T>(part: std::result::Result<T, BuildError>) -> Result<T> {
    part.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_split_at_its_dimension() {
        let (it, name) =
            Scalable::parse("ecs/service/main/web/ecs:service:DesiredCount/cpu/high").unwrap();
        assert_eq!((it.namespace.as_str(), it.resource.as_str()), ("ecs", "service/main/web"));
        assert_eq!((it.dimension.as_str(), name), ("ecs:service:DesiredCount", "cpu/high"));
        assert_eq!(it.to_string(), "ecs/service/main/web/ecs:service:DesiredCount");
        let id = it.to_string();
        let (it, name) = Scalable::parse(&id).unwrap();
        assert_eq!((it.resource.as_str(), name), ("service/main/web", ""));
        assert!(Scalable::parse("service/main/web").is_err());
    }
}
