//! What real AWS says when it only means "not yet". One table: every rule
//! with its deadline and the words that a user reads while it lasts.
//!
//! Sources: the AWS documentation of each operation, and what years of
//! providers had to learn (IAM propagation: 2 minutes; network interfaces of
//! a deleted load balancer: minutes).

use std::time::Duration;

use super::{Error, Kind, error::UNSEEN};

/// One thing that passes by itself.
#[derive(Debug)]
pub struct Rule {
    /// A token's beginning: `aws:ecs/`; empty for all.
    pub of: &'static str,
    pub code: &'static str,
    /// A piece of the message; empty for any.
    pub message: &'static str,
    pub limit: Duration,
    pub words: &'static str,
}

const fn rule(
    of: &'static str,
    code: &'static str,
    message: &'static str,
    minutes: u64,
    words: &'static str,
) -> Rule {
    Rule { of, code, message, limit: Duration::from_secs(minutes * 60), words }
}

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A read, or a change that does nothing the second time.
    Harmless,
    /// A create: twice sent may be twice made.
    Counts,
}

/// The rule for an error of a type, if it is one that passes.
pub fn classify(token: &str, error: &Error, sent: Sent) -> Option<&'static Rule> {
    match error.kind {
        Kind::Service => RULES.iter().find(|rule| {
            token.starts_with(rule.of)
                && error.code == rule.code
                && error.message.contains(rule.message)
        }),
        Kind::NotSent => Some(&UNREACHED),
        Kind::Ambiguous if sent == Sent::Harmless => Some(&UNANSWERED),
        _ => None,
    }
}

/// The request never left: no network, no name, nobody listening.
static UNREACHED: Rule = rule("", "", "", 2, "AWS cannot be reached");

/// A time-out, a lost connection, or an error within AWS.
pub static UNANSWERED: Rule = rule("", "", "", 5, "no answer from AWS");

const IAM: &str = "IAM propagation";
const BUSY: &str = "busy with another change";
pub const IN_USE: &str = "in use";
const LAG: &str = "not visible yet";
const SLOW_DOWN: &str = "throttled";

/// By service, then by code, then the more special message first: the first
/// that fits decides. Many of these codes are given for input that will never
/// be right, too: hence pieces of messages, and short limits.
#[rustfmt::skip]
static RULES: &[Rule] = &[
    // ACM: load balancers and API Gateway let go of a certificate slowly
    rule("aws:acm/", "ResourceInUseException", "", 20, IN_USE),
    // API Gateway
    rule("aws:apigateway/", "BadRequestException", "CloudWatch Logs role ARN must be set", 2, LAG),
    rule("aws:apigateway/", "BadRequestException", "The role ARN does not have required permissions", 2, IAM),
    rule("aws:apigateway/", "BadRequestException", "could not successfully write to CloudWatch Logs", 2, IAM),
    rule("aws:apigateway/", "ConflictException", "try again later", 5, BUSY),
    rule("aws:apigateway", "BadRequestException", "remove all base path mappings", 2, IN_USE),
    rule("aws:apigateway/deployment:", "BadRequestException", "Active stages pointing to this deployment", 2, IN_USE),
    rule("aws:apigatewayv2/integration:", "ConflictException", "is referenced by the following Routes", 2, IN_USE),
    rule("aws:apigatewayv2/", "BadRequestException", "could not successfully write to CloudWatch Logs", 2, IAM),
    rule("aws:apigatewayv2/", "ConflictException", "try again later", 5, BUSY),
    // Application Auto Scaling, which hands on what ECS and CloudWatch told it
    rule("aws:appautoscaling/", "ConcurrentUpdateException", "", 5, BUSY),
    rule("aws:appautoscaling/", "FailedResourceAccessException", "Rate exceeded", 10, SLOW_DOWN),
    rule("aws:appautoscaling/", "FailedResourceAccessException", "is not authorized to perform", 2, IAM),
    rule("aws:appautoscaling/", "FailedResourceAccessException", "token included in the request is invalid", 2, IAM),
    rule("aws:appautoscaling/", "ObjectNotFoundException", "", 2, LAG),
    rule("aws:appautoscaling/", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:appautoscaling/", "ValidationException", "ECS service doesn't exist", 2, LAG),
    rule("aws:appautoscaling/", "ValidationException", "Unable to assume IAM role", 2, IAM),
    // EC2 Auto Scaling
    rule("aws:autoscaling/", "ResourceInUse", "", 10, IN_USE),
    rule("aws:autoscaling/", "ScalingActivityInProgress", "", 10, BUSY),
    rule("aws:autoscaling/", "ValidationError", "Invalid IAM Instance Profile", 5, IAM),
    rule("aws:autoscaling/", "ValidationError", "valid fully-formed launch template", 2, LAG),
    // CloudFront: versions that were overtaken are read again; what is new is known everywhere
    // within minutes, and what a distribution let go is free then
    rule("aws:cloudfront/", "CachePolicyInUse", "", 10, IN_USE),
    rule("aws:cloudfront/", "CloudFrontOriginAccessIdentityInUse", "", 10, IN_USE),
    rule("aws:cloudfront/", "DistributionNotDisabled", "", 10, BUSY),
    rule("aws:cloudfront/", "FunctionInUse", "", 10, IN_USE),
    rule("aws:cloudfront/distribution:", "InvalidFunctionAssociation", "", 2, LAG),
    rule("aws:cloudfront/", "InvalidIfMatchVersion", "", 2, BUSY),
    rule("aws:cloudfront/distribution:", "InvalidLambdaFunctionAssociation", "invalid state", 5, BUSY),
    rule("aws:cloudfront/distribution:", "InvalidLambdaFunctionAssociation", "must be assumable", 2, IAM),
    rule("aws:cloudfront/distribution:", "InvalidOriginAccessControl", "", 2, LAG),
    rule("aws:cloudfront/distribution:", "InvalidOriginAccessIdentity", "", 2, LAG),
    rule("aws:cloudfront/distribution:", "InvalidViewerCertificate", "certificate doesn't exist", 2, LAG),
    rule("aws:cloudfront/distribution:", "InvalidWebACLId", "", 2, LAG),
    rule("aws:cloudfront/distribution:", "NoSuchCachePolicy", "", 2, LAG),
    rule("aws:cloudfront/", "OriginAccessControlInUse", "", 10, IN_USE),
    rule("aws:cloudfront/", "PreconditionFailed", "", 2, BUSY),
    // CloudTrail: policies of buckets, topics and keys reach it as slowly as roles do
    rule("aws:cloudtrail/", "ConflictException", "", 5, BUSY),
    rule("aws:cloudtrail/", "InsufficientEncryptionPolicyException", "", 2, IAM),
    rule("aws:cloudtrail/", "InsufficientS3BucketPolicyException", "", 2, IAM),
    rule("aws:cloudtrail/", "InsufficientSnsTopicPolicyException", "", 2, IAM),
    rule("aws:cloudtrail/", "InvalidCloudWatchLogsLogGroupArnException", "Access denied", 2, IAM),
    rule("aws:cloudtrail/", "InvalidCloudWatchLogsRoleArnException", "Access denied", 2, IAM),
    rule("aws:cloudtrail/", "TrailNotFoundException", "", 2, LAG),
    // CloudWatch, its logs and EventBridge
    rule("aws:cloudwatch/eventRule:", "ValidationException", "Rule can't be deleted since it has targets", 2, IN_USE),
    rule("aws:cloudwatch/", "ValidationException", "cannot be assumed by principal", 2, IAM),
    rule("aws:cloudwatch/eventRule:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:cloudwatch/eventTarget:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:cloudwatch/logGroup:", "InvalidParameterException", "KMS key does not exist or is not allowed", 2, LAG),
    rule("aws:cloudwatch/logMetricFilter:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:cloudwatch/logStream:", "ResourceNotFoundException", "", 2, LAG),
    // Cognito
    rule("aws:cognito/", "InvalidSmsRoleAccessPolicyException", "", 2, IAM),
    rule("aws:cognito/", "InvalidSmsRoleTrustRelationshipException", "", 2, IAM),
    rule("aws:cognito/userPool:", "InvalidParameterException", "has a domain configured", 5, IN_USE),
    rule("aws:cognito/userPoolClient:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:cognito/userPoolDomain:", "ResourceNotFoundException", "", 2, LAG),
    // DynamoDB: one change of a table at a time, so many tables at a time
    rule("aws:dynamodb/", "ContinuousBackupsUnavailableException", "", 10, BUSY),
    rule("aws:dynamodb/", "LimitExceededException", "simultaneously", 10, SLOW_DOWN),
    rule("aws:dynamodb/", "ResourceInUseException", "is being", 10, BUSY),
    rule("aws:dynamodb/", "ResourceInUseException", "still in use", 10, BUSY),
    rule("aws:dynamodb/table:", "ValidationException", "Time to live has been modified multiple times", 65, BUSY),
    // EC2, deletes: network interfaces of load balancers go within minutes, those of Lambda
    // functions within 45
    rule("aws:ec2/eip:", "AuthFailure", "do not have permission to access the specified resource", 5, IN_USE),
    rule("aws:ec2/internetGateway", "DependencyViolation", "", 20, IN_USE),
    rule("aws:ec2/routeTable:", "DependencyViolation", "", 5, IN_USE),
    rule("aws:ec2/securityGroup:", "DependencyViolation", "", 45, IN_USE),
    rule("aws:ec2/securityGroup:", "InvalidGroup.InUse", "", 45, IN_USE),
    rule("aws:ec2/subnet:", "DependencyViolation", "", 45, IN_USE),
    rule("aws:ec2/vpc:", "DependencyViolation", "", 5, IN_USE),
    rule("aws:ec2/", "DependencyViolation", "", 20, IN_USE),
    rule("aws:ec2/", "InvalidIPAddress.InUse", "", 5, IN_USE),
    // EC2, creates: what was just made is not seen by every server yet
    rule("aws:ec2/", "Gateway.NotAttached", "", 2, LAG),
    // A lost answer hides what was done: the next attempt looks first
    rule("aws:ec2/defaultRouteTable:", "RouteAlreadyExists", "", 1, LAG),
    rule("aws:ec2/defaultSecurityGroup:", "InvalidPermission.Duplicate", "", 1, LAG),
    rule("aws:ec2/networkAcl:", "InvalidAssociationID.NotFound", "", 1, LAG),
    rule("aws:ec2/networkAcl:", "NetworkAclEntryAlreadyExists", "", 1, LAG),
    rule("aws:ec2/routeTable:", "RouteAlreadyExists", "", 1, LAG),
    rule("aws:ec2/securityGroup:", "InvalidPermission.Duplicate", "", 1, LAG),
    rule("aws:ec2/", "InvalidAllocationID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidDhcpOptionID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidDhcpOptionsID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidGatewayID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidGroup.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidInstanceID", "pending instance", 5, LAG),
    rule("aws:ec2/", "InvalidInstanceID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidInternetGatewayID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidKeyPair.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidLaunchTemplateId.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidLaunchTemplateId.VersionNotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidNatGatewayID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidNetworkAclID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidNetworkInterfaceID.NotFound", "", 2, LAG),
    rule("aws:ec2/route:", "InvalidParameterException", "", 2, LAG),
    rule("aws:ec2/", "InvalidRouteTableID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidSecurityGroupID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidSubnetID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidSubnetId.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidTransitGatewayID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidVpcEndpointId.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidVpcID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "InvalidVpcPeeringConnectionID.NotFound", "", 2, LAG),
    rule("aws:ec2/", "NatGatewayNotFound", "", 2, LAG),
    // EC2, states and roles
    rule("aws:ec2/", "IncorrectInstanceState", "", 5, BUSY),
    rule("aws:ec2/", "IncorrectState", "", 5, BUSY),
    rule("aws:ec2/", "InvalidParameter", "Unable to assume given IAM role", 2, IAM),
    rule("aws:ec2/vpcEndpoint:", "InvalidParameter", "there is already a conflicting DNS domain", 5, IN_USE),
    rule("aws:ec2/", "InvalidParameterValue", " has no associated IAM Roles", 5, IAM),
    rule("aws:ec2/", "InvalidParameterValue", "Invalid IAM Instance Profile", 5, IAM),
    // ECR
    rule("aws:ecr/", "InvalidParameterException", "Invalid repository policy provided", 2, IAM),
    rule("aws:ecr/lifecyclePolicy:", "RepositoryNotFoundException", "", 2, LAG),
    rule("aws:ecr/repositoryPolicy:", "RepositoryNotFoundException", "", 2, LAG),
    // ECS: draining takes as long as the deregistration delay of the target group
    rule("aws:ecs/", "ClientException", "Cluster was not ACTIVE", 5, BUSY),
    rule("aws:ecs/", "ClientException", "Too many concurrent attempts", 2, BUSY),
    rule("aws:ecs/", "ClusterContainsCapacityProviderException", "", 10, IN_USE),
    rule("aws:ecs/", "ClusterContainsContainerInstancesException", "", 10, IN_USE),
    rule("aws:ecs/", "ClusterContainsServicesException", "", 10, IN_USE),
    rule("aws:ecs/", "ClusterContainsTasksException", "", 10, IN_USE),
    rule("aws:ecs/", "ClusterNotFoundException", "", 2, LAG),
    rule("aws:ecs/", "DependencyViolation", "has a dependent object", 5, IN_USE),
    rule("aws:ecs/", "InvalidParameterException", "Unable to assume the service linked role", 2, IAM),
    rule("aws:ecs/", "InvalidParameterException", "does not have an associated load balancer", 5, LAG),
    rule("aws:ecs/", "InvalidParameterException", "still Draining", 10, IN_USE),
    rule("aws:ecs/", "InvalidParameterException", "verify that the ECS service role being passed has the proper permissions", 2, IAM),
    rule("aws:ecs/", "InvalidParameterException", "while deployments are active", 10, BUSY),
    rule("aws:ecs/", "InvalidParameterException", "while it is scaled above 0", 5, BUSY),
    rule("aws:ecs/", "ResourceInUseException", "", 10, IN_USE),
    rule("aws:ecs/", "UpdateInProgressException", "", 10, BUSY),
    // ECS, whose words for a security group or subnet that it does not see yet vary
    rule("aws:ecs/service:", "ClientException", "does not exist", 2, LAG),
    rule("aws:ecs/service:", "InvalidParameterException", "does not exist", 2, LAG),
    rule("aws:orderinfra/task:", "ClientException", "unable to assume the role", 2, IAM),
    // EFS
    rule("aws:efs/", "DependencyTimeout", "", 5, BUSY),
    rule("aws:efs/", "FileSystemInUse", "", 10, IN_USE),
    rule("aws:efs/", "FileSystemNotFound", "", 2, LAG),
    rule("aws:efs/", "IncorrectFileSystemLifeCycleState", "", 10, BUSY),
    rule("aws:efs/", "IncorrectMountTargetState", "", 10, BUSY),
    rule("aws:efs/", "SecurityGroupNotFound", "", 2, LAG),
    rule("aws:efs/", "SubnetNotFound", "", 2, LAG),
    // ElastiCache: one change of a cache at a time, and none while it is made; not even its tags
    // can be asked for then
    rule("aws:elasticache/", "CacheClusterNotFound", "not available", 40, BUSY),
    rule("aws:elasticache/", "CacheClusterNotFound", "", 2, LAG),
    rule("aws:elasticache/", "CacheSubnetGroupInUse", "", 20, IN_USE),
    rule("aws:elasticache/", "CacheSubnetGroupNotFoundFault", "", 2, LAG),
    rule("aws:elasticache/", "InvalidCacheClusterState", "", 40, BUSY),
    rule("aws:elasticache/", "InvalidReplicationGroupState", "", 40, BUSY),
    rule("aws:elasticache/", "InvalidVPCNetworkStateFault", "", 2, LAG),
    rule("aws:elasticache/", "ReplicationGroupNotFoundFault", "not available", 40, BUSY),
    rule("aws:elasticache/", "ReplicationGroupNotFoundFault", "", 2, LAG),
    rule("aws:elasticache/subnetGroup:", "DependencyViolation", "", 20, IN_USE),
    // IAM
    rule("aws:iam/", "ConcurrentModification", "", 2, BUSY),
    rule("aws:iam/", "DeleteConflict", "", 2, IN_USE),
    rule("aws:iam/", "EntityTemporarilyUnmodifiable", "", 2, BUSY),
    rule("aws:iam/instanceProfile:", "LimitExceeded", "InstanceSessionsPerInstanceProfile", 1, LAG),
    rule("aws:iam/instanceProfile:", "InvalidParameterValue", "cannot be found", 2, LAG),
    rule("aws:iam/", "MalformedPolicyDocument", "Invalid principal in policy", 2, IAM),
    rule("aws:iam/", "NoSuchEntity", "", 2, LAG),
    // Firehose, which hands on what the source, the bucket and Glue told it
    rule("aws:kinesis/firehoseDeliveryStream:", "InvalidArgumentException", "Access was denied", 2, IAM),
    rule("aws:kinesis/firehoseDeliveryStream:", "InvalidArgumentException", "is not authorized to", 2, IAM),
    rule("aws:kinesis/firehoseDeliveryStream:", "InvalidArgumentException", "is unable to assume role", 2, IAM),
    rule("aws:kinesis/firehoseDeliveryStream:", "ResourceInUseException", "", 5, BUSY),
    // Kinesis: one change of a stream at a time, so many streams at a time
    rule("aws:kinesis/stream:", "LimitExceededException", "Rate exceeded", 10, SLOW_DOWN),
    rule("aws:kinesis/stream:", "LimitExceededException", "simultaneously", 10, SLOW_DOWN),
    rule("aws:kinesis/stream:", "ResourceInUseException", "not ACTIVE", 10, BUSY),
    // KMS
    rule("aws:kms/", "MalformedPolicyDocumentException", "", 2, IAM),
    rule("aws:kms/", "NotFoundException", "", 2, LAG),
    // Lambda
    rule("aws:lambda/", "InvalidParameterValueException", "KMS key is invalid for CreateGrant", 2, IAM),
    rule("aws:lambda/", "InvalidParameterValueException", "EC2 Error Code: InvalidSecurityGroupID.NotFound", 2, LAG),
    rule("aws:lambda/", "InvalidParameterValueException", "EC2 Error Code: InvalidSubnetID.NotFound", 2, LAG),
    rule("aws:lambda/", "InvalidParameterValueException", "cannot be assumed by Lambda", 2, IAM),
    rule("aws:lambda/", "InvalidParameterValueException", "does not have permission to access the ECR image", 2, IAM),
    rule("aws:lambda/", "InvalidParameterValueException", "ensure the role can perform", 2, IAM),
    rule("aws:lambda/", "InvalidParameterValueException", "execution role does not have permissions", 2, IAM),
    rule("aws:lambda/", "InvalidParameterValueException", "throttled by EC2", 10, SLOW_DOWN),
    rule("aws:lambda/", "ResourceConflictException", "cannot be performed at this time", 5, BUSY),
    rule("aws:lambda/", "ResourceConflictException", "update is in progress", 5, BUSY),
    rule("aws:lambda/eventSourceMapping:", "ResourceInUseException", "", 5, BUSY),
    rule("aws:lambda/alias:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:lambda/eventSourceMapping:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:lambda/functionUrl:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:lambda/permission:", "ResourceNotFoundException", "", 2, LAG),
    // Load balancers: a listener that was deleted holds its target group for a while
    rule("aws:lb/", "CertificateNotFound", "", 5, LAG),
    rule("aws:lb/", "InvalidConfigurationRequest", "Access Denied for bucket", 2, IAM),
    rule("aws:lb/", "InvalidSecurityGroup", "", 2, LAG),
    rule("aws:lb/", "InvalidSubnet", "has no internet gateway", 2, LAG),
    rule("aws:lb/targetGroupAttachment:", "InvalidTarget", "not in a running state", 10, LAG),
    rule("aws:lb/targetGroupAttachment:", "InvalidTarget", "", 2, LAG),
    rule("aws:lb/listenerRule:", "PriorityInUse", "", 1, BUSY),
    rule("aws:lb/", "ResourceInUse", "", 5, IN_USE),
    rule("aws:lb/", "SubnetNotFound", "", 2, LAG),
    rule("aws:lb/", "UnsupportedCertificate", "", 2, LAG),
    // RDS: one change of a cluster or instance at a time
    rule("aws:rds/", "DBClusterNotFoundFault", "", 2, LAG),
    rule("aws:rds/", "DBClusterParameterGroupNotFound", "", 2, LAG),
    rule("aws:rds/", "DBParameterGroupNotFound", "", 2, LAG),
    rule("aws:rds/", "DBSubnetGroupNotFoundFault", "", 2, LAG),
    rule("aws:rds/", "InvalidDBClusterStateFault", "available state", 20, BUSY),
    rule("aws:rds/", "InvalidDBClusterStateFault", "still contains DB instances", 20, IN_USE),
    rule("aws:rds/", "InvalidDBClusterStateFault", "", 5, BUSY),
    rule("aws:rds/", "InvalidDBInstanceState", "available state", 20, BUSY),
    rule("aws:rds/", "InvalidDBInstanceState", "", 5, BUSY),
    rule("aws:rds/", "InvalidDBParameterGroupState", "still members of", 5, IN_USE),
    rule("aws:rds/", "InvalidDBParameterGroupState", "", 5, BUSY),
    rule("aws:rds/proxy:", "InvalidDBProxyStateFault", "", 20, BUSY),
    rule("aws:rds/", "InvalidDBSubnetGroupStateFault", "", 5, IN_USE),
    rule("aws:rds/optionGroup:", "InvalidOptionGroupStateFault", "cannot be deleted", 15, IN_USE),
    rule("aws:rds/optionGroup:", "InvalidOptionGroupStateFault", "", 5, BUSY),
    rule("aws:rds/", "InvalidParameterValue", "ENHANCED_MONITORING", 2, IAM),
    rule("aws:rds/", "InvalidParameterValue", "IAM role ARN value is invalid or does not include the required permissions", 2, IAM),
    rule("aws:rds/", "InvalidParameterValue", "S3_SNAPSHOT_INGESTION", 2, IAM),
    rule("aws:rds/", "InvalidParameterValue", "service linked role", 2, IAM),
    rule("aws:rds/", "InvalidVPCNetworkStateFault", "", 2, LAG),
    rule("aws:rds/", "KMSKeyNotAccessibleFault", "", 2, LAG),
    rule("aws:rds/", "ValidationError", "couldn't fetch the role from instance profile", 2, IAM),
    // Route 53
    rule("aws:route53/", "InvalidVPCId", "", 2, LAG),
    rule("aws:route53/record:", "InvalidChangeBatch", "do not match the current values", 1, BUSY),
    rule("aws:route53/record:", "NoSuchHostedZone", "", 2, LAG),
    // S3: a bucket that was deleted keeps its name busy for minutes
    rule("aws:s3/", "ConditionalRequestConflict", "", 2, BUSY),
    rule("aws:s3/", "InvalidArgument", "Unable to validate the following destination configurations", 2, IAM),
    rule("aws:s3/", "MalformedPolicy", "Invalid principal in policy", 2, IAM),
    rule("aws:s3/", "NoSuchBucket", "", 2, LAG),
    rule("aws:s3/", "OperationAborted", "", 10, BUSY),
    // EventBridge Scheduler
    rule("aws:scheduler/", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:scheduler/", "ValidationException", "must allow AWS EventBridge Scheduler to assume the role", 2, IAM),
    // Secrets Manager
    rule("aws:secretsmanager/", "InvalidRequestException", "scheduled for deletion", 2, IN_USE),
    rule("aws:secretsmanager/", "MalformedPolicyDocumentException", "unsupported principal", 2, IAM),
    rule("aws:secretsmanager/secretPolicy:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:secretsmanager/secretRotation:", "AccessDeniedException", "cannot invoke the specified Lambda function", 2, IAM),
    rule("aws:secretsmanager/secretRotation:", "ResourceNotFoundException", "", 2, LAG),
    rule("aws:secretsmanager/secretVersion:", "ResourceNotFoundException", "", 2, LAG),
    // Cloud Map: tasks that have stopped are deregistered a little later
    rule("aws:servicediscovery/", "DuplicateRequest", "", 10, BUSY),
    rule("aws:servicediscovery/", "ResourceInUse", "", 10, IN_USE),
    rule("aws:servicediscovery/service:", "NamespaceNotFound", "", 2, LAG),
    // Step Functions
    rule("aws:sfn/", "AccessDeniedException", "IAM Role is not authorized", 5, IAM),
    rule("aws:sfn/", "AccessDeniedException", "authorized to assume the provided role", 5, IAM),
    rule("aws:sfn/", "AccessDeniedException", "managed-rule", 5, IAM),
    rule("aws:sfn/", "ConflictException", "", 2, BUSY),
    rule("aws:sfn/", "StateMachineDeleting", "", 5, IN_USE),
    // SNS
    rule("aws:sns/", "InvalidParameter", "Invalid parameter: Policy", 2, IAM),
    rule("aws:sns/topicPolicy:", "NotFound", "", 2, LAG),
    rule("aws:sns/topicSubscription:", "NotFound", "", 2, LAG),
    // SQS: the name of a deleted queue is free again after a minute
    rule("aws:sqs/", "AWS.SimpleQueueService.NonExistentQueue", "", 2, LAG),
    rule("aws:sqs/", "AWS.SimpleQueueService.QueueDeletedRecently", "", 2, IN_USE),
    rule("aws:sqs/", "InvalidAttributeValue", "Policy", 2, IAM),
    rule("aws:sqs/", "InvalidParameterValue", "Dead letter target does not exist", 2, LAG),
    rule("aws:sqs/", "QueueDeletedRecently", "", 2, IN_USE),
    rule("aws:sqs/", "QueueDoesNotExist", "", 2, LAG),
    // SSM
    rule("aws:ssm/parameter:", "ParameterAlreadyExists", "was deleted a moment ago", 2, IN_USE),
    rule("aws:ssm/", "TooManyUpdates", "", 5, BUSY),
    // Security group rules of the newer kind
    rule("aws:vpc/", "InvalidGroup.NotFound", "", 2, LAG),
    rule("aws:vpc/", "InvalidSecurityGroupID.NotFound", "", 2, LAG),
    // WAF
    rule("aws:wafv2/", "WAFAssociatedItemException", "", 5, IN_USE),
    rule("aws:wafv2/", "WAFInternalErrorException", "", 5, BUSY),
    rule("aws:wafv2/", "WAFLogDestinationPermissionIssueException", "", 2, IAM),
    rule("aws:wafv2/webAclAssociation:", "WAFNonexistentItemException", "", 2, LAG),
    rule("aws:wafv2/webAclLoggingConfiguration:", "WAFNonexistentItemException", "", 2, LAG),
    rule("aws:wafv2/", "WAFOptimisticLockException", "", 2, BUSY),
    rule("aws:wafv2/", "WAFServiceLinkedRoleErrorException", "", 2, IAM),
    rule("aws:wafv2/", "WAFTagOperationException", "", 2, BUSY),
    rule("aws:wafv2/", "WAFTagOperationInternalErrorException", "", 2, BUSY),
    rule("aws:wafv2/", "WAFUnavailableEntityException", "", 5, LAG),
    // All, what a look before did see
    rule("", UNSEEN, "", 2, LAG),
    // All, contention
    rule("", "ConcurrentAccess", "", 2, BUSY),
    rule("", "ConcurrentModification", "", 2, BUSY),
    rule("", "ConcurrentModificationException", "", 2, BUSY),
    rule("", "ConcurrentUpdateException", "", 2, BUSY),
    rule("", "OperationAbortedException", "", 2, BUSY),
    rule("", "OptimisticLockException", "", 2, BUSY),
    rule("", "PriorRequestNotComplete", "", 5, BUSY),
    rule("", "StaleTag", "", 2, BUSY),
    rule("", "TransactionInProgressException", "", 2, BUSY),
    // All, throttling that the SDK's own retries did not outlast or do not know
    // (`LimitExceededException` is a quota almost everywhere)
    rule("", "BandwidthLimitExceeded", "", 10, SLOW_DOWN),
    rule("", "EC2ThrottledException", "", 10, SLOW_DOWN),
    rule("", "KMSThrottling", "", 10, SLOW_DOWN),
    rule("", "KMSThrottlingException", "", 10, SLOW_DOWN),
    rule("", "KmsThrottlingException", "", 10, SLOW_DOWN),
    rule("", "ProvisionedThroughputExceededException", "", 10, SLOW_DOWN),
    rule("", "RequestLimitExceeded", "", 10, SLOW_DOWN),
    rule("", "RequestThrottled", "", 10, SLOW_DOWN),
    rule("", "RequestThrottledException", "", 10, SLOW_DOWN),
    rule("", "SlowDown", "", 10, SLOW_DOWN),
    rule("", "Throttled", "", 10, SLOW_DOWN),
    rule("", "ThrottledException", "", 10, SLOW_DOWN),
    rule("", "Throttling", "", 10, SLOW_DOWN),
    rule("", "ThrottlingException", "", 10, SLOW_DOWN),
    rule("", "TooManyRequestsException", "", 10, SLOW_DOWN),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(token: &str, code: &str, message: &str) -> Option<&'static str> {
        classify(token, &Error::new(Kind::Service, code, message), Sent::Counts)
            .map(|rule| rule.words)
    }

    #[test]
    fn what_passes_is_known_by_token_code_and_message() {
        let cases = [
            ("aws:ec2/subnet:Subnet", "DependencyViolation", "has dependencies", IN_USE),
            (
                "aws:ec2/instance:Instance",
                "InvalidParameterValue",
                "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
                IAM,
            ),
            (
                "aws:ec2/route:Route",
                "InvalidNatGatewayID.NotFound",
                "The natGateway ID 'nat-1' does not exist",
                LAG,
            ),
            (
                "aws:ecs/service:Service",
                "InvalidParameterException",
                "Unable to Start a service that is still Draining.",
                IN_USE,
            ),
            (
                "aws:iam/role:Role",
                "MalformedPolicyDocument",
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/x\"",
                IAM,
            ),
            (
                "aws:lambda/function:Function",
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
                IAM,
            ),
            (
                "aws:lambda/function:Function",
                "InvalidParameterValueException",
                "Your request has been throttled by EC2",
                SLOW_DOWN,
            ),
            (
                "aws:appautoscaling/policy:Policy",
                "FailedResourceAccessException",
                "Rate exceeded",
                SLOW_DOWN,
            ),
            (
                "aws:dynamodb/table:Table",
                "LimitExceededException",
                "Only 500 tables can be created, updated, or deleted simultaneously",
                SLOW_DOWN,
            ),
            ("aws:wafv2/webAcl:WebAcl", "WAFOptimisticLockException", "Reapply your changes", BUSY),
            ("aws:sns/topic:Topic", "Throttled", "", SLOW_DOWN),
        ];
        for (token, code, message, expected) in cases {
            assert_eq!(words(token, code, message), Some(expected), "{token} {code}");
        }
    }

    #[test]
    fn what_stays_wrong_is_told_at_once() {
        let cases = [
            ("aws:ec2/vpc:Vpc", "VpcLimitExceeded", "The maximum number of VPCs has been reached."),
            (
                "aws:cloudwatch/logGroup:LogGroup",
                "LimitExceededException",
                "Resource limit exceeded.",
            ),
            (
                "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                "LimitExceeded",
                "Cannot exceed quota for PoliciesPerRole: 10",
            ),
            ("aws:iam/policy:Policy", "MalformedPolicyDocument", "Syntax errors in policy."),
            (
                "aws:lambda/function:Function",
                "InvalidParameterValueException",
                "Unsupported runtime",
            ),
            (
                "aws:lambda/function:Function",
                "ResourceConflictException",
                "Function already exist: x",
            ),
            ("aws:dynamodb/table:Table", "ResourceInUseException", "Table already exists: x"),
            ("aws:ec2/instance:Instance", "InsufficientInstanceCapacity", ""),
            (
                "aws:rds/instance:Instance",
                "AccessDenied",
                "is not authorized to perform: rds:CreateDBInstance",
            ),
        ];
        for (token, code, message) in cases {
            assert_eq!(words(token, code, message), None, "{token} {code}");
        }
        let foreign = Error::not_ours("a queue of this name");
        assert!(classify("aws:sqs/queue:Queue", &foreign, Sent::Harmless).is_none());
    }

    #[test]
    fn without_an_answer_only_what_does_no_harm_is_sent_again() {
        let words = |kind, sent| {
            let error = Error::new(kind, "Throttling", "Rate exceeded");
            classify("aws:sqs/queue:Queue", &error, sent).map(|rule| rule.words)
        };
        assert_eq!(words(Kind::Ambiguous, Sent::Harmless), Some("no answer from AWS"));
        assert_eq!(words(Kind::Ambiguous, Sent::Counts), None);
        assert_eq!(words(Kind::NotSent, Sent::Counts), Some("AWS cannot be reached"));
        for kind in [Kind::Credentials, Kind::Unready, Kind::Broken] {
            assert_eq!(words(kind, Sent::Harmless), None);
        }
    }

    #[test]
    fn no_rule_is_hidden_by_one_above_it() {
        for (at, rule) in RULES.iter().enumerate() {
            let hides = |above: &&Rule| {
                above.code == rule.code
                    && rule.of.starts_with(above.of)
                    && rule.message.contains(above.message)
            };
            let hider = RULES[..at].iter().find(hides);
            assert!(hider.is_none(), "{rule:?} is never reached: {hider:?}");
        }
    }

    #[test]
    fn a_role_that_stays_wrong_is_told_within_minutes() {
        for rule in RULES.iter().filter(|rule| rule.words == IAM) {
            assert!(rule.limit <= Duration::from_secs(5 * 60), "{rule:?}");
        }
    }
}
