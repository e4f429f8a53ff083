//! An operator's account on each node of the demo, with the same name and password.

use std::{fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use domain::words::Role;
use serde::Serialize;

use super::{DemoError, child::Child};
use crate::{
    cli::client::AskError,
    dashboard::operators::WantedAccount,
    operators::{Person, Secret},
};

/// The password, in the demo's directory, mode 0600.
const FILE: &str = "operator-password";
const NAME: &str = "demo";
/// Characters of the password: 80 bits.
const LENGTH: usize = 20;

/// How to get in.
#[derive(Clone, Serialize)]
pub(super) struct Login {
    pub(super) name: &'static str,
    pub(super) password: String,
}

impl Login {
    /// Makes the account on nodes that do not have it yet.
    pub(super) async fn on_all(data: &Path, children: &[Child]) -> Result<Self, DemoError> {
        let path = data.join(FILE);
        let password = read_or_make(&path).map_err(|source| DemoError::File { path, source })?;
        let login = Self { name: NAME, password };
        for child in children {
            login.on(child).await?;
        }
        Ok(login)
    }

    async fn on(&self, child: &Child) -> Result<(), DemoError> {
        let wanted = WantedAccount {
            name: self.name.to_owned(),
            role: Role::Operator,
            password: self.password.clone(),
        };
        let made: Result<Person, AskError> =
            child.place.at().post("/api/v1/operators", &wanted).await;
        match made {
            Ok(_) => Ok(()),
            Err(AskError::Problem(problem)) if problem.code == "taken" => Ok(()),
            Err(source) => Err(DemoError::Login { name: child.place.name, source }),
        }
    }
}

fn read_or_make(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let password: String = Secret::new().text().chars().take(LENGTH).collect();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{password}")?;
    Ok(password)
}
