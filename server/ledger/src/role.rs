//! What a profile may do on the site.

/// Roles, the stricter one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Uses SWISH; sees no dashboard.
    #[default]
    User,
    /// Sees the dashboard and changes nothing.
    Viewer,
    /// Sees it and may change the cluster.
    Operator,
    /// May change profiles of others too.
    Admin,
}

impl Role {
    /// All of them, the stricter one first.
    pub const ALL: [Self; 4] = [Self::User, Self::Viewer, Self::Operator, Self::Admin];

    /// Its word in APIs and on the command line.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role with this word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// Its byte in events; never changed.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::User => 1,
            Self::Viewer => 2,
            Self::Operator => 3,
            Self::Admin => 4,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.byte() == byte)
    }
}
