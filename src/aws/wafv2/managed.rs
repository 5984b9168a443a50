//! Rule groups that AWS or a vendor keeps, with their own configuration.

#![expect(deprecated, reason = "AWS still takes the older form of ATP's configuration")]

use aws_sdk_wafv2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    rule::RuleAction,
    statement::Statement,
    twin::{Built as _, Twin, Word, twin},
};
use crate::provider::{Result, Set};

twin! {
    ManagedRuleGroupStatement = ManagedRuleGroupStatement {
        managed_rule_group_configs: Option<Vec<ManagedRuleGroupConfig>>
            => managed_rule_group_configs, set_managed_rule_group_configs;
        name: String => name, set_name;
        rule_action_overrides: Option<Vec<RuleActionOverride>>
            => rule_action_overrides, set_rule_action_overrides;
        scope_down_statement: Option<Box<Statement>>
            => scope_down_statement, set_scope_down_statement;
        vendor_name: String => vendor_name, set_vendor_name;
        version: Option<String> => version, set_version;
    }
}

twin! {
    RuleActionOverride = RuleActionOverride {
        action_to_use: Option<RuleAction> => action_to_use, set_action_to_use;
        name: String => name, set_name;
    }
}

twin! {
    ManagedRuleGroupConfig = ManagedRuleGroupConfig {
        aws_managed_rules_acfp_rule_set: Option<AcfpRuleSet>
            => aws_managed_rules_acfp_rule_set, set_aws_managed_rules_acfp_rule_set;
        aws_managed_rules_anti_ddos_rule_set: Option<AntiDdosRuleSet>
            => aws_managed_rules_anti_d_do_s_rule_set, set_aws_managed_rules_anti_d_do_s_rule_set;
        aws_managed_rules_atp_rule_set: Option<AtpRuleSet>
            => aws_managed_rules_atp_rule_set, set_aws_managed_rules_atp_rule_set;
        aws_managed_rules_bot_control_rule_set: Option<BotControlRuleSet>
            => aws_managed_rules_bot_control_rule_set, set_aws_managed_rules_bot_control_rule_set;
        login_path: Option<String> => login_path, set_login_path;
        password_field: Option<PasswordField> => password_field, set_password_field;
        payload_type: Option<Word<sdk::PayloadType>> => payload_type, set_payload_type;
        username_field: Option<UsernameField> => username_field, set_username_field;
    }
}

twin! {
    /// Account creation fraud prevention.
    AcfpRuleSet = AwsManagedRulesAcfpRuleSet {
        creation_path: String => creation_path, set_creation_path;
        enable_regex_in_path: Option<bool> => enable_regex_in_path, set_enable_regex_in_path;
        registration_page_path: String => registration_page_path, set_registration_page_path;
        request_inspection: Option<AcfpRequestInspection>
            => request_inspection, set_request_inspection;
        response_inspection: Option<ResponseInspection>
            => response_inspection, set_response_inspection;
    }
}

twin! {
    AcfpRequestInspection = RequestInspectionAcfp {
        address_fields: Option<AddressFields> => address_fields, set_address_fields;
        email_field: Option<EmailField> => email_field, set_email_field;
        password_field: Option<PasswordField> => password_field, set_password_field;
        payload_type: Word<sdk::PayloadType> => payload_type, set_payload_type;
        phone_number_fields: Option<PhoneNumberFields>
            => phone_number_fields, set_phone_number_fields;
        username_field: Option<UsernameField> => username_field, set_username_field;
    }
}

/// `{ identifiers: [...] }` in a program, a list of single ones in the API.
macro_rules! identifiers {
    ($name:ident = $sdk:ident) => {
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            identifiers: Vec<String>,
        }

        impl Twin for $name {
            type Sdk = Vec<sdk::$sdk>;
            fn to_sdk(&self) -> Result<Self::Sdk> {
                let one = |it: &String| sdk::$sdk::builder().identifier(it).build().built();
                self.identifiers.iter().map(one).collect()
            }
            fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
                let identifiers = sdk.iter().map(|it| it.identifier.clone()).collect();
                Ok(Self { identifiers })
            }
        }
    };
}
identifiers!(AddressFields = AddressField);
identifiers!(PhoneNumberFields = PhoneNumberField);

twin! {
    EmailField = EmailField {
        identifier: String => identifier, set_identifier;
    }
}

twin! {
    PasswordField = PasswordField {
        identifier: String => identifier, set_identifier;
    }
}

twin! {
    UsernameField = UsernameField {
        identifier: String => identifier, set_identifier;
    }
}

twin! {
    /// Account takeover prevention.
    AtpRuleSet = AwsManagedRulesAtpRuleSet {
        enable_regex_in_path: Option<bool> => enable_regex_in_path, set_enable_regex_in_path;
        login_path: String => login_path, set_login_path;
        request_inspection: Option<AtpRequestInspection>
            => request_inspection, set_request_inspection;
        response_inspection: Option<ResponseInspection>
            => response_inspection, set_response_inspection;
    }
}

twin! {
    AtpRequestInspection = RequestInspection {
        password_field: Option<PasswordField> => password_field, set_password_field;
        payload_type: Word<sdk::PayloadType> => payload_type, set_payload_type;
        username_field: Option<UsernameField> => username_field, set_username_field;
    }
}

twin! {
    /// Exactly one of these: how the answer tells success from failure.
    ResponseInspection = ResponseInspection {
        body_contains: Option<ResponseBodyContains> => body_contains, set_body_contains;
        header: Option<ResponseHeader> => header, set_header;
        json: Option<ResponseJson> => json, set_json;
        status_code: Option<ResponseStatusCode> => status_code, set_status_code;
    }
}

twin! {
    ResponseBodyContains = ResponseInspectionBodyContains {
        failure_strings: Set<String> => failure_strings, set_failure_strings;
        success_strings: Set<String> => success_strings, set_success_strings;
    }
}

twin! {
    ResponseHeader = ResponseInspectionHeader {
        failure_values: Set<String> => failure_values, set_failure_values;
        name: String => name, set_name;
        success_values: Set<String> => success_values, set_success_values;
    }
}

twin! {
    ResponseJson = ResponseInspectionJson {
        failure_values: Set<String> => failure_values, set_failure_values;
        identifier: String => identifier, set_identifier;
        success_values: Set<String> => success_values, set_success_values;
    }
}

twin! {
    ResponseStatusCode = ResponseInspectionStatusCode {
        failure_codes: Set<i32> => failure_codes, set_failure_codes;
        success_codes: Set<i32> => success_codes, set_success_codes;
    }
}

twin! {
    BotControlRuleSet = AwsManagedRulesBotControlRuleSet {
        enable_machine_learning: Option<bool>
            => enable_machine_learning, set_enable_machine_learning;
        inspection_level: Word<sdk::InspectionLevel> => inspection_level, set_inspection_level;
    }
}

twin! {
    AntiDdosRuleSet = AwsManagedRulesAntiDDoSRuleSet {
        client_side_action_config: Option<ClientSideActionConfig>
            => client_side_action_config, set_client_side_action_config;
        sensitivity_to_block: Option<Word<sdk::SensitivityToAct>>
            => sensitivity_to_block, set_sensitivity_to_block;
    }
}

twin! {
    ClientSideActionConfig = ClientSideActionConfig {
        challenge: Option<ClientSideChallenge> => challenge, set_challenge;
    }
}

twin! {
    ClientSideChallenge = ClientSideAction {
        exempt_uri_regular_expressions: Option<Vec<UriRegex>>
            => exempt_uri_regular_expressions, set_exempt_uri_regular_expressions;
        sensitivity: Option<Word<sdk::SensitivityToAct>> => sensitivity, set_sensitivity;
        usage_of_action: Word<sdk::UsageOfAction> => usage_of_action, set_usage_of_action;
    }
}

twin! {
    UriRegex = Regex {
        regex_string: Option<String> => regex_string, set_regex_string;
    }
}
