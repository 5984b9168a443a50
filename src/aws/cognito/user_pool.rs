//! `aws:cognito/userPool:UserPool`. The id is Cognito's, `us-east-1_…`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_cognitoidentityprovider::{
    operation::get_user_pool_mfa_config::GetUserPoolMfaConfigOutput as Mfa, types as sdk,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, PAGE,
    user_pool_parts::{
        AccountRecovery, AddOns, AdminCreateUser, Attribute, AttributeUpdates, Devices, Email,
        EmailMfa, Lambdas, Passwords, SignIn, Sms, SoftwareTokens, Usernames, Verification,
        WebAuthn,
    },
};
use crate::{
    aws::{
        error::{absent, seen},
        twin::{Field, Moment, Twin as _, Word, covers, kept},
    },
    model::Value,
    provider::*,
};

pub(super) struct UserPool;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[schemars(extend("computed" = true))]
    account_recovery_setting: Option<AccountRecovery>,
    #[schemars(extend("computed" = true))]
    admin_create_user_config: Option<AdminCreateUser>,
    #[schemars(extend("replace" = true))]
    alias_attributes: Option<Set<Word<sdk::AliasAttributeType>>>,
    auto_verified_attributes: Option<Set<Word<sdk::VerifiedAttributeType>>>,
    /// `ACTIVE` makes AWS refuse to delete the pool.
    #[serde(default = "unprotected")]
    deletion_protection: Word<sdk::DeletionProtectionType>,
    device_configuration: Option<Devices>,
    #[schemars(extend("computed" = true))]
    email_configuration: Option<Email>,
    email_mfa_configuration: Option<EmailMfa>,
    #[schemars(extend("computed" = true))]
    email_verification_message: Option<String>,
    #[schemars(extend("computed" = true))]
    email_verification_subject: Option<String>,
    lambda_config: Option<Lambdas>,
    #[serde(default = "off")]
    mfa_configuration: Word<sdk::UserPoolMfaType>,
    #[schemars(extend("computed" = true))]
    password_policy: Option<Passwords>,
    /// Attributes of users. AWS adds some, but changes none: what is left out
    /// later stays in the pool.
    schemas: Option<Set<Attribute>>,
    #[schemars(extend("computed" = true))]
    sign_in_policy: Option<SignIn>,
    #[schemars(extend("computed" = true))]
    sms_authentication_message: Option<String>,
    /// AWS never takes it away again.
    #[schemars(extend("computed" = true))]
    sms_configuration: Option<Sms>,
    #[schemars(extend("computed" = true))]
    sms_verification_message: Option<String>,
    software_token_mfa_configuration: Option<SoftwareTokens>,
    #[serde(default)]
    tags: Tags,
    user_attribute_update_settings: Option<AttributeUpdates>,
    user_pool_add_ons: Option<AddOns>,
    #[schemars(extend("computed" = true))]
    user_pool_tier: Option<Word<sdk::UserPoolTierType>>,
    #[schemars(extend("replace" = true))]
    username_attributes: Option<Set<Word<sdk::UsernameAttributeType>>>,
    #[schemars(extend("replace" = true))]
    username_configuration: Option<Usernames>,
    #[schemars(extend("computed" = true))]
    verification_message_template: Option<Verification>,
    #[schemars(extend("computed" = true))]
    web_authn_configuration: Option<WebAuthn>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    creation_date: Option<Moment>,
    #[schemars(extend("volatile" = true))]
    custom_domain: Option<String>,
    #[schemars(extend("volatile" = true))]
    domain: Option<String>,
    endpoint: String,
    #[schemars(extend("volatile" = true))]
    estimated_number_of_users: i32,
    #[schemars(extend("volatile" = true))]
    last_modified_date: Option<Moment>,
}

fn unprotected() -> Word<sdk::DeletionProtectionType> {
    Word(sdk::DeletionProtectionType::Inactive)
}

fn off() -> Word<sdk::UserPoolMfaType> {
    Word(sdk::UserPoolMfaType::Off)
}

impl Resource for UserPool {
    const TYPE: &'static str = "aws:cognito/userPool:UserPool";
    const HELD: bool = true;
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.alias_attributes.is_some() && new.username_attributes.is_some() {
            return Err(Error::invalid("usernameAttributes", "excludes `aliasAttributes`"));
        }
        let tokens = new.software_token_mfa_configuration.as_ref().is_some_and(|it| it.enabled);
        if new.mfa_configuration.0 == sdk::UserPoolMfaType::Off {
            let factors = [
                ("emailMfaConfiguration", new.email_mfa_configuration.is_some()),
                ("softwareTokenMfaConfiguration", tokens),
            ];
            if let Some((property, _)) = factors.iter().find(|(_, set)| *set) {
                let rule = "is for pools whose `mfaConfiguration` is `ON` or `OPTIONAL`";
                return Err(Error::invalid(property, rule));
            }
        } else if !tokens
            && new.email_mfa_configuration.is_none()
            && new.sms_configuration.is_none()
        {
            let rule = "needs `emailMfaConfiguration`, `smsConfiguration` or `softwareTokenMfaConfiguration`";
            return Err(Error::invalid("mfaConfiguration", rule));
        }
        let template = new.verification_message_template.as_ref();
        let twice = [
            (
                "emailVerificationMessage",
                new.email_verification_message.is_some()
                    && template.is_some_and(|it| it.email_message.is_some()),
            ),
            (
                "emailVerificationSubject",
                new.email_verification_subject.is_some()
                    && template.is_some_and(|it| it.email_subject.is_some()),
            ),
            (
                "smsVerificationMessage",
                new.sms_verification_message.is_some()
                    && template.is_some_and(|it| it.sms_message.is_some()),
            ),
        ];
        match twice.iter().find(|(_, it)| *it) {
            Some((property, _)) => {
                Err(Error::invalid(property, "is in `verificationMessageTemplate` already"))
            }
            None => Ok(()),
        }
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "schemas" && same_schemas(wanted, live).unwrap_or_default()
    }

    /// Without its factors, which only a pool that exists can have.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let whole = Whole::wanted(new)?;
        let tags = cx.birth_tags(&new.tags).into_iter().collect();
        let call = cx.aws.cognito().create_user_pool().pool_name(&new.name);
        let reply = call
            .set_account_recovery_setting(whole.account_recovery_setting)
            .set_admin_create_user_config(whole.admin_create_user_config)
            .set_alias_attributes(new.alias_attributes.put()?)
            .set_auto_verified_attributes(whole.auto_verified_attributes)
            .deletion_protection(new.deletion_protection.0.clone())
            .set_device_configuration(whole.device_configuration)
            .set_email_configuration(whole.email_configuration)
            .set_email_verification_message(whole.email_verification_message)
            .set_email_verification_subject(whole.email_verification_subject)
            .set_lambda_config(whole.lambda_config)
            .set_policies(whole.policies)
            .set_schema(new.schemas.put()?)
            .set_sms_authentication_message(whole.sms_authentication_message)
            .set_sms_configuration(whole.sms_configuration)
            .set_sms_verification_message(whole.sms_verification_message)
            .set_user_attribute_update_settings(whole.user_attribute_update_settings)
            .set_user_pool_add_ons(whole.user_pool_add_ons)
            .set_user_pool_tags(Some(tags))
            .set_user_pool_tier(whole.user_pool_tier)
            .set_username_attributes(new.username_attributes.put()?)
            .set_username_configuration(new.username_configuration.put()?)
            .set_verification_message_template(whole.verification_message_template)
            .send()
            .await?;
        reply.user_pool.and_then(|it| it.id).ok_or(Error::missing("Id"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let factors = new.mfa_configuration.0 != sdk::UserPoolMfaType::Off;
        if factors || new.web_authn_configuration.is_some() {
            authenticate(cx, id, new).await?;
        }
        Ok(())
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let shows = || async { Ok(live(cx, id).await?.map(drop)) };
        cx.wait("the pool to show", Duration::from_secs(120), shows).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let factors = ["emailMfaConfiguration", "softwareTokenMfaConfiguration"];
        let asked = cx.asks("webAuthnConfiguration") || factors.iter().any(|it| cx.asks(it));
        let mfa = if asked { mfa(cx, id).await? } else { Mfa::builder().build() };
        Ok(Some(Outputs {
            arn: live.arn.clone().ok_or(Error::missing("Arn"))?,
            creation_date: live.creation_date.map(Moment),
            custom_domain: live.custom_domain.clone(),
            domain: live.domain.clone(),
            endpoint: format!("cognito-idp.{}.amazonaws.com/{id}", cx.place.region),
            estimated_number_of_users: live.estimated_number_of_users,
            last_modified_date: live.last_modified_date.map(Moment),
            inputs: inputs(&live, &mfa)?,
        }))
    }

    /// UpdateUserPool resets what it is not told: what the program never said,
    /// and what this type does not know, is sent as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the user pool"))?;
        let told = inputs(&live, &mfa(cx, id).await?)?;
        add_attributes(cx, id, new, &told).await?;
        let mut wanted = kept(&told, old, new)?;
        wanted.keep_one_template(new);
        if Factors::of(&told) != Factors::of(&wanted) {
            authenticate(cx, id, &wanted).await?;
        }
        let arn = live.arn.clone().ok_or(Error::missing("Arn"))?;
        if Settings::of(old)? != Settings::of(new)? {
            set(cx, live, &told, &wanted).await?;
        }
        retag(cx, &arn, &old.tags, &new.tags).await
    }

    /// With all its users.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.cognito().delete_user_pool().user_pool_id(id).send().await;
        absent(reply, MISSING).map(drop)
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        let live = live(cx, id).await?;
        let domains = live.into_iter().flat_map(|it| [it.domain, it.custom_domain]).flatten();
        Ok(domains.map(|it| format!("the domain {it}")).collect())
    }

    /// Several pools may have one name.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        for (id, name) in listed(cx).await? {
            if name == inputs.name
                && let Some(live) = live(cx, &id).await?
                && cx.made(live.user_pool_tags.unwrap_or_default())
            {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

async fn set(cx: &Cx, live: sdk::UserPoolType, told: &Inputs, wanted: &Inputs) -> Result<()> {
    let mut whole = Whole::wanted(wanted)?.explicit(told)?;
    if let (Some(lambdas), Some(live)) = (&mut whole.lambda_config, live.lambda_config) {
        lambdas.inbound_federation = live.inbound_federation;
    }
    let mut tags = live.user_pool_tags.unwrap_or_default();
    tags.retain(|key, _| !key.starts_with("aws:"));
    cx.aws
        .cognito()
        .update_user_pool()
        .set_user_pool_id(live.id)
        .pool_name(&wanted.name)
        .set_account_recovery_setting(whole.account_recovery_setting)
        .set_admin_create_user_config(whole.admin_create_user_config)
        .set_auto_verified_attributes(whole.auto_verified_attributes)
        .deletion_protection(wanted.deletion_protection.0.clone())
        .set_device_configuration(whole.device_configuration)
        .set_email_configuration(whole.email_configuration)
        .set_email_verification_message(whole.email_verification_message)
        .set_email_verification_subject(whole.email_verification_subject)
        .set_lambda_config(whole.lambda_config)
        .mfa_configuration(wanted.mfa_configuration.0.clone())
        .set_policies(whole.policies)
        .set_sms_authentication_message(whole.sms_authentication_message)
        .set_sms_configuration(whole.sms_configuration)
        .set_sms_verification_message(whole.sms_verification_message)
        .set_user_attribute_update_settings(whole.user_attribute_update_settings)
        .set_user_pool_add_ons(whole.user_pool_add_ons)
        .set_user_pool_tags(Some(tags))
        .set_user_pool_tier(whole.user_pool_tier)
        .set_verification_message_template(whole.verification_message_template)
        .set_key_configuration(live.key_configuration)
        .set_issuer_configuration(live.issuer_configuration)
        .set_acr_configuration(live.acr_configuration)
        .send()
        .await?;
    Ok(())
}

/// What UpdateUserPool sets beside tags.
#[derive(PartialEq)]
struct Settings<'a> {
    name: &'a str,
    protection: &'a Word<sdk::DeletionProtectionType>,
    mfa: &'a Word<sdk::UserPoolMfaType>,
    whole: Whole,
}

impl<'a> Settings<'a> {
    fn of(it: &'a Inputs) -> Result<Self> {
        Ok(Self {
            name: &it.name,
            protection: &it.deletion_protection,
            mfa: &it.mfa_configuration,
            whole: Whole::wanted(it)?,
        })
    }
}

/// What create and update send alike.
#[derive(PartialEq)]
struct Whole {
    account_recovery_setting: Option<sdk::AccountRecoverySettingType>,
    admin_create_user_config: Option<sdk::AdminCreateUserConfigType>,
    auto_verified_attributes: Option<Vec<sdk::VerifiedAttributeType>>,
    device_configuration: Option<sdk::DeviceConfigurationType>,
    email_configuration: Option<sdk::EmailConfigurationType>,
    email_verification_message: Option<String>,
    email_verification_subject: Option<String>,
    lambda_config: Option<sdk::LambdaConfigType>,
    policies: Option<sdk::UserPoolPolicyType>,
    sms_authentication_message: Option<String>,
    sms_configuration: Option<sdk::SmsConfigurationType>,
    sms_verification_message: Option<String>,
    user_attribute_update_settings: Option<sdk::UserAttributeUpdateSettingsType>,
    user_pool_add_ons: Option<sdk::UserPoolAddOnsType>,
    user_pool_tier: Option<sdk::UserPoolTierType>,
    verification_message_template: Option<sdk::VerificationMessageTemplateType>,
}

impl Whole {
    fn wanted(it: &Inputs) -> Result<Self> {
        let policies = sdk::UserPoolPolicyType::builder()
            .set_password_policy(it.password_policy.put()?)
            .set_sign_in_policy(it.sign_in_policy.put()?)
            .build();
        let some = policies.password_policy.is_some() || policies.sign_in_policy.is_some();
        Ok(Self {
            account_recovery_setting: it.account_recovery_setting.put()?,
            admin_create_user_config: it.admin_create_user_config.put()?,
            auto_verified_attributes: it.auto_verified_attributes.put()?,
            device_configuration: it.device_configuration.put()?,
            email_configuration: it.email_configuration.put()?,
            email_verification_message: it.email_verification_message.clone(),
            email_verification_subject: it.email_verification_subject.clone(),
            lambda_config: it.lambda_config.put()?,
            policies: some.then_some(policies),
            sms_authentication_message: it.sms_authentication_message.clone(),
            sms_configuration: it.sms_configuration.put()?,
            sms_verification_message: it.sms_verification_message.clone(),
            user_attribute_update_settings: it.user_attribute_update_settings.put()?,
            user_pool_add_ons: it.user_pool_add_ons.put()?,
            user_pool_tier: it.user_pool_tier.put()?,
            verification_message_template: it.verification_message_template.put()?,
        })
    }

    /// Says that there is none of what was there, where leaving it out may mean
    /// that it stays.
    fn explicit(mut self, live: &Inputs) -> Result<Self> {
        self.auto_verified_attributes.get_or_insert_default();
        if live.lambda_config.is_some() {
            self.lambda_config.get_or_insert_with(|| sdk::LambdaConfigType::builder().build());
        }
        if live.user_attribute_update_settings.is_some()
            && self.user_attribute_update_settings.is_none()
        {
            let none =
                AttributeUpdates { attributes_require_verification_before_updates: Set::default() };
            self.user_attribute_update_settings = Some(none.to_sdk()?);
        }
        if live.user_pool_add_ons.is_some() && self.user_pool_add_ons.is_none() {
            let off = AddOns {
                advanced_security_additional_flows: None,
                advanced_security_mode: Word(sdk::AdvancedSecurityModeType::Off),
            };
            self.user_pool_add_ons = Some(off.to_sdk()?);
        }
        Ok(self)
    }
}

impl Inputs {
    /// Cognito has each message once, and tells it twice: the program's word
    /// goes before what is live.
    fn keep_one_template(&mut self, new: &Self) {
        if new.verification_message_template.is_none()
            && let Some(template) = &mut self.verification_message_template
        {
            template.email_message = self.email_verification_message.clone();
            template.email_subject = self.email_verification_subject.clone();
            template.sms_message = self.sms_verification_message.clone();
        }
        if let Some(template) = &new.verification_message_template {
            if template.email_message.is_some() {
                self.email_verification_message = None;
            }
            if template.email_subject.is_some() {
                self.email_verification_subject = None;
            }
            if template.sms_message.is_some() {
                self.sms_verification_message = None;
            }
        }
    }
}

/// What SetUserPoolMfaConfig sets.
#[derive(PartialEq)]
struct Factors<'a> {
    mfa: &'a Word<sdk::UserPoolMfaType>,
    email: Option<&'a EmailMfa>,
    sms: (Option<&'a Sms>, Option<&'a str>),
    tokens: bool,
    web_authn: Option<&'a WebAuthn>,
}

impl<'a> Factors<'a> {
    fn of(it: &'a Inputs) -> Self {
        Self {
            mfa: &it.mfa_configuration,
            email: it.email_mfa_configuration.as_ref(),
            sms: (it.sms_configuration.as_ref(), it.sms_authentication_message.as_deref()),
            tokens: it.software_token_mfa_configuration.as_ref().is_some_and(|it| it.enabled),
            web_authn: it.web_authn_configuration.as_ref(),
        }
    }
}

/// Cognito refuses to be told of factors together with `OFF`.
async fn authenticate(cx: &Cx, id: &str, it: &Inputs) -> Result<()> {
    let on = it.mfa_configuration.0 != sdk::UserPoolMfaType::Off;
    let call = cx.aws.cognito().set_user_pool_mfa_config().user_pool_id(id);
    let mut call = call
        .mfa_configuration(it.mfa_configuration.0.clone())
        .set_web_authn_configuration(it.web_authn_configuration.put()?);
    if on {
        let tokens = it.software_token_mfa_configuration.as_ref().is_some_and(|it| it.enabled);
        let tokens = sdk::SoftwareTokenMfaConfigType::builder().enabled(tokens).build();
        call = call
            .software_token_mfa_configuration(tokens)
            .set_email_mfa_configuration(it.email_mfa_configuration.put()?);
        if let Some(sms) = it.sms_configuration.put()? {
            let sms = sdk::SmsMfaConfigType::builder().sms_configuration(sms);
            let message = it.sms_authentication_message.clone();
            call = call.sms_mfa_configuration(sms.set_sms_authentication_message(message).build());
        }
    }
    call.send().await?;
    Ok(())
}

/// Adds the attributes that are new. Others cannot be changed, and a new pool in
/// place of this one would have no users.
async fn add_attributes(cx: &Cx, id: &str, new: &Inputs, live: &Inputs) -> Result<()> {
    let all = |it: &Inputs| it.schemas.clone().unwrap_or_default().0;
    let there = all(live);
    let mut added = Vec::new();
    for it in all(new).iter().filter(|it| !it.is_standard()) {
        match there.iter().find(|live| live.name == it.name) {
            None => added.push(it.to_sdk()?),
            Some(live) if covers(live, it)? => {}
            Some(_) => {
                let why = format!("Cognito cannot change the attribute `{}` of a pool", it.name);
                return Err(Error::invalid("schemas", why));
            }
        }
    }
    if !added.is_empty() {
        let call = cx.aws.cognito().add_custom_attributes().user_pool_id(id);
        call.set_custom_attributes(Some(added)).send().await?;
    }
    Ok(())
}

/// Whether a pool has all attributes that are wanted: others never leave it.
fn same_schemas(wanted: &Value, live: &Value) -> Option<bool> {
    let parse = |it: &Value| serde_json::from_value::<Vec<Attribute>>(it.reveal()).ok();
    let (wanted, live) = (parse(wanted)?, parse(live).unwrap_or_default());
    let has = |wanted: &Attribute| live.iter().any(|it| covers(it, wanted) == Ok(true));
    Some(wanted.iter().all(|it| it.is_standard() || has(it)))
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let call = cx.aws.cognito().tag_resource().resource_arn(arn);
        call.set_tags(Some(set.into_iter().collect())).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.cognito().untag_resource().resource_arn(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

async fn live(cx: &Cx, id: &str) -> Result<Option<sdk::UserPoolType>> {
    let reply = cx.aws.cognito().describe_user_pool().user_pool_id(id).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| it.user_pool))
}

async fn mfa(cx: &Cx, id: &str) -> Result<Mfa> {
    let reply = cx.aws.cognito().get_user_pool_mfa_config().user_pool_id(id).send().await;
    seen(reply, MISSING, "the user pool")
}

/// Ids and names of all pools.
pub(super) async fn listed(cx: &Cx) -> Result<HashMap<String, String>> {
    let mut all = HashMap::new();
    let mut next = None;
    loop {
        let call = cx.aws.cognito().list_user_pools().max_results(PAGE);
        let page = call.set_next_token(next).send().await?;
        let pools = page.user_pools.unwrap_or_default().into_iter();
        all.extend(pools.filter_map(|it| Some((it.id?, it.name?))));
        next = page.next_token;
        if next.is_none() {
            return Ok(all);
        }
    }
}

fn inputs(live: &sdk::UserPoolType, mfa: &Mfa) -> Result<Inputs> {
    let policies = live.policies.as_ref();
    let mut schemas = Vec::new();
    for it in live.schema_attributes.iter().flatten() {
        let it = Attribute::from_live(it)?;
        if !it.is_standard() {
            schemas.push(it);
        }
    }
    let mode = live.mfa_configuration.clone().map_or_else(off, Word);
    let protection = live.deletion_protection.clone();
    Ok(Inputs {
        name: live.name.clone().ok_or(Error::missing("Name"))?,
        account_recovery_setting: Field::take(live.account_recovery_setting.as_ref())?,
        admin_create_user_config: Field::take(live.admin_create_user_config.as_ref())?,
        alias_attributes: Field::take(live.alias_attributes.as_ref())?,
        auto_verified_attributes: Field::take(live.auto_verified_attributes.as_ref())?,
        deletion_protection: protection.map_or_else(unprotected, Word),
        device_configuration: Field::take(live.device_configuration.as_ref())?,
        email_configuration: Field::take(live.email_configuration.as_ref())?,
        email_mfa_configuration: Field::take(mfa.email_mfa_configuration.as_ref())?,
        email_verification_message: live.email_verification_message.clone(),
        email_verification_subject: live.email_verification_subject.clone(),
        lambda_config: Field::take(live.lambda_config.as_ref())?,
        mfa_configuration: mode,
        password_policy: Field::take(policies.and_then(|it| it.password_policy.as_ref()))?,
        schemas: (!schemas.is_empty()).then_some(Set(schemas)),
        sign_in_policy: Field::take(policies.and_then(|it| it.sign_in_policy.as_ref()))?,
        sms_authentication_message: live.sms_authentication_message.clone(),
        sms_configuration: Field::take(live.sms_configuration.as_ref())?,
        sms_verification_message: live.sms_verification_message.clone(),
        software_token_mfa_configuration: Field::take(
            mfa.software_token_mfa_configuration.as_ref(),
        )?,
        tags: Tags::live(live.user_pool_tags.clone().unwrap_or_default()),
        user_attribute_update_settings: match &live.user_attribute_update_settings {
            Some(it) if it.attributes_require_verification_before_update.is_some() => {
                Field::take(Some(it))?
            }
            _ => None,
        },
        user_pool_add_ons: Field::take(live.user_pool_add_ons.as_ref())?,
        user_pool_tier: Field::take(live.user_pool_tier.as_ref())?,
        username_attributes: Field::take(live.username_attributes.as_ref())?,
        username_configuration: Field::take(live.username_configuration.as_ref())?,
        verification_message_template: Field::take(live.verification_message_template.as_ref())?,
        web_authn_configuration: Field::take(mfa.web_authn_configuration.as_ref())?,
    })
}
