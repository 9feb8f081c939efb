//! Passwords: argon2id with the parameters that RFC 9106 and OWASP recommend for log-ins (19 MiB, two passes, one lane).

use super::AccessError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::Mutex;

/// The shortest password taken: NIST SP 800-63B asks for eight and no rules of composition.
pub const LEAST_LETTERS: usize = 8;
/// The longest: hashing more would only cost time.
pub const MOST_BYTES: usize = 512;

/// Each takes 19 MiB while it runs; a crowd at the door must not take all memory.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Returns what is kept of a password.
///
/// # Errors
/// [`AccessError::Password`] when it is too short or too long.
pub fn hashed(password: &str) -> Result<String, AccessError> {
    if password.chars().count() < LEAST_LETTERS || password.len() > MOST_BYTES {
        return Err(AccessError::Password);
    }
    let _turn = ONE_AT_A_TIME.lock();
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| AccessError::Random(error.to_string()))?.to_string())
}

/// The hash of a password that nobody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$kCpWH5bTgd6qK3Gk0kZ2m1qv0b3bW2h0l1C9nJmXr0A";

/// Says whether a password is the one that was kept. Takes as long where none was kept, so that time does not tell who has an account.
pub fn fits(password: &str, kept: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return false };
    let password = password.get(..password.len().min(MOST_BYTES)).unwrap_or("");
    let _turn = ONE_AT_A_TIME.lock();
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let kept = hashed("كلمة مرور طويلة").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(fits("كلمة مرور طويلة", Some(&kept)));
        assert!(!fits("كلمة مرور أخرى", Some(&kept)));
        assert!(!fits("", None) && !fits("anything", None) && !fits("x", Some("no hash")));
    }

    #[test]
    fn who_has_no_account_is_looked_at_as_long() {
        let kept = hashed("long enough").unwrap();
        let (kept, nobody) = (PasswordHash::new(&kept).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!((kept.algorithm, &kept.params), (nobody.algorithm, &nobody.params));
        let bytes = |hash: &PasswordHash| hash.hash.as_ref().map(|output| output.as_bytes().len());
        assert_eq!(bytes(&kept), bytes(&nobody));
    }

    #[test]
    fn short_passwords_are_refused() {
        assert!(matches!(hashed("قصيرة"), Err(AccessError::Password)));
        assert!(matches!(hashed(&"x".repeat(513)), Err(AccessError::Password)));
    }
}
