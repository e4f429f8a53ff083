//! `operator`: who may use the dashboard of a node; asks the running node on its socket file.

use clap::{Args, Subcommand};
use domain::words::{self, Role};

use super::{
    Exit,
    client::{AskError, At, Node},
    out,
};
use crate::{
    dashboard::operators::{MadeLink, WantedLink, WantedRole},
    node::link::now_ms,
    operators::Person,
};

const ACCOUNTS: &str = "/api/v1/operators";

/// Arguments of `operator`.
#[derive(Args, Debug)]
pub(super) struct Operator {
    #[command(flatten)]
    node: Node,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a one-time link for a new account, or for another password of one that there is.
    Link {
        /// For whom; without it, whoever opens the link chooses a name.
        #[arg(long)]
        name: Option<String>,
        /// Role of a new account: viewer or operator [default: viewer].
        #[arg(long)]
        role: Option<Role>,
    },
    /// Name the accounts.
    List,
    /// Give an account another role; it holds at once.
    Role {
        /// Whose.
        name: String,
        /// viewer or operator.
        role: Role,
    },
    /// Remove an account; whoever is logged in with it is not any more.
    Remove {
        /// Whose.
        name: String,
    },
}

impl Operator {
    pub(super) async fn run(self) -> Exit {
        let at = self.node.at();
        let done = match self.what {
            What::Link { name, role } => link(&at, WantedLink { name, role }, self.json).await,
            What::List => list(&at, self.json).await,
            What::Role { name, role } => set_role(&at, &name, role, self.json).await,
            What::Remove { name } => remove(&at, &name, self.json).await,
        };
        match done {
            Ok(()) => Exit::Done,
            Err(error) => out::complain(&error.to_string(), error.exit()),
        }
    }
}

async fn link(at: &At, wanted: WantedLink, json: bool) -> Result<(), AskError> {
    let made: MadeLink = at.post(&format!("{ACCOUNTS}/links"), &wanted).await?;
    if json {
        out::json(&made);
        return Ok(());
    }
    let left = words::span(made.ends_ms.saturating_sub(now_ms()));
    let what = match made.is_reset {
        true => "It sets another password".to_owned(),
        false => format!("It makes an account with the role {}", made.role),
    };
    out::line(&made.url);
    out::line(&format!("{what}, once, within {left}."));
    Ok(())
}

async fn list(at: &At, json: bool) -> Result<(), AskError> {
    let people: Vec<Person> = at.get(ACCOUNTS).await?;
    if json {
        out::json(&people);
        return Ok(());
    }
    if people.is_empty() {
        out::line("No accounts on this node. `swish-cluster operator link` makes a link for one.");
    }
    for person in people {
        let sessions = u64::try_from(person.sessions).unwrap_or(u64::MAX);
        let sessions = words::count(sessions, "session", "sessions");
        let made = words::utc(person.made_ms);
        out::line(&format!(
            "{:<24} {:<8}  {sessions}, since {made}",
            person.name,
            person.role.word()
        ));
    }
    Ok(())
}

async fn set_role(at: &At, name: &str, role: Role, json: bool) -> Result<(), AskError> {
    let set: WantedRole = at.put(&account(name), &WantedRole { role }).await?;
    if json {
        out::json(&set);
    } else {
        out::line(&format!("{name} is {} now.", role.code()));
    }
    Ok(())
}

async fn remove(at: &At, name: &str, json: bool) -> Result<(), AskError> {
    let removed: WantedRole = at.delete(&account(name)).await?;
    if json {
        out::json(&removed);
    } else {
        out::line(&format!("{name} was removed."));
    }
    Ok(())
}

fn account(name: &str) -> String {
    format!("{ACCOUNTS}/{}", domain::view::escape(name))
}
