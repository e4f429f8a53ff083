//! Whom a page belongs to: what its visitor is called and looks like (spec E.1).

use relay::{PublicUser, Wsid};
use serde_json::{Map, Value, json};

use super::{client_frame::name, session::Session};
use crate::gateway::swish::Login;

/// Longest address of a picture, in bytes.
const MAX_AVATAR: usize = 500;

/// The visitor behind a page. It has no e-mail address: nobody is told one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    uid: String,
    account: Option<Account>,
    /// `name` of the account's or the one that the visitor gave itself.
    nick_name: Option<String>,
    /// What the browser kept.
    anonymous_avatar: Option<String>,
    /// What was drawn for the session.
    face: String,
}

/// What SWISH says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    name: Option<String>,
    avatar: Option<String>,
    profile_id: Option<String>,
}

impl Person {
    /// The visitor of a session, whose browser says these names of itself; `prefix` is that of
    /// SWISH's paths.
    pub(super) fn new(
        session: &Session,
        login: Option<&Login>,
        nick_name: Option<&str>,
        avatar: Option<&str>,
        prefix: &str,
    ) -> Self {
        let face = format!("{prefix}/icons/avatar.svg#{}", session.face);
        let avatar = avatar.filter(|avatar| is_own_picture(avatar, prefix));
        Self {
            uid: session.uid.clone(),
            account: login.map(|login| Account::of(login, prefix)),
            nick_name: nick_name.and_then(name),
            anonymous_avatar: avatar.filter(|avatar| *avatar != face).map(str::to_owned),
            face,
        }
    }

    /// Somebody logs in, out, or is called something else now; true if that changed anything.
    pub(super) fn set_login(&mut self, login: Option<&Login>, prefix: &str) -> bool {
        let account = login.map(|login| Account::of(login, prefix));
        std::mem::replace(&mut self.account, account.clone()) != account
    }

    /// The visitor gives itself a name.
    pub(super) fn set_nick_name(&mut self, name: String) {
        if let Some(account) = &mut self.account {
            account.name = Some(name.clone());
        }
        self.nick_name = Some(name);
    }

    /// True if they have an account.
    pub(super) const fn is_known(&self) -> bool {
        self.account.is_some()
    }

    /// Who it is, for what is counted by person: the profile, or the session.
    pub(super) fn key(&self) -> &str {
        self.profile_id().unwrap_or(&self.uid)
    }

    pub(super) fn uid(&self) -> &str {
        &self.uid
    }

    fn profile_id(&self) -> Option<&str> {
        self.account.as_ref()?.profile_id.as_deref()
    }

    fn name(&self) -> Option<&str> {
        match &self.account {
            Some(account) => account.name.as_deref().or(self.nick_name.as_deref()),
            None => self.nick_name.as_deref(),
        }
    }

    /// The picture, and where it is from.
    fn avatar(&self) -> (&str, &'static str) {
        let of_account = self.account.as_ref().and_then(|account| account.avatar.as_deref());
        match (of_account, self.anonymous_avatar.as_deref()) {
            (Some(avatar), _) => (avatar, "profile"),
            (None, Some(avatar)) => (avatar, "client"),
            (None, None) => (&self.face, "generated"),
        }
    }

    /// What all nodes may know.
    pub(super) fn public(&self) -> PublicUser {
        let mut fields = self.visitor_data();
        fields.insert("uid".into(), self.uid.as_str().into());
        fields.extend(self.profile_id().map(|id| ("profile_id".into(), id.into())));
        let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
        PublicUser::new(fields.into_iter().filter_map(text))
    }

    /// What `welcome` and `joined` say (spec C.3).
    pub(super) fn visitor_data(&self) -> Map<String, Value> {
        let (avatar, source) = self.avatar();
        let mut data = Map::new();
        data.insert("avatar".into(), avatar.into());
        data.insert("avatar_source".into(), source.into());
        let more = [
            ("name", self.name()),
            ("anonymous_name", self.nick_name.as_deref()),
            ("anonymous_avatar", self.anonymous_avatar.as_deref()),
        ];
        data.extend(more.into_iter().filter_map(|(key, value)| Some((key.into(), value?.into()))));
        data
    }

    /// Who says something in a chat.
    pub(super) fn author(&self, wsid: &Wsid) -> Value {
        let mut user = json!({ "avatar": self.avatar().0, "wsid": wsid, "uid": self.uid });
        for (key, value) in [("name", self.name()), ("profile_id", self.profile_id())] {
            if let Some(value) = value {
                user[key] = value.into();
            }
        }
        user
    }
}

impl Account {
    fn of(login: &Login, prefix: &str) -> Self {
        let avatar = login
            .text("avatar")
            .filter(|avatar| is_own_picture(avatar, prefix) || is_foreign_picture(avatar));
        Self {
            name: login.text("name").and_then(name),
            avatar: avatar.map(str::to_owned),
            profile_id: login.profile_id.clone(),
        }
    }
}

/// True for SWISH's own pictures.
///
/// Pages fetch what ends in `.svg#…` and put it into their HTML: from anywhere else, such as a file of
/// the store, it could act.
pub(super) fn is_own_picture(avatar: &str, prefix: &str) -> bool {
    let Some(path) = avatar.strip_prefix(prefix).filter(|_| avatar.len() <= MAX_AVATAR) else {
        return false;
    };
    let face = path.strip_prefix("/icons/avatar.svg#");
    let noble = path.strip_prefix("/avatar/");
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%".contains(&byte);
    face.is_some_and(|mask| {
        (1..=10).contains(&mask.len()) && mask.bytes().all(|digit| digit.is_ascii_digit())
    }) || noble.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(is_letter) && name.ends_with(".png")
    })
}

/// True for a picture of another site, as people with an account may have one: pages show it, and do
/// not read it.
pub(super) fn is_foreign_picture(avatar: &str) -> bool {
    let is_web = avatar.starts_with("https://") || avatar.starts_with("http://");
    let is_plain = !avatar.chars().any(|letter| letter.is_control() || "\"'<>\\ ".contains(letter));
    avatar.len() <= MAX_AVATAR && is_web && is_plain && !avatar.contains(".svg#")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;
    use crate::{front::Scheme, gateway::chat::session::Sessions};

    fn session() -> Session {
        Sessions::new([1; 32]).enter(&HeaderMap::new(), Scheme::Unknown, 1).0
    }

    fn ann() -> Login {
        let info = json!({
            "identity_provider": "google", "external_identity": "1", "profile_id": "e8fa",
            "name": "Ann Lee", "avatar": "https://x.org/ann.png", "email": "ann@x.org",
        });
        Login::read(&info).unwrap()
    }

    #[test]
    fn a_visitor_has_the_face_of_its_session_or_what_the_browser_kept() {
        let session = session();
        let face = format!("/swish/icons/avatar.svg#{}", session.face);
        let person = |avatar| Person::new(&session, None, None, avatar, "/swish");
        let wanted = json!({ "avatar": face, "avatar_source": "generated" });
        assert_eq!(Value::Object(person(None).visitor_data()), wanted);
        assert_eq!(Value::Object(person(Some(&face)).visitor_data()), wanted);
        let kept = "/swish/icons/avatar.svg#7";
        let data = Value::Object(person(Some(kept)).visitor_data());
        let wanted = json!({ "avatar": kept, "avatar_source": "client", "anonymous_avatar": kept });
        assert_eq!(data, wanted);
    }

    #[test]
    fn an_account_has_its_name_and_picture_and_no_address() {
        let mut person = Person::new(&session(), Some(&ann()), Some("annie"), None, "");
        let data = person.visitor_data();
        assert_eq!(data["name"], "Ann Lee");
        assert_eq!(data["avatar"], "https://x.org/ann.png");
        assert_eq!(person.public().get("profile_id"), Some("e8fa"));
        assert_eq!(person.key(), "e8fa");
        let author = person.author(&Wsid::new("w").unwrap());
        for said in [Value::Object(data).to_string(), author.to_string()] {
            assert!(!said.contains("ann@x.org"), "{said}");
        }
        assert!(person.set_login(None, ""));
        assert_eq!(person.visitor_data()["name"], "annie");
        assert_eq!(person.key(), person.uid());
    }

    #[test]
    fn only_swishs_own_pictures_are_taken_from_browsers() {
        for own in ["/icons/avatar.svg#846001", "/avatar/Erasmus%201.png"] {
            assert!(is_own_picture(own, ""), "{own}");
        }
        for other in [
            "/p/evil.svg#1",
            "/p/x/icons/avatar.svg#1",
            "//evil.org/icons/avatar.svg#1",
            "https://evil.org/icons/avatar.svg#1",
            "/icons/avatar.svg#1x",
            "/icons/avatar.svg#",
            "/icons/../p/x.svg#1",
            "/avatar/../p/x.png",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!is_own_picture(other, ""), "{other}");
        }
        assert!(!is_foreign_picture("https://evil.org/a.svg#1"));
        assert!(!is_foreign_picture("https://evil.org/\" onerror=\"x"));
    }
}
