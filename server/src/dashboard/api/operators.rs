//! `/api/v1/operators`: accounts and one-time links; only on the socket file.

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    response::Response,
    routing::{get, post, put},
};
use domain::{
    view::Problem,
    words::{Action, Role},
};
use serde::{Deserialize, Serialize};

use super::answer;
use crate::{
    app::App,
    dashboard::{entry, site::Answered},
    node::link::now_ms,
    operators::{AccountName, Person, Refused},
};

/// A link is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WantedLink {
    /// For whom; with an account of that name it sets another password.
    pub(crate) name: Option<String>,
    /// Role of a new account; viewer if nothing is said.
    pub(crate) role: Option<Role>,
}

/// A link that was made; it is told once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeLink {
    /// The link.
    pub(crate) url: String,
    /// Whether it sets another password of an account that there is.
    pub(crate) is_reset: bool,
    /// Role of the account.
    pub(crate) role: Role,
    /// When it ends, ms since 1970.
    pub(crate) ends_ms: u64,
}

/// An account is wanted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedAccount {
    /// Its name.
    pub(crate) name: String,
    /// Its role.
    pub(crate) role: Role,
    /// Its password.
    pub(crate) password: String,
}

/// Another role is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedRole {
    /// The role.
    pub(crate) role: Role,
}

type Body<T> = Result<Json<T>, JsonRejection>;

pub(in crate::dashboard) fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/operators", get(list).post(add))
        .route("/api/v1/operators/links", post(link))
        .route("/api/v1/operators/{name}", put(set_role).delete(remove))
}

async fn list(State(app): State<App>) -> Response {
    answer(Ok(app.operators.people(now_ms())))
}

async fn link(State(app): State<App>, body: Body<WantedLink>) -> Response {
    answer(make_link(&app, body).await)
}

async fn make_link(app: &App, body: Body<WantedLink>) -> Answered<MadeLink> {
    let wanted = read(body)?;
    let name = wanted.name.as_deref().map(named).transpose()?;
    let role = wanted.role.unwrap_or(Role::Viewer);
    let (secret, made) = app.operators.link(name, role, now_ms()).await.map_err(problem)?;
    let of = made.name.as_ref().map_or("somebody new", AccountName::as_str);
    let role = Some(made.role.word().to_owned());
    app.audit_person(&entry::command_line().name, Action::LinkMade, of, (None, role)).await;
    let url = entry::link(app, &secret);
    Ok(MadeLink { url, is_reset: made.is_reset, role: made.role, ends_ms: made.ends_ms() })
}

async fn add(State(app): State<App>, body: Body<WantedAccount>) -> Response {
    answer(make_account(&app, body).await)
}

async fn make_account(app: &App, body: Body<WantedAccount>) -> Answered<Person> {
    let WantedAccount { name, role, password } = read(body)?;
    let made = app.operators.add(named(&name)?, role, password, now_ms()).await;
    let made = made.map_err(problem)?;
    let role = Some(role.word().to_owned());
    let by = entry::command_line().name;
    app.audit_person(&by, Action::AccountMade, &made.name, (None, role)).await;
    Ok(made)
}

async fn set_role(
    State(app): State<App>,
    Path(name): Path<String>,
    body: Body<WantedRole>,
) -> Response {
    answer(change_role(&app, &name, body).await)
}

async fn change_role(app: &App, name: &str, body: Body<WantedRole>) -> Answered<WantedRole> {
    let (name, wanted) = (named(name)?, read(body)?);
    let before = app.operators.set_role(&name, wanted.role).await.map_err(problem)?;
    let change = (Some(before.word().to_owned()), Some(wanted.role.word().to_owned()));
    let by = entry::command_line().name;
    app.audit_person(&by, Action::RoleChanged, name.as_str(), change).await;
    Ok(wanted)
}

async fn remove(State(app): State<App>, Path(name): Path<String>) -> Response {
    answer(end_account(&app, &name).await)
}

async fn end_account(app: &App, name: &str) -> Answered<WantedRole> {
    let name = named(name)?;
    let role = app.operators.remove(&name).await.map_err(problem)?;
    let before = (Some(role.word().to_owned()), None);
    let by = entry::command_line().name;
    app.audit_person(&by, Action::AccountRemoved, name.as_str(), before).await;
    Ok(WantedRole { role })
}

fn named(name: &str) -> Answered<AccountName> {
    name.parse().map_err(|error| problem(Refused::Name(error)))
}

fn read<T>(body: Body<T>) -> Answered<T> {
    let Json(read) = body.map_err(|rejection| Problem {
        code: "malformed".into(),
        message: rejection.body_text(),
    })?;
    Ok(read)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn problem(refused: Refused) -> Problem {
    let code = match &refused {
        Refused::NoAccount(_) => "not_found",
        Refused::Taken(_) => "taken",
        Refused::Link | Refused::Name(_) | Refused::Password(_) => "malformed",
        Refused::File(_) => "unavailable",
    };
    Problem { code: code.into(), message: refused.to_string() }
}
