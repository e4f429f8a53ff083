//! Parameters of the address and of a posted form, as SWISH reads them: the first of a name counts.

use std::str::FromStr;

use axum::body::Bytes;
use url::form_urlencoded::parse;

use crate::gateway::error::Refusal;

/// Parameters by name.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the address and the body.
    pub(in crate::gateway) fn read(query: Option<&str>, body: &Bytes) -> Self {
        let query = parse(query.unwrap_or_default().as_bytes());
        Self(query.into_owned().chain(parse(body).into_owned()).collect())
    }

    /// A text.
    pub(in crate::gateway) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number that may be left out.
    pub(in crate::gateway) fn number<T: FromStr>(
        &self,
        name: &str,
        default: T,
    ) -> Result<T, Refusal> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let refusal = || Refusal::Malformed(format!("Parameter \"{name}\" must be a number"));
        text.parse().map_err(|_| refusal())
    }

    /// One of a few words, or none.
    pub(in crate::gateway) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        let words = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(",");
        let refusal =
            || Refusal::Malformed(format!("Parameter \"{name}\" must be one of [{}]", words()));
        chosen.map(Some).ok_or_else(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_forms_are_read_alike() {
        let body = Bytes::from_static(b"limit=7&q=b+c");
        let parameters = Parameters::read(Some("q=%22p(4)%22&o=x"), &body);
        assert_eq!(parameters.text("q"), Some("\"p(4)\""));
        assert_eq!(parameters.number("limit", 10_u64).unwrap(), 7);
        assert_eq!(parameters.number("offset", 3_u64).unwrap(), 3);
        let refused = parameters.choice("o", &[("time", 1), ("name", 2)]).unwrap_err();
        assert_eq!(refused.to_string(), "Parameter \"o\" must be one of [time,name]");
    }
}
