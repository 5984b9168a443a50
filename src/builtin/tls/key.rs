//! A private key of any of the kinds there are, and the forms it is written in.

use std::fmt::Display;

use ed25519_dalek::{SigningKey as Ed25519Key, pkcs8::KeypairBytes};
use p256::elliptic_curve::Generate as _;
use rsa::{
    BoxedUint, RsaPrivateKey,
    pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _},
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey, EncodePublicKey as _, LineEnding},
    signature::{SignatureEncoding as _, Signer, hazmat::PrehashSigner},
    traits::{PrivateKeyParts as _, PublicKeyParts as _},
};
use sha2::{Digest as _, Sha256};
use ssh_key::{
    Mpint, PrivateKey as SshKey,
    private::{EcdsaKeypair, Ed25519Keypair, KeypairData, RsaKeypair, RsaPrivateKey as SshRsa},
    public::{EcdsaPublicKey, RsaPublicKey as SshRsaPublic},
};
use x509_cert::{
    der::{Any, asn1::Null},
    spki::{AlgorithmIdentifier, ObjectIdentifier},
};

use crate::{builtin::stream::Stream, provider::*};

pub(super) enum Key {
    Rsa(Box<RsaPrivateKey>),
    P224(p224::SecretKey),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    Ed25519(Ed25519Key),
}

impl Key {
    pub(super) fn rsa(stream: &mut Stream, bits: u32) -> Result<Self> {
        let key = RsaPrivateKey::new(&mut stream.0, bits as usize);
        Ok(Self::Rsa(Box::new(key.map_err(|error| broken(&error))?)))
    }

    pub(super) fn ecdsa(stream: &mut Stream, curve: &str) -> Result<Self> {
        Ok(match curve {
            "P224" => Self::P224(p224::SecretKey::generate_from_rng(&mut stream.0)),
            "P256" => Self::P256(p256::SecretKey::generate_from_rng(&mut stream.0)),
            "P384" => Self::P384(p384::SecretKey::generate_from_rng(&mut stream.0)),
            "P521" => Self::P521(p521::SecretKey::generate_from_rng(&mut stream.0)),
            _ => return Err(Error::invalid("ecdsaCurve", "is P224, P256, P384 or P521")),
        })
    }

    pub(super) fn ed25519(stream: &mut Stream) -> Self {
        Self::Ed25519(Ed25519Key::from_bytes(&stream.array()))
    }

    /// PKCS#8, PKCS#1 and SEC 1, whatever it says to be.
    pub(super) fn parse(pem: &str) -> Option<Self> {
        let pem = pem.trim();
        let rsa = RsaPrivateKey::from_pkcs1_pem(pem).ok();
        let rsa = rsa.or_else(|| RsaPrivateKey::from_pkcs8_pem(pem).ok());
        rsa.map(|it| Self::Rsa(Box::new(it)))
            .or_else(|| p256::SecretKey::from_pem(pem).ok().map(Self::P256))
            .or_else(|| p384::SecretKey::from_pem(pem).ok().map(Self::P384))
            .or_else(|| p521::SecretKey::from_pem(pem).ok().map(Self::P521))
            .or_else(|| p224::SecretKey::from_pem(pem).ok().map(Self::P224))
            .or_else(|| Ed25519Key::from_pkcs8_pem(pem).ok().map(Self::Ed25519))
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::P224(_) | Self::P256(_) | Self::P384(_) | Self::P521(_) => "ECDSA",
            Self::Ed25519(_) => "ED25519",
        }
    }

    /// The form that tools of each kind of key read first.
    pub(super) fn pem(&self) -> Result<String> {
        let text = match self {
            Self::Rsa(it) => it.to_pkcs1_pem(LineEnding::LF).map_err(|it| broken(&it))?,
            Self::P224(it) => it.to_sec1_pem(LineEnding::LF).map_err(|it| broken(&it))?,
            Self::P256(it) => it.to_sec1_pem(LineEnding::LF).map_err(|it| broken(&it))?,
            Self::P384(it) => it.to_sec1_pem(LineEnding::LF).map_err(|it| broken(&it))?,
            Self::P521(it) => it.to_sec1_pem(LineEnding::LF).map_err(|it| broken(&it))?,
            Self::Ed25519(_) => return self.pkcs8(),
        };
        Ok(text.to_string())
    }

    pub(super) fn pkcs8(&self) -> Result<String> {
        match self {
            Self::Rsa(it) => pkcs8(it.as_ref()),
            Self::P224(it) => pkcs8(it),
            Self::P256(it) => pkcs8(it),
            Self::P384(it) => pkcs8(it),
            Self::P521(it) => pkcs8(it),
            // With the public key beside it, many tools cannot read it.
            Self::Ed25519(it) => {
                pkcs8(&KeypairBytes { secret_key: it.to_bytes(), public_key: None })
            }
        }
    }

    /// The public key as X.509 has it, in DER.
    pub(super) fn public_der(&self) -> Result<x509_cert::der::Document> {
        let der = match self {
            Self::Rsa(it) => it.to_public_key().to_public_key_der(),
            Self::P224(it) => it.public_key().to_public_key_der(),
            Self::P256(it) => it.public_key().to_public_key_der(),
            Self::P384(it) => it.public_key().to_public_key_der(),
            Self::P521(it) => it.public_key().to_public_key_der(),
            Self::Ed25519(it) => it.verifying_key().to_public_key_der(),
        };
        der.map_err(|error| broken(&error))
    }

    pub(super) fn public_pem(&self) -> Result<String> {
        let pem = self.public_der()?.to_pem("PUBLIC KEY", LineEnding::LF);
        pem.map_err(|error| broken(&error))
    }

    /// `None` for P-224, which OpenSSH does not know.
    pub(super) fn ssh(&self) -> Result<Option<SshKey>> {
        let data = match self {
            Self::Rsa(it) => KeypairData::Rsa(ssh_rsa(it)?),
            Self::P224(_) => return Ok(None),
            Self::P256(it) => {
                let public = it.public_key().to_sec1_bytes();
                ssh_ecdsa(&public, &it.to_bytes())?
            }
            Self::P384(it) => {
                let public = it.public_key().to_sec1_bytes();
                ssh_ecdsa(&public, &it.to_bytes())?
            }
            Self::P521(it) => {
                let public = it.public_key().to_sec1_bytes();
                ssh_ecdsa(&public, &it.to_bytes())?
            }
            Self::Ed25519(it) => {
                let pair = Ed25519Keypair::from_bytes(&it.to_keypair_bytes());
                KeypairData::Ed25519(pair.map_err(|error| broken(&error))?)
            }
        };
        SshKey::new(data, "").map(Some).map_err(|error| broken(&error))
    }

    /// How `sign` signs. P-224 with SHA-256, since few read it with SHA-224.
    pub(super) fn signature_algorithm(&self) -> AlgorithmIdentifier<Any> {
        let oid = ObjectIdentifier::new_unwrap;
        let (oid, parameters) = match self {
            Self::Rsa(_) => (oid("1.2.840.113549.1.1.11"), Some(Null.into())),
            Self::P224(_) | Self::P256(_) => (oid("1.2.840.10045.4.3.2"), None),
            Self::P384(_) => (oid("1.2.840.10045.4.3.3"), None),
            Self::P521(_) => (oid("1.2.840.10045.4.3.4"), None),
            Self::Ed25519(_) => (oid("1.3.101.112"), None),
        };
        AlgorithmIdentifier { oid, parameters }
    }

    /// The same text gives the same signature.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>> {
        let signature = match self {
            Self::Rsa(it) => {
                let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(it.as_ref().clone());
                key.try_sign(text).map(|it| it.to_vec())
            }
            Self::P224(it) => {
                let key = p224::ecdsa::SigningKey::from(it);
                let digest = Sha256::digest(text);
                PrehashSigner::<p224::ecdsa::DerSignature>::sign_prehash(&key, &digest)
                    .map(|it| it.to_vec())
            }
            Self::P256(it) => {
                let key = p256::ecdsa::SigningKey::from(it);
                Signer::<p256::ecdsa::DerSignature>::try_sign(&key, text).map(|it| it.to_vec())
            }
            Self::P384(it) => {
                let key = p384::ecdsa::SigningKey::from(it);
                Signer::<p384::ecdsa::DerSignature>::try_sign(&key, text).map(|it| it.to_vec())
            }
            Self::P521(it) => {
                let key = p521::ecdsa::SigningKey::from(it);
                Signer::<p521::ecdsa::DerSignature>::try_sign(&key, text).map(|it| it.to_vec())
            }
            Self::Ed25519(it) => it.try_sign(text).map(|it| it.to_vec()),
        };
        signature.map_err(|error| broken(&error))
    }
}

fn broken(error: &dyn Display) -> Error {
    Error::failed(format!("cannot work with the key: {error}"))
}

fn pkcs8(key: &impl EncodePrivateKey) -> Result<String> {
    let text = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| broken(&error))?;
    Ok(text.to_string())
}

fn ssh_rsa(key: &RsaPrivateKey) -> Result<RsaKeypair> {
    let number = |it: &BoxedUint| Mpint::from_positive_bytes(&it.to_be_bytes());
    let [p, q] = key.primes() else { return Err(broken(&"it has more than two primes")) };
    let inverse = key.crt_coefficient().ok_or_else(|| broken(&"it has no coefficient"))?;
    let public = SshRsaPublic::new(number(key.e()), number(key.n()));
    let private = SshRsa::new(number(key.d()), number(&inverse), number(p), number(q));
    let (public, private) = (public.map_err(|it| broken(&it))?, private.map_err(|it| broken(&it))?);
    RsaKeypair::new(public, private).map_err(|error| broken(&error))
}

fn ssh_ecdsa(public: &[u8], private: &[u8]) -> Result<KeypairData> {
    let odd = |_| broken(&"its length is odd");
    let pair = match EcdsaPublicKey::from_sec1_bytes(public).map_err(|error| broken(&error))? {
        EcdsaPublicKey::NistP256(public) => {
            let private: [u8; 32] = private.try_into().map_err(odd)?;
            EcdsaKeypair::NistP256 { public, private: private.into() }
        }
        EcdsaPublicKey::NistP384(public) => {
            let private: [u8; 48] = private.try_into().map_err(odd)?;
            EcdsaKeypair::NistP384 { public, private: private.into() }
        }
        EcdsaPublicKey::NistP521(public) => {
            let private: [u8; 66] = private.try_into().map_err(odd)?;
            EcdsaKeypair::NistP521 { public, private: private.into() }
        }
    };
    Ok(KeypairData::Ecdsa(pair))
}
