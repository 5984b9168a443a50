//! Short secrets, sealed by a key that never leaves AWS KMS.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::Clients;
use crate::provider::Result;

/// A key of KMS, and what must be said whenever it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKey {
    /// An id, an alias or an ARN.
    pub id: String,
    pub context: BTreeMap<String, String>,
}

#[cfg(not(feature = "aws"))]
mod inner {
    use super::{Clients, Result, SealingKey, Zeroizing};

    pub async fn seal(_: &Clients, _: &SealingKey, _: &[u8]) -> Result<Vec<u8>> {
        Err(crate::aws::clients::no_aws())
    }

    pub async fn unseal(_: &Clients, _: &SealingKey, _: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        Err(crate::aws::clients::no_aws())
    }
}

#[cfg(feature = "aws")]
mod inner {
    use aws_sdk_kms::primitives::Blob;

    use super::{Clients, Result, SealingKey, Zeroizing};
    use crate::provider::Error;

    fn context(key: &SealingKey) -> Option<std::collections::HashMap<String, String>> {
        (!key.context.is_empty()).then(|| key.context.clone().into_iter().collect())
    }

    pub async fn seal(aws: &Clients, key: &SealingKey, plain: &[u8]) -> Result<Vec<u8>> {
        let call = aws.kms().encrypt().key_id(&key.id).plaintext(Blob::new(plain));
        let reply = call.set_encryption_context(context(key)).send().await?;
        Ok(reply.ciphertext_blob.ok_or(Error::missing("CiphertextBlob"))?.into_inner())
    }

    /// The key is named, so that no other one of the account is used.
    pub async fn unseal(
        aws: &Clients,
        key: &SealingKey,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let call = aws.kms().decrypt().key_id(&key.id).ciphertext_blob(Blob::new(sealed));
        let reply = call.set_encryption_context(context(key)).send().await?;
        let plain = reply.plaintext.ok_or(Error::missing("Plaintext"))?;
        Ok(Zeroizing::new(plain.into_inner()))
    }
}

pub use inner::{seal, unseal};
