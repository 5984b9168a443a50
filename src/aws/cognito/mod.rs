//! Amazon Cognito: its user pools.

mod get_user_pools;
mod user_pool;
mod user_pool_client;
mod user_pool_domain;
mod user_pool_parts;

use crate::{
    aws::twin::words,
    provider::{AnyFunction, AnyResource, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<user_pool::UserPool>(),
        resource::<user_pool_client::UserPoolClient>(),
        resource::<user_pool_domain::UserPoolDomain>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_user_pools::GetUserPools>()]
}

const MISSING: &[&str] = &["ResourceNotFoundException"];

/// How many items a page of a list has at most.
const PAGE: i32 = 60;

words! {
    aws_sdk_cognitoidentityprovider:
    AdvancedSecurityEnabledModeType AdvancedSecurityModeType AliasAttributeType AttributeDataType
    AuthFactorType CustomEmailSenderLambdaVersionType CustomSmsSenderLambdaVersionType
    DefaultEmailOptionType DeletionProtectionType EmailSendingAccountType ExplicitAuthFlowsType
    FeatureType OAuthFlowType PreTokenGenerationLambdaVersionType PreventUserExistenceErrorTypes
    RecoveryOptionNameType TimeUnitsType UserPoolMfaType UserPoolTierType UserVerificationType
    UsernameAttributeType VerifiedAttributeType
}
