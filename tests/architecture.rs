//! The arrows and bans of docs/architecture.md, read from `cargo metadata` and the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::source;

/// Who may name whom in its Cargo.toml, for the packages of this workspace.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("gitty", &["domain"]),
    ("store", &["domain", "gitty"]),
    ("cluster", &["domain", "gitty"]),
    ("relay", &["domain"]),
    ("ledger", &["domain", "gitty"]),
    ("app", &["domain"]),
    ("sim", &["domain", "gitty", "store", "cluster", "relay", "ledger"]),
    ("models", &["domain", "gitty", "cluster"]),
    ("server", &["domain", "gitty", "store", "cluster", "relay", "ledger", "app"]),
    ("tests", &["domain", "gitty", "store", "cluster", "relay", "ledger", "app", "server", "sim"]),
    (
        "end2end",
        &[
            "domain", "gitty", "store", "cluster", "relay", "ledger", "app", "server", "sim",
            "tests",
        ],
    ),
];

/// Without any environment: state machines and formats.
const CORES: &[&str] = &["domain", "gitty", "cluster", "relay", "ledger"];
/// Never in the closure of these packages: an executor, a web server, a database.
const WITHOUT_RUNTIME: &[&str] =
    &["domain", "gitty", "store", "cluster", "relay", "ledger", "sim", "models"];
const RUNTIME: &[&str] = &["tokio", "axum", "sea-orm", "sqlx", "hyper", "async-std", "smol"];
/// The only ones that may name the runtime.
const WITH_RUNTIME: &[&str] = &["server", "tests", "end2end"];

/// What the text of a core must not hold.
const BANS: &[&str] = &[
    "tokio",
    "async fn",
    "async move",
    "async {",
    "std::fs",
    "std::net",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "rand",
    "HashMap",
    "HashSet",
];
/// What the `clippy.toml` of a core must ban.
const CLIPPY_BANS: &[&str] = &[
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::fs::",
    "std::net::",
];

/// Lines of a file without its tests.
const MAX_LINES: usize = 600;

/// The workspace as cargo sees it.
struct Workspace {
    root: PathBuf,
    metadata: Value,
}

impl Workspace {
    fn read() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no parent")?.to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // Of other systems nothing is built, and nothing was fetched.
        let here = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &here])
            .current_dir(&root)
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Self { root, metadata: serde_json::from_slice(&output.stdout)? })
    }

    /// Packages of this repository by name.
    fn members(&self) -> BTreeMap<&str, &Value> {
        list(&self.metadata["packages"])
            .filter(|package| package["source"].is_null())
            .filter_map(|package| Some((package["name"].as_str()?, package)))
            .collect()
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        let manifest = self.members().get(name)?["manifest_path"].as_str()?;
        Some(Path::new(manifest).parent()?.to_owned())
    }

    /// Names of everything that a package is built from, without dev- and build-dependencies.
    fn closure(&self, name: &str) -> BTreeSet<&str> {
        let nodes: BTreeMap<&str, &Value> = list(&self.metadata["resolve"]["nodes"])
            .filter_map(|node| Some((node["id"].as_str()?, node)))
            .collect();
        let names: BTreeMap<&str, &str> = list(&self.metadata["packages"])
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = self
            .members()
            .get(name)
            .and_then(|package| package["id"].as_str())
            .into_iter()
            .collect();
        while let Some(id) = open.pop() {
            if found.insert(id) {
                let dependencies = nodes.get(id).map(|node| &node["deps"]);
                open.extend(dependencies.into_iter().flat_map(list).filter_map(normal_package));
            }
        }
        found.into_iter().filter_map(|id| names.get(id).copied()).collect()
    }
}

/// Id of the package behind an edge, unless the edge is only for tests or build scripts.
fn normal_package(edge: &Value) -> Option<&str> {
    let is_normal = list(&edge["dep_kinds"]).any(|kind| kind["kind"].is_null());
    edge["pkg"].as_str().filter(|_| is_normal)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Names in a package's Cargo.toml, of all kinds of dependencies.
fn named(package: &Value) -> BTreeSet<&str> {
    list(&package["dependencies"]).filter_map(|dependency| dependency["name"].as_str()).collect()
}

#[test]
fn packages_know_only_those_below_them() -> Result<()> {
    let workspace = Workspace::read()?;
    let members = workspace.members();
    let mut wrong = Vec::new();
    for (name, package) in &members {
        let arrows = ARROWS.iter().find(|(from, _)| from == name);
        let (_, allowed) = arrows.with_context(|| format!("{name} is in no arrow: add it here"))?;
        let ours = named(package).into_iter().filter(|other| members.contains_key(other));
        wrong.extend(
            ours.filter(|other| !allowed.contains(other)).map(|other| format!("{name} ▶ {other}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
    Ok(())
}

#[test]
fn only_the_server_and_the_test_packages_name_a_runtime() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut wrong = Vec::new();
    for (name, package) in workspace.members() {
        let runtime = named(package).into_iter().filter(|name| RUNTIME.contains(name));
        wrong.extend(
            runtime
                .filter(|_| !WITH_RUNTIME.contains(&name))
                .map(|other| format!("{name} ▶ {other}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
    Ok(())
}

#[test]
fn no_runtime_is_under_the_cores_the_store_and_the_simulator() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut wrong = Vec::new();
    for name in WITHOUT_RUNTIME {
        let closure = workspace.closure(name);
        let runtime = closure.into_iter().filter(|other| RUNTIME.contains(other));
        wrong.extend(runtime.map(|other| format!("{name} ▶ … ▶ {other}")));
    }
    assert!(workspace.closure("server").contains("tokio"), "the closure is not computed");
    assert_eq!(wrong, Vec::<String>::new());
    Ok(())
}

#[test]
fn cores_have_no_environment() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut wrong = Vec::new();
    for folder in CORES.iter().filter_map(|name| workspace.folder(name)) {
        for file in source::production_files(&folder.join("src"))? {
            let text = source::code(&source::production(&fs::read_to_string(&file)?));
            let banned = BANS.iter().filter(|ban| source::mentions(&text, ban));
            wrong.extend(banned.map(|ban| format!("{}: {ban}", file.display())));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    Ok(())
}

#[test]
fn cores_bring_their_own_bans_and_those_of_the_root() -> Result<()> {
    let workspace = Workspace::read()?;
    let root = fs::read_to_string(workspace.root.join("clippy.toml"))?;
    for (name, folder) in CORES.iter().filter_map(|name| Some((name, workspace.folder(name)?))) {
        let own = fs::read_to_string(folder.join("clippy.toml"))
            .with_context(|| format!("{name} has no clippy.toml"))?;
        let settings = root.lines().filter(|line| !line.starts_with('#'));
        let lacking: Vec<_> =
            settings.chain(CLIPPY_BANS.iter().copied()).filter(|ban| !own.contains(ban)).collect();
        assert_eq!(lacking, Vec::<&str>::new(), "in {name}/clippy.toml");
    }
    Ok(())
}

#[test]
fn no_file_is_longer_than_a_person_reads() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut long = Vec::new();
    for name in workspace.members().into_keys() {
        let folder = workspace.folder(name).context("a member without a folder")?;
        for file in source::files(&folder)? {
            let lines = source::production(&fs::read_to_string(&file)?).lines().count();
            if lines > MAX_LINES {
                long.push(format!("{}: {lines} lines", file.display()));
            }
        }
    }
    assert_eq!(long, Vec::<String>::new());
    Ok(())
}
