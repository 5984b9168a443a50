//! The parts of a user pool, as twins of the SDK's types (`aws/twin.rs`).

use aws_sdk_cognitoidentityprovider::types as sdk;

use crate::{
    aws::twin::{Twin as _, Word, twin},
    provider::*,
};

twin! {
    AccountRecovery = sdk::AccountRecoverySettingType {
        recovery_mechanisms: Option<Set<RecoveryMechanism>>
            => recovery_mechanisms, set_recovery_mechanisms;
    }
}

twin! {
    RecoveryMechanism = sdk::RecoveryOptionType {
        name: Word<sdk::RecoveryOptionNameType> => name, set_name;
        priority: i32 => priority, set_priority;
    }
}

twin! {
    AdminCreateUser = sdk::AdminCreateUserConfigType {
        #[serde(default)]
        allow_admin_create_user_only: bool
            => allow_admin_create_user_only, set_allow_admin_create_user_only;
        invite_message_template: Option<Invitation>
            => invite_message_template, set_invite_message_template;
    }
}

twin! {
    Invitation = sdk::MessageTemplateType {
        email_message: Option<String> => email_message, set_email_message;
        email_subject: Option<String> => email_subject, set_email_subject;
        sms_message: Option<String> => sms_message, set_sms_message;
    }
}

twin! {
    Devices = sdk::DeviceConfigurationType {
        #[serde(default)]
        challenge_required_on_new_device: bool
            => challenge_required_on_new_device, set_challenge_required_on_new_device;
        #[serde(default)]
        device_only_remembered_on_user_prompt: bool
            => device_only_remembered_on_user_prompt, set_device_only_remembered_on_user_prompt;
    }
}

twin! {
    Email = sdk::EmailConfigurationType {
        configuration_set: Option<String> => configuration_set, set_configuration_set;
        email_sending_account: Option<Word<sdk::EmailSendingAccountType>>
            => email_sending_account, set_email_sending_account;
        from_email_address: Option<String> => from, set_from;
        reply_to_email_address: Option<String>
            => reply_to_email_address, set_reply_to_email_address;
        source_arn: Option<String> => source_arn, set_source_arn;
    }
}

twin! {
    EmailMfa = sdk::EmailMfaConfigType {
        message: Option<String> => message, set_message;
        subject: Option<String> => subject, set_subject;
    }
}

twin! {
    /// The functions that Cognito calls, by their ARNs.
    Lambdas = sdk::LambdaConfigType {
        create_auth_challenge: Option<String> => create_auth_challenge, set_create_auth_challenge;
        custom_email_sender: Option<EmailSender> => custom_email_sender, set_custom_email_sender;
        custom_message: Option<String> => custom_message, set_custom_message;
        custom_sms_sender: Option<SmsSender> => custom_sms_sender, set_custom_sms_sender;
        define_auth_challenge: Option<String> => define_auth_challenge, set_define_auth_challenge;
        kms_key_id: Option<IdOrArn> => kms_key_id, set_kms_key_id;
        post_authentication: Option<String> => post_authentication, set_post_authentication;
        post_confirmation: Option<String> => post_confirmation, set_post_confirmation;
        pre_authentication: Option<String> => pre_authentication, set_pre_authentication;
        pre_sign_up: Option<String> => pre_sign_up, set_pre_sign_up;
        pre_token_generation: Option<String> => pre_token_generation, set_pre_token_generation;
        pre_token_generation_config: Option<TokenGeneration>
            => pre_token_generation_config, set_pre_token_generation_config;
        user_migration: Option<String> => user_migration, set_user_migration;
        verify_auth_challenge_response: Option<String>
            => verify_auth_challenge_response, set_verify_auth_challenge_response;
    }
}

twin! {
    EmailSender = sdk::CustomEmailLambdaVersionConfigType {
        lambda_arn: String => lambda_arn, set_lambda_arn;
        lambda_version: Word<sdk::CustomEmailSenderLambdaVersionType>
            => lambda_version, set_lambda_version;
    }
}

twin! {
    SmsSender = sdk::CustomSmsLambdaVersionConfigType {
        lambda_arn: String => lambda_arn, set_lambda_arn;
        lambda_version: Word<sdk::CustomSmsSenderLambdaVersionType>
            => lambda_version, set_lambda_version;
    }
}

twin! {
    TokenGeneration = sdk::PreTokenGenerationVersionConfigType {
        lambda_arn: String => lambda_arn, set_lambda_arn;
        lambda_version: Word<sdk::PreTokenGenerationLambdaVersionType>
            => lambda_version, set_lambda_version;
    }
}

twin! {
    Passwords = sdk::PasswordPolicyType {
        minimum_length: Option<i32> => minimum_length, set_minimum_length;
        password_history_size: Option<i32> => password_history_size, set_password_history_size;
        #[serde(default)]
        require_lowercase: bool => require_lowercase, set_require_lowercase;
        #[serde(default)]
        require_numbers: bool => require_numbers, set_require_numbers;
        #[serde(default)]
        require_symbols: bool => require_symbols, set_require_symbols;
        #[serde(default)]
        require_uppercase: bool => require_uppercase, set_require_uppercase;
        #[serde(default = "int::<7>")]
        temporary_password_validity_days: i32
            => temporary_password_validity_days, set_temporary_password_validity_days;
    }
}

twin! {
    SignIn = sdk::SignInPolicyType {
        allowed_first_auth_factors: Option<Set<Word<sdk::AuthFactorType>>>
            => allowed_first_auth_factors, set_allowed_first_auth_factors;
    }
}

twin! {
    Attribute = sdk::SchemaAttributeType {
        attribute_data_type: Option<Word<sdk::AttributeDataType>>
            => attribute_data_type, set_attribute_data_type;
        developer_only_attribute: Option<bool>
            => developer_only_attribute, set_developer_only_attribute;
        mutable: Option<bool> => mutable, set_mutable;
        name: String => name, set_name;
        number_attribute_constraints: Option<Numbers>
            => number_attribute_constraints, set_number_attribute_constraints;
        required: Option<bool> => required, set_required;
        string_attribute_constraints: Option<Lengths>
            => string_attribute_constraints, set_string_attribute_constraints;
    }
}

twin! {
    Numbers = sdk::NumberAttributeConstraintsType {
        max_value: Option<String> => max_value, set_max_value;
        min_value: Option<String> => min_value, set_min_value;
    }
}

twin! {
    Lengths = sdk::StringAttributeConstraintsType {
        max_length: Option<String> => max_length, set_max_length;
        min_length: Option<String> => min_length, set_min_length;
    }
}

twin! {
    Sms = sdk::SmsConfigurationType {
        external_id: Option<String> => external_id, set_external_id;
        sns_caller_arn: String => sns_caller_arn, set_sns_caller_arn;
        #[schemars(extend("computed" = true))]
        sns_region: Option<String> => sns_region, set_sns_region;
    }
}

twin! {
    SoftwareTokens = sdk::SoftwareTokenMfaConfigType {
        enabled: bool => enabled, set_enabled;
    }
}

twin! {
    AttributeUpdates = sdk::UserAttributeUpdateSettingsType {
        attributes_require_verification_before_updates: Set<Word<sdk::VerifiedAttributeType>>
            => attributes_require_verification_before_update,
            set_attributes_require_verification_before_update;
    }
}

twin! {
    AddOns = sdk::UserPoolAddOnsType {
        advanced_security_additional_flows: Option<MoreFlows>
            => advanced_security_additional_flows, set_advanced_security_additional_flows;
        advanced_security_mode: Word<sdk::AdvancedSecurityModeType>
            => advanced_security_mode, set_advanced_security_mode;
    }
}

twin! {
    MoreFlows = sdk::AdvancedSecurityAdditionalFlowsType {
        custom_auth_mode: Option<Word<sdk::AdvancedSecurityEnabledModeType>>
            => custom_auth_mode, set_custom_auth_mode;
    }
}

twin! {
    Usernames = sdk::UsernameConfigurationType {
        #[serde(default)]
        case_sensitive: bool => case_sensitive, set_case_sensitive;
    }
}

twin! {
    Verification = sdk::VerificationMessageTemplateType {
        default_email_option: Option<Word<sdk::DefaultEmailOptionType>>
            => default_email_option, set_default_email_option;
        email_message: Option<String> => email_message, set_email_message;
        email_message_by_link: Option<String> => email_message_by_link, set_email_message_by_link;
        email_subject: Option<String> => email_subject, set_email_subject;
        email_subject_by_link: Option<String> => email_subject_by_link, set_email_subject_by_link;
        sms_message: Option<String> => sms_message, set_sms_message;
    }
}

twin! {
    WebAuthn = sdk::WebAuthnConfigurationType {
        relying_party_id: Option<String> => relying_party_id, set_relying_party_id;
        user_verification: Option<Word<sdk::UserVerificationType>>
            => user_verification, set_user_verification;
    }
}

/// Attributes that every user has, whatever the program says, as they are in a
/// pool that says nothing.
const STANDARD: [&str; 21] = [
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "identities",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "website",
    "zoneinfo",
];

impl Attribute {
    /// Cognito puts `custom:` before the names of a program's own attributes.
    pub(super) fn from_live(live: &sdk::SchemaAttributeType) -> Result<Self> {
        let mut it = Self::from_sdk(live)?;
        let own = it.name.strip_prefix("dev:").unwrap_or(&it.name).strip_prefix("custom:");
        if let Some(own) = own.map(str::to_owned) {
            it.name = own;
        }
        Ok(it)
    }

    /// Whether it says nothing beyond what a pool has anyway.
    pub(super) fn is_standard(&self) -> bool {
        let (least, most) = match self.name.as_str() {
            "birthdate" => ("10", "10"),
            "sub" => ("1", "2048"),
            _ => ("0", "2048"),
        };
        let given = self.name == "sub";
        let is = |it: Option<&String>, usual: &str| it.is_none_or(|it| it == usual);
        let lengths = self.string_attribute_constraints.as_ref();
        let numbers = self.number_attribute_constraints.as_ref();
        STANDARD.contains(&self.name.as_str())
            && self.required.unwrap_or(given) == given
            && self.mutable.unwrap_or(!given) != given
            && lengths.is_none_or(|it| {
                is(it.min_length.as_ref(), least) && is(it.max_length.as_ref(), most)
            })
            && numbers.is_none_or(|it| is(it.min_value.as_ref(), "0") && it.max_value.is_none())
    }
}
