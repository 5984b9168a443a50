//! Schemas of the types that are the language's own and no provider's:
//! provider instances, references to other stacks, and stashes.

use std::collections::BTreeMap;

use super::Catalog;
use crate::model::schema::{Format, Object, Property, Schema, Type};

pub const PROVIDER_PREFIX: &str = "pulumi:providers:";
pub const STACK_REFERENCE: &str = "pulumi:pulumi:StackReference";
pub const STASH: &str = "pulumi:index:Stash";

/// The canonical token of one of these types, for any spelling of it.
pub fn canonical(token: &str) -> Option<String> {
    let lower = token.to_ascii_lowercase();
    match lower.as_str() {
        "pulumi:pulumi:stackreference" => Some(STACK_REFERENCE.to_owned()),
        "pulumi:stash" | "pulumi:index:stash" => Some(STASH.to_owned()),
        _ => lower.strip_prefix(PROVIDER_PREFIX).map(|it| format!("{PROVIDER_PREFIX}{it}")),
    }
}

/// The schema for one of these canonical tokens; of a provider, if the catalog
/// has anything of its package.
pub fn schema(token: &str, catalog: &dyn Catalog) -> Option<Schema> {
    match token {
        STACK_REFERENCE => Some(stack_reference()),
        STASH => Some(stash()),
        _ => {
            let package = token.strip_prefix(PROVIDER_PREFIX)?;
            packages(catalog).iter().any(|it| it == package).then(|| provider(package))
        }
    }
}

/// Every package of which there is a type or function.
pub fn packages(catalog: &dyn Catalog) -> Vec<String> {
    let tokens = catalog.resources().into_iter().chain(catalog.functions());
    let mut all: Vec<String> = tokens.map(|it| package(&it).to_owned()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The package of a type or function; of a provider, the one that it provides.
pub fn package(token: &str) -> &str {
    let own = token.strip_prefix(PROVIDER_PREFIX).unwrap_or(token);
    own.split(':').next().unwrap_or(own)
}

pub fn provider(package: &str) -> Schema {
    let token = format!("{PROVIDER_PREFIX}{package}");
    if package != "aws" {
        return of(&token, Vec::new(), Vec::new());
    }
    let refused = AWS_REFUSED.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned()));
    Schema {
        types: BTreeMap::from([
            ("ProviderAssumeRole".to_owned(), object(assume_role())),
            ("ProviderDefaultTags".to_owned(), object(vec![("tags", texts_by_name())])),
        ]),
        refused: refused.collect(),
        ..of(&token, aws(), aws())
    }
}

fn aws() -> Vec<(&'static str, Property)> {
    let assume_role = || Type::Object("ProviderAssumeRole".to_owned());
    let secret = || Property { secret: true, ..optional(text()) };
    vec![
        ("accessKey", secret()),
        ("allowedAccountIds", optional(list(text()))),
        ("assumeRole", optional(assume_role())),
        ("assumeRoles", optional(list(assume_role()))),
        ("defaultTags", optional(Type::Object("ProviderDefaultTags".to_owned()))),
        ("endpoints", optional(list(Type::Map(Box::new(text()))))),
        ("forbiddenAccountIds", optional(list(text()))),
        ("maxRetries", optional(Type::Integer)),
        ("profile", optional(text())),
        ("region", optional(text())),
        ("secretKey", secret()),
        ("token", secret()),
        // Without a meaning here, and in programs that run against emulators:
        // nothing is validated ahead of the first call, no metadata service is
        // asked on the way, and an endpoint of one's own gets S3's path style.
        ("s3UsEast1RegionalEndpoint", optional(text())),
        ("s3UsePathStyle", optional(Type::Bool)),
        ("skipCredentialsValidation", optional(Type::Bool)),
        ("skipMetadataApiCheck", optional(Type::Bool)),
        ("skipRegionValidation", optional(Type::Bool)),
        ("skipRequestingAccountId", optional(Type::Bool)),
    ]
}

fn assume_role() -> Vec<(&'static str, Property)> {
    let policy = Type::String { allowed: Vec::new(), format: Some(Format::Policy) };
    vec![
        ("duration", optional(text())),
        ("externalId", optional(text())),
        ("policy", optional(policy)),
        ("policyArns", optional(list(text()))),
        ("roleArn", Property { required: true, ..optional(text()) }),
        ("sessionName", optional(text())),
        ("sourceIdentity", optional(text())),
        ("tags", texts_by_name()),
        ("transitiveTagKeys", optional(list(text()))),
    ]
}

const AWS_REFUSED: &[(&str, &str)] = &[
    ("assumeRoleWithWebIdentity", "set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN instead"),
    ("customCaBundle", "the system's certificates are used"),
    ("ec2MetadataServiceEndpoint", "set AWS_EC2_METADATA_SERVICE_ENDPOINT instead"),
    ("ec2MetadataServiceEndpointMode", "set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE instead"),
    ("httpProxy", "set HTTP_PROXY instead"),
    ("httpsProxy", "set HTTPS_PROXY instead"),
    ("ignoreTags", "use the option `ignoreChanges: [tags.Name]` of the resources"),
    ("insecure", "certificates are always verified"),
    ("noProxy", "set NO_PROXY instead"),
    ("retryMode", "the engine paces its requests itself"),
    ("sharedConfigFiles", "set AWS_CONFIG_FILE instead"),
    ("sharedCredentialsFiles", "set AWS_SHARED_CREDENTIALS_FILE instead"),
    ("stsRegion", "STS is called in the provider's region"),
    ("tagPolicyCompliance", "tag policies are left to AWS"),
    ("tokenBucketRateLimiterCapacity", "the engine paces its requests itself"),
    ("useDualstackEndpoint", "set AWS_USE_DUALSTACK_ENDPOINT instead"),
    ("useFipsEndpoint", "set AWS_USE_FIPS_ENDPOINT instead"),
    ("userAgents", "requests carry the engine's own user agent"),
];

fn stack_reference() -> Schema {
    let outputs = vec![
        ("name", optional(text())),
        ("outputs", optional(Type::Map(Box::new(Type::Any)))),
        ("secretOutputNames", optional(list(text()))),
    ];
    of(STACK_REFERENCE, vec![("name", optional(text()))], outputs)
}

pub fn stash() -> Schema {
    let input = || Property { required: true, ..optional(Type::Any) };
    of(STASH, vec![("input", input())], vec![("input", input()), ("output", optional(Type::Any))])
}

type Properties = Vec<(&'static str, Property)>;

fn of(token: &str, inputs: Properties, outputs: Properties) -> Schema {
    Schema {
        token: token.to_owned(),
        inputs: object(inputs),
        outputs: object(outputs),
        types: BTreeMap::new(),
        refused: BTreeMap::new(),
    }
}

fn object(properties: Properties) -> Object {
    let properties = properties.into_iter().map(|(name, it)| (name.to_owned(), it));
    Object { properties: properties.collect() }
}

fn text() -> Type {
    Type::String { allowed: Vec::new(), format: None }
}

fn list(item: Type) -> Type {
    Type::List(Box::new(item))
}

fn texts_by_name() -> Property {
    optional(Type::Map(Box::new(text())))
}

fn optional(ty: Type) -> Property {
    Property::of(ty)
}
