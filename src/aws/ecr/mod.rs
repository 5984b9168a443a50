//! Amazon ECR.

mod get_authorization_token;
mod get_credentials;
mod get_image;
mod get_repository;
mod lifecycle_policy;
mod repository;
mod repository_policy;

use crate::provider::{AnyFunction, AnyResource, function, resource};

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
