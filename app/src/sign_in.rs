//! The pages before the dashboard: login and one-time links. Forms only; nothing on them runs.

use domain::words::Role;
use leptos::prelude::*;

use crate::{shell::OUTPUT_NAME, visible::visible};

/// What is shown to somebody who is not logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn<'a> {
    /// Name and password.
    Login {
        /// Page to go to afterwards.
        next: &'a str,
        /// What was wrong with the last try.
        said: Option<&'a str>,
    },
    /// A one-time link was opened.
    Invitation {
        /// The account's name; none: it is chosen here.
        name: Option<&'a str>,
        /// What the account may do.
        role: Role,
        /// What was wrong with the last try.
        said: Option<&'a str>,
    },
    /// The link is not good any more.
    Over,
}

/// The whole document.
#[must_use]
pub fn sign_in(options: &LeptosOptions, node: &str, shown: &SignIn<'_>) -> String {
    let package = &options.site_pkg_dir;
    let style = (!package.is_empty()).then(|| format!("/{package}/{OUTPUT_NAME}.css"));
    let style = style.map(|href| view! { <link rel="stylesheet" href=href /> });
    let (title, content) = match *shown {
        SignIn::Login { next, said } => ("Log in", login(next, said).into_any()),
        SignIn::Invitation { name, role, said } => {
            ("Your account", invitation(name, role, said).into_any())
        }
        SignIn::Over => ("This link is over", over().into_any()),
    };
    let page = view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>{format!("{title} · swish-cluster")}</title>
                <link rel="icon" href="data:," />
                {style}
            </head>
            <body class="sign-in">
                <main id="main">
                    <p class="brand">"swish-cluster " <small>{format!("node {}", visible(node))}</small></p>
                    <h1>{title}</h1>
                    {content}
                </main>
            </body>
        </html>
    };
    page.to_html()
}

fn login(next: &str, said: Option<&str>) -> impl IntoView + use<> {
    view! {
        {wrong(said)}
        <form method="post" action="/login" class="panel">
            <input type="hidden" name="next" value=next.to_owned() />
            <label for="name">"Name"</label>
            <input id="name" name="name" autocomplete="username" autocapitalize="none"
                spellcheck="false" maxlength="64" required autofocus />
            <label for="password">"Password"</label>
            <input id="password" name="password" type="password"
                autocomplete="current-password" required />
            <button class="btn primary">"Log in"</button>
        </form>
        <p class="sub">
            "No account, or the password is lost? On the machine of this node, "
            <code>"swish-cluster operator link"</code> " makes a one-time link."
        </p>
    }
}

fn invitation(name: Option<&str>, role: Role, said: Option<&str>) -> impl IntoView + use<> {
    let may = match role {
        Role::Operator => "It sees everything and may change it.",
        Role::Viewer => "It sees everything and changes nothing.",
    };
    let said_role = format!("Role of this account: {role}. {may}");
    let name = match name {
        Some(name) => view! {
            <input id="name" name="name" autocomplete="username" value=name.to_owned() readonly />
        }
        .into_any(),
        None => view! {
            <input id="name" name="name" autocomplete="username" autocapitalize="none"
                spellcheck="false" maxlength="64" required autofocus />
        }
        .into_any(),
    };
    view! {
        <p class="sub">{said_role} " This link works once."</p>
        {wrong(said)}
        <form method="post" class="panel">
            <label for="name">"Name"</label>
            {name}
            <label for="password">"Password, at least 10 characters"</label>
            <input id="password" name="password" type="password" minlength="10"
                autocomplete="new-password" required />
            <button class="btn primary">"Save and log in"</button>
        </form>
    }
}

fn over() -> impl IntoView {
    view! {
        <section class="panel">
            <p>"It was used, or it is older than 24 hours."</p>
            <p>
                "On the machine of this node, " <code>"swish-cluster operator link"</code>
                " makes another one. With an account, " <a href="/login">"log in"</a> "."
            </p>
        </section>
    }
}

fn wrong(said: Option<&str>) -> impl IntoView + use<> {
    said.map(|said| view! { <p class="panel failure" role="alert">{said.to_owned()}</p> })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_comes_back_as_text() {
        let options = crate::options(Some("pkg/1"));
        let evil = "\"><script>alert(1)</script>";
        let page = sign_in(&options, evil, &SignIn::Login { next: evil, said: Some(evil) });
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
        assert!(page.contains("/pkg/1/swish-cluster.css"));
    }
}
