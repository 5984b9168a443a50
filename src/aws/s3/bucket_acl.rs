//! `aws:s3/bucketAcl:BucketAcl`: who else may use a bucket. Only where its
//! owner does not own all objects in it (`BucketOwnershipControls`).

use aws_sdk_s3::{
    operation::put_bucket_acl::builders::PutBucketAclFluentBuilder,
    types::{
        AccessControlPolicy, Grant as SdkGrant, Grantee as SdkGrantee, Owner as SdkOwner,
        Permission, Type,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{
    aws::{
        error::absent,
        twin::{Twin, Word, twin},
    },
    model::Value,
    provider::*,
};

pub(super) struct BucketAcl;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    access_control_policy: Option<AclPolicy>,
    /// A short name for usual grants.
    acl: Option<String>,
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AclPolicy {
    #[serde(default)]
    pub(super) grants: Set<Grant>,
    pub(super) owner: Owner,
}

twin! {
    Owner = SdkOwner {
        /// S3 no longer tells it.
        #[schemars(extend("writeOnly" = true))]
        display_name: Option<String> => display_name, set_display_name;
        id: String => id, set_id;
    }
}

twin! {
    Grant = SdkGrant {
        grantee: Option<Grantee> => grantee, set_grantee;
        permission: Word<Permission> => permission, set_permission;
    }
}

twin! {
    Grantee = SdkGrantee {
        /// S3 no longer tells it.
        #[schemars(extend("writeOnly" = true))]
        display_name: Option<String> => display_name, set_display_name;
        email_address: Option<String> => email_address, set_email_address;
        id: Option<String> => id, set_id;
        r#type: Word<Type> => r#type, set_type;
        uri: Option<String> => uri, set_uri;
    }
}

impl Part for BucketAcl {
    const TYPE: &'static str = "aws:s3/bucketAcl:BucketAcl";
    const ALIASES: &'static [&'static str] = &["aws:s3/bucketAclV2:BucketAclV2"];
    /// Addresses of e-mail come back as ids.
    const AS_PUT: bool = false;
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    fn check(new: &Inputs) -> Result<()> {
        if new.acl.is_some() == new.access_control_policy.is_some() {
            return Err(Error::invalid("acl", "or `accessControlPolicy` is said, one of them"));
        }
        new.acl.as_deref().map_or(Ok(()), check)
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "acl" && same(wanted, live)
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let live = live(cx, at).await?;
        Ok(Some(Inputs {
            acl: canned(&live.grants.0, &live.owner.id).map(str::to_owned),
            access_control_policy: Some(live),
            bucket: at.bucket.clone(),
            expected_bucket_owner: at.owner.clone(),
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let call = call(cx, at);
        let call = match (&new.acl, &new.access_control_policy) {
            (None, Some(policy)) => call.access_control_policy(
                AccessControlPolicy::builder()
                    .set_grants(Some(policy.grants.to_sdk()?))
                    .owner(policy.owner.to_sdk()?)
                    .build(),
            ),
            (acl, _) => call.set_acl(acl.as_deref().map(Into::into)),
        };
        call.send().await?;
        Ok(())
    }

    /// Every bucket has an ACL: back to the owner's alone, which it is
    /// already where ACLs are switched off.
    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        let live = live(cx, at).await?;
        if canned(&live.grants.0, &live.owner.id) == Some(PRIVATE) {
            return Ok(());
        }
        let reply = call(cx, at).acl(PRIVATE.into()).send().await;
        absent(reply, &["AccessControlListNotSupported"]).map(drop)
    }
}

pub(super) fn call(cx: &Cx, at: &At) -> PutBucketAclFluentBuilder {
    let call = cx.aws.s3().put_bucket_acl().bucket(&at.bucket);
    call.set_expected_bucket_owner(at.owner.clone())
}

pub(super) async fn live(cx: &Cx, at: &At) -> Result<AclPolicy> {
    let call = cx.aws.s3().get_bucket_acl().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await?;
    let owner = reply.owner.ok_or(Error::missing("Owner"))?;
    let grants = Set(Vec::from_sdk(&reply.grants.unwrap_or_default())?);
    Ok(AclPolicy { grants, owner: Owner::from_sdk(&owner)? })
}

pub(super) const PRIVATE: &str = "private";

/// Amazon EC2, which reads bundles of images.
const EC2: &str = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

/// Short names, and what each grants beside the owner's full control: groups
/// by the end of their URIs, and permissions.
const CANNED: &[(&str, &[(&str, &str)])] = &[
    (PRIVATE, &[]),
    ("public-read", &[("AllUsers", "READ")]),
    ("public-read-write", &[("AllUsers", "READ"), ("AllUsers", "WRITE")]),
    ("authenticated-read", &[("AuthenticatedUsers", "READ")]),
    ("log-delivery-write", &[("LogDelivery", "READ_ACP"), ("LogDelivery", "WRITE")]),
    ("aws-exec-read", &[(EC2, "READ")]),
];

/// For objects; a bucket that is given one of these is private.
const FOR_OBJECTS: &[&str] = &["bucket-owner-full-control", "bucket-owner-read"];

pub(super) fn check(acl: &str) -> Result<()> {
    let known = CANNED.iter().map(|(name, _)| name).chain(FOR_OBJECTS);
    if !known.clone().any(|it| *it == acl) {
        let known: Vec<_> = known.copied().collect();
        return Err(Error::invalid("acl", format!("is one of {}", known.join(", "))));
    }
    Ok(())
}

pub(super) fn same(wanted: &Value, live: &Value) -> bool {
    let wanted = wanted.as_str().unwrap_or_default();
    FOR_OBJECTS.contains(&wanted) && live.as_str() == Some(PRIVATE)
}

/// The short name of an owner's grants, if they have one.
pub(super) fn canned(grants: &[Grant], owner: &str) -> Option<&'static str> {
    let mut others = Vec::new();
    let mut owned = false;
    for grant in grants {
        let Grantee { id, uri, .. } = grant.grantee.as_ref()?;
        let group = uri.as_deref().and_then(|it| it.rsplit('/').next());
        let who = id.as_deref().or(group)?;
        match (who, grant.permission.0.as_str()) {
            (id, "FULL_CONTROL") if id == owner => owned = true,
            other => others.push(other),
        }
    }
    others.sort_unstable();
    CANNED.iter().find(|(_, grants)| owned && *grants == others).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(id: Option<&str>, group: Option<&str>, permission: &str) -> Grant {
        let kind = if id.is_some() { Type::CanonicalUser } else { Type::Group };
        Grant {
            grantee: Some(Grantee {
                display_name: None,
                email_address: None,
                id: id.map(str::to_owned),
                r#type: Word(kind),
                uri: group.map(|it| format!("http://acs.amazonaws.com/groups/global/{it}")),
            }),
            permission: Word(permission.into()),
        }
    }

    #[test]
    fn grants_have_their_short_names() {
        let own = grant(Some("me"), None, "FULL_CONTROL");
        let write = grant(None, Some("LogDelivery"), "WRITE");
        let read = grant(None, Some("LogDelivery"), "READ_ACP");
        let name = |grants: &[Grant]| canned(grants, "me");
        assert_eq!(name(std::slice::from_ref(&own)), Some(PRIVATE));
        assert_eq!(name(&[write.clone(), own.clone(), read]), Some("log-delivery-write"));
        assert_eq!(name(&[own.clone(), write]), None);
        assert_eq!(name(&[own, grant(Some("other"), None, "FULL_CONTROL")]), None);
        assert_eq!(name(&[]), None);
    }
}
