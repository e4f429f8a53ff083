//! The path below which SWISH and the gateway answer: nothing, or such as `/swish`.
//!
//! SWISH has it in its setting `http:prefix`, and it stands in `--swish`. Handlers see paths without
//! it; whoever writes an address into an answer asks [`here`].

use std::sync::Arc;

tokio::task_local! {
    /// That of the request under way; set by `entry` around every handler.
    static HERE: Prefix;
}

/// A path without its last slash; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix(Arc<str>);

impl Prefix {
    /// What `--swish` says.
    pub(super) fn new(path: &str) -> Self {
        Self(path.trim_end_matches('/').into())
    }

    /// The path below it; none for a path that is not below it.
    pub(super) fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        match path.strip_prefix(&*self.0)? {
            "" => Some("/"),
            own => own.starts_with('/').then_some(own),
        }
    }

    /// As it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Carries out a request that came to this prefix.
    pub(super) async fn scope<T>(self, handled: impl Future<Output = T>) -> T {
        HERE.scope(self, handled).await
    }
}

/// Address of one of our own paths, for the request under way.
pub(super) fn here(path: &str) -> String {
    let prefix = HERE.try_with(Clone::clone).unwrap_or_default();
    format!("{}{path}", prefix.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_it_are_its_own_and_others_are_not() {
        let swish = Prefix::new("/swish/");
        assert_eq!(swish.strip("/swish/p/a.pl"), Some("/p/a.pl"));
        assert_eq!(swish.strip("/swish"), Some("/"));
        assert_eq!(swish.strip("/swish/"), Some("/"));
        for other in ["/", "/p/a.pl", "/swishes/p/a.pl", "/swish.html"] {
            assert_eq!(swish.strip(other), None, "{other}");
        }
        assert_eq!(Prefix::new("/").strip("/p/a.pl"), Some("/p/a.pl"));
        assert_eq!(Prefix::default().strip("/"), Some("/"));
    }

    #[tokio::test]
    async fn addresses_in_answers_have_the_prefix_of_their_request() {
        let made = Prefix::new("/swish").scope(async { here("/p/a.pl") }).await;
        assert_eq!(made, "/swish/p/a.pl");
        assert_eq!(here("/p/a.pl"), "/p/a.pl");
    }
}
