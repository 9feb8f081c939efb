//! Who may see and do what: accounts, sessions, tokens and the record of what was done, in a SQLite file of their own.
//!
//! Every request is made by a [`Viewer`]. A viewer sees the letters of some organisations (or of all) up to a degree of
//! secrecy, and may do what its role allows; a token may do less than its owner. Where nobody has an account yet, who sits at
//! this very machine is an administrator, as on the command line.

mod audit;
mod book;
mod jobs;
mod password;
mod secret;
mod tokens;
mod users;

pub use audit::AuditRow;
pub use book::{AccessError, Book};
pub use jobs::{FileEnd, JobFile, JobRow, NewFile};
pub use secret::{Secret, hash};
pub use tokens::{NewToken, TokenRow};
pub use users::{LoginError, NewUser, User};

use std::fmt;
use std::str::FromStr;

/// What an account is for. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Searches and reads.
    Reader,
    /// Hands files in and corrects.
    Clerk,
    /// Sees the ledger, takes failed files up again, exports in bulk.
    Archivist,
    /// Makes accounts, reads what was done.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Clerk, Self::Archivist, Self::Administrator];

    /// Returns the role as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Clerk => "clerk",
            Self::Archivist => "archivist",
            Self::Administrator => "administrator",
        }
    }
}

/// How secret a letter is, and up to which degree a viewer may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clearance {
    /// Not secret.
    #[default]
    Open,
    /// محدود، مكتوم، شخصي
    Restricted,
    /// سري
    Secret,
    /// سري للغاية، سري جداً
    TopSecret,
}

impl Clearance {
    /// All degrees.
    pub const ALL: [Self; 4] = [Self::Open, Self::Restricted, Self::Secret, Self::TopSecret];

    /// Returns the degree as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restricted => "restricted",
            Self::Secret => "secret",
            Self::TopSecret => "top_secret",
        }
    }

    /// Returns how secret a letter is that says so; what is said and not understood counts as secret.
    pub fn of_letter(secrecy: Option<&str>) -> Self {
        let Some(said) = secrecy.map(str::trim).filter(|said| !said.is_empty()) else { return Self::Open };
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if has(&["سري", "سرّي"]) {
            if has(&["للغاية", "جدا", "جداً"]) { Self::TopSecret } else { Self::Secret }
        } else if has(&["محدود", "مكتوم", "شخصي", "كتمان"]) {
            Self::Restricted
        } else if has(&["عادي", "غير سري", "اعتيادي"]) {
            Self::Open
        } else {
            Self::Secret
        }
    }
}

/// Something that may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Search, read, download.
    Read,
    /// Hand files in.
    Upload,
    /// Set fields right.
    Correct,
    /// See the ledger, take failed files up again.
    Manage,
    /// Accounts, tokens of others, the record of what was done.
    Administer,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 5] = [Self::Read, Self::Upload, Self::Correct, Self::Manage, Self::Administer];

    /// Returns the right as a token's scope names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Correct => "correct",
            Self::Manage => "manage",
            Self::Administer => "administer",
        }
    }

    fn least_role(self) -> Role {
        match self {
            Self::Read => Role::Reader,
            Self::Upload | Self::Correct => Role::Clerk,
            Self::Manage => Role::Archivist,
            Self::Administer => Role::Administrator,
        }
    }
}

macro_rules! written {
    ($type:ty, $what:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl FromStr for $type {
            type Err = AccessError;
            fn from_str(text: &str) -> Result<Self, AccessError> {
                let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
                found.ok_or_else(|| AccessError::Unknown { what: $what, given: text.to_owned() })
            }
        }
    };
}
written!(Role, "role");
written!(Clearance, "degree of secrecy");
written!(Right, "scope");

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The account; `None` where nobody has one yet.
    pub user: Option<i64>,
    /// Name in the record of what was done.
    pub name: String,
    /// Name as shown.
    pub display: String,
    /// What the account is for.
    pub role: Role,
    /// What a token was made for; `None` for a person.
    pub scopes: Option<Vec<Right>>,
    /// The bodies whose letters are seen; `None` for all.
    pub organisations: Option<Vec<String>>,
    /// Up to which degree.
    pub clearance: Clearance,
    /// What forms must send back; empty for a token.
    pub csrf: String,
}

impl Viewer {
    /// Returns who sits at this machine before anybody has an account.
    pub fn at_this_machine(csrf: String) -> Self {
        Self {
            user: None,
            name: "-".to_owned(),
            display: String::new(),
            role: Role::Administrator,
            scopes: None,
            organisations: None,
            clearance: Clearance::TopSecret,
            csrf,
        }
    }

    /// Says whether it may do this.
    pub fn may(&self, right: Right) -> bool {
        self.role >= right.least_role() && self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&right))
    }

    /// Says whether it may know of a letter of this body and this secrecy.
    pub fn sees(&self, organisation: Option<&str>, secrecy: Option<&str>) -> bool {
        let own =
            self.organisations.as_ref().is_none_or(|own| own.iter().any(|one| Some(one.as_str()) == organisation));
        own && Clearance::of_letter(secrecy) <= self.clearance
    }

    /// Says whether it sees every letter there is.
    pub fn sees_all(&self) -> bool {
        self.organisations.is_none() && self.clearance == Clearance::TopSecret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: &str, want: Clearance) {
        assert_eq!(Clearance::of_letter(Some(said)), want, "{said:?}");
    }

    #[test]
    fn secrecy_is_known_as_letters_write_it_and_doubt_hides() {
        assert_eq!(Clearance::of_letter(None), Clearance::Open);
        check("", Clearance::Open);
        check("سري", Clearance::Secret);
        check("سري وشخصي", Clearance::Secret);
        check("سري للغاية", Clearance::TopSecret);
        check("سري جداً", Clearance::TopSecret);
        check("محدود", Clearance::Restricted);
        check("شيء آخر", Clearance::Secret);
    }

    #[test]
    fn a_viewer_sees_its_own_bodies_up_to_its_clearance() {
        let viewer = Viewer {
            organisations: Some(vec!["الفاو".to_owned()]),
            clearance: Clearance::Restricted,
            ..Viewer::at_this_machine(String::new())
        };
        assert!(viewer.sees(Some("الفاو"), None));
        assert!(viewer.sees(Some("الفاو"), Some("محدود")));
        assert!(!viewer.sees(Some("الفاو"), Some("سري")));
        assert!(!viewer.sees(Some("ذي قار"), None));
        assert!(!viewer.sees(None, None));
        assert!(!viewer.sees_all() && Viewer::at_this_machine(String::new()).sees_all());
    }

    #[test]
    fn a_token_may_do_no_more_than_its_owner() {
        let token = Viewer {
            role: Role::Clerk,
            scopes: Some(vec![Right::Read, Right::Administer]),
            ..Viewer::at_this_machine(String::new())
        };
        let may: Vec<Right> = Right::ALL.into_iter().filter(|right| token.may(*right)).collect();
        assert_eq!(may, [Right::Read]);
    }

    #[test]
    fn names_return() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
        }
        assert!("chief".parse::<Role>().unwrap_err().to_string().contains("chief"));
    }
}
