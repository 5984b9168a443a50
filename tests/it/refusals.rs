//! What AWS refuses only for now: one test per row of the two tables of
//! `harsh/rules.rs`. Each shows that a few refusals are outlasted, and that a
//! refusal that stays ends the step with what AWS said and who is the cause.

use std::fs;

use serde_json::{Value as Json, json};

use crate::{
    env::Ran,
    harsh::{
        Climate, Harsh, Scripted, Trouble,
        call::fits,
        rules::{IN_USE, InUse, PROPAGATION, Propagation},
    },
    world::{World, repository},
};

/// The refusals before AWS gives in.
const SOME: u32 = 3;

/// For a cloud that gives in, and for one that does not: fast enough for
/// limits of three quarters of an hour.
const PATIENT: u32 = 50;
const BRISK: u32 = 5000;

/// A program of `types/`, in a world of its own, and its second form.
fn program(name: &str) -> (World, Json) {
    let path = repository().join(format!("tests/it/types/{name}.yaml"));
    let mut program: Json = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let contract = program.as_object_mut().unwrap().remove("contract").unwrap();
    let world = World::with_program(&program.to_string());
    for (property, value) in contract["update"].as_object().into_iter().flatten() {
        program["resources"]["it"]["properties"][property] = value.clone();
    }
    (world, program)
}

fn cloud(world: &World, script: Vec<Scripted>) -> Harsh {
    Harsh::start(world.cloud.port, Climate { script, ..Climate::default() })
}

fn run(world: &World, cloud: &Harsh, line: &str, hurry: u32) -> Ran {
    world.run_with(cloud, line, None, |it| {
        it.env("ORDERINFRA_TEST_HURRY", hurry.to_string());
    })
}

/// Runs `up`, and the program's second form when the first did not make the
/// call that is to be refused.
fn up(world: &World, changed: &Json, cloud: &Harsh, row: &Propagation, hurry: u32) -> Ran {
    let ran = run(world, cloud, "up --yes", hurry);
    if asked(cloud, row.service, row.operation) > 0 {
        return ran;
    }
    fs::write(world.file("Pulumi.yaml"), changed.to_string()).unwrap();
    run(world, cloud, "up --yes", hurry)
}

fn asked(cloud: &Harsh, service: &str, operation: &str) -> usize {
    let log = cloud.log();
    log.iter().filter(|it| it.service == service && fits(&it.operation, operation)).count()
}

/// The rows for which users read other words than for the rest of their table.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("cache_cluster_that_is_busy", "busy with another change"),
    ("function_throttled_by_ec2", "throttled"),
    ("replication_group_that_is_busy", "busy with another change"),
    ("scalable_target_service", "not visible yet"),
    ("scaling_policy_rate", "throttled"),
    ("scaling_policy_target", "not visible yet"),
    ("service_with_deployments", "busy with another change"),
];

/// The words of the rule that is to handle a row: without it a more general
/// one may outlast the same refusal, for another time and another reason.
fn still(name: &str, usual: &str) -> String {
    let other = OTHER_WORDS.iter().find(|(row, _)| *row == name);
    format!("still {}", other.map_or(usual, |(_, words)| words))
}

fn principal(name: &str) {
    let row = PROPAGATION.iter().find(|it| it.name == name).unwrap();
    let what = Trouble::Refused { code: row.code, message: row.message };
    let script = |times| {
        vec![Scripted { service: row.service, operation: row.operation, times, what: what.clone() }]
    };

    let (world, changed) = program(row.program);
    let cloud_gives_in = cloud(&world, script(SOME));
    up(&world, &changed, &cloud_gives_in, row, PATIENT).ends(0);
    assert!(asked(&cloud_gives_in, row.service, row.operation) > SOME as usize);

    let (world, changed) = program(row.program);
    let cloud_stays = cloud(&world, script(u32::MAX));
    let ran = up(&world, &changed, &cloud_stays, row, BRISK).ends(1);
    let still = still(name, "IAM propagation");
    ran.says(&still).says(" after ").says(row.code).says(row.message);
}

fn holder(name: &str) {
    let row: &InUse = IN_USE.iter().find(|it| it.name == name).unwrap();
    let refused = Trouble::Refused { code: row.code, message: row.message };
    let script = |times| {
        let delete =
            Scripted { service: row.service, operation: row.delete, times, what: refused.clone() };
        let interface = row.interface.map(|it| Scripted {
            service: "ec2",
            operation: "DescribeNetworkInterfaces",
            times,
            what: Trouble::Interface(it),
        });
        std::iter::once(delete).chain(interface).collect()
    };

    let (world, _) = program(row.program);
    world.run(&cloud(&world, Vec::new()), "up --yes").ends(0);
    let again = world.again();
    let gives_in = cloud(&world, script(SOME));
    run(&world, &gives_in, "destroy --yes", PATIENT).ends(0);
    assert!(asked(&gives_in, row.service, row.delete) > SOME as usize);
    assert_eq!(world.snapshot("contract").resources, []);

    let stays = cloud(&again, script(u32::MAX));
    let ran = run(&again, &stays, "destroy --yes", BRISK);
    let still = still(name, "in use");
    let ran = ran.ends(1).says(&still).says(" after ").says(row.code).says(row.message);
    if let Some([description, owner]) = row.interface {
        drop(ran.says("eni-00000000000000000").says(description).says(owner));
    }
}

/// Second questions about what an answer has just shown: the program whose
/// preview asks them, and how a server says that it does not know it yet.
#[rustfmt::skip]
const ASKED_AGAIN: &[(&str, &str, &str, &[&str])] = &[
    ("acm-Certificate-imported", "acm", "ResourceNotFoundException", &["GetCertificate", "ListTagsForCertificate"]),
    ("s3-Bucket", "s3", "NoSuchBucket", &[
        "GET /contract-bucket/?accelerate", "GET /contract-bucket/?acl", "GET /contract-bucket/?cors",
        "GET /contract-bucket/?lifecycle", "GET /contract-bucket/?logging", "GET /contract-bucket/?object-lock",
        "GET /contract-bucket/?requestPayment", "GET /contract-bucket/?tagging", "GET /contract-bucket/?policy",
        "GET /contract-bucket/?encryption", "GET /contract-bucket/?versioning", "GET /contract-bucket/?website",
    ]),
];

/// What is not told yet is neither drift nor a setting that is gone.
#[test]
fn what_was_just_seen_is_asked_again() {
    for (name, service, code, operations) in ASKED_AGAIN {
        let (world, _) = program(name);
        world.run(&cloud(&world, Vec::new()), "up --yes").ends(0);
        for operation in *operations {
            let what = Trouble::Refused { code, message: "it is not known here" };
            let lags = cloud(&world, vec![Scripted { service, operation, times: SOME, what }]);
            run(&world, &lags, "preview --expect-no-changes --diff", PATIENT).ends(0);
            assert!(asked(&lags, service, operation) > SOME as usize, "{name}: {operation}");
        }
    }
}

/// A test for each row, and no row without one.
macro_rules! rows {
    ($test:ident, $rows:ident, $all:ident: $($name:ident)*) => {
        $(#[test]
        fn $name() {
            $test(stringify!($name));
        })*

        #[test]
        fn $all() {
            let tests = [$(stringify!($name)),*];
            let rows: Vec<&str> = $rows.iter().map(|it| it.name).collect();
            assert_eq!(rows, tests);
        }
    };
}

rows! { principal, PROPAGATION, every_consumer_of_new_principals_has_a_test:
    api_gateway_logs_role
    stage_logs
    stage_logs_of_an_http_api
    ecs_service_role
    ecs_service_linked_role
    ecs_cluster_linked_role
    task_role
    rds_enhanced_monitoring
    rds_cluster_instance_monitoring
    rds_linked_role
    rds_profile
    rds_cluster_role
    rds_cluster_import_role
    scalable_target_role
    scalable_target_service
    scaling_policy_role
    scaling_policy_token
    scaling_policy_rate
    scaling_policy_target
    group_of_a_new_profile
    trust_of_a_new_principal
    trust_changed_to_a_new_principal
    key_policy_of_a_new_principal
    key_policy_changed_to_a_new_principal
    role_of_a_flow_log
    profile_of_an_instance
    profile_without_a_role
    profile_of_an_instance_changed
    queue_policy_of_a_new_principal
    function_role
    function_role_without_its_permissions
    function_role_changed
    function_key
    function_image
    function_throttled_by_ec2
    mapping_role
    mapping_role_not_assumable
    mapping_role_of_a_stream
    mapping_role_changed
    machine_role
    machine_logs
    machine_managed_rule
    event_rule_role
    event_target_role
    delivery_role
    delivery_role_changed
    delivery_bucket
    delivery_source
    secret_policy_of_a_new_principal
    secret_rotation_function
    repository_policy_of_a_new_principal
    key_policy_put_for_a_new_principal
    web_acl_log_destination
    web_acl_log_linked_role
    load_balancer_log_bucket
    distribution_edge_role
    bucket_policy_of_a_new_principal
    bucket_notification_of_a_new_policy
    topic_policy_of_a_new_principal
    schedule_of_a_new_role
    trail_role
    trail_log_group
    trail_bucket_policy
    trail_topic_policy
    trail_key_policy
    pool_sms_role
    pool_sms_permission
    pool_factors_role
}

rows! { holder, IN_USE, everyone_who_is_waited_for_has_a_test:
    subnet_held_by_a_function
    subnet_held_by_a_load_balancer
    subnet_held_by_a_nat_gateway
    subnet_held_by_a_task
    group_held_by_a_function
    group_held_by_a_load_balancer
    group_held_by_a_database
    group_in_use
    gateway_with_mapped_addresses
    attachment_with_mapped_addresses
    vpc_with_leftovers
    route_table_with_associations
    address_that_is_mapped
    address_of_a_managed_service
    target_group_of_a_listener
    certificate_of_a_listener
    cluster_with_services
    cluster_with_tasks
    cluster_with_instances_of_its_own
    cluster_with_capacity_providers
    service_with_deployments
    subnet_group_of_a_database
    parameter_group_of_a_database
    cluster_with_instances
    web_acl_of_a_load_balancer
    rule_with_targets
    ip_set_of_a_web_acl
    pattern_set_of_a_rule_group
    rule_group_of_a_web_acl
    capacity_provider_of_a_service
    option_group_of_a_database
    dhcp_options_of_a_vpc
    network_acl_of_a_subnet
    group_that_still_scales
    user_with_policies
    role_with_policies
    pool_with_a_domain
    namespace_with_services
    discovery_service_with_instances
    cache_subnets_of_a_cluster
    cache_cluster_that_is_busy
    replication_group_that_is_busy
    deployment_of_a_stage
    integration_of_a_route
    domain_name_with_mappings
    cache_policy_of_a_distribution
    function_of_a_distribution
    access_control_of_a_distribution
    access_identity_of_a_distribution
    file_system_with_mount_targets
}

/// A security group that another group's rule names has no interface: the
/// rule is named.
#[test]
fn a_group_held_by_a_rule_of_another_names_it() {
    let body = json!({
        "name": "demo",
        "runtime": "yaml",
        "resources": { "held": { "type": "aws:ec2:SecurityGroup", "properties": { "description": "held" } } },
    });
    let world = World::with_program(&body.to_string());
    world.run(&cloud(&world, Vec::new()), "up --yes").ends(0);
    let script = |times| {
        let delete =
            Trouble::Refused { code: "DependencyViolation", message: "it has a dependent object" };
        let group = Trouble::Says([
            "<securityGroupInfo/>",
            "<securityGroupInfo><item><groupId>sg-77777777</groupId></item></securityGroupInfo>",
        ]);
        vec![
            Scripted { service: "ec2", operation: "DeleteSecurityGroup", times, what: delete },
            Scripted { service: "ec2", operation: "DescribeSecurityGroups", times, what: group },
        ]
    };
    let ran = run(&world, &cloud(&world, script(u32::MAX)), "destroy --yes", BRISK);
    drop(ran.ends(1).says("still in use by a rule of sg-77777777"));
}
