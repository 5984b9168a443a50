//! How real AWS behaves where the emulator does not, as data. The figures are
//! AWS's own; the weather scales time down.

/// A brand-new principal is refused by those who are to use it.
pub(crate) struct Propagation {
    /// What a test that proves it is called.
    pub(crate) name: &'static str,
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    /// The request names the principal; otherwise any new one counts (it is
    /// named by something that the request names).
    pub(crate) named: bool,
    /// The program of `tests/it/types/` that makes such a call.
    pub(crate) program: &'static str,
}

const fn principal(
    name: &'static str,
    [service, operation, code]: [&'static str; 3],
    message: &'static str,
    named: bool,
    program: &'static str,
) -> Propagation {
    Propagation { name, service, operation, code, message, named, program }
}

#[rustfmt::skip]
pub(crate) const PROPAGATION: &[Propagation] = &[
    principal("api_gateway_logs_role", ["apigateway", "PATCH /account", "BadRequestException"],
        "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.", true, "apigateway-Account"),
    principal("stage_logs", ["apigateway", "PATCH /restapis/*/stages/prod", "BadRequestException"],
        "API Gateway could not successfully write to CloudWatch Logs using the ARN specified", false, "apigateway-Stage"),
    principal("stage_logs_of_an_http_api", ["apigateway", "POST /v2/apis/*/stages", "BadRequestException"],
        "API Gateway could not successfully write to CloudWatch Logs using the ARN specified", false, "apigatewayv2-Stage"),
    principal("ecs_service_role", ["ecs", "CreateService", "InvalidParameterException"],
        "Unable to assume role and validate the listeners configured on your load balancer. Please verify that the ECS service role being passed has the proper permissions.", false, "ecs-Service"),
    principal("ecs_service_linked_role", ["ecs", "CreateService", "InvalidParameterException"],
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.", false, "ecs-Service"),
    principal("ecs_cluster_linked_role", ["ecs", "CreateCluster", "InvalidParameterException"],
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.", false, "ecs-Cluster"),
    principal("task_role", ["ecs", "RunTask", "ClientException"],
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/contract-task' that was provided for this task.", false, "orderinfra-Task"),
    principal("rds_enhanced_monitoring", ["rds", "CreateDBInstance", "InvalidParameterValue"],
        "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING", false, "rds-Instance"),
    principal("rds_cluster_instance_monitoring", ["rds", "CreateDBInstance", "InvalidParameterValue"],
        "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING", false, "rds-ClusterInstance"),
    principal("rds_linked_role", ["rds", "CreateDBInstance", "InvalidParameterValue"],
        "Unable to create the resource. Verify that you have permission to create service linked role.", false, "rds-Instance"),
    principal("rds_profile", ["rds", "CreateDBInstance", "ValidationError"],
        "RDS couldn't fetch the role from instance profile contract.", false, "rds-Instance"),
    principal("rds_cluster_role", ["rds", "AddRoleToDBCluster", "InvalidParameterValue"],
        "IAM role ARN value is invalid or does not include the required permissions for: S3_IMPORT", true, "rds-Cluster"),
    principal("rds_cluster_import_role", ["rds", "RestoreDBClusterFromS3", "InvalidParameterValue"],
        "IAM role ARN value is invalid or does not include the required permissions for: S3_SNAPSHOT_INGESTION", true, "rds-Cluster-from-s3"),
    principal("scalable_target_role", ["application-autoscaling", "RegisterScalableTarget", "ValidationException"],
        "Unable to assume IAM role: arn:aws:iam::123456789012:role/scaling", false, "appautoscaling-Target"),
    principal("scalable_target_service", ["application-autoscaling", "RegisterScalableTarget", "ValidationException"],
        "ECS service doesn't exist: service/a/b", false, "appautoscaling-Target"),
    principal("scaling_policy_role", ["application-autoscaling", "PutScalingPolicy", "FailedResourceAccessException"],
        "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: cloudwatch:PutMetricAlarm", false, "appautoscaling-Policy"),
    principal("scaling_policy_token", ["application-autoscaling", "PutScalingPolicy", "FailedResourceAccessException"],
        "The security token included in the request is invalid", false, "appautoscaling-Policy"),
    principal("scaling_policy_rate", ["application-autoscaling", "PutScalingPolicy", "FailedResourceAccessException"],
        "Rate exceeded", false, "appautoscaling-Policy"),
    principal("scaling_policy_target", ["application-autoscaling", "PutScalingPolicy", "ObjectNotFoundException"],
        "No scalable target registered for service namespace: ecs", false, "appautoscaling-Policy"),
    principal("group_of_a_new_profile", ["autoscaling", "CreateAutoScalingGroup", "ValidationError"],
        "You must use a valid fully-formed launch template. Value (contract) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", false, "autoscaling-Group"),
    principal("trust_of_a_new_principal", ["iam", "CreateRole", "MalformedPolicyDocument"],
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:role/new\"", true, "iam-Role"),
    principal("trust_changed_to_a_new_principal", ["iam", "UpdateAssumeRolePolicy", "MalformedPolicyDocument"],
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:role/new\"", true, "iam-Role"),
    principal("key_policy_of_a_new_principal", ["kms", "CreateKey", "MalformedPolicyDocumentException"],
        "Policy contains a statement with one or more invalid principals.", true, "kms-Key"),
    principal("key_policy_changed_to_a_new_principal", ["kms", "PutKeyPolicy", "MalformedPolicyDocumentException"],
        "Policy contains a statement with one or more invalid principals.", true, "kms-Key"),
    principal("role_of_a_flow_log", ["ec2", "CreateFlowLogs", "InvalidParameter"],
        "Unable to assume given IAM role", false, "ec2-FlowLog"),
    principal("profile_of_an_instance", ["ec2", "RunInstances", "InvalidParameterValue"],
        "Value (contract-instance) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", false, "ec2-Instance"),
    principal("profile_without_a_role", ["ec2", "RunInstances", "InvalidParameterValue"],
        "IAM Instance Profile \"contract-instance\" has no associated IAM Roles", false, "ec2-Instance"),
    principal("profile_of_an_instance_changed", ["ec2", "ReplaceIamInstanceProfileAssociation", "InvalidParameterValue"],
        "Value (contract-instance-2) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", false, "ec2-Instance"),
    principal("queue_policy_of_a_new_principal", ["sqs", "SetQueueAttributes", "InvalidAttributeValue"],
        "Invalid value for the parameter Policy.", true, "sqs-QueuePolicy"),
    principal("function_role", ["lambda", "POST /2015-03-31/functions", "InvalidParameterValueException"],
        "The role defined for the function cannot be assumed by Lambda.", true, "lambda-Function"),
    principal("function_role_without_its_permissions", ["lambda", "POST /2015-03-31/functions", "InvalidParameterValueException"],
        "The provided execution role does not have permissions to call CreateNetworkInterface on EC2", true, "lambda-Function"),
    principal("function_role_changed", ["lambda", "PUT /2015-03-31/functions/contract/configuration", "InvalidParameterValueException"],
        "The role defined for the function cannot be assumed by Lambda.", true, "lambda-Function"),
    principal("function_key", ["lambda", "POST /2015-03-31/functions", "InvalidParameterValueException"],
        "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant.", true, "lambda-Function"),
    principal("function_image", ["lambda", "POST /2015-03-31/functions", "InvalidParameterValueException"],
        "Lambda does not have permission to access the ECR image. Check the ECR permissions.", true, "lambda-Function"),
    principal("function_throttled_by_ec2", ["lambda", "POST /2015-03-31/functions", "InvalidParameterValueException"],
        "Your request has been throttled by EC2, please make sure you have enough API rate limit.", true, "lambda-Function"),
    principal("mapping_role", ["lambda", "POST /2015-03-31/event-source-mappings", "InvalidParameterValueException"],
        "The function execution role does not have permissions to call ReceiveMessage on SQS", false, "lambda-EventSourceMapping"),
    principal("mapping_role_not_assumable", ["lambda", "POST /2015-03-31/event-source-mappings", "InvalidParameterValueException"],
        "The role defined for the function cannot be assumed by Lambda.", false, "lambda-EventSourceMapping"),
    principal("mapping_role_of_a_stream", ["lambda", "POST /2015-03-31/event-source-mappings", "InvalidParameterValueException"],
        "Cannot access stream. Please ensure the role can perform the GetRecords, GetShardIterator and DescribeStream actions on your stream in IAM.", false, "lambda-EventSourceMapping"),
    principal("mapping_role_changed", ["lambda", "PUT /2015-03-31/event-source-mappings/*", "InvalidParameterValueException"],
        "The function execution role does not have permissions to call ReceiveMessage on SQS", false, "lambda-EventSourceMapping"),
    principal("machine_role", ["states", "CreateStateMachine", "AccessDeniedException"],
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.", true, "sfn-StateMachine"),
    principal("machine_logs", ["states", "CreateStateMachine", "AccessDeniedException"],
        "The state machine IAM Role is not authorized to access the Log Destination", true, "sfn-StateMachine"),
    principal("machine_managed_rule", ["states", "CreateStateMachine", "AccessDeniedException"],
        "'arn:aws:iam::123456789012:role/contract' is not authorized to create managed-rule.", true, "sfn-StateMachine"),
    principal("event_rule_role", ["events", "PutRule", "ValidationException"],
        "Provided role 'arn:aws:iam::123456789012:role/contract-rule' cannot be assumed by principal 'events.amazonaws.com'.", true, "cloudwatch-EventRule"),
    principal("event_target_role", ["events", "PutTargets", "ValidationException"],
        "Provided role 'arn:aws:iam::123456789012:role/contract-target' cannot be assumed by principal 'events.amazonaws.com'.", true, "cloudwatch-EventTarget"),
    principal("delivery_role", ["firehose", "CreateDeliveryStream", "InvalidArgumentException"],
        "Firehose is unable to assume role arn:aws:iam::123456789012:role/contract-firehose. Please check the role provided.", true, "kinesis-FirehoseDeliveryStream"),
    principal("delivery_role_changed", ["firehose", "UpdateDestination", "InvalidArgumentException"],
        "Firehose is unable to assume role arn:aws:iam::123456789012:role/contract-firehose-2. Please check the role provided.", true, "kinesis-FirehoseDeliveryStream"),
    principal("delivery_bucket", ["firehose", "CreateDeliveryStream", "InvalidArgumentException"],
        "Access was denied. Ensure that the role has access to the bucket.", true, "kinesis-FirehoseDeliveryStream"),
    principal("delivery_source", ["firehose", "CreateDeliveryStream", "InvalidArgumentException"],
        "Role arn:aws:iam::123456789012:role/contract-firehose is not authorized to perform DescribeStream on the stream.", true, "kinesis-FirehoseDeliveryStream"),
    principal("secret_policy_of_a_new_principal", ["secretsmanager", "PutResourcePolicy", "MalformedPolicyDocumentException"],
        "This resource policy contains an unsupported principal.", true, "secretsmanager-SecretPolicy"),
    principal("secret_rotation_function", ["secretsmanager", "RotateSecret", "AccessDeniedException"],
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.", false, "secretsmanager-SecretRotation"),
    principal("repository_policy_of_a_new_principal", ["ecr", "SetRepositoryPolicy", "InvalidParameterException"],
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'", true, "ecr-RepositoryPolicy"),
    principal("key_policy_put_for_a_new_principal", ["kms", "PutKeyPolicy", "MalformedPolicyDocumentException"],
        "Policy contains a statement with one or more invalid principals.", true, "kms-KeyPolicy"),
    principal("web_acl_log_destination", ["wafv2", "PutLoggingConfiguration", "WAFLogDestinationPermissionIssueException"],
        "AWS WAF doesn't have permission to deliver logs to the destination.", false, "wafv2-WebAclLoggingConfiguration"),
    principal("web_acl_log_linked_role", ["wafv2", "PutLoggingConfiguration", "WAFServiceLinkedRoleErrorException"],
        "AWS WAF is not able to access the service linked role.", false, "wafv2-WebAclLoggingConfiguration"),
    principal("load_balancer_log_bucket", ["elasticloadbalancing", "ModifyLoadBalancerAttributes", "InvalidConfigurationRequest"],
        "Access Denied for bucket: contract. Please check S3bucket permission", false, "lb-LoadBalancer"),
    principal("distribution_edge_role", ["cloudfront", "POST /2020-05-31/distribution?WithTags", "InvalidLambdaFunctionAssociation"],
        "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals.", false, "cloudfront-Distribution"),
    principal("bucket_policy_of_a_new_principal", ["s3", "PUT /contract-policed/?policy", "MalformedPolicy"],
        "Invalid principal in policy", true, "s3-BucketPolicy"),
    principal("bucket_notification_of_a_new_policy", ["s3", "PUT /contract-noticed/?notification", "InvalidArgument"],
        "Unable to validate the following destination configurations", false, "s3-BucketNotification"),
    principal("topic_policy_of_a_new_principal", ["sns", "SetTopicAttributes", "InvalidParameter"],
        "Invalid parameter: Policy Error: PrincipalNotFound", true, "sns-TopicPolicy"),
    principal("schedule_of_a_new_role", ["scheduler", "POST /schedules/contract-schedule", "ValidationException"],
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.", true, "scheduler-Schedule"),
    principal("trail_role", ["cloudtrail", "CreateTrail", "InvalidCloudWatchLogsRoleArnException"],
        "Access denied. Verify in IAM that the role has adequate permissions.", true, "cloudtrail-Trail"),
    principal("trail_log_group", ["cloudtrail", "CreateTrail", "InvalidCloudWatchLogsLogGroupArnException"],
        "Access denied. Check the permissions for your role.", true, "cloudtrail-Trail"),
    principal("trail_bucket_policy", ["cloudtrail", "CreateTrail", "InsufficientS3BucketPolicyException"],
        "Incorrect S3 bucket policy is detected for bucket: contract-trails", false, "cloudtrail-Trail"),
    principal("trail_topic_policy", ["cloudtrail", "CreateTrail", "InsufficientSnsTopicPolicyException"],
        "SNS Topic does not exist or the topic policy is incorrect!", false, "cloudtrail-Trail"),
    principal("trail_key_policy", ["cloudtrail", "CreateTrail", "InsufficientEncryptionPolicyException"],
        "Insufficient permissions to access S3 bucket contract-trails or KMS key", false, "cloudtrail-Trail"),
    principal("pool_sms_role", ["cognito-idp", "CreateUserPool", "InvalidSmsRoleTrustRelationshipException"],
        "Role does not have a trust relationship allowing Cognito to assume the role", true, "cognito-UserPool"),
    principal("pool_sms_permission", ["cognito-idp", "CreateUserPool", "InvalidSmsRoleAccessPolicyException"],
        "Role does not have permission to publish with SNS", true, "cognito-UserPool"),
    principal("pool_factors_role", ["cognito-idp", "SetUserPoolMfaConfig", "InvalidSmsRoleAccessPolicyException"],
        "Role does not have permission to publish with SNS", true, "cognito-UserPool"),
];

/// What was just made is unknown to whoever is to use it.
pub(super) struct Unknown {
    pub(super) service: &'static str,
    /// A piece of the operation; empty for all.
    pub(super) operation: &'static str,
    /// How the id begins.
    pub(super) id: &'static str,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

const fn unknown(
    [service, operation]: [&'static str; 2],
    id: &'static str,
    code: &'static str,
    message: &'static str,
) -> Unknown {
    Unknown { service, operation, id, code, message }
}

#[rustfmt::skip]
pub(super) const UNKNOWN: &[Unknown] = &[
    unknown(["ec2", ""], "vpc-", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    unknown(["ec2", ""], "subnet-", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    unknown(["ec2", ""], "sg-", "InvalidGroup.NotFound", "The security group '{}' does not exist"),
    unknown(["ec2", "CreateRoute"], "igw-", "InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist"),
    unknown(["ec2", ""], "igw-", "InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    unknown(["ec2", "CreateRoute"], "nat-", "InvalidNatGatewayID.NotFound", "The natGateway ID '{}' does not exist"),
    unknown(["ec2", ""], "rtb-", "InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    unknown(["ec2", ""], "eipalloc-", "InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    unknown(["elasticloadbalancing", ""], "subnet-", "SubnetNotFound", "The subnet ID '{}' does not exist"),
    unknown(["elasticloadbalancing", ""], "sg-", "InvalidSecurityGroup", "The security group '{}' does not exist"),
    unknown(["elasticloadbalancing", "Listener"], "arn:aws:acm:", "CertificateNotFound", "Certificate '{}' not found"),
    unknown(["ecs", "CreateService"], "arn:aws:ecs:us-east-1:123456789012:cluster/", "ClusterNotFoundException", "Cluster not found."),
    unknown(["ecs", "CreateService"], "subnet-", "InvalidParameterException", "The subnet ID '{}' does not exist"),
    unknown(["ecs", "CreateService"], "sg-", "InvalidParameterException", "The security group '{}' does not exist"),
    unknown(["ecs", "CreateService"], "arn:aws:elasticloadbalancing:", "InvalidParameterException", "The target group with targetGroupArn {} does not have an associated load balancer."),
    unknown(["rds", "CreateDB"], "sg-", "InvalidVPCNetworkStateFault", "The security group '{}' is not visible yet"),
    unknown(["wafv2", "AssociateWebACL"], "arn:aws:", "WAFUnavailableEntityException", "AWS WAF couldn't retrieve the resource '{}'. Retry your request."),
    unknown(["sqs", "SetQueueAttributes"], "http", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
];

/// What takes its time: what reads say, one after the other, before they say
/// what the emulator says.
pub(super) struct Slow {
    pub(super) service: &'static str,
    pub(super) made_by: &'static str,
    pub(super) read_by: &'static str,
    /// Around the state's word.
    pub(super) frame: [&'static str; 2],
    pub(super) done: &'static str,
    pub(super) before: &'static [&'static str],
}

const fn slow(
    [service, made_by, read_by]: [&'static str; 3],
    frame: [&'static str; 2],
    done: &'static str,
    before: &'static [&'static str],
) -> Slow {
    Slow { service, made_by, read_by, frame, done, before }
}

#[rustfmt::skip]
pub(super) const SLOW: &[Slow] = &[
    slow(["ec2", "CreateVpc", "DescribeVpcs"], ["<state>", "</state>"], "available", &["pending"]),
    slow(["ec2", "CreateSubnet", "DescribeSubnets"], ["<state>", "</state>"], "available", &["pending"]),
    slow(["ec2", "CreateNatGateway", "DescribeNatGateways"], ["<state>", "</state>"], "available", &["pending", "pending", "pending"]),
    slow(["elasticloadbalancing", "CreateLoadBalancer", "DescribeLoadBalancers"], ["<Code>", "</Code>"], "active", &["provisioning", "provisioning"]),
    slow(["rds", "CreateDBCluster", "DescribeDBClusters"], ["<Status>", "</Status>"], "available", &["creating", "creating"]),
    slow(["rds", "CreateDBInstance", "DescribeDBInstances"], ["<DBInstanceStatus>", "</DBInstanceStatus>"], "available",
        &["creating", "creating", "available", "backing-up", "modifying"]),
    slow(["acm", "RequestCertificate", "DescribeCertificate"], ["\"Status\": \"", "\""], "ISSUED", &["PENDING_VALIDATION", "PENDING_VALIDATION"]),
    slow(["ecs", "CreateService", "DescribeServices"], ["\"rolloutState\": \"", "\""], "COMPLETED", &["IN_PROGRESS", "IN_PROGRESS"]),
    slow(["ecs", "UpdateService", "DescribeServices"], ["\"rolloutState\": \"", "\""], "COMPLETED", &["IN_PROGRESS", "IN_PROGRESS"]),
];

/// A delete is refused for as long as something holds the thing; one row per
/// reason that AWS has.
pub(crate) struct InUse {
    pub(crate) name: &'static str,
    pub(crate) service: &'static str,
    pub(crate) delete: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    /// What DescribeNetworkInterfaces says meanwhile: description and owner.
    pub(crate) interface: Option<[&'static str; 2]>,
    pub(crate) program: &'static str,
}

const fn in_use(
    name: &'static str,
    [service, delete, code]: [&'static str; 3],
    message: &'static str,
    interface: Option<[&'static str; 2]>,
    program: &'static str,
) -> InUse {
    InUse { name, service, delete, code, message, interface, program }
}

#[rustfmt::skip]
pub(crate) const IN_USE: &[InUse] = &[
    in_use("subnet_held_by_a_function", ["ec2", "DeleteSubnet", "DependencyViolation"], SUBNET[1],
        Some(["AWS Lambda VPC ENI-orders-3f1c", "amazon-lambda"]), "ec2-Subnet"),
    in_use("subnet_held_by_a_load_balancer", ["ec2", "DeleteSubnet", "DependencyViolation"], SUBNET[1], ELB, "ec2-Subnet"),
    in_use("subnet_held_by_a_nat_gateway", ["ec2", "DeleteSubnet", "DependencyViolation"], SUBNET[1], NAT, "ec2-Subnet"),
    in_use("subnet_held_by_a_task", ["ec2", "DeleteSubnet", "DependencyViolation"], SUBNET[1], TASK, "ec2-Subnet"),
    in_use("group_held_by_a_function", ["ec2", "DeleteSecurityGroup", "DependencyViolation"], GROUP[1],
        Some(["AWS Lambda VPC ENI-orders-3f1c", "amazon-lambda"]), "ec2-SecurityGroup"),
    in_use("group_held_by_a_load_balancer", ["ec2", "DeleteSecurityGroup", "DependencyViolation"], GROUP[1], ELB, "ec2-SecurityGroup"),
    in_use("group_held_by_a_database", ["ec2", "DeleteSecurityGroup", "DependencyViolation"], GROUP[1], DATABASE, "ec2-SecurityGroup"),
    in_use("group_in_use", ["ec2", "DeleteSecurityGroup", "InvalidGroup.InUse"], "There are active instances using security group", None, "ec2-SecurityGroup"),
    in_use("gateway_with_mapped_addresses", ["ec2", "DetachInternetGateway", "DependencyViolation"], MAPPED[1], ELB, "ec2-InternetGateway"),
    in_use("attachment_with_mapped_addresses", ["ec2", "DetachInternetGateway", "DependencyViolation"], MAPPED[1], NAT, "ec2-InternetGatewayAttachment"),
    in_use("vpc_with_leftovers", ["ec2", "DeleteVpc", "DependencyViolation"], VPC[1],
        Some(["VPC Endpoint Interface vpce-0", "727180483921"]), "ec2-Vpc"),
    in_use("route_table_with_associations", ["ec2", "DeleteRouteTable", "DependencyViolation"], "The routeTable has dependencies and cannot be deleted.", None, "ec2-RouteTable"),
    in_use("address_that_is_mapped", ["ec2", "ReleaseAddress", "InvalidIPAddress.InUse"], "The address is in use.", None, "ec2-Eip"),
    in_use("address_of_a_managed_service", ["ec2", "ReleaseAddress", "AuthFailure"], "You do not have permission to access the specified resource.", None, "ec2-Eip"),
    in_use("target_group_of_a_listener", ["elasticloadbalancing", "DeleteTargetGroup", "ResourceInUse"], "Target group is currently in use by a listener or a rule", None, "lb-TargetGroup"),
    in_use("certificate_of_a_listener", ["acm", "DeleteCertificate", "ResourceInUseException"], "Certificate is in use.", None, "acm-Certificate"),
    in_use("cluster_with_services", ["ecs", "DeleteCluster", "ClusterContainsServicesException"], "The Cluster cannot be deleted while Services are active.", None, "ecs-Cluster"),
    in_use("cluster_with_tasks", ["ecs", "DeleteCluster", "ClusterContainsTasksException"], "The Cluster cannot be deleted while Tasks are active.", None, "ecs-Cluster"),
    in_use("cluster_with_instances_of_its_own", ["ecs", "DeleteCluster", "ClusterContainsContainerInstancesException"], "The Cluster cannot be deleted while Container Instances are active or draining.", None, "ecs-Cluster"),
    in_use("cluster_with_capacity_providers", ["ecs", "DeleteCluster", "ClusterContainsCapacityProviderException"], "The Cluster cannot be deleted while Capacity Providers are associated.", None, "ecs-Cluster"),
    in_use("service_with_deployments", ["ecs", "DeleteService", "InvalidParameterException"], "The service cannot be stopped while deployments are active.", None, "ecs-Service"),
    in_use("subnet_group_of_a_database", ["rds", "DeleteDBSubnetGroup", "InvalidDBSubnetGroupStateFault"], "Cannot delete the subnet group because at least one database instance is still using it.", None, "rds-SubnetGroup"),
    in_use("parameter_group_of_a_database", ["rds", "DeleteDBParameterGroup", "InvalidDBParameterGroupState"], "One or more database instances are still members of this parameter group", None, "rds-ParameterGroup"),
    in_use("cluster_with_instances", ["rds", "DeleteDBCluster", "InvalidDBClusterStateFault"], "Cluster cannot be deleted, it still contains DB instances in non-deleting state.", None, "rds-Cluster"),
    in_use("web_acl_of_a_load_balancer", ["wafv2", "DeleteWebACL", "WAFAssociatedItemException"], "AWS WAF couldn't perform the operation because your resource is being used by another resource.", None, "wafv2-WebAcl"),
    in_use("rule_with_targets", ["events", "DeleteRule", "ValidationException"], "Rule can't be deleted since it has targets.", None, "cloudwatch-EventRule"),
    in_use("ip_set_of_a_web_acl", ["wafv2", "DeleteIPSet", "WAFAssociatedItemException"], "AWS WAF couldn't perform the operation because your resource is being used by another resource.", None, "wafv2-IpSet"),
    in_use("pattern_set_of_a_rule_group", ["wafv2", "DeleteRegexPatternSet", "WAFAssociatedItemException"], "AWS WAF couldn't perform the operation because your resource is being used by another resource.", None, "wafv2-RegexPatternSet"),
    in_use("rule_group_of_a_web_acl", ["wafv2", "DeleteRuleGroup", "WAFAssociatedItemException"], "AWS WAF couldn't perform the operation because your resource is being used by another resource.", None, "wafv2-RuleGroup"),
    in_use("capacity_provider_of_a_service", ["ecs", "DeleteCapacityProvider", "ResourceInUseException"], "The specified capacity provider is in use and cannot be removed.", None, "ecs-CapacityProvider"),
    in_use("option_group_of_a_database", ["rds", "DeleteOptionGroup", "InvalidOptionGroupStateFault"], "The option group 'contract-options' cannot be deleted because it is in use.", None, "rds-OptionGroup"),
    in_use("dhcp_options_of_a_vpc", ["ec2", "DeleteDhcpOptions", "DependencyViolation"], "The dhcpOptions has dependencies and cannot be deleted.", None, "ec2-VpcDhcpOptions"),
    in_use("network_acl_of_a_subnet", ["ec2", "DeleteNetworkAcl", "DependencyViolation"], "The networkAcl has dependencies and cannot be deleted.", None, "ec2-NetworkAcl"),
    in_use("group_that_still_scales", ["autoscaling", "DeleteAutoScalingGroup", "ResourceInUse"], "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.", None, "autoscaling-Group"),
    in_use("user_with_policies", ["iam", "DeleteUser", "DeleteConflict"], "Cannot delete entity, must detach all policies first.", None, "iam-User"),
    in_use("role_with_policies", ["iam", "DeleteRole", "DeleteConflict"], "Cannot delete entity, must detach all policies first.", None, "iam-Role"),
    in_use("pool_with_a_domain", ["cognito-idp", "DeleteUserPool", "InvalidParameterException"], "User pool cannot be deleted. It has a domain configured that should be deleted first.", None, "cognito-UserPool"),
    in_use("namespace_with_services", ["servicediscovery", "DeleteNamespace", "ResourceInUse"], "Namespace has associated services and cannot be deleted.", None, "servicediscovery-PrivateDnsNamespace"),
    in_use("discovery_service_with_instances", ["servicediscovery", "DeleteService", "ResourceInUse"], "Service contains registered instances; delete the instances before deleting the service", None, "servicediscovery-Service"),
    in_use("cache_subnets_of_a_cluster", ["elasticache", "DeleteCacheSubnetGroup", "CacheSubnetGroupInUse"], "Cache subnet group orders-cache is currently in use by a cache cluster.", None, "elasticache-SubnetGroup"),
    in_use("cache_cluster_that_is_busy", ["elasticache", "DeleteCacheCluster", "InvalidCacheClusterState"], "Cache cluster contract is not in a valid state to be deleted.", None, "elasticache-Cluster"),
    in_use("replication_group_that_is_busy", ["elasticache", "DeleteReplicationGroup", "InvalidReplicationGroupState"], "Replication group contract has status modifying which is not valid for deletion.", None, "elasticache-ReplicationGroup"),
    in_use("deployment_of_a_stage", ["apigateway", "DELETE /restapis/*/deployments/*", "BadRequestException"], "Active stages pointing to this deployment must be moved or deleted", None, "apigateway-Deployment"),
    in_use("integration_of_a_route", ["apigateway", "DELETE /v2/apis/*/integrations/*", "ConflictException"], "Cannot delete Integration 'contract'. Integration is referenced by the following Routes: contract", None, "apigatewayv2-Integration"),
    in_use("domain_name_with_mappings", ["apigateway", "DELETE /v2/domainnames/*", "BadRequestException"], "Please remove all base path mappings related to the domain name in your account.", None, "apigatewayv2-DomainName"),
    in_use("cache_policy_of_a_distribution", ["cloudfront", "DELETE /2020-05-31/cache-policy/*", "CachePolicyInUse"], "The specified cache policy is currently associated with a distribution.", None, "cloudfront-CachePolicy"),
    in_use("function_of_a_distribution", ["cloudfront", "DELETE /2020-05-31/function/*", "FunctionInUse"], "The function is currently associated with a distribution.", None, "cloudfront-Function"),
    in_use("access_control_of_a_distribution", ["cloudfront", "DELETE /2020-05-31/origin-access-control/*", "OriginAccessControlInUse"], "The origin access control is currently associated with a distribution.", None, "cloudfront-OriginAccessControl"),
    in_use("access_identity_of_a_distribution", ["cloudfront", "DELETE /2020-05-31/origin-access-identity/cloudfront/*", "CloudFrontOriginAccessIdentityInUse"], "The origin access identity is currently associated with a distribution.", None, "cloudfront-OriginAccessIdentity"),
    in_use("file_system_with_mount_targets", ["elasticfilesystem", "DELETE /2015-02-01/file-systems/*", "FileSystemInUse"], "The file system has mount targets.", None, "efs-FileSystem"),
];

/// Who must be gone, and for how long, before a thing can go.
pub(crate) struct Held {
    pub(crate) service: &'static str,
    pub(crate) delete: &'static str,
    /// What was made by this call and names the thing holds it.
    pub(crate) by: [&'static str; 2],
    /// Seconds that it goes on holding after its own deletion.
    pub(crate) outlives: u64,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    /// The network interface through which it holds: its description and who
    /// asked for it.
    pub(crate) interface: Option<[&'static str; 2]>,
}

const fn held(
    [service, delete]: [&'static str; 2],
    by: [&'static str; 2],
    outlives: u64,
    [code, message]: [&'static str; 2],
    interface: Option<[&'static str; 2]>,
) -> Held {
    Held { service, delete, by, outlives, code, message, interface }
}

const SUBNET: [&str; 2] =
    ["DependencyViolation", "The subnet '{}' has dependencies and cannot be deleted."];
const GROUP: [&str; 2] = ["DependencyViolation", "resource {} has a dependent object"];
const VPC: [&str; 2] =
    ["DependencyViolation", "The vpc '{}' has dependencies and cannot be deleted."];
const MAPPED: [&str; 2] = [
    "DependencyViolation",
    "Network {} has some mapped public address(es). Please unmap those before detaching the gateway.",
];
const ELB: Option<[&str; 2]> = Some(["ELB app/orders/50dc6c495c0c9188", "amazon-elb"]);
const NAT: Option<[&str; 2]> = Some(["Interface for NAT Gateway nat-0", "amazon-nat"]);
const TASK: Option<[&str; 2]> =
    Some(["arn:aws:ecs:us-east-1:123456789012:attachment/0", "amazon-ecs"]);
const DATABASE: Option<[&str; 2]> = Some(["RDSNetworkInterface", "amazon-rds"]);

#[rustfmt::skip]
pub(crate) const HELD: &[Held] = &[
    held(["ec2", "DeleteSubnet"], ["elasticloadbalancing", "CreateLoadBalancer"], 120, SUBNET, ELB),
    held(["ec2", "DeleteSubnet"], ["ec2", "CreateNatGateway"], 60, SUBNET, NAT),
    held(["ec2", "DeleteSubnet"], ["ecs", "CreateService"], 60, SUBNET, TASK),
    held(["ec2", "DeleteSecurityGroup"], ["elasticloadbalancing", "CreateLoadBalancer"], 120, GROUP, ELB),
    held(["ec2", "DeleteSecurityGroup"], ["ecs", "CreateService"], 60, GROUP, TASK),
    held(["ec2", "DeleteSecurityGroup"], ["rds", "CreateDBCluster"], 60, GROUP, DATABASE),
    held(["ec2", "DeleteSecurityGroup"], ["rds", "CreateDBInstance"], 60, GROUP, DATABASE),
    held(["ec2", "DetachInternetGateway"], ["elasticloadbalancing", "CreateLoadBalancer"], 120, MAPPED, None),
    held(["ec2", "DetachInternetGateway"], ["ec2", "CreateNatGateway"], 60, MAPPED, None),
    held(["ec2", "DeleteVpc"], ["ec2", "CreateSubnet"], 0, VPC, None),
    held(["ec2", "DeleteVpc"], ["ec2", "CreateSecurityGroup"], 0, VPC, None),
    held(["ec2", "DeleteVpc"], ["ec2", "CreateRouteTable"], 0, VPC, None),
    held(["ec2", "DeleteVpc"], ["elasticloadbalancing", "CreateLoadBalancer"], 120, VPC, ELB),
    held(["ec2", "ReleaseAddress"], ["ec2", "CreateNatGateway"], 60,
        ["InvalidIPAddress.InUse", "The address {} is currently in use."], None),
    held(["elasticloadbalancing", "DeleteTargetGroup"], ["elasticloadbalancing", "CreateListener"], 30,
        ["ResourceInUse", "Target group '{}' is currently in use by a listener or a rule"], None),
    held(["elasticloadbalancing", "DeleteTargetGroup"], ["elasticloadbalancing", "CreateRule"], 30,
        ["ResourceInUse", "Target group '{}' is currently in use by a listener or a rule"], None),
    held(["acm", "DeleteCertificate"], ["elasticloadbalancing", "CreateListener"], 120,
        ["ResourceInUseException", "Certificate {} in account 123456789012 is in use."], None),
    held(["ecs", "DeleteCluster"], ["ecs", "CreateService"], 30,
        ["ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."], None),
    held(["wafv2", "DeleteWebACL"], ["wafv2", "AssociateWebACL"], 30,
        ["WAFAssociatedItemException", "AWS WAF couldn't perform the operation because your resource is being used by another resource."], None),
];

/// A name that was freed stays taken for a while.
pub(super) struct Tombstone {
    pub(super) service: &'static str,
    pub(super) delete: [&'static str; 2],
    pub(super) create: [&'static str; 2],
    pub(super) seconds: u64,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

#[rustfmt::skip]
pub(super) const TOMBSTONES: &[Tombstone] = &[
    Tombstone { service: "sqs", delete: ["DeleteQueue", "QueueUrl"], create: ["CreateQueue", "QueueName"], seconds: 60,
        code: "AWS.SimpleQueueService.QueueDeletedRecently", message: "You must wait 60 seconds after deleting a queue before you can create another with the same name." },
    Tombstone { service: "secretsmanager", delete: ["DeleteSecret", "SecretId"], create: ["CreateSecret", "Name"], seconds: 30,
        code: "InvalidRequestException", message: "You can't create this secret because a secret with this name is already scheduled for deletion." },
    Tombstone { service: "ssm", delete: ["DeleteParameter", "Name"], create: ["PutParameter", "Name"], seconds: 30,
        code: "ParameterAlreadyExists", message: "The parameter already exists. To overwrite this value, set the overwrite option in the request to true." },
    Tombstone { service: "ecs", delete: ["DeleteService", "service"], create: ["CreateService", "serviceName"], seconds: 60,
        code: "InvalidParameterException", message: "Unable to Start a service that is still Draining." },
];

/// One change at a time: a second one that comes meanwhile is refused.
pub(super) struct Serial {
    pub(super) service: &'static str,
    /// Pieces of the operations.
    pub(super) operations: &'static [&'static str],
    /// The parameter that says of what.
    pub(super) key: &'static str,
    pub(super) code: &'static str,
}

#[rustfmt::skip]
pub(super) const SERIAL: &[Serial] = &[
    Serial { service: "ec2", operations: &["AuthorizeSecurityGroup", "RevokeSecurityGroup", "ModifySecurityGroupRules"], key: "GroupId", code: "ConcurrentModification" },
    Serial { service: "ec2", operations: &["ModifySubnetAttribute"], key: "SubnetId", code: "ConcurrentModification" },
    Serial { service: "ec2", operations: &["ModifyVpcAttribute"], key: "VpcId", code: "ConcurrentModification" },
    Serial { service: "iam", operations: &["AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "UpdateAssumeRolePolicy"], key: "RoleName", code: "ConcurrentModification" },
    Serial { service: "ecs", operations: &["PutClusterCapacityProviders", "DeleteCluster"], key: "cluster", code: "UpdateInProgressException" },
    Serial { service: "sqs", operations: &["SetQueueAttributes"], key: "QueueUrl", code: "ConcurrentAccess" },
    Serial { service: "secretsmanager", operations: &["PutSecretValue", "UpdateSecret"], key: "SecretId", code: "ConcurrentModificationException" },
    Serial { service: "application-autoscaling", operations: &["RegisterScalableTarget", "PutScalingPolicy", "DeleteScalingPolicy"], key: "ResourceId", code: "ConcurrentUpdateException" },
];

/// Calls that may be made at once, and per second after that.
pub(super) struct Bucket {
    pub(super) service: &'static str,
    /// How the operation begins; the first that fits decides.
    pub(super) operation: &'static str,
    pub(super) burst: f64,
    pub(super) rate: f64,
}

#[rustfmt::skip]
pub(super) const BUCKETS: &[Bucket] = &[
    Bucket { service: "ec2", operation: "CreateNatGateway", burst: 10.0, rate: 1.0 },
    Bucket { service: "ec2", operation: "DeleteNatGateway", burst: 10.0, rate: 1.0 },
    Bucket { service: "ec2", operation: "Describe", burst: 100.0, rate: 20.0 },
    Bucket { service: "ec2", operation: "", burst: 50.0, rate: 5.0 },
    Bucket { service: "wafv2", operation: "Get", burst: 5.0, rate: 5.0 },
    Bucket { service: "wafv2", operation: "List", burst: 5.0, rate: 5.0 },
    Bucket { service: "wafv2", operation: "", burst: 1.0, rate: 1.0 },
    Bucket { service: "monitoring", operation: "", burst: 3.0, rate: 3.0 },
    Bucket { service: "logs", operation: "", burst: 5.0, rate: 5.0 },
    Bucket { service: "kms", operation: "Create", burst: 5.0, rate: 5.0 },
    Bucket { service: "elasticloadbalancing", operation: "", burst: 40.0, rate: 10.0 },
    Bucket { service: "iam", operation: "", burst: 20.0, rate: 10.0 },
    Bucket { service: "ssm", operation: "Put", burst: 3.0, rate: 3.0 },
    Bucket { service: "application-autoscaling", operation: "", burst: 5.0, rate: 5.0 },
    Bucket { service: "ecs", operation: "Register", burst: 5.0, rate: 1.0 },
];

/// How each service says "slow down".
pub(super) fn throttle(service: &str) -> (u16, &'static str) {
    match service {
        "ec2" => (503, "RequestLimitExceeded"),
        "iam" | "rds" | "elasticloadbalancing" | "monitoring" | "sts" => (400, "Throttling"),
        "s3" => (503, "SlowDown"),
        "sns" => (429, "Throttled"),
        "sqs" => (400, "RequestThrottled"),
        "lambda" | "apigateway" => (429, "TooManyRequestsException"),
        _ => (400, "ThrottlingException"),
    }
}
