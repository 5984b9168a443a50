//! Which account and region a provider talks to.

use std::collections::BTreeMap;

use crate::model::Value;

/// What decides which account and region a client talks to: the `aws:` stack
/// configuration, or the inputs of a `pulumi:providers:aws` resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settings {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<String>,
    pub token: Option<String>,
    /// Assumed one after the other.
    pub assume_roles: Vec<AssumeRole>,
    /// By service name, `sqs`; `""` is for all.
    pub endpoints: BTreeMap<String, String>,
    pub max_retries: Option<u32>,
    pub allowed_accounts: Vec<String>,
    pub forbidden_accounts: Vec<String>,
    /// Merged into the tags of every resource.
    pub default_tags: BTreeMap<String, String>,
    /// The emulator's dummy credentials: never the user's own.
    pub emulator: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssumeRole {
    pub role_arn: String,
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    pub duration_seconds: Option<i32>,
    pub policy: Option<String>,
}

impl Settings {
    /// From the inputs of a provider resource, which a static check has
    /// already accepted.
    pub fn from_inputs(inputs: &Value) -> Self {
        let text = |name: &str| inputs.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| -> Vec<String> {
            let items = inputs.get(name).and_then(Value::as_list).unwrap_or_default();
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let roles = inputs.get("assumeRoles").and_then(Value::as_list).unwrap_or_default();
        let role = inputs.get("assumeRole").into_iter().chain(roles);
        Self {
            region: text("region"),
            profile: text("profile"),
            access_key: text("accessKey"),
            secret_key: text("secretKey"),
            token: text("token"),
            assume_roles: role.filter_map(AssumeRole::from_input).collect(),
            endpoints: endpoints(inputs),
            max_retries: inputs
                .get("maxRetries")
                .and_then(Value::as_i64)
                .and_then(|it| u32::try_from(it).ok()),
            allowed_accounts: list("allowedAccountIds"),
            forbidden_accounts: list("forbiddenAccountIds"),
            default_tags: default_tags(inputs),
            emulator: false,
        }
    }

    /// The same account in another region.
    #[must_use]
    pub fn in_region(&self, region: Option<&str>) -> Self {
        match region {
            Some(region) => Self { region: Some(region.to_owned()), ..self.clone() },
            None => self.clone(),
        }
    }
}

impl AssumeRole {
    fn from_input(input: &Value) -> Option<Self> {
        let text = |name: &str| input.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            role_arn: text("roleArn")?,
            session_name: text("sessionName"),
            external_id: text("externalId"),
            duration_seconds: text("duration").and_then(|it| seconds(&it)),
            policy: text("policy"),
        })
    }
}

/// A Go duration in whole seconds, `1h30m`.
fn seconds(text: &str) -> Option<i32> {
    let (mut total, mut number) = (0, String::new());
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            number.push(letter);
            continue;
        }
        let unit = match letter {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total += number.parse::<i32>().ok()?.checked_mul(unit)?;
        number.clear();
    }
    number.is_empty().then_some(total)
}

/// `endpoints: [{ sqs: http://… }]`, as Pulumi has it, or a plain map.
fn endpoints(inputs: &Value) -> BTreeMap<String, String> {
    let Some(given) = inputs.get("endpoints") else { return BTreeMap::new() };
    let maps = match given.as_list() {
        Some(list) => list.iter().filter_map(Value::as_map).collect(),
        None => given.as_map().into_iter().collect::<Vec<_>>(),
    };
    let entries = maps.into_iter().flatten();
    entries.filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned()))).collect()
}

fn default_tags(inputs: &Value) -> BTreeMap<String, String> {
    let tags = inputs.get("defaultTags").and_then(|it| it.get("tags")).and_then(Value::as_map);
    let tags = tags.into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
