//! Pulumi's encryption of single values, so that its stack files keep working:
//! AES-256-GCM with a random nonce per value, `v1:<nonce>:<ciphertext>`.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, KeyInit as _},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Pulumi's number, which a file's salt implies and does not name.
const PBKDF2_ROUNDS: u32 = 1_000_000;

const SALT_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;

/// What the salt state encrypts, to tell a wrong passphrase at once.
const CHECK_WORD: &str = "pulumi";

/// A key that encrypts values. It is wiped from memory when dropped, and never
/// printed.
pub struct Cipher {
    key: Zeroizing<[u8; 32]>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("incorrect passphrase")]
    Passphrase,
    #[error("the encryption salt is not of the form `v1:<salt>:v1:<nonce>:<ciphertext>`")]
    SaltState,
    #[error("an encrypted value is not of the form `v1:<nonce>:<ciphertext>`")]
    Form,
    #[error("an encrypted value was changed, or encrypted with another key")]
    Key,
    #[error("a decrypted value is not UTF-8 text")]
    Text,
}

impl Cipher {
    /// The key of a stack whose file has this `encryptionsalt`. Takes a while,
    /// which is what makes a passphrase hard to guess.
    pub fn from_passphrase(passphrase: &str, salt_state: &str) -> Result<Self, Error> {
        Self::check(passphrase, salt_state, PBKDF2_ROUNDS)
    }

    fn check(passphrase: &str, salt_state: &str, rounds: u32) -> Result<Self, Error> {
        let state = salt_state.strip_prefix("v1:").ok_or(Error::SaltState)?;
        let (salt, check) = state.split_once(':').ok_or(Error::SaltState)?;
        let salt = BASE64_STANDARD.decode(salt).map_err(|_| Error::SaltState)?;
        let cipher = Self::derive(passphrase, &salt, rounds);
        match cipher.decrypt(check) {
            Ok(word) if word == CHECK_WORD => Ok(cipher),
            Err(Error::Form) => Err(Error::SaltState),
            _ => Err(Error::Passphrase),
        }
    }

    /// A key for a new stack, and the `encryptionsalt` to write to its file.
    /// `random` fills a slice with random bytes.
    pub fn new_passphrase(passphrase: &str, random: &mut dyn FnMut(&mut [u8])) -> (Self, String) {
        Self::start(passphrase, random, PBKDF2_ROUNDS)
    }

    fn start(passphrase: &str, random: &mut dyn FnMut(&mut [u8]), rounds: u32) -> (Self, String) {
        let mut salt = [0; SALT_BYTES];
        let mut nonce = [0; NONCE_BYTES];
        random(&mut salt);
        random(&mut nonce);
        let cipher = Self::derive(passphrase, &salt, rounds);
        let check = cipher.encrypt(CHECK_WORD, nonce);
        let state = format!("v1:{}:{check}", BASE64_STANDARD.encode(salt));
        (cipher, state)
    }

    /// The data key of a stack whose secrets provider is a cloud's key service.
    pub fn from_key(key: [u8; 32]) -> Self {
        Self { key: Zeroizing::new(key) }
    }

    fn derive(passphrase: &str, salt: &[u8], rounds: u32) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, rounds, key.as_mut());
        Self { key }
    }

    /// `nonce` must be random: the same one twice tells what two values share.
    pub fn encrypt(&self, plain: &str, nonce: [u8; NONCE_BYTES]) -> String {
        let sealed = self
            .aead()
            .encrypt(&nonce.into(), plain.as_bytes())
            .expect("a text in memory is far below the limit of AES-GCM");
        format!("v1:{}:{}", BASE64_STANDARD.encode(nonce), BASE64_STANDARD.encode(sealed))
    }

    pub fn decrypt(&self, text: &str) -> Result<String, Error> {
        let (nonce, sealed) =
            text.strip_prefix("v1:").and_then(|it| it.split_once(':')).ok_or(Error::Form)?;
        let nonce = BASE64_STANDARD.decode(nonce).map_err(|_| Error::Form)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| Error::Form)?;
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| Error::Form)?;
        let plain =
            self.aead().decrypt(&nonce.into(), sealed.as_slice()).map_err(|_| Error::Key)?;
        String::from_utf8(plain).map_err(|_| Error::Text)
    }

    fn aead(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.key).into())
    }
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Cipher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with Python's hashlib and cryptography, in two rounds.
    const ROUNDS: u32 = 2;
    const STATE: &str = "v1:AAECAwQFBgc=:v1:AAECAwQFBgcICQoL:2aNzykzQ/2f5i74q4U4hwUjP9trTFg==";
    const SEALED: &str = "v1:ZGVmZ2hpamtsbW5v:4BgBq5drdYNUIXAXiK7p+iSoFWQG83lGBCk=";
    const SEALED_BY_KEY: &str = "v1:ZGVmZ2hpamtsbW5v:gKicbHmzJe4rG7VRMVQlGM6HiNBT6ZAn";
    const NONCE: [u8; 12] = *b"defghijklmno";

    #[test]
    fn opens_what_pulumi_sealed() {
        // Of Pulumi's own tests.
        let state = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==";
        assert!(Cipher::from_passphrase("password", state).is_ok());
    }

    #[test]
    fn agrees_with_another_implementation() {
        let cipher = Cipher::check("correct horse", STATE, ROUNDS).unwrap();
        assert_eq!(cipher.decrypt(SEALED).unwrap(), "hunter2 é");
        assert_eq!(cipher.encrypt("hunter2 é", NONCE), SEALED);
        let wrong = Cipher::check("correct house", STATE, ROUNDS).unwrap_err();
        assert_eq!(wrong.to_string(), "incorrect passphrase");

        let mut count = |bytes: &mut [u8]| {
            // The vector's salt and nonce both count from zero.
            (0..).zip(bytes).for_each(|(number, byte)| *byte = number);
        };
        let (_, state) = Cipher::start("correct horse", &mut count, ROUNDS);
        assert_eq!(state, STATE);
    }

    #[test]
    fn a_data_key_seals_alike() {
        let cipher = Cipher::from_key([7; 32]);
        assert_eq!(cipher.encrypt("data key", NONCE), SEALED_BY_KEY);
        assert_eq!(cipher.decrypt(SEALED_BY_KEY).unwrap(), "data key");
        assert_eq!(Cipher::from_key([8; 32]).decrypt(SEALED_BY_KEY), Err(Error::Key));
        assert_eq!(format!("{cipher:?}"), "Cipher");
    }

    #[test]
    fn malformed_texts() {
        let cipher = Cipher::from_key([7; 32]);
        for text in ["", "v1:", "v2:a:b", "v1:ZGVm:AAAA", "v1:!:AAAA", "v1:ZGVmZ2hpamtsbW5v:?"] {
            assert_eq!(cipher.decrypt(text), Err(Error::Form), "{text}");
        }
        for state in ["", "v1:AAECAwQFBgc=", "v1:?:v1:a:b", "v1:AAECAwQFBgc=:v1:a:b"] {
            assert_eq!(Cipher::check("x", state, ROUNDS).unwrap_err(), Error::SaltState);
        }
    }
}
