//! The API over HTTP, from the browser.

use domain::{
    FileName, ObjectId,
    view::{
        ActivityPage, ActivityQuery, DiffQuery, Difference, FilePage, FilesPage, FilesQuery,
        HistoryPage, HistoryQuery, Me, ObjectText, Overview, Problem, escape, file_href,
    },
};
use gloo_net::http::Request;
use leptos::prelude::window;
use send_wrapper::SendWrapper;
use serde::de::DeserializeOwned;

use super::{Answer, Api};

/// Asks the server the page came from.
#[derive(Clone, Copy, Debug)]
pub struct Fetch;

impl Api for Fetch {
    fn overview(&self) -> Answer<Overview> {
        get("/api/v1/overview".to_owned())
    }

    fn files(&self, query: FilesQuery) -> Answer<FilesPage> {
        get(format!("/api/v1/files{query}"))
    }

    fn file(&self, name: FileName) -> Answer<FilePage> {
        get(format!("/api/v1{}", file_href(&name)))
    }

    fn history(&self, name: FileName, query: HistoryQuery) -> Answer<HistoryPage> {
        get(format!("/api/v1{}/history{query}", file_href(&name)))
    }

    fn diff(&self, name: FileName, query: DiffQuery) -> Answer<Difference> {
        get(format!("/api/v1{}/diff{query}", file_href(&name)))
    }

    fn object(&self, id: ObjectId) -> Answer<ObjectText> {
        get(format!("/api/v1/objects/{id}"))
    }

    fn me(&self) -> Answer<Me> {
        get("/api/v1/me".to_owned())
    }

    fn activity(&self, query: ActivityQuery) -> Answer<ActivityPage> {
        get(format!("/api/v1/activity{query}"))
    }
}

/// A browser has one thread, so the wrapper never sees another.
fn get<T: DeserializeOwned + 'static>(address: String) -> Answer<T> {
    Box::pin(SendWrapper::new(async move {
        let response = Request::get(&address).send().await.map_err(|_| offline())?;
        if response.ok() {
            return response.json().await.map_err(|error| garbled(&error.to_string()));
        }
        let status = response.status();
        if status == 401 {
            log_in();
        }
        Err(response.json().await.unwrap_or_else(|_| garbled(&format!("status {status}"))))
    }))
}

/// The login is over: to the login page, and back to this one.
fn log_in() {
    let location = window().location();
    let path = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    let _ = location.set_href(&format!("/login?next={}", escape(&path)));
}

fn offline() -> Problem {
    Problem {
        code: "offline".into(),
        message: "This node does not answer. The page tries again by itself.".into(),
    }
}

fn garbled(what: &str) -> Problem {
    Problem {
        code: "garbled".into(),
        message: format!("This node sent something this page cannot read ({what}). Reload it."),
    }
}
