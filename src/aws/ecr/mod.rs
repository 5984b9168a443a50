//! Amazon ECR.

mod get_authorization_token;
mod get_credentials;
mod get_image;
mod get_repository;
mod lifecycle_policy;
mod repository;
mod repository_policy;

use crate::{
    model::{Map, Value},
    provider::{AnyFunction, AnyResource, Place, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<lifecycle_policy::LifecyclePolicy>(),
        resource::<repository::Repository>(),
        resource::<repository_policy::RepositoryPolicy>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_authorization_token::GetAuthorizationToken>(),
        function::<get_credentials::GetCredentials>(),
        function::<get_image::GetImage>(),
        function::<get_repository::GetRepository>(),
    ]
}

const NO_REPOSITORY: &[&str] = &["RepositoryNotFoundException"];

/// What the policies of a repository answer, of which it has one of a kind.
fn foretold(place: &Place, inputs: &Value) -> Map {
    let mut told = Map::from([("registryId".to_owned(), Value::string(place.account.as_str()))]);
    if let Some(name) = inputs.get("repository").and_then(Value::as_str) {
        told.insert("id".to_owned(), Value::string(name));
    }
    told
}
